// Package pool manages the connections to the PostgreSQL server that holds the
// originals: those of sessions, with Veil's own role, and those that read its catalog.
//
//	p, err := pool.New(pool.Config{DSN: "postgres://veil@db/clinic", …})
//	conn, err := p.Acquire(ctx, settings)
//	defer p.Release(conn, clean)
//
// Invariants: the number of connections is bounded; one belongs to one session at a
// time and is cleared before the next; a role that may do more than read is refused
// unless the operator allows it; no error or log line contains text of the upstream,
// only its SQLSTATE.
//
// Not known here: what is sent over a connection.
package pool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unique"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

const (
	// ReadAhead is how much is read ahead from the upstream, in bytes.
	ReadAhead = 64 << 10
	// mostIdle bounds the idle connections, and idleFor how long they are kept.
	mostIdle = 16
	idleFor  = time.Minute
	// cleanTimeout bounds the time for resetting a connection for the next session.
	cleanTimeout = 5 * time.Second
	// largestOut bounds the output buffers that are kept.
	largestOut = 128 << 10
	// patience is how long Veil waits for a response of the upstream before it checks
	// whether the client is still connected.
	patience = 3 * time.Second
)

// ApplicationName is the application_name of each session at the upstream.
const ApplicationName = "veil"

// ErrProtocol ends a session whose upstream violates the protocol.
var ErrProtocol = errors.New("unexpected response from the upstream")

// ErrGone ends a session whose upstream can no longer be reached.
var ErrGone = errors.New("the connection to the upstream failed")

// errBusy is the error if no connection is free.
var errBusy = &wire.Error{Code: "53300", Text: "all connections to the upstream are in use", Hint: "Try again later."}

// Config says which PostgreSQL server holds the originals, and how its connections are
// bounded.
type Config struct {
	// DSN is a libpq connection string. Password is the password of its role; if empty,
	// the one in the string.
	DSN, Password string
	// PowerfulRole accepts a role that can do more than read, with a warning.
	PowerfulRole bool
	// Connections bounds the connections of sessions. If none is free, a session waits for
	// at most QueueTimeout. ConnectTimeout bounds the opening of one.
	Connections                  int
	QueueTimeout, ConnectTimeout time.Duration
	// RowBytes bounds a message that is held in memory.
	RowBytes int
	Logger   *slog.Logger
}

// Pool opens connections to the upstream with Veil's own credentials, and limits their
// number.
type Pool struct {
	config *pgx.ConnConfig
	limits Config
	slots  chan struct{}
	role   roleCheck
	log    *slog.Logger
	major  atomic.Int32 // of the server's version; 0: unknown
	// dateStyle is the initial style of sessions whose client requests none: ISO, in the
	// server's order.
	dateStyle atomic.Pointer[string]
	waiters   atomic.Int32
	// statuses are the parameters that the server last reported for a session. Most sessions
	// have the same, and share them.
	statuses atomic.Pointer[map[string]string]

	mu     sync.Mutex
	idle   []*Conn // longest idle first
	closed bool
}

// New parses the connection string. It opens nothing. Its error never quotes the
// string, which can contain a password.
func New(c Config) (*Pool, error) {
	config, err := pgx.ParseConfig(c.DSN)
	if err != nil {
		return nil, errors.New("the upstream's connection string cannot be parsed: expected a URL or libpq's key=value pairs")
	}
	if c.Password != "" {
		config.Password = c.Password
	}
	config.ConnectTimeout = c.ConnectTimeout
	config.OnNotice, config.OnNotification = nil, nil
	return &Pool{
		config: config, limits: c, log: c.Logger, slots: make(chan struct{}, c.Connections),
		role: roleCheck{allow: c.PowerfulRole, log: c.Logger},
	}, nil
}

// Database returns the name of the database that sessions are connected to.
func (u *Pool) Database() string { return u.config.Database }

// Full reports whether no further connection is available.
func (u *Pool) Full() bool { return len(u.slots) == cap(u.slots) }

// Stats counts the connections that sessions hold, the idle ones, and the sessions that
// wait for one.
func (u *Pool) Stats() (used, idle, waiting int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.slots), len(u.idle), int(u.waiters.Load())
}

// Acquire returns a connection with the given settings: an idle one, or a new one once
// there is room. Its error is a *sessionError.
func (u *Pool) Acquire(ctx context.Context, settings map[string]string) (*Conn, error) {
	select {
	case u.slots <- struct{}{}:
	default:
		if err := u.wait(ctx); err != nil {
			return nil, err
		}
	}
	key := unique.Make(settingsText(settings))
	for {
		c := u.take(key)
		if c == nil {
			break
		}
		if c.alive() {
			return c, nil
		}
		c.close()
	}
	c, err := u.connect(ctx, settings, key)
	if err != nil {
		<-u.slots
		return nil, err
	}
	return c, nil
}

// wait waits until another connection is released, and takes its place.
func (u *Pool) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, u.limits.QueueTimeout)
	defer cancel()
	u.waiters.Add(1)
	defer u.waiters.Add(-1)
	select {
	case u.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errBusy
	}
}

// take returns the most recently used connection with these settings, or nil, and closes
// those that have been idle for too long.
func (u *Pool) take(key unique.Handle[string]) *Conn {
	u.mu.Lock()
	defer u.mu.Unlock()
	for len(u.idle) > 0 && time.Since(u.idle[0].since) > idleFor {
		u.idle[0].close()
		u.idle = u.idle[1:]
	}
	for i := len(u.idle) - 1; i >= 0; i-- {
		if c := u.idle[i]; c.settings == key {
			u.idle = append(u.idle[:i:i], u.idle[i+1:]...)
			return c
		}
	}
	return nil
}

// Release returns a connection. If it is not clean, that is, in the middle of
// something, it is closed.
func (u *Pool) Release(c *Conn, clean bool) {
	defer func() { <-u.slots }()
	if !clean || c.discard() != nil {
		c.close()
		return
	}
	c.Rest()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed || len(u.idle) >= mostIdle {
		c.close()
		return
	}
	c.since = time.Now()
	u.idle = append(u.idle, c)
}

// Close closes the idle connections, and every other one when it is released.
func (u *Pool) Close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	for _, c := range u.idle {
		c.close()
	}
	u.idle = nil
}

func settingsText(settings map[string]string) string {
	var all []string
	for name, value := range settings {
		all = append(all, fmt.Sprintf("%q=%q", name, value))
	}
	sort.Strings(all)
	return strings.Join(all, " ")
}

// connect opens a connection. The error that the client is sent names no host, role or
// address.
func (u *Pool) connect(ctx context.Context, settings map[string]string, key unique.Handle[string]) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, u.limits.ConnectTimeout)
	defer cancel()
	pg, from, err := u.open(ctx, settings)
	if err != nil {
		u.log.Error("upstream connection failed", "door", "postgres", "code", SQLState(err))
		if refused := badParameter(err, settings); refused != nil {
			return nil, refused
		}
		return nil, &wire.Error{Code: "08001", Text: "the upstream cannot be reached"}
	}
	if err := u.role.check(ctx, pg); err != nil {
		_ = pg.Close(ctx)
		if errors.Is(err, errNotChecked) {
			u.log.Error("upstream connection failed", "door", "postgres", "reason", err.Error())
			return nil, &wire.Error{Code: "08006", Text: "the upstream did not begin a session as expected"}
		}
		u.log.Error("upstream role is refused", "door", "postgres", "reason", err.Error())
		return nil, &wire.Error{Code: "42501", Text: "the upstream's role may do more than read, so it is not used", Hint: "The operator's log says what the role may do."}
	}
	hijacked, err := pg.Hijack()
	if err != nil || hijacked.Frontend.ReadBufferLen() > 0 || hijacked.TxStatus != 'I' {
		_ = pg.Close(ctx)
		return nil, &wire.Error{Code: "08006", Text: "the upstream did not begin a session as expected"}
	}
	_ = hijacked.Conn.SetDeadline(time.Time{})
	c := NewConn(hijacked.Conn, u.limits.RowBytes)
	c.from = from
	c.Statuses, c.settings = u.shareStatuses(hijacked.ParameterStatuses), key
	// Of pgconn, a session keeps only what cancels a statement.
	hijacked.Config, hijacked.Frontend, hijacked.ParameterStatuses = &u.config.Config, nil, nil
	c.Cancel = func(ctx context.Context) error {
		canceler, err := pgconn.Construct(hijacked)
		if err != nil {
			return err
		}
		return canceler.CancelRequest(ctx)
	}
	return c, nil
}

// shareStatuses returns a shared map that is equal to the statuses of a session, if there
// is one.
func (u *Pool) shareStatuses(statuses map[string]string) map[string]string {
	if last := u.statuses.Load(); last != nil && maps.Equal(*last, statuses) {
		return *last
	}
	u.statuses.Store(&statuses)
	return statuses
}

// badParameter is the error for the client if the upstream refuses the value of a startup
// parameter; nil if it failed for another reason.
func badParameter(err error, settings map[string]string) *wire.Error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || !strings.HasPrefix(pg.Code, "22") && pg.Code != "42704" {
		return nil
	}
	for name := range settings {
		if strings.Contains(strings.ToLower(pg.Message), `"`+strings.ToLower(name)+`"`) {
			return &wire.Error{Code: pg.Code, Text: fmt.Sprintf("invalid value for parameter %q", name), Hint: "The parameter was set when the connection was opened. Set another value, or omit it."}
		}
	}
	return nil
}

// open opens a connection with pgconn, with the settings and those that its version of
// PostgreSQL needs in addition. The version is known after the first connection. It also
// returns the reader: if a write takes long, as on a busy machine, pgconn reads in the
// background, and only that reader has what it read.
func (u *Pool) open(ctx context.Context, settings map[string]string) (*pgconn.PgConn, io.Reader, error) {
	for {
		config := u.config.Config.Copy()
		config.TLSConfig = u.config.TLSConfig // shared by all connections
		for i, f := range u.config.Fallbacks {
			config.Fallbacks[i].TLSConfig = f.TLSConfig
		}
		major := u.major.Load()
		config.RuntimeParams = catalog.VersionSettings(int(major))
		maps.Copy(config.RuntimeParams, settings)
		_, wanted := settings["datestyle"]
		if style := u.dateStyle.Load(); !wanted && style != nil {
			config.RuntimeParams["DateStyle"] = *style
		}
		var from io.Reader
		build := config.BuildFrontend
		config.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
			from = r
			return build(r, w)
		}
		pg, err := pgconn.ConnectConfig(ctx, config)
		if err != nil {
			// The server may have been downgraded.
			u.major.Store(0)
			u.dateStyle.Store(nil)
			return nil, nil, err
		}
		found := majorVersion(pg.ParameterStatus("server_version"))
		style := pg.ParameterStatus("DateStyle")
		if iso := analysis.FirstDateStyle(style); !wanted {
			u.dateStyle.CompareAndSwap(nil, &iso)
			wanted = iso == style
		}
		if wanted && len(catalog.VersionSettings(int(found))) == len(catalog.VersionSettings(int(major))) {
			return pg, from, nil
		}
		u.major.Store(found)
		_ = pg.Close(ctx)
	}
}

// majorVersion reads "15.18 (Debian …)" or "17beta1"; any other text is version 0, which
// needs no settings.
func majorVersion(text string) int32 {
	var major int32
	for _, c := range []byte(text) {
		if c < '0' || c > '9' || major > 1000 {
			break
		}
		major = major*10 + int32(c-'0')
	}
	return major
}

// SQLState returns the code of an upstream error, or why it has none. Nothing else of
// the error may be logged.
func SQLState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return proxy.Cause(err)
}
