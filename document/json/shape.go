package json

import (
	"errors"
	"io"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/fhir/fhirjson"
)

// shapeBytes is how much of a file is read to find its places.
const shapeBytes = 16 << 20

// Shapes returns the places of the values at the beginning of the file, with what becomes
// of them.
func (d *jsonFile) Shapes() ([]document.Shape, error) {
	text, err := io.ReadAll(io.LimitReader(d.in, shapeBytes))
	if err != nil {
		return nil, err
	}
	s := &shaper{Shapes: d.plan.JSON.NewShapes(d.names), src: text}
	root := s.Masker().Root()
	for i := 0; i >= 0; {
		if i = fhirjson.SkipSpace(text, i); i == len(text) {
			break
		}
		i = s.value(i, 0, "$", root, root.Decision(), true)
	}
	if s.fault.What != "" && len(text) < shapeBytes {
		return s.List(), errors.New(s.fault.What)
	}
	return s.List(), nil
}

// shaper walks over documents and notes the places of their values.
type shaper struct {
	*document.Shapes
	src   []byte
	fault fhirjson.Fault
}

// value notes the value at src[i] and returns the index after it.
func (s *shaper) value(i, depth int, path string, n *document.Node, d *document.Decision, named bool) int {
	switch {
	case i >= len(s.src):
		return fhirjson.Fail(&s.fault, i, "unexpected end of input, expected a value")
	case s.src[i] != '{' && s.src[i] != '[':
		s.Add(path, n, d, named)
		return fhirjson.ScanScalar(s.src, i, &s.fault)
	case depth == fhirjson.MaxDepth:
		return fhirjson.Fail(&s.fault, i, "nested too deep")
	}
	object := s.src[i] == '{'
	closing := byte(']')
	if object {
		closing = '}'
	}
	if i = fhirjson.SkipSpace(s.src, i+1); i < len(s.src) && s.src[i] == closing {
		return i + 1
	}
	for place := 0; ; place++ {
		if object {
			i = s.member(i, depth, path, n, named)
		} else {
			next := s.Masker().Element(n, place)
			decision := next.Decision()
			if decision == nil {
				decision = d
			}
			i = s.value(i, depth+1, path+"[*]", next, decision, named)
		}
		if i < 0 {
			return -1
		}
		if i = fhirjson.SkipSpace(s.src, i); i < len(s.src) && s.src[i] == closing {
			return i + 1
		}
		if i >= len(s.src) || s.src[i] != ',' {
			return fhirjson.Fail(&s.fault, i, "expected a comma or the end of the object or array")
		}
		i = fhirjson.SkipSpace(s.src, i+1)
	}
}

// member notes a member of an object.
func (s *shaper) member(i, depth int, path string, n *document.Node, named bool) int {
	if i >= len(s.src) || s.src[i] != '"' {
		return fhirjson.Fail(&s.fault, i, "expected the name of a member")
	}
	end, _ := fhirjson.ScanString(s.src, i, &s.fault)
	if end < 0 {
		return -1
	}
	name := fhirjson.AppendUnescaped(nil, s.src[i+1:end-1])
	at := fhirjson.ScanColon(s.src, end, &s.fault)
	if at < 0 {
		return -1
	}
	m := s.Masker()
	next := m.Member(n, m.Names().Find(name), name)
	return s.value(at, depth+1, document.JoinJSON(path, s.Name(string(name))), next, next.Decision(), named && next.NamePasses())
}
