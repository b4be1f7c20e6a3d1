package records

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// database has the tables of a PostgreSQL database that the user can read. They are read in
// one transaction, so that all passes see the same rows.
type database struct {
	conn   *pgconn.PgConn
	tables []pgx.Identifier
}

func openPostgres(ctx context.Context, dsn string, o Options) (*Set, error) {
	conn, err := pgconn.Connect(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to the database: %w", err)
	}
	d := &database{conn: conn}
	s := &Set{Name: "database", sources: []source{d}, options: o, close: func() { _ = conn.Close(context.WithoutCancel(ctx)) }}
	if err := d.begin(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// begin begins the transaction and lists the tables.
func (d *database) begin(ctx context.Context) error {
	if _, err := d.conn.Exec(ctx, "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").ReadAll(); err != nil {
		return refused("cannot begin a transaction", err)
	}
	r := d.conn.ExecParams(ctx, `SELECT table_schema, table_name FROM information_schema.tables
		WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY table_schema, table_name`, nil, nil, nil, nil).Read()
	if r.Err != nil {
		return refused("cannot list the tables", r.Err)
	}
	for _, row := range r.Rows {
		d.tables = append(d.tables, pgx.Identifier{string(row[0]), string(row[1])})
	}
	if len(d.tables) == 0 {
		return errors.New("the database has no tables that this user can read")
	}
	return nil
}

// each implements source.
func (d *database) each(ctx context.Context, s *Set, emit func(*Table, Row) error) error {
	for _, name := range d.tables {
		t := s.table(strings.TrimPrefix(strings.Join(name, "."), "public."))
		told := &told{Set: s, what: t.Name}
		rows := d.conn.ExecParams(ctx, "SELECT * FROM "+name.Sanitize(), nil, nil, nil, nil)
		if len(t.Columns) == 0 {
			var names []string
			for _, f := range rows.FieldDescriptions() {
				names = append(names, f.Name)
			}
			if err := t.lay(names); err != nil {
				return fmt.Errorf("table %s: %w", t.Name, err)
			}
		}
		var row Row
		var later error
		for later == nil && rows.NextRow() {
			row.reset()
			for i, v := range rows.Values() {
				if v != nil {
					row.add(i, v)
				}
			}
			if later = told.row(ctx); later == nil {
				later = emit(t, row)
			}
		}
		if _, err := rows.Close(); later == nil && err != nil {
			return refused("table "+t.Name, err)
		}
		if later != nil {
			return later
		}
	}
	return nil
}

// refused returns the error of a statement. The server's message may contain values, so
// it is included only if the error is about privileges or names.
func refused(what string, err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return fmt.Errorf("%s: the server returned SQLSTATE %s", what, pg.Code)
	}
	return fmt.Errorf("%s: the connection failed", what)
}
