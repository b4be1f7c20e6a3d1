package pgproxy

import (
	"context"
	"errors"
	"time"

	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// logIn authenticates the client. Earlier failures slow it down.
func (x *session) logIn(user string, binding *consumer.Binding) (*consumer.Consumer, error) {
	ctx, cancel := context.WithTimeout(x.s.stopping, x.s.limits.AuthTimeout)
	defer cancel()
	who, err := x.s.shared.LogIn(ctx, x.raw.RemoteAddr(), user, func() (*consumer.Consumer, error) {
		// The delay does not count.
		if err := x.conn.SetDeadline(time.Now().Add(x.s.limits.AuthTimeout)); err != nil {
			return nil, err
		}
		return x.authenticate(x.login.Policy.Consumers(), user, binding)
	})
	switch {
	case errors.Is(err, consumer.ErrBadCredentials):
		return nil, &wire.Error{Code: "28P01", Text: "password authentication failed"}
	case errors.Is(err, consumer.ErrTooManyAttempts), errors.Is(err, context.DeadlineExceeded):
		return nil, &wire.Error{Code: "53400", Text: consumer.ErrTooManyAttempts.Error()}
	}
	if errors.Is(err, context.Canceled) {
		return nil, errClosing
	}
	return who, err
}

// recordLogin records a login before the client is told its outcome. A login that the
// client abandoned is not recorded: interactive clients first find out whether a password
// is needed.
func (x *session) recordLogin(user string, outcome error) error {
	result, reason := loginOutcome(outcome)
	if result == "" {
		return nil
	}
	if x.login.RecordLogin(x.login.Policy.Consumers().NameOf(user), result, reason, 0) != nil {
		return errRecord
	}
	return nil
}

// loginOutcome returns the outcome for the record; empty if the client disconnected.
func loginOutcome(err error) (result, reason string) {
	var reported *wire.Error
	switch {
	case err == nil:
		return "complete", ""
	case !errors.As(err, &reported):
		return "", ""
	}
	switch reported.Code {
	case "28P01":
		return "refused", proxy.ReasonCredentials
	case "53400":
		return "refused", proxy.ReasonAttempts
	case "28000":
		return "refused", reported.Text // one of the two mechanisms of this package
	case "3D000":
		return "refused", "database"
	case "08001", "08006", "53300", "58030":
		return "failed", "upstream"
	case "57P01":
		return "failed", "shutdown"
	}
	return "refused", "startup parameters"
}
