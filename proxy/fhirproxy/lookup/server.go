package lookup

import (
	"log/slog"
	"sync"
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/people"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
)

// Config says where resources are looked up.
type Config struct {
	Upstream *upstream.Server
	// Base is the URL of the masked view.
	Base string
	// Timeout bounds all look-ups for one response together.
	Timeout time.Duration
	// Places bounds the concurrent look-ups for all responses.
	Places int
	Log    func() *slog.Logger
}

// Server holds what was looked up, for all responses.
type Server struct {
	c      Config
	places *proxy.Places
	// subjects are the patients of resources, both originals, by Type/id.
	subjects *ristretto.Cache[string, string]
	// people is what resources say of people, originals, by Type/id.
	people *ristretto.Cache[string, people.Facts]
}

// New returns a Server that has looked up nothing yet.
func New(c Config) (*Server, error) {
	s := &Server{c: c, places: proxy.NewPlaces(c.Places)}
	var err error
	if s.subjects, err = ristretto.NewCache(&ristretto.Config[string, string]{
		NumCounters: 10 * maxSubjects, MaxCost: maxSubjects, BufferItems: 64, IgnoreInternalCost: true,
	}); err != nil {
		return nil, err
	}
	s.people, err = ristretto.NewCache(&ristretto.Config[string, people.Facts]{
		NumCounters: 10 * maxSubjects, MaxCost: maxPeopleBytes, BufferItems: 64, IgnoreInternalCost: true,
	})
	return s, err
}

// Wait waits until what was learned can be found again.
func (s *Server) Wait() {
	s.subjects.Wait()
	s.people.Wait()
}

// Close discards what was learned.
func (s *Server) Close() {
	s.subjects.Close()
	s.people.Close()
}

// Rules are those of a view.
type Rules struct {
	automaton *fhir.Automaton
	seekers   sync.Pool // *fhir.Walker
	relative  func(url string) (string, bool)
}

// Rules returns the rules of a view.
func (s *Server) Rules(a *fhir.Automaton) *Rules {
	v := &Rules{automaton: a, relative: (&fhir.Site{Upstream: s.c.Upstream.Origins}).Relative()}
	v.seekers.New = func() any { return fhir.NewWalker(a, fhir.RememberNothing) }
	return v
}
