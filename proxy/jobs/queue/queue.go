// Package queue keeps jobs in a database and runs them, one or several at a time, in this
// process or in one of several replicas. River is the engine. The caller provides the
// function that does the work of a job.
//
//	q, err := queue.New(queue.Config{Dir: "/var/lib/veil/jobs", Concurrency: 1, Run: run, Logger: log})
//	q.Start()                              // opens the database, in the background
//	job, fresh, err := q.Create(ctx, &queue.Order{Kind: "mask", Spec: spec, …})
//	list, err := q.List(ctx, queue.Filter{})
//	q.Close()                              // jobs in progress go on in the next process
//
// The database is SQLite in a directory of its own, for one process at a time, or
// PostgreSQL, for several. A table of this package has the state of each job; River's own
// tables only say who runs what next. The heartbeat reveals a job whose process was
// killed; it is queued again.
//
// Invariants: a job ends once. One process at a time runs it, unless a process stalls
// for longer than Stale. The database contains no value of a file.
package queue

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Config is what a queue needs.
type Config struct {
	// Dir has the database, unless DSN names a PostgreSQL database, whose password is
	// Password.
	Dir, DSN, Password string
	// Concurrency is how many jobs this process runs at a time.
	Concurrency int
	// Keep is how long jobs are kept after their end; zero means forever.
	Keep time.Duration
	// Run does the work of a job. An error ends the job, unless it is transient.
	Run func(ctx context.Context, a *Attempt) error
	// Ended is called at the end of each job, in the process that ran it, unless nil.
	Ended  func(j *Job)
	Logger *slog.Logger

	// Stale is how old the last heartbeat of a running job may be, and Backoff how long a
	// job waits after its first transient error. Zero means the default.
	Stale, Backoff time.Duration
}

const (
	defaultStale   = 30 * time.Second
	defaultBackoff = 10 * time.Second
	// mostFailures bounds the transient failures of a job, and mostStarts its starts: a job
	// that crashes the process each time must not do so for ever.
	mostFailures = 5
	mostStarts   = 100
)

// Queue is a database of jobs. It is safe for concurrent use.
type Queue struct {
	config Config
	stop   context.CancelFunc
	done   sync.WaitGroup
	ctx    context.Context //nolint:containedctx // of what runs in the background

	mu      sync.Mutex
	engine  engine // nil: not open yet
	problem error  // why it is not open
	running map[string]*Attempt
}

// New returns a queue. It opens nothing yet.
func New(c Config) (*Queue, error) {
	if c.Stale == 0 {
		c.Stale = defaultStale
	}
	if c.Backoff == 0 {
		c.Backoff = defaultBackoff
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Concurrency < 1 {
		return nil, errors.New("expected at least 1 job at a time")
	}
	q := &Queue{config: c, running: map[string]*Attempt{}, problem: ErrOpening}
	q.ctx, q.stop = context.WithCancel(context.Background())
	return q, nil
}

// ErrOpening says that the database is not open yet.
var ErrOpening = errors.New("the jobs database is being opened")

// openPause is the pause after a failure to open the database.
const openPause = time.Second

// Start opens the database in the background and runs queued jobs. If another process
// uses the database, it retries until it is free.
func (q *Queue) Start() {
	q.done.Go(func() {
		said := ""
		for {
			err := q.open()
			if err == nil {
				q.watch()
				return
			}
			q.mu.Lock()
			q.problem = err
			q.mu.Unlock()
			if text := err.Error(); text != said {
				said = text
				q.config.Logger.Error("jobs cannot be run", "problem", text)
			}
			if !q.pause(openPause) {
				return
			}
		}
	})
}

// pause waits. It reports false if the queue is closed in the meantime.
func (q *Queue) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-q.ctx.Done():
		return false
	}
}

// open opens the database, creates its tables, and starts to run jobs.
func (q *Queue) open() error {
	ctx, cancel := context.WithTimeout(q.ctx, 30*time.Second)
	defer cancel()
	e, err := q.connect(ctx)
	if err != nil {
		return failure(err)
	}
	if err = createTables(ctx, e); err == nil {
		// A file is used by one process: jobs that it lists as running were left by an earlier
		// one.
		_, err = q.rescue(ctx, e, nil, e.alone())
	}
	if err == nil {
		err = e.start(q.ctx)
	}
	if err != nil {
		e.close()
		return failure(err)
	}
	q.mu.Lock()
	q.engine, q.problem = e, nil
	q.mu.Unlock()
	return nil
}

// watch looks for jobs of ended processes and for expired jobs, until the queue is
// closed.
func (q *Queue) watch() {
	lost := map[string]bool{}
	for q.pause(q.config.Stale / 2) {
		e, err := q.opened()
		if err == nil {
			lost, err = q.rescue(q.ctx, e, lost, false)
		}
		if err == nil {
			err = q.forget(q.ctx, e)
		}
		if err != nil && q.ctx.Err() == nil {
			q.config.Logger.Warn("jobs of ended processes and jobs to be removed could not be looked up", "problem", failure(err).Error())
		}
	}
}

// opened returns the engine, or an error that says why there is none.
func (q *Queue) opened() (engine, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.engine, q.problem
}

// Ready returns an error that says why no job can be accepted, or nil.
func (q *Queue) Ready() error {
	_, err := q.opened()
	return err
}

// Close abandons the jobs in progress, which are queued again, and closes the database.
func (q *Queue) Close() {
	q.mu.Lock()
	e := q.engine
	q.engine, q.problem = nil, ErrClosing
	for _, a := range q.running {
		a.end(ErrClosing)
	}
	q.mu.Unlock()
	if e != nil {
		e.stop()
	}
	q.stop()
	q.done.Wait()
	if e != nil {
		e.close()
	}
}
