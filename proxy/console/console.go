// Package console is the frame of the operators' console: web pages on the operator
// listener, behind a login of their own.
//
//	c, err := console.New(console.Config{Sink: log, Metrics: set})
//	c.Add(overview.Page(…))            // before it serves
//	c.Force(accounts, console.Limits{…}) // nil: nobody may log in
//	listener.Mount(console.Path, c)
//
// A page is a package of its own. It brings its templates, of which the frame shows the
// one named "content" inside its layout, and handlers that the frame calls for an
// operator who has logged in:
//
//	console.Page{Path: "/audit", Title: "Audit", Group: "Records", Routes: []console.Route{
//		{Pattern: "GET /audit", Serve: func(w http.ResponseWriter, r *console.Request) error {
//			return r.Render(w, templates, "Audit", data)
//		}},
//		{Pattern: "POST /audit/verify", Operation: "verify audit", Serve: …},
//	}}
//
// Invariants: a page is served to an operator alone; what changes something is a POST with
// the token of its session, from the console's own origin; an action is a record before
// its response leaves; no record, log line, metric or error has a value, and no panic
// ends the process or shows one; a page loads nothing from elsewhere, and runs no script
// or style that is not a file of the console.
//
// Not known here: what a page shows, and who may log in (package login).
package console

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/console/assets"
	"github.com/veil-proxy/veil/proxy/console/login"
	"github.com/veil-proxy/veil/proxy/metrics"
)

// Path is what the addresses of all pages begin with.
const Path = "/console"

// Config is what a console needs.
type Config struct {
	// Sink takes the records of logins and actions.
	Sink    mask.Sink
	Logger  *slog.Logger // nil: logs nothing
	Metrics *metrics.Set
	// Secure says that the listener has TLS.
	Secure bool
}

// Page is a part of the console, with an entry in its navigation.
type Page struct {
	// Path is that of the entry, below the console's, such as "/audit".
	Path string
	// Title is the text of the entry, Group the heading that it is under.
	Title, Group string
	Routes       []Route
}

// Route is what a page serves at an address.
type Route struct {
	// Pattern is that of an http.ServeMux with a method, below the console's path, such
	// as "GET /audit/{id}".
	Pattern string
	// Operation names an action in its record, such as "make key". A POST has one; a GET
	// has one if it is worth a record, such as an export.
	Operation string
	// Streams is of a response of any size. Its record is written before Serve runs.
	// Other responses with a record are held back until it is written.
	Streams bool
	// Bytes bounds the body of a request; 1 MiB if it is 0.
	Bytes int64
	// Serve handles the request of an operator. If it returns an error, it has written
	// nothing. The text of a *Problem is shown; that of any other error is not.
	Serve func(w http.ResponseWriter, r *Request) error
}

// Console is an http.Handler of all that is below Path. It may be used concurrently.
type Console struct {
	shared   *proxy.Listener
	secure   bool
	mux      *http.ServeMux
	pages    []Page
	sessions *sessions
	attempts *attempts
	accounts atomic.Pointer[login.Directory]
}

// New returns a console without pages, and nobody who may log in.
func New(c Config) (*Console, error) {
	shared, err := proxy.New(proxy.Config{Name: "console", Event: "action", Sink: c.Sink, Logger: c.Logger, Metrics: c.Metrics.Listener("console")})
	if err != nil {
		return nil, err
	}
	out := &Console{shared: shared, secure: c.Secure, mux: http.NewServeMux(), sessions: newSessions(), attempts: newAttempts()}
	out.mux.Handle("GET "+Path+"/assets/", http.StripPrefix(Path+"/assets/", assets.Handler()))
	out.mux.HandleFunc("GET "+Path+"/login", out.watched(out.showLogin))
	out.mux.HandleFunc("POST "+Path+"/login", out.watched(out.logIn))
	out.mux.HandleFunc("GET "+Path+"/login/provider", out.watched(out.beginProvider))
	out.mux.HandleFunc("GET "+Path+login.CallbackPath, out.watched(out.finishProvider))
	out.handle(&Route{Pattern: "POST /logout", Operation: "logout", Serve: out.logOut})
	out.mux.HandleFunc(Path+"/", out.watched(out.notFound))
	return out, nil
}

// Force puts accounts and limits of sessions in force; nil accounts for nobody. Sessions
// of those who may not log in any more end.
func (c *Console) Force(accounts *login.Directory, limits Limits) {
	c.accounts.Store(accounts)
	c.sessions.force(limits, func(proof login.Proof) bool { return accounts != nil && accounts.Holds(proof) })
}

// Add adds a page. Call it before the console serves. It panics if two pages have one
// pattern, or if an action has no name.
func (c *Console) Add(p Page) {
	for i := range p.Routes {
		c.handle(&p.Routes[i])
	}
	c.pages = append(c.pages, p)
}

// handle adds a route for operators.
func (c *Console) handle(route *Route) {
	method, path, ok := strings.Cut(route.Pattern, " ")
	if !ok || method != http.MethodGet && method != http.MethodPost || !strings.HasPrefix(path, "/") {
		panic("console: the pattern " + route.Pattern + " is not GET or POST and a path")
	}
	if method == http.MethodPost && route.Operation == "" {
		panic("console: the action " + route.Pattern + " has no name for its record")
	}
	c.mux.HandleFunc(method+" "+Path+path, c.watched(func(w *response, r *http.Request, x *proxy.Exchange) { c.serve(w, r, x, route) }))
}

// ServeHTTP implements http.Handler.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.harden(w.Header())
	c.mux.ServeHTTP(w, r)
}

// notFound is for addresses that no page has.
func (c *Console) notFound(w *response, r *http.Request, x *proxy.Exchange) {
	s := c.session(r)
	if s == nil {
		c.demandLogin(w, r)
		return
	}
	c.fail(w, &Request{Request: r, console: c, session: s, x: x}, &Problem{Status: http.StatusNotFound, Text: "There is no such page."})
}

// serve lets an operator in.
func (c *Console) serve(w *response, r *http.Request, x *proxy.Exchange, route *Route) {
	s := c.session(r)
	if s == nil {
		c.demandLogin(w, r)
		return
	}
	x.Who, x.Operation = s.who, route.Operation
	req := &Request{Request: r, console: c, session: s, x: x}
	if route.Operation == "" {
		x.Operation = "page"
	}
	if r.Method == http.MethodPost {
		if problem := c.checkPost(w, req, route.Bytes); problem != nil {
			req.finish(w, problem)
			return
		}
	}
	if route.Operation == "" {
		if err := route.Serve(w, req); err != nil {
			c.fail(w, req, err)
		}
		return
	}
	if route.Streams {
		if err := req.Commit("complete", ""); err != nil {
			c.fail(w, req, err)
			return
		}
	} else {
		w.hold()
	}
	req.finish(w, route.Serve(w, req))
}

// finish records an action, unless that was done, and lets its response go.
func (r *Request) finish(w *response, err error) {
	if !r.committed {
		result, reason, status := "complete", "", http.StatusOK
		if problem := (*Problem)(nil); errors.As(err, &problem) {
			result, reason, status = "refused", problem.reason(), problem.Status
		} else if err != nil {
			result, reason, status = "failed", "fault", http.StatusInternalServerError
		}
		r.status = status
		if e := r.Commit(result, reason); e != nil {
			err = e
		}
	}
	if err != nil {
		r.console.fail(w, r, err)
		return
	}
	w.release()
}
