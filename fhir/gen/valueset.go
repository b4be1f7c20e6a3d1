package main

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
)

type valueSet struct {
	URL     string
	Compose struct{ Include, Exclude []include }
}

type include struct {
	System   string
	Concept  []concept
	Filter   []struct{ Property, Op, Value string }
	ValueSet []string
}

type concept struct {
	Code, Display string
	Designation   []struct{ Language, Value string }
	Property      []struct{ Code, ValueCode string }
	Concept       []concept
}

type codeSystem struct {
	URL, ValueSet, Content, Copyright, Publisher string
	Identifier                                   identifiers
	Concept                                      []concept
}

// addCodeSystem keeps the fullest version of a code system.
func (d *definitions) addCodeSystem(c *codeSystem) {
	old := d.codeSystems[c.URL]
	if old == nil || count(c.Concept) > count(old.Concept) {
		d.codeSystems[c.URL] = c
	}
}

func count(concepts []concept) int {
	n := 0
	for _, c := range concepts {
		n += 1 + count(c.Concept)
	}
	return n
}

// forms are the value sets that cannot be listed, and the form of their codes.
var forms = map[string]string{
	"http://hl7.org/fhir/ValueSet/mimetypes":     "mime",
	"http://hl7.org/fhir/ValueSet/all-languages": "language",
	"http://hl7.org/fhir/ValueSet/ucum-units":    "ucum",
	"http://hl7.org/fhir/ValueSet/currencies":    "currency",
}

// largestSet is how many codes a value set without required binding may have and still be
// listed.
const largestSet = 400

// setTable numbers the value sets that are listed.
type setTable struct {
	d       *definitions
	numbers map[string]int
	out     bytes.Buffer
}

// number returns the number of a value set, or -1 if it is useless: it cannot be listed
// and has no form.
func (t *setTable) number(url, strength string, isCode bool) int {
	url, _, _ = strings.Cut(url, "|")
	if n, ok := t.numbers[url]; ok {
		return n
	}
	codes, systems := map[string]bool{}, map[string]bool{}
	t.d.expand(url, codes, systems, 0)
	form := forms[url]
	if form != "" {
		codes = nil
	}
	if form == "" && (len(codes) == 0 || strength != "required" && !isCode && (strength == "example" || len(codes) > largestSet)) {
		return -1
	}
	n := len(t.numbers)
	t.numbers[url] = n
	fmt.Fprintf(&t.out, "V %d %s", n, url)
	if form != "" {
		fmt.Fprintf(&t.out, " form=%s", form)
	}
	if len(systems) > 0 {
		fmt.Fprintf(&t.out, " sys=%s", strings.Join(sortedKeys(systems), ","))
	}
	t.out.WriteByte('\n')
	line := 0
	for _, c := range sortedKeys(codes) {
		if strings.ContainsAny(c, " \t\n") {
			continue
		}
		if line > 0 && line+len(c) > 110 {
			t.out.WriteByte('\n')
			line = 0
		}
		fmt.Fprintf(&t.out, " %s", c)
		line += len(c) + 1
	}
	if line > 0 {
		t.out.WriteByte('\n')
	}
	return n
}

// expand adds the codes of a value set as far as the definitions list them.
// What they do not list (SNOMED CT, LOINC, filters on properties) is left out:
// a code that is not listed does not pass.
func (d *definitions) expand(url string, codes, systems map[string]bool, depth int) {
	url, _, _ = strings.Cut(url, "|")
	v := d.valueSets[url]
	if v == nil || depth > 6 {
		return
	}
	for _, inc := range v.Compose.Include {
		got := d.included(inc, systems, depth)
		for c := range got {
			codes[c] = true
		}
	}
	for _, exc := range v.Compose.Exclude {
		for c := range d.included(exc, map[string]bool{}, depth) {
			delete(codes, c)
		}
	}
}

func (d *definitions) included(inc include, systems map[string]bool, depth int) map[string]bool {
	codes := map[string]bool{}
	if inc.System != "" {
		systems[inc.System] = true
	}
	for _, url := range inc.ValueSet {
		d.expand(url, codes, systems, depth+1)
	}
	for _, c := range inc.Concept {
		codes[c.Code] = true
	}
	cs := d.codeSystems[inc.System]
	if cs == nil || len(inc.Concept) > 0 {
		return codes
	}
	if len(inc.Filter) == 0 {
		each(cs.Concept, func(c *concept) { codes[c.Code] = true })
		return codes
	}
	for _, f := range inc.Filter {
		if f.Op != "is-a" && f.Op != "descendent-of" {
			return codes
		}
		for c := range descendants(cs.Concept, f.Value) {
			codes[c] = true
		}
		if f.Op == "is-a" {
			codes[f.Value] = true
		}
	}
	return codes
}

func each(concepts []concept, f func(*concept)) {
	for i := range concepts {
		f(&concepts[i])
		each(concepts[i].Concept, f)
	}
}

// descendants finds the codes below root, by nesting and by subsumedBy.
func descendants(concepts []concept, root string) map[string]bool {
	parents := map[string][]string{}
	var walk func(list []concept, parent string)
	walk = func(list []concept, parent string) {
		for _, c := range list {
			if parent != "" {
				parents[c.Code] = append(parents[c.Code], parent)
			}
			for _, p := range c.Property {
				if p.Code == "subsumedBy" {
					parents[c.Code] = append(parents[c.Code], p.ValueCode)
				}
			}
			walk(c.Concept, c.Code)
		}
	}
	walk(concepts, "")
	below := map[string]bool{}
	var under func(code string, depth int) bool
	under = func(code string, depth int) bool {
		if depth > 20 {
			return false
		}
		for _, p := range parents[code] {
			if p == root || under(p, depth+1) {
				return true
			}
		}
		return false
	}
	names := sortedKeys(parents)
	sort.Strings(names)
	for _, code := range names {
		if under(code, 0) {
			below[code] = true
		}
	}
	return below
}
