package fhir

import (
	"maps"
	"slices"

	"github.com/veil-proxy/veil/mask"
)

// What shows the compiled rules to people goes from a resource down through these.

// Extension is an extension that a rule knows on an Object.
type Extension struct {
	URL string
	a   *Automaton
	d   *decision
	at  string
}

// Extensions returns the extensions that rules know on the object, by URL.
func (o Object) Extensions() []Extension {
	var out []Extension
	for _, url := range slices.Sorted(maps.Keys(o.n.extensions)) {
		out = append(out, Extension{url, o.a, o.n.extensions[url], o.n.path + ".extension('" + url + "')"})
	}
	return out
}

// Treatment returns what is done with the extension.
func (x Extension) Treatment() Treatment { return Treatment{x.a, x.d} }

// Explain says what decides the extension.
func (x Extension) Explain() Explanation {
	e := x.a.explain(&field{path: x.at}, x.d)
	e.Type = "Extension"
	return e
}

// Member returns the element's name in JSON, "valueQuantity" for a value that is one.
func (e Element) Member() string { return e.f.name }

// Explain says what decides the element's values where the treatment acts, one of those
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

// Label says what kind of de-identification the treatment is.
func (t Treatment) Label() mask.Label { return t.d.label }
