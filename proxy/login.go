package proxy

import (
	"context"
	"errors"
	"net"

	"github.com/veil-proxy/veil/proxy/consumer"
)

// LogIn finds out who a client is, by check, and slows down who guesses: after some
// failures of an address, or with the name of a user, each further attempt takes
// longer. user is the name that the client gave with a password, or empty where its
// credentials name nobody.
//
// An attempt with a password waits before it is checked, whether it is right or not,
// since a password can be guessed. A key, a token and a certificate cannot: one that
// is right is taken at once, whatever others of its address did, and one that is
// wrong is refused late.
//
// The error is that of check, consumer.ErrTooManyAttempts, or that of ctx.
func (l *Listener) LogIn(ctx context.Context, from net.Addr, user string, check func() (*consumer.Consumer, error)) (*consumer.Consumer, error) {
	attempts := l.attempts.Load()
	if user != "" {
		if err := attempts.Wait(ctx, from, user); err != nil {
			return nil, err
		}
	}
	who, err := check()
	switch {
	case err == nil && user != "":
		attempts.Succeeded(user)
	case errors.Is(err, consumer.ErrBadCredentials):
		if user == "" {
			if late := attempts.Wait(ctx, from, ""); late != nil {
				err = late
			}
		}
		attempts.Failed(from, user)
	}
	return who, err
}

// Address is that of a client, by the RemoteAddr of its request; nil where it has none.
func Address(remote string) net.Addr {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return nil
	}
	if ip := net.ParseIP(host); ip != nil {
		return &net.TCPAddr{IP: ip}
	}
	return nil
}

// SlowDown replaces what is known of failed attempts, and how those that follow are
// slowed down.
func (l *Listener) SlowDown(a *consumer.Attempts) { l.attempts.Store(a) }

// RecordLogin records an attempt to log in, before the client is told what came of
// it. Who tried is the consumer of the exchange or, in place of one that is not known
// yet, name.
func (x *Exchange) RecordLogin(name, result, reason string, status int) error {
	x.Operation = "login"
	r := x.bare(result, reason)
	if x.Who == nil {
		r.Consumer = name
	}
	if result == "refused" {
		x.l.config.Metrics.FailedLogin()
	}
	e := x.Entry(r, status)
	e.event = "login"
	return x.l.Commit(e)
}
