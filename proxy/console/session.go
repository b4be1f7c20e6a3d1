package console

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/veil-proxy/veil/proxy/console/login"
	"github.com/veil-proxy/veil/proxy/console/session"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// Limits are those of sessions.
type Limits = session.Limits

// DefaultLimits are used where none are configured.
func DefaultLimits() Limits { return Limits{Idle: 30 * time.Minute, Lifetime: 12 * time.Hour} }

// operatorSession is a login. A browser has the secret of its session in a cookie; the
// store has its SHA-256, and the contents of the session, encrypted with a key derived
// from that secret and from the credential of the operator. So access to the store, even
// to write, does not give access to a session.
type operatorSession struct {
	who     *consumer.Consumer
	role    login.Role
	idToken string // for the provider's logout; empty after a login with a password
	token   string // of its forms
	sealing cipher.AEAD
}

// sealedSession is the plaintext of a stored operatorSession.
type sealedSession struct {
	Name, Token string
	Role        login.Role
	IDToken     string `json:",omitempty"`
}

// random returns 256 random bits as text.
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// sealing returns an AEAD for a key of 32 bytes, with random nonces.
func sealing(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key has the right length
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // as above
	}
	return aead
}

// sealingOf returns the AEAD of the session with a secret and with the proof of its
// login.
func sealingOf(secret string, proof login.Proof) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, []byte(secret), proof[:], "veil console session", 32)
	if err != nil {
		panic(err) // the key is not too long
	}
	return sealing(key)
}

// accountOf names the credential of an operator without revealing it.
func accountOf(proof login.Proof) [sha256.Size]byte {
	return sha256.Sum256(append([]byte("veil console account "), proof[:]...))
}

// limitsInForce returns the limits of sessions.
func (c *Console) limitsInForce() Limits { return *c.limits.Load() }

// beginSession begins a session and returns its secret.
func (c *Console) beginSession(ctx context.Context, id login.Identity) (secret string, err error) {
	secret = random()
	plain, err := json.Marshal(sealedSession{Name: id.Name, Token: random(), Role: id.Role, IDToken: id.Token})
	if err != nil {
		return "", err
	}
	sealed := sealingOf(secret, id.Proof).Seal(nil, nil, plain, nil) //nolint:gosec // the sealing makes a random nonce
	return secret, c.store.Put(ctx, sha256.Sum256([]byte(secret)), session.Row{Account: accountOf(id.Proof), Sealed: sealed}, c.limitsInForce())
}

// findSession returns the session with a secret; nil for none. It returns an error if it
// cannot be found out.
func (c *Console) findSession(ctx context.Context, secret string) (*operatorSession, error) {
	accounts := c.accounts.Load()
	if secret == "" || accounts == nil {
		return nil, nil //nolint:nilnil // there is none
	}
	id := session.ID(sha256.Sum256([]byte(secret)))
	row, ok, err := c.store.Get(ctx, id, c.limitsInForce())
	if err != nil || !ok {
		return nil, err
	}
	for _, proof := range accounts.Proofs() {
		if accountOf(proof) != row.Account {
			continue
		}
		aead := sealingOf(secret, proof)
		var s sealedSession
		if plain, err := aead.Open(nil, nil, row.Sealed, nil); err != nil || json.Unmarshal(plain, &s) != nil {
			return nil, nil //nolint:nilnil,nilerr // it is forged
		}
		return &operatorSession{&consumer.Consumer{Name: s.Name}, s.Role, s.IDToken, s.Token, aead}, nil
	}
	return nil, nil //nolint:nilnil // it is of who may not log in any more
}

// endSession ends the session with a secret.
func (c *Console) endSession(ctx context.Context, secret string) error {
	if secret == "" {
		return nil
	}
	return c.store.Delete(ctx, sha256.Sum256([]byte(secret)))
}

// note makes the next page of a session show a text.
func (c *Console) note(w http.ResponseWriter, s *operatorSession, text string) {
	sealed := s.sealing.Seal(nil, nil, []byte(text), []byte(noticeCookie)) //nolint:gosec // the AEAD makes its own nonce
	http.SetCookie(w, c.cookie(noticeCookie, base64.RawURLEncoding.EncodeToString(sealed)))
}

// takeNotice returns and removes the text set by note.
func (c *Console) takeNotice(w http.ResponseWriter, r *Request) string {
	sent := c.sent(r.Request, noticeCookie)
	if sent == "" {
		return ""
	}
	c.forget(w, noticeCookie)
	sealed, err := base64.RawURLEncoding.DecodeString(sent)
	if err != nil {
		return ""
	}
	text, err := r.session.sealing.Open(nil, nil, sealed, []byte(noticeCookie))
	if err != nil {
		return "" // of another session
	}
	return string(text)
}

// The names of cookies. With TLS, their prefix makes browsers bind them to this host.
const (
	sessionCookie = "veil-console"
	formCookie    = "veil-console-form"  // of the form of the login
	attemptCookie = "veil-console-login" // of a login at the provider
	noticeCookie  = "veil-console-notice"
)

// cookieName is the name of a cookie at this listener.
func (c *Console) cookieName(name string) string {
	if c.secure {
		return "__Host-" + name
	}
	return name
}

// cookie returns a cookie that scripts cannot read. Browsers send it when a login
// provider redirects back or a link is clicked, but with no other request from another
// site.
func (c *Console) cookie(name, value string) *http.Cookie {
	return &http.Cookie{Name: c.cookieName(name), Value: value, Path: "/", Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode} //nolint:gosec // secure where the listener has TLS
}

// forget removes a cookie.
func (c *Console) forget(w http.ResponseWriter, name string) {
	gone := c.cookie(name, "") //nolint:gosec // as cookie makes them
	gone.MaxAge = -1
	http.SetCookie(w, gone)
}

// sent returns the value of a cookie; empty if it did not come exactly once.
func (c *Console) sent(r *http.Request, name string) string {
	all := r.CookiesNamed(c.cookieName(name))
	if len(all) != 1 {
		return ""
	}
	return all[0].Value
}

// session returns the session of a request; nil if there is none. It returns an error if
// that cannot be found out.
func (c *Console) session(r *http.Request) (*operatorSession, error) {
	return c.findSession(r.Context(), c.sent(r, sessionCookie))
}
