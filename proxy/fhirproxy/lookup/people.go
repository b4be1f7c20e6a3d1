package lookup

import (
	"errors"
	"strings"
	"time"

	"github.com/veil-proxy/veil/fhir/people"
)

// If a rule scrubs texts, Veil looks in them for what the resources of people and
// organizations to which a response refers say. These resources are read from the
// upstream, like the patients of resources, and cached for the same time.

// maxPeopleBytes bounds what is cached about people.
const maxPeopleBytes = 64 << 20

// ofPeople is the prefix of the keys of look-ups of what a resource says about people.
const ofPeople = "people:"

// errPeople says that what a resource says about people could not be read, so texts are
// removed.
var errPeople = errors.New("the people of a text could not be looked up")

// told is what a resource says about people, if it could be read.
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

// findPeople reads a resource and keeps what it says about people.
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
