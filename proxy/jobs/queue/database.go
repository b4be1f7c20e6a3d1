package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// overSQL is a database accessed through database/sql.
type overSQL struct {
	db interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
}

func (d overSQL) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	result, err := d.db.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (d overSQL) query(ctx context.Context, statement string, args []any, each func(scan func(...any) error) error) (err error) {
	rows, err := d.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// overPgx is a database accessed through pgx.
type overPgx struct {
	db interface {
		Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
		Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	}
}

func (d overPgx) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	tag, err := d.db.Exec(ctx, statement, args...)
	return tag.RowsAffected(), err
}

func (d overPgx) query(ctx context.Context, statement string, args []any, each func(scan func(...any) error) error) error {
	rows, err := d.db.Query(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Unavailable is the error if the database cannot be used now.
type Unavailable struct {
	// What says what is wrong and what to do, in fixed words.
	What  string
	cause error
}

func (u *Unavailable) Error() string { return u.What }

// Unwrap returns the database's error.
func (u *Unavailable) Unwrap() error { return u.cause }

// failure translates an error of the database into Veil's own words. Errors of this
// package are returned as they are.
func failure(err error) error {
	if err == nil {
		return nil
	}
	var what string
	var lite *sqlite.Error
	var server *pgconn.PgError
	var connect *pgconn.ConnectError
	var path *fs.PathError
	switch {
	case errors.As(err, &lite):
		what = sqliteFailure(lite)
	case errors.Is(err, syscall.ENOSPC):
		what = "the disk of the jobs database is full: make room on it"
	case errors.As(err, &path):
		what = fmt.Sprintf("the jobs database cannot be opened: %v: check operator.jobs.stateDir", path)
	case errors.As(err, &connect):
		what = "the jobs database cannot be reached: check operator.jobs.database, and that PostgreSQL runs"
	case errors.As(err, &server):
		what = "the jobs database refused a statement (" + server.Code + "): check operator.jobs.database, and that the role owns its tables"
	case errors.Is(err, context.DeadlineExceeded):
		what = "the jobs database did not respond in time: try again"
	default:
		return err
	}
	return &Unavailable{what, err}
}

// sqliteFailure does so for the file of SQLite.
func sqliteFailure(err *sqlite.Error) string {
	switch err.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "the jobs database is locked by another process: each process of Veil needs its own operator.jobs.stateDir, or all of them one operator.jobs.database"
	case sqlite3.SQLITE_FULL:
		return "the disk of the jobs database is full: make room on it"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return "the jobs database cannot be written: check the owner and mode of operator.jobs.stateDir"
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return "the jobs database is damaged: restore jobs.db in operator.jobs.stateDir, or move it away to begin without jobs"
	}
	return fmt.Sprintf("the jobs database cannot be used (SQLite error %d): check the disk of operator.jobs.stateDir", err.Code())
}
