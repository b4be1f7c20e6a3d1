package fhir

import (
	"strings"

	"github.com/veil-proxy/veil/fhir/fhirjson"
)

// Look-ups read an object's members out of order, where a value is needed before the walk
// reaches it: the type of a resource, the url of an extension, the system of a code. They
// run on demand and skim what is in between, since the walk reads the same text strictly:
// what a look-up finds in invalid JSON is never used.

// find returns the index of a member's value in the object at src[obj], or -1.
func (w *Walker) find(obj int, name string) int {
	var at [1]int
	w.findAll(obj, []string{name}, at[:])
	return at[0]
}

// findAll sets at[k] to the index of the value of the member names[k], or -1.
func (w *Walker) findAll(obj int, names []string, at []int) {
	for k := range at {
		at[k] = -1
	}
	src := w.src
	if obj < 0 || obj >= len(src) || src[obj] != '{' {
		return
	}
	var f fhirjson.Fault
	i := fhirjson.SkipSpace(src, obj+1)
	missing := len(names)
	for i < len(src) && src[i] == '"' {
		end, escaped := w.stops.Peek(src, i, &f)
		if end < 0 {
			return
		}
		key := src[i+1 : end-1]
		if escaped {
			w.name = fhirjson.AppendUnescaped(w.name[:0], key)
			key = w.name
		}
		if i = fhirjson.ScanColon(src, end, &f); i < 0 {
			return
		}
		for k, name := range names {
			if at[k] < 0 && string(key) == name {
				at[k] = i
				if missing--; missing == 0 {
					return
				}
				break
			}
		}
		if i = fhirjson.SkimValue(src, i, &f); i < 0 {
			return
		}
		if i = fhirjson.SkipSpace(src, i); i >= len(src) || src[i] != ',' {
			return
		}
		i = fhirjson.SkipSpace(src, i+1)
	}
}

// text returns the text of the string at src[i], or nil when there is none. It
// is valid until the next look-up if the string has escapes.
func (w *Walker) text(i int) []byte {
	if i < 0 || i >= len(w.src) || w.src[i] != '"' {
		return nil
	}
	var f fhirjson.Fault
	end, escaped := w.stops.Peek(w.src, i, &f)
	if end < 0 {
		return nil
	}
	inside := w.src[i+1 : end-1]
	if escaped {
		w.name = fhirjson.AppendUnescaped(nil, inside) // kept by callers across look-ups: not reused
		return w.name
	}
	return inside
}

// scalarText returns the text of a string, or a number or literal as written.
func (w *Walker) scalarText(i int) []byte {
	if i < 0 || i >= len(w.src) {
		return nil
	}
	if w.src[i] == '"' {
		return w.text(i)
	}
	if w.src[i] == '{' || w.src[i] == '[' {
		return nil
	}
	var f fhirjson.Fault
	end := fhirjson.ScanScalar(w.src, i, &f)
	if end < 0 {
		return nil
	}
	return w.src[i:end]
}

// each calls f with the index of every item of the array at src[i], or of the
// value itself, until f reports true.
func (w *Walker) each(i int, f func(item int) bool) bool {
	src := w.src
	if i < 0 || i >= len(src) {
		return false
	}
	if src[i] != '[' {
		return f(i)
	}
	var ft fhirjson.Fault
	i = fhirjson.SkipSpace(src, i+1)
	for i < len(src) && src[i] != ']' {
		if f(i) {
			return true
		}
		if i = fhirjson.SkimValue(src, i, &ft); i < 0 {
			return false
		}
		if i = fhirjson.SkipSpace(src, i); i < len(src) && src[i] == ',' {
			i = fhirjson.SkipSpace(src, i+1)
		}
	}
	return false
}

// holds reports whether the conditions of a decision hold: of the object that
// has the element (at obj) and of the element itself (at i).
func (w *Walker) holds(d *decision, obj, i int) bool {
	if d.when != nil && !w.meets(d.when, obj, w.testedObj == obj) {
		return false
	}
	return d.whenSelf == nil || w.each(i, func(item int) bool { return w.meets(d.whenSelf, item, false) })
}

// meets reports whether a condition holds for the object at obj. known says that testedAt
// has the index of the member that all its paths begin with.
func (w *Walker) meets(c *condition, obj int, known bool) bool {
	switch c.test {
	case testAll:
		for _, o := range c.of {
			if !w.meets(o, obj, known) {
				return false
			}
		}
		return true
	case testAny:
		for _, o := range c.of {
			if w.meets(o, obj, known) {
				return true
			}
		}
		return false
	}
	if c.test == testAges && obj == w.res.start && c.up == 0 && len(c.path) == 1 && c.path[0] == "code" && w.res.node.typ.Name == "Observation" {
		if known {
			return w.observedAgesAt(w.testedAt)
		}
		return w.observedAges()
	}
	at := w.testedAt
	switch {
	case c.up > 0:
		w.volatile = true // the result here depends on what is above
		at = w.find(w.holders[len(w.holders)-1-c.up], c.path[0])
	case !known:
		at = w.find(obj, c.path[0])
	}
	switch c.test {
	case testEmpty:
		return at < 0 || !w.some(c, testExists, at, 1)
	case testDiffers:
		return at >= 0 && w.some(c, testExists, at, 1) && !w.some(c, testEquals, at, 1)
	case testAges:
		return at >= 0 && w.some(c, testAges, at, 1) || w.heldByObservation(c, obj, at)
	}
	return at >= 0 && w.some(c, c.test, at, 1)
}

// some reports whether a value at the rest of a condition's path, from src[i], passes a
// test of single values.
func (w *Walker) some(c *condition, of test, i, step int) bool {
	return w.each(i, func(item int) bool {
		if step < len(c.path) {
			at := w.find(item, c.path[step])
			return at >= 0 && w.some(c, of, at, step+1)
		}
		switch of {
		case testExists:
			return w.src[item] != 'n' // null
		case testAges:
			return w.src[item] == '{' && w.saysAge(item)
		case testHas:
			return w.src[item] == '{' && w.meets(c.has, item, false)
		}
		got := w.scalarText(item)
		switch of {
		case testStarts:
			return strings.HasPrefix(string(got), c.want[0])
		case testMatches:
			return c.form.Match(got)
		}
		for _, want := range c.want {
			if string(got) == want {
				return true
			}
		}
		return false
	})
}

// leave ends the walk of an object.
func (w *Walker) leave() {
	w.depth--
	w.holders = w.holders[:len(w.holders)-1]
}
