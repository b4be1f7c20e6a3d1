package signin

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// BackendServices gets an access token with an assertion that Veil signs (SMART App
// Launch 2.2, Backend Services and Asymmetric Client Authentication).
type BackendServices struct {
	// TokenURL is the token endpoint: https, or http to this machine. It is
	// also the audience of the assertion.
	TokenURL string
	// ClientID is Veil's client id at the authorization server.
	ClientID string
	// Key is the private key, a JWK (RFC 7517) or PEM (PKCS #8, PKCS #1, SEC 1),
	// not encrypted. An RSA key of 2048 bits or more signs with RS384, one on
	// the curve P-384 with ES384.
	Key Secret
	// KeyID is the kid of the registered public key; if empty, the kid of the JWK.
	KeyID string
	// Scopes are the scopes to request, such as system/*.rs.
	Scopes []string
}

const (
	// assertionLife is how long an assertion is valid. At most five minutes are allowed, and
	// the server's clock may be behind.
	assertionLife = 4 * time.Minute
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// leastRSA is how many bits an RSA key must have (RFC 7518, 3.3).
	leastRSA = 2048
)

// signingKey is the key that signs assertions.
type signingKey struct {
	id     string
	method jwt.SigningMethod
	key    crypto.Signer
}

func (b *builder) backendServices(where string, c BackendServices, t TLS) Credentials {
	b.tokenURL(where+".tokenURL", c.TokenURL)
	b.clientID(where+".clientID", c.ClientID)
	b.scopes(where+".scopes", c.Scopes)
	if len(c.Scopes) == 0 {
		b.add(where+".scopes", "expected at least one, such as system/*.rs")
	}
	key := keep(b, where+".key", func() (signingKey, error) {
		text, err := c.Key.read()
		if err != nil {
			return signingKey{}, err
		}
		key, err := readSigningKey([]byte(text))
		if c.KeyID != "" {
			key.id = c.KeyID
		}
		if err == nil && key.id == "" {
			err = errors.New("the key has no kid: set keyID")
		}
		return key, err
	})
	return b.tokens(where, t, key.stale, func(ctx context.Context) (*oauth2.Token, error) {
		assertion, err := key.get().assert(c.ClientID, c.TokenURL, time.Now())
		if err != nil {
			return nil, settingError{where + ".key", errUnsigned}
		}
		// Without ClientID, the library sends no client_id, which is in the assertion.
		library := clientcredentials.Config{
			TokenURL: c.TokenURL, Scopes: c.Scopes, AuthStyle: oauth2.AuthStyleInParams,
			EndpointParams: url.Values{"client_assertion_type": {assertionType}, "client_assertion": {assertion}},
		}
		return library.Token(ctx)
	})
}

var errUnsigned = errors.New("the assertion cannot be signed")

// assert signs an assertion: a JWT (RFC 7523, 3) with a unique id.
func (k signingKey) assert(client, audience string, now time.Time) (string, error) {
	id := make([]byte, 24)
	_, _ = rand.Read(id) // never fails: crypto/rand ends the process instead
	token := jwt.NewWithClaims(k.method, jwt.MapClaims{
		"iss": client,
		"sub": client,
		"aud": audience,
		"exp": now.Add(assertionLife).Unix(),
		"jti": base64.RawURLEncoding.EncodeToString(id),
	})
	token.Header["kid"] = k.id
	return token.SignedString(k.key)
}

// readSigningKey reads a private key. Its errors do not quote the key.
func readSigningKey(text []byte) (signingKey, error) {
	if text = bytes.TrimSpace(text); bytes.HasPrefix(text, []byte("{")) {
		return readPrivateJWK(text)
	}
	if key, err := jwt.ParseRSAPrivateKeyFromPEM(text); err == nil {
		return newSigningKey(key)
	}
	if key, err := jwt.ParseECPrivateKeyFromPEM(text); err == nil {
		return newSigningKey(key)
	}
	return signingKey{}, errors.New("expected a private key, as JWK or as PEM that is not encrypted")
}

func readPrivateJWK(text []byte) (signingKey, error) {
	var m jwkset.JWKMarshal
	if json.Unmarshal(text, &m) != nil {
		return signingKey{}, errors.New("the JWK is not well-formed")
	}
	// Certificates add nothing, and might be fetched.
	m.X5U, m.X5C, m.X5T, m.X5TS256 = "", nil, "", ""
	jwk, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{Private: true}, jwkset.JWKValidateOptions{SkipKeyOps: true})
	if err != nil {
		return signingKey{}, errors.New("the JWK is not valid")
	}
	signer, ok := jwk.Key().(crypto.Signer)
	if !ok {
		return signingKey{}, errors.New("the JWK has no private key")
	}
	key, err := newSigningKey(signer)
	if err == nil && m.ALG != "" && m.ALG.String() != key.method.Alg() {
		err = errors.New("the alg of the JWK must be RS384 or ES384, to match its key")
	}
	key.id = m.KID
	return key, err
}

// newSigningKey selects the algorithm for a key, and tries it.
func newSigningKey(key crypto.Signer) (signingKey, error) {
	s := signingKey{key: key}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() >= leastRSA {
			s.method = jwt.SigningMethodRS384
		}
	case *ecdsa.PrivateKey:
		if k.Curve == elliptic.P384() {
			s.method = jwt.SigningMethodES384
		}
	}
	if s.method == nil {
		return s, errors.New("expected an RSA key of 2048 bits or more, or one on the curve P-384")
	}
	signature, err := s.method.Sign("", key)
	if err != nil || s.method.Verify("", signature, key.Public()) != nil {
		return s, errors.New("the private and the public part of the key do not match")
	}
	return s, nil
}
