package proxy

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestCause makes the failures, rather than their errors.
func TestCause(t *testing.T) {
	t.Parallel()
	within := func(d time.Duration, url string, config *tls.Config) error {
		client := &http.Client{Timeout: d, Transport: &http.Transport{TLSClientConfig: config}}
		resp, err := client.Get(url)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	get := func(url string, config *tls.Config) error { return within(2*time.Minute, url, config) }
	listen := func(serve func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go serve(conn)
			}
		}()
		return l.Addr().String()
	}
	quiet := log.New(io.Discard, "", 0)
	tlsServer := httptest.NewUnstartedServer(http.NotFoundHandler())
	tlsServer.Config.ErrorLog = quiet
	tlsServer.StartTLS()
	defer tlsServer.Close()
	roots := x509.NewCertPool()
	roots.AddCert(tlsServer.Certificate())
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	strict := httptest.NewUnstartedServer(http.NotFoundHandler())
	strict.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	strict.Config.ErrorLog = quiet
	strict.StartTLS()
	defer strict.Close()
	strictRoots := x509.NewCertPool()
	strictRoots.AddCert(strict.Certificate())
	for _, tc := range []struct {
		name, want string
		err        error
	}{
		{"nothing", "", nil},
		{"nobody listens", "refused", get("http://"+veiltest.FreeAddress(t), nil)},
		{"no such host", "unknown host", get("http://no-such-host.invalid/", nil)},
		{"an authority that is not known", "certificate of an unknown authority", get(tlsServer.URL, nil)},
		{"another name", "certificate of another host", get(tlsServer.URL, &tls.Config{RootCAs: roots, ServerName: "other.example"})},
		{"a certificate that ended", "certificate expired or not yet valid", get(tlsServer.URL, &tls.Config{RootCAs: roots, Time: func() time.Time { return tlsServer.Certificate().NotAfter.Add(time.Hour) }})},
		{"a certificate that begins later", "certificate expired or not yet valid", get(tlsServer.URL, &tls.Config{RootCAs: roots, Time: func() time.Time { return tlsServer.Certificate().NotBefore.Add(-time.Hour) }})},
		{"a certificate that is wanted", "certificate", get(strict.URL, &tls.Config{RootCAs: strictRoots})},
		{"plain HTTP at a TLS client", "protocol", get("https"+plain.URL[len("http"):], nil)},
		{"no answer", "timeout", within(200*time.Millisecond, "http://"+listen(func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), nil)},
		{"closed without an answer", "broken off", get("http://"+listen(func(c net.Conn) { _, _ = bufio.NewReader(c).ReadString('\n'); c.Close() }), nil)},
		{"something else", "protocol", get("http://"+listen(func(c net.Conn) {
			_, _ = bufio.NewReader(c).ReadString('\n')
			_, _ = c.Write([]byte("SSH-2.0-x\r\n\r\n"))
			_, _ = io.Copy(io.Discard, c) // until the client has read it
			c.Close()
		}), nil)},
	} {
		if got := Cause(tc.err); got != tc.want {
			t.Errorf("%s: %q, want %q (%v)", tc.name, got, tc.want, tc.err)
		}
	}
}
