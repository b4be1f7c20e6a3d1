package console

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/veil-proxy/veil/proxy/console/login"
)

// attemptLifetime is how long a login at the provider may take.
const attemptLifetime = 10 * time.Minute

// attempt is a login at the provider that has begun. It is kept in a cookie of the
// browser, encrypted, so that nobody can fill Veil's memory with attempts, and it is
// accepted once.
type attempt struct {
	login.Attempt
	Next  string
	Begun time.Time
}

func (c *Console) sealAttempt(ctx context.Context, a attempt) (string, error) {
	secret, err := c.store.Secret(ctx)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(a)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealing(secret).Seal(nil, nil, plain, []byte(attemptCookie))), nil //nolint:gosec // the AEAD makes its own nonce
}

// openAttempt decrypts an attempt, unless it has expired or has been used.
func (c *Console) openAttempt(ctx context.Context, sealed string) (a attempt, ok bool, err error) {
	secret, err := c.store.Secret(ctx)
	if err != nil {
		return a, false, err
	}
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return a, false, nil //nolint:nilerr // it is forged
	}
	plain, err := sealing(secret).Open(nil, nil, b, []byte(attemptCookie))
	if err != nil || json.Unmarshal(plain, &a) != nil || time.Since(a.Begun) > attemptLifetime {
		return a, false, nil //nolint:nilerr // as above
	}
	ok, err = c.store.Once(ctx, sha256.Sum256([]byte(a.State)), attemptLifetime)
	return a, ok, err
}
