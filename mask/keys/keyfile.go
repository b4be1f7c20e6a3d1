package keys

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"

	"github.com/veil-proxy/veil/textfile"
)

// A key file is one line: the words "veil-key-1:" and at least 32 bytes in
// standard base 64.
const keyFileHead = "veil-key-1:"

// otherKeys are the beginnings of what may be mistaken for a project key.
var otherKeys = map[string]string{
	"PRIVATE+KEY+": "a key that signs checkpoints and reports",
	"veil-audit+":  "the key that verifies checkpoints and reports",
	"veil_":        "the API key of a consumer",
	"-----BEGIN ":  "a key or certificate in PEM",
}

// largestKeyFile bounds what is read of a file that claims to be a key.
const largestKeyFile = 4096

// WriteFile writes a new key of 32 random bytes to a new file of mode 0600. It returns
// an error if the file already exists.
func WriteFile(path string) error {
	secret := make([]byte, MinSecret)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the process instead
	err := textfile.Create(path, keyFileHead+base64.StdEncoding.EncodeToString(secret)+"\n", 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: without the old key, its pseudonyms can no longer be opened", err)
	}
	return err
}

// ReadFile returns the secret of a key file. It refuses a file that others can read
// (see package textfile) or that is not a key. No error shows any of it.
func ReadFile(path string) ([]byte, error) {
	text, err := textfile.ReadSecret(path, largestKeyFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	secret, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return secret, nil
}

// Parse reads the text of a key, as found in a key file or an environment variable.
func Parse(text []byte) ([]byte, error) {
	body, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte(keyFileHead))
	if !ok {
		for head, what := range otherKeys {
			if bytes.HasPrefix(bytes.TrimSpace(text), []byte(head)) {
				return nil, fmt.Errorf("not a project key but %s: expected %q and base 64", what, keyFileHead)
			}
		}
		return nil, fmt.Errorf("not a key: expected %q and base 64 (create one with: veil keys new FILE)", keyFileHead)
	}
	secret, err := base64.StdEncoding.Strict().DecodeString(string(body))
	if err != nil {
		return nil, fmt.Errorf("not a key: what follows %q is not base 64", keyFileHead)
	}
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("key is too short: it has %d bytes, expected at least %d", len(secret), MinSecret)
	}
	return secret, nil
}
