package signin

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"net/url"
	"testing"
	"time"
)

// accountJSON is a key file as Google makes it.
func accountJSON(t testing.TB, key, tokenURL string) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "hospital", "private_key_id": "k-1", "private_key": key,
		"client_email": "veil@hospital.iam.gserviceaccount.com", "client_id": "1",
		"auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": tokenURL,
		"universe_domain": "googleapis.com",
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestServiceAccount checks what the token endpoint is asked against Google's
// "Using OAuth 2.0 for Server to Server Applications" and RFC 7523.
func TestServiceAccount(t *testing.T) {
	for _, tc := range []struct {
		name   string
		scopes []string
		want   string
	}{
		{"scope of the Cloud Healthcare API", nil, "https://www.googleapis.com/auth/cloud-platform"},
		{"other scopes", []string{"https://www.googleapis.com/auth/cloud-healthcare", "email"}, "https://www.googleapis.com/auth/cloud-healthcare email"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := newEndpoint(t, gives("ya29.t-1"))
			c := credentials(t, Config{ServiceAccount: &ServiceAccount{Key: inFile(t, accountJSON(t, rsaPEM(t), e.URL+"/token")), Scopes: tc.scopes}})
			if header, err := authorization(t, c); err != nil || header != "Bearer ya29.t-1" {
				t.Fatalf("got %q, %v", header, err)
			}
			got := e.last(t)
			assertion := got.form.Get("assertion")
			if want := (url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}); got.authenticated || got.form.Encode() != want.Encode() {
				t.Errorf("asked %v", got)
			}
			jwt := open(t, assertion)
			sum := sha256.Sum256(jwt.signed)
			if err := rsa.VerifyPKCS1v15(&testRSA().PublicKey, crypto.SHA256, sum[:], jwt.signature); err != nil {
				t.Error(err)
			}
			if jwt.header["alg"] != "RS256" || jwt.header["typ"] != "JWT" || jwt.header["kid"] != "k-1" {
				t.Errorf("header %v", jwt.header)
			}
			iat, _ := jwt.claims["iat"].(float64)
			exp, _ := jwt.claims["exp"].(float64)
			now := float64(time.Now().Unix())
			if iat > now || iat < now-60 || exp < now+60 || exp-iat > 3600 {
				t.Errorf("from %v to %v, now %v", iat, exp, now)
			}
			if jwt.claims["iss"] != "veil@hospital.iam.gserviceaccount.com" || jwt.claims["aud"] != e.URL+"/token" || jwt.claims["scope"] != tc.want || len(jwt.claims) != 5 {
				t.Errorf("claims %v", jwt.claims)
			}
		})
	}
}

func TestAccountKeysThatAreRefused(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	key := rsaPEM(t)
	good := accountJSON(t, key, "https://oauth2.googleapis.com/token")
	if _, err := readAccountKey([]byte(good)); err != nil {
		t.Fatal(err)
	}
	without := func(member string) string {
		all := map[string]string{}
		if err := json.Unmarshal([]byte(good), &all); err != nil {
			t.Fatal(err)
		}
		delete(all, member)
		text, _ := json.Marshal(all)
		return string(text)
	}
	tests := []struct{ name, key string }{
		{"not JSON", "x"},
		{"a PEM key", key},
		{"EC key", accountJSON(t, toPEM(t, testEC(t, elliptic.P384())), "https://oauth2.googleapis.com/token")},
		{"small key", accountJSON(t, toPEM(t, small), "https://oauth2.googleapis.com/token")},
		{"token over HTTP", accountJSON(t, key, "http://oauth2.googleapis.com/token")},
	}
	for _, member := range []string{"type", "private_key_id", "private_key", "client_email", "token_uri"} {
		tests = append(tests, struct{ name, key string }{"no " + member, without(member)})
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := readAccountKey([]byte(tc.key)); err == nil {
				t.Error("taken")
			}
		})
	}
}
