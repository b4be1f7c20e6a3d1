package consumer

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
)

// The bounds of a verifier's iterations: PostgreSQL's default is the minimum. More than
// the maximum would let a server waste a client's time.
const (
	leastIterations = 4096
	mostIterations  = 1_000_000
)

// saltBytes is how long PostgreSQL makes a salt.
const saltBytes = 16

// Verifier is derived from a password: it is enough to check that a client knows the
// password, but not to log in. Its text has PostgreSQL's form,
//
//	SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>
//
// with the last three in base64, as in pg_authid.rolpassword (RFC 5803).
type Verifier struct{ stored scram.StoredCredentials }

var errVerifier = errors.New("not a verifier of the form SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey (create one with: veil keys postgres USER)")

// parseVerifier reads a verifier. The error never repeats it.
func parseVerifier(text string) (Verifier, error) {
	rest, ok := strings.CutPrefix(text, "SCRAM-SHA-256$")
	if !ok {
		return Verifier{}, errVerifier
	}
	factors, keys, ok1 := strings.Cut(rest, "$")
	count, salt, ok2 := strings.Cut(factors, ":")
	stored, server, ok3 := strings.Cut(keys, ":")
	if !ok1 || !ok2 || !ok3 {
		return Verifier{}, errVerifier
	}
	iterations, err := strconv.Atoi(count)
	if err != nil || strconv.Itoa(iterations) != count {
		return Verifier{}, errVerifier
	}
	if iterations < leastIterations || iterations > mostIterations {
		return Verifier{}, fmt.Errorf("a verifier has %d to %d iterations", leastIterations, mostIterations)
	}
	var v Verifier
	v.stored.Iters = iterations
	saltText, err := base64.StdEncoding.Strict().DecodeString(salt)
	if err != nil || len(saltText) == 0 {
		return Verifier{}, errVerifier
	}
	v.stored.Salt = string(saltText)
	for _, k := range []struct {
		text string
		key  *[]byte
	}{{stored, &v.stored.StoredKey}, {server, &v.stored.ServerKey}} {
		if *k.key, err = base64.StdEncoding.Strict().DecodeString(k.text); err != nil || len(*k.key) != sha256.Size {
			return Verifier{}, errVerifier
		}
	}
	return v, nil
}

// passwordBytes is the number of random bytes in a password, too many to guess.
const passwordBytes = 18

// NewPassword returns a new random password.
func NewPassword() string {
	var b [passwordBytes]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// NewVerifier returns a verifier of a password with a new salt. The password is
// prepared as clients do it (RFC 4013), or used unchanged if that is not possible, as
// in PostgreSQL.
func NewVerifier(password string) (Verifier, error) {
	if password == "" {
		return Verifier{}, errors.New("the password is empty")
	}
	c, err := scram.SHA256.NewClient("", password, "")
	if err != nil {
		if c, err = scram.SHA256.NewClientUnprepped("", password, ""); err != nil {
			return Verifier{}, errors.New("the password cannot be used")
		}
	}
	var salt [saltBytes]byte
	_, _ = rand.Read(salt[:]) // never fails: crypto/rand ends the process instead
	stored, err := c.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(salt[:]), Iters: leastIterations})
	if err != nil {
		return Verifier{}, errors.New("the password cannot be used")
	}
	return Verifier{stored}, nil
}

// String returns the verifier's text.
func (v Verifier) String() string {
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", v.stored.Iters, b64([]byte(v.stored.Salt)), b64(v.stored.StoredKey), b64(v.stored.ServerKey))
}

// mockVerifier is the challenge for an unknown user: the same salt and iterations each
// time, and keys that no password has.
func mockVerifier(secret []byte, user string, iterations int) Verifier {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(user))
	sum := m.Sum(nil)
	return Verifier{scram.StoredCredentials{
		KeyFactors: scram.KeyFactors{Salt: string(sum[:saltBytes]), Iters: iterations},
		StoredKey:  make([]byte, sha256.Size),
		ServerKey:  make([]byte, sha256.Size),
	}}
}
