package fhirtest

import (
	"bytes"
	"sort"
	"strings"
)

// Base is the address under which the resources of a Population refer to each
// other where they do so absolutely. A Source puts its own in its place.
const Base = "https://ehr.bramblewood.example/fhir/r4"

// Resource is one FHIR resource.
type Resource struct {
	Type, ID string
	// Patient is the id of the patient it is about; empty for practitioners,
	// organizations and locations.
	Patient string
	// JSON is the resource as compact JSON, without a line break. It must not be modified.
	JSON []byte

	spans []span
}

// Planted is a value that identifies a person, as planted by Generate.
type Planted struct {
	// Path is the first element that contains it, without indexes, such as
	// "Patient.name.family".
	Path string
	// Kind is what it is, such as "name", "ssn" or "date". Names and addresses
	// of those who give or pay for care are of the kinds "provider" and
	// "organization".
	Kind string
	// Value is its text, Raw the text as written in the resource's JSON.
	Value, Raw string
	// Patient is the id of the patient whose record contains it; empty in the records of
	// practitioners, organizations and locations.
	Patient string
}

// Population is a set of resources. It is immutable and safe for concurrent use.
type Population struct {
	resources []Resource
	byKey     map[string]int // Type/id to index
	// Made when they are first asked for: a demo never does.
	planted func() []Planted
	finder  func() *finder
}

// Resources returns all resources: those that patients share first, then
// patient by patient. The slice must not be modified.
func (p *Population) Resources() []Resource { return p.resources }

// Get returns the resource of a type and id.
func (p *Population) Get(typ, id string) (Resource, bool) {
	i, ok := p.byKey[typ+"/"+id]
	if !ok {
		return Resource{}, false
	}
	return p.resources[i], true
}

// Types returns the types that have resources, in order.
func (p *Population) Types() []string {
	seen := map[string]bool{}
	var types []string
	for _, r := range p.resources {
		if !seen[r.Type] {
			seen[r.Type] = true
			types = append(types, r.Type)
		}
	}
	sort.Strings(types)
	return types
}

// PatientIDs returns the ids of the patients in the order they were made.
func (p *Population) PatientIDs() []string {
	var ids []string
	for _, r := range p.resources {
		if r.Type == "Patient" {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// minPlanted is the length in bytes under which a value is not listed.
const minPlanted = 5

// Planted returns the values that must not survive masking, each once for a
// patient and path. A value is listed only if finding it means something: it
// has at least five bytes, and it is no part of a string that stands in the
// resources and identifies nobody (a display, a code, the name of an element).
// Comparison ignores case. Numbers under five digits, ages among them, are
// therefore not listed, nor are times of day. The slice must not be modified.
func (p *Population) Planted() []Planted { return p.planted() }

// Find returns the planted values that occur in data, as text or as JSON, each
// value once, in the order of Planted. Values of fewer than eight bytes count
// only where neither a letter nor a digit touches them, since a pseudonym could
// hold them by chance. It takes one pass over data.
func (p *Population) Find(data []byte) []Planted {
	var found []Planted
	planted := p.planted()
	for _, i := range p.finder().find(data) {
		found = append(found, planted[i])
	}
	return found
}

// keepListable drops what Planted does not list. plain has every string
// that is not a secret.
func keepListable(planted []Planted, plain map[string]struct{}) []Planted {
	all := make([]string, 0, len(plain))
	for s := range plain {
		all = append(all, strings.ToLower(s))
	}
	sort.Strings(all)
	vocabulary := strings.Join(all, "\n")
	common := map[string]bool{}
	kept := planted[:0]
	for _, v := range planted {
		drop, known := common[v.Value]
		if !known {
			drop = len(v.Value) < minPlanted || strings.Contains(vocabulary, strings.ToLower(v.Value))
			common[v.Value] = drop
		}
		if !drop {
			kept = append(kept, v)
		}
	}
	return kept
}

// finder looks for many values at once: every value is filed under its first
// five bytes, and those are looked up at each position.
type finder struct {
	filter [1 << 15]byte // a bit for each hash of a beginning
	starts map[[minPlanted]byte][]entry
}

type entry struct {
	text  string
	first int // index into planted
}

func newFinder(planted []Planted) *finder {
	f := &finder{starts: map[[minPlanted]byte][]entry{}}
	seen := map[string]bool{}
	add := func(text string, first int) {
		if seen[text] || len(text) < minPlanted {
			return
		}
		seen[text] = true
		k := [minPlanted]byte([]byte(text[:minPlanted]))
		f.starts[k] = append(f.starts[k], entry{text, first})
		h := beginning(k[:])
		f.filter[h>>3] |= 1 << (h & 7)
	}
	for i, v := range planted {
		add(v.Value, i)
		add(v.Raw, i)
	}
	return f
}

// beginning hashes five bytes to 18 bits.
func beginning(b []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range b[:minPlanted] {
		h = (h ^ uint32(c)) * 16777619
	}
	return h >> 14
}

// find returns the indexes of the values in data, in order, each once.
func (f *finder) find(data []byte) []int {
	found := map[int]bool{}
	for i := 0; i+minPlanted <= len(data); i++ {
		h := beginning(data[i:])
		if f.filter[h>>3]&(1<<(h&7)) == 0 {
			continue
		}
		for _, e := range f.starts[[minPlanted]byte(data[i:])] {
			if found[e.first] || !bytes.HasPrefix(data[i:], []byte(e.text)) {
				continue
			}
			if end := i + len(e.text); len(e.text) >= 8 || !(i > 0 && alphanumeric(data[i-1])) && !(end < len(data) && alphanumeric(data[end])) {
				found[e.first] = true
			}
		}
	}
	list := make([]int, 0, len(found))
	for i := range found {
		list = append(list, i)
	}
	sort.Ints(list)
	return list
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
