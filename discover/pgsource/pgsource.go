// Package pgsource reads what discovery needs from a PostgreSQL database: its catalog,
// and a sample of the rows of each table, of which it keeps profiles.
//
// It only reads, in read-only transactions with a time limit for each statement. A
// relation that cannot be read is reported, and the others are still read. A server's
// error message can contain values, so only the error's code is kept.
package pgsource

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/discover"
)

// Options say how a database is read.
type Options struct {
	// Rows is how many rows of each table are sampled.
	Rows int
	// Statement is the time limit for reading one table.
	Statement time.Duration
	// Progress is called after each relation, unless nil.
	Progress func(done, total int)
}

// catalogTimeout is how long reading the catalog may take.
const catalogTimeout = 2 * time.Minute

// Read reads a database. When ctx ends, tables not reached yet are reported as unread.
// The error is about the database as a whole.
func Read(ctx context.Context, dsn string, o Options) ([]discover.Table, error) {
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("the connection string is not valid: expected one such as postgres://user@host/database") // the driver's error quotes the string
	}
	return ReadFrom(ctx, config, o)
}

// ReadFrom is like Read, with a given connection configuration.
func ReadFrom(ctx context.Context, config *pgconn.Config, o Options) ([]discover.Table, error) {
	config.RuntimeParams["application_name"] = "veil discover"
	config.RuntimeParams["default_transaction_read_only"] = "on"
	config.RuntimeParams["client_encoding"] = "UTF8"
	connect := func() (*pgconn.PgConn, error) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		return pgconn.ConnectConfig(ctx, config)
	}
	c, err := connect()
	if err != nil {
		return nil, fmt.Errorf("cannot connect to the database: %s", reason(err))
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	set := fmt.Sprintf("set statement_timeout = %d; set search_path = pg_catalog; set datestyle = iso; set bytea_output = hex; set intervalstyle = postgres", catalogTimeout.Milliseconds())
	if _, err := c.Exec(ctx, set).ReadAll(); err != nil {
		return nil, fmt.Errorf("cannot set up the session: %s", reason(err))
	}
	relations, err := loadCatalog(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("cannot read the catalog: %s", reason(err))
	}
	// Functions in views need the role's search path. Names in Veil's own SQL are qualified.
	if _, err := c.Exec(ctx, "reset search_path").ReadAll(); err != nil {
		return nil, fmt.Errorf("cannot set up the session: %s", reason(err))
	}
	for i, r := range relations {
		switch {
		case ctx.Err() != nil:
			r.table.Unread = "the time ran out"
		case c.IsClosed():
			if c, err = connect(); err != nil {
				return nil, fmt.Errorf("the connection was lost after %d of %d tables: %s", i, len(relations), reason(err))
			}
			if _, err := c.Exec(ctx, set+"; reset search_path").ReadAll(); err != nil {
				return nil, fmt.Errorf("cannot set up the session: %s", reason(err))
			}
			fallthrough
		default:
			if err := r.sample(ctx, c, o.Rows, o.Statement.Milliseconds()); err != nil {
				r.table.Unread = reason(err)
			}
		}
		if o.Progress != nil {
			o.Progress(i+1, len(relations))
		}
	}
	tables := make([]discover.Table, len(relations))
	for i, r := range relations {
		tables[i] = r.table
	}
	return tables, nil
}

// reason describes what went wrong. The text of a server's error is left out, since it
// may quote a value.
func reason(err error) string {
	var server *pgconn.PgError
	switch {
	case errors.As(err, &server):
	case errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err):
		return "the time ran out"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	default:
		var connecting *pgconn.ConnectError
		if errors.As(err, &connecting) {
			return "no connection: check host, port, database, TLS mode and network"
		}
		return "the connection failed"
	}
	known := map[string]string{
		"42501": "no privilege to read it: grant SELECT to the role",
		"42P01": "it was dropped while the database was read",
		"42703": "its columns were changed while the database was read",
		"57014": "reading it took too long: raise --timeout",
		"55P03": "another session has locked it",
		"28P01": "the password was not accepted",
		"28000": "the role or its method of authentication was not accepted",
		"3D000": "the database does not exist",
		"53300": "the server has too many connections",
		"0A000": "it cannot be read in this way",
		"55000": "it is not ready to be read, such as a materialized view that was never refreshed",
	}
	if text, ok := known[server.Code]; ok {
		return fmt.Sprintf("%s (SQLSTATE %s)", text, server.Code)
	}
	switch server.Code[:min(2, len(server.Code))] {
	case "22", "23":
		return fmt.Sprintf("a value in it makes its definition fail (SQLSTATE %s)", server.Code)
	}
	return fmt.Sprintf("the server reported an error (SQLSTATE %s)", server.Code)
}
