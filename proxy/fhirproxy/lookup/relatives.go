package lookup

import (
	"net/url"
	"strings"

	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/people"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
)

// A patient's relatives refer to the patient, so they are searched for. A server that has no
// such resources, or does not search them, says so, and knows of no relatives. If the search
// fails, or is never at its end, texts are removed.

const (
	// ofPatient begins the key of the relatives of a patient.
	ofPatient = "RelatedPerson?patient="
	// maxPages is how many pages of relatives are read.
	maxPages = 10
)

// Relatives implements fhir.Site's Relatives.
func (f *Finder) Relatives(patient string) (people.Facts, error) { return f.facts(ofPatient + patient) }

// searchRelatives reads what the relatives of a patient are called.
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

// lostPage stands for a next page that cannot be requested.
const lostPage = "?"

// nextPage is the path of the page behind one, or empty.
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
