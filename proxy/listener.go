package proxy

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/trace"
)

// Config is the configuration of a listener of any protocol.
type Config struct {
	// Name is "fhir" or "postgres", as in records and log lines.
	Name string
	// Event is the message of the log line of an exchange, such as "request".
	Event string
	// Sink stores the audit records. No exchange is complete before its record is stored.
	Sink mask.Sink
	// Logger logs one line per exchange, without values; nil logs nothing.
	Logger *slog.Logger
	// Metrics counts exchanges; nil counts nothing.
	Metrics *metrics.Listener
	// Tracer creates spans of exchanges; nil creates none.
	Tracer *trace.Tracer
	// Process says, in fixed words, why the process cannot serve, independently of the
	// upstream. It may be nil.
	Process func() error
	// Full says, in fixed words, which limit a client that connects now would reach.
	Full func() error
	// Upstream checks whether the upstream responds. The error has only fixed words.
	Upstream func() error
}

// Listener is the state that a listener keeps between exchanges: the policy in force,
// failed logins, the sink of records, and readiness. It is safe for concurrent use.
type Listener struct {
	config   Config
	policy   atomic.Pointer[Policy]
	draining atomic.Bool
	attempts atomic.Pointer[consumer.Attempts]
	upstream upstreamState

	mu      sync.Mutex
	sockets map[net.Listener]struct{}
}

// New returns a listener without a policy.
func New(c Config) (*Listener, error) {
	if c.Sink == nil {
		return nil, errors.New("the " + c.Name + " listener needs an audit log")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	l := &Listener{config: c, sockets: map[net.Listener]struct{}{}}
	l.SlowDown(consumer.NewAttempts())
	return l, nil
}

// Log returns the listener's logger, which is never nil.
func (l *Listener) Log() *slog.Logger { return l.config.Logger }

// Metrics returns the listener's metrics; a nil result counts nothing.
func (l *Listener) Metrics() *metrics.Listener { return l.config.Metrics }

// Drain marks the listener as stopping: from now on it is not ready.
func (l *Listener) Drain() { l.draining.Store(true) }

// Draining reports whether Drain was called.
func (l *Listener) Draining() bool { return l.draining.Load() }

// Open notes a socket that is about to be served. If the listener is stopping, it closes
// the socket and reports false.
func (l *Listener) Open(socket net.Listener) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Draining() {
		_ = socket.Close() // no connection was accepted
		return false
	}
	l.sockets[socket] = struct{}{}
	return true
}

// CloseSockets closes the sockets noted by Open. Call it after Drain, so that no socket
// is missed.
func (l *Listener) CloseSockets() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for socket := range l.sockets {
		_ = socket.Close() // a second time, if a server has closed it
	}
}

// errDraining says that a listener is shutting down, so it is not ready.
var errDraining = errors.New("shutting down")

// Ready says, in fixed words, why a client that connects now would not be served, or
// returns nil. It checks the process itself first, such as whether the audit log can be
// written, then the limits, and the upstream last.
func (l *Listener) Ready() error {
	if l.config.Process != nil {
		if err := l.config.Process(); err != nil {
			return err
		}
	}
	if l.Draining() {
		return errDraining
	}
	if l.config.Full != nil {
		if err := l.config.Full(); err != nil {
			return err
		}
	}
	return l.upstream.check(l.config.Upstream)
}

const (
	// upstreamAge is how long a successful check of the upstream is valid,
	// upstreamFailureAge how long a failed one is.
	upstreamAge        = 5 * time.Second
	upstreamFailureAge = time.Second
)

// upstreamState is the cached result of a check of the upstream, so that probes do not
// load it.
type upstreamState struct {
	mu    sync.Mutex
	until time.Time
	err   error
}

// check queries the upstream, unless it did so recently. Callers wait for a query in
// progress.
func (s *upstreamState) check(probe func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if probe == nil || time.Now().Before(s.until) {
		return s.err
	}
	age := upstreamAge
	if s.err = probe(); s.err != nil {
		age = upstreamFailureAge
	}
	s.until = time.Now().Add(age)
	return s.err
}
