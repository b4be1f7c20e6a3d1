package consumer

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// limited returns the anonymous consumer with limits.
func limited(t *testing.T, l Limits) *Consumer {
	t.Helper()
	c, err := directory(t, Config{Anonymous: &Account{Limits: l}}).Authenticate(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAdmitRate(t *testing.T) {
	for _, c := range []struct {
		name  string
		l     Limits
		first int           // admitted at once
		retry time.Duration // then
	}{
		{name: "one a second", l: Limits{RatePerSecond: 1}, first: 1, retry: time.Second},
		{name: "burst", l: Limits{RatePerSecond: 1, Burst: 5}, first: 5, retry: time.Second},
		{name: "fast: at least a second", l: Limits{RatePerSecond: 100}, first: 100, retry: time.Second},
		{name: "rate is rounded up to a burst", l: Limits{RatePerSecond: 2.5}, first: 3, retry: time.Second},
		{name: "slow", l: Limits{RatePerSecond: 0.1}, first: 1, retry: 10 * time.Second},
		{name: "seconds are rounded up", l: Limits{RatePerSecond: 0.3}, first: 1, retry: 4 * time.Second},
		{name: "slowest", l: Limits{RatePerSecond: 0.001}, first: 1, retry: 1000 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				who := limited(t, c.l)
				for i := range c.first {
					release, _, ok := who.Admit()
					if !ok {
						t.Fatalf("request %d refused", i+1)
					}
					release()
				}
				release, retry, ok := who.Admit()
				if ok || retry != c.retry {
					t.Fatalf("after %d requests: %t, retry after %v, want %v", c.first, ok, retry, c.retry)
				}
				release()
				time.Sleep(retry)
				if _, _, ok := who.Admit(); !ok {
					t.Error("refused after the time to wait")
				}
			})
		})
	}
}

func TestAdmitConcurrent(t *testing.T) {
	who := limited(t, Limits{Concurrent: 2})
	first, _, ok1 := who.Admit()
	_, _, ok2 := who.Admit()
	refused, retry, ok3 := who.Admit()
	if !ok1 || !ok2 || ok3 || retry != time.Second {
		t.Fatalf("got %t %t %t, retry after %v", ok1, ok2, ok3, retry)
	}
	refused()
	if _, _, ok := who.Admit(); ok {
		t.Error("the release of a refused request made room")
	}
	first()
	first()
	if _, _, ok := who.Admit(); !ok {
		t.Error("refused after a release")
	}
	if _, _, ok := who.Admit(); ok {
		t.Error("a second release made room again")
	}
}

func TestAdmitUnlimited(t *testing.T) {
	who := limited(t, Limits{})
	for range 1000 {
		if _, _, ok := who.Admit(); !ok {
			t.Fatal("refused")
		}
	}
}

func TestRefusedForWantOfASlotDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		who := limited(t, Limits{RatePerSecond: 1, Burst: 2, Concurrent: 1})
		release, _, _ := who.Admit()
		for range 10 {
			if _, _, ok := who.Admit(); ok {
				t.Fatal("admitted beside another")
			}
		}
		release()
		release, _, ok := who.Admit()
		if !ok {
			t.Fatal("refused, though the burst is not used up")
		}
		release()
		if _, _, ok := who.Admit(); ok {
			t.Fatal("admitted beyond the burst")
		}
		// What is refused by rate gives its slot back.
		time.Sleep(time.Second)
		if _, _, ok := who.Admit(); !ok {
			t.Error("the slot of a refused request is lost")
		}
	})
}

func TestAdmitFromManyGoroutines(t *testing.T) {
	const most = 3
	who := limited(t, Limits{Concurrent: most})
	var under, admitted atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				release, _, ok := who.Admit()
				if !ok {
					continue
				}
				if under.Add(1) > most {
					t.Error("too many at once")
				}
				admitted.Add(1)
				under.Add(-1)
				release()
			}
		})
	}
	wg.Wait()
	if admitted.Load() == 0 {
		t.Error("none admitted")
	}
}

func TestLimitersAreBoundedAndForgetNobody(t *testing.T) {
	s := newLimiters(Limits{RatePerSecond: 0.01, Burst: 1, Concurrent: 1})
	now := time.Unix(1_700_000_000, 0)
	name := func(i int) string { return fmt.Sprintf("idp:%d", i) }
	for i := range maxLimiters {
		if _, _, ok := s.admit(name(i), now); !ok { // kept under way
			t.Fatalf("consumer %d refused", i)
		}
	}
	// Nobody is idle: further ones share.
	release, _, ok := s.admit("idp:late", now)
	if !ok {
		t.Fatal("the first of the further consumers refused")
	}
	release()
	if _, _, ok := s.admit("idp:later", now); ok {
		t.Error("further consumers do not share a limiter")
	}
	if len(s.byName) != maxLimiters {
		t.Errorf("%d limiters", len(s.byName))
	}
	// Their buckets fill again, but their requests are still under way.
	now = now.Add(time.Hour)
	s.admit("idp:late", now)
	if _, _, ok := s.admit(name(0), now); ok {
		t.Error("a consumer with a request under way was forgotten")
	}
}

func TestIdleLimitersGo(t *testing.T) {
	s := newLimiters(Limits{RatePerSecond: 1})
	now := time.Unix(1_700_000_000, 0)
	for i := range maxLimiters {
		s.admit(fmt.Sprintf("idp:%d", i), now)
	}
	now = now.Add(time.Minute)
	s.admit("idp:0", now)
	s.admit("idp:new", now)
	if len(s.byName) != 2 {
		t.Errorf("%d limiters, want 2", len(s.byName))
	}
	if _, _, ok := s.admit("idp:0", now); ok {
		t.Error("a consumer that used up its rate got a new limiter")
	}
}
