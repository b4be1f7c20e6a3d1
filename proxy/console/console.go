// Package console is the framework of the operators' console: web pages on the operator
// listener, behind a login of their own.
//
//	c, err := console.New(console.Config{Sink: log, Metrics: set, Sessions: store})
//	c.Add(overview.Page(…))            // before it serves
//	c.Force(accounts, console.Limits{…}) // nil: no one can log in
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
// There are two roles: a viewer reads, an operator does everything. A route is for operators
// unless it says Viewer.
//
// Invariants: pages are served only to operators who have logged in; everything that changes
// something is a POST with the token of its session, from the console's own origin; an action is
// recorded before its response is sent; no record, log line, metric or error contains a value,
// and no panic ends the process or shows one; a page loads nothing from elsewhere, and uses no
// script or style that is not a file of the console.
//
// The package does not know what a page shows, who may log in (package login), or where
// sessions are kept (package session).
package console

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/console/assets"
	"github.com/veil-proxy/veil/proxy/console/login"
	"github.com/veil-proxy/veil/proxy/console/session"
	"github.com/veil-proxy/veil/proxy/metrics"
)

// Path is the prefix of the URL paths of all pages.
const Path = "/console"

// Config is what a console needs.
type Config struct {
	// Sink stores the records of logins and actions.
	Sink    mask.Sink
	Logger  *slog.Logger // nil: logs nothing
	Metrics *metrics.Set
	// Sessions stores operators' sessions; nil keeps them in memory.
	Sessions session.Store
	// Secure reports that the listener has TLS.
	Secure bool
	// Replica names the process on each page, if it is one of several. Figures and records
	// on the pages are those of this process.
	Replica string
}

// Page is a part of the console, with an entry in its navigation.
type Page struct {
	// Path is the path of the entry, below the console's, such as "/audit".
	Path string
	// Title is the text of the entry, Group the heading that it is under.
	Title, Group string
	Routes       []Route
}

// forViewers reports whether a viewer may use anything of the page.
func (p *Page) forViewers() bool {
	return slices.ContainsFunc(p.Routes, func(r Route) bool { return r.Viewer })
}

// Route is a handler of a page.
type Route struct {
	// Pattern is an http.ServeMux pattern with a method, below the console's path, such as
	// "GET /audit/{id}".
	Pattern string
	// Operation names an action in its record, such as "make key". A POST must have one; a
	// GET has one if it should be recorded, such as an export.
	Operation string
	// Viewer reports that a viewer may use it, too.
	Viewer bool
	// Once reports that a form is processed only once, however often it is submitted. The
	// form must contain {{template "once"}}.
	Once bool
	// Streams reports that the response can have any size. Its record is written before
	// Serve runs. Other responses with a record are held back until it is written.
	Streams bool
	// Bytes bounds the body of a request; 0 means 1 MiB.
	Bytes int64
	// Serve handles the request of an operator. If it returns an error, it has written
	// nothing. The text of a *Problem is shown; that of any other error is not.
	Serve func(w http.ResponseWriter, r *Request) error
}

// Console is an http.Handler for everything below Path. It is safe for concurrent use.
type Console struct {
	shared   *proxy.Listener
	secure   bool
	replica  string
	mux      *http.ServeMux
	pages    []Page
	store    session.Store
	limits   atomic.Pointer[Limits]
	accounts atomic.Pointer[login.Directory]
}

// New returns a console without pages or accounts.
func New(c Config) (*Console, error) {
	shared, err := proxy.New(proxy.Config{Name: "console", Event: "action", Sink: c.Sink, Logger: c.Logger, Metrics: c.Metrics.Listener("console")})
	if err != nil {
		return nil, err
	}
	out := &Console{shared: shared, secure: c.Secure, replica: c.Replica, mux: http.NewServeMux(), store: c.Sessions}
	if out.store == nil {
		out.store = session.NewMemory(nil)
	}
	limits := DefaultLimits()
	out.limits.Store(&limits)
	out.mux.Handle("GET "+Path+"/assets/", http.StripPrefix(Path+"/assets/", assets.Handler()))
	out.mux.HandleFunc("GET "+Path+"/login", out.watched(out.showLogin))
	out.mux.HandleFunc("POST "+Path+"/login", out.watched(out.logIn))
	out.mux.HandleFunc("GET "+Path+"/login/provider", out.watched(out.beginProvider))
	out.mux.HandleFunc("GET "+Path+login.CallbackPath, out.watched(out.finishProvider))
	out.handle(&Route{Pattern: "POST /logout", Operation: "logout", Viewer: true, Serve: out.logOut})
	out.mux.HandleFunc(Path+"/", out.watched(out.notFound))
	return out, nil
}

// Force puts accounts and limits of sessions in force; with nil accounts, nobody may log
// in. Sessions of people who may no longer log in end.
func (c *Console) Force(accounts *login.Directory, limits Limits) {
	c.accounts.Store(accounts)
	c.limits.Store(&limits)
	var may [][sha256.Size]byte
	if accounts != nil {
		for _, proof := range accounts.Proofs() {
			may = append(may, accountOf(proof))
		}
	}
	_ = c.store.Keep(context.Background(), may) // findSession opens no other sessions
}

// Add adds a page. Call it before the console serves. It panics if two pages have the
// same pattern, or if an action has no name.
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

// notFound handles addresses without a page.
func (c *Console) notFound(w *response, r *http.Request, x *proxy.Exchange) {
	if req := c.admitted(w, r, x); req != nil {
		c.fail(w, req, &Problem{Status: http.StatusNotFound, Text: "There is no such page."})
	}
}

// admitted returns the request of an operator who has logged in. For others, it responds
// and returns nil.
func (c *Console) admitted(w *response, r *http.Request, x *proxy.Exchange) *Request {
	s, err := c.session(r)
	if err != nil {
		c.loginPage(w, r, errNoSessions.Status, inside(r.URL.RequestURI()), errNoSessions.Text)
		return nil
	}
	if s == nil {
		c.demandLogin(w, r)
		return nil
	}
	x.Who = s.who
	return &Request{Request: r, console: c, session: s, x: x}
}

var errRole = &Problem{Status: http.StatusForbidden, Reason: "role", Text: "Your role is viewer, and this is for operators. Nothing was done."}

// serve handles a request of an operator.
func (c *Console) serve(w *response, r *http.Request, x *proxy.Exchange, route *Route) {
	req := c.admitted(w, r, x)
	if req == nil {
		return
	}
	x.Operation = route.Operation
	if route.Operation == "" {
		x.Operation = "page"
	}
	if !route.Viewer && !req.MayAct() {
		req.finish(w, errRole)
		return
	}
	if r.Method == http.MethodPost {
		if problem := c.checkPost(w, req, route); problem != nil {
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

// finish records an action, unless it has been recorded, and releases its response.
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
