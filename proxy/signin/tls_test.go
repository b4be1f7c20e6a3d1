package signin

import (
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"
)

func certificatePEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// selfSigned makes a client certificate and its key as PEM.
func selfSigned(t testing.TB, name string) (cert, key string) {
	t.Helper()
	private := testEC(t, elliptic.P256())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), toPEM(t, private)
}

// tlsServer tells the common name of the client certificate, if there is one.
func tlsServer(t testing.TB, most uint16) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		_, _ = io.WriteString(w, name)
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS10, MaxVersion: most}
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// TestTLS meets a server with the client of the listener, fasthttp's.
func TestTLS(t *testing.T) {
	cert, key := selfSigned(t, "veil")
	certFile, keyFile := inFile(t, cert).File, inFile(t, key).File
	for _, tc := range []struct {
		name  string
		most  uint16
		trust bool
		tls   TLS
		want  string // empty: no connection
	}{
		{"trusted", 0, true, TLS{}, "nobody"},
		{"client certificate", 0, true, TLS{CertFile: certFile, KeyFile: keyFile}, "veil"},
		{"client certificate in TLS 1.2", tls.VersionTLS12, true, TLS{CertFile: certFile, KeyFile: keyFile}, "veil"},
		{"name", 0, true, TLS{ServerName: "example.com"}, "nobody"},
		{"wrong name", 0, true, TLS{ServerName: "fhir.example.org"}, ""},
		{"unknown authority", 0, false, TLS{}, ""},
		{"TLS 1.1", tls.VersionTLS11, true, TLS{}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := tlsServer(t, tc.most)
			if tc.trust {
				tc.tls.CAFile = inFile(t, certificatePEM(s.Certificate())).File
			}
			config, err := tc.tls.Config(nil)
			if err != nil {
				t.Fatal(err)
			}
			client := &fasthttp.HostClient{Addr: strings.TrimPrefix(s.URL, "https://"), IsTLS: true, TLSConfig: config}
			status, body, err := client.GetTimeout(nil, s.URL+"/", 2*time.Minute)
			if tc.want == "" {
				if err == nil {
					t.Errorf("connected: %d %s", status, body)
				}
				return
			}
			if err != nil || string(body) != tc.want {
				t.Errorf("got %d %q, %v, want %q", status, body, err, tc.want)
			}
		})
	}
}

func TestTLSReportsEveryProblem(t *testing.T) {
	cert, key := selfSigned(t, "veil")
	_, other := selfSigned(t, "other")
	readable := inFile(t, key)
	if err := os.Chmod(readable.File, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, want string
		tls        TLS
	}{
		{"no such files", "caFile: there is no such file\nkeyFile: there is no such file", TLS{CAFile: "/none/ca", CertFile: "/none/cert", KeyFile: "/none/key"}},
		{"no authority", "caFile: the file has no PEM certificate", TLS{CAFile: inFile(t, key).File}},
		{"no certificate", "certFile: expected the certificate of the key", TLS{KeyFile: inFile(t, key).File}},
		{"no key", "keyFile: expected the key of the certificate", TLS{CertFile: inFile(t, cert).File}},
		{"key that others can read", "keyFile: others can read the file (chmod 600; 640 where root owns it): its mode is 0644", TLS{CertFile: inFile(t, cert).File, KeyFile: readable.File}},
		{"key of another", "certFile: expected a PEM certificate whose private key is the one in keyFile", TLS{CertFile: inFile(t, cert).File, KeyFile: inFile(t, other).File}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if c, err := tc.tls.Config(nil); err == nil || err.Error() != tc.want || c != nil {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

// TestClientCertificateIsReadAgain, so that it can be renewed while Veil runs.
func TestClientCertificateIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cert, key := selfSigned(t, "old")
		from := TLS{CertFile: inFile(t, cert).File, KeyFile: inFile(t, key).File}
		config, err := from.Config(nil)
		if err != nil {
			t.Fatal(err)
		}
		shown := func() string {
			c, err := config.GetClientCertificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			return c.Leaf.Subject.CommonName
		}
		cert, key = selfSigned(t, "new")
		for _, step := range []struct{ path, text, want string }{
			{from.CertFile, cert, "old"}, // it does not belong to the key yet
			{from.KeyFile, key, "new"},
		} {
			if err := os.WriteFile(step.path, []byte(step.text), 0o600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(secretFresh)
			if got := shown(); got != step.want {
				t.Errorf("shows %s, want %s", got, step.want)
			}
		}
	})
}
