package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestUpstreamOverTLS: an upstream whose certificate does not hold is not asked;
// one that wants to see Veil's certificate sees it.
func TestUpstreamOverTLS(t *testing.T) {
	s := newSite(t)
	ca, strangers := newAuthority(t), newAuthority(t)
	cert, key, _ := ca.pair(t, s, "upstream")
	veilCert, veilKey, _ := ca.pair(t, s, "veil")
	caFile := write(t, s.path("ca.pem"), encode("CERTIFICATE", ca.cert.Raw))
	otherCA := write(t, s.path("other.pem"), encode("CERTIFICATE", strangers.cert.Raw))
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "https://" + l.Addr().String() + "/fhir"
	source, err := fhirtest.NewSource(s.population, url)
	if err != nil {
		t.Fatal(err)
	}
	authorities := x509.NewCertPool()
	authorities.AddCert(ca.cert)
	server := &http.Server{Handler: source, ReadHeaderTimeout: veiltest.Patience, ErrorLog: log.New(io.Discard, "", 0)}
	defer server.Close()
	secured := tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authorities, MinVersion: tls.VersionTLS12})
	go func() { _ = server.Serve(secured) }() // ends with Close

	for _, tc := range []struct {
		name, settings string
		status         int
	}{
		{"the system's authorities", "", 502},
		{"another authority", "caFile: " + otherCA + ", certFile: " + veilCert + ", keyFile: " + veilKey, 502},
		{"another name", "caFile: " + caFile + ", certFile: " + veilCert + ", keyFile: " + veilKey + ", serverName: other.example", 502},
		{"no certificate of Veil's", "caFile: " + caFile, 502},
		{"both", "caFile: " + caFile + ", certFile: " + veilCert + ", keyFile: " + veilKey, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			source.Forget()
			text := strings.Replace(s.text("  upstreamTLS: {"+tc.settings+"}\n", "consumers: {anonymous: {allow: true}}\n"), s.source.URL, url, 1)
			b := s.serve(t, write(t, s.path("veil.yaml"), text))
			if a := s.ask(t, s.patient(t, "trial")); a.status != tc.status {
				t.Errorf("%d, want %d: %s", a.status, tc.status, a.body)
			}
			if asked := len(source.Requests()) > 0; asked != (tc.status == 200) {
				t.Errorf("asked: %v", asked)
			}
			b.stop(t)
		})
	}
}

// TestUpstreamTokens: the token of an OAuth 2.0 server is what the upstream sees,
// and neither it nor the secret that gets it is in a log or a response.
func TestUpstreamTokens(t *testing.T) {
	s := newSite(t)
	const secret, token = "client-secret-3318", "upstream-token-9921"
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if user, pass, _ := r.BasicAuth(); user != "veil" || pass != secret {
			w.WriteHeader(401)
			fmt.Fprintf(w, `{"error":"invalid_client","error_description":%q}`, secret)
			return
		}
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":300}`, token)
	}))
	defer idp.Close()
	file := s.path("secret")
	config := s.config(t, "  credentials: {clientCredentials: {tokenURL: "+idp.URL+", clientID: veil, secret: {file: "+write(t, file, secret)+"}, scopes: [system/*.rs]}}\n", anybody)
	b := s.serve(t, config)
	if a := s.ask(t, s.patient(t, "trial")); a.status != 200 || strings.Contains(a.body+fmt.Sprint(a.header), token) {
		t.Errorf("%d: %s", a.status, a.body)
	}
	b.stop(t)
	for _, r := range s.source.Source.Requests() {
		if r.Header.Get("Authorization") != "Bearer "+token {
			t.Errorf("the upstream sees %v", r.Header)
		}
	}
	write(t, file, "wrong")
	s.source.Source.Forget()
	refused := s.serve(t, config)
	if a := s.ask(t, s.patient(t, "trial")); a.status != 502 || strings.Contains(a.body, "invalid_client") {
		t.Errorf("without a token: %d: %s", a.status, a.body)
	}
	refused.stop(t)
	if n := len(s.source.Source.Requests()); n > 0 {
		t.Errorf("asked %d times without a token", n)
	}
	for _, text := range []string{secret, token} {
		if strings.Contains(b.out.String()+refused.out.String(), text) {
			t.Errorf("the log shows %s", text)
		}
	}
	if !strings.Contains(refused.out.String(), "the token endpoint refused: invalid_client") {
		t.Errorf("the log does not say why:\n%s", refused.out.String())
	}
}

// TestOrigins: a page of an origin that is configured may read answers, another's
// may not.
func TestOrigins(t *testing.T) {
	s := newSite(t)
	s.serve(t, s.config(t, "  origins: [https://notebook.example]\n", anybody))
	for origin, want := range map[string]string{"https://notebook.example": "https://notebook.example", "https://evil.example": ""} {
		if got := s.ask(t, "/Patient?_count=1", "Origin", origin).header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("%s is allowed %q", origin, got)
		}
	}
}
