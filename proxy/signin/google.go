package signin

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// ServiceAccount gets an access token for a Google service account with a JWT signed by
// its key (RFC 7523, 2.1).
type ServiceAccount struct {
	// Key is the account's JSON key file, as Google issues it. Its token_uri is the token
	// endpoint.
	Key Secret
	// Scopes are the scopes to request; cloudPlatform if empty.
	Scopes []string
}

const (
	// cloudPlatform is the scope of the Cloud Healthcare API.
	cloudPlatform = "https://www.googleapis.com/auth/cloud-platform"
	jwtGrant      = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	// grantLife is how long an assertion is valid: Google accepts at most an hour.
	grantLife = 10 * time.Minute
	// grantLeeway is how far Google's clock may be behind: it refuses a JWT issued in its
	// future.
	grantLeeway = 10 * time.Second
)

// accountKey has the relevant parts of the key of a service account.
type accountKey struct {
	email, id, tokenURL string
	key                 *rsa.PrivateKey
}

func (b *builder) serviceAccount(where string, c ServiceAccount, t TLS) Credentials {
	scopes := c.Scopes
	if len(scopes) == 0 {
		scopes = []string{cloudPlatform}
	}
	b.scopes(where+".scopes", scopes)
	key := keep(b, where+".key", func() (accountKey, error) {
		text, err := c.Key.read()
		if err != nil {
			return accountKey{}, err
		}
		return readAccountKey([]byte(text))
	})
	return b.tokens(where, t, key.stale, func(ctx context.Context) (*oauth2.Token, error) {
		k := key.get()
		assertion, err := k.assert(scopes, time.Now())
		if err != nil {
			return nil, settingError{where + ".key", errUnsigned}
		}
		// The library allows another grant type, and without ClientID it sends no client_id,
		// which is in the assertion.
		library := clientcredentials.Config{
			TokenURL: k.tokenURL, AuthStyle: oauth2.AuthStyleInParams,
			EndpointParams: url.Values{"grant_type": {jwtGrant}, "assertion": {assertion}},
		}
		return library.Token(ctx)
	})
}

// assert signs the JWT that requests a token.
func (k accountKey) assert(scopes []string, now time.Time) (string, error) {
	now = now.Add(-grantLeeway)
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss":   k.email,
		"scope": strings.Join(scopes, " "),
		"aud":   k.tokenURL,
		"iat":   now.Unix(),
		"exp":   now.Add(grantLife).Unix(),
	})
	token.Header["kid"] = k.id
	return token.SignedString(k.key)
}

// readAccountKey reads a key file. Its errors do not quote the file.
func readAccountKey(text []byte) (accountKey, error) {
	var file struct {
		Type         string
		ClientEmail  string `json:"client_email"`
		PrivateKeyID string `json:"private_key_id"`
		PrivateKey   string `json:"private_key"`
		TokenURI     string `json:"token_uri"`
	}
	if json.Unmarshal(text, &file) != nil || file.Type != "service_account" || file.ClientEmail == "" || file.PrivateKeyID == "" {
		return accountKey{}, errors.New("expected the JSON key of a service account")
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(file.PrivateKey))
	if err != nil || key.N.BitLen() < leastRSA {
		return accountKey{}, errors.New("its private_key is not an RSA key of 2048 bits or more")
	}
	if !isTokenURL(file.TokenURI) {
		return accountKey{}, errors.New("its token_uri is not an https URL without a user (http only to this machine)")
	}
	return accountKey{file.ClientEmail, file.PrivateKeyID, file.TokenURI, key}, nil
}
