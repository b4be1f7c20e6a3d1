package pgproxy

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"sync"
	"time"
)

// lastCancel bounds the time for forwarding a cancel request when the process stops.
const lastCancel = 5 * time.Second

// The length of a cancel key in bytes, by the version of the protocol.
const (
	shortKey = 4
	longKey  = 32
)

// sessions are those that can be cancelled, by the process id that each was
// given. The upstream's own id and key are never sent.
type sessions struct {
	mu   sync.Mutex
	byID map[uint32]*session
}

// add gives a session an id and a key.
func (s *sessions) add(x *session, keyBytes int) {
	x.key = make([]byte, keyBytes)
	_, _ = rand.Read(x.key) // never fails: crypto/rand ends the process instead
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		var b [4]byte
		_, _ = rand.Read(b[:])
		x.id = binary.BigEndian.Uint32(b[:]) >> 1 // a positive int32 for all clients
		if _, taken := s.byID[x.id]; !taken && x.id != 0 {
			s.byID[x.id] = x
			return
		}
	}
}

func (s *sessions) remove(x *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, x.id)
}

// cancel passes a cancel request on to the upstream of its session. A wrong id
// or key does nothing, as in PostgreSQL.
func (s *sessions) cancel(body []byte) {
	if len(body) < 4 {
		return
	}
	s.mu.Lock()
	x := s.byID[binary.BigEndian.Uint32(body)]
	s.mu.Unlock()
	if x != nil && subtle.ConstantTimeCompare(x.key, body[4:]) == 1 {
		x.cancelUpstream()
	}
}

// cancelUpstream makes the upstream end what it does for the session. The session may
// have ended by then, but its connection does not yet belong to another one, since the
// lock is held until the request is handled.
func (x *session) cancelUpstream() {
	x.cancelling.Lock()
	defer x.cancelling.Unlock()
	if x.up == nil {
		return
	}
	bound := x.s.limits.ConnectTimeout
	if x.s.stopping.Err() != nil {
		bound = min(bound, lastCancel)
	}
	ctx, stop := context.WithTimeout(context.Background(), bound)
	defer stop()
	_ = x.up.Cancel(ctx) // an error means that nothing is cancelled
}
