package signin

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"

	"github.com/veil-proxy/veil/textfile"
)

// TLS configures connections to a server: the upstream or a token endpoint. The zero
// value trusts the system's certificate authorities. The minimum version is TLS 1.2,
// and verification cannot be turned off.
type TLS struct {
	// CAFile is a PEM file with the certificate authorities to trust instead of the
	// system's.
	CAFile string
	// CertFile and KeyFile are PEM files with the certificate that Veil presents, with its
	// chain, and its key. Other users must not be able to read the key. Both are read
	// again from time to time.
	CertFile, KeyFile string
	// ServerName is the name that the server's certificate must have, and that is sent to
	// the server (SNI). If empty, it is the host in the URL.
	ServerName string
}

// Config checks the settings and returns the configuration that they describe. All
// problems are reported at once, each with the setting, such as "caFile". The logger
// gets a line if the certificate cannot be read again; it may be nil.
func (t TLS) Config(log *slog.Logger) (*tls.Config, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	b := builder{log: log}
	c := b.tls("", t)
	if err := errors.Join(b.problems...); err != nil {
		return nil, err
	}
	return c, nil
}

// tls checks TLS settings; name is the setting that contains them, if any.
func (b *builder) tls(where string, t TLS) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	wrong := func(part string, err error) {
		b.problems = append(b.problems, under(where, settingError{part, err})...)
	}
	if t.CAFile != "" {
		pool, err := readAuthorities(t.CAFile)
		if err != nil {
			wrong("caFile", err)
		}
		c.RootCAs = pool
	}
	switch {
	case t.CertFile == "" && t.KeyFile == "":
	case t.CertFile == "":
		wrong("certFile", errors.New("expected the certificate of the key"))
	case t.KeyFile == "":
		wrong("keyFile", errors.New("expected the key of the certificate"))
	default:
		shown := keep(b, where, func() (*tls.Certificate, error) { return readCertificate(t.CertFile, t.KeyFile) })
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return shown.get(), nil }
	}
	return c
}

func readAuthorities(path string) (*x509.CertPool, error) {
	text, err := textfile.Read(path)
	if err != nil {
		return nil, fileError(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("the file has no PEM certificate")
	}
	return pool, nil
}

func readCertificate(certFile, keyFile string) (*tls.Certificate, error) {
	key, err := textfile.ReadSecret(keyFile, maxSecret)
	if err != nil {
		return nil, settingError{"keyFile", err}
	}
	cert, err := textfile.Read(certFile)
	if err != nil {
		return nil, settingError{"certFile", fileError(err)}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, settingError{"certFile", errors.New("expected a PEM certificate whose private key is the one in keyFile")}
	}
	return &pair, nil
}
