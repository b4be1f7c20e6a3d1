package console

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"

	"github.com/veil-proxy/veil/proxy/console/login"
)

// attemptLifetime is how long a login at the provider may take.
const attemptLifetime = 10 * time.Minute

// attempt is a login at the provider that was begun.
type attempt struct {
	login.Attempt
	Next  string
	Begun time.Time
}

// attempts seals logins that were begun for the cookies of their browsers, so that nobody
// can fill the memory of Veil with them, and takes each back once.
type attempts struct {
	sealing cipher.AEAD

	mu   sync.Mutex
	used map[string]time.Time // states, until they have expired
}

func newAttempts() *attempts {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key has the right length
	}
	sealing, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // as above
	}
	return &attempts{sealing: sealing, used: map[string]time.Time{}}
}

func (s *attempts) seal(a attempt) string {
	plain, err := json.Marshal(a)
	if err != nil {
		panic(err) // texts and a time
	}
	return base64.RawURLEncoding.EncodeToString(s.sealing.Seal(nil, nil, plain, nil)) //nolint:gosec // the sealing makes a random nonce
}

func (s *attempts) open(sealed string) (a attempt, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return a, false
	}
	plain, err := s.sealing.Open(nil, nil, b, nil)
	if err != nil {
		return a, false
	}
	return a, json.Unmarshal(plain, &a) == nil
}

// once reports whether a state comes for the first time. Only states of attempts that
// open come here, each of which the provider has sent back.
func (s *attempts) once(state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for other, at := range s.used {
		if now.Sub(at) > attemptLifetime {
			delete(s.used, other)
		}
	}
	if _, ok := s.used[state]; ok {
		return false
	}
	s.used[state] = now
	return true
}
