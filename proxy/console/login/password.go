package login

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// hash is an argon2id hash (RFC 9106) with its parameters.
type hash struct {
	memory, time uint32 // memory in KiB
	threads      uint8
	salt, sum    []byte
}

// usual are the parameters of new hashes, the second choice of RFC 9106, 4.
var usual = hash{memory: 64 << 10, time: 3, threads: 4, salt: make([]byte, 16), sum: make([]byte, 32)}

// minPassword and maxPassword bound the length of a password, in bytes.
const (
	minPassword = 12
	maxPassword = 1024
)

// HashPassword returns the hash of a password as a text, in the PHC format.
func HashPassword(password string) (string, error) {
	if len(password) < minPassword || len(password) > maxPassword {
		return "", fmt.Errorf("expected a password of %d to %d bytes", minPassword, maxPassword)
	}
	h := usual
	h.salt = make([]byte, len(usual.salt))
	_, _ = rand.Read(h.salt) // never fails: crypto/rand ends the process instead
	h.sum = h.of(password)
	return h.String(), nil
}

func (h hash) String() string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.time, h.threads, enc.EncodeToString(h.salt), enc.EncodeToString(h.sum))
}

func (h hash) of(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(len(h.sum)))
}

// The bounds of a hash's parameters: below them, guessing is cheap; above them, a login
// attempt takes too many resources.
const (
	minMemory, maxMemory = 8 << 10, 1 << 20 // KiB
	maxTime, maxThreads  = 20, 16
)

var errHash = errors.New("expected an argon2id hash as veil keys password prints it: $argon2id$v=19$m=…,t=…,p=…$salt$hash")

// parseHash reads what String writes.
func parseHash(s string) (hash, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return usual, errHash
	}
	var version int
	h := hash{}
	if n, err := fmt.Sscanf(parts[2], "v=%d", &version); n != 1 || err != nil || version != argon2.Version {
		return usual, errHash
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.threads); n != 3 || err != nil {
		return usual, errHash
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	h.sum, err2 = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err1 != nil || err2 != nil || h.String() != s || len(h.salt) < 8 || len(h.salt) > 64 || len(h.sum) < 16 || len(h.sum) > 64 {
		return usual, errHash
	}
	if h.memory < minMemory || h.memory > maxMemory || h.time < 1 || h.time > maxTime || h.threads < 1 || h.threads > maxThreads {
		return usual, fmt.Errorf("expected m from %d to %d, t from 1 to %d and p from 1 to %d", minMemory, maxMemory, maxTime, maxThreads)
	}
	return h, nil
}

// checking bounds how many passwords are checked at once, since each takes memory.
var checking = make(chan struct{}, 2)

// check reports whether a password has a hash. The error is that of the context.
func (h hash) check(ctx context.Context, password string) (bool, error) {
	select {
	case checking <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-checking }()
	if len(password) > maxPassword {
		password = "" // takes as long, and never succeeds
	}
	return subtle.ConstantTimeCompare(h.of(password), h.sum) == 1 && password != "", nil
}
