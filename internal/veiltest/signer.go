package veiltest

import (
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// Signer makes a key pair for audit logs and reports: the signer, and the text of its
// verifier key.
func Signer(t testing.TB, name string) (signer note.Signer, verifier string) {
	t.Helper()
	secret, verifier, err := note.GenerateKey(nil, name)
	if err != nil {
		t.Fatal(err)
	}
	if signer, err = note.NewSigner(secret); err != nil {
		t.Fatal(err)
	}
	return signer, verifier
}
