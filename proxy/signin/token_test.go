package signin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/oauth2"
)

// source gives tokens t-1, t-2, … with a made-up clock.
type source struct {
	count atomic.Int32
	delay time.Duration
	life  time.Duration // 0: not told
	fails atomic.Bool
	stale atomic.Int32
}

func (s *source) fetch(ctx context.Context) (*oauth2.Token, error) {
	n := s.count.Add(1)
	select {
	case <-time.After(s.delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.fails.Load() {
		return nil, errors.New("failed")
	}
	token := &oauth2.Token{AccessToken: fmt.Sprintf("t-%d", n), TokenType: "bearer"}
	if s.life != 0 {
		token.Expiry = time.Now().Add(s.life)
	}
	return token, nil
}

func (s *source) bearer(ctx context.Context) *bearer {
	return &bearer{where: "x", ctx: ctx, log: slog.New(slog.DiscardHandler), fetch: s.fetch, stale: func() { s.stale.Add(1) }}
}

// get is the token that a request gets now.
func get(t *testing.T, c *bearer) string {
	t.Helper()
	header, err := authorization(t, c)
	if err != nil {
		return err.Error()
	}
	return header
}

func TestTokenIsKeptUntilShortlyBeforeItsEnd(t *testing.T) {
	for _, tc := range []struct {
		name       string
		life       time.Duration
		renew, end time.Duration // since the fetch
	}{
		{"an hour", time.Hour, 59 * time.Minute, time.Hour - 10*time.Second},
		{"five minutes", 5 * time.Minute, 4 * time.Minute, 290 * time.Second},
		{"eight seconds", 8 * time.Second, 6 * time.Second, 7 * time.Second},
		{"not told", 0, 4 * time.Minute, 290 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &source{life: tc.life}
				c := s.bearer(t.Context())
				if got := get(t, c); got != "Bearer t-1" {
					t.Fatal(got)
				}
				time.Sleep(tc.renew)
				if got := get(t, c); got != "Bearer t-1" || s.count.Load() != 1 {
					t.Errorf("before renewal: %s, %d fetches", got, s.count.Load())
				}
				time.Sleep(time.Nanosecond)
				// The first request after that starts the fetch, and does not wait.
				if got := get(t, c); got != "Bearer t-1" {
					t.Errorf("at renewal: %s", got)
				}
				synctest.Wait()
				if got := get(t, c); got != "Bearer t-2" || s.count.Load() != 2 {
					t.Errorf("after renewal: %s, %d fetches", got, s.count.Load())
				}
				// When it cannot be renewed, it is used to its end and no longer.
				s.fails.Store(true)
				time.Sleep(tc.end)
				if got := get(t, c); got != "Bearer t-2" {
					t.Errorf("at its end: %s", got)
				}
				time.Sleep(time.Nanosecond)
				if got := get(t, c); got != errUnavailable.Error() {
					t.Errorf("after its end: %s", got)
				}
			})
		})
	}
}

// TestOneFetchAtATime: a hundred requests wait for the same fetch.
func TestOneFetchAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{life: time.Hour, delay: 3 * time.Second}
		c := s.bearer(t.Context())
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if got := get(t, c); got != "Bearer t-1" {
					t.Errorf("got %s", got)
				}
			})
		}
		all.Wait()
		if s.count.Load() != 1 {
			t.Errorf("%d fetches", s.count.Load())
		}
	})
}

// TestWaitEndsWithTheRequest, but the fetch goes on for others.
func TestWaitEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{life: time.Hour, delay: 3 * time.Second}
		c := s.bearer(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req := &fasthttp.Request{}
		if err := c.Authorize(ctx, req); !errors.Is(err, context.DeadlineExceeded) || len(req.Header.Peek("Authorization")) > 0 {
			t.Errorf("got %v", err)
		}
		if got := get(t, c); got != "Bearer t-1" || s.count.Load() != 1 {
			t.Errorf("got %s after %d fetches", got, s.count.Load())
		}
	})
}

func TestFetchEnds(t *testing.T) {
	t.Run("in time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &source{delay: time.Hour}
			c := s.bearer(t.Context())
			start := time.Now()
			if err := c.Authorize(t.Context(), &fasthttp.Request{}); !errors.Is(err, errUnavailable) || time.Since(start) != fetchTimeout {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		})
	})
	t.Run("with Veil", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s := &source{delay: time.Hour}
			c := s.bearer(ctx)
			time.AfterFunc(time.Second, cancel)
			for range 2 {
				if err := c.Authorize(t.Context(), &fasthttp.Request{}); !errors.Is(err, errUnavailable) {
					t.Error(err)
				}
			}
			if s.count.Load() != 1 {
				t.Errorf("%d fetches", s.count.Load())
			}
		})
	})
}

// TestFailuresAreNotHammered: however many requests come, fetches have pauses of
// 1, 2, 4, … seconds up to a minute.
func TestFailuresAreNotHammered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{life: time.Hour}
		s.fails.Store(true)
		c := s.bearer(t.Context())
		start := time.Now()
		var at []time.Duration
		for time.Since(start) < 5*time.Minute {
			before := s.count.Load()
			if got := get(t, c); got != errUnavailable.Error() {
				t.Fatal(got)
			}
			if s.count.Load() != before {
				at = append(at, time.Since(start))
			}
			time.Sleep(100 * time.Millisecond)
		}
		want := "[0s 1s 3s 7s 15s 31s 1m3s 2m3s 3m3s 4m3s]"
		if fmt.Sprint(at) != want {
			t.Errorf("fetches at %v, want %s", at, want)
		}
		if s.stale.Load() != s.count.Load() {
			t.Error("the secret is not read again after a failure")
		}
		s.fails.Store(false)
		time.Sleep(longestPause)
		if got := get(t, c); got != "Bearer t-11" {
			t.Errorf("got %s", got)
		}
		c.Refused()
		time.Sleep(refusedPause)
		s.fails.Store(true)
		c.Refused()
		get(t, c)
		time.Sleep(firstPause) // the pauses begin anew
		s.fails.Store(false)
		if got := get(t, c); got != "Bearer t-13" {
			t.Errorf("got %s", got)
		}
	})
}

// TestRefusedTokenIsDropped, unless it is new.
func TestRefusedTokenIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{life: time.Hour}
		c := s.bearer(t.Context())
		get(t, c)
		for range 100 {
			c.Refused()
			if got := get(t, c); got != "Bearer t-1" {
				t.Fatal(got)
			}
		}
		time.Sleep(refusedPause)
		c.Refused()
		for range 100 {
			if got := get(t, c); got != "Bearer t-2" {
				t.Fatal(got)
			}
			c.Refused()
		}
	})
}

func TestCheckToken(t *testing.T) {
	soon := time.Now().Add(time.Hour)
	for _, tc := range []struct {
		name  string
		token oauth2.Token
		err   error
	}{
		{"bearer", oauth2.Token{AccessToken: "a.b-c_d~e+f/g==", TokenType: "Bearer", Expiry: soon}, nil},
		{"any case", oauth2.Token{AccessToken: "a", TokenType: "bEARER"}, nil},
		{"no type", oauth2.Token{AccessToken: "a"}, nil},
		{"another type", oauth2.Token{AccessToken: "a", TokenType: "DPoP"}, errNotBearer},
		{"mac", oauth2.Token{AccessToken: "a", TokenType: "mac"}, errNotBearer},
		{"empty", oauth2.Token{}, errNotBearer},
		{"line break", oauth2.Token{AccessToken: "a\r\nX: y"}, errNotBearer},
		{"space", oauth2.Token{AccessToken: "a b"}, errNotBearer},
		{"not ASCII", oauth2.Token{AccessToken: "ä"}, errNotBearer},
		{"expired", oauth2.Token{AccessToken: "a", Expiry: time.Now().Add(-time.Second)}, errExpired},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if life, err := checkToken(&tc.token); !errors.Is(err, tc.err) || err == nil && life <= 0 {
				t.Errorf("got %v, %v", life, err)
			}
		})
	}
}
