package guard

import (
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
)

// Where dates are shifted by patient, a search by date has a response only if the patient
// is known: the value is shifted back. This is done only for instants. A date or dateTime
// may be a month or a year, which is not shifted but truncated; asking the server where
// it begins in the calendar of the shifted dates would reveal the shift itself, and with
// it all dates of the patient.

// shifts reports whether a treatment shifts dates by patient and can undo it.
func shifts(t fhir.Treatment) bool {
	_, ok := t.Method().(mask.Inverter)
	return ok && t.ByPatient() && t.Always()
}

// patientOf returns "Patient/<id>" of the patient that everything found by a search is
// about: the search names it by the one reference from resources of the type to their
// patient or, for patients, by _id.
func (s *search) patientOf(params []Param) []byte {
	for _, p := range params {
		name, modifier, _ := strings.Cut(p.Name, ":")
		if modifier != "" && modifier != "Patient" || strings.ContainsAny(p.Value, `,\`) {
			continue
		}
		if s.typ == "Patient" {
			if name == "_id" && modifier == "" {
				return append([]byte("Patient/"), s.openOr("Patient", p.Value)...)
			}
			continue
		}
		sp, ok := s.g.param(s.typ, name)
		if !ok || !s.g.anchors(s.typ, sp) {
			continue
		}
		v := s.g.judge(s.typ, sp)
		if v.class != classReference {
			continue
		}
		if modifier != "" {
			v.targets = []string{modifier}
		}
		if ref, ok := s.openReference(v.targets, "", p.Value); ok && strings.HasPrefix(ref, "Patient/") {
			return []byte(ref)
		}
	}
	return nil
}

// anchors reports whether a parameter compares just the one reference by which a
// resource of the type is about its patient.
func (g *Guard) anchors(typ string, sp *schema.SearchParam) bool {
	t := g.a.Schema().Type(typ)
	l := g.a.PatientPaths(typ)
	if len(l.Direct) != 1 || len(l.Direct[0]) != 1 {
		return false
	}
	if e := t.Element(l.Direct[0][0]); e == nil || e.Max != 1 {
		return false
	}
	paths := schema.SearchPaths(sp.Expression, typ)
	for _, path := range paths {
		if p, _ := g.a.Schema().MemberPath(t, path); !slices.Equal(p, l.Direct[0]) {
			return false
		}
	}
	return len(paths) > 0
}

// anchored reports whether a search can name the patient of everything that it finds.
func (g *Guard) anchored(typ string) bool {
	return typ == "Patient" || slices.ContainsFunc(g.a.Schema().SearchParams(typ), func(sp *schema.SearchParam) bool {
		return sp.Type == "reference" && g.anchors(typ, sp)
	})
}

// unshift shifts a time back to the original.
func (s *search) unshift(v verdict, item string) (string, bool) {
	prefix, at := cutPrefix(plus(item))
	switch prefix {
	case "sa", "eb", "ap":
		return "", false
	}
	if len(v.methods) != 1 || len(at) < len("2006-01-02") {
		return "", false
	}
	if _, ok := yearOfTime(at); !ok {
		return "", false
	}
	m, ok := v.methods[0].(mask.Inverter)
	if !ok {
		return "", false
	}
	original, ok := m.Invert(nil, []byte(at), &mask.Input{Entity: s.entity, Keys: s.keys})
	return prefix + string(original), ok
}
