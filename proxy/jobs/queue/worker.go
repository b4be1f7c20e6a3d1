package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/veil-proxy/veil/internal/stack"
	"github.com/veil-proxy/veil/mask"
)

// worker runs jobs for River.
type worker struct {
	river.WorkerDefaults[task]
	queue *Queue
}

// backoff is how long jobs wait after transient errors.
type backoff struct{ *Queue }

// NextRetry implements river.ClientRetryPolicy.
func (b backoff) NextRetry(job *rivertype.JobRow) time.Time {
	wait := b.config.Backoff << min(len(job.Errors), mostFailures)
	return time.Now().Add(wait)
}

// errAgain makes River run a job again.
var errAgain = errors.New("the job waits after a transient error")

// Work implements river.Worker. The database says what came of the job: River's own
// state of it only decides whether it is run again.
func (w *worker) Work(ctx context.Context, r *river.Job[task]) error {
	a, err := w.queue.claim(ctx, r.Args.ID)
	switch {
	case errors.Is(err, errLost):
		return river.JobSnooze(w.queue.config.Stale)
	case err != nil:
		return river.JobSnooze(time.Second) // the database cannot be used now
	case a == nil:
		return nil // the job has ended
	}
	ctx, a.end = context.WithCancelCause(ctx)
	defer a.end(nil)
	w.queue.mu.Lock()
	w.queue.running[a.ID] = a
	w.queue.mu.Unlock()
	defer func() {
		w.queue.mu.Lock()
		delete(w.queue.running, a.ID)
		w.queue.mu.Unlock()
	}()
	beating, rest := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.beat(beating, min(time.Second, w.queue.config.Stale/4))
	}()
	err = w.queue.run(ctx, a)
	rest()
	<-done
	return w.queue.conclude(ctx, a, err)
}

// run does the work of a job. A panic becomes an error without the panic's text, which
// may contain a value.
func (q *Queue) run(ctx context.Context, a *Attempt) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			q.config.Logger.Error("internal error", "job", a.ID, "stack", stack.OfPanic())
			err = fmt.Errorf("internal error: see Veil's log for job %s", a.ID)
		}
	}()
	if a.Cancelling {
		return ErrCancelled
	}
	if a.Starts > mostStarts {
		return fmt.Errorf("the job was started %d times, and the process ended each time: see Veil's log", mostStarts)
	}
	return q.config.Run(ctx, a)
}

// claim assigns a job to this process. It returns nil if the job has ended, and errLost
// if another process runs it.
func (q *Queue) claim(ctx context.Context, id string) (*Attempt, error) {
	e, err := q.opened()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	owner, at := mask.NewRequestID(), now()
	n, err := e.exec(ctx, `UPDATE veil_job SET state = 'running', owner = $1, heartbeat = $2, starts = starts + 1, error = '', problems = '',
		started = CASE WHEN started = 0 THEN $3 ELSE started END
		WHERE id = $4 AND (state IN ('queued', 'waiting') OR state = 'running' AND heartbeat < $5)`,
		owner, at, at, id, at-q.config.Stale.Microseconds())
	if err != nil {
		return nil, err
	}
	j, err := byID(ctx, e, id)
	switch {
	case errors.Is(err, ErrNone):
		return nil, nil //nolint:nilnil // there is nothing to do
	case err != nil:
		return nil, err
	case n == 0 && j.State.Over():
		return nil, nil //nolint:nilnil // likewise
	case n == 0:
		return nil, errLost
	}
	a := &Attempt{Job: j, engine: e, owner: owner, progress: Progress{Size: -1}}
	return a, nil
}

// conclude writes the outcome of an attempt. Its result is for River.
func (q *Queue) conclude(ctx context.Context, a *Attempt, err error) error {
	why := context.Cause(ctx)
	var transient *TransientError
	state, text := Complete, ""
	switch {
	case errors.Is(why, errLost), errors.Is(err, errLost):
		return nil
	case err == nil:
	case errors.Is(err, ErrCancelled), errors.Is(why, ErrCancelled):
		state, text = Cancelled, ErrCancelled.Error()
	case why != nil:
		return q.release(a)
	case errors.As(err, &transient) && a.Failures+1 < mostFailures:
		state, text = Waiting, err.Error()
	default:
		state, text = Failed, err.Error()
		if transient != nil {
			text = fmt.Sprintf("%s (after %d attempts)", text, a.Failures+1)
		}
	}
	if err := q.settle(ctx, a, state, text); errors.Is(err, errLost) {
		return nil
	} else if err != nil {
		return river.JobSnooze(time.Second) // the process is ending; the next one finds the job
	}
	if state == Waiting {
		return errAgain
	}
	return nil
}

// settle writes the state of an attempt at its end. If the database cannot be written, it
// retries until it can, or the process ends.
func (q *Queue) settle(ctx context.Context, a *Attempt, state State, text string) error {
	ctx = context.WithoutCancel(ctx)
	progress, problems := a.texts()
	failures, ended := a.Failures, int64(0)
	if state == Waiting {
		failures++
	} else {
		ended = now()
	}
	for {
		n, err := a.engine.exec(ctx, `UPDATE veil_job SET state = $1, error = $2, progress = $3, problems = $4, failures = $5, ended = $6, owner = '' WHERE id = $7 AND owner = $8`,
			string(state), text, progress, problems, failures, ended, a.ID, a.owner)
		if err == nil && n == 0 {
			return errLost
		}
		if err == nil {
			break
		}
		q.config.Logger.Error("the state of a job could not be written", "job", a.ID, "problem", failure(err).Error())
		if !q.pause(time.Second) {
			return err
		}
	}
	if state.Over() && q.config.Ended != nil {
		j := *a.Job
		j.State, j.Error, j.Progress, j.Ended = state, text, a.progress, instant(ended)
		q.config.Ended(&j)
	}
	return nil
}

// release releases a job, since the process ends, so that any process may run it.
func (q *Queue) release(a *Attempt) error {
	ctx, cancel := context.WithTimeout(context.Background(), requestTime)
	defer cancel()
	if _, err := a.engine.exec(ctx, "UPDATE veil_job SET heartbeat = 0 WHERE id = $1 AND owner = $2", a.ID, a.owner); err != nil {
		q.config.Logger.Warn("a job could not be released", "job", a.ID, "problem", failure(err).Error())
	}
	q.config.Logger.Info("a job will be continued when Veil is started again", "job", a.ID)
	return river.JobSnooze(0)
}

// Cancel ends a job. A running job ends soon after; a finished job does not change.
func (q *Queue) Cancel(ctx context.Context, id string) (*Job, error) {
	e, err := q.opened()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	n, err := e.exec(ctx, "UPDATE veil_job SET state = 'cancelled', cancel = 1, error = $1, ended = $2 WHERE id = $3 AND state IN ('queued', 'waiting')", ErrCancelled.Error(), now(), id)
	if err == nil && n == 0 {
		_, err = e.exec(ctx, "UPDATE veil_job SET cancel = 1 WHERE id = $1 AND state = 'running'", id)
	}
	if err != nil {
		return nil, failure(err)
	}
	q.mu.Lock()
	if a := q.running[id]; a != nil {
		a.end(ErrCancelled)
	}
	q.mu.Unlock()
	j, err := byID(ctx, e, id)
	if err == nil && n > 0 && q.config.Ended != nil {
		q.config.Ended(j)
	}
	return j, failure(err)
}
