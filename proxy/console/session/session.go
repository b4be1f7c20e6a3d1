// Package session keeps the sessions of operators: in the memory of one process, or in a
// database of PostgreSQL that several replicas share.
//
//	store := session.NewMemory()                      // or
//	store, err := session.NewPostgres(session.Postgres{DSN: …})
//	err = store.Put(ctx, id, session.Row{…}, limits)
//	row, ok, err := store.Get(ctx, id, limits)
//
// The contents of a session are encrypted for the store: the key is derived from the secret
// in the browser's cookie and from the configuration (see package console). Someone who
// reads a store learns how many sessions exist and when they were used; someone who writes
// to it cannot create one.
//
// Invariants: a session that has expired, or that was deleted by any of those who share the
// store, is never returned; a store that cannot be reached is an error and never a session.
package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"
)

// ID names a session: the SHA-256 of the secret in its cookie.
type ID [sha256.Size]byte

// Row is a stored session.
type Row struct {
	// Account names what the operator logged in by.
	Account [sha256.Size]byte
	Sealed  []byte
}

// Limits are the limits of sessions.
type Limits struct {
	// Idle is how long a session lasts without a request, Lifetime its maximum duration.
	Idle, Lifetime time.Duration
}

// ErrUnavailable says that a store cannot be reached.
var ErrUnavailable = errors.New("the sessions cannot be reached")

// Store keeps sessions. It may be used concurrently. Errors are ErrUnavailable, or that of
// the context.
type Store interface {
	// Put keeps a session, and removes those that have expired. If there are too many, the
	// one that was idle longest ends.
	Put(ctx context.Context, id ID, row Row, limits Limits) error
	// Get returns a session, and counts as using it.
	Get(ctx context.Context, id ID, limits Limits) (row Row, ok bool, err error)
	// Delete ends a session.
	Delete(ctx context.Context, id ID) error
	// Keep ends the sessions of all accounts but these.
	Keep(ctx context.Context, accounts [][sha256.Size]byte) error
	// Once reports whether this is the first call for what within a duration.
	Once(ctx context.Context, what ID, within time.Duration) (bool, error)
	// Secret returns random bytes, the same for all who share the store.
	Secret(ctx context.Context) ([]byte, error)
	// Close closes the store.
	Close()
}

// secretSize is the size of a store's secret, in bytes.
const secretSize = 32
