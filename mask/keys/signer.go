package keys

import (
	"crypto/rand"
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

// ReadSigner reads a signing key. A file that others can read, or that is not a signing
// key, is refused; no error shows any of it.
func ReadSigner(path string) (note.Signer, error) {
	text, err := textfile.ReadSecret(path, largestSignerFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s does not contain a signing key (create one with: veil keys sign FILE)", path)
	}
	return signer, nil
}

// ReadVerifier returns a verifier key, given as itself or as the file that has it. No text
// is no key.
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
