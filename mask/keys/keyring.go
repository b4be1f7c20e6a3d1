package keys

import (
	"crypto/hkdf"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/veil-proxy/veil/mask/civil"
)

// MinSecret is the minimum length of a keyring's secret in bytes.
const MinSecret = 32

// Keyring derives every key of a project from one secret.
//
// A subkey is HKDF-SHA-512 (RFC 5869) with the secret as input keying material and the
// salt "veil-keyring-1". The info is the project, the purpose and the domain, each
// preceded by its length as two big-endian bytes, so that no two of them can be
// confused. The subkeys of different projects, purposes or domains reveal nothing about
// each other, and the outputs of two projects cannot be linked.
//
// A Keyring is safe for concurrent use.
type Keyring struct {
	prk         []byte
	project     string
	fingerprint string

	mu    sync.Mutex
	slots []slotKey

	imported   map[string][]byte // see ImportKey
	importsAny bool

	// retired is the key before this one. It opens what it sealed until then.
	retired      *Keyring
	retiredUntil time.Time
}

// Slot names a subkey that a Pseudonymizer keeps a reusable state for.
type Slot int

type slotKey struct{ purpose, domain string }

const (
	purposeSeal    = "seal"
	purposePermute = "permute"
)

// NewKeyring returns the keyring of a project. The secret must have at least
// MinSecret bytes, and the project a name.
func NewKeyring(secret []byte, project string) (*Keyring, error) {
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("key is too short: it has %d bytes, expected at least %d (create one with: veil keys new FILE)", len(secret), MinSecret)
	}
	if project == "" || len(project) > 255 {
		return nil, errors.New("project needs a name of 1 to 255 bytes: it separates the pseudonyms of one project from another's")
	}
	prk, err := hkdf.Extract(sha512.New, secret, []byte("veil-keyring-1"))
	if err != nil {
		return nil, fmt.Errorf("derive keys: %w", err)
	}
	k := &Keyring{prk: prk, project: project}
	k.fingerprint = hex.EncodeToString(k.mustDerive("fingerprint", "", 8))
	return k, nil
}

// Retire allows pseudonyms and tokens of the previous key to be opened until a day
// (00:00 UTC). Nothing new is ever made with that key. Retire must be called before the
// keyring is used. The error says that the two are not keys of one project.
func (k *Keyring) Retire(previous *Keyring, until civil.Date) error {
	if previous.project != k.project {
		return fmt.Errorf("the previous key belongs to project %q, and the key to project %q: ids that one project sealed cannot be opened in another", previous.project, k.project)
	}
	k.retired = previous
	k.retiredUntil = time.Date(until.Year, until.Month, until.Day, 0, 0, 0, 0, time.UTC)
	return nil
}

// Project returns the project's name.
func (k *Keyring) Project() string { return k.project }

// Fingerprint returns the name of the key in logs: 16 hex digits of a subkey that is
// used for nothing else.
func (k *Keyring) Fingerprint() string { return k.fingerprint }

// Derive returns a subkey of n bytes for a purpose and a domain. The error
// says that n is more than HKDF-SHA-512 can give (16,320 bytes).
func (k *Keyring) Derive(purpose, domain string, n int) ([]byte, error) {
	var info []byte
	for _, part := range []string{k.project, purpose, domain} {
		info = binary.BigEndian.AppendUint16(info, uint16(len(part)))
		info = append(info, part...)
	}
	return hkdf.Expand(sha512.New, k.prk, string(info), n)
}

// MACSlot returns the slot of a keyed hash for a purpose and a domain. The
// same names give the same slot.
func (k *Keyring) MACSlot(purpose, domain string) Slot {
	return k.slot(slotKey{purpose, domain})
}

// MACKey returns the key of the keyed hash (HMAC-SHA-512) that MACSlot names, for an engine
// that computes it elsewhere.
func (k *Keyring) MACKey(purpose, domain string) []byte {
	return k.mustDerive(purpose, domain, macKeySize)
}

// SealSlot returns the slot that seals ids of a domain, such as a FHIR resource
// type.
func (k *Keyring) SealSlot(domain string) Slot { return k.slot(slotKey{purposeSeal, domain}) }

// PermuteSlot returns the slot of a keyed permutation of 16 bytes.
func (k *Keyring) PermuteSlot(domain string) Slot { return k.slot(slotKey{purposePermute, domain}) }

func (k *Keyring) slot(key slotKey) Slot {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, s := range k.slots {
		if s == key {
			return Slot(i)
		}
	}
	k.slots = append(k.slots, key)
	return Slot(len(k.slots) - 1)
}

func (k *Keyring) slotKey(s Slot) slotKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.slots[s]
}
