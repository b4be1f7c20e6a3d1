package consumer

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// An API key is "veil_" and 32 random bytes in base 64 of the URL alphabet without
// padding. Since nothing else is accepted as a key, its SHA-256 can be stored without a
// salt: keys cannot be guessed.
const (
	keyHead   = "veil_"
	keyLength = len(keyHead) + 43
)

// Key is an API key that the operator gave to a consumer.
type Key struct {
	Account
	// SHA256 is the SHA-256 of the key as text, in hex, as NewKey returns it.
	SHA256 string
}

// NewKey returns a new API key, and its entry for the configuration. The key is shown
// to its consumer once and not stored.
func NewKey() (key, sha256hex string) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the process instead
	key = keyHead + base64.RawURLEncoding.EncodeToString(secret)
	sum := sha256.Sum256([]byte(key))
	return key, hex.EncodeToString(sum[:])
}

// fingerprint is the SHA-256 of a key, or of the public key of a certificate.
type fingerprint [sha256.Size]byte

type keyEntry struct {
	sum      fingerprint
	consumer *Consumer
}

// isKey reports whether a bearer credential is an API key rather than a token. A
// token begins with a brace in base 64, "e".
func isKey(credential string) bool { return strings.HasPrefix(credential, keyHead) }

// key returns the consumer of an API key. All keys are compared, each in
// constant time.
func (d *Directory) key(key string) (*Consumer, error) {
	if !isKey(key) || len(key) != keyLength {
		return nil, ErrBadCredentials
	}
	sum := fingerprint(sha256.Sum256([]byte(key)))
	found := -1
	for i := range d.keys {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(sum[:], d.keys[i].sum[:]), i, found)
	}
	if found < 0 {
		return nil, ErrBadCredentials
	}
	return d.keys[found].consumer, nil
}

func (b *builder) addKeys(d *Directory, keys []Key) {
	seen := map[fingerprint]int{}
	for i, k := range keys {
		where := fmt.Sprintf("keys[%d]", i)
		c := b.consumer(where, k.Account)
		sum, err := hex.DecodeString(k.SHA256)
		switch {
		case strings.Contains(k.SHA256, keyHead):
			b.add(where+".sha256", "this is a key, not its SHA-256: remove it, and give the consumer a new key")
			continue
		case err != nil || len(sum) != sha256.Size:
			b.add(where+".sha256", "expected the SHA-256 of the key: 64 hex digits")
			continue
		}
		if first, ok := seen[fingerprint(sum)]; ok {
			b.add(where+".sha256", "keys[%d] is the same key", first)
			continue
		}
		seen[fingerprint(sum)] = i
		d.keys = append(d.keys, keyEntry{fingerprint(sum), c})
	}
}
