package pgproxy

import (
	"errors"
	"os"
	"runtime/debug"
	"time"

	"github.com/veil-proxy/veil/mask/keys"
)

// lull is how long a client may be silent in the middle of the extended protocol before
// it gets responses without Flush or Sync, so that a client that waits for an error
// receives it.
const lull = 20 * time.Millisecond

// restAfter is how long a client may be silent before its session releases all memory
// that it does not need while waiting.
const restAfter = time.Second

// rest releases empty buffers, which the next statement can allocate again.
func (x *session) rest() {
	x.in.Rest()
	x.up.Rest()
	x.keys = nil
	if len(x.out) == 0 && len(x.entries) == 0 && len(x.expected) == 0 {
		x.out, x.entries, x.expected = nil, nil, nil
	}
	x.s.rested()
}

// When manyRest sessions have gone idle, the memory that they released is returned to the
// system. This happens returnAfter later, to include sessions that go idle in the
// meantime, and to cost little. By itself, the runtime would keep about a tenth of the
// memory that the process had, and the gaps between memory in use.
const (
	manyRest    = 500
	returnAfter = time.Minute
)

// rested counts a session that has gone idle.
func (s *Server) rested() {
	if s.rests.Add(1) == manyRest {
		time.AfterFunc(returnAfter, func() {
			s.rests.Store(0)
			debug.FreeOSMemory()
		})
	}
}

// opener returns the function that opens sealed parameters.
func (x *session) opener() *keys.Pseudonymizer {
	if x.keys == nil {
		x.keys = x.view.plain.Keys.NewPseudonymizer()
	}
	return x.keys
}

// loop handles messages until the client disconnects.
func (x *session) loop() error {
	x.waits.Store(true)
	silent := time.Duration(0) // how long the client was silent before the wait
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
			continue // interrupted, to check whether the session should end
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
