package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Postgres says where a shared store is.
type Postgres struct {
	// DSN is a connection string without a password, and Password is the password.
	DSN, Password string
	Logger        *slog.Logger // logs errors
}

// shared is a store in a database. Its clock is that of the database.
type shared struct {
	pool *pgxpool.Pool
	log  *slog.Logger

	mu     sync.Mutex
	ready  bool   // the tables exist
	secret []byte // nil: not read yet
}

const (
	// mostShared bounds the sessions of a database.
	mostShared = 10_000
	// patience is how long the database has for a statement.
	patience = 5 * time.Second
	// tableLock is that of the transaction that makes the tables.
	tableLock = 0x7665696c // "veil"
)

// tables are the statements that create the tables of the store. Replicas run them when needed.
const tables = `
CREATE TABLE IF NOT EXISTS veil_console_session (id bytea PRIMARY KEY, account bytea NOT NULL, sealed bytea NOT NULL, begun timestamptz NOT NULL DEFAULT now(), seen timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS veil_console_used (id bytea PRIMARY KEY, until timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS veil_console_secret (one boolean PRIMARY KEY DEFAULT true CHECK (one), secret bytea NOT NULL);`

// NewPostgres returns a store that is shared by all processes with the same database. It
// opens no connection: the database may be down when Veil starts.
func NewPostgres(c Postgres) (Store, error) {
	config, err := pgxpool.ParseConfig(c.DSN)
	if err != nil {
		return nil, errors.New("expected a connection string of PostgreSQL")
	}
	if c.Password != "" {
		config.ConnConfig.Password = c.Password
	}
	config.MaxConns = 4
	config.ConnConfig.ConnectTimeout = patience
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, err
	}
	s := &shared{pool: pool, log: c.Logger}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// do runs f after making sure that the tables exist.
func (s *shared) do(ctx context.Context, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := s.prepare(ctx)
	if err == nil {
		err = f(ctx)
	}
	if err != nil {
		s.log.Error("the sessions of the console cannot be reached", "door", "console", "problem", err.Error())
		return ErrUnavailable
	}
	return nil
}

// prepare creates the tables, one replica at a time.
func (s *shared) prepare(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready {
		return nil
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(tableLock)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, tables)
		return err
	})
	s.ready = err == nil
	return err
}

// Put implements Store.
func (s *shared) Put(ctx context.Context, id ID, row Row, limits Limits) error {
	return s.do(ctx, func(ctx context.Context) error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `DELETE FROM veil_console_session WHERE seen <= now() - make_interval(secs => $1) OR begun <= now() - make_interval(secs => $2)
				OR id IN (SELECT id FROM veil_console_session ORDER BY seen DESC OFFSET $3)`, limits.Idle.Seconds(), limits.Lifetime.Seconds(), mostShared-1); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "INSERT INTO veil_console_session (id, account, sealed) VALUES ($1, $2, $3)", id[:], row.Account[:], row.Sealed)
			return err
		})
	})
}

// Get implements Store.
func (s *shared) Get(ctx context.Context, id ID, limits Limits) (row Row, ok bool, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		var account []byte
		err := s.pool.QueryRow(ctx, `UPDATE veil_console_session SET seen = now()
			WHERE id = $1 AND seen > now() - make_interval(secs => $2) AND begun > now() - make_interval(secs => $3) RETURNING account, sealed`,
			id[:], limits.Idle.Seconds(), limits.Lifetime.Seconds()).Scan(&account, &row.Sealed)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		ok = err == nil && copy(row.Account[:], account) == len(row.Account)
		return err
	})
	return row, ok && err == nil, err
}

// Delete implements Store.
func (s *shared) Delete(ctx context.Context, id ID) error {
	return s.do(ctx, func(ctx context.Context) error {
		_, err := s.pool.Exec(ctx, "DELETE FROM veil_console_session WHERE id = $1", id[:])
		return err
	})
}

// Keep implements Store.
func (s *shared) Keep(ctx context.Context, accounts [][sha256.Size]byte) error {
	list := make([][]byte, len(accounts))
	for i := range accounts {
		list[i] = accounts[i][:]
	}
	return s.do(ctx, func(ctx context.Context) error {
		_, err := s.pool.Exec(ctx, "DELETE FROM veil_console_session WHERE account <> ALL ($1)", list)
		return err
	})
}

// Once implements Store.
func (s *shared) Once(ctx context.Context, what ID, within time.Duration) (first bool, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		if _, err := s.pool.Exec(ctx, "DELETE FROM veil_console_used WHERE until <= now()"); err != nil {
			return err
		}
		done, err := s.pool.Exec(ctx, "INSERT INTO veil_console_used VALUES ($1, now() + make_interval(secs => $2)) ON CONFLICT DO NOTHING", what[:], within.Seconds())
		first = done.RowsAffected() == 1
		return err
	})
	return first && err == nil, err
}

// Secret implements Store.
func (s *shared) Secret(ctx context.Context) (secret []byte, err error) {
	s.mu.Lock()
	secret = s.secret
	s.mu.Unlock()
	if secret != nil {
		return secret, nil
	}
	fresh := make([]byte, secretSize)
	_, _ = rand.Read(fresh) // never fails: crypto/rand ends the process instead
	err = s.do(ctx, func(ctx context.Context) error {
		if _, err := s.pool.Exec(ctx, "INSERT INTO veil_console_secret (secret) VALUES ($1) ON CONFLICT DO NOTHING", fresh); err != nil {
			return err
		}
		return s.pool.QueryRow(ctx, "SELECT secret FROM veil_console_secret").Scan(&secret)
	})
	if err != nil || len(secret) != secretSize {
		return nil, ErrUnavailable
	}
	s.mu.Lock()
	s.secret = secret
	s.mu.Unlock()
	return secret, nil
}

// Close implements Store.
func (s *shared) Close() { s.pool.Close() }
