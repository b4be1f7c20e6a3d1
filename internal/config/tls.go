package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/veil-proxy/veil/textfile"
)

// TLS configures TLS for consumers; none without files.
type TLS struct {
	CertFile, KeyFile string
	// ClientCAFile has the certificate authorities for consumers. A client may present a
	// certificate; one that cannot be verified ends the handshake.
	ClientCAFile string
}

// IsOn reports whether TLS is configured.
func (c TLS) IsOn() bool { return c != TLS{} }

// Scheme returns the scheme of the listener's URLs.
func (c TLS) Scheme() string {
	if c.IsOn() {
		return "https"
	}
	return "http"
}

// load reads the files; nil for none. All problems are reported at once, each
// with its setting.
func (c TLS) load() (*tls.Config, error) {
	if !c.IsOn() {
		return nil, nil
	}
	var problems []error
	bad := func(setting, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", setting, fmt.Sprintf(format, args...)))
	}
	out := &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		// A resumed session would keep a client certificate whose authority a
		// reload may have removed.
		SessionTicketsDisabled: c.ClientCAFile != "",
	}
	switch cert, err := c.certificate(); {
	case c.CertFile == "":
		bad("certFile", "not set: expected the file with the certificate of the listener")
	case c.KeyFile == "":
		bad("keyFile", "not set: expected the file with the private key of the certificate")
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
			bad("clientCAFile", "the file contains no PEM certificate")
		}
	}
	return out, errors.Join(problems...)
}

// certificate reads the certificate and its key. No error quotes their contents.
func (c TLS) certificate() (none tls.Certificate, err error) {
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
		return none, errors.New("certFile: expected a PEM certificate whose private key is the one in keyFile")
	}
	return pair, nil
}

// largestSecret bounds the file of a private key or a password, in bytes.
const largestSecret = 64 << 10

// readSecretFile reads a file that only its owner can read. Its errors begin with
// the setting that names it.
func readSecretFile(setting, path string) ([]byte, error) {
	text, err := textfile.ReadSecret(path, largestSecret)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", setting, path, err)
	}
	return text, nil
}
