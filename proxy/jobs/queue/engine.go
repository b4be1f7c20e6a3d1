package queue

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// database runs statements. In both databases, parameters are written as $1, $2 and so
// on.
type database interface {
	exec(ctx context.Context, statement string, args ...any) (rows int64, err error)
	query(ctx context.Context, statement string, args []any, each func(scan func(...any) error) error) error
}

// transaction is a database within a transaction, in which jobs are queued.
type transaction interface {
	database
	// enqueue makes River run a job.
	enqueue(ctx context.Context, id string) error
}

// engine is an open database with River.
type engine interface {
	database
	within(ctx context.Context, do func(transaction) error) error
	// alone reports whether no other process can use the database.
	alone() bool
	start(ctx context.Context) error
	stop()
	close()
}

// task is what River stores of a job.
type task struct {
	ID string `json:"id"`
}

// Kind implements river.JobArgs.
func (task) Kind() string { return "veil" }

// connect opens the database that is configured.
func (q *Queue) connect(ctx context.Context) (engine, error) {
	if q.config.DSN != "" {
		return q.connectPostgres(ctx)
	}
	return q.connectSQLite(ctx)
}

// databaseName is that of the file in the directory.
const databaseName = "jobs.db"

// connectSQLite opens the file. One connection keeps it locked while the process runs.
func (q *Queue) connectSQLite(ctx context.Context) (engine, error) {
	if err := os.MkdirAll(q.config.Dir, 0o700); err != nil {
		return nil, err
	}
	name := filepath.Join(q.config.Dir, databaseName)
	// SQLite gives the files beside it the mode of this one.
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(name), RawQuery: url.Values{
		"_pragma": {"busy_timeout(3000)", "locking_mode(EXCLUSIVE)", "journal_mode(WAL)", "synchronous(FULL)"},
		"_txlock": {"immediate"},
	}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	e := &connection[*sql.Tx]{
		database: overSQL{db}, single: true, closePool: func() { _ = db.Close() },
		begin:  func(ctx context.Context) (*sql.Tx, error) { return db.BeginTx(ctx, nil) },
		over:   func(tx *sql.Tx) database { return overSQL{tx} },
		commit: func(_ context.Context, tx *sql.Tx) error { return tx.Commit() },
		abort:  func(_ context.Context, tx *sql.Tx) { _ = tx.Rollback() }, // the first error counts
	}
	return e, e.prepare(ctx, q, riversqlite.New(db))
}

func (q *Queue) connectPostgres(ctx context.Context) (engine, error) {
	c, err := pgxpool.ParseConfig(q.config.DSN)
	if err != nil {
		return nil, err
	}
	if q.config.Password != "" {
		c.ConnConfig.Password = q.config.Password
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, err
	}
	e := &connection[pgx.Tx]{
		database: overPgx{pool}, closePool: pool.Close,
		begin:  pool.Begin,
		over:   func(tx pgx.Tx) database { return overPgx{tx} },
		commit: func(ctx context.Context, tx pgx.Tx) error { return tx.Commit(ctx) },
		abort:  func(ctx context.Context, tx pgx.Tx) { _ = tx.Rollback(context.WithoutCancel(ctx)) }, // likewise
	}
	return e, e.prepare(ctx, q, riverpgxv5.New(pool))
}

// connection is an engine that uses a driver of River.
type connection[TTx any] struct {
	database
	client    *river.Client[TTx]
	begin     func(context.Context) (TTx, error)
	over      func(TTx) database
	commit    func(context.Context, TTx) error
	abort     func(context.Context, TTx)
	single    bool
	closePool func()
}

// zombie is how long River waits before it rescues a job whose process is gone. The
// function rescue queues it again long before.
const zombie = 24 * time.Hour

// prepare migrates the tables of River and creates its client.
func (c *connection[TTx]) prepare(ctx context.Context, q *Queue, driver riverdriver.Driver[TTx]) (err error) {
	defer func() {
		if err != nil {
			c.closePool()
		}
	}()
	log := slog.New(quiet{q.config.Logger.Handler()})
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("the tables of the jobs database could not be created: %w", err)
	}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{queue: q}); err != nil {
		return err
	}
	c.client, err = river.NewClient(driver, &river.Config{
		Logger: log, Workers: workers, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: q.config.Concurrency}},
		JobTimeout: -1, MaxAttempts: mostStarts, RescueStuckJobsAfter: zombie, RetryPolicy: backoff{q},
	})
	return err
}

func (c *connection[TTx]) within(ctx context.Context, do func(transaction) error) error {
	tx, err := c.begin(ctx)
	if err != nil {
		return err
	}
	if err := do(&pending[TTx]{c.over(tx), c.client, tx}); err != nil {
		c.abort(ctx, tx)
		return err
	}
	return c.commit(ctx, tx)
}

func (c *connection[TTx]) alone() bool { return c.single }

func (c *connection[TTx]) start(context.Context) error {
	// Only stop stops the client, after the jobs have ended in their own way.
	return c.client.Start(context.Background())
}

// stopTime bounds the time until released jobs return.
const stopTime = 20 * time.Second

func (c *connection[TTx]) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	_ = c.client.StopAndCancel(ctx) // a job that does not return in time is found by its heartbeat
}

func (c *connection[TTx]) close() { c.closePool() }

// pending is a transaction of an engine.
type pending[TTx any] struct {
	database
	client *river.Client[TTx]
	tx     TTx
}

func (p *pending[TTx]) enqueue(ctx context.Context, id string) error {
	made, err := p.client.InsertTx(ctx, p.tx, task{id}, nil)
	if err != nil {
		return err
	}
	_, err = p.exec(ctx, "UPDATE veil_job SET river = $1 WHERE id = $2", made.Job.ID, id)
	return err
}

// quiet logs only River's warnings and errors.
type quiet struct{ slog.Handler }

func (h quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}
