// Package access is the console's page of consumers and keys: who has access, with
// which credentials, and when each was last used. Operators make and revoke API keys on
// it.
//
// Credentials are only shown by their fingerprints; a new key is shown once.
package access

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/consumer/keyfile"
)

// Credential is a credential of a consumer or operator.
type Credential struct {
	// Name is the name of the consumer or operator, Kind the kind of credential, such as
	// "API key".
	Name, Kind string
	// Fingerprint is the result of keyfile.Fingerprint; empty if there is none.
	Fingerprint string
	// View names what a consumer sees, Ruleset what masks it; both empty for operators.
	View, Ruleset string
	Scopes        string
	// Filed reports that the key can be revoked here. Made is when it was created, and By
	// who created it.
	Filed    bool
	Made, By string
	LastSeen time.Time // zero: unknown
}

// Group are the consumers, or the operators.
type Group struct {
	Credentials []Credential
	// KeysFile is the file in which keys are made; empty if they cannot be.
	KeysFile string
	// Keys are all keys of the group.
	Keys []consumer.Key
}

// Directory is who has access under the configuration in force.
type Directory struct {
	Consumers, Operators Group
	Views                []string // of consumers; "" for the one at the top
}

// Config is what the page needs.
type Config struct {
	Directory func() Directory
	// Reload puts the files in force.
	Reload func(context.Context) error
	// LastSeen returns when each consumer was last seen; nil if that is not known.
	LastSeen func(context.Context) (map[string]time.Time, error)
}

//go:embed templates/*.html
var files embed.FS

var (
	list = console.Parse(files, "templates/access.html")
	made = console.Parse(files, "templates/made.html")
)

// Page is the page.
func Page(c Config) console.Page {
	return console.Page{Path: "/keys", Title: "Consumers and keys", Group: "Operations", Routes: []console.Route{
		{Pattern: "GET /keys", Viewer: true, Serve: func(w http.ResponseWriter, r *console.Request) error {
			return c.show(w, r, http.StatusOK, &form{Query: strings.TrimSpace(r.FormValue("q"))})
		}},
		{Pattern: "POST /keys/make", Operation: "make key", Once: true, Serve: c.makeKey},
		{Pattern: "POST /keys/revoke", Operation: "revoke key", Serve: c.revoke},
	}}
}

// form has what was entered, and what is wrong with it.
type form struct {
	Whose, Name, View, Scopes string
	Problem                   string
	// Query is the search term for the lists.
	Query string
}

// shown is what the page shows.
type shown struct {
	Directory
	Form *form
	// Left and LeftOperators are how many are not shown.
	Left, LeftOperators int
}

// mostShown bounds each list.
const mostShown = 500

// matching returns the credentials that match the search, up to the limit of a page, and
// how many more there are.
func matching(all []Credential, query string) (out []Credential, left int) {
	query = strings.ToLower(query)
	for i := range all {
		if one := &all[i]; strings.Contains(strings.ToLower(one.Name+"\n"+one.Fingerprint+"\n"+one.View+"\n"+one.Kind), query) {
			out = append(out, *one)
		}
	}
	return out[:min(len(out), mostShown)], max(0, len(out)-mostShown)
}

func (c *Config) show(w http.ResponseWriter, r *console.Request, status int, f *form) error {
	d := c.Directory()
	page := shown{Form: f}
	byName := func(a, b Credential) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind)) }
	slices.SortStableFunc(d.Consumers.Credentials, byName)
	slices.SortStableFunc(d.Operators.Credentials, byName)
	d.Consumers.Credentials, page.Left = matching(d.Consumers.Credentials, f.Query)
	d.Operators.Credentials, page.LeftOperators = matching(d.Operators.Credentials, f.Query)
	if c.LastSeen != nil {
		if seen, err := c.LastSeen(r.Context()); err == nil { // the page is useful without it
			for i := range d.Consumers.Credentials {
				one := &d.Consumers.Credentials[i]
				one.LastSeen = lastOf(seen, one)
			}
		}
	}
	page.Directory = d
	return r.RenderStatus(w, status, list, "Consumers and keys", page)
}

// Issuer is the kind of credential of consumers whose names begin with the name of an
// authorization server.
const Issuer = "access tokens"

// lastOf returns when a consumer was last seen. The names of an issuer's consumers begin
// with the issuer's name.
func lastOf(seen map[string]time.Time, c *Credential) (last time.Time) {
	for name, at := range seen {
		if (name == c.Name || c.Kind == Issuer && strings.HasPrefix(name, c.Name+":")) && at.After(last) {
			last = at
		}
	}
	return last
}

// makeKey creates a key. The action is recorded before the key is written to the file,
// and the key is written before it is shown.
func (c *Config) makeKey(w http.ResponseWriter, r *console.Request) error {
	d := c.Directory()
	f := &form{Whose: r.PostForm.Get("whose"), Name: r.PostForm.Get("name"), View: r.PostForm.Get("view"), Scopes: strings.TrimSpace(r.PostForm.Get("scopes"))}
	group := &d.Consumers
	if f.Whose == "operator" {
		group, f.View, f.Scopes = &d.Operators, "", ""
	} else if !slices.Contains(d.Views, f.View) {
		return &console.Problem{Status: http.StatusBadRequest, Text: "There is no such view."}
	}
	if group.KeysFile == "" {
		return errNoFile
	}
	key, sum := consumer.NewKey()
	e := keyfile.Entry{Key: consumer.Key{Account: consumer.Account{Name: f.Name, View: f.View, Scopes: f.Scopes}, SHA256: sum}, By: r.Operator()}
	if i := slices.IndexFunc(group.Keys, func(k consumer.Key) bool { return k.Name == f.Name }); i >= 0 {
		e.Account = group.Keys[i].Account // one consumer has one account
	}
	if _, err := consumer.New(r.Context(), consumer.Config{Keys: append(slices.Clone(group.Keys), e.Key)}); err != nil {
		f.Problem = "Expected a name of 1 to 128 letters, digits and ._@-, and scopes such as system/Observation.rs."
		if err := r.Commit("refused", "input"); err != nil {
			return err
		}
		return c.show(w, r, http.StatusUnprocessableEntity, f)
	}
	if err := keyfile.Add(group.KeysFile, e, func() error { return r.Commit("complete", "") }); err != nil {
		return notWritten(err)
	}
	inForce := c.Reload(r.Context()) == nil
	return r.Render(w, made, "New API key", map[string]any{"Key": key, "Entry": e, "Whose": f.Whose, "InForce": inForce, "Fingerprint": keyfile.Fingerprint(sum)})
}

// revoke revokes a key.
func (c *Config) revoke(w http.ResponseWriter, r *console.Request) error {
	d := c.Directory()
	group := &d.Consumers
	if r.PostForm.Get("whose") == "operator" {
		group = &d.Operators
	}
	if group.KeysFile == "" {
		return errNoFile
	}
	if err := keyfile.Revoke(group.KeysFile, r.PostForm.Get("fingerprint"), func() error { return r.Commit("complete", "") }); err != nil {
		return notWritten(err)
	}
	if c.Reload(r.Context()) != nil {
		return &console.Problem{Status: http.StatusInternalServerError, Text: "The key was removed from the file, but it is still valid: the configuration could not be reloaded. Veil's log gives the reason."}
	}
	return r.Redirect(w, "/keys", "The key was revoked. It is no longer valid.")
}

var errNoFile = &console.Problem{Status: http.StatusConflict, Reason: "no keys file", Text: "The configuration names no keys file, so keys cannot be created or revoked here."}

// notWritten explains why a file was not changed. If a record could not be written, the
// frame reports it.
func notWritten(err error) error {
	if problem := (*console.Problem)(nil); errors.As(err, &problem) {
		return problem
	}
	text := "The keys file could not be written and is unchanged: " + err.Error() + "."
	if written := (strictyaml.Problems)(nil); errors.As(err, &written) {
		text = "The keys file has a mistake and was not changed: " + written[0].Error() + "."
	}
	return &console.Problem{Status: http.StatusConflict, Reason: "keys file", Text: text}
}
