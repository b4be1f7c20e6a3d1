package safeharbor

import (
	_ "embed"
	"maps"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/mask"
)

//go:embed tables/states.txt
var statesText string

//go:embed tables/countries.txt
var countriesText string

// places is a set of codes and names in lower case.
type places map[string]bool

func readPlaces(text string) places {
	p := places{}
	for _, line := range strings.Split(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		for _, name := range strings.Split(line, "\t") {
			p[strings.ToLower(name)] = true
		}
	}
	return p
}

// has compares without regard to case and to space around, in at most 64 bytes,
// without allocating.
func (p places) has(name []byte) bool {
	var buf [64]byte
	if len(name) > len(buf) {
		return false
	}
	lower := buf[:0]
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower = append(lower, c)
	}
	for len(lower) > 0 && lower[0] == ' ' {
		lower = lower[1:]
	}
	for len(lower) > 0 && lower[len(lower)-1] == ' ' {
		lower = lower[:len(lower)-1]
	}
	return p[string(lower)]
}

// list returns the codes and names, in lower case and in order.
func (p places) list() []string { return slices.Sorted(maps.Keys(p)) }

// state keeps the code or name of a US state, the District of Columbia, a
// territory or a military region (USPS Publication 28, Appendix B). Subdivisions
// of other countries, and everything else, are Removed: the regulation lets only
// "a State" stay. Source: 45 CFR 164.514(b)(2)(i)(B).
type state struct{ known places }

func newState() *state { return &state{readPlaces(statesText)} }

// Append implements mask.Method.
func (m *state) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	if len(in.Country) > 0 && !isUS(in.Country) || !m.known.has(src) {
		return dst, mask.Removed, nil
	}
	return dst, mask.Kept, nil
}

// country keeps an ISO 3166-1 code (two or three letters) or English short name,
// as written; everything else is Removed. A country is no subdivision smaller
// than a State. Source: 45 CFR 164.514(b)(2)(i)(B).
type country struct{ known places }

func newCountry() *country { return &country{readPlaces(countriesText)} }

// Append implements mask.Method.
func (m *country) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	if !m.known.has(src) {
		return dst, mask.Removed, nil
	}
	return dst, mask.Kept, nil
}
