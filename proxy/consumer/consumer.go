// Package consumer identifies callers: it maps the credentials of a request to a
// Consumer, with the view, scopes and limits that the operator gave it.
//
// There are four kinds of credentials. An API key (NewKey) comes as "Authorization:
// Bearer veil_…" or "X-API-Key: veil_…" and is known by its SHA-256 alone. A token is a
// JWT (RFC 7519) in "Authorization: Bearer …", signed by one of the issuers and checked
// with the keys of its key set. A client certificate is one that the TLS listener
// verified, known by the SHA-256 of its public key. A password is proven by
// SCRAM-SHA-256 (RFC 7677) to a listener that has no headers (Login), and known by its
// verifier. A request without credentials is anonymous, if that is configured; a
// password can never be omitted.
//
// Invariants: invalid credentials are refused, never tried as another kind and never
// treated as none; two at once in the headers are refused; a header takes precedence
// over the certificate; a scope that cannot be enforced grants nothing; a consumer has
// one limiter for all its credentials, and the number of limiters is bounded; no error
// says why credentials were refused, or contains any part of them.
//
// A request is handled like this:
//
//	who, err := directory.Authenticate(ctx, request)
//	switch {
//	case errors.Is(err, consumer.ErrUnavailable): // 503
//	case err != nil: // 401, with WWW-Authenticate: directory.Challenge()
//	}
//	release, retryAfter, ok := who.Admit()
//	if !ok { // 429, with Retry-After: retryAfter
//	}
//	defer release()
//	if !who.Scopes.MayRead("Patient") { // 403
//	}
//
// The package does not know what a view is (it passes on its name), whether the chain
// of a certificate is valid (the listener), or how a refusal is handled and recorded
// (the listener).
package consumer

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Errors of Authenticate. Their text may be shown.
var (
	// ErrNoCredentials: the request has no credentials, and anonymous access is not
	// allowed.
	ErrNoCredentials = errors.New("credentials are required")
	// ErrBadCredentials: the request's credentials are not valid.
	ErrBadCredentials = errors.New("the credentials are not valid")
	// ErrUnavailable: the credentials cannot be checked now, since the key set
	// of their issuer could not be fetched.
	ErrUnavailable = errors.New("the credentials cannot be checked at the moment")
)

// Request has the credentials of a request.
type Request struct {
	// Authorization and APIKey are the values of the headers Authorization and X-API-Key
	// as received, one for each occurrence.
	Authorization []string
	APIKey        []string
	// Certificates is the verified chain of the TLS peer, its own certificate
	// first.
	Certificates []*x509.Certificate
}

// Consumer is the caller. It is shared by the requests of one consumer and must
// not be changed.
type Consumer struct {
	// Name is [A-Za-z0-9._@-]{1,128}; for the consumer of a token it is the
	// name of the issuer's account, a colon and the consumer claim.
	Name string
	// View is the view of the account.
	View string
	// Scopes are the types that may be read and searched; nil for all.
	Scopes *Scopes

	gate gate // nil: no limits
}

// Admit counts a request against the limits of the consumer. If ok, the caller must
// call release when the request is done; calls after the first do nothing. If not,
// retryAfter says when to try again: whole seconds, at least one. The release is never
// nil.
func (c *Consumer) Admit() (release func(), retryAfter time.Duration, ok bool) {
	if c.gate == nil {
		return nothing, 0, true
	}
	return c.gate.admit(c.Name, time.Now())
}

// Count counts a further request within one that was admitted, such as an entry of a
// batch, against the consumer's rate, and reports whether it may be made.
func (c *Consumer) Count() bool { return c.gate == nil || c.gate.count(c.Name, time.Now()) }

// Account is the name, view, limits and scopes that the operator gives a consumer.
type Account struct {
	// Name is [A-Za-z0-9._@-]{1,128}. Credentials of one consumer, such as the old key and
	// the new one, must have the same name and otherwise equal accounts.
	Name string
	// View names what the consumer sees; it may be empty.
	View   string
	Limits Limits
	// Scopes is a SMART scope list, such as "system/Patient.rs system/Observation.rs",
	// that bounds what is readable. Empty means everything.
	Scopes string
}

// Config is what a directory needs.
type Config struct {
	// Anonymous is the account of requests without credentials; nil refuses them. An empty
	// name means "anonymous".
	Anonymous    *Account
	Keys         []Key
	Issuers      []Issuer
	Certificates []Certificate
	Users        []User
	// httpClient fetches key sets; if nil, a client with safe limits does. Redirects are
	// never followed.
	httpClient *http.Client
	// Logger logs key sets that could not be fetched; nil logs nothing.
	Logger *slog.Logger
}

// Directory maps credentials to consumers. It is safe for concurrent use.
type Directory struct {
	anonymous    *Consumer // nil: nobody
	keys         []keyEntry
	certificates map[fingerprint]*Consumer
	users        map[string]userEntry
	iterations   []int              // of the users' verifiers
	mock         [32]byte           // derives the verifiers of unknown users
	issuers      map[string]*issuer // by URL
	views        map[string]bool
	peek         *jwt.Parser // reads which issuer a token names
}

// New checks the configuration and returns a directory. All problems are
// reported at once, each with its place, such as "keys[2].sha256". No connection
// is opened: key sets are fetched when the first token needs them, until ctx
// ends.
func New(ctx context.Context, c Config) (*Directory, error) {
	d := &Directory{
		certificates: map[fingerprint]*Consumer{},
		users:        map[string]userEntry{},
		issuers:      map[string]*issuer{},
		views:        map[string]bool{},
		peek:         jwt.NewParser(jwt.WithStrictDecoding()),
	}
	b := builder{ctx: ctx, client: fetchClient(c.httpClient), log: c.Logger, named: map[string]named{}, views: d.views}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	if c.Anonymous == nil && len(c.Keys)+len(c.Issuers)+len(c.Certificates)+len(c.Users) == 0 {
		b.add("consumers", "no consumer is configured: add anonymous, keys, issuers, certificates or users")
	}
	if c.Anonymous != nil {
		a := *c.Anonymous
		if a.Name == "" {
			a.Name = "anonymous"
		}
		d.anonymous = b.consumer("anonymous", a)
	}
	b.addKeys(d, c.Keys)
	b.addCertificates(d, c.Certificates)
	b.addUsers(d, c.Users)
	b.addIssuers(d, c.Issuers)
	if err := errors.Join(b.problems...); err != nil {
		return nil, err
	}
	return d, nil
}

// Views returns the views that accounts name, in order.
func (d *Directory) Views() []string { return slices.Sorted(maps.Keys(d.views)) }

// Authenticate returns the consumer whose credentials a request has. The error is
// ErrNoCredentials, ErrBadCredentials or ErrUnavailable. It may wait for a key set to
// be fetched, for at most fetchTimeout.
func (d *Directory) Authenticate(ctx context.Context, r Request) (*Consumer, error) {
	switch {
	case len(r.Authorization)+len(r.APIKey) > 1:
		return nil, ErrBadCredentials
	case len(r.APIKey) == 1:
		return d.key(r.APIKey[0])
	case len(r.Authorization) == 1:
		credential, ok := bearer(r.Authorization[0])
		if !ok {
			return nil, ErrBadCredentials
		}
		if isKey(credential) {
			return d.key(credential)
		}
		return d.token(ctx, credential, r.Certificates)
	case len(r.Certificates) > 0:
		return d.certificate(r.Certificates[0])
	case d.anonymous != nil:
		return d.anonymous, nil
	}
	return nil, ErrNoCredentials
}

// Challenge returns the WWW-Authenticate value of a response to a request whose
// credentials are missing or refused (RFC 6750, 3). It does not say which: a refusal
// has no error attribute.
func (d *Directory) Challenge() string { return `Bearer realm="veil"` }

// builder builds a directory and collects the problems of its configuration.
type builder struct {
	ctx      context.Context
	client   *http.Client
	log      *slog.Logger
	problems []error
	named    map[string]named
	views    map[string]bool // that accounts name
}

// named is the first account with a name.
type named struct {
	where    string
	account  Account
	consumer *Consumer
}

// add notes a problem. No text may hold a value: an operator may have put a
// secret into the wrong field.
func (b *builder) add(where, format string, args ...any) {
	b.problems = append(b.problems, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
}

// consumer checks an account and returns its consumer, the same for the same
// name.
func (b *builder) consumer(where string, a Account) *Consumer {
	scopes := b.account(where, a)
	if first, ok := b.named[a.Name]; ok && a.Name != "" {
		if first.account != a {
			b.add(where+".name", "%s has this name with another view, limits or scopes: one consumer has one account", first.where)
		}
		return first.consumer
	}
	c := &Consumer{Name: a.Name, View: a.View, Scopes: scopes}
	if len(b.problems) == 0 { // otherwise the limits may be invalid
		if l := newLimiter(a.Limits); l != nil {
			c.gate = l
		}
	}
	b.named[a.Name] = named{where, a, c}
	return c
}

// account checks an account and returns its scopes.
func (b *builder) account(where string, a Account) *Scopes {
	b.views[a.View] = true
	if !plainName(a.Name) {
		b.add(where+".name", "expected 1 to 128 letters, digits and ._@-")
	}
	if a.View != "" && !plainName(a.View) {
		b.add(where+".view", "expected at most 128 letters, digits and ._@-")
	}
	b.limits(where+".limits", a.Limits)
	return b.scopes(where+".scopes", a.Scopes)
}

// plainName reports whether s is [A-Za-z0-9._@-]{1,128}.
func plainName(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && c != '.' && c != '_' && c != '@' && c != '-' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
