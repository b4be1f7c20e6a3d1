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

// Config is what the listeners of all protocols need.
type Config struct {
	// Name is "fhir" or "postgres", as records and log lines have it.
	Name string
	// Event is the message of the log line of an exchange, such as "request".
	Event string
	// Sink takes the audit records. No exchange is complete before its record is in.
	Sink mask.Sink
	// Logger takes a line an exchange, without values; nil takes none.
	Logger *slog.Logger
	// Metrics counts exchanges; nil counts nothing.
	Metrics *metrics.Listener
	// Tracer makes spans of exchanges; nil makes none.
	Tracer *trace.Tracer
	// Process says, in fixed words, why the process cannot serve whatever the upstream
	// does; nil for nothing to say.
	Process func() error
	// Full says, in fixed words, which limit a client that comes now would meet.
	Full func() error
	// Upstream asks whether the upstream responds. The error has fixed words alone.
	Upstream func() error
}

// Listener is what a listener keeps from exchange to exchange: the policy in force,
// failed logins, where records go, and whether it is ready. It may be used
// concurrently.
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

// Log is where the listener's lines go. It is never nil.
func (l *Listener) Log() *slog.Logger { return l.config.Logger }

// Metrics counts what the listener does; a nil one counts nothing.
func (l *Listener) Metrics() *metrics.Listener { return l.config.Metrics }

// Drain notes that the listener stops: from now on it is not ready.
func (l *Listener) Drain() { l.draining.Store(true) }

// Draining reports whether Drain was called.
func (l *Listener) Draining() bool { return l.draining.Load() }

// Open notes a socket that is about to be served. It reports false, and closes the socket,
// if the listener stops.
func (l *Listener) Open(socket net.Listener) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Draining() {
		_ = socket.Close() // nothing was accepted
		return false
	}
	l.sockets[socket] = struct{}{}
	return true
}

// CloseSockets ends what Open noted. Call it after Drain: then no socket is left out,
// whichever of the two comes first.
func (l *Listener) CloseSockets() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for socket := range l.sockets {
		_ = socket.Close() // again, if a server has closed it
	}
}

// errDraining is why a listener that stops is not ready.
var errDraining = errors.New("shutting down")

// Ready says, in fixed words, why a client that comes now would not be served, or
// returns nil: first what the process knows of itself, such as that its audit log
// cannot be written, then the limits, and the upstream last.
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
	// upstreamAge is how long an upstream that responded is taken to respond,
	// upstreamFailureAge how long one that did not is taken not to.
	upstreamAge        = 5 * time.Second
	upstreamFailureAge = time.Second
)

// upstreamState is whether the upstream responds, as of a moment ago: a probe is
// nothing that should load it.
type upstreamState struct {
	mu    sync.Mutex
	until time.Time
	err   error
}

// check queries the upstream unless that was done a moment ago. Whoever comes while it
// is queried waits for that response.
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
