package fhirproxy

import (
	"sync"
	"time"

	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
)

// cached is a value that is requested again after some time. It may be used
// concurrently; who comes while it is being requested waits for that response.
type cached struct {
	mu    sync.Mutex
	until time.Time
	body  []byte
	err   *outcome.Problem
}

// failureAge is how long a failure is kept.
const failureAge = time.Second

// Get returns the value, or makes it when it is older than age.
func (c *cached) get(age time.Duration, fetch func() ([]byte, *outcome.Problem)) ([]byte, *outcome.Problem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Now().Before(c.until) {
		return c.body, c.err
	}
	c.body, c.err = fetch()
	if c.err != nil {
		age = failureAge
	}
	c.until = time.Now().Add(age)
	return c.body, c.err
}
