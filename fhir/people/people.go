// Package people collects what resources say about people: names, numbers, addresses,
// dates of birth. It knows FHIR's types, but neither rules nor masking.
//
//	c := people.New(schema.R4())
//	c.Add(bundle)
//	known := c.Known()
//
// It collects everything in a resource, whether about the patient, relatives, staff or
// organisations, including extensions and contained resources.
package people

import (
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/text"
)

// Collector collects values. It is not safe for concurrent use.
type Collector struct {
	// Relative removes the base of the server from an absolute URL, and reports whether
	// the URL has it. If it is nil, absolute references are not followed.
	Relative func(url string) (string, bool)

	schema *schema.Schema
	b      text.KnownBuilder
	facts  *Facts          // instead of the builder
	added  map[string]bool // what the builder has: a letter for the kind, and the value
	refs   []string        // to people and organisations, as they stand there
	seen   map[string]bool // references and "Type/id" of resources that were added
	// patients are those that were added or referred to, as Patient/id.
	patients []string

	// owner is whom the values of the resource being read belong to, as masking calls them
	// (mask.Input.Entity); empty where they belong to whom a text is about.
	owner  string
	inside bool   // a resource that may contain others
	noted  string // the last owner among the facts

	src   []byte
	fault fhirjson.Fault
	key   []byte
}

// New returns an empty Collector.
func New(s *schema.Schema) *Collector {
	return &Collector{schema: s, added: map[string]bool{}, seen: map[string]bool{}}
}

// Add collects the values of a resource in JSON, including a Bundle's entries. If the
// text is not a valid resource, it collects everything before the fault.
func (c *Collector) Add(resource []byte) {
	c.src, c.fault = resource, fhirjson.Fault{}
	c.resource(fhirjson.SkipSpace(resource, 0), 0)
	c.src = nil
}

// References returns the relative references to people and organisations whose
// resources were not added, and forgets them.
func (c *Collector) References() []string {
	var out []string
	for _, ref := range c.refs {
		if !c.seen[ref] {
			c.seen[ref] = true
			out = append(out, ref)
		}
	}
	c.refs = c.refs[:0]
	return out
}

// Patients returns the patients that were added or are referred to, as Patient/id.
func (c *Collector) Patients() []string { return c.patients }

func (c *Collector) notePatient(ref string) {
	if strings.HasPrefix(ref, "Patient/") && !slices.Contains(c.patients, ref) {
		c.patients = append(c.patients, ref)
	}
}

// Known returns the collected values. Nothing can be added afterwards.
func (c *Collector) Known() *text.Known { return c.b.Build() }

// persons and organisations are the types of resources that name somebody, or where
// somebody is treated.
var (
	persons       = map[string]bool{"Patient": true, "RelatedPerson": true, "Practitioner": true, "PractitionerRole": true, "Person": true}
	organisations = map[string]bool{"Organization": true, "Location": true, "HealthcareService": true, "CareTeam": true}
)

// resource collects from the resource at src[i] and returns where it ends.
func (c *Collector) resource(i, depth int) int {
	typ := c.stringMember(i, "resourceType")
	sh := c.schema.ShapeOf([]byte(typ))
	if sh == nil {
		return fhirjson.SkipValue(c.src, i, depth, &c.fault)
	}
	id := c.stringMember(i, "id")
	if !c.inside && typ != "Bundle" && typ != "Parameters" {
		// What a contained resource has, belongs to whom the one around it is about.
		c.owner, c.inside = c.ownerOf(typ, id, i), true
		defer func() { c.owner, c.inside = "", false }()
	}
	if id != "" {
		c.seen[typ+"/"+id] = true
		c.notePatient(typ + "/" + id)
		if typ == "Patient" && len(id) >= longestPlainWord {
			c.add('x', id)
		}
	}
	return c.object(sh, i, depth)
}

// ownerOf names whom what the resource at src[i] says belongs to.
func (c *Collector) ownerOf(typ, id string, i int) (owner string) {
	switch {
	case typ == "RelatedPerson":
		c.members(i, func(key []byte, at int) int {
			if string(key) == "patient" {
				_, owner, _ = c.target("", c.stringMember(at, "reference"))
				return -1
			}
			return fhirjson.SkipValue(c.src, at, 0, &c.fault)
		})
		return owner
	case id != "" && typ != "CareTeam" && (persons[typ] || organisations[typ]):
		return typ + "/" + id
	}
	return ""
}

// longestPlainWord is how long an id must be to be looked for in texts: a shorter one is
// written as other numbers are.
const longestPlainWord = 6

// object collects from an object of a type.
func (c *Collector) object(sh *schema.Shape, i, depth int) int {
	if i >= len(c.src) || c.src[i] != '{' || depth > fhirjson.MaxDepth {
		return fhirjson.SkipValue(c.src, i, depth, &c.fault)
	}
	var o object
	end := c.members(i, func(key []byte, at int) int {
		m := sh.Keys.Find(key)
		if m < 0 {
			return fhirjson.SkipValue(c.src, at, depth, &c.fault)
		}
		return c.member(sh, &sh.Members[m], &o, at, depth+1)
	})
	c.finish(sh.Type.Name, &o)
	return end
}

// members calls f with each member of the object at src[i] and where its value begins; f
// returns where it ends. The result is where the object ends, or -1.
func (c *Collector) members(i int, f func(key []byte, at int) int) int {
	src := c.src
	i = fhirjson.SkipSpace(src, i+1)
	for i >= 0 && i < len(src) && src[i] == '"' {
		end, escaped := fhirjson.ScanString(src, i, &c.fault)
		if end < 0 {
			return -1
		}
		key := src[i+1 : end-1]
		if escaped {
			c.key = fhirjson.AppendUnescaped(c.key[:0], key)
			key = c.key
		}
		if i = fhirjson.ScanColon(src, end, &c.fault); i < 0 {
			return -1
		}
		if i = f(key, i); i < 0 {
			return -1
		}
		if i = fhirjson.SkipSpace(src, i); i < len(src) && src[i] == ',' {
			i = fhirjson.SkipSpace(src, i+1)
		}
	}
	if i < 0 || i >= len(src) || src[i] != '}' {
		return -1
	}
	return i + 1
}

// member collects from the value of a member, or from each of an array.
func (c *Collector) member(sh *schema.Shape, m *schema.ShapeMember, o *object, i, depth int) int {
	if i >= len(c.src) || depth > fhirjson.MaxDepth {
		return -1
	}
	if c.src[i] != '[' {
		return c.value(sh, m, o, i, depth)
	}
	return c.items(i, func(item int) int { return c.value(sh, m, o, item, depth+1) })
}

// items calls f with where each item of the array at src[i] begins; f returns where it
// ends. The result is where the array ends, or -1; what is no array is an item itself.
func (c *Collector) items(i int, f func(item int) int) int {
	if i >= len(c.src) || c.src[i] != '[' {
		return f(i)
	}
	i = fhirjson.SkipSpace(c.src, i+1)
	for i >= 0 && i < len(c.src) && c.src[i] != ']' {
		if i = f(i); i < 0 {
			return -1
		}
		if i = fhirjson.SkipSpace(c.src, i); i < len(c.src) && c.src[i] == ',' {
			i = fhirjson.SkipSpace(c.src, i+1)
		}
	}
	if i < 0 || i >= len(c.src) {
		return -1
	}
	return i + 1
}

func (c *Collector) value(sh *schema.Shape, m *schema.ShapeMember, o *object, i, depth int) int {
	switch m.Form {
	case schema.ResourceForm:
		return c.resource(i, depth)
	case schema.ObjectForm:
		if m.Shape != nil {
			return c.object(m.Shape, i, depth)
		}
	case schema.PrimitiveForm, schema.AttributeForm:
		if c.src[i] == '"' {
			return c.text(sh.Type.Name, m.Name, o, i)
		}
	}
	return fhirjson.SkipValue(c.src, i, depth, &c.fault)
}

// text collects the string at src[i].
func (c *Collector) text(typ, member string, o *object, i int) int {
	end, escaped := fhirjson.ScanString(c.src, i, &c.fault)
	if end < 0 {
		return -1
	}
	raw := c.src[i+1 : end-1]
	if escaped {
		raw = fhirjson.AppendUnescaped(nil, raw)
	}
	if len(raw) == 0 || !o.wants(typ, member, raw) {
		return end
	}
	value := string(raw)
	switch kind := kinds[typ+"."+member]; kind {
	case 0:
	default:
		c.add(kind, value)
	}
	return end
}

// stringMember returns the text of a member of the object at src[i].
func (c *Collector) stringMember(i int, name string) (value string) {
	if i < 0 || i >= len(c.src) || c.src[i] != '{' {
		return ""
	}
	c.members(i, func(key []byte, at int) int {
		if string(key) == name && at < len(c.src) && c.src[at] == '"' {
			if end, escaped := fhirjson.ScanString(c.src, at, &c.fault); end >= 0 && !escaped {
				value = string(c.src[at+1 : end-1])
			}
			return -1
		}
		return fhirjson.SkipValue(c.src, at, 0, &c.fault)
	})
	return value
}

// add gives the builder a value of the owner, once. The kinds are letters: n a name, N its
// parts, i an identifier, x the id of a resource, p a telephone number, e an e-mail address,
// u another address on a network, l a line of an address, c a city, a another part of an
// address, o an organisation, d a date, b a date of birth or death.
func (c *Collector) add(kind byte, value string) {
	value = strings.TrimSpace(value)
	key := string(kind) + value + "\x00" + c.owner
	if value == "" || c.added[key] {
		return
	}
	c.added[key] = true
	if c.facts != nil {
		if c.noted != c.owner {
			c.facts.append(belongsTo, c.owner)
			c.noted = c.owner
		}
		c.facts.append(kind, value)
		return
	}
	c.b.Of(c.owner, partsOf[kind])
	switch kind {
	case 'N':
		given, family, _ := strings.Cut(value, "\x01")
		c.b.AddPerson(strings.FieldsFunc(given, func(r rune) bool { return r == 0 }), family)
	case 'n':
		c.b.AddName(value)
	case 'i', 'x':
		c.b.AddID(value)
	case 'p':
		c.b.AddPhone(value)
	case 'e', 'u':
		c.b.AddEmail(value)
	case 'a', 'l', 'c':
		c.b.AddAddress(value)
	case 'o':
		c.b.AddOrg(value)
	case 'd', 'b':
		c.b.AddISODate(value)
	}
}

// partsOf say what of their owner values of a kind are.
var partsOf = map[byte]string{'x': text.PartResourceID, 'u': text.PartURL, 'l': text.PartStreet, 'c': text.PartCity, 'b': text.PartLife}
