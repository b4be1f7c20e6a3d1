package queue

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// open starts a queue in a directory, and closes it when the test ends.
func open(t *testing.T, dir string, run func(context.Context, *Attempt) error) *Queue {
	t.Helper()
	q, err := New(Config{Dir: dir, Concurrency: 2, Run: run, Stale: 4 * time.Second, Backoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	q.Start()
	t.Cleanup(q.Close)
	veiltest.Until(t, "the database is open", func() bool { return q.Ready() == nil })
	return q
}

func order(kind, key, digest, target string) *Order {
	return &Order{Kind: kind, Operator: "ops", Spec: []byte(`{}`), Basis: []byte(`{}`), Key: key, Digest: digest, Target: target}
}

func create(t *testing.T, q *Queue, o *Order) *Job {
	t.Helper()
	j, _, err := q.Create(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// until waits for a state of a job.
func until(t *testing.T, q *Queue, id string, want State) *Job {
	t.Helper()
	var j *Job
	veiltest.Until(t, "the job is "+string(want), func() bool {
		var err error
		if j, err = q.Get(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return j.State == want
	})
	return j
}

// TestEnds: each way in which a job ends.
func TestEnds(t *testing.T) {
	t.Parallel()
	tries := 0
	q := open(t, t.TempDir(), func(ctx context.Context, a *Attempt) error {
		a.Progress(func(p *Progress) { p.Files = 3 })
		switch a.Kind {
		case "bad":
			return errors.New("no such folder")
		case "panic":
			panic("Zqmarkerpanic")
		case "busy":
			tries++
			return &TransientError{errors.New("the store is busy")}
		case "soon":
			if a.Failures == 0 {
				return &TransientError{errors.New("the store is busy")}
			}
		case "long":
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	ids := map[string]string{}
	for _, kind := range []string{"good", "bad", "panic", "soon", "busy"} {
		ids[kind] = create(t, q, order(kind, "", "", "")).ID
	}
	if j := until(t, q, ids["good"], Complete); j.Progress.Files != 3 || j.Error != "" || j.Ended.IsZero() || j.Started.IsZero() {
		t.Errorf("%+v", j)
	}
	if j := until(t, q, ids["bad"], Failed); j.Error != "no such folder" || j.Starts != 1 {
		t.Errorf("%+v", j)
	}
	if j := until(t, q, ids["panic"], Failed); j.Error != "internal error: see Veil's log for job "+j.ID {
		t.Errorf("%+v", j)
	}
	if j := until(t, q, ids["soon"], Complete); j.Failures != 1 || j.Starts != 2 {
		t.Errorf("%+v", j)
	}
	if j := until(t, q, ids["busy"], Failed); tries != mostFailures || j.Error != "the store is busy (after 5 attempts)" {
		t.Errorf("%d tries: %+v", tries, j)
	}
	long := create(t, q, order("long", "", "", ""))
	until(t, q, long.ID, Running)
	if _, err := q.Cancel(t.Context(), long.ID); err != nil {
		t.Fatal(err)
	}
	if j := until(t, q, long.ID, Cancelled); j.Error != "the job was cancelled" {
		t.Errorf("%+v", j)
	}
	if j, err := q.Cancel(t.Context(), ids["good"]); err != nil || j.State != Complete {
		t.Errorf("%+v %v", j, err)
	}
	if _, err := q.Cancel(t.Context(), "none"); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}
