// Package pgproxy is the PostgreSQL listener: a read-only server of the PostgreSQL
// protocol that answers SQL queries over another PostgreSQL server with de-identified
// rows.
//
// A client logs in as a user of Veil. Each session has its own connection to the
// upstream, with Veil's role there. A statement is analysed and rewritten (package
// analysis) before the upstream sees it; the upstream's columns are compared with those
// of the analysis; its rows are masked in the frames in which they arrive; the audit
// record is made durable; and only then is the end of the response sent.
//
// A session is one goroutine. It reads messages from the client, sends their rewritten
// forms upstream, and remembers what is expected in response. When the client waits
// (Sync, Flush, a simple query), it reads the upstream's messages and responds. So each
// response is matched with the message that requested it, and anything unexpected ends
// the session. A statement that is refused inside a transaction is replaced by one that
// fails, so that the transaction is in the state that the client is told.
//
// Invariants: no text of an upstream error or notice passes, only its SQLSTATE; a
// prepared statement, portal or cursor is masked by the plan that it was made with, and
// a name without a known plan is never sent upstream; nothing leaves before the records
// of what it completes are durable; a message, column or row that the analysis does not
// expect ends the session; the upstream's session is read-only, and its role may only
// read.
//
// Not known here: what a statement may do and how a row is masked (package analysis),
// who may log in (package consumer), how the log is kept (the mask.Sink passed in).
package pgproxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/pgproxy/pool"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
	"github.com/veil-proxy/veil/proxy/trace"
)

// Config is what a listener needs.
type Config struct {
	// Upstream is the libpq connection string of the PostgreSQL server that holds the
	// originals.
	Upstream string
	// Password is the password of the upstream role; if empty, the one in the connection
	// string.
	Password string
	Policy   Policy
	// Sink takes the audit records. No response is completed before Sink has its record.
	Sink mask.Sink
	// Plaintext lets clients on other machines connect without encryption. Clients on this
	// machine always may.
	Plaintext bool
	// PowerfulRole accepts an upstream role that can do more than read, with a warning.
	PowerfulRole bool
	// SearchPath is the initial search path of a session. If it is empty, PostgreSQL's
	// default applies.
	SearchPath []string
	// Logger gets one line per statement, without values. If it is nil, nothing is logged.
	Logger *slog.Logger
	// Metrics counts statements, unless nil.
	Metrics *metrics.Listener
	// Tracer makes spans for sessions and statements, unless nil.
	Tracer *trace.Tracer
	Limits Limits
	// Ready returns an error, in fixed words, if the process cannot serve whatever the
	// upstream does. It may be nil.
	Ready func() error
}

// plansKept bounds the cached plans.
const plansKept = 10_000

// Server is a PostgreSQL listener.
type Server struct {
	shared     *proxy.Listener
	encryption atomic.Pointer[encryption]
	plaintext  bool
	searchPath []string
	limits     Limits
	up         *pool.Pool
	catalogs   *pool.Catalogs
	analyzer   *analysis.Analyzer
	sessions   sessions

	slots *proxy.Places
	rests atomic.Int64 // sessions that have gone idle since memory was last returned
	// stopping is cancelled when the grace period of Shutdown is over, and statements are no
	// longer waited for.
	stopping context.Context
	stop     context.CancelFunc
	mu       sync.Mutex
	open     map[*session]struct{}
	left     *sync.Cond // signals that a session has been removed from open
	ended    bool       // no more sessions may begin
}

// New checks the configuration and returns a listener. It opens no connection.
func New(c Config) (*Server, error) {
	limits, err := c.Limits.complete()
	if err != nil {
		return nil, err
	}
	s := &Server{
		plaintext: c.Plaintext, searchPath: c.SearchPath, limits: limits,
		analyzer: analysis.NewAnalyzer(plansKept),
		sessions: sessions{byID: map[uint32]*session{}},
		slots:    proxy.NewPlaces(limits.Connections),
		open:     map[*session]struct{}{},
	}
	s.left = sync.NewCond(&s.mu)
	s.stopping, s.stop = context.WithCancel(context.Background())
	if s.shared, err = proxy.New(proxy.Config{
		Name: "postgres", Event: "statement", Sink: c.Sink, Logger: c.Logger, Metrics: c.Metrics, Tracer: c.Tracer,
		Process: c.Ready, Full: s.full, Upstream: s.upstreamReady,
	}); err != nil {
		return nil, err
	}
	if len(s.searchPath) == 0 {
		s.searchPath = []string{"$user", "public"}
	}
	if s.up, err = pool.New(pool.Config{
		DSN: c.Upstream, Password: c.Password, PowerfulRole: c.PowerfulRole, Logger: s.shared.Log(),
		Connections: limits.UpstreamConnections, QueueTimeout: limits.QueueTimeout, ConnectTimeout: limits.ConnectTimeout, RowBytes: limits.RowBytes,
	}); err != nil {
		return nil, err
	}
	s.catalogs = pool.NewCatalogs(s.up, nil)
	if err := s.Reload(c.Policy); err != nil {
		return nil, err
	}
	return s, nil
}

// Warm connects to the upstream, reads its catalog and starts the parser, so that the
// first statement does not have to wait. Its error says what does not work.
func (s *Server) Warm(ctx context.Context) error {
	if err := analysis.Warm(); err != nil {
		return err
	}
	_, err := s.catalogs.Current(ctx)
	return err
}

// Ready returns an error, in fixed words, if a client that connected now could not be
// served.
func (s *Server) Ready() error { return s.shared.Ready() }

// full returns the limit that a new client would reach, if any.
func (s *Server) full() error {
	switch {
	case s.slots.Full():
		return errors.New("all client connections are in use (connections)")
	case s.up.Full():
		return errors.New("all connections to the PostgreSQL upstream are in use (upstreamConnections)")
	}
	return nil
}

// upstreamReady checks the upstream by its catalog.
func (s *Server) upstreamReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.limits.ConnectTimeout)
	defer cancel()
	if _, err := s.catalogs.Look(ctx); err != nil {
		return fmt.Errorf("the PostgreSQL upstream does not respond (%s)", pool.SQLState(err))
	}
	return nil
}

// Stats counts the connections at one moment.
type Stats struct {
	// Sessions are the client sessions.
	Sessions int
	// Upstream are the upstream connections that sessions hold, Idle the unused ones,
	// Waiting the sessions that wait for one.
	Upstream, Idle, Waiting int
}

// Stats counts connections.
func (s *Server) Stats() Stats {
	used, idle, waiting := s.up.Stats()
	return Stats{Sessions: s.slots.Taken(), Upstream: used, Idle: idle, Waiting: waiting}
}

// Serve handles clients until Shutdown or an error of the listener.
func (s *Server) Serve(l net.Listener) error {
	if !s.shared.Open(l) {
		return nil
	}
	for pause := time.Millisecond; ; {
		conn, err := l.Accept()
		if err != nil {
			if s.shared.Draining() {
				return nil
			}
			var temporary net.Error
			if errors.As(err, &temporary) && temporary.Timeout() || pause < time.Second && !errors.Is(err, net.ErrClosed) {
				time.Sleep(pause) // such as too many open files
				pause *= 2
				continue
			}
			return err
		}
		pause = time.Millisecond
		x := &session{s: s, login: s.shared.Begin(conn.RemoteAddr()), client: client{raw: conn, conn: conn, timeout: s.limits.WriteTimeout, stopping: s.stopping}}
		if refused := s.admit(x); refused != nil {
			go x.turnAway(refused)
		} else {
			go x.serve()
		}
	}
}

// admit lets a session begin, or says why it must not.
func (s *Server) admit(x *session) *wire.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return errClosing
	}
	if !s.slots.Try() {
		return &wire.Error{Code: "53300", Text: "sorry, too many clients already"}
	}
	s.open[x] = struct{}{}
	return nil
}

// remove removes a session that has ended.
func (s *Server) remove(x *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slots.Leave()
	delete(s.open, x)
	s.left.Broadcast()
}

// Shutdown stops accepting connections, ends the sessions that wait for their client,
// and waits until running statements are finished. When the context ends, it stops
// waiting: their clients are told, whether or not the upstream ends them in time.
func (s *Server) Shutdown(ctx context.Context) error {
	s.shared.Drain()
	s.shared.CloseSockets()
	s.mu.Lock()
	for x := range s.open {
		x.stopWaiting()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wait(); close(done) }()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.stop()
	<-done
	s.catalogs.Close()
	s.up.Close()
	s.analyzer.Close()
	return err
}

// wait returns when no session is left, and prevents new ones.
func (s *Server) wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.open) > 0 {
		s.left.Wait()
	}
	s.ended = true
}
