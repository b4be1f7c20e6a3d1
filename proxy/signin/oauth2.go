package signin

import (
	"context"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// ClientCredentials gets an access token for a client that has a secret (RFC
// 6749, 4.4).
type ClientCredentials struct {
	// TokenURL is the token endpoint: https, or http to this machine.
	TokenURL string
	ClientID string
	Secret   Secret
	// Scopes are the scopes to request, such as system/*.rs. If empty, the server's
	// default applies.
	Scopes []string
	// Audience is the audience parameter, which some servers require. It is omitted if
	// empty.
	Audience string
	// Method is how the secret is sent: client_secret_basic (the default), in a header, or
	// client_secret_post, in the form (RFC 6749, 2.3.1).
	Method string
}

// methods are the ways to send the secret.
var methods = map[string]oauth2.AuthStyle{
	"":                    oauth2.AuthStyleInHeader,
	"client_secret_basic": oauth2.AuthStyleInHeader,
	"client_secret_post":  oauth2.AuthStyleInParams,
}

func (b *builder) clientCredentials(where string, c ClientCredentials, t TLS) Credentials {
	b.tokenURL(where+".tokenURL", c.TokenURL)
	b.clientID(where+".clientID", c.ClientID)
	b.scopes(where+".scopes", c.Scopes)
	style, ok := methods[c.Method]
	if !ok {
		b.add(where+".method", "expected client_secret_basic or client_secret_post")
	}
	secret := keep(b, where+".secret", c.Secret.read)
	params := url.Values{}
	if c.Audience != "" {
		params.Set("audience", c.Audience)
	}
	return b.tokens(where, t, secret.stale, func(ctx context.Context) (*oauth2.Token, error) {
		library := clientcredentials.Config{
			ClientID: c.ClientID, ClientSecret: secret.get(), TokenURL: c.TokenURL,
			Scopes: c.Scopes, EndpointParams: params, AuthStyle: style,
		}
		return library.Token(ctx)
	})
}

func (b *builder) clientID(where, id string) {
	if id == "" || !printable(id) {
		b.add(where, "expected the id that the client is registered under")
	}
}

// scopes checks scopes (RFC 6749, 3.3).
func (b *builder) scopes(where string, scopes []string) {
	for _, s := range scopes {
		if s == "" || !printable(s) || strings.ContainsAny(s, ` "\`) {
			b.add(where, "expected scopes without spaces, quotes and backslashes, one per entry")
			return
		}
	}
}
