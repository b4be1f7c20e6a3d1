package fhir

import (
	"slices"
	"strings"
)

// A date is shifted and a name invented by the patient that it is about, so the
// patient of a resource must be found, and found alike in every resource. Which
// references of a type lead to the patient follows from R4's own definitions:
//
//  1. what its search parameters patient and subject compare;
//  2. where it has neither, every reference that may lead to a patient or to a
//     resource of a type that leads to one (Slot to Schedule, PaymentNotice to
//     Claim);
//  3. where 1 leads nowhere, what its search parameter encounter compares.
//
// A Patient is its own. A type of which no reference leads to a patient, such as
// Organization, and a definition, which has a canonical URL and a version, is about
// no patient: its resources are each their own entity, so
// that what is invented for one of them stays the same, and their shift tells
// nothing of a patient's. Everything else is about a patient, and where it is not
// known which, the patient is unknown and methods do the stricter thing.

// leads says how the resources of a type lead to their patient. Without direct
// paths, the type is about none.
type leads struct {
	direct, indirect []memberPath
}

// memberPath is the members on the way from a resource to a Reference.
type memberPath []string

// anyResource is the target of a reference that may lead anywhere.
const anyResource = "Resource"

// leadsOf finds how each resource type leads to its patient.
func leadsOf(s *Schema) map[string]leads {
	all := map[string]leads{}
	var others []*Type
	for _, t := range s.Types() {
		if t.Kind != ResourceKind || t.Abstract || t.Name == "Patient" {
			continue
		}
		var l leads
		for _, name := range []string{"patient", "subject"} {
			l.direct = append(l.direct, s.pathsToPatient(t, name)...)
		}
		if l.direct = distinctPaths(l.direct); len(l.direct) == 0 {
			if definition := t.element("url") != nil && t.element("version") != nil; !definition {
				others = append(others, t)
			}
			continue
		}
		if sp, ok := s.SearchParam(t.Name, "encounter"); ok {
			for _, path := range pathsOf(sp.Expression, t.Name) {
				if p, _ := s.memberPath(t, path); p != nil {
					l.indirect = append(l.indirect, p)
				}
			}
		}
		l.indirect = distinctPaths(l.indirect)
		all[t.Name] = l
	}
	for found := true; found; {
		found = false
		for _, t := range others {
			before := len(all[t.Name].direct)
			paths := s.referencesTo(t, nil, func(target string) bool {
				return target == "Patient" || target == anyResource || target != "Group" && len(all[target].direct) > 0
			})
			if len(paths) > before {
				all[t.Name] = leads{direct: paths}
				found = true
			}
		}
	}
	return all
}

// pathsToPatient returns what a search parameter compares that may be a
// reference to a patient.
func (s *Schema) pathsToPatient(t *Type, param string) []memberPath {
	sp, ok := s.SearchParam(t.Name, param)
	if !ok || sp.Type != "reference" {
		return nil
	}
	var paths []memberPath
	for _, path := range pathsOf(sp.Expression, t.Name) {
		if p, targets := s.memberPath(t, path); p != nil && mayBePatient(targets) {
			paths = append(paths, p)
		}
	}
	return paths
}

func mayBePatient(targets []string) bool {
	return len(targets) == 0 || slices.Contains(targets, "Patient") || slices.Contains(targets, anyResource)
}

// memberPath turns the path of a search parameter into the members on the way,
// and returns what the reference at its end may lead to; nil if it ends in none.
func (s *Schema) memberPath(t *Type, path string) (p memberPath, targets []string) {
	steps := strings.Split(path, ".")
	for i, step := range steps[1:] {
		e := t.element(step)
		if e == nil {
			return nil, nil
		}
		var next *Type
		for _, et := range e.Types {
			switch last := i == len(steps)-2; {
			case last && et.Code == "Reference":
				return append(p, e.JSONName(et)), et.Targets
			case !last && et.Type != nil && et.Type.Kind == BackboneKind:
				next = et.Type
			}
		}
		if next == nil {
			return nil, nil
		}
		p, t = append(p, e.Name), next
	}
	return nil, nil
}

// referencesTo returns the references of a type's own elements that may lead to
// one of the wanted types.
func (s *Schema) referencesTo(t *Type, above memberPath, wanted func(target string) bool) []memberPath {
	const deepest = 4 // elements that repeat themselves are not followed for ever
	var paths []memberPath
	for i := range t.Elements {
		e := &t.Elements[i]
		for _, et := range e.Types {
			here := append(slices.Clone(above), e.JSONName(et))
			switch {
			case et.Code == "Reference" && (len(et.Targets) == 0 || slices.ContainsFunc(et.Targets, wanted)):
				paths = append(paths, here)
			case et.Type != nil && et.Type.Kind == BackboneKind && len(here) < deepest:
				paths = append(paths, s.referencesTo(et.Type, here, wanted)...)
			}
		}
	}
	return paths
}

func distinctPaths(paths []memberPath) []memberPath {
	var out []memberPath
	for _, p := range paths {
		if !slices.ContainsFunc(out, func(q memberPath) bool { return slices.Equal(p, q) }) {
			out = append(out, p)
		}
	}
	return out
}
