package signin

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
)

var testRSA = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func testEC(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func toPEM(t testing.TB, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func rsaPEM(t testing.TB) string { return toPEM(t, testRSA()) }

// toJWK makes a private JWK with other members as given.
func toJWK(t testing.TB, key any, members map[string]any) string {
	t.Helper()
	jwk, err := jwkset.NewJWKFromKey(key, jwkset.JWKOptions{Marshal: jwkset.JWKMarshalOptions{Private: true}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(jwk.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	delete(all, "alg")
	for name, value := range members {
		all[name] = value
	}
	text, err = json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// opened is a JWT taken apart by hand.
type opened struct {
	header, claims map[string]any
	signed         []byte
	signature      []byte
}

func open(t *testing.T, token string) (o opened) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %q", token)
	}
	for i, to := range []any{&o.header, &o.claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(text, to)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if o.signature, err = base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		t.Fatal(err)
	}
	o.signed = []byte(parts[0] + "." + parts[1])
	return o
}

// holds checks the signature with the standard library alone (RFC 7518, 3.3, 3.4).
func (o opened) holds(key crypto.PublicKey) bool {
	sum := sha512.Sum384(o.signed)
	switch key := key.(type) {
	case *rsa.PublicKey:
		return o.header["alg"] == "RS384" && rsa.VerifyPKCS1v15(key, crypto.SHA384, sum[:], o.signature) == nil
	case *ecdsa.PublicKey:
		return o.header["alg"] == "ES384" && len(o.signature) == 96 &&
			ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(o.signature[:48]), new(big.Int).SetBytes(o.signature[48:]))
	}
	return false
}

// TestBackendServices checks what the token endpoint is asked against SMART App
// Launch 2.2, Asymmetric Client Authentication and Backend Services.
func TestBackendServices(t *testing.T) {
	ec := testEC(t, elliptic.P384())
	sec1, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, key, keyID string
		public           crypto.PublicKey
		kid              string
	}{
		{"RSA in PKCS #8", rsaPEM(t), "k-1", testRSA().Public(), "k-1"},
		{"RSA in PKCS #1", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(testRSA())})), "k-1", testRSA().Public(), "k-1"},
		{"EC in PKCS #8", toPEM(t, ec), "k-1", ec.Public(), "k-1"},
		{"EC in SEC 1", string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1})), "k-1", ec.Public(), "k-1"},
		{"RSA as JWK", toJWK(t, testRSA(), map[string]any{"kid": "k-2", "alg": "RS384", "use": "sig", "key_ops": []string{"sign"}, "ext": true}), "", testRSA().Public(), "k-2"},
		{"EC as JWK", toJWK(t, ec, map[string]any{"kid": "k-2"}), "", ec.Public(), "k-2"},
		{"other kid than that of the JWK", toJWK(t, ec, map[string]any{"kid": "k-2", "alg": "ES384"}), "k-3", ec.Public(), "k-3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := newEndpoint(t, gives("t-1"))
			c := BackendServices{TokenURL: e.URL + "/token", ClientID: "veil", Key: inFile(t, tc.key), KeyID: tc.keyID, Scopes: []string{"system/Patient.rs", "system/Observation.rs"}}
			var ids []any
			for range 2 {
				if header, err := authorization(t, credentials(t, Config{BackendServices: &c})); err != nil || header != "Bearer t-1" {
					t.Fatalf("got %q, %v", header, err)
				}
				got := e.last(t)
				names := make([]string, 0, len(got.form))
				for name := range got.form {
					names = append(names, name)
				}
				slices.Sort(names)
				if got.authenticated || !slices.Equal(names, []string{"client_assertion", "client_assertion_type", "grant_type", "scope"}) ||
					got.form.Get("grant_type") != "client_credentials" || got.form.Get("scope") != "system/Patient.rs system/Observation.rs" ||
					got.form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
					t.Errorf("asked %v", got)
				}
				jwt := open(t, got.form.Get("client_assertion"))
				if !jwt.holds(tc.public) || jwt.header["typ"] != "JWT" || jwt.header["kid"] != tc.kid || len(jwt.header) != 3 {
					t.Errorf("header %v, signature holds: %t", jwt.header, jwt.holds(tc.public))
				}
				exp, _ := jwt.claims["exp"].(float64)
				if left := time.Until(time.Unix(int64(exp), 0)); left <= 3*time.Minute || left > 5*time.Minute {
					t.Errorf("holds for %v", left)
				}
				if jwt.claims["iss"] != "veil" || jwt.claims["sub"] != "veil" || jwt.claims["aud"] != c.TokenURL {
					t.Errorf("claims %v", jwt.claims)
				}
				if id, _ := jwt.claims["jti"].(string); len(id) < 22 {
					t.Errorf("jti %q", id)
				}
				ids = append(ids, jwt.claims["jti"])
			}
			if ids[0] == ids[1] {
				t.Error("the same jti twice")
			}
		})
	}
}

func TestSigningKeysThatAreRefused(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, other := testEC(t, elliptic.P384()), testEC(t, elliptic.P384())
	mixed := map[string]any{"x": base64.RawURLEncoding.EncodeToString(other.X.FillBytes(make([]byte, 48))), "y": base64.RawURLEncoding.EncodeToString(other.Y.FillBytes(make([]byte, 48)))}
	public := map[string]any{}
	if err := json.Unmarshal([]byte(toJWK(t, ec, nil)), &public); err != nil {
		t.Fatal(err)
	}
	delete(public, "d")
	publicText, _ := json.Marshal(public)
	for _, tc := range []struct{ name, key string }{
		{"empty", ""},
		{"small RSA key", toPEM(t, small)},
		{"small RSA key as JWK", toJWK(t, small, nil)},
		{"P-256", toPEM(t, testEC(t, elliptic.P256()))},
		{"P-521 as JWK", toJWK(t, testEC(t, elliptic.P521()), nil)},
		{"Ed25519", toPEM(t, ed)},
		{"Ed25519 as JWK", toJWK(t, ed, nil)},
		{"symmetric", `{"kty":"oct","k":"aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg"}`},
		{"another alg", toJWK(t, testRSA(), map[string]any{"alg": "RS256"})},
		{"public key", string(publicText)},
		{"halves of two keys", toJWK(t, ec, mixed)},
		{"key set", `{"keys":[` + toJWK(t, ec, nil) + `]}`},
		{"encrypted PEM", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if key, err := readSigningKey([]byte(tc.key)); err == nil {
				t.Errorf("taken, with %s", key.method.Alg())
			}
		})
	}
	t.Run("without kid", func(t *testing.T) {
		_, err := New(t.Context(), Config{BackendServices: &BackendServices{TokenURL: "https://x/", ClientID: "c", Scopes: []string{"s"}, Key: inFile(t, rsaPEM(t))}})
		if err == nil || err.Error() != "backendServices.key: the key has no kid: set keyID" {
			t.Errorf("got %v", err)
		}
	})
}
