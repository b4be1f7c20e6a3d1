package lookup

import (
	"errors"
	"strings"
	"time"

	"github.com/veil-proxy/veil/fhir/people"
)

// Where a rule scrubs texts, what the resources of people and organisations say that a
// response refers to is looked for in them. It is read from the upstream like the patients
// of resources (above), and kept for as long.

// maxPeopleBytes bounds what is kept of people.
const maxPeopleBytes = 64 << 20

// ofPeople begins the keys of lookups for what a resource says of people.
const ofPeople = "people:"

// errPeople says that what a resource says of people could not be had: texts are removed.
var errPeople = errors.New("the people of a text could not be looked up")

// told is what a resource said of people, if it could be had.
type told struct {
	facts people.Facts
	lost  bool
}

// People implements fhir.Site's People.
func (f *Finder) People(typ, id string) (people.Facts, error) { return f.facts(typ + "/" + id) }

// facts returns what was found under a key, or notes that it must be looked up.
func (f *Finder) facts(key string) (people.Facts, error) {
	t, ok := f.recallPeople(key)
	if !ok && f.waits {
		f.until = time.Now().Add(f.s.c.Timeout)
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

func (f *Finder) recallPeople(key string) (told, bool) {
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
func (f *Finder) keepPeople(key string, t told) {
	if f.told == nil {
		f.told = map[string]told{}
	}
	f.told[key] = t
}

// findPeople reads a resource and keeps what it says of people.
func (f *Finder) findPeople(key string) {
	t := told{lost: true}
	if patient, ok := strings.CutPrefix(key, ofPatient); ok {
		t.facts, ok = f.searchRelatives(patient)
		t.lost = !ok
	} else if r, ok := f.read(key); ok {
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
