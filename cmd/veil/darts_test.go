package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestOperatorsAlone: over TLS, the operations of operators take the keys of operators and
// no others, a reload replaces the keys, and the health check trusts the certificate that
// it is given.
func TestOperatorsAlone(t *testing.T) {
	s := newSite(t)
	ca := newAuthority(t)
	cert, certKey, _ := ca.pair(t, s, "operator")
	roots := write(t, s.path("ca.pem"), encode("CERTIFICATE", ca.cert.Raw))
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	consumerKey, consumerLine := apiKey("alice", "")
	first, firstLine := apiKey("ops", "")
	second, secondLine := apiKey("ops", "")
	addr := veiltest.FreeAddress(t)
	config := func(keys string) string {
		return s.config(t, "", fmt.Sprintf("operator:\n  listen: %s\n  tls: {certFile: %s, keyFile: %s}\n  darts: {project: exchange, keyFile: %s}\n  keys:\n%sconsumers:\n  keys:\n%s",
			addr, cert, certKey, s.key, keys, consumerLine))
	}
	p := s.process(t, config(firstLine))
	metadata := "https://" + addr + "/darts/metadata"
	with := func(key string) int { return ask(t, client, metadata, "X-API-Key", key).status }
	if got := []int{with(first), with(second), with(consumerKey), s.ask(t, "/Patient", "X-API-Key", first).status, s.ask(t, "/Patient", "X-API-Key", consumerKey).status}; fmt.Sprint(got) != "[200 401 401 401 200]" {
		t.Errorf("status %v of an operator's key, another, a consumer's, and at the FHIR listener an operator's and a consumer's", got)
	}
	if _, err := try(http.DefaultClient, metadata, "X-API-Key", first); err == nil {
		t.Error("a certificate of nobody's is trusted")
	}
	for _, args := range [][]string{{"health", "--ca-file", roots, addr}, {"health", "--live", "--ca-file", roots, addr}} {
		if r := veil(t, "", args...); r.code != 0 {
			t.Errorf("%v: %s", args, r.stderr)
		}
	}
	for want, args := range map[string][]string{
		"expects TLS":                 {"health", addr},
		"contains no PEM certificate": {"health", "--ca-file", s.key, addr},
		"no such file":                {"health", "--ca-file", s.path("none"), addr},
	} {
		if r := veil(t, "", args...); r.code != 1 || !strings.Contains(r.stderr, want) {
			t.Errorf("%v: exit %d: %s", args, r.code, r.stderr)
		}
	}
	config(secondLine)
	if log := p.reload(t); !strings.Contains(log, "msg=reloaded") {
		t.Fatal(log)
	}
	if got := []int{with(first), with(second)}; fmt.Sprint(got) != "[401 200]" {
		t.Errorf("after the reload: status %v of the old key and the new one", got)
	}
	p.stop(t)
	shown := veil(t, "", "audit", "show", s.path("audit"), "--listener", "operator")
	if n := strings.Count(shown.stdout, "capabilities"); n != 2 || !strings.Contains(shown.stdout, "login") {
		t.Errorf("%d records of metadata:\n%s%s", n, shown.stdout, shown.stderr)
	}
	for _, key := range []string{first, second, consumerKey} {
		if text, err := os.ReadFile(s.path("veil.yaml")); err != nil || strings.Contains(string(text)+shown.stdout+p.out.String(), key) {
			t.Errorf("a key is shown: %v", err)
		}
	}
}
