// Package operator is the listener for operators: health checks and metrics for
// everyone who can reach its address, and routes that require an operator's API key.
//
//	l, err := operator.New(operator.Config{Sink: log, Metrics: set, Ready: ready})
//	l.Handle(operator.Route{Pattern: "POST /darts/$de-identify", …})
//	l.Force(operators) // nil: nobody is an operator, and every route is refused
//	server := &http.Server{Handler: l}
//
// A route can mask a value that its caller chose, which would tell a consumer how an
// original is masked. So consumers' credentials are not valid here, and operators'
// credentials are not valid at the other listeners.
//
// Invariants: a route runs only for an operator; a failed login is recorded and slows down
// those that follow; a route commits the record of its exchange before it responds; no
// panic ends the process or reveals a value.
package operator

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/veil-proxy/veil/internal/stack"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/metrics"
)

// Paths of the health checks.
const (
	PathLive  = "/healthz" // the process is running
	PathReady = "/readyz"  // the process could serve the next request
)

// Config is what a listener needs.
type Config struct {
	// Sink takes the records of logins and of routes.
	Sink    mask.Sink
	Logger  *slog.Logger // nil: logs nothing
	Metrics *metrics.Set
	// Attempts slows down logins that follow failed ones; nil means as in proxy.Listener.
	Attempts *consumer.Attempts
	// Ready returns an error, in fixed words, if the process could not serve the next
	// request.
	Ready func() error
}

// Route is an operation for operators.
type Route struct {
	// Pattern is a pattern for http.ServeMux, such as "POST /darts/$de-identify".
	Pattern string
	// Operation names it in records, such as "de-identify".
	Operation string
	// Serve handles the request of an operator. It commits the record of the exchange
	// before it responds.
	Serve func(w http.ResponseWriter, r *http.Request, x *proxy.Exchange)
	// Refuse responds with an error in the form that the route's protocol requires. text
	// contains nothing of the request.
	Refuse func(w http.ResponseWriter, status int, text string)
}

// Listener handles the requests of operators. It is safe for concurrent use.
type Listener struct {
	shared    *proxy.Listener
	mux       *http.ServeMux
	operators atomic.Pointer[consumer.Directory]
	metrics   *metrics.Set
}

// New returns a listener with health checks and metrics.
func New(c Config) (*Listener, error) {
	shared, err := proxy.New(proxy.Config{Name: "operator", Event: "request", Sink: c.Sink, Logger: c.Logger, Metrics: c.Metrics.Listener("operator")})
	if err != nil {
		return nil, err
	}
	if c.Attempts != nil {
		shared.SlowDown(c.Attempts)
	}
	l := &Listener{shared: shared, mux: http.NewServeMux(), metrics: c.Metrics}
	l.mux.HandleFunc("GET "+PathLive, func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	l.mux.HandleFunc("GET "+PathReady, func(w http.ResponseWriter, _ *http.Request) {
		if err := c.Ready(); err != nil {
			plain(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
			return
		}
		plain(w, http.StatusOK, "ready")
	})
	l.mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		// With a Content-Length, a response that is cut off is invalid.
		var text bytes.Buffer
		c.Metrics.Write(&text)
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(text.Len()))
		_, _ = text.WriteTo(w) // the scraper is gone otherwise
	})
	return l, nil
}

// Force puts the operators in force for requests from now on; nil means nobody.
func (l *Listener) Force(operators *consumer.Directory) { l.operators.Store(operators) }

// Handle adds a route. Call it before the listener serves. It panics on a duplicate
// pattern, as http.ServeMux does.
func (l *Listener) Handle(route Route) {
	l.mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) { l.serve(w, r, &route) })
}

// Mount adds a handler that has its own login and records, such as the console, at a
// path and below it. Call it before the listener serves.
func (l *Listener) Mount(path string, h http.Handler) {
	l.mux.Handle(path+"/", h)
}

// ServeHTTP implements http.Handler.
func (l *Listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	l.mux.ServeHTTP(w, r)
}

// plain responds with a line of text.
func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") //nolint:gosec // plain text, and no text is of the request
}

// serve handles a request of an operator.
func (l *Listener) serve(w http.ResponseWriter, r *http.Request, route *Route) {
	x := l.shared.Begin(proxy.Address(r.RemoteAddr))
	out := &response{ResponseWriter: w}
	done := l.shared.Metrics().Begin()
	defer func() {
		fault := recover()
		// http.ErrAbortHandler ends a response that was begun, on purpose.
		if fault != nil && fault != any(http.ErrAbortHandler) {
			// Its text may contain a value.
			l.shared.Log().Error("internal error", "request_id", x.ID, "door", "operator", "stack", stack.OfPanic())
			if !out.begun {
				_ = x.Commit(x.Record("failed", "fault", ""), http.StatusInternalServerError) // responds with an error in any case
				route.Refuse(out, http.StatusInternalServerError, "internal error: see Veil's log for request "+x.ID)
				out.refused = true
			}
		}
		done()
		l.shared.Responded(x.Operation, out.status, time.Since(x.Started))
		if fault != nil && out.begun && !out.refused {
			panic(http.ErrAbortHandler) // the connection is cut, so that the response is visibly incomplete
		}
	}()
	if !l.admit(out, r, &x, route) {
		return
	}
	x.Operation = route.Operation
	route.Serve(out, r, &x)
}

// admit finds the operator of a request. If it reports false, it has responded.
func (l *Listener) admit(w http.ResponseWriter, r *http.Request, x *proxy.Exchange, route *Route) bool {
	operators := l.operators.Load()
	if operators == nil {
		x.Operation = "login"
		route.Refuse(w, http.StatusForbidden, "no operator is configured: add operator.keys to the configuration")
		return false
	}
	who, err := l.shared.LogIn(r.Context(), proxy.Address(r.RemoteAddr), "", func() (*consumer.Consumer, error) {
		return operators.Authenticate(r.Context(), consumer.Request{Authorization: r.Header["Authorization"], APIKey: r.Header["X-Api-Key"], Certificates: peer(r.TLS)})
	})
	if err == nil {
		x.Who = who
		return true
	}
	status, reason := http.StatusUnauthorized, proxy.ReasonCredentials
	if errors.Is(err, consumer.ErrTooManyAttempts) {
		status, reason = http.StatusTooManyRequests, proxy.ReasonAttempts
	}
	if x.RecordLogin("unknown", "refused", reason, status) != nil {
		route.Refuse(w, http.StatusServiceUnavailable, "the audit record could not be written")
		return false
	}
	w.Header().Set("WWW-Authenticate", operators.Challenge())
	route.Refuse(w, status, err.Error())
	return false
}

// peer returns the verified certificate chain of a TLS client.
func peer(s *tls.ConnectionState) []*x509.Certificate {
	if s == nil || len(s.VerifiedChains) == 0 {
		return nil
	}
	return s.VerifiedChains[0]
}

// response notes the status of a response.
type response struct {
	http.ResponseWriter
	status int
	begun  bool
	// refused: the response has been marked as an error.
	refused bool
}

func (r *response) WriteHeader(status int) {
	if !r.begun {
		r.status, r.begun = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *response) Write(b []byte) (int, error) {
	if !r.begun {
		r.status, r.begun = http.StatusOK, true
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets an http.ResponseController reach the connection.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }
