package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/veil-proxy/veil/textfile"
)

// tlsConfig is TLS towards consumers; none without files.
type tlsConfig struct {
	CertFile, KeyFile string
	// ClientCAFile has the authorities of consumers' certificates. Who has one
	// may show it; one that does not verify ends the handshake.
	ClientCAFile string
}

func (c tlsConfig) isOn() bool { return c != tlsConfig{} }

func (c tlsConfig) scheme() string {
	if c.isOn() {
		return "https"
	}
	return "http"
}

// load reads the files; nil for none. All problems are reported at once, each
// with its setting.
func (c tlsConfig) load() (*tls.Config, error) {
	if !c.isOn() {
		return nil, nil
	}
	var problems []error
	bad := func(setting, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", setting, fmt.Sprintf(format, args...)))
	}
	out := &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		// A session that is resumed would show a certificate of authorities that
		// a reload has taken out since.
		SessionTicketsDisabled: c.ClientCAFile != "",
	}
	switch cert, err := c.certificate(); {
	case c.CertFile == "":
		bad("certFile", "want the certificate of the door")
	case c.KeyFile == "":
		bad("keyFile", "want the private key of the certificate")
	case err != nil:
		problems = append(problems, err)
	default:
		out.Certificates = []tls.Certificate{cert}
	}
	if c.ClientCAFile != "" {
		text, err := textfile.Read(c.ClientCAFile)
		out.ClientCAs, out.ClientAuth = x509.NewCertPool(), tls.VerifyClientCertIfGiven
		if err != nil {
			bad("clientCAFile", "%v", err)
		} else if !out.ClientCAs.AppendCertsFromPEM(text) {
			bad("clientCAFile", "the file has no PEM certificate")
		}
	}
	return out, errors.Join(problems...)
}

// certificate reads the certificate and its key. No error shows any of them.
func (c tlsConfig) certificate() (none tls.Certificate, err error) {
	key, err := readSecretFile("keyFile", c.KeyFile)
	if err != nil {
		return none, err
	}
	cert, err := textfile.Read(c.CertFile)
	if err != nil {
		return none, fmt.Errorf("certFile: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return none, errors.New("certFile: want a PEM certificate, and in keyFile the PEM key that belongs to it")
	}
	return pair, nil
}

// largestSecret bounds the file of a private key or a password, in bytes.
const largestSecret = 64 << 10

// readSecretFile reads a file that others cannot read. Its errors begin with the
// setting that names it.
func readSecretFile(setting, path string) ([]byte, error) {
	text, err := textfile.ReadSecret(path, largestSecret)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", setting, path, err)
	}
	return text, nil
}

// reloadableTLS is the TLS of a listener that can be replaced: connections that
// begin from then on have the new one.
type reloadableTLS struct{ current atomic.Pointer[tls.Config] }

func (t *reloadableTLS) listen(l net.Listener, first *tls.Config) net.Listener {
	t.current.Store(first)
	return tls.NewListener(l, &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return t.current.Load(), nil },
	})
}
