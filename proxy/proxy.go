// Package proxy is what the listeners share: which policy is in force, how an
// exchange begins and ends, how a login is slowed down and recorded, limits, and when
// a listener is ready. It knows no protocol.
//
//	l, err := proxy.New(proxy.Config{Name: "fhir", Event: "request", Sink: log, …})
//	l.Force(policy)
//	...
//	x := l.Begin(conn.RemoteAddr())
//	x.Who, err = l.LogIn(ctx, conn.RemoteAddr(), user, check)
//	retryAfter, ok := x.Admit()
//	defer x.Release()
//	... // query the upstream, mask
//	err = x.Commit(record, status) // and only then respond
//
// Invariants: an exchange has one policy from its beginning to its end; it is not
// complete before its record is durable; it is counted and logged after that, in this
// order; an attempt to log in that fails is a record, and those that follow it are
// slow; a consumer whose view does not exist cannot be configured.
package proxy

import (
	"fmt"
	"time"
)

// Limit gives a limit that is zero its default. The error says that it is negative.
func Limit[T int | time.Duration](name string, v *T, def T) error {
	if *v < 0 {
		return fmt.Errorf("limit %s is negative", name)
	}
	if *v == 0 {
		*v = def
	}
	return nil
}
