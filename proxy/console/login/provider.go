package login

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/veil-proxy/veil/internal/loopback"
	"github.com/veil-proxy/veil/textfile"
)

// Provider is an OpenID Connect provider.
type Provider struct {
	// Name is shown at the login, and begins the names of its operators in the audit log.
	Name string
	// Issuer is the URL of the provider, https, or http to this machine.
	Issuer, ClientID string
	// SecretFile has the client's secret, mode 0600; a public client has none.
	SecretFile string
	// CAFile has the certificate authorities of the provider; the system's if empty.
	CAFile string
	// URL is the console's URL, to which the provider sends browsers back.
	URL    string
	Scopes []string
	// NameClaim is the claim that names an operator; sub if it is empty.
	NameClaim string
	// Subjects, and people with one of Groups in GroupsClaim, may log in as operators.
	// ViewerSubjects and ViewerGroups may log in as viewers. Whoever is both is an
	// operator.
	Subjects, Groups             []string
	ViewerSubjects, ViewerGroups []string
	GroupsClaim                  string
	// ReturnAfterLogout has the provider send browsers back to the login of the console,
	// URL/login, which is registered there.
	ReturnAfterLogout bool
}

// CallbackPath is the path, below the console's URL, to which the provider sends
// browsers back.
const CallbackPath = "/login/callback"

// loginPath is the console's login, below its URL.
const loginPath = "/login"

// provider is a Provider in use.
type provider struct {
	Provider
	client *http.Client
	secret string
	proof  Proof

	mu    sync.Mutex
	known *oidc.Provider // nil: not discovered yet
}

// fetchTimeout bounds the provider's response time.
const fetchTimeout = 10 * time.Second

const largestSecret = 64 << 10

func newProvider(c Provider) (p *provider, problems []error) {
	bad := func(where, format string, args ...any) {
		problems = append(problems, fmt.Errorf("oidc.%s: %s", where, fmt.Sprintf(format, args...)))
	}
	if !plainName().MatchString(c.Name) {
		bad("name", "expected 1 to 128 letters, digits and ._@-")
	}
	u, err := url.Parse(c.Issuer)
	if err != nil || !trusted(u) || u.RawQuery != "" || u.Fragment != "" {
		bad("issuer", "expected the URL of the provider, https, or http to this machine")
	}
	if c.ClientID == "" {
		bad("clientID", "not set: expected the id of the client that is registered at the provider")
	}
	if len(c.Subjects)+len(c.Groups)+len(c.ViewerSubjects)+len(c.ViewerGroups) == 0 {
		bad("subjects", "no one can log in: set subjects, or groups with groupsClaim")
	}
	if len(c.Groups)+len(c.ViewerGroups) > 0 && c.GroupsClaim == "" {
		bad("groupsClaim", "not set: expected the claim with the groups of an operator")
	}
	if c.NameClaim == "" {
		c.NameClaim = "sub"
	}
	p = &provider{Provider: c}
	if c.SecretFile != "" {
		secret, err := textfile.ReadSecret(c.SecretFile, largestSecret)
		if err != nil {
			bad("secretFile", "%s: %v", c.SecretFile, err)
		}
		p.secret = string(trimLine(secret))
	}
	p.proof = proofOf("oidc", c.Name, c.Issuer, c.ClientID, p.secret, c.NameClaim, fmt.Sprintf("%q", c.Subjects), c.GroupsClaim, fmt.Sprintf("%q", c.Groups), fmt.Sprintf("%q", c.ViewerSubjects), fmt.Sprintf("%q", c.ViewerGroups))
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if c.CAFile != "" {
		pem, err := textfile.Read(c.CAFile)
		pool := x509.NewCertPool()
		if err != nil {
			bad("caFile", "%v", err)
		} else if !pool.AppendCertsFromPEM(pem) {
			bad("caFile", "the file contains no PEM certificate")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	p.client = &http.Client{Timeout: fetchTimeout, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return p, problems
}

// trimLine removes the line break at the end of a secret's file.
func trimLine(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}

// discover fetches the provider's addresses and keys, until it has succeeded once.
func (p *provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return p.known, nil
	}
	// The provider keeps the context for its keys.
	known, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.Issuer)
	if err != nil {
		return nil, ErrUnavailable
	}
	p.known = known
	return known, nil
}

func (p *provider) oauth(known *oidc.Provider) *oauth2.Config {
	scopes := append([]string{oidc.ScopeOpenID}, p.Scopes...)
	return &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.secret, Endpoint: known.Endpoint(), RedirectURL: p.URL + CallbackPath, Scopes: scopes}
}

// ProviderName is the name of the login provider; empty if there is none.
func (d *Directory) ProviderName() string {
	if d.provider == nil {
		return ""
	}
	return d.provider.Name
}

// Attempt is a login at the provider that has begun. The browser keeps it, encrypted.
type Attempt struct {
	State, Nonce, Verifier string
}

// Begin returns the URL at the provider where a login begins. The error is
// ErrUnavailable, or ErrRefused without a provider.
func (d *Directory) Begin(ctx context.Context, a Attempt) (address string, err error) {
	if d.provider == nil {
		return "", ErrRefused
	}
	known, err := d.provider.discover(ctx)
	if err != nil {
		return "", err
	}
	return d.provider.oauth(known).AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

// Finish redeems the code that the provider sent the browser back with. The error is
// ErrRefused or ErrUnavailable.
func (d *Directory) Finish(ctx context.Context, a Attempt, code string) (none Identity, err error) {
	p := d.provider
	if p == nil {
		return none, ErrRefused
	}
	known, err := p.discover(ctx)
	if err != nil {
		return none, err
	}
	token, err := p.oauth(known).Exchange(oidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < http.StatusInternalServerError {
			return none, ErrRefused
		}
		return none, ErrUnavailable
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return none, ErrRefused
	}
	id, err := known.Verifier(&oidc.Config{ClientID: p.ClientID}).Verify(oidc.ClientContext(ctx, p.client), raw)
	if err != nil || id.Nonce == "" || id.Nonce != a.Nonce {
		return none, ErrRefused
	}
	var claims map[string]json.RawMessage
	if err := id.Claims(&claims); err != nil {
		return none, ErrRefused
	}
	name, ok := text(claims[p.NameClaim])
	role := p.role(id.Subject, claims)
	if !ok || !plainName().MatchString(name) || role == "" {
		return none, ErrRefused
	}
	return Identity{Name: p.Name + ":" + name, Role: role, Proof: p.proof, Token: raw}, nil
}

// role returns the role of a subject or of its groups; empty if the subject may not log
// in.
func (p *provider) role(subject string, claims map[string]json.RawMessage) Role {
	groups := p.groups(claims)
	in := func(subjects, of []string) bool {
		return slices.Contains(subjects, subject) || slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(of, g) })
	}
	switch {
	case in(p.Subjects, p.Groups):
		return Operator
	case in(p.ViewerSubjects, p.ViewerGroups):
		return Viewer
	}
	return ""
}

// groups returns the groups in claims, which are a list or a single text.
func (p *provider) groups(claims map[string]json.RawMessage) (has []string) {
	if p.GroupsClaim == "" || json.Unmarshal(claims[p.GroupsClaim], &has) == nil {
		return has
	}
	if one, ok := text(claims[p.GroupsClaim]); ok {
		return []string{one}
	}
	return nil
}

// EndSession returns the provider's logout URL for the owner of an id token (OpenID Connect
// RP-Initiated Logout 1.0); empty if the provider announces none. The error is
// ErrUnavailable.
func (d *Directory) EndSession(ctx context.Context, idToken string) (address string, err error) {
	p := d.provider
	if p == nil {
		return "", nil
	}
	known, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	var announced struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if known.Claims(&announced) != nil {
		return "", nil //nolint:nilerr // announced in a form that is not one
	}
	u, err := url.Parse(announced.EndSession)
	if err != nil || !trusted(u) {
		return "", nil //nolint:nilerr // as above
	}
	q := u.Query()
	q.Set("id_token_hint", idToken)
	q.Set("client_id", p.ClientID)
	if p.ReturnAfterLogout {
		q.Set("post_logout_redirect_uri", p.URL+loginPath)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// trusted reports whether an address of a provider is https, or http to this machine.
func trusted(u *url.URL) bool {
	return u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http" && loopback.Is(u.Hostname()))
}

// text returns a claim, if it is a text.
func text(claim json.RawMessage) (string, bool) {
	var s string
	return s, len(claim) > 0 && json.Unmarshal(claim, &s) == nil
}
