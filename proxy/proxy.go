// Package proxy contains what the listeners share: the policy in force, the beginning
// and end of an exchange, the throttling and recording of logins, limits, and
// readiness. It knows no protocol.
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
// order; a failed login is recorded, and slows down those that follow; a consumer whose
// view does not exist cannot be configured.
package proxy

import (
	"fmt"
	"time"
)

// Limit sets a limit that is zero to its default. The error says that it is negative.
func Limit[T int | time.Duration](name string, v *T, def T) error {
	if *v < 0 {
		return fmt.Errorf("limit %s is negative", name)
	}
	if *v == 0 {
		*v = def
	}
	return nil
}
