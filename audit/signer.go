package audit

import (
	"crypto/rand"
	"errors"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/textfile"
)

// CreateSigner makes a key pair for checkpoints in the text forms of signed notes. It
// writes the signer's key, which stays with the writer of the log, to a new file of
// mode 0600, and the verifier's key, which it returns, to the new file path.pub.
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

// ReadVerifier returns the key to verify checkpoints with, given as itself or as the
// file that has it. No text is no key.
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
