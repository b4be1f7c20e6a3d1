package selftest

import (
	"context"
	"path"
	"slices"
	"time"
)

// Limits bound what a self-test asks of its target.
type Limits struct {
	// Rate is how many statements or requests are sent a second; 0 for no limit.
	Rate float64
	// Timeout is for one of them.
	Timeout time.Duration
	// Bytes is how much of a response is read.
	Bytes int
	// Only are globs of the ids of attacks that run; empty for all. Controls always run.
	Only []string
}

// Runs reports whether an attack runs.
func (l Limits) Runs(id string) bool {
	return len(l.Only) == 0 || slices.ContainsFunc(l.Only, func(glob string) bool {
		ok, _ := path.Match(glob, id) // a glob that is none matches nothing
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
