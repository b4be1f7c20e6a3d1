package console

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/console/login"
	"github.com/veil-proxy/veil/proxy/console/session"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// loginForm is what the login page shows.
type loginForm struct {
	frame
	Next      string // where to go after the login
	Passwords bool
	Provider  string
	Problem   string
	Typed     []field // a form that was sent without a session
}

// showLogin shows the login page.
func (c *Console) showLogin(w *response, r *http.Request, x *proxy.Exchange) {
	x.Operation = "page"
	next := inside(r.URL.Query().Get("next"))
	if s, err := c.session(r); err == nil && s != nil {
		http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // it is inside the console
		return
	}
	c.loginPage(w, r, http.StatusOK, next, "")
}

// loginPage shows the login page, with the problem of the last attempt.
func (c *Console) loginPage(w *response, r *http.Request, status int, next, problem string) {
	c.showForm(w, r, status, loginForm{Next: next, Problem: problem})
}

// showForm shows the login form. The form repeats the value of a cookie, so that no other
// site can log a browser in.
func (c *Console) showForm(w *response, r *http.Request, status int, f loginForm) {
	f.frame = frame{Title: "Log in"}
	accounts := c.accounts.Load()
	if accounts == nil {
		f.Problem = "Nobody may log in: add operator.console.users or operator.console.oidc to the configuration."
	} else {
		f.Passwords, f.Provider = accounts.HasPasswords(), accounts.ProviderName()
	}
	f.CSRF = c.sent(r, formCookie)
	if len(f.CSRF) != len(random()) {
		f.CSRF = random()
		http.SetCookie(w, c.cookie(formCookie, f.CSRF))
	}
	if err := write(w, status, loginTemplate, "layout", f); err != nil {
		http.Error(w, "Internal error.", http.StatusInternalServerError)
	}
}

// inside returns an address if it belongs to the console, and the console's own address
// otherwise.
func inside(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, Path+"/") || strings.Contains(u.Path, "//") || strings.ContainsAny(next, "\\\r\n") {
		return Path + "/"
	}
	return next
}

// demandLogin sends a browser to the login page, and refuses other requests. If a form
// was submitted after the session ended, its contents are shown below the login form, so
// that they are not lost.
func (c *Console) demandLogin(w *response, r *http.Request) {
	if r.Method == http.MethodPost && accepts(r, "text/html") && !foreign(r) && readForm(w, r, 0) == nil {
		c.showForm(w, r, http.StatusUnauthorized, loginForm{Next: Path + "/", Problem: "The session has ended, and nothing was done. Log in again.", Typed: typed(r)})
		return
	}
	if r.Method != http.MethodGet || !accepts(r, "text/html") {
		http.Error(w, "log in first: the session has ended, or there was none", http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r, Path+"/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
}

// accepts reports whether a client names a media type.
func accepts(r *http.Request, kind string) bool {
	return strings.Contains(r.Header.Get("Accept"), kind)
}

// logIn handles a name and a password.
func (c *Console) logIn(w *response, r *http.Request, x *proxy.Exchange) {
	x.Operation = "login"
	if foreign(r) {
		http.Error(w, errForeign.Text, errForeign.Status)
		return
	}
	if err := readForm(w, r, 16<<10); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	next := inside(r.PostForm.Get("next"))
	if token := c.sent(r, formCookie); token == "" || subtle.ConstantTimeCompare([]byte(token), []byte(r.PostForm.Get(TokenField))) != 1 {
		c.loginPage(w, r, http.StatusForbidden, next, "The form had expired. Log in again.")
		return
	}
	accounts := c.accounts.Load()
	if accounts == nil {
		c.loginPage(w, r, http.StatusForbidden, next, "")
		return
	}
	name, password := r.PostForm.Get("name"), r.PostForm.Get("password")
	if name == "" {
		name = "unknown"
	}
	c.admit(w, r, x, next, name, func(ctx context.Context) (login.Identity, error) { return accounts.Password(ctx, name, password) })
}

// admit begins a session for the operator that check returns, and records the login,
// whether or not it succeeded. name is the name that was entered; it is empty for a login
// at the provider.
func (c *Console) admit(w *response, r *http.Request, x *proxy.Exchange, next, name string, check func(context.Context) (login.Identity, error)) {
	var id login.Identity
	who, err := c.shared.LogIn(r.Context(), proxy.Address(r.RemoteAddr), name, func() (*consumer.Consumer, error) {
		var err error
		if id, err = check(r.Context()); errors.Is(err, login.ErrRefused) {
			return nil, consumer.ErrBadCredentials
		} else if err != nil {
			return nil, err
		}
		return &consumer.Consumer{Name: id.Name}, nil
	})
	if err != nil {
		c.refuse(w, r, x, next, name, err)
		return
	}
	x.Who = who
	secret, err := c.beginSession(r.Context(), id)
	if err == nil {
		err = c.endSession(r.Context(), c.sent(r, sessionCookie))
	}
	if err != nil {
		c.refuse(w, r, x, next, name, session.ErrUnavailable)
		return
	}
	if x.RecordLogin("", "complete", "", http.StatusSeeOther) != nil {
		_ = c.endSession(r.Context(), secret) // nobody knows the secret
		c.loginPage(w, r, errNotRecorded.Status, next, errNotRecorded.Text)
		return
	}
	http.SetCookie(w, c.cookie(sessionCookie, secret))
	c.forget(w, formCookie)
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // it is inside the console
}

// refuse records a failed login, and shows the login page again.
func (c *Console) refuse(w *response, r *http.Request, x *proxy.Exchange, next, name string, err error) {
	status, reason, text := http.StatusUnauthorized, proxy.ReasonCredentials, "The name or the password is wrong."
	switch {
	case errors.Is(err, consumer.ErrTooManyAttempts):
		status, reason, text = http.StatusTooManyRequests, proxy.ReasonAttempts, "There were too many failed attempts from this address. Try again later."
	case errors.Is(err, login.ErrUnavailable):
		status, reason, text = http.StatusServiceUnavailable, "provider", "The login provider cannot be reached, so nobody can log in with it. Try again later."
	case errors.Is(err, session.ErrUnavailable):
		status, reason, text = errNoSessions.Status, "sessions", errNoSessions.Text
	case name == "":
		text = "The login was refused: it was started in another browser or too long ago, or this account may not use the console."
	case r.Context().Err() != nil:
		return // the browser has disconnected
	}
	typed := "unknown" // the input may be a password
	if accounts := c.accounts.Load(); accounts != nil && accounts.Knows(name) {
		typed = name
	}
	if x.RecordLogin(typed, "refused", reason, status) != nil {
		status, text = errNotRecorded.Status, errNotRecorded.Text
	}
	c.loginPage(w, r, status, next, text)
}

// logOut ends the session, also at the login provider if it offers a logout.
func (c *Console) logOut(w http.ResponseWriter, r *Request) error {
	if err := c.endSession(r.Context(), c.sent(r.Request, sessionCookie)); err != nil {
		return errNoSessions
	}
	c.forget(w, sessionCookie)
	if r.session.idToken == "" {
		http.Redirect(w, r.Request, Path+"/login", http.StatusSeeOther)
		return nil
	}
	data := loggedOut{Provider: "the login provider"}
	if accounts := c.accounts.Load(); accounts != nil && accounts.ProviderName() != "" {
		data.Provider = accounts.ProviderName()
		data.Address, data.Down = accounts.EndSession(r.Context(), r.session.idToken)
	}
	return write(w, http.StatusOK, loggedOutPage, "layout", frame{Title: "Logged out", Data: data})
}

// loggedOut is what the logout page shows to operators who logged in at a provider.
type loggedOut struct {
	Provider string
	Address  string // of the provider's logout; empty if there is none
	Down     error  // the provider cannot be reached
}

// beginProvider sends the browser to the login provider.
func (c *Console) beginProvider(w *response, r *http.Request, x *proxy.Exchange) {
	x.Operation = "login"
	next := inside(r.URL.Query().Get("next"))
	accounts := c.accounts.Load()
	if accounts == nil {
		c.loginPage(w, r, http.StatusForbidden, next, "")
		return
	}
	a := attempt{Attempt: login.Attempt{State: random(), Nonce: random(), Verifier: oauth2.GenerateVerifier()}, Next: next, Begun: time.Now()}
	to, err := accounts.Begin(r.Context(), a.Attempt)
	var sealed string
	if err == nil {
		sealed, err = c.sealAttempt(r.Context(), a)
	}
	if err != nil {
		c.refuse(w, r, x, next, "", err)
		return
	}
	http.SetCookie(w, c.cookie(attemptCookie, sealed))
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// finishProvider handles the browser that the login provider sends back.
func (c *Console) finishProvider(w *response, r *http.Request, x *proxy.Exchange) {
	x.Operation = "login"
	q := r.URL.Query()
	a, ok, broken := c.openAttempt(r.Context(), c.sent(r, attemptCookie))
	c.forget(w, attemptCookie)
	accounts := c.accounts.Load()
	c.admit(w, r, x, inside(a.Next), "", func(ctx context.Context) (login.Identity, error) {
		if broken != nil {
			return login.Identity{}, broken
		}
		if !ok || accounts == nil || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(a.State)) != 1 || len(q["code"]) != 1 || q.Has("error") {
			return login.Identity{}, login.ErrRefused
		}
		return accounts.Finish(ctx, a.Attempt, q.Get("code"))
	})
}
