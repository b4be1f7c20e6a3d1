package fhirproxy

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/people"
	"github.com/veil-proxy/veil/internal/stack"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
)

// Some resources lead to their patient only through another one, such as a
// Provenance through the Observation that it is about. Rules that act by patient,
// such as a date shift, need that patient, so the other resource is read from the
// upstream. What is learned, originals both, is kept in memory for a while: many
// resources refer to one.
//
// A masker is never held meanwhile, since there are only as many of them as
// processors: a walk notes what it missed, the masker goes back, the patients are
// looked up, and the response is masked again from its beginning.

const (
	// subjectAge is how long it is believed who a resource is about.
	subjectAge = 5 * time.Minute
	// maxSubjects bounds how many of them are kept.
	maxSubjects = 100_000
	// maxLookups bounds how many resources are read for one response, and
	// Limits.UpstreamTimeout how long that takes together.
	maxLookups = 1000
	// lookupsAtOnce is how many resources are read at once for one response.
	lookupsAtOnce = 4
	// farthestSubject is how many references are followed.
	farthestSubject = 4
)

// maxLookupsAtOnce is how many resources are read at once for all responses.
func maxLookupsAtOnce(l Limits) int { return max(lookupsAtOnce, l.Exchanges/2) }

// errSubject says that a response cannot be masked as it always is, since the
// upstream did not say who a resource is about. errMissed says that it must be
// asked first.
var (
	errSubject = errors.New("the patient could not be found out")
	errMissed  = errors.New("a patient must be looked up")
)

func newSubjects() (*ristretto.Cache[string, string], error) {
	return ristretto.NewCache(&ristretto.Config[string, string]{
		NumCounters: 10 * maxSubjects, MaxCost: maxSubjects, BufferItems: 64, IgnoreInternalCost: true,
	})
}

// finder finds the patients that one response needs.
type finder struct {
	s *Server
	v *view
	// waits: the walk waits for the upstream, since it has a masker of its own.
	waits  bool
	missed []string // Type/id, by the walk
	until  time.Time

	mu     sync.Mutex
	known  map[string]string // the patient by Type/id, empty where there is none
	short  map[lookup]string // the same where references were left unfollowed
	told   map[string]told   // what resources say of people, by Type/id
	left   int               // lookups that the response may still make
	broken bool
}

// lookup is a resource and how many references led to it.
type lookup struct {
	key  string
	hops int
}

func newFinder(s *Server, v *view, waits bool) *finder {
	return &finder{s: s, v: v, waits: waits, left: maxLookups}
}

// subject is fhir.Site's.
func (f *finder) subject(dst []byte, typ string, id []byte) ([]byte, bool) {
	key := typ + "/" + string(id)
	patient, ok, _ := f.recall(key, 0)
	if !ok && f.waits {
		f.until = time.Now().Add(f.s.limits.UpstreamTimeout)
		f.find(key, 0)
		patient, _, _ = f.recall(key, 0)
	} else if !ok {
		f.missed = append(f.missed, key)
	}
	return append(dst, patient...), patient != ""
}

// begin starts a response with a finder that was used before.
func (f *finder) begin() {
	f.missed, f.left, f.broken = f.missed[:0], maxLookups, false
	clear(f.known)
	clear(f.short)
	clear(f.told)
}

// recall returns what is known of a resource that so many references led to.
func (f *finder) recall(key string, hops int) (patient string, ok, short bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if patient, ok = f.known[key]; ok {
		return patient, true, false
	}
	if patient, ok = f.short[lookup{key, hops}]; ok {
		return patient, true, true
	}
	if patient, ok = f.s.subjects.Get(key); ok {
		f.keep(key, hops, patient, false)
	}
	return patient, ok, false
}

// keep notes what was found. The response has it until its end, whatever the cache
// forgets meanwhile.
func (f *finder) keep(key string, hops int, patient string, short bool) {
	if f.known == nil {
		f.known, f.short = map[string]string{}, map[lookup]string{}
	}
	if short {
		f.short[lookup{key, hops}] = patient
	} else {
		f.known[key] = patient
	}
}

// settle looks up what a walk missed. What could not be, the next walk says.
func (f *finder) settle() {
	if f.until.IsZero() {
		f.until = time.Now().Add(f.s.limits.UpstreamTimeout)
	}
	under := map[string]bool{}
	work := make(chan string)
	var workers sync.WaitGroup
	for range min(lookupsAtOnce, len(f.missed)) {
		workers.Go(func() {
			for key := range work {
				f.findSafely(key)
			}
		})
	}
	for _, key := range f.missed {
		if !under[key] {
			under[key] = true
			work <- key
		}
	}
	close(work)
	workers.Wait()
	f.missed = f.missed[:0]
}

// findSafely is find outside of the handler's goroutine, where a panic would end
// the process.
func (f *finder) findSafely(key string) {
	defer func() {
		if recover() != nil { // its text can hold a value
			f.s.shared.Log().Error("panic", "door", "fhir", "operation", "patient", "stack", stack.OfPanic())
			f.fail()
		}
	}()
	if of, ok := strings.CutPrefix(key, ofPeople); ok {
		f.findPeople(of)
		return
	}
	f.find(key, 0)
}

func (f *finder) fail() {
	f.mu.Lock()
	f.broken = true
	f.mu.Unlock()
}

// find reads a resource that so many references led to and keeps the patient that
// it is about.
func (f *finder) find(key string, hops int) {
	r, ok := f.read(key)
	if !ok {
		f.fail()
		return
	}
	defer r.Release()
	patient, short := "", false // references were left unfollowed
	for again := r.Body != nil; again; {
		again = false
		var missed []string
		site := fhir.Site{Upstream: f.s.up.Origins, Base: f.s.base, Subject: func(dst []byte, typ string, id []byte) ([]byte, bool) {
			if hops+1 == farthestSubject {
				short = true
				return dst, false
			}
			key := typ + "/" + string(id)
			patient, ok, cut := f.recall(key, hops+1)
			if !ok {
				missed = append(missed, key)
			}
			short = short || cut
			return append(dst, patient...), patient != ""
		}}
		w := f.v.seekers.Get().(*fhir.Walker)
		found, ok := w.AppendSubject(nil, r.Body, &site)
		f.v.seekers.Put(w) // not where it panicked
		for _, key := range missed {
			f.find(key, hops+1)
			again = true
		}
		if f.isBroken() {
			return
		}
		if patient = ""; ok {
			patient = string(found)
		}
	}
	f.mu.Lock()
	f.keep(key, hops, patient, short)
	f.mu.Unlock()
	if !short {
		f.s.subjects.SetWithTTL(key, patient, 1, subjectAge)
	}
}

func (f *finder) isBroken() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken
}

// read reads a resource from the upstream. Its body is nil where there is none.
func (f *finder) read(key string) (*upstream.Response, bool) {
	f.mu.Lock()
	f.left--
	ok := f.left >= 0 && !f.broken
	f.mu.Unlock()
	left := time.Until(f.until)
	if !ok || left <= 0 {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), left)
	defer cancel()
	if !f.s.lookups.Take(ctx) {
		return nil, false
	}
	defer f.s.lookups.Leave()
	r, p := f.s.up.Get([]byte("/"+key), time.Until(f.until))
	if p != nil {
		return nil, false
	}
	if r.Status == 404 || r.Status == 410 {
		r.Body = nil
		return r, true
	}
	if r.Check() != nil || r.ToJSON() != nil {
		r.Release()
		return nil, false
	}
	return r, true
}

// Where a rule scrubs texts, what the resources of people and organisations say that a
// response refers to is looked for in them. It is read from the upstream like the patients
// of resources (above), and kept for as long.

// maxPeopleBytes bounds what is kept of people.
const maxPeopleBytes = 64 << 20

// ofPeople begins the keys of lookups for what a resource says of people.
const ofPeople = "people:"

// errPeople says that what a resource says of people could not be had: texts are removed.
var errPeople = errors.New("the people of a text could not be looked up")

func newPeople() (*ristretto.Cache[string, people.Facts], error) {
	return ristretto.NewCache(&ristretto.Config[string, people.Facts]{
		NumCounters: 10 * maxSubjects, MaxCost: maxPeopleBytes, BufferItems: 64, IgnoreInternalCost: true,
	})
}

// told is what a resource said of people, if it could be had.
type told struct {
	facts people.Facts
	lost  bool
}

// people is fhir.Site's.
func (f *finder) people(typ, id string) (people.Facts, error) {
	key := typ + "/" + id
	t, ok := f.recallPeople(key)
	if !ok && f.waits {
		f.until = time.Now().Add(f.s.limits.UpstreamTimeout)
		f.findPeople(key)
		t, ok = f.recallPeople(key)
	}
	if !ok && !f.waits {
		f.missed = append(f.missed, ofPeople+key)
	}
	if !ok || t.lost {
		return nil, errPeople
	}
	return t.facts, nil
}

func (f *finder) recallPeople(key string) (told, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t, ok := f.told[key]; ok {
		return t, true
	}
	facts, ok := f.s.people.Get(key)
	if ok {
		f.keepPeople(key, told{facts: facts})
	}
	return told{facts: facts}, ok
}

// keepPeople notes what was found, until the end of the response.
func (f *finder) keepPeople(key string, t told) {
	if f.told == nil {
		f.told = map[string]told{}
	}
	f.told[key] = t
}

// findPeople reads a resource and keeps what it says of people.
func (f *finder) findPeople(key string) {
	t := told{lost: true}
	if r, ok := f.read(key); ok {
		defer r.Release()
		t = told{facts: people.FactsOf(f.v.automaton.Schema(), r.Body, f.v.relative)}
	}
	f.mu.Lock()
	f.keepPeople(key, t)
	f.mu.Unlock()
	if !t.lost {
		f.s.people.SetWithTTL(strings.Clone(key), t.facts, int64(len(key)+len(t.facts)), subjectAge)
	}
}
