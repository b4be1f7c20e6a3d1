// Package login decides who may log in to the console: operators with a password, of
// which it knows the argon2id hash, and those whom a login provider vouches for.
//
//	d, err := login.New(login.Config{Users: users, Provider: &login.Provider{…}})
//	id, err := d.Password(ctx, name, password)
//
// Invariants: no error says why a password was refused, or contains any part of it;
// refusing an unknown name takes as long as refusing a known one; if the provider cannot
// be reached, nobody can log in with it.
//
// The package does not know sessions, or how attempts are throttled (the console).
package login

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/veil-proxy/veil/internal/lazyregexp"
)

// Errors of logins. Their text may be shown.
var (
	// ErrRefused: the name, the password or the provider's response is not valid.
	ErrRefused = errors.New("the login was refused")
	// ErrUnavailable: the provider cannot be reached.
	ErrUnavailable = errors.New("the login provider cannot be reached")
)

// User is an operator with a password.
type User struct {
	// Name is [A-Za-z0-9._@-]{1,128}.
	Name string
	// Password is the argon2id hash of the password as HashPassword returns it.
	Password string
	// Role is Operator if it is empty.
	Role Role
}

// Role says what a user may do.
type Role string

// A viewer reads. An operator does everything.
const (
	Viewer   Role = "viewer"
	Operator Role = "operator"
)

// Config is what a directory needs.
type Config struct {
	Users    []User
	Provider *Provider // nil: none
}

// Identity is an operator who has logged in.
type Identity struct {
	Name  string
	Role  Role
	Proof Proof
	// Token is the id token of the provider; empty for a password.
	Token string
}

// Proof identifies the configuration with which somebody logged in. It is derived from a
// secret in it, a password hash or a client secret, and so is itself secret.
type Proof [sha256.Size]byte

// Directory decides who may log in. It is safe for concurrent use.
type Directory struct {
	users    map[string]user
	mock     hash // checked for unknown names
	provider *provider
	proofs   []Proof
}

type user struct {
	hash  hash
	role  Role
	proof Proof
}

// plainName is the form of names in the audit log.
var plainName = lazyregexp.New(`^[A-Za-z0-9._@-]{1,128}$`)

// New checks the configuration and returns a directory. All problems are reported at
// once, each with its place, such as "users[0].password". No connection is opened.
func New(c Config) (*Directory, error) {
	d := &Directory{users: map[string]user{}, mock: usual}
	var problems []error
	bad := func(where, text string) { problems = append(problems, fmt.Errorf("%s: %s", where, text)) }
	for i, u := range c.Users {
		where := fmt.Sprintf("users[%d]", i)
		if !plainName().MatchString(u.Name) {
			bad(where+".name", "expected 1 to 128 letters, digits and ._@-")
		}
		if _, ok := d.users[u.Name]; ok {
			bad(where+".name", "another user has this name")
		}
		h, err := parseHash(u.Password)
		if err != nil {
			bad(where+".password", err.Error())
		}
		if u.Role == "" {
			u.Role = Operator
		}
		if u.Role != Operator && u.Role != Viewer {
			bad(where+".role", "expected operator or viewer")
		}
		proof := proofOf("user", u.Name, u.Password, string(u.Role))
		d.users[u.Name] = user{h, u.Role, proof}
		d.proofs = append(d.proofs, proof)
		if i == 0 {
			d.mock = h
		}
	}
	if c.Provider != nil {
		p, problem := newProvider(*c.Provider)
		problems = append(problems, problem...)
		if p != nil {
			d.provider = p
			d.proofs = append(d.proofs, p.proof)
		}
	}
	if len(c.Users) == 0 && c.Provider == nil {
		bad("users", "no one can log in: add a user (veil keys password NAME) or oidc")
	}
	return d, errors.Join(problems...)
}

// Proofs returns the proofs of all accounts that may log in.
func (d *Directory) Proofs() []Proof { return d.proofs }

// HasPasswords reports whether there are users with a password.
func (d *Directory) HasPasswords() bool { return len(d.users) > 0 }

// Knows reports whether there is a user with the name.
func (d *Directory) Knows(name string) bool { _, ok := d.users[name]; return ok }

// Password checks a name and a password. The error is ErrRefused, or that of the context.
func (d *Directory) Password(ctx context.Context, name, password string) (Identity, error) {
	u, known := d.users[name]
	h := u.hash
	if !known {
		h = d.mock
	}
	ok, err := h.check(ctx, password)
	if err != nil {
		return Identity{}, err
	}
	if !ok || !known {
		return Identity{}, ErrRefused
	}
	return Identity{Name: name, Role: u.role, Proof: u.proof}, nil
}

func proofOf(parts ...string) Proof {
	return sha256.Sum256(fmt.Appendf(nil, "%q", parts))
}
