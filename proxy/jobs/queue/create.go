package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/veil-proxy/veil/mask"
)

// Errors of orders that cannot be accepted.
var (
	// ErrKeyUsed says that the key of an order was used for a different request.
	ErrKeyUsed = errors.New("the key was used for another request")
	// ErrNone says that no such job exists.
	ErrNone = errors.New("there is no such job")
)

// TargetError says that an unfinished job writes to the same place.
type TargetError struct{ Job string }

func (e *TargetError) Error() string {
	return fmt.Sprintf("job %s, which has not ended, writes to the same target: wait for its end, or cancel it", e.Job)
}

// requestTime bounds a request to the database.
const requestTime = 10 * time.Second

// Create queues a job. The job is not fresh if it was queued before under the same key.
func (q *Queue) Create(ctx context.Context, o *Order) (job *Job, fresh bool, err error) {
	e, err := q.opened()
	if err != nil {
		return nil, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	id := o.ID
	if id == "" {
		id = mask.NewRequestID()
	}
	err = e.within(ctx, func(tx transaction) error {
		if err := serialize(ctx, e, tx); err != nil {
			return err
		}
		known, digest, err := byKey(ctx, tx, o)
		switch {
		case err != nil:
			return err
		case known != nil && digest != o.Digest:
			return ErrKeyUsed
		case known != nil:
			job = known
			return nil
		}
		if err := free(ctx, tx, o.Target); err != nil {
			return err
		}
		fresh = true
		_, err = tx.exec(ctx, `INSERT INTO veil_job (id, kind, view, operator, spec, basis, target, idempotency_key, digest, state, created)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			id, o.Kind, o.View, o.Operator, string(o.Spec), string(o.Basis), o.Target, o.Key, o.Digest, string(Queued), now())
		if err != nil {
			return err
		}
		if job, err = byID(ctx, tx, id); err != nil {
			return err
		}
		return tx.enqueue(ctx, id)
	})
	if err != nil {
		return nil, false, failure(err)
	}
	return job, fresh, nil
}

// ofKey finds out whether an order was accepted before.
func (q *Queue) ofKey(ctx context.Context, o *Order) (*Job, string, error) {
	e, err := q.opened()
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	return byKey(ctx, e, o)
}

// Repeated returns the job that was queued under the key of an order, or nil. If that was
// a different request, the error is ErrKeyUsed.
func (q *Queue) Repeated(ctx context.Context, o *Order) (*Job, error) {
	job, digest, err := q.ofKey(ctx, o)
	switch {
	case err != nil:
		return nil, failure(err)
	case job != nil && digest != o.Digest:
		return nil, ErrKeyUsed
	}
	return job, nil
}

// lockNumber is the number of the lock under which jobs are created; any number that
// nothing else uses.
const lockNumber = 0x7665696c

// serialize makes orders run one after the other, as SQLite's transactions do anyway.
func serialize(ctx context.Context, e engine, tx transaction) error {
	if e.alone() {
		return nil
	}
	return tx.query(ctx, "SELECT pg_advisory_xact_lock($1)", []any{lockNumber}, func(func(...any) error) error { return nil })
}

// byKey finds the job of an order's key, and the digest of its request.
func byKey(ctx context.Context, d database, o *Order) (job *Job, digest string, err error) {
	if o.Key == "" {
		return nil, "", nil
	}
	id := ""
	err = d.query(ctx, "SELECT id, digest FROM veil_job WHERE operator = $1 AND idempotency_key = $2", []any{o.Operator, o.Key}, func(scan func(...any) error) error {
		return scan(&id, &digest)
	})
	if err != nil || id == "" {
		return nil, "", err
	}
	job, err = byID(ctx, d, id)
	return job, digest, err
}

// byID reads a job.
func byID(ctx context.Context, d database, id string) (job *Job, err error) {
	err = d.query(ctx, "SELECT "+columns+" FROM veil_job WHERE id = $1", []any{id}, func(scan func(...any) error) error {
		job = &Job{}
		return job.scan(scan)
	})
	if err == nil && job == nil {
		err = ErrNone
	}
	return job, err
}

// notOver lists the states of unfinished jobs for SQL.
const notOver = "('queued', 'running', 'waiting')"

// free refuses a target that an unfinished job writes to.
func free(ctx context.Context, d database, target string) error {
	if target == "" {
		return nil
	}
	other := ""
	err := d.query(ctx, "SELECT id, target FROM veil_job WHERE target <> '' AND state IN "+notOver, nil, func(scan func(...any) error) error {
		var id, taken string
		if err := scan(&id, &taken); err != nil {
			return err
		}
		if below(target, taken) || below(taken, target) {
			other = id
		}
		return nil
	})
	if err == nil && other != "" {
		err = &TargetError{other}
	}
	return err
}

// below reports whether one target is inside the other, or equal to it.
func below(target, dir string) bool {
	return target == dir || strings.HasPrefix(target, strings.TrimSuffix(dir, "/")+"/")
}
