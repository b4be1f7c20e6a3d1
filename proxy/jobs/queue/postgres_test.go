package queue

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// replica starts a queue over a database of PostgreSQL.
func replica(t *testing.T, dsn string, run func(context.Context, *Attempt) error) *Queue {
	t.Helper()
	q, err := New(Config{DSN: dsn, Concurrency: 2, Run: run, Stale: 2 * time.Second, Backoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	q.Start()
	t.Cleanup(q.Close)
	veiltest.Until(t, "the database is open", func() bool { return q.Ready() == nil })
	return q
}

// TestReplicas: two processes share the jobs of one database. Each job is run once, the
// same key is the same job at both, and a job of a process that stands still goes on in the
// other.
func TestReplicas(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Start(t).CreateDatabase(t, "jobs").DSN(pgtest.Owner)
	var ran [2]atomic.Int64
	stuck := make(chan struct{})
	var still, begun atomic.Bool
	// Only a job that the first process takes stands still.
	run := func(i int) func(context.Context, *Attempt) error {
		return func(ctx context.Context, a *Attempt) error {
			ran[i].Add(1)
			if i == 0 && a.Kind == "stuck" && begun.CompareAndSwap(false, true) {
				still.Store(true)
				<-stuck
				return errors.New("too late")
			}
			return nil
		}
	}
	one := replica(t, dsn, run(0))
	one.mu.Lock()
	one.engine = deaf{one.engine, &still}
	one.mu.Unlock()
	two := replica(t, dsn, run(1))
	queues := []*Queue{one, two}
	var ids []string
	for i := range 20 {
		ids = append(ids, create(t, queues[i%2], order("good", "", "", "")).ID)
	}
	for _, id := range ids {
		if j := until(t, one, id, Complete); j.Starts != 1 {
			t.Errorf("%+v", j)
		}
	}
	if n := ran[0].Load() + ran[1].Load(); n != 20 {
		t.Errorf("%d runs", n)
	}
	first, fresh, err := one.Create(t.Context(), order("good", "key", "digest", "x"))
	again, freshAgain, err2 := two.Create(t.Context(), order("good", "key", "digest", "x"))
	if err != nil || err2 != nil || !fresh || freshAgain || first.ID != again.ID {
		t.Errorf("%+v %+v %v %v", first, again, err, err2)
	}
	if _, _, err := two.Create(t.Context(), order("good", "key", "other", "x")); !errors.Is(err, ErrKeyUsed) {
		t.Error(err)
	}
	var id string
	for !begun.Load() { // until the first process has taken one
		id = create(t, one, order("stuck", "", "", "")).ID
		veiltest.Until(t, "the job is begun", func() bool {
			j, err := one.Get(t.Context(), id)
			return begun.Load() || err == nil && j.State == Complete
		})
	}
	if j := until(t, two, id, Complete); j.Starts != 2 {
		t.Errorf("%+v", j)
	}
	still.Store(false)
	close(stuck)
	if j, err := one.Get(t.Context(), id); err != nil || j.State != Complete || j.Error != "" {
		t.Errorf("%+v %v", j, err)
	}
}

// deaf is the engine of a process that can stand still: what it writes does not arrive.
type deaf struct {
	engine
	still *atomic.Bool
}

func (d deaf) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	if d.still.Load() {
		return 0, errors.New("the process stands still")
	}
	return d.engine.exec(ctx, statement, args...)
}

// TestPostgresGone: without its database nothing is taken, and the error says so.
func TestPostgresGone(t *testing.T) {
	t.Parallel()
	q, err := New(Config{DSN: "postgres://veil@" + veiltest.FreeAddress(t) + "/jobs", Concurrency: 1})
	if err != nil {
		t.Fatal(err)
	}
	q.Start()
	t.Cleanup(q.Close)
	veiltest.Until(t, "the absence is noticed", func() bool {
		_, _, err := q.Create(t.Context(), order("good", "", "", ""))
		return err != nil && strings.Contains(err.Error(), "the jobs database cannot be reached: check operator.jobs.database")
	})
}
