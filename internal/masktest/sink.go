package masktest

import (
	"context"
	"sync"

	"github.com/veil-proxy/veil/mask"
)

// Sink keeps records in memory. It may be used concurrently.
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

// Fail lets Append fail from now on, or not if err is nil.
func (s *Sink) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// Len is how many records there are.
func (s *Sink) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.records)
}

// At is one of the records, in their order.
func (s *Sink) At(i int) *mask.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records[i]
}

// Last is the latest record; nil for none.
func (s *Sink) Last() *mask.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.records) == 0 {
		return nil
	}
	return s.records[len(s.records)-1]
}
