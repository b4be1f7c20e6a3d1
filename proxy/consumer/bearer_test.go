package consumer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

const (
	testIssuer   = "https://id.example/realms/study"
	testAudience = "https://veil.example/fhir"
)

// signer signs tokens as an issuer does.
type signer struct {
	alg, kid string
	key      crypto.Signer
}

// rsaKey is made once: it takes long.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func newSigner(t *testing.T, alg, kid string) signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch alg {
	case "ES256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "EdDSA":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		key = rsaKey()
	}
	if err != nil {
		t.Fatal(err)
	}
	return signer{alg, kid, key}
}

// token signs claims; header members are added, or taken away by nil.
func (s signer) token(t *testing.T, c jwt.MapClaims, header ...map[string]any) string {
	t.Helper()
	tok := jwt.NewWithClaims(jwt.GetSigningMethod(s.alg), c)
	tok.Header["kid"] = s.kid
	for _, h := range header {
		maps.Copy(tok.Header, h)
	}
	maps.DeleteFunc(tok.Header, func(_ string, v any) bool { return v == nil })
	text, err := tok.SignedString(s.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// jwk is the public key as a member of a key set.
func (s signer) jwk(t *testing.T) jwkset.JWKMarshal {
	t.Helper()
	key, err := jwkset.NewJWKFromKey(s.key.Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: s.kid, USE: jwkset.UseSig}})
	if err != nil {
		t.Fatal(err)
	}
	return key.Marshal()
}

func jwks(t *testing.T, signers ...signer) []byte {
	t.Helper()
	var set jwkset.JWKSMarshal
	for _, s := range signers {
		set.Keys = append(set.Keys, s.jwk(t))
	}
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func jwksFile(t *testing.T, signers ...signer) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(path, jwks(t, signers...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// claims are good ones, with changes by name and value; nil takes away.
func claims(changes ...any) jwt.MapClaims {
	c := jwt.MapClaims{
		"iss": testIssuer, "aud": testAudience, "sub": "alice",
		"iat": time.Now().Unix(), "exp": time.Now().Add(5 * time.Minute).Unix(),
	}
	for i := 0; i < len(changes); i += 2 {
		c[changes[i].(string)] = changes[i+1]
		if changes[i+1] == nil {
			delete(c, changes[i].(string))
		}
	}
	return c
}

// ask authenticates a token.
func ask(t *testing.T, d *Directory, token string) (*Consumer, error) {
	t.Helper()
	return d.Authenticate(t.Context(), Request{Authorization: []string{"Bearer " + token}})
}

func TestAlgorithms(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(alg, func(t *testing.T) {
			s := newSigner(t, alg, "k")
			config := Issuer{Account: Account{Name: "idp"}, URL: testIssuer, Audience: testAudience, JWKSFile: jwksFile(t, s)}
			if who, err := ask(t, directory(t, Config{Issuers: []Issuer{config}}), s.token(t, claims())); err != nil || who.Name != "idp:alice" {
				t.Errorf("got %v, %v", who, err)
			}
			config.Algorithms = []string{"RS256"}
			if alg == "RS256" {
				config.Algorithms = []string{"ES256"}
			}
			if _, err := ask(t, directory(t, Config{Issuers: []Issuer{config}}), s.token(t, claims())); err != ErrBadCredentials {
				t.Errorf("an algorithm that is not listed: %v", err)
			}
		})
	}
}

// segment encodes a part of a token.
func segment(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func TestToken(t *testing.T) {
	rs, es, es384, stranger := newSigner(t, "RS256", "rs"), newSigner(t, "ES256", "es"), newSigner(t, "ES384", "es384"), newSigner(t, "ES256", "es")
	d := directory(t, Config{Anonymous: &Account{}, Issuers: []Issuer{
		{Account: Account{Name: "idp", View: "research"}, URL: testIssuer, Audience: testAudience, JWKSFile: jwksFile(t, rs, es, es384)},
		{Account: Account{Name: "other"}, URL: "https://other.example", Audience: testAudience, JWKSFile: jwksFile(t, newSigner(t, "ES256", "es"))},
	}})
	good := es.token(t, claims())
	parts := strings.Split(good, ".")

	public := rs.key.Public().(*rsa.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	hmac := func(secret []byte) string {
		tok := jwt.NewWithClaims(jwt.SigningMethodHS256, claims())
		tok.Header["kid"] = "rs"
		text, err := tok.SignedString(secret)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	none := jwt.NewWithClaims(jwt.SigningMethodNone, claims())
	none.Header["kid"] = "es"
	unsigned, err := none.SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T, token, want string) {
		who, err := ask(t, d, token)
		if want == "" {
			if who != nil || err != ErrBadCredentials {
				t.Fatalf("got %v, %v", who, err)
			}
			if strings.Contains(err.Error(), token) {
				t.Error("the error holds the token")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if who.Name != want || who.View != "research" || who.Scopes != nil {
			t.Errorf("got %+v", who)
		}
	}
	// A signature of ES256 with a key of another curve, as long as one of P-256.
	wrongCurve := signer{"ES256", "es384", es.key}

	for _, c := range []struct {
		name, token string
		want        string // empty: refused
	}{
		{"good", good, "idp:alice"},
		{"RS256", rs.token(t, claims()), "idp:alice"},
		{"audience in a list", es.token(t, claims("aud", []string{"x", testAudience})), "idp:alice"},
		{"typ of an access token", es.token(t, claims(), map[string]any{"typ": "at+jwt"}), "idp:alice"},
		{"typ in full", es.token(t, claims(), map[string]any{"typ": "application/AT+jwt"}), "idp:alice"},
		{"no typ", es.token(t, claims(), map[string]any{"typ": nil}), "idp:alice"},
		{"no iat", es.token(t, claims("iat", nil)), "idp:alice"},
		{"all characters of a name", es.token(t, claims("sub", "aZ09._@-")), "idp:aZ09._@-"},
		{"longest name", es.token(t, claims("sub", strings.Repeat("x", 128))), "idp:" + strings.Repeat("x", 128)},

		{"alg none", unsigned, ""},
		{"alg none in other case", segment(map[string]any{"alg": "nOnE", "kid": "es"}) + "." + segment(claims()) + ".", ""},
		{"alg none with a signature", segment(map[string]any{"alg": "none", "kid": "es"}) + "." + parts[1] + "." + parts[2], ""},
		{"no alg", segment(map[string]any{"kid": "es"}) + "." + parts[1] + "." + parts[2], ""},
		{"alg not text", segment(map[string]any{"alg": 7, "kid": "es"}) + "." + parts[1] + "." + parts[2], ""},
		{"alg unknown", segment(map[string]any{"alg": "XX", "kid": "es"}) + "." + parts[1] + "." + parts[2], ""},
		{"HS256 with the public key in DER", hmac(der), ""},
		{"HS256 with the public key in PEM", hmac(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), ""},
		{"HS256 with the modulus", hmac(public.N.Bytes()), ""},
		{"HS256 with the key of the set", hmac([]byte(rs.jwk(t).N)), ""},
		{"HS256 with an empty secret", hmac(nil), ""},
		{"key of another kind", signer{"ES256", "rs", es.key}.token(t, claims()), ""},
		{"key of another curve", wrongCurve.token(t, claims()), ""},
		{"signed by a stranger", stranger.token(t, claims()), ""},
		{"signed by another key of the issuer", signer{"ES256", "es384", es.key}.token(t, claims()), ""},
		{"key of another issuer", es.token(t, claims("iss", "https://other.example")), ""},
		{"kid unknown", es.token(t, claims(), map[string]any{"kid": "none"}), ""},
		{"no kid, several keys", es.token(t, claims(), map[string]any{"kid": nil}), ""},
		{"kid not text", es.token(t, claims(), map[string]any{"kid": 1}), ""},
		{"kid as a path", es.token(t, claims(), map[string]any{"kid": "../../dev/null"}), ""},
		{"key in the header", stranger.token(t, claims(), map[string]any{"jwk": stranger.jwk(t)}), ""},
		{"key set in the header", stranger.token(t, claims(), map[string]any{"jku": "https://evil.example/jwks"}), ""},
		{"critical extension", es.token(t, claims(), map[string]any{"crit": []string{"b64"}, "b64": true}), ""},
		{"typ of a logout token", es.token(t, claims(), map[string]any{"typ": "logout+jwt"}), ""},
		{"typ not text", es.token(t, claims(), map[string]any{"typ": 1}), ""},

		{"no iss", es.token(t, claims("iss", nil)), ""},
		{"iss unknown", es.token(t, claims("iss", "https://evil.example")), ""},
		{"iss with a slash more", es.token(t, claims("iss", testIssuer+"/")), ""},
		{"iss in other case", es.token(t, claims("iss", strings.ToUpper(testIssuer))), ""},
		{"iss a list", es.token(t, claims("iss", []string{testIssuer})), ""},
		{"no aud", es.token(t, claims("aud", nil)), ""},
		{"aud empty", es.token(t, claims("aud", "")), ""},
		{"aud another", es.token(t, claims("aud", "https://elsewhere.example")), ""},
		{"aud longer", es.token(t, claims("aud", testAudience+"/x")), ""},
		{"aud within a text", es.token(t, claims("aud", "x "+testAudience)), ""},
		{"aud not text", es.token(t, claims("aud", []any{7, testAudience})), ""},
		{"no exp", es.token(t, claims("exp", nil)), ""},
		{"exp zero", es.token(t, claims("exp", 0)), ""},
		{"exp a text", es.token(t, claims("exp", "2099-01-01")), ""},
		{"nbf a text", es.token(t, claims("nbf", "now")), ""},
		{"no sub", es.token(t, claims("sub", nil)), ""},
		{"sub empty", es.token(t, claims("sub", "")), ""},
		{"sub a number", es.token(t, claims("sub", 7)), ""},
		{"sub too long", es.token(t, claims("sub", strings.Repeat("x", 129))), ""},
		{"sub with a colon", es.token(t, claims("sub", "a:b")), ""},
		{"sub with a line feed", es.token(t, claims("sub", "a\nb")), ""},
		{"sub not ASCII", es.token(t, claims("sub", "älice")), ""},
		{"scope not text", es.token(t, claims("scope", 7)), ""},
		{"scope an array", es.token(t, claims("scope", []string{"system/*.rs"})), ""},
		{"scope null", segmentNull(t, es), ""},
		{"scp an object", es.token(t, claims("scp", map[string]any{})), ""},
		{"scp of numbers", es.token(t, claims("scp", []any{1})), ""},
		{"bound to a proof that is not known", es.token(t, claims("cnf", map[string]any{"jkt": "x"})), ""},
		{"bound to a certificate, without one", es.token(t, claims("cnf", map[string]any{"x5t#S256": "x"})), ""},
		{"cnf not an object", es.token(t, claims("cnf", "x")), ""},

		{"claims changed", parts[0] + "." + segment(claims("sub", "mallory")) + "." + parts[2], ""},
		{"header changed", segment(map[string]any{"alg": "ES256", "kid": "es", "x": 1}) + "." + parts[1] + "." + parts[2], ""},
		{"no signature", parts[0] + "." + parts[1] + ".", ""},
		{"two parts", parts[0] + "." + parts[1], ""},
		{"four parts", good + "." + parts[2], ""},
		{"five parts of an encrypted token", good + ".a.b", ""},
		{"padding", parts[0] + "." + parts[1] + "." + parts[2] + "=", ""},
		{"claims not JSON", parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte("x")) + "." + parts[2], ""},
		{"claims null", parts[0] + "." + segment(nil) + "." + parts[2], ""},
		{"claims an array", parts[0] + "." + segment([]int{1}) + "." + parts[2], ""},
		{"header null", segment(nil) + "." + parts[1] + "." + parts[2], ""},
		{"oversized", es.token(t, claims("x", strings.Repeat("x", maxToken))), ""},
		{"dots", "...", ""},
	} {
		t.Run(c.name, func(t *testing.T) { check(t, c.token, c.want) })
	}
	for _, c := range []struct {
		name, claim string
		at          time.Duration // from when the token is shown
		want        string
	}{
		{"expired within the leeway", "exp", -20 * time.Second, "idp:alice"},
		{"nbf within the leeway", "nbf", 20 * time.Second, "idp:alice"},
		{"expired", "exp", -time.Minute, ""},
		{"not yet valid", "nbf", time.Minute, ""},
		{"issued in the future", "iat", time.Minute, ""},
	} {
		t.Run(c.name, func(t *testing.T) { check(t, es.token(t, claims(c.claim, time.Now().Add(c.at).Unix())), c.want) })
	}
}

// segmentNull is a good token but for a scope that is null.
func segmentNull(t *testing.T, s signer) string {
	c := claims()
	c["scope"] = nil
	return s.token(t, c)
}

func TestLargestToken(t *testing.T) {
	s := newSigner(t, "ES256", "k")
	d := directory(t, Config{Issuers: []Issuer{{Account: Account{Name: "idp"}, URL: testIssuer, Audience: testAudience, JWKSFile: jwksFile(t, s)}}})
	fits, over := 0, 0
	for n := 5500; n < 6200; n++ {
		token := s.token(t, claims("x", strings.Repeat("x", n)))
		_, err := ask(t, d, token)
		switch {
		case len(token) <= maxToken && err == nil:
			fits++
		case len(token) > maxToken && err == ErrBadCredentials:
			over++
		default:
			t.Fatalf("%d bytes: %v", len(token), err)
		}
		if fits > 0 && over > 0 {
			return
		}
		if len(token) < maxToken-8 {
			n += (maxToken-8-len(token))*3/4 - 1
		}
	}
	t.Error("the limit was not met")
}

func TestTokenWithoutKidAndOneKey(t *testing.T) {
	s := newSigner(t, "RS256", "k")
	pinned := s.jwk(t)
	pinned.ALG = "PS256"
	text, err := json.Marshal(jwkset.JWKSMarshal{Keys: []jwkset.JWKMarshal{pinned}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "pinned.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	config := Issuer{Account: Account{Name: "idp"}, URL: testIssuer, Audience: testAudience, JWKSFile: jwksFile(t, s)}
	token := s.token(t, claims(), map[string]any{"kid": nil})
	if _, err := ask(t, directory(t, Config{Issuers: []Issuer{config}}), token); err != nil {
		t.Errorf("the only key is not found: %v", err)
	}
	config.JWKSFile = path
	if _, err := ask(t, directory(t, Config{Issuers: []Issuer{config}}), token); err != ErrBadCredentials {
		t.Errorf("a key for another algorithm is taken: %v", err)
	}
}

func TestConsumerClaim(t *testing.T) {
	s := newSigner(t, "ES256", "k")
	d := directory(t, Config{Issuers: []Issuer{{Account: Account{Name: "idp"}, URL: testIssuer, Audience: testAudience, JWKSFile: jwksFile(t, s), ConsumerClaim: "azp"}}})
	if who, err := ask(t, d, s.token(t, claims("azp", "app-1"))); err != nil || who.Name != "idp:app-1" {
		t.Errorf("got %v, %v", who, err)
	}
	if _, err := ask(t, d, s.token(t, claims())); err != ErrBadCredentials {
		t.Errorf("without the claim: %v", err)
	}
}

func TestTokenScopes(t *testing.T) {
	s := newSigner(t, "ES256", "k")
	base := Issuer{Account: Account{Name: "idp"}, URL: testIssuer, Audience: testAudience, JWKSFile: jwksFile(t, s)}
	for _, c := range []struct {
		name    string
		require bool
		account string
		claims  jwt.MapClaims
		all     bool   // Scopes are nil
		read    string // of Patient, Observation: "PO", "P", "O", ""
	}{
		{name: "absent", claims: claims(), all: true, read: "PO"},
		{name: "absent, required", require: true, claims: claims()},
		{name: "absent, the account's", account: "system/Patient.rs", claims: claims(), read: "P"},
		{name: "absent, required, the account's", require: true, account: "system/Patient.rs", claims: claims()},
		{name: "scope", claims: claims("scope", "openid system/Patient.rs"), read: "P"},
		{name: "scope, required", require: true, claims: claims("scope", "system/Patient.rs"), read: "P"},
		{name: "scope of other things", claims: claims("scope", "openid profile")},
		{name: "scope empty", claims: claims("scope", "")},
		{name: "scope beyond the account's", account: "system/Patient.rs", claims: claims("scope", "system/*.rs"), read: "P"},
		{name: "scope beside the account's", account: "system/Patient.rs", claims: claims("scope", "system/Observation.rs")},
		{name: "scope with a query", claims: claims("scope", "system/Patient.rs?_id=1")},
		{name: "scp list", claims: claims("scp", "system/Observation.rs"), read: "O"},
		{name: "scp array", claims: claims("scp", []string{"system/Observation.rs", "user/Patient.read"}), read: "PO"},
		{name: "scp array empty", claims: claims("scp", []string{})},
		{name: "scope before scp", claims: claims("scope", "system/Patient.rs", "scp", []string{"system/*.rs"}), read: "P"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := base
			config.RequireScopes, config.Scopes = c.require, c.account
			who, err := ask(t, directory(t, Config{Issuers: []Issuer{config}}), s.token(t, c.claims))
			if err != nil {
				t.Fatal(err)
			}
			read := ""
			if who.Scopes.MayRead("Patient") && who.Scopes.MaySearch("Patient") {
				read += "P"
			}
			if who.Scopes.MayRead("Observation") && who.Scopes.MaySearch("Observation") {
				read += "O"
			}
			if (who.Scopes == nil) != c.all || read != c.read {
				t.Errorf("nil %t, read %q", who.Scopes == nil, read)
			}
		})
	}
}

func TestTokenBoundToCertificate(t *testing.T) {
	s := newSigner(t, "ES256", "k")
	d := directory(t, Config{Issuers: []Issuer{{Account: Account{Name: "idp"}, URL: testIssuer, Audience: testAudience, JWKSFile: jwksFile(t, s)}}})
	mine, other := certificate(t, time.Hour), certificate(t, time.Hour)
	sum := sha256.Sum256(mine.Raw)
	token := s.token(t, claims("cnf", map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])}))
	for _, c := range []struct {
		name string
		peer []*x509.Certificate
		err  error
	}{
		{"its certificate", peer(mine), nil},
		{"another certificate", peer(other), ErrBadCredentials},
		{"no certificate", nil, ErrBadCredentials},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := d.Authenticate(t.Context(), Request{Authorization: []string{"Bearer " + token}, Certificates: c.peer}); err != c.err {
				t.Errorf("got %v, want %v", err, c.err)
			}
		})
	}
}

func TestTokenLimits(t *testing.T) {
	s := newSigner(t, "ES256", "k")
	d := directory(t, Config{Issuers: []Issuer{{
		Account: Account{Name: "idp", Limits: Limits{Concurrent: 1}}, URL: testIssuer, Audience: testAudience, JWKSFile: jwksFile(t, s),
	}}})
	admit := func(sub string) (func(), bool) {
		who, err := ask(t, d, s.token(t, claims("sub", sub, "jti", rand.Text())))
		if err != nil {
			t.Fatal(err)
		}
		release, _, ok := who.Admit()
		return release, ok
	}
	release, ok := admit("alice")
	if !ok {
		t.Fatal("refused")
	}
	if _, ok := admit("alice"); ok {
		t.Error("another token of the consumer has limits of its own")
	}
	if _, ok := admit("bob"); !ok {
		t.Error("consumers share their limits")
	}
	release()
	if _, ok := admit("alice"); !ok {
		t.Error("refused after the release")
	}
}
