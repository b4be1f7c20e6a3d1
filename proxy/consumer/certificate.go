package consumer

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"
)

// Certificate is a client certificate that the operator gave to a consumer, identified
// by its public key: a certificate that is renewed with the same key remains valid.
type Certificate struct {
	Account
	// SPKISHA256 is the SHA-256 of the certificate's SubjectPublicKeyInfo
	// (RFC 7469, 2.4), in hex or in padded base 64.
	SPKISHA256 string
}

// certificate returns the consumer of a certificate that the listener verified. It is
// refused if it has expired since the connection was opened.
func (d *Directory) certificate(leaf *x509.Certificate) (*Consumer, error) {
	if leaf == nil || time.Now().After(leaf.NotAfter) {
		return nil, ErrBadCredentials
	}
	c, ok := d.certificates[sha256.Sum256(leaf.RawSubjectPublicKeyInfo)]
	if !ok {
		return nil, ErrBadCredentials
	}
	return c, nil
}

func (b *builder) addCertificates(d *Directory, certificates []Certificate) {
	seen := map[fingerprint]int{}
	for i, cert := range certificates {
		where := fmt.Sprintf("certificates[%d]", i)
		c := b.consumer(where, cert.Account)
		decode := base64.StdEncoding.Strict().DecodeString
		if len(cert.SPKISHA256) == 2*sha256.Size {
			decode = hex.DecodeString
		}
		sum, err := decode(cert.SPKISHA256)
		if err != nil || len(sum) != sha256.Size {
			b.add(where+".spkiSHA256", "expected the SHA-256 of the SubjectPublicKeyInfo: 64 hex digits or 44 characters of base 64")
			continue
		}
		if first, ok := seen[fingerprint(sum)]; ok {
			b.add(where+".spkiSHA256", "certificates[%d] has the same public key", first)
			continue
		}
		seen[fingerprint(sum)] = i
		d.certificates[fingerprint(sum)] = c
	}
}
