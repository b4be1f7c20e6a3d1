package json

import (
	"bytes"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/fhir/fhirjson"
)

// object is an object around the current position of the walk.
type object struct {
	at   int // of its brace
	node *document.Node
	// found are the members that have been looked up.
	found []foundMember
}

// foundMember is where the value of a member begins: notThere, or ambiguous.
type foundMember struct {
	name *document.Name
	at   int
}

const (
	notThere  = -1
	ambiguous = -2
)

// enter enters an object.
func (w *Walker) enter(at int, n *document.Node) {
	if len(w.objects) < cap(w.objects) {
		w.objects = w.objects[:len(w.objects)+1]
	} else {
		w.objects = append(w.objects, object{})
	}
	o := &w.objects[len(w.objects)-1]
	o.at, o.node, o.found = at, n, o.found[:0]
}

// Find implements document.Surroundings.
func (w *Walker) Find(dst []byte, p *document.Relative) ([]byte, *document.Node, document.Found) {
	from := len(w.objects) - 1 - p.Up
	if p.Root {
		from = min(0, len(w.objects)-1)
	}
	if from < 0 {
		return dst, nil, document.Absent
	}
	o := &w.objects[from]
	at, n := o.at, o.node
	for k := range p.Names {
		name := &p.Names[k]
		switch {
		case name.Space != nil || w.src[at] != '{':
			return dst, nil, document.Absent
		case k == 0:
			at = w.memberOf(o, name)
		default:
			at = w.uniqueMember(at, name.Text)
		}
		switch at {
		case notThere:
			return dst, nil, document.Absent
		case ambiguous:
			return dst, nil, document.Other
		}
		n = w.masker.Member(n, w.names.Find([]byte(name.Text)), []byte(name.Text))
	}
	switch c := w.src[at]; c {
	case '{', '[':
		return dst, n, document.Other
	case 'n':
		return dst, n, document.Null
	case '"':
		var f fhirjson.Fault
		end, _ := fhirjson.ScanString(w.src, at, &f)
		return fhirjson.AppendUnescaped(dst, w.src[at+1:end-1]), n, document.Scalar
	}
	var f fhirjson.Fault
	return append(dst, w.src[at:fhirjson.ScanScalar(w.src, at, &f)]...), n, document.Scalar
}

// memberOf looks up a member of an object of the walk, once.
func (w *Walker) memberOf(o *object, name *document.Name) int {
	for _, f := range o.found {
		if f.name == name {
			return f.at
		}
	}
	at := w.uniqueMember(o.at, name.Text)
	o.found = append(o.found, foundMember{name, at})
	return at
}

// uniqueMember returns where the value of the one member of a name begins, in the object
// at src[i]. A duplicate name is ambiguous, and so is an invalid text.
func (w *Walker) uniqueMember(i int, name string) int {
	var f fhirjson.Fault
	found := notThere
	i = fhirjson.SkipSpace(w.src, i+1)
	if i < len(w.src) && w.src[i] == '}' {
		return found
	}
	for i < len(w.src) && w.src[i] == '"' {
		end, escaped := fhirjson.ScanString(w.src, i, &f)
		if end < 0 {
			return ambiguous
		}
		inside := w.src[i+1 : end-1]
		at := fhirjson.ScanColon(w.src, end, &f)
		if at < 0 {
			return ambiguous
		}
		if string(inside) == name || escaped && bytes.Equal(fhirjson.AppendUnescaped(nil, inside), []byte(name)) {
			if found != notThere {
				return ambiguous
			}
			found = at
		}
		if i = fhirjson.SkipValue(w.src, at, 0, &f); i < 0 {
			return ambiguous
		}
		if i = fhirjson.SkipSpace(w.src, i); i >= len(w.src) || w.src[i] != ',' {
			break
		}
		i = fhirjson.SkipSpace(w.src, i+1)
	}
	if i >= len(w.src) || w.src[i] != '}' {
		return ambiguous
	}
	return found
}
