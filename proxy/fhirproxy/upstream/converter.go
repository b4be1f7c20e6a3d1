package upstream

import (
	"sync"

	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
)

// Converter turns XML into JSON and back, and remembers resources that come again. It is not
// for concurrent use.
type Converter struct {
	Reader *fhirxml.Reader
	Writer *fhirxml.Writer
}

// converters are one for each processor: converting is work for those, and more at once
// would only take memory. They are made when they are needed.
type converters struct {
	places chan struct{}
	mu     sync.Mutex
	idle   []*Converter // the one used last is used next
}

func (cs *converters) take(s *schema.Schema) *Converter {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if n := len(cs.idle); n > 0 {
		c := cs.idle[n-1]
		cs.idle = cs.idle[:n-1]
		return c
	}
	return &Converter{fhirxml.NewReader(s, true), fhirxml.NewWriter(s, true)}
}

func (cs *converters) put(c *Converter) {
	if c != nil {
		cs.mu.Lock()
		cs.idle = append(cs.idle, c)
		cs.mu.Unlock()
	}
	<-cs.places
}

// Convert lends a converter to f.
func (u *Server) Convert(f func(c *Converter)) {
	u.converters.places <- struct{}{}
	c := u.converters.take(u.config.Schema)
	whole := false
	defer func() {
		if !whole { // a panic: it may be in the middle of something
			c = nil
		}
		u.converters.put(c)
	}()
	f(c)
	whole = true
}
