package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

// mostSessions bounds the number of sessions.
const mostSessions = 1000

// memory is a store of one process.
type memory struct {
	now    func() time.Time
	secret []byte

	mu   sync.Mutex
	byID map[ID]*kept
	used map[ID]time.Time // until when
}

type kept struct {
	Row
	begun, seen time.Time
}

func (k *kept) expired(now time.Time, l Limits) bool {
	return now.Sub(k.seen) >= l.Idle || now.Sub(k.begun) >= l.Lifetime
}

// NewMemory returns a store for this process only. now is the clock; nil means the
// system's.
func NewMemory(now func() time.Time) Store {
	if now == nil {
		now = time.Now
	}
	m := &memory{now: now, secret: make([]byte, secretSize), byID: map[ID]*kept{}, used: map[ID]time.Time{}}
	_, _ = rand.Read(m.secret) // never fails: crypto/rand ends the process instead
	return m
}

// Put implements Store.
func (m *memory) Put(_ context.Context, id ID, row Row, limits Limits) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	var oldest *ID
	for other, k := range m.byID {
		if k.expired(now, limits) {
			delete(m.byID, other)
		} else if oldest == nil || k.seen.Before(m.byID[*oldest].seen) {
			oldest = &other
		}
	}
	if len(m.byID) >= mostSessions {
		delete(m.byID, *oldest)
	}
	m.byID[id] = &kept{row, now, now}
	return nil
}

// Get implements Store.
func (m *memory) Get(_ context.Context, id ID, limits Limits) (Row, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, now := m.byID[id], m.now()
	switch {
	case k == nil:
		return Row{}, false, nil
	case k.expired(now, limits):
		delete(m.byID, id)
		return Row{}, false, nil
	}
	k.seen = now
	return k.Row, true, nil
}

// Delete implements Store.
func (m *memory) Delete(_ context.Context, id ID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.byID, id)
	return nil
}

// Keep implements Store.
func (m *memory) Keep(_ context.Context, accounts [][sha256.Size]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, k := range m.byID {
		if !slices.Contains(accounts, k.Account) {
			delete(m.byID, id)
		}
	}
	return nil
}

// Once implements Store.
func (m *memory) Once(_ context.Context, what ID, within time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	for other, until := range m.used {
		if !now.Before(until) {
			delete(m.used, other)
		}
	}
	if _, ok := m.used[what]; ok {
		return false, nil
	}
	m.used[what] = now.Add(within)
	return true, nil
}

// Secret implements Store.
func (m *memory) Secret(context.Context) ([]byte, error) { return m.secret, nil }

// Close implements Store.
func (m *memory) Close() {}
