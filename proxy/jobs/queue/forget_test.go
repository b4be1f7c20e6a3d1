package queue

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
)

// TestForget: jobs that ended longer ago than they are kept are removed, more than are removed
// at once, with their records and keys; younger ones and those that are not over stay, however
// old.
func TestForget(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"SQLite":     {Dir: t.TempDir()},
		"PostgreSQL": {DSN: pgtest.Start(t).CreateDatabase(t, "jobs_kept").DSN(pgtest.Owner)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.Concurrency, c.Stale, c.Keep = 2, time.Second, time.Hour
			c.Run = func(ctx context.Context, a *Attempt) error {
				if a.Kind == "long" {
					<-ctx.Done()
					return ctx.Err()
				}
				return a.Append(ctx, &mask.Record{})
			}
			q, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			q.Start()
			t.Cleanup(q.Close)
			veiltest.Until(t, "the database is open", func() bool { return q.Ready() == nil })
			long := create(t, q, order("long", "", "", "")).ID
			until(t, q, long, Running)
			young, old := create(t, q, order("good", "young", "1", "")).ID, create(t, q, order("good", "old", "2", "")).ID
			until(t, q, young, Complete)
			until(t, q, old, Complete)
			e, err := q.opened()
			if err != nil {
				t.Fatal(err)
			}
			do := func(statement string, args ...any) {
				t.Helper()
				if _, err := e.exec(t.Context(), statement, args...); err != nil {
					t.Fatal(err)
				}
			}
			past := time.Now().Add(-2 * time.Hour).UnixMicro()
			for i := range mostForgotten + 1 {
				do(`INSERT INTO veil_job (id, kind, operator, view, spec, basis, target, idempotency_key, digest, state, created, ended) VALUES ($1, 'mask', '', '', '', '', '', '', '', 'failed', 1, $2)`, "older"+string(rune('A'+i)), past)
			}
			do("UPDATE veil_job SET created = 1, started = 1 WHERE id IN ($1, $2)", long, young)
			do("UPDATE veil_job SET ended = $1 WHERE id = $2", past, old)
			veiltest.Until(t, "the old ones are removed", func() bool {
				p, err := q.List(t.Context(), Filter{})
				return err == nil && len(p.Jobs) == 2
			})
			if _, err := q.Get(t.Context(), old); !errors.Is(err, ErrNone) {
				t.Error(err)
			}
			for id, want := range map[string]int{old: 0, young: 1} {
				if list, err := q.Records(t.Context(), id); err != nil || len(list) != want {
					t.Errorf("%d records, %v", len(list), err)
				}
			}
			if _, fresh, err := q.Create(t.Context(), order("good", "old", "other", "")); err != nil || !fresh {
				t.Errorf("the key of a job that is removed: %v %v", fresh, err)
			}
			if _, fresh, err := q.Create(t.Context(), order("good", "young", "1", "")); err != nil || fresh {
				t.Errorf("the key of a job that is kept: %v %v", fresh, err)
			}
			if j, err := q.Get(t.Context(), long); err != nil || j.State != Running {
				t.Errorf("%+v %v", j, err)
			}
		})
	}
}
