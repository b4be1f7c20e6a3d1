package session

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/pgtest"
)

var usual = Limits{Idle: time.Hour, Lifetime: 10 * time.Hour}

// opened are two stores that share what they keep: of one process the same one twice.
func opened(t *testing.T) map[string][2]Store {
	t.Helper()
	memory := NewMemory(nil)
	dsn := pgtest.Start(t).CreateDatabase(t, "sessions").DSN(pgtest.Owner)
	out := map[string][2]Store{"memory": {memory, memory}}
	var replicas [2]Store
	for i := range replicas {
		s, err := NewPostgres(Postgres{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		replicas[i] = s
	}
	out["postgres"] = replicas
	return out
}

// TestStores: what one replica keeps or ends is kept or ended for the other, nothing that
// has expired is returned, and what comes twice is known.
func TestStores(t *testing.T) {
	t.Parallel()
	for name, pair := range opened(t) {
		a, b := pair[0], pair[1]
		ctx := t.Context()
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		has := func(s Store, id ID, l Limits) bool {
			t.Helper()
			row, ok, err := s.Get(ctx, id, l)
			check(err)
			if ok && (row.Account[0] == 0 || !bytes.Equal(row.Sealed, []byte{id[0]})) {
				t.Errorf("%s: another row: %v", name, row)
			}
			return ok
		}
		ann, ben := Row{Account: [32]byte{1}}, Row{Account: [32]byte{2}}
		for i := byte(1); i <= 4; i++ {
			row := ann
			if i == 4 {
				row = ben
			}
			row.Sealed = []byte{i}
			check(a.Put(ctx, ID{i}, row, usual))
		}
		if !has(a, ID{1}, usual) || !has(b, ID{1}, usual) || has(b, ID{9}, usual) {
			t.Errorf("%s: a session is missing, or there is one that nobody began", name)
		}
		if has(b, ID{2}, Limits{Idle: 0, Lifetime: time.Hour}) || has(b, ID{3}, Limits{Idle: time.Hour, Lifetime: 0}) {
			t.Errorf("%s: a session outlives its limits", name)
		}
		check(b.Delete(ctx, ID{1}))
		check(b.Delete(ctx, ID{1}))
		if has(a, ID{1}, usual) {
			t.Errorf("%s: a session that ended is back", name)
		}
		check(a.Keep(ctx, [][32]byte{ben.Account}))
		if has(b, ID{3}, usual) || !has(b, ID{4}, usual) {
			t.Errorf("%s: not the accounts that were named", name)
		}
		check(a.Keep(ctx, nil))
		if has(b, ID{4}, usual) {
			t.Errorf("%s: a session without accounts", name)
		}
		once := func(s Store, what ID, within time.Duration) bool {
			t.Helper()
			ok, err := s.Once(ctx, what, within)
			check(err)
			return ok
		}
		if !once(a, ID{1}, time.Hour) || once(b, ID{1}, time.Hour) || !once(b, ID{2}, 0) || !once(a, ID{2}, 0) {
			t.Errorf("%s: twice is once", name)
		}
		one, err := a.Secret(ctx)
		check(err)
		two, err := b.Secret(ctx)
		check(err)
		if len(one) != secretSize || !bytes.Equal(one, two) || bytes.Equal(one, make([]byte, secretSize)) {
			t.Errorf("%s: secrets of %d and %d bytes", name, len(one), len(two))
		}
	}
}

// TestSessionsEnd: a session that is used outlives its idle time, but not its lifetime; one
// that is not used ends when it was idle.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	s := NewMemory(func() time.Time { return now })
	ctx := t.Context()
	limits := Limits{Idle: 10 * time.Minute, Lifetime: time.Hour}
	has := func(id ID) bool {
		_, ok, err := s.Get(ctx, id, limits)
		return ok && err == nil
	}
	idle, busy := ID{1}, ID{2}
	for _, id := range []ID{idle, busy} {
		if err := s.Put(ctx, id, Row{}, limits); err != nil {
			t.Fatal(err)
		}
	}
	for range 7 {
		now = now.Add(8 * time.Minute)
		if !has(busy) {
			t.Fatal("a session in use ended early")
		}
	}
	if has(idle) {
		t.Error("a session outlived its idle time")
	}
	now = now.Add(8 * time.Minute)
	if has(busy) {
		t.Error("a session outlived its lifetime")
	}
}

// TestMemoryIsBounded: with too many sessions, the one that was idle longest ends.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	s := NewMemory(func() time.Time { return now })
	ctx := t.Context()
	id := func(n int) ID { return ID{byte(n), byte(n >> 8), 1} } //nolint:gosec // small
	used := func(n int) bool {
		_, ok, err := s.Get(ctx, id(n), usual)
		return ok && err == nil
	}
	for n := range mostSessions + 1 {
		now = now.Add(time.Millisecond)
		if err := s.Put(ctx, id(n), Row{}, usual); err != nil {
			t.Fatal(err)
		}
		if n > 0 && !used(0) {
			t.Fatal("a session that is used ended")
		}
	}
	if used(1) || !used(2) || !used(mostSessions) {
		t.Error("another session than the idle one ended, or none")
	}
	now = now.Add(usual.Idle)
	if used(0) {
		t.Error("a session outlived its idle time")
	}
}

// TestUnavailable: a database that cannot be reached is an error in every case, and never a
// session.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	s, err := NewPostgres(Postgres{DSN: "postgres://veil@127.0.0.1:1/none", Password: "Zqmarkervalue"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := t.Context()
	_, ok, e1 := s.Get(ctx, ID{1}, usual)
	first, e2 := s.Once(ctx, ID{1}, time.Hour)
	_, e3 := s.Secret(ctx)
	for _, err := range []error{e1, e2, e3, s.Put(ctx, ID{1}, Row{}, usual), s.Delete(ctx, ID{1}), s.Keep(ctx, nil)} {
		if err != ErrUnavailable { //nolint:errorlint // nothing may be wrapped in it
			t.Errorf("%v", err)
		}
	}
	if ok || first {
		t.Error("a session without a database")
	}
	if _, err := NewPostgres(Postgres{DSN: "postgres://veil@127.0.0.1:port/none"}); err == nil {
		t.Error("a port that is none is taken")
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, ok, err := s.Get(gone, ID{1}, usual); ok || err == nil {
		t.Error("a session for who is gone")
	}
}
