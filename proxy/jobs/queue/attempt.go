package queue

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/veil-proxy/veil/mask"
)

// Attempt is one run of a job in this process. Its methods are safe for concurrent use.
type Attempt struct {
	*Job
	engine engine
	owner  string
	end    context.CancelCauseFunc

	mu       sync.Mutex
	progress Progress
	problems []Problem
	records  int
}

// errLost says that an attempt no longer belongs to this process.
var errLost = errors.New("another process runs the job")

// TransientError is an error that may pass: the job is retried after a while, a few
// times at most.
type TransientError struct{ Err error }

func (e *TransientError) Error() string { return e.Err.Error() }

// Unwrap returns the error itself.
func (e *TransientError) Unwrap() error { return e.Err }

// ErrCancelled is the cause of the context's end if the job was cancelled.
var ErrCancelled = errors.New("the job was cancelled")

// ErrClosing says that the process is shutting down.
var ErrClosing = errors.New("the process is ending")

// mostProblems is how many problems of a job are kept.
const mostProblems = 100

// Progress updates the job's progress.
func (a *Attempt) Progress(change func(*Progress)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.progress)
}

// Problem records something that was left out.
func (a *Attempt) Problem(p Problem) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.problems) < mostProblems {
		a.problems = append(a.problems, p)
	}
}

// SetResult stores what the job found.
func (a *Attempt) SetResult(ctx context.Context, result any) error {
	text, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return a.set(ctx, "result", string(text))
}

// Remember stores what a later attempt of the job needs to know. Memory returns it.
func (a *Attempt) Remember(ctx context.Context, memory any) error {
	text, err := json.Marshal(memory)
	if err != nil {
		return err
	}
	return a.set(ctx, "memory", string(text))
}

// Memory reads what an earlier attempt stored with Remember. It reports whether there
// is anything.
func (a *Attempt) Memory(ctx context.Context, into any) (bool, error) {
	text := ""
	err := a.engine.query(ctx, "SELECT memory FROM veil_job WHERE id = $1", []any{a.ID}, func(scan func(...any) error) error { return scan(&text) })
	if err != nil || text == "" {
		return false, failure(err)
	}
	return true, json.Unmarshal([]byte(text), into)
}

// set writes a column, if the job still belongs to this process.
func (a *Attempt) set(ctx context.Context, column, text string) error {
	n, err := a.engine.exec(ctx, "UPDATE veil_job SET "+column+" = $1 WHERE id = $2 AND owner = $3", text, a.ID, a.owner)
	if err == nil && n == 0 {
		err = errLost
	}
	return failure(err)
}

// Append implements mask.Sink. In addition to the audit log, it keeps the records of the
// job, from which a later attempt finds what is done, and callers get the job's record.
func (a *Attempt) Append(ctx context.Context, r *mask.Record) error {
	text, err := json.Marshal(keep(r))
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.records++
	number := a.Starts*recordsOfStart + a.records
	a.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	_, err = a.engine.exec(ctx, `INSERT INTO veil_job_record (job, number, ruleset, key, project, input, output, record) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		a.ID, number, r.RulesetSHA256, r.KeyFingerprint, r.Project, r.InputDigest, r.OutputDigest, string(text))
	return failure(err)
}

// kept is a record as stored in the database: with what was applied instead of references
// to actions of a plan, and without single applications.
type kept struct {
	mask.Record
	Used    struct{} `json:"-"`
	Applied []mask.Applied
}

func keep(r *mask.Record) *kept {
	k := &kept{Record: *r, Applied: r.AppendApplied(nil)}
	k.Record.Used, k.Details = nil, nil
	return k
}

// recordsOfStart exceeds the number of records that one start of a job can have.
const recordsOfStart = 1 << 32

// Done reports whether a job has already made an output from an input under a ruleset and
// a key. The digests are those in its record.
func (a *Attempt) Done(ctx context.Context, plan *mask.Plan, input, output string) (bool, error) {
	found := false
	err := a.engine.query(ctx, `SELECT 1 FROM veil_job_record WHERE output = $1 AND input = $2 AND ruleset = $3 AND key = $4 AND project = $5`,
		[]any{output, input, plan.RulesetSHA256, plan.Keys.Fingerprint(), plan.Keys.Project()}, func(func(...any) error) error {
			found = true
			return nil
		})
	return found, failure(err)
}

// Records returns the records of a job in order.
func (q *Queue) Records(ctx context.Context, id string) ([]*mask.Record, error) {
	e, err := q.opened()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	var list []*mask.Record
	err = e.query(ctx, "SELECT record FROM veil_job_record WHERE job = $1 ORDER BY number", []any{id}, func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		r := kept{}
		err := json.Unmarshal([]byte(text), &r)
		r.Record.Used = mask.NewUses(r.Applied...)
		list = append(list, &r.Record)
		return err
	})
	return list, failure(err)
}

// beat periodically writes the progress of the job until ctx ends, which shows that its
// process is alive. It ends the attempt if the job is to be cancelled or belongs to
// another process.
func (a *Attempt) beat(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		cancelled, err := a.save(ctx)
		switch {
		case errors.Is(err, errLost):
			a.end(errLost)
		case err == nil && cancelled:
			a.end(ErrCancelled)
		}
	}
}

// save writes the progress of the job, and reports whether it is to be cancelled.
func (a *Attempt) save(ctx context.Context) (cancelled bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	progress, problems := a.texts()
	n, err := a.engine.exec(ctx, "UPDATE veil_job SET heartbeat = $1, progress = $2, problems = $3 WHERE id = $4 AND owner = $5 AND state = 'running'", now(), progress, problems, a.ID, a.owner)
	if err == nil && n == 0 {
		err = errLost
	}
	if err != nil {
		return false, err
	}
	err = a.engine.query(ctx, "SELECT cancel FROM veil_job WHERE id = $1", []any{a.ID}, func(scan func(...any) error) error {
		var flag int64
		err := scan(&flag)
		cancelled = flag != 0
		return err
	})
	return cancelled, err
}

// texts returns the progress and the problems as stored in the database.
func (a *Attempt) texts() (progress, problems string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, err := json.Marshal(a.progress)
	if err != nil {
		panic(err) // cannot happen: it has only numbers
	}
	l, err := json.Marshal(a.problems)
	if err != nil {
		panic(err) // cannot happen: it has only texts and numbers
	}
	return string(p), string(l)
}
