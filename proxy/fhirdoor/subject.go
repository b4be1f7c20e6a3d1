package fhirdoor

import (
	"errors"
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/veil-proxy/veil/fhir"
)

// Some resources lead to their patient only through another one, such as a
// Provenance through the Observation that it is about. Rules that act by patient,
// such as a date shift, need that patient, so the other resource is read from the
// upstream. What is learned, originals both, is kept in memory for a while: many
// resources refer to one.

const (
	// subjectAge is how long it is believed who a resource is about.
	subjectAge = 5 * time.Minute
	// maxSubjects bounds how many of them are kept.
	maxSubjects = 100_000
	// maxLookups bounds how many resources are read for one answer.
	maxLookups = 1000
	// farthestSubject is how many references are followed.
	farthestSubject = 4
)

// errSubject says that an answer cannot be masked as it always is, since the
// upstream did not say who a resource is about.
var errSubject = errors.New("the patient could not be found out")

func newSubjects() (*ristretto.Cache[string, string], error) {
	return ristretto.NewCache(&ristretto.Config[string, string]{
		NumCounters: 10 * maxSubjects, MaxCost: maxSubjects, BufferItems: 64, IgnoreInternalCost: true,
	})
}

// finder finds patients for a masker.
type finder struct {
	s *Server
	v *view
	// By how many references were followed: a walker that reads cannot be asked.
	walkers [farthestSubject]*fhir.Walker
	sites   [farthestSubject]fhir.Site
	left    int // lookups that the answer being masked may still make
	broken  bool
}

func newFinder(s *Server, v *view) *finder {
	f := &finder{s: s, v: v}
	for i := range f.sites {
		f.sites[i] = fhir.Site{Upstream: s.origins, Base: s.base}
		if i+1 < len(f.sites) {
			f.sites[i].Subject = func(dst []byte, typ string, id []byte) ([]byte, bool) { return f.find(dst, typ, id, i+1) }
		}
	}
	return f
}

// begin starts an answer.
func (f *finder) begin() { f.left, f.broken = maxLookups, false }

// Subject is fhir.Site's.
func (f *finder) Subject(dst []byte, typ string, id []byte) ([]byte, bool) {
	return f.find(dst, typ, id, 0)
}

func (f *finder) find(dst []byte, typ string, id []byte, hops int) ([]byte, bool) {
	key := typ + "/" + string(id)
	if known, ok := f.s.subjects.Get(key); ok {
		return append(dst, known...), known != ""
	}
	if f.left--; f.left < 0 || f.broken {
		f.broken = true
		return dst, false
	}
	found, ok := f.ask(key, hops)
	if !ok {
		return dst, false
	}
	f.s.subjects.SetWithTTL(key, found, 1, subjectAge)
	return append(dst, found...), found != ""
}

// ask reads a resource from the upstream. patient is empty where it is about
// none that can be told; ok is false where it could not be read.
func (f *finder) ask(path string, hops int) (patient string, ok bool) {
	r, p := f.s.up.get([]byte("/"+path), f.s.limits.UpstreamTimeout)
	if p != nil {
		f.broken = true
		return "", false
	}
	defer r.release()
	if r.status == 404 || r.status == 410 {
		return "", true
	}
	if r.check() != nil || r.toJSON() != nil {
		f.broken = true
		return "", false
	}
	if f.walkers[hops] == nil { // most rulesets never need one
		f.walkers[hops] = fhir.NewWalker(f.v.automaton, fhir.RememberNothing)
	}
	id, ok := f.walkers[hops].AppendSubject(nil, r.body, &f.sites[hops])
	if f.broken {
		return "", false
	}
	if !ok {
		return "", true
	}
	return string(id), true
}
