package consumer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"testing"
	"time"
)

// certificate makes one with a new key that is valid for some time.
func certificate(t *testing.T, valid time.Duration) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(valid)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func peer(leaf *x509.Certificate) []*x509.Certificate { return []*x509.Certificate{leaf} }

func spki(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func TestCertificate(t *testing.T) {
	a, b, expired := certificate(t, time.Hour), certificate(t, time.Hour), certificate(t, -time.Second)
	sum := sha256.Sum256(b.RawSubjectPublicKeyInfo)
	d := directory(t, Config{Certificates: []Certificate{
		{Account{Name: "a"}, spki(a)},
		{Account{Name: "b"}, hex.EncodeToString(sum[:])},
		{Account{Name: "expired"}, spki(expired)},
	}})
	for _, c := range []struct {
		name  string
		chain []*x509.Certificate
		want  string
		err   error
	}{
		{name: "base 64", chain: peer(a), want: "a"},
		{name: "hex", chain: peer(b), want: "b"},
		{name: "leaf counts", chain: []*x509.Certificate{a, b}, want: "a"},
		{name: "known only as the signer", chain: []*x509.Certificate{certificate(t, time.Hour), a}, err: ErrBadCredentials},
		{name: "ran out", chain: peer(expired), err: ErrBadCredentials},
		{name: "none", err: ErrNoCredentials},
	} {
		t.Run(c.name, func(t *testing.T) {
			who, err := d.Authenticate(t.Context(), Request{Certificates: c.chain})
			if err != c.err || err == nil && who.Name != c.want {
				t.Errorf("got %v, %v", who, err)
			}
		})
	}
}
