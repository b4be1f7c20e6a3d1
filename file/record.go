package file

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"path/filepath"

	"github.com/veil-proxy/veil/mask/keys"
)

// fileDomain is the domain of the keys that name files in the audit log.
const fileDomain = "file"

// pseudonym names the file in the audit log, since its own name can be a person's.
func (in *input) pseudonym(keys *keys.Keyring) string {
	return "file-" + pseudonymOf(keys, "name", filepath.Base(in.display))
}

// keyed returns the HMAC-SHA-256 of a hash, so that nobody without the key can test a
// guess of what was hashed.
func keyed(keys *keys.Keyring, domain string, h hash.Hash, more []byte) []byte {
	key, err := keys.Derive(fileDomain, domain, sha256.Size)
	if err != nil {
		panic(err) // cannot happen: HKDF supports this constant length
	}
	h.Write(more)
	m := hmac.New(sha256.New, key)
	m.Write(h.Sum(nil))
	return m.Sum(nil)
}

// InputDigest returns what a record contains for the SHA-256 of an input: a keyed
// digest, since an input can be guessed.
func InputDigest(keys *keys.Keyring, h hash.Hash) string {
	return "hmac-sha256:" + hex.EncodeToString(keyed(keys, "digest", h, nil))
}

// OutputDigest returns what a record contains for the SHA-256 of an output, which need
// not be secret.
func OutputDigest(h hash.Hash) string { return "sha256:" + hex.EncodeToString(h.Sum(nil)) }
