package fhir

import (
	"maps"
	"slices"

	"github.com/veil-proxy/veil/mask"
)

// What shows the compiled rules to people goes from a resource down through these.

// Extension is an extension of an Object that a rule names.
type Extension struct {
	URL string
	a   *Automaton
	d   *decision
	at  string
}

// Extensions returns the extensions of the object that rules name, in order of their
// URLs.
func (o Object) Extensions() []Extension {
	var out []Extension
	for _, url := range slices.Sorted(maps.Keys(o.n.extensions)) {
		out = append(out, Extension{url, o.a, o.n.extensions[url], o.n.path + ".extension('" + url + "')"})
	}
	return out
}

// Treatment returns what is done with the extension.
func (x Extension) Treatment() Treatment { return Treatment{x.a, x.d} }

// Explain says which rule decides the extension.
func (x Extension) Explain() Explanation {
	e := x.a.explain(&field{path: x.at}, x.d)
	e.Type = "Extension"
	return e
}

// Member returns the element's name in JSON, such as "valueQuantity".
func (e Element) Member() string { return e.f.name }

// Explain says which rule decides the element's values under t, one of the treatments
// of the element.
func (e Element) Explain(t Treatment) Explanation {
	x := e.a.explain(e.f, t.d)
	x.Type = e.f.code
	return x
}

// Withheld explains why no resource of the object's type passes; ok is false if they do.
func (o Object) Withheld() (e Explanation, ok bool) {
	if o.n.withheld == nil {
		return Explanation{}, false
	}
	e = o.a.explain(&field{path: o.n.typ.Name}, o.n.withheld)
	e.Type = o.n.typ.Name
	return e, true
}

// Label returns the kind of de-identification that the treatment performs.
func (t Treatment) Label() mask.Label { return t.d.label }
