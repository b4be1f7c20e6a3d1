package signin

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"

	"github.com/veil-proxy/veil/textfile"
)

// TLS says how a server is met: the upstream, or a token endpoint. The zero
// value trusts the certificate authorities of the system. The least version is
// TLS 1.2, and there is no way to leave out verification.
type TLS struct {
	// CAFile has the certificate authorities that may vouch for the server, as
	// PEM, instead of those of the system.
	CAFile string
	// CertFile and KeyFile are the certificate that Veil shows, with its chain,
	// and its key, as PEM. Only the owner can read the key. Both are read again
	// from time to time.
	CertFile, KeyFile string
	// ServerName is the name that the server's certificate must have, and that
	// is sent to it; that of its URL when it is empty.
	ServerName string
}

// Config checks the settings and returns what they say. All problems are
// reported at once, each with the setting, such as "caFile". The logger takes a
// line when the certificate could not be read again; it may be nil.
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

// tls checks TLS settings that stand under a name, or under none.
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
