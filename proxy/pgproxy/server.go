// Package pgproxy is the PostgreSQL listener: a read-only server of the PostgreSQL
// protocol that answers SQL over another PostgreSQL with de-identified rows.
//
// A client logs in to Veil with a user of Veil's; each session has a connection
// of its own to the upstream, with Veil's role there. A statement is analysed and
// rewritten (package analysis) before the upstream sees it; the upstream's columns
// are compared with those of the analysis; its rows are masked in the frames they
// come in; the audit record is made durable; and only then does the end of the
// answer leave.
//
// A session is one goroutine. It reads messages of the client, sends their
// rewritten forms upstream, and remembers what is expected in response; where the
// client waits (Sync, Flush, a simple query) it reads the upstream's messages and
// responses. So each response is matched with the message that requested it, and what
// is not expected ends the session. A statement that is refused inside a
// transaction is sent as one that fails, so that the transaction is in the state
// the client is informed.
//
// Invariants: no text of the upstream passes, of an error or a notice, only its
// SQLSTATE; a prepared statement, portal or cursor is masked by the plan it was
// made with, and a name whose plan is not known is not asked for; nothing leaves
// before the records of what it completes are durable; a message, column or row
// that the analysis does not expect ends the session; the upstream's session is
// read-only, and its role may only read.
//
// Not known here: what a statement may do and how a row is masked (package
// analysis), who may log in (package consumer), how the log is kept (the mask.Sink
// that is handed in).
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
	// Upstream is the connection string of the PostgreSQL that has the
	// originals, as libpq takes it.
	Upstream string
	// Password is that of the upstream's role; the connection string's when it is
	// empty.
	Password string
	Policy   Policy
	// Sink takes the audit records. No response is completed before its record is
	// in.
	Sink mask.Sink
	// Plaintext lets clients of other machines in without encryption. Those of
	// this machine always may.
	Plaintext bool
	// PowerfulRole lets the upstream's role be one that may do more than read,
	// with a warning.
	PowerfulRole bool
	// SearchPath is where a session looks for relations at first; PostgreSQL's
	// default when it is empty.
	SearchPath []string
	// Logger takes one line a statement, without values. Nothing is logged when
	// it is nil.
	Logger *slog.Logger
	// Metrics counts statements; nil counts nothing.
	Metrics *metrics.Listener
	// Tracer makes spans of sessions and statements; none are made when it is nil.
	Tracer *trace.Tracer
	Limits Limits
	// Ready says, in fixed words, why the process cannot serve whatever the upstream
	// does; nil for nothing to say.
	Ready func() error
}

// plansKept is how many analysed statements are remembered.
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
	// stopping ends when the grace of Shutdown is over: no statement is waited for
	// any longer.
	stopping context.Context
	stop     context.CancelFunc
	mu       sync.Mutex
	open     map[*session]struct{}
	left     *sync.Cond // a session is no longer in open
	ended    bool       // none begins any more
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

// Warm connects to the upstream, reads its catalog and starts the parser, so
// that the first statement need not wait. Its error says what does not work.
func (s *Server) Warm(ctx context.Context) error {
	if err := analysis.Warm(); err != nil {
		return err
	}
	_, err := s.catalogs.Current(ctx)
	return err
}

// Ready says, in fixed words, why a client that comes now would not be served, or
// returns nil.
func (s *Server) Ready() error { return s.shared.Ready() }

// full says which limit a client that comes now would meet.
func (s *Server) full() error {
	switch {
	case s.slots.Full():
		return errors.New("all connections of clients are taken (connections)")
	case s.up.Full():
		return errors.New("all connections to the PostgreSQL upstream are taken (upstreamConnections)")
	}
	return nil
}

// upstreamReady looks at the upstream's catalog.
func (s *Server) upstreamReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.limits.ConnectTimeout)
	defer cancel()
	if _, err := s.catalogs.Look(ctx); err != nil {
		return fmt.Errorf("the PostgreSQL upstream does not respond (%s)", pool.SQLState(err))
	}
	return nil
}

// Stats are the connections of a moment.
type Stats struct {
	// Sessions are those of clients.
	Sessions int
	// Upstream are the connections to the upstream that sessions hold, Idle those
	// that are kept for the next one, Waiting the sessions that wait for one.
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

// remove forgets a session that is over.
func (s *Server) remove(x *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slots.Leave()
	delete(s.open, x)
	s.left.Broadcast()
}

// Shutdown stops taking connections, ends the sessions that wait for their
// client, and waits until the statements under way are handled. When the context
// ends it waits for those no longer: their clients are informed, whether or not the
// upstream ends them in time.
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

// wait returns when no session is left, and lets no other begin from then on.
func (s *Server) wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.open) > 0 {
		s.left.Wait()
	}
	s.ended = true
}
