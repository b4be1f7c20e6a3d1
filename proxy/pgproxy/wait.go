package pgproxy

import (
	"errors"
	"os"
	"runtime/debug"
	"time"

	"github.com/veil-proxy/veil/mask/keys"
)

// lull is how long a client may be silent in the middle of the extended protocol
// before its messages are answered without Flush or Sync: one that waits for an
// error gets it.
const lull = 20 * time.Millisecond

// restAfter is how long a client may be silent before its session gives back all memory that
// it does not need while it waits.
const restAfter = time.Second

// rest gives back what the next statement can have anew, where nothing is left in it.
func (x *session) rest() {
	x.in.Rest()
	x.up.Rest()
	x.keys = nil
	if len(x.out) == 0 && len(x.entries) == 0 && len(x.expected) == 0 {
		x.out, x.entries, x.expected = nil, nil, nil
	}
	x.s.rested()
}

// When manyRest sessions have begun to rest, the memory that they gave back is returned to the
// system, returnAfter later, so that those that begin meanwhile take part, and this costs little.
// The runtime by itself would keep about a tenth of what the process had, and what lies between
// what is in use.
const (
	manyRest    = 500
	returnAfter = time.Minute
)

// rested counts a session that began to rest.
func (s *Server) rested() {
	if s.rests.Add(1) == manyRest {
		time.AfterFunc(returnAfter, func() {
			s.rests.Store(0)
			debug.FreeOSMemory()
		})
	}
}

// opener opens what is bound to parameters.
func (x *session) opener() *keys.Pseudonymizer {
	if x.keys == nil {
		x.keys = x.view.plain.Keys.NewPseudonymizer()
	}
	return x.keys
}

// loop handles messages until the client leaves.
func (x *session) loop() error {
	x.waits.Store(true)
	silent := time.Duration(0) // how long the client was, up to the wait
	for {
		wait := min(restAfter, x.s.limits.IdleTimeout)
		switch {
		case len(x.expected) > 0:
			wait = lull
		case silent > 0:
			wait = x.s.limits.IdleTimeout - silent
		}
		deadline := time.Now().Add(wait)
		if !x.in.Whole() {
			if err := x.conn.SetReadDeadline(deadline); err != nil {
				return err
			}
		}
		if err := x.over(); err != nil {
			return err
		}
		var err error
		if x.in.Resting() {
			err = x.readable()
		}
		var typ byte
		var body []byte
		if err == nil {
			typ, body, err = x.in.Next()
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(deadline):
			continue // hurried, to look whether it should end
		case errors.Is(err, os.ErrDeadlineExceeded) && len(x.expected) > 0:
			if err := x.drain(); err != nil {
				return err
			}
			continue
		case errors.Is(err, os.ErrDeadlineExceeded) && silent+wait < x.s.limits.IdleTimeout:
			silent += wait
			x.rest()
			continue
		case errors.Is(err, os.ErrDeadlineExceeded):
			return errIdle
		case err != nil:
			return err
		}
		silent = 0
		if typ == 'X' {
			return nil
		}
		if err := x.over(); err != nil { // since the message was waited for
			return err
		}
		if err := x.message(typ, body); err != nil {
			return err
		}
	}
}
