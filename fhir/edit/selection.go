// Package edit changes resources in JSON without decoding them: it reduces each to the
// requested elements, adds entries to Bundles and reads single members.
package edit

import (
	"errors"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
)

// Selection reduces resources to the elements that the consumer requested (FHIR R4,
// search.html#summary and #elements). It acts on masked resources, after the rules have
// seen all of the original. It is immutable.
type Selection struct {
	// types maps a resource type to the members that are kept; types that it does not name
	// lose nothing.
	types map[string]map[string]bool
	// drop has the members that are removed from every type.
	drop map[string]bool
}

// always has the members that every resource keeps.
var always = []string{"resourceType", "id", "meta"}

// subsetted tells that a resource is not whole (FHIR R4, resource.html#Meta).
const subsetted = `{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}`

// SelectElements returns the Selection of _elements, on top of with. Mandatory and
// modifier elements stay, so that the result is valid and cannot be misread. unknown
// reports that the type has no element of one of the names.
func SelectElements(s *schema.Schema, with *Selection, typ string, names []string) (_ *Selection, unknown bool) {
	t := s.Type(typ)
	if t == nil {
		return with, true
	}
	keep := map[string]bool{}
	for _, name := range names {
		e := t.Element(name)
		if e == nil {
			for i := range t.Elements { // valueQuantity
				for _, et := range t.Elements[i].Types {
					if t.Elements[i].JSONName(et) == name {
						e = &t.Elements[i]
					}
				}
			}
		}
		if e == nil {
			return with, true
		}
		keepElement(keep, e)
	}
	for i := range t.Elements {
		if e := &t.Elements[i]; e.Min > 0 || e.Modifier {
			keepElement(keep, e)
		}
	}
	return with.And(&Selection{types: map[string]map[string]bool{typ: keep}}), false
}

// SelectSummary returns the Selection of _summary=true, text or data, on top of with.
func SelectSummary(s *schema.Schema, with *Selection, typ, kind string) *Selection {
	if kind == "data" {
		return with.And(&Selection{drop: map[string]bool{"text": true, "_text": true}})
	}
	t := s.Type(typ)
	keep := map[string]bool{}
	for i := range t.Elements {
		e := &t.Elements[i]
		if e.Min > 0 || e.Modifier || kind == "true" && e.Summary || kind == "text" && e.Name == "text" {
			keepElement(keep, e)
		}
	}
	return with.And(&Selection{types: map[string]map[string]bool{typ: keep}})
}

// keepElement adds the members that an element can have.
func keepElement(keep map[string]bool, e *schema.Element) {
	for _, et := range e.Types {
		name := e.JSONName(et)
		keep[name], keep["_"+name] = true, true
	}
}

// And joins two selections: it removes what either of them removes.
func (n *Selection) And(m *Selection) *Selection {
	if n == nil {
		return m
	}
	out := &Selection{types: map[string]map[string]bool{}, drop: map[string]bool{}}
	for _, o := range []*Selection{n, m} {
		for name := range o.drop {
			out.drop[name] = true
		}
		for typ, keep := range o.types {
			before, ok := out.types[typ]
			if !ok {
				out.types[typ] = keep
				continue
			}
			both := map[string]bool{}
			for name := range keep {
				both[name] = before[name]
			}
			out.types[typ] = both
		}
	}
	return out
}

// stays reports whether a member of a resource is kept.
func (n *Selection) stays(typ, member string) bool {
	if slices.Contains(always, member) {
		return true
	}
	if n.drop[member] {
		return false
	}
	keep, ok := n.types[typ]
	return !ok || keep[member]
}

// touches reports whether a type loses anything.
func (n *Selection) touches(typ string) bool {
	_, ok := n.types[typ]
	return ok || len(n.drop) > 0
}

// errNarrow is returned for text that the walker did not write.
var errNarrow = errors.New("the masked resource cannot be narrowed")

// Append appends the selected elements of a masked resource. In a Bundle, it reduces
// the resources of the entries, except those that a search included (FHIR R4,
// search.html#elements). The error says that masked is not a resource.
func (n *Selection) Append(dst, masked []byte) ([]byte, error) {
	c := cutter{n: n, src: masked, dst: dst}
	end := c.resource(fhirjson.SkipSpace(masked, 0), true)
	if end < 0 || fhirjson.SkipSpace(masked, end) != len(masked) {
		return dst, errNarrow
	}
	return c.dst, nil
}

// cutter writes a narrowed copy of its source.
type cutter struct {
	n     *Selection
	src   []byte
	dst   []byte
	fault fhirjson.Fault
	// src[from:to] is a value that need not be read, if to is not 0.
	from, to int
}

// members calls f with the name and the value's bounds of every member of the object at
// i, and returns the index after it.
func (c *cutter) members(i int, f func(name string, from, to int) bool) int {
	if i >= len(c.src) || c.src[i] != '{' {
		return -1
	}
	if i = fhirjson.SkipSpace(c.src, i+1); i < len(c.src) && c.src[i] == '}' {
		return i + 1
	}
	for i < len(c.src) {
		end, escaped := 0, false
		if c.src[i] != '"' {
			return -1
		}
		if end, escaped = fhirjson.ScanString(c.src, i, &c.fault); end < 0 {
			return -1
		}
		name := string(c.src[i+1 : end-1])
		if escaped {
			name = string(fhirjson.AppendUnescaped(nil, c.src[i+1:end-1]))
		}
		if i = fhirjson.ScanColon(c.src, end, &c.fault); i < 0 {
			return -1
		}
		from := i
		if i == c.from && c.to > i {
			i = c.to
		} else {
			i = fhirjson.SkimValue(c.src, i, &c.fault)
		}
		if i < 0 || !f(name, from, i) {
			return -1
		}
		switch i = fhirjson.SkipSpace(c.src, i); {
		case i < len(c.src) && c.src[i] == ',':
			i = fhirjson.SkipSpace(c.src, i+1)
		case i < len(c.src) && c.src[i] == '}':
			return i + 1
		default:
			return -1
		}
	}
	return -1
}

// resource copies the resource at i.
func (c *cutter) resource(i int, root bool) int {
	if i >= len(c.src) || c.src[i] != '{' {
		return -1
	}
	typ := c.stringMember(i, "resourceType")
	if root && typ == "Bundle" {
		return c.object(i, func(name string, from, to int) bool {
			if name == "entry" {
				return c.array(from, c.entry)
			}
			c.dst = append(c.dst, c.src[from:to]...)
			return true
		})
	}
	if !c.n.touches(typ) {
		end := fhirjson.SkipValue(c.src, i, 0, &c.fault)
		if end > 0 {
			c.dst = append(c.dst, c.src[i:end]...)
		}
		return end
	}
	tagged := false
	start := len(c.dst)
	end := c.objectOf(i, func(name string) bool { return c.n.stays(typ, name) }, func(name string, from, to int) bool {
		if name == "meta" {
			tagged = true
			return c.meta(from, to)
		}
		c.dst = append(c.dst, c.src[from:to]...)
		return true
	})
	if end > 0 && !tagged && len(c.dst)-start > len("{}") {
		c.dst = append(c.dst[:len(c.dst)-1], `,"meta":{"tag":[`+subsetted+`]}}`...)
	}
	return end
}

// meta copies a resource's meta and adds the tag that marks it as narrowed.
func (c *cutter) meta(from, to int) bool {
	tagged := false
	end := c.object(from, func(name string, from, to int) bool {
		if name != "tag" {
			c.dst = append(c.dst, c.src[from:to]...)
			return true
		}
		tagged = true
		value := c.src[from:to]
		if strings.Contains(string(value), `"SUBSETTED"`) || value[0] != '[' {
			c.dst = append(c.dst, value...)
			return true
		}
		c.dst = append(c.dst, value[:len(value)-1]...)
		if strings.TrimSpace(string(value[1:len(value)-1])) != "" {
			c.dst = append(c.dst, ',')
		}
		c.dst = append(append(c.dst, subsetted...), ']')
		return true
	})
	if end != to {
		return false
	}
	if !tagged {
		c.dst = c.dst[:len(c.dst)-1]
		if c.dst[len(c.dst)-1] != '{' {
			c.dst = append(c.dst, ',')
		}
		c.dst = append(c.dst, `"tag":[`+subsetted+`]}`...)
	}
	return true
}

// entry copies a Bundle's entry.
func (c *cutter) entry(i int) int {
	included := false
	if c.members(i, func(name string, from, _ int) bool {
		if name == "search" {
			mode := c.stringMember(from, "mode")
			included = mode == "include" || mode == "outcome"
		}
		return true
	}) < 0 {
		return -1
	}
	return c.object(i, func(name string, from, to int) bool {
		if name == "resource" && !included {
			return c.resource(from, false) == to
		}
		c.dst = append(c.dst, c.src[from:to]...)
		return true
	})
}

func (c *cutter) array(i int, item func(int) int) bool {
	if c.src[i] != '[' {
		return false
	}
	c.dst = append(c.dst, '[')
	i = fhirjson.SkipSpace(c.src, i+1)
	for first := true; i < len(c.src) && c.src[i] != ']'; first = false {
		if !first {
			if c.src[i] != ',' {
				return false
			}
			c.dst = append(c.dst, ',')
			i = fhirjson.SkipSpace(c.src, i+1)
		}
		if i = item(i); i < 0 {
			return false
		}
		i = fhirjson.SkipSpace(c.src, i)
	}
	c.dst = append(c.dst, ']')
	return true
}

// object copies an object with value writing each member's value.
func (c *cutter) object(i int, value func(name string, from, to int) bool) int {
	return c.objectOf(i, func(string) bool { return true }, value)
}

// objectOf copies the members of an object that are kept.
func (c *cutter) objectOf(i int, stays func(name string) bool, value func(name string, from, to int) bool) int {
	c.dst = append(c.dst, '{')
	first := true
	end := c.members(i, func(name string, from, to int) bool {
		if !stays(name) {
			return true
		}
		if !first {
			c.dst = append(c.dst, ',')
		}
		first = false
		c.dst = append(fhirjson.AppendEscaped(append(c.dst, '"'), []byte(name)), '"', ':')
		return value(name, from, to)
	})
	c.dst = append(c.dst, '}')
	return end
}

// stringMember returns the text of a member of the object at i, or nothing.
func (c *cutter) stringMember(i int, member string) (text string) {
	c.members(i, func(name string, from, to int) bool {
		if name == member && c.src[from] == '"' {
			text = string(fhirjson.AppendUnescaped(nil, c.src[from+1:to-1]))
		}
		return true
	})
	return text
}

// AppendEntry appends a masked Bundle with one more entry at its end. The error
// says that bundle is not one object.
func AppendEntry(dst, bundle, entry []byte) ([]byte, error) {
	c := cutter{src: bundle, dst: dst}
	added := false
	start := len(dst)
	end := c.object(fhirjson.SkipSpace(bundle, 0), func(name string, from, to int) bool {
		if name != "entry" || added {
			c.dst = append(c.dst, c.src[from:to]...)
			return true
		}
		if c.src[from] != '[' {
			return false
		}
		added = true
		c.dst = append(c.dst, c.src[from:to-1]...)
		if fhirjson.SkipSpace(c.src, from+1) != to-1 {
			c.dst = append(c.dst, ',')
		}
		c.dst = append(append(c.dst, entry...), ']')
		return true
	})
	if end < 0 || fhirjson.SkipSpace(bundle, end) != len(bundle) {
		return dst, errNarrow
	}
	if !added {
		c.dst = c.dst[:len(c.dst)-1]
		if len(c.dst) > start+1 {
			c.dst = append(c.dst, ',')
		}
		c.dst = append(append(append(c.dst, `"entry":[`...), entry...), ']', '}')
	}
	return c.dst, nil
}
