package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/textfile"
)

// largestSignerFile bounds what is read of a file that claims to be a signing key.
const largestSignerFile = 4096

// CreateSigner makes a key pair for audit checkpoints and reports in the text forms of
// signed notes. It writes the signing key to a new file of mode 0600, and the verifier
// key, which it returns, to the new file path.pub.
func CreateSigner(path, name string) (verifier string, err error) {
	signer, verifier, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return "", err
	}
	public := path + ".pub"
	if err := textfile.Create(public, verifier+"\n", 0o666); err != nil {
		return "", err
	}
	if err := textfile.Create(path, signer+"\n", 0o600); err != nil {
		return "", errors.Join(err, os.Remove(public))
	}
	return verifier, nil
}

// Signer is a signing key.
type Signer struct {
	note.Signer
	// VerifierKey is the public key that verifies its signatures.
	VerifierKey string
}

// ReadSigner reads a signing key. It refuses a file that others can read or that is not
// a signing key. No error shows any of it.
func ReadSigner(path string) (*Signer, error) {
	text, err := textfile.ReadSecret(path, largestSignerFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	key := strings.TrimSpace(string(text))
	signer, err := note.NewSigner(key)
	if err != nil {
		return nil, fmt.Errorf("%s does not contain a signing key (create one with: veil keys sign FILE)", path)
	}
	// The key is PRIVATE+KEY+<name>+<hash>+<base 64 of a byte for Ed25519 and the seed>.
	seed, err := base64.StdEncoding.DecodeString(strings.SplitN(key, "+", 5)[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return nil, fmt.Errorf("%s does not contain an Ed25519 signing key (create one with: veil keys sign FILE)", path)
	}
	public := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	verifier, err := note.NewEd25519VerifierKey(signer.Name(), public)
	return &Signer{signer, verifier}, err
}

// ReadVerifier returns a verifier key, given as the key itself or as the path of a file
// with it. For empty text it returns none.
func ReadVerifier(given string) (string, error) {
	if given == "" {
		return "", nil
	}
	text := given
	if _, err := os.Stat(given); err == nil {
		read, err := textfile.Read(given)
		if err != nil {
			return "", err
		}
		text = strings.TrimSpace(string(read))
	}
	if _, err := note.NewVerifier(text); err != nil {
		return "", errors.New("expected a verifier key or a file with one, as veil keys sign writes to FILE.pub")
	}
	return text, nil
}
