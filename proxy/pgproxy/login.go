package pgproxy

import (
	"context"
	"errors"
	"time"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// logIn finds out who the client is. Failures before slow it down.
func (x *session) logIn(user string, binding *consumer.Binding) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), x.s.limits.AuthTimeout)
	defer cancel()
	from := x.raw.RemoteAddr()
	if err := x.s.attempts.Wait(ctx, from, user); err != nil {
		return &wire.Error{Code: "53400", Text: consumer.ErrTooManyAttempts.Error()}
	}
	// What was waited does not count.
	if err := x.conn.SetDeadline(time.Now().Add(x.s.limits.AuthTimeout)); err != nil {
		return err
	}
	x.who, err = x.authenticate(x.policy.consumers, user, binding)
	var told *wire.Error
	switch {
	case err == nil:
		x.s.attempts.Succeeded(user)
	case errors.As(err, &told):
		x.s.attempts.Failed(from, user)
	}
	return err
}

// recordLogin records an attempt to log in before the client is told what came of
// it. One that the client gave up is none: interactive clients look first whether a
// password is needed.
func (x *session) recordLogin(user string, outcome error) error {
	result, reason := loginOutcome(outcome)
	if result == "" {
		return nil
	}
	r := &mask.Record{
		Time: time.Now().UTC(), RequestID: mask.NewRequestID(), Consumer: x.policy.consumers.NameOf(user), Client: x.address,
		Door: "postgres", Operation: "login", Result: result, Reason: reason,
	}
	begun := time.Now()
	err := x.s.sink.Append(context.Background(), r)
	x.s.metrics.Append(time.Since(begun), err)
	if result == "refused" {
		x.s.metrics.FailedLogin()
	}
	if err != nil {
		x.s.log.Error("audit record could not be written", "door", "postgres", "operation", "login", "error", err)
		return errRecord
	}
	x.s.log.Info("login", "request_id", r.RequestID, "consumer", r.Consumer, "client", r.Client, "door", "postgres", "outcome", result, "reason", reason)
	return nil
}

// loginOutcome is what a record has of an attempt: nothing where the client left.
func loginOutcome(err error) (result, reason string) {
	var told *wire.Error
	switch {
	case err == nil:
		return "complete", ""
	case !errors.As(err, &told):
		return "", ""
	}
	switch told.Code {
	case "28P01":
		return "refused", "credentials"
	case "53400":
		return "refused", "too many attempts"
	case "28000":
		return "refused", told.Text // one of two that this package has
	case "3D000":
		return "refused", "database"
	case "08001", "08006", "53300", "58030":
		return "failed", "upstream"
	case "57P01":
		return "failed", "shutdown"
	}
	return "refused", "startup parameters"
}
