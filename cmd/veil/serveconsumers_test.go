package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestAPIKeys: a key opens the door in both headers; whatever else is shown, and
// nothing, is refused with the same bytes.
func TestAPIKeys(t *testing.T) {
	s := newSite(t)
	key, line := apiKey("alice", "")
	stranger, _ := apiKey("x", "")
	s.serve(t, s.config(t, "", "consumers:\n  keys:\n"+line))
	path := s.patient(t, "trial")
	for _, header := range [][]string{{"Authorization", "Bearer " + key}, {"X-API-Key", key}} {
		if a := s.ask(t, path, header...); a.status != 200 || !strings.Contains(a.body, `"resourceType":"Patient"`) {
			t.Errorf("%s: %d: %s", header[0], a.status, a.body)
		}
	}
	s.source.Source.Forget()
	body, attempts := "", byte(0)
	for _, tc := range []struct {
		name   string
		header []string
	}{
		{"none", nil},
		{"another key", []string{"X-API-Key", stranger}},
		{"a part of the key", []string{"X-API-Key", key[:20]}},
		{"not a key", []string{"X-API-Key", "secret"}},
		{"not a token", []string{"Authorization", "Bearer x.y.z"}},
		{"a password", []string{"Authorization", "Basic YWxpY2U6cGFzc3dvcmQ="}},
		{"both headers", []string{"X-API-Key", key, "Authorization", "Bearer " + key}},
	} {
		for _, path := range []string{path, "/Patient", "/Patient/nobody", "/metadata", "/Patient/_history"} {
			// From another address each time: attempts of one address wait longer and longer.
			attempts++
			from := &net.TCPAddr{IP: net.IPv4(127, 0, 1, attempts)}
			client := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: from}).DialContext, DisableKeepAlives: true}}
			a := ask(t, client, s.base+path, tc.header...)
			if a.status != 401 || a.header.Get("WWW-Authenticate") != `Bearer realm="veil"` || strings.Contains(a.body, key) {
				t.Errorf("%s, %s: %d %q: %s", tc.name, path, a.status, a.header.Get("WWW-Authenticate"), a.body)
			}
			if tc.header == nil {
				continue // asks for credentials in other words
			}
			if body == "" {
				body = a.body
			}
			if a.body != body {
				t.Errorf("%s, %s: %s\nis not %s", tc.name, path, a.body, body)
			}
		}
	}
	if n := len(s.source.Source.Requests()); n > 0 {
		t.Errorf("the upstream was asked %d times for who may not ask", n)
	}
}

// TestTokens: a JWT of an issuer whose keys are in a file is taken, with the
// scopes it has; one for another audience, expired or signed by another is not.
func TestTokens(t *testing.T) {
	s := newSite(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	point, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	jwks := write(t, s.path("jwks.json"), fmt.Sprintf(`{"keys":[{"kty":"EC","crv":"P-256","kid":"k1","use":"sig","x":%q,"y":%q}]}`, b64(point[1:33]), b64(point[33:])))
	s.serve(t, s.config(t, "", "consumers:\n  issuers:\n    - {name: idp, url: https://idp.example, audience: veil, jwksFile: "+jwks+", requireScopes: true}\n"))

	token := func(signer *ecdsa.PrivateKey, claims jwt.MapClaims) []string {
		all := jwt.MapClaims{"iss": "https://idp.example", "aud": "veil", "sub": "notebook", "exp": time.Now().Add(time.Hour).Unix(), "scope": "system/Patient.rs"}
		for name, v := range claims {
			all[name] = v
		}
		j := jwt.NewWithClaims(jwt.SigningMethodES256, all)
		j.Header["kid"] = "k1"
		text, err := j.SignedString(signer)
		if err != nil {
			t.Fatal(err)
		}
		return []string{"Authorization", "Bearer " + text}
	}
	for _, tc := range []struct {
		name   string
		path   string
		token  []string
		status int
	}{
		{"read", s.patient(t, "trial"), token(key, nil), 200},
		{"search", "/Patient?_count=2", token(key, nil), 200},
		{"another type", "/Observation?_count=2", token(key, nil), 403},
		{"read alone", "/Patient?_count=2", token(key, jwt.MapClaims{"scope": "system/Patient.r"}), 403},
		{"no scope", s.patient(t, "trial"), token(key, jwt.MapClaims{"scope": ""}), 403},
		{"a scope that cannot be enforced", s.patient(t, "trial"), token(key, jwt.MapClaims{"scope": "patient/Patient.rs"}), 403},
		{"another audience", s.patient(t, "trial"), token(key, jwt.MapClaims{"aud": "other"}), 401},
		{"another issuer", s.patient(t, "trial"), token(key, jwt.MapClaims{"iss": "https://evil.example"}), 401},
		{"expired", s.patient(t, "trial"), token(key, jwt.MapClaims{"exp": time.Now().Add(-time.Hour).Unix()}), 401},
		{"another's signature", s.patient(t, "trial"), token(other, nil), 401},
		{"nobody", s.patient(t, "trial"), nil, 401},
	} {
		if a := s.ask(t, tc.path, tc.token...); a.status != tc.status {
			t.Errorf("%s: %d, want %d: %s", tc.name, a.status, tc.status, a.body)
		}
	}
	if r := veil(t, "", "audit", "show", s.path("audit")); !strings.Contains(r.stdout, "by idp:notebook") {
		t.Errorf("the audit log does not name the consumer:\n%s", r.stdout)
	}
}

// TestClientCertificates: one that the authority vouches for and the
// configuration knows opens the door; others, and none, do not; and no TLS below
// 1.2 is spoken.
func TestClientCertificates(t *testing.T) {
	s := newSite(t)
	clients, strangers := newAuthority(t), newAuthority(t)
	doorCert, doorKey, _ := clients.pair(t, s, "door")
	ca := write(t, s.path("clients.pem"), encode("CERTIFICATE", clients.cert.Raw))
	labCert, labKey, spki := clients.pair(t, s, "lab")
	otherCert, otherKey, _ := clients.pair(t, s, "other")
	foreignCert, foreignKey, _ := strangers.pair(t, s, "foreign")
	s.base = "https://" + s.addr + "/fhir"
	b := s.serve(t, s.config(t, "  tls: {certFile: "+doorCert+", keyFile: "+doorKey+", clientCAFile: "+ca+"}\n",
		"consumers: {certificates: [{name: lab, spkiSHA256: "+spki+"}]}\n"))

	roots := x509.NewCertPool()
	roots.AddCert(clients.cert)
	client := func(certFile, keyFile string) *http.Client {
		c := &tls.Config{RootCAs: roots}
		if certFile != "" {
			pair, err := tls.LoadX509KeyPair(certFile, keyFile)
			if err != nil {
				t.Fatal(err)
			}
			// Shown whatever the server asks for.
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
		return &http.Client{Transport: &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}}
	}
	url := s.base + s.patient(t, "trial")
	if a := ask(t, client(labCert, labKey), url); a.status != 200 {
		t.Errorf("known: %d: %s", a.status, a.body)
	}
	for name, c := range map[string]*http.Client{"none": client("", ""), "unknown": client(otherCert, otherKey)} {
		if a := ask(t, c, url); a.status != 401 {
			t.Errorf("%s: %d: %s", name, a.status, a.body)
		}
	}
	if a, err := try(client(foreignCert, foreignKey), url); err == nil {
		t.Errorf("a certificate of another authority: %d: %s", a.status, a.body)
	}
	old := client(labCert, labKey)
	old.Transport.(*http.Transport).TLSClientConfig.MaxVersion = tls.VersionTLS11
	if a, err := try(old, url); err == nil {
		t.Errorf("TLS 1.1: %d", a.status)
	}
	b.stop(t)
}

// TestConsumerLimits: the rate of one consumer bounds that consumer alone.
func TestConsumerLimits(t *testing.T) {
	s := newSite(t)
	slow, slowLine := apiKey("slow", ", limits: {ratePerSecond: 0.01, burst: 2}")
	fast, fastLine := apiKey("fast", "")
	s.serve(t, s.config(t, "", "consumers:\n  keys:\n"+slowLine+fastLine))
	path := s.patient(t, "trial")
	for i, want := range []int{200, 200, 429, 429} {
		a := s.ask(t, path, "X-API-Key", slow)
		if a.status != want {
			t.Errorf("request %d: %d, want %d: %s", i, a.status, want, a.body)
		}
		if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); want == 429 && (err != nil || seconds < 1 || seconds > 100) {
			t.Errorf("Retry-After: %q", a.header.Get("Retry-After"))
		}
	}
	if a := s.ask(t, path, "X-API-Key", fast); a.status != 200 {
		t.Errorf("another consumer: %d", a.status)
	}
}

// TestViewsAreApart: consumers of two projects get other pseudonyms of the same
// records, and neither opens a pseudonym or a page of the other.
func TestViewsAreApart(t *testing.T) {
	s := newSite(t)
	a, lineA := apiKey("alice", "")
	b, lineB := apiKey("bob", ", view: cardio")
	s.serve(t, s.config(t, "", "views: {cardio: {ruleset: research, project: cardio}}\nconsumers:\n  keys:\n"+lineA+lineB))
	ofA, ofB := s.patient(t, "trial"), s.patient(t, "cardio")
	none := s.ask(t, "/Patient/none", "X-API-Key", a)
	for _, tc := range []struct {
		name, key, path string
		status          int
	}{
		{"alice's by alice", a, ofA, 200}, {"bob's by bob", b, ofB, 200},
		{"alice's by bob", b, ofA, 404}, {"bob's by alice", a, ofB, 404},
	} {
		got := s.ask(t, tc.path, "X-API-Key", tc.key)
		if got.status != tc.status || got.status == 404 && got.body != none.body {
			t.Errorf("%s: %d, want %d: %s", tc.name, got.status, tc.status, got.body)
		}
	}
	page := nextPage(t, s.ask(t, "/Patient?_count=1", "X-API-Key", a).body)
	if page == "" {
		t.Fatal("a search of many has one page")
	}
	for key, want := range map[string]int{a: 200, b: 404} {
		if got := ask(t, http.DefaultClient, page, "X-API-Key", key); got.status != want {
			t.Errorf("a page of alice: %d, want %d: %s", got.status, want, got.body)
		}
	}
	rulesetOf := func(key, path string) string {
		name, _, _ := strings.Cut(s.ask(t, path, "X-API-Key", key).header.Get("X-Veil-Ruleset"), ";")
		return name
	}
	if rulesetOf(a, ofA) != "safe-harbor" || rulesetOf(b, ofB) != "research" {
		t.Errorf("rulesets %s and %s", rulesetOf(a, ofA), rulesetOf(b, ofB))
	}
}

// TestCredentialsStayOnTheirSide: what a consumer shows never reaches the
// upstream, and what Veil shows the upstream never reaches a consumer.
func TestCredentialsStayOnTheirSide(t *testing.T) {
	s := newSite(t)
	key, line := apiKey("alice", "")
	password, header := write(t, s.path("password"), "upstream-pass-7391\n"), "upstream-key-5527"
	t.Setenv("VEIL_TEST_UPSTREAM_KEY", header)
	b := s.serve(t, s.config(t, "  credentials:\n    basic: {user: veil, password: {file: "+password+"}}\n    headers: [{name: X-Upstream, value: {env: VEIL_TEST_UPSTREAM_KEY}}]\n",
		"consumers:\n  keys:\n"+line))
	answers := ""
	for _, path := range []string{s.patient(t, "trial"), "/Patient?_count=2", "/metadata", "/Patient?name=x", "/Patient/none"} {
		for _, h := range [][]string{{"Authorization", "Bearer " + key}, {"X-API-Key", key}, {"X-API-Key", key, "Cookie", "session=cookie-8812", "X-Upstream", "mine-4410"}} {
			a := s.ask(t, path, h...)
			answers += fmt.Sprint(a.body, a.header)
		}
	}
	requests := s.source.Source.Requests()
	if len(requests) < 5 {
		t.Fatalf("the upstream was asked %d times", len(requests))
	}
	for _, r := range requests {
		all := r.URL + fmt.Sprint(r.Header) + string(r.Body)
		for _, mine := range []string{key, "cookie-8812", "mine-4410", "alice"} {
			if strings.Contains(all, mine) {
				t.Errorf("the upstream sees %s: %s", mine, all)
			}
		}
		if user, pass, _ := (&http.Request{Header: r.Header}).BasicAuth(); user != "veil" || pass != "upstream-pass-7391" || r.Header.Get("X-Upstream") != header {
			t.Errorf("the upstream sees no credentials of Veil: %v", r.Header)
		}
	}
	b.stop(t)
	for _, secret := range []string{"upstream-pass-7391", header, base64.StdEncoding.EncodeToString([]byte("veil:upstream-pass-7391"))} {
		if strings.Contains(answers+b.out.String(), secret) {
			t.Errorf("%s is in an answer or in the log", secret)
		}
	}
}
