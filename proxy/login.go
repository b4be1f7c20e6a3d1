package proxy

import (
	"context"
	"errors"
	"net"

	"github.com/veil-proxy/veil/proxy/consumer"
)

// LogIn identifies a client by calling check, and throttles guessing: after some
// failures of an address or for a user name, each further attempt takes longer. user is
// the name that the client gave with a password, or empty if its credentials have no
// name.
//
// An attempt with a password waits before it is checked, whether it is right or wrong,
// because a password can be guessed. A key, a token and a certificate cannot: a valid
// one is accepted at once, whatever others at its address did, and an invalid one is
// refused after a delay.
//
// The error is that of check, consumer.ErrTooManyAttempts, or ctx's.
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

// Address returns the address of a client, given the RemoteAddr of its request; nil if
// there is none.
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

// SlowDown replaces the state and the delays of failed attempts.
func (l *Listener) SlowDown(a *consumer.Attempts) { l.attempts.Store(a) }

// RecordLogin records a login attempt, before the client learns its result. The record
// names the consumer of the exchange or, if that is not known yet, name.
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
