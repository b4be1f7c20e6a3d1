package consumer

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/xdg-go/scram"
)

// User is a database user that the operator gave to a consumer, which logs in with a
// name and a password by SCRAM-SHA-256 (RFC 7677).
type User struct {
	Account
	// User is the name to log in with, of 1 to 63 bytes as in PostgreSQL.
	User string
	// Verifier is the verifier of the password, as NewVerifier makes it.
	Verifier string
}

type userEntry struct {
	verifier Verifier
	consumer *Consumer
}

// mostUserName is the longest name of a user, PostgreSQL's NAMEDATALEN less one.
const mostUserName = 63

func (b *builder) addUsers(d *Directory, users []User) {
	for i, u := range users {
		where := fmt.Sprintf("users[%d]", i)
		c := b.consumer(where, u.Account)
		if u.Scopes != "" {
			b.add(where+".scopes", "scopes are of FHIR: give the consumer a view instead")
		}
		v, err := parseVerifier(u.Verifier)
		if err != nil {
			b.add(where+".verifier", "%v", err)
		}
		switch _, known := d.users[u.User]; {
		case u.User == "" || len(u.User) > mostUserName:
			b.add(where+".user", "expected 1 to %d bytes", mostUserName)
		case known:
			b.add(where+".user", "another user has this name")
		default:
			d.users[u.User] = userEntry{v, c}
			d.iterations = append(d.iterations, v.stored.Iters)
		}
	}
	_, _ = rand.Read(d.mock[:]) // never fails: crypto/rand ends the process instead
}

// lookup returns the user's verifier and consumer. An unknown user gets a verifier that
// no password matches. It stays the same while the process runs, and has the iterations
// of some real user.
func (d *Directory) lookup(user string) userEntry {
	if u, ok := d.users[user]; ok {
		return u
	}
	iterations := leastIterations
	if n := len(d.iterations); n > 0 {
		iterations = d.iterations[int(mockVerifier(d.mock[:], user, 0).stored.Salt[0])%n]
	}
	return userEntry{verifier: mockVerifier(d.mock[:], user, iterations)}
}

// NameOf returns the consumer with a user name, or "unknown", for records of attempts:
// a client can give anything as a user name, even a password.
func (d *Directory) NameOf(user string) string {
	if u, ok := d.users[user]; ok && u.consumer != nil {
		return u.consumer.Name
	}
	return "unknown"
}

// Login is one attempt to log in with a password. Its messages are those of
// SCRAM-SHA-256; the listener frames them.
type Login struct {
	conversation *scram.ServerConversation
	consumer     *Consumer
}

// The mechanisms that a client can choose from, by their SASL names.
const (
	mechanism      = "SCRAM-SHA-256"
	mechanismBound = "SCRAM-SHA-256-PLUS"
)

// Mechanisms returns the SASL mechanisms to offer a client, in order of preference.
func Mechanisms(binding *Binding) []string {
	if binding == nil {
		return []string{mechanism}
	}
	return []string{mechanismBound, mechanism}
}

// Login begins an attempt with one of the Mechanisms of the binding. The user's name is
// that of the connection, whatever name SCRAM's own message has. The error is
// ErrBadCredentials.
func (d *Directory) Login(user, chosen string, binding *Binding) (*Login, error) {
	u := d.lookup(user)
	server, err := scram.SHA256.NewServer(func(string) (scram.StoredCredentials, error) { return u.verifier.stored, nil })
	if err != nil {
		return nil, ErrBadCredentials
	}
	l := &Login{consumer: u.consumer}
	switch {
	case chosen == mechanism && binding == nil:
		l.conversation = server.NewConversation()
	case chosen == mechanism: // a client that could bind but believes that the server cannot is being deceived
		l.conversation = server.NewConversationWithChannelBinding(binding.data)
	case chosen == mechanismBound && binding != nil:
		l.conversation = server.NewConversationWithChannelBindingRequired(binding.data)
	default:
		return nil, ErrBadCredentials
	}
	return l, nil
}

// Step takes a message of the client and returns the response. The error is
// ErrBadCredentials, whatever is wrong.
func (l *Login) Step(message []byte) ([]byte, error) {
	if l.conversation.Done() {
		return nil, ErrBadCredentials
	}
	answer, err := l.conversation.Step(string(message))
	if err != nil || l.conversation.Done() && l.consumer == nil {
		return nil, ErrBadCredentials
	}
	return []byte(answer), nil
}

// Consumer returns the consumer that logged in, or ErrBadCredentials if the login has
// not succeeded.
func (l *Login) Consumer() (*Consumer, error) {
	if !l.conversation.Valid() || l.consumer == nil {
		return nil, ErrBadCredentials
	}
	return l.consumer, nil
}

// Binding is the server's end of a TLS connection (tls-server-end-point, RFC 5929, 4):
// a client that binds to it detects a man in the middle.
type Binding struct{ data scram.ChannelBinding }

// NewBinding returns the binding of a server's certificate, or nil if its signature
// algorithm has no hash, such as Ed25519.
func NewBinding(leaf *x509.Certificate) *Binding {
	data, err := scram.NewTLSServerEndpointBinding(&tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}})
	if err != nil {
		return nil
	}
	return &Binding{data}
}
