package serve

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/veil-proxy/veil/proxy"
)

// Check requests a health check from the operator listener at an address, and writes
// its response. trust has the certificate authorities for a listener with TLS; nil
// means plain HTTP. The error says that the check failed, and why.
func Check(ctx context.Context, out io.Writer, addr, path string, trust *x509.CertPool, timeout time.Duration) error {
	scheme, transport := "http", &http.Transport{Proxy: nil}
	if trust != nil {
		scheme, transport.TLSClientConfig = "https", &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12}
	}
	url := scheme + "://" + reachable(addr) + path
	client := &http.Client{Timeout: timeout, Transport: transport}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s does not respond (%s): check that veil serve is running and that operator.listen is set", url, proxy.Cause(err))
	}
	defer func() { _ = resp.Body.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return fmt.Errorf("%s did not complete its response (%s)", url, proxy.Cause(err))
	}
	if trust == nil && resp.StatusCode == http.StatusBadRequest {
		return fmt.Errorf("%s expects TLS: name the file of its certificate authority with --ca-file", url)
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(strings.TrimSpace(string(text)))
	}
	_, err = out.Write(text)
	return err
}

// reachable returns the address at which this machine can reach a listener.
func reachable(addr string) string {
	for _, all := range []string{"0.0.0.0:", "[::]:"} {
		if port, ok := strings.CutPrefix(addr, all); ok {
			return "localhost:" + port
		}
	}
	return addr
}
