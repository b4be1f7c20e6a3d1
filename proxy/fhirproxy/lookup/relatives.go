package lookup

import (
	"net/url"
	"strings"

	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/people"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
)

// The resources of a patient's relatives refer to the patient, so they are found by a
// search. If the server says that it has no such resources or cannot search them, there
// are no relatives. If the search fails or has too many pages, texts are removed.

const (
	// ofPatient is the prefix of the key of a patient's relatives.
	ofPatient = "RelatedPerson?patient="
	// maxPages is how many pages of relatives are read.
	maxPages = 10
)

// Relatives implements fhir.Site's Relatives.
func (f *Finder) Relatives(patient string) (people.Facts, error) { return f.facts(ofPatient + patient) }

// searchRelatives reads the names of a patient's relatives.
func (f *Finder) searchRelatives(patient string) (facts people.Facts, ok bool) {
	path := "/" + ofPatient + url.QueryEscape(patient)
	nothing := []int{404, 405, 410, 501}
	for range maxPages {
		r, ok := f.get(path, nothing...)
		if !ok {
			return nil, false
		}
		next := ""
		if r.Body != nil {
			facts = append(facts, people.FactsOf(f.v.automaton.Schema(), r.Body, f.v.relative)...)
			next = f.nextPage(r, path)
		}
		r.Release()
		switch next {
		case "":
			return facts, true
		case lostPage:
			return nil, false
		}
		path, nothing = next, nil
	}
	return nil, false
}

// lostPage represents a next page that cannot be requested.
const lostPage = "?"

// nextPage returns the path of the next page, or "".
func (f *Finder) nextPage(r *upstream.Response, path string) (next string) {
	edit.EachLink(r.Body, 0, 0, func(relation, url string) {
		if !strings.EqualFold(relation, "next") {
			return
		}
		var ok bool
		if next, ok = f.s.c.Upstream.Below(url, path, false); !ok || next == "" {
			next = lostPage
		}
	})
	return next
}
