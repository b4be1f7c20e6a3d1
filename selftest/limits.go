package selftest

import (
	"context"
	"path"
	"slices"
	"time"
)

// Limits bound the load of a self-test on its target.
type Limits struct {
	// Rate is how many statements or requests are sent per second; 0 means no limit.
	Rate float64
	// Timeout is the time limit for each of them.
	Timeout time.Duration
	// Bytes is how many bytes of a response are read.
	Bytes int
	// Only are globs for the ids of attacks to run; empty means all. Controls always run.
	Only []string
}

// Runs reports whether an attack runs.
func (l Limits) Runs(id string) bool {
	return len(l.Only) == 0 || slices.ContainsFunc(l.Only, func(glob string) bool {
		ok, _ := path.Match(glob, id) // an invalid glob matches nothing
		return ok
	})
}

// DefaultLimits are safe in production.
func DefaultLimits() Limits { return Limits{Rate: 50, Timeout: 5 * time.Second, Bytes: 1 << 20} }

// Pace returns a function that waits until the next request may be sent.
func (l Limits) Pace() func(context.Context) error {
	if l.Rate <= 0 {
		return func(ctx context.Context) error { return ctx.Err() }
	}
	ticks := time.NewTicker(time.Duration(float64(time.Second) / l.Rate))
	return func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
			return nil
		}
	}
}
