package consumer

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

// Issuer is an authorization server whose access tokens are accepted. Its tokens are
// signed JWTs that name it and the audience, and expire.
type Issuer struct {
	// Account is the account of the consumers of its tokens, each with limits of its own.
	// A consumer's name is the name of the account, a colon and the claim.
	Account
	// URL is what the iss claim of a token must be, character by character.
	URL string
	// Audience is what the aud claim must be, or have among its members.
	Audience string
	// JWKSURL or JWKSFile, one of them, is where the issuer's keys are
	// (RFC 7517). The URL is https, or http to this machine. The file is read
	// once.
	JWKSURL, JWKSFile string
	// Algorithms are the accepted signature algorithms. If it is empty, all asymmetric
	// ones of RFC 7518, 3.1 and EdDSA (RFC 8037) are accepted.
	Algorithms []string
	// ConsumerClaim is the claim that identifies consumers, such as sub, azp or client_id;
	// empty means sub. A token whose claim is not [A-Za-z0-9._@-]{1,128} is refused.
	ConsumerClaim string
	// RequireScopes grants nothing to a token that has neither scope nor scp,
	// instead of what the account grants.
	RequireScopes bool
	// Leeway is how far clocks may differ, at most 5 minutes; zero means 30 seconds.
	Leeway time.Duration
}

// maxToken bounds a token, in bytes.
const maxToken = 8 << 10

const (
	defaultLeeway = 30 * time.Second
	maxLeeway     = 5 * time.Minute
)

// algorithms are the signatures that can be checked with a public key. Neither
// none nor HS256 and its like are among them, whatever is configured.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// issuer checks the tokens of one authorization server.
type issuer struct {
	name, view    string
	claim         string
	scopes        *Scopes
	requireScopes bool
	gate          gate // nil: no limits
	parser        *jwt.Parser
	keys          keyfunc.Keyfunc
}

// bearer returns the credential of an Authorization header (RFC 6750, 2.1): the
// scheme in any case, spaces, and a token68 (RFC 9110, 11.2).
func bearer(header string) (credential string, ok bool) {
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	credential = strings.TrimLeft(rest, " ")
	body := strings.TrimRight(credential, "=")
	for i := range len(body) {
		if c := body[i]; !alphanumeric(c) && strings.IndexByte("-._~+/", c) < 0 {
			return "", false
		}
	}
	return credential, body != ""
}

// token returns the consumer of a JWT. The issuer that it names chooses the keys and
// rules; nothing else in it is trusted before its signature is verified.
func (d *Directory) token(ctx context.Context, token string, peer []*x509.Certificate) (*Consumer, error) {
	if len(token) > maxToken {
		return nil, ErrBadCredentials
	}
	unverified := jwt.MapClaims{}
	if _, _, err := d.peek.ParseUnverified(token, unverified); err != nil {
		return nil, ErrBadCredentials
	}
	name, _ := unverified["iss"].(string)
	is, ok := d.issuers[name]
	if !ok {
		return nil, ErrBadCredentials
	}
	claims := jwt.MapClaims{}
	if _, err := is.parser.ParseWithClaims(token, claims, is.key(ctx)); err != nil {
		if errors.Is(err, errKeysUnavailable) {
			return nil, ErrUnavailable
		}
		return nil, ErrBadCredentials
	}
	if !bound(claims, peer) {
		return nil, ErrBadCredentials
	}
	return is.consumer(claims)
}

// key returns the function that finds the key of a token. A token without kid must be
// signed with the only key of the set.
func (is *issuer) key(ctx context.Context) jwt.Keyfunc {
	find := is.keys.KeyfuncCtx(ctx)
	return func(t *jwt.Token) (any, error) {
		if !acceptable(t.Header) {
			return nil, ErrBadCredentials
		}
		if _, ok := t.Header["kid"]; !ok {
			t.Header["kid"] = onlyKey
		}
		key, err := find(t)
		if err != nil {
			return nil, err
		}
		// The library checks the kind of the key, but not its curve
		// (RFC 7518, 3.4).
		if m, ok := t.Method.(*jwt.SigningMethodECDSA); ok {
			if k, ok := key.(*ecdsa.PublicKey); !ok || k.Params().BitSize != m.CurveBits {
				return nil, ErrBadCredentials
			}
		}
		return key, nil
	}
}

// acceptable refuses headers with extensions that must be understood (RFC 7515,
// 4.1.11), and JWTs that are declared to be something else than an access token
// (RFC 8725, 3.11; RFC 9068, 2.1).
func acceptable(header map[string]any) bool {
	if _, ok := header["crit"]; ok {
		return false
	}
	typ, ok := header["typ"]
	if !ok {
		return true
	}
	s, _ := typ.(string)
	s = strings.TrimPrefix(strings.ToLower(s), "application/")
	return s == "jwt" || s == "at+jwt"
}

// bound reports whether a token that is bound to a key (RFC 7800) comes with that key:
// with the certificate of the TLS peer (RFC 8705, 3.1). Other proofs are not supported,
// and a token that needs one is refused.
func bound(claims jwt.MapClaims, peer []*x509.Certificate) bool {
	cnf, ok := claims["cnf"]
	if !ok {
		return true
	}
	methods, _ := cnf.(map[string]any)
	want, ok := methods["x5t#S256"].(string)
	if !ok || len(methods) != 1 || len(peer) == 0 || peer[0] == nil {
		return false
	}
	sum := sha256.Sum256(peer[0].Raw)
	return want == base64.RawURLEncoding.EncodeToString(sum[:])
}

// consumer returns the consumer that verified claims identify.
func (is *issuer) consumer(claims jwt.MapClaims) (*Consumer, error) {
	who, _ := claims[is.claim].(string)
	scopes, ok := is.grant(claims)
	if !plainName(who) || !ok {
		return nil, ErrBadCredentials
	}
	return &Consumer{Name: is.name + ":" + who, View: is.view, Scopes: scopes, gate: is.gate}, nil
}

// grant returns the scopes of verified claims, within those of the account. scope is a
// list (RFC 8693, 4.2); scp, which is used if there is no scope, is a list or an array.
func (is *issuer) grant(claims jwt.MapClaims) (s *Scopes, ok bool) {
	list := ""
	if scope, there := claims["scope"]; there {
		if list, ok = scope.(string); !ok {
			return nil, false
		}
	} else if scp, there := claims["scp"]; there {
		switch scp := scp.(type) {
		case string:
			list = scp
		case []any:
			for _, one := range scp {
				text, isText := one.(string)
				if !isText {
					return nil, false
				}
				list += text + " "
			}
		default:
			return nil, false
		}
	} else if !is.requireScopes {
		return is.scopes, true
	}
	s, _ = parseScopes(list)
	s.within = is.scopes
	return s, true
}

func (b *builder) addIssuers(d *Directory, issuers []Issuer) {
	names, urls := map[string]int{}, map[string]int{}
	for i, c := range issuers {
		where := fmt.Sprintf("issuers[%d]", i)
		if first, ok := names[c.Name]; ok && c.Name != "" {
			b.add(where+".name", "issuers[%d] has this name: their consumers could not be distinguished", first)
		}
		if first, ok := urls[c.URL]; ok && c.URL != "" {
			b.add(where+".url", "issuers[%d] has this URL", first)
		}
		names[c.Name], urls[c.URL] = i, i
		d.issuers[c.URL] = b.issuer(where, c)
	}
}

// issuer checks the configuration of an issuer and fills in its defaults.
func (b *builder) issuer(where string, c Issuer) *issuer {
	is := &issuer{name: c.Name, view: c.View, claim: c.ConsumerClaim, scopes: b.account(where, c.Account), requireScopes: c.RequireScopes}
	if u, err := url.Parse(c.URL); err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		b.add(where+".url", "expected the issuer's URL, as in the iss claim of its tokens")
	}
	if c.Audience == "" {
		b.add(where+".audience", "expected the audience that tokens for this listener have: without it, tokens for other servers would be accepted")
	}
	if is.claim == "" {
		is.claim = "sub"
	}
	methods := c.Algorithms
	if len(methods) == 0 {
		methods = algorithms
	}
	for i, m := range methods {
		if !slices.Contains(algorithms, m) {
			b.add(fmt.Sprintf("%s.algorithms[%d]", where, i), "expected one of %s", strings.Join(algorithms, ", "))
		}
	}
	leeway := c.Leeway
	if leeway == 0 {
		leeway = defaultLeeway
	}
	if leeway < 0 || leeway > maxLeeway {
		b.add(where+".leeway", "want 0 to %v", maxLeeway)
	}
	is.keys = b.keySet(where, c)
	if len(b.problems) > 0 { // the limits may be invalid
		return is
	}
	if l := newLimiters(c.Limits); l != nil {
		is.gate = l
	}
	is.parser = jwt.NewParser(jwt.WithValidMethods(slices.Clone(methods)), jwt.WithIssuer(c.URL), jwt.WithAudience(c.Audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithStrictDecoding())
	return is
}
