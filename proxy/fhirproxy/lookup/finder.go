// Package lookup finds what masking a response needs from other resources of the upstream:
// the patient that a resource is about, and what is known of the people whom a text may
// name. It also does the work that a walk postpones (mask.Later).
//
// Some resources lead to their patient only through another resource, such as a
// Provenance through the Observation that it is about. Rules that act by patient, such
// as a date shift, need that patient, so the other resource is read from the upstream.
// Both ids, which are originals, are kept in memory for a while, since many resources
// refer to the same one.
//
// No masker is held meanwhile, since there are only as many maskers as processors: a
// walk notes what it missed, the masker is returned, the patients are looked up, and
// the response is masked again from its beginning.
//
//	f := lookups.Finder(rules, false)
//	for {
//		… walk with f as the site's Subject, People and Later …
//		if !f.Needs() {
//			break
//		}
//		f.Settle()
//	}
package lookup

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/stack"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
	"github.com/veil-proxy/veil/proxy/trace"
)

const (
	// subjectAge is how long the subject of a resource is cached.
	subjectAge = 5 * time.Minute
	// maxSubjects bounds the cached subjects.
	maxSubjects = 100_000
	// maxLookups bounds the resources read for one response; Limits.UpstreamTimeout bounds
	// the total time.
	maxLookups = 1000
	// lookupsAtOnce is how many resources are read at once for one response.
	lookupsAtOnce = 4
	// farthestSubject is how many references are followed.
	farthestSubject = 4
)

// Places returns how many resources may be read at once for the given number of
// responses.
func Places(exchanges int) int { return max(lookupsAtOnce, exchanges/2) }

// Finder finds what a single response needs.
type Finder struct {
	// Span is the span that its requests are traced in.
	Span trace.Span

	s *Server
	v *Rules
	// waits: the walk may wait for the upstream, since it has a masker of its own.
	waits  bool
	missed []string // Type/id, by the walk
	// left is the work that the walk left, and results are its results, by key.
	left    []leftWork
	results map[[32]byte]any
	until   time.Time

	mu      sync.Mutex
	known   map[string]string // the patient by Type/id; empty if there is none
	short   map[lookup]string // the same if not all references were followed
	told    map[string]told   // what resources say of people, by Type/id
	lookups int               // the look-ups that the response may still make
	broken  bool
}

// lookup is a resource and how many references led to it.
type lookup struct {
	key  string
	hops int
}

// Finder returns a finder for a response, or for several in sequence. waits says that the
// walk waits for the upstream, because it has a masker of its own.
func (s *Server) Finder(v *Rules, waits bool) *Finder {
	return &Finder{s: s, v: v, waits: waits, lookups: maxLookups}
}

// Subject implements fhir.Site's Subject.
func (f *Finder) Subject(dst []byte, typ string, id []byte) ([]byte, bool) {
	key := typ + "/" + string(id)
	patient, ok, _ := f.recall(key, 0)
	if !ok && f.waits {
		f.until = time.Now().Add(f.s.c.Timeout)
		f.find(key, 0)
		patient, _, _ = f.recall(key, 0)
	} else if !ok {
		f.missed = append(f.missed, key)
	}
	return append(dst, patient...), patient != ""
}

// Begin starts the next response with a finder that was used before.
func (f *Finder) Begin() {
	f.missed, f.lookups, f.broken = f.missed[:0], maxLookups, false
	clear(f.known)
	clear(f.short)
	clear(f.told)
	clear(f.results)
}

// recall returns what is known about a resource that was reached through a number of
// references.
func (f *Finder) recall(key string, hops int) (patient string, ok, short bool) {
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

// keep notes what was found. The response keeps it until its end, even if the cache drops
// it.
func (f *Finder) keep(key string, hops int, patient string, short bool) {
	if f.known == nil {
		f.known, f.short = map[string]string{}, map[lookup]string{}
	}
	if short {
		f.short[lookup{key, hops}] = patient
	} else {
		f.known[key] = patient
	}
}

// Settle looks up what a walk missed, and does the work that it postponed. The next walk reports
// what could not be looked up.
func (f *Finder) Settle() {
	if f.until.IsZero() {
		f.until = time.Now().Add(f.s.c.Timeout)
	}
	under := map[string]bool{}
	work := make(chan func())
	var workers sync.WaitGroup
	for range min(max(lookupsAtOnce, runtime.GOMAXPROCS(0)), len(f.missed)+len(f.left)) {
		workers.Go(func() {
			for do := range work {
				f.safely(do)
			}
		})
	}
	for _, key := range f.missed {
		if under[key] {
			continue
		}
		under[key] = true
		work <- func() {
			if of, ok := strings.CutPrefix(key, ofPeople); ok {
				f.findPeople(of)
			} else {
				f.find(key, 0)
			}
		}
	}
	leaving := map[[32]byte]bool{}
	for _, l := range f.left {
		if !leaving[l.key] {
			leaving[l.key] = true
			work <- func() { f.do(l) }
		}
	}
	close(work)
	workers.Wait()
	f.missed, f.left = f.missed[:0], nil
}

// safely runs f outside the handler's goroutine, where a panic would end the process.
func (f *Finder) safely(do func()) {
	defer func() {
		if recover() != nil { // its text may contain a value
			f.s.c.Log().Error("panic", "door", "fhir", "operation", "patient", "stack", stack.OfPanic())
			f.fail()
		}
	}()
	do()
}

func (f *Finder) fail() {
	f.mu.Lock()
	f.broken = true
	f.mu.Unlock()
}

// find reads a resource that was reached through a number of references, and keeps the
// patient it is about.
func (f *Finder) find(key string, hops int) {
	r, ok := f.read(key)
	if !ok {
		f.fail()
		return
	}
	defer r.Release()
	patient, short := "", false // not all references were followed
	for again := r.Body != nil; again; {
		again = false
		var missed []string
		site := fhir.Site{Upstream: f.s.c.Upstream.Origins, Base: f.s.c.Base, Subject: func(dst []byte, typ string, id []byte) ([]byte, bool) {
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
		f.v.seekers.Put(w) // not after a panic
		for _, key := range missed {
			f.find(key, hops+1)
			again = true
		}
		if f.Broken() {
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

// Broken reports that the response cannot be masked consistently, because the upstream did
// not say whom a resource is about.
func (f *Finder) Broken() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken
}

// read reads a resource from the upstream. The body is nil if there is none.
func (f *Finder) read(key string) (*upstream.Response, bool) { return f.get("/"+key, 404, 410) }

// get reads a path of the upstream. The body is nil if the status says that nothing is
// there.
func (f *Finder) get(path string, nothing ...int) (*upstream.Response, bool) {
	f.mu.Lock()
	f.lookups--
	ok := f.lookups >= 0 && !f.broken
	f.mu.Unlock()
	left := time.Until(f.until)
	if !ok || left <= 0 {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), left)
	defer cancel()
	if !f.s.places.Take(ctx) {
		return nil, false
	}
	defer f.s.places.Leave()
	r, p := f.s.c.Upstream.Get([]byte(path), time.Until(f.until), f.Span)
	if p != nil {
		return nil, false
	}
	if slices.Contains(nothing, r.Status) {
		r.Body = nil
		return r, true
	}
	if r.Check() != nil || r.ToJSON() != nil {
		r.Release()
		return nil, false
	}
	return r, true
}
