package pool

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// Catalogs holds the upstream's catalog as last seen, and ensures that no row leaves
// that was computed over a different one.
//
// A plan is made over a catalog, which the upstream may have changed since. So after
// the upstream's first response to a statement, and before any of it leaves, Holds asks
// whether the relations of the plan are still what they were: the statement has locked
// them by then, so they were the same when it began. If they are not, or a name is not
// known, Look loads the catalog again. The catalog is also checked from time to time,
// so that this is rare.
type Catalogs struct {
	up *Pool

	mu       sync.Mutex
	catalog  *catalog.Catalog
	looked   time.Time // when it was last seen
	next     *question // not begun
	checkers []*pgx.Conn
	checks   map[string]*check // under way, by their text
	asks     func(ctx context.Context, checkSQL string) (holds bool, err error)
	closed   bool

	inUse sync.Mutex // held by who uses conn
	conn  *pgx.Conn
}

// NewCatalogs returns the Catalogs of an upstream. known is the catalog as seen before,
// or nil.
func NewCatalogs(up *Pool, known *catalog.Catalog) *Catalogs {
	c := &Catalogs{up: up, catalog: known, looked: time.Now(), checks: map[string]*check{}}
	c.asks = c.ask
	return c
}

// question is a query of the catalog that several sessions wait for.
type question struct {
	done    chan struct{}
	catalog *catalog.Catalog
	err     error
}

// Current returns the catalog as last seen. The first call loads it.
func (c *Catalogs) Current(ctx context.Context) (*catalog.Catalog, error) {
	c.mu.Lock()
	catalog := c.catalog
	if catalog != nil && c.next == nil && time.Since(c.looked) > lookEvery {
		c.begin()
	}
	c.mu.Unlock()
	if catalog != nil {
		return catalog, nil
	}
	return c.Look(ctx)
}

// lookEvery is how old the catalog may be before it is checked again, while it is used.
const lookEvery = time.Second

// ask asks whether a plan's relations are unchanged since it was made.
func (c *Catalogs) ask(ctx context.Context, checkSQL string) (holds bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.up.limits.ConnectTimeout)
	defer cancel()
	var conn *pgx.Conn
	c.mu.Lock()
	if n := len(c.checkers); n > 0 {
		conn, c.checkers = c.checkers[n-1], c.checkers[:n-1]
	}
	c.mu.Unlock()
	if conn == nil {
		if conn, err = c.up.openCatalog(ctx); err != nil {
			return false, err
		}
	}
	if err = conn.QueryRow(ctx, checkSQL).Scan(&holds); errors.Is(err, pgx.ErrNoRows) {
		holds, err = false, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || len(c.checkers) >= mostCheckers || c.closed {
		hangUp(conn)
		return holds, err
	}
	c.checkers = append(c.checkers, conn)
	return holds, nil
}

// mostCheckers bounds the connections for asking whether plans are still valid.
const mostCheckers = 4

// begin asks a question. The lock is held.
func (c *Catalogs) begin() {
	c.next = &question{done: make(chan struct{})}
	go c.query(c.next)
}

// Look asks for the catalog's version, and loads the catalog if the version has
// changed. What it returns is not older than the call.
func (c *Catalogs) Look(ctx context.Context) (*catalog.Catalog, error) {
	c.mu.Lock()
	if c.next == nil {
		c.begin()
	}
	q := c.next
	c.mu.Unlock()
	select {
	case <-q.done:
		return q.catalog, q.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// query handles a question after the one before it.
func (c *Catalogs) query(q *question) {
	c.inUse.Lock()
	defer c.inUse.Unlock()
	c.mu.Lock()
	c.next = nil // later callers ask again
	known := c.catalog
	begun := time.Now()
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), c.up.limits.ConnectTimeout)
	defer cancel()
	q.catalog, q.err = c.load(ctx, known)
	if q.err != nil {
		c.up.log.Error("catalog could not be read", "door", "postgres", "code", SQLState(q.err))
		hangUp(c.conn)
		c.conn = nil
	} else {
		c.mu.Lock()
		c.catalog, c.looked = q.catalog, begun
		c.mu.Unlock()
	}
	close(q.done)
}

func (c *Catalogs) load(ctx context.Context, known *catalog.Catalog) (*catalog.Catalog, error) {
	if c.conn == nil {
		conn, err := c.up.openCatalog(ctx)
		if err != nil {
			return nil, err
		}
		c.conn = conn
	}
	if known != nil {
		var version string
		if err := c.conn.QueryRow(ctx, catalog.VersionSQL).Scan(&version); err != nil {
			return nil, err
		}
		if version == known.Version() {
			return known, nil
		}
	}
	return catalog.Load(ctx, c.conn)
}

// hangUp closes a connection; the next question opens another.
func hangUp(conn *pgx.Conn) {
	if conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}

// Close closes the connections that read the catalog.
func (c *Catalogs) Close() {
	c.inUse.Lock()
	defer c.inUse.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, conn := range append(c.checkers, c.conn) {
		hangUp(conn)
	}
	c.checkers, c.conn = nil, nil
}

// openCatalog opens a connection for reading the catalog, with the role of the sessions.
// There are at most mostCheckers + 1 of them, in addition to those of the sessions.
func (u *Pool) openCatalog(ctx context.Context) (*pgx.Conn, error) {
	conn, err := u.DialCatalog(ctx)
	if err != nil {
		return nil, err
	}
	if err := u.role.check(ctx, conn.PgConn()); err != nil {
		u.log.Error("upstream role is refused", "door", "postgres", "reason", err.Error())
		_ = conn.Close(ctx)
		return nil, &wire.Error{Code: "42501", Text: "the upstream's role may do more than read: " + err.Error()}
	}
	return conn, nil
}

// DialCatalog opens a connection for reading the catalog, whatever its role may do.
func (u *Pool) DialCatalog(ctx context.Context) (*pgx.Conn, error) {
	config := u.config.Copy()
	config.RuntimeParams = catalog.LoadSettings()
	config.RuntimeParams["application_name"] = ApplicationName
	return pgx.ConnectConfig(ctx, config)
}
