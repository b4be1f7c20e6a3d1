package schema

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed tables/invariants.txt
var invariantsText string

// OneOf is a set of elements of a type, one of which is required by an invariant of
// FHIR.
type OneOf struct {
	// invariant is its key.
	invariant string
	Elements  []string
	// StandIn is the element that is used to say that all of them are masked.
	StandIn string
}

// Need is an element that an invariant of FHIR requires next to another.
type Need struct{ invariant, Beside, Element string }

// invariants gives types those of a list that hold for them.
func (s *Schema) invariants(text string) error {
	for n, line := range strings.Split(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 5 && (len(f) != 3 || f[0] != "text") {
			return fmt.Errorf("invariants: line %d: wrong number of columns", n+1)
		}
		if f[0] == "text" {
			if t := s.Type(f[1]); t != nil && t.Element(f[2]) != nil {
				t.ReadAsText = f[2]
			}
			continue
		}
		t := s.Type(f[2])
		if t == nil {
			continue
		}
		elements := append(strings.Split(f[3], ","), f[4])
		if slices.ContainsFunc(elements, func(name string) bool { return t.Element(name) == nil }) {
			continue
		}
		switch f[0] {
		case "one":
			t.oneOf = append(t.oneOf, OneOf{f[1], elements[:len(elements)-1], f[4]})
		case "beside":
			t.Needs = append(t.Needs, Need{f[1], f[3], f[4]})
		default:
			return fmt.Errorf("invariants: line %d: unknown kind %q", n+1, f[0])
		}
	}
	return nil
}

// OneOfWith returns the OneOf that contains an element, or nil.
func (t *Type) OneOfWith(element string) *OneOf {
	for i := range t.oneOf {
		if slices.Contains(t.oneOf[i].Elements, element) {
			return &t.oneOf[i]
		}
	}
	return nil
}
