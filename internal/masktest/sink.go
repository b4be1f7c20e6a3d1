package masktest

import (
	"context"
	"sync"

	"github.com/veil-proxy/veil/mask"
)

// Sink keeps records in memory. It is safe for concurrent use.
type Sink struct {
	mu      sync.Mutex
	records []*mask.Record
	err     error
}

// Append implements mask.Sink.
func (s *Sink) Append(_ context.Context, r *mask.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.records = append(s.records, r)
	}
	return s.err
}

// Fail makes Append fail with err from now on, or succeed if err is nil.
func (s *Sink) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// Len returns the number of records.
func (s *Sink) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.records)
}

// At returns a record by its index.
func (s *Sink) At(i int) *mask.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records[i]
}

// Last returns the latest record, or nil.
func (s *Sink) Last() *mask.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.records) == 0 {
		return nil
	}
	return s.records[len(s.records)-1]
}
