package people

import (
	"encoding/binary"

	"github.com/veil-proxy/veil/fhir/schema"
)

// Facts is a compact form of what a resource says about people, to be kept until texts
// need it. It holds original values.
type Facts []byte

// FactsOf returns the facts of a resource. relative is as in Collector; it may be nil.
func FactsOf(s *schema.Schema, resource []byte, relative func(url string) (string, bool)) Facts {
	var f Facts
	c := New(s)
	c.Relative, c.facts = relative, &f
	c.Add(resource)
	return f
}

// append adds a fact: the letter of its kind, the length of its value, and the value.
func (f *Facts) append(kind byte, value string) {
	b := append(*f, kind)
	b = binary.AppendUvarint(b, uint64(len(value)))
	*f = append(b, value...)
}

// refersTo is the letter of a reference among facts, and belongsTo that of whom the facts
// behind it belong to.
const (
	refersTo  = 'r'
	belongsTo = 'O'
)

// AddFacts adds the facts of a resource.
func (c *Collector) AddFacts(f Facts) {
	c.owner = ""
	for len(f) > 1 {
		kind := f[0]
		n, size := binary.Uvarint(f[1:])
		if size <= 0 || n > uint64(len(f)-1-size) {
			return
		}
		value := string(f[1+size:][:n])
		f = f[1+size+int(n):]
		switch kind {
		case refersTo:
			c.refers(value)
		case belongsTo:
			c.owner = value
		default:
			c.add(kind, value)
		}
	}
	c.owner = ""
}

// refers notes a reference to a person or an organisation.
func (c *Collector) refers(ref string) {
	if c.facts != nil {
		c.facts.append(refersTo, ref)
		return
	}
	c.refs = append(c.refs, ref)
	c.notePatient(ref)
}
