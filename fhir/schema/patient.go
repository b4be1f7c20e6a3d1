package schema

import (
	"slices"
	"strings"
)

// Much depends on the patient that a resource is about, so that patient must be
// found, and found alike in every resource. Which
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
// no patient: its resources are each their own entity. Everything else is about a
// patient, and where it is not known which, the patient is unknown.

// PatientPaths has the paths from resources of a type to their patient. A type without
// direct paths is not about a patient.
type PatientPaths struct {
	Direct, Indirect []MemberPath
}

// MemberPath lists the members on the way from a resource to a Reference.
type MemberPath []string

// anyResource is the target of a reference that may lead anywhere.
const anyResource = "Resource"

// PatientPaths returns the paths from each resource type to its patient. The map must
// not be changed.
func (s *Schema) PatientPaths() map[string]PatientPaths { return s.ways() }

func (s *Schema) findPatientPaths() map[string]PatientPaths {
	all := map[string]PatientPaths{}
	var others []*Type
	for _, t := range s.Types() {
		if t.Kind != ResourceKind || t.Abstract || t.Name == "Patient" {
			continue
		}
		var l PatientPaths
		for _, name := range []string{"patient", "subject"} {
			l.Direct = append(l.Direct, s.pathsToPatient(t, name)...)
		}
		if l.Direct = distinctPaths(l.Direct); len(l.Direct) == 0 {
			if definition := t.Element("url") != nil && t.Element("version") != nil; !definition {
				others = append(others, t)
			}
			continue
		}
		if sp, ok := s.SearchParam(t.Name, "encounter"); ok {
			for _, path := range SearchPaths(sp.Expression, t.Name) {
				if p, _ := s.MemberPath(t, path); p != nil {
					l.Indirect = append(l.Indirect, p)
				}
			}
		}
		l.Indirect = distinctPaths(l.Indirect)
		all[t.Name] = l
	}
	for found := true; found; {
		found = false
		for _, t := range others {
			before := len(all[t.Name].Direct)
			paths := s.referencesTo(t, nil, func(target string) bool {
				return target == "Patient" || target == anyResource || target != "Group" && len(all[target].Direct) > 0
			})
			if len(paths) > before {
				all[t.Name] = PatientPaths{Direct: paths}
				found = true
			}
		}
	}
	return all
}

// pathsToPatient returns what a search parameter compares that may be a
// reference to a patient.
func (s *Schema) pathsToPatient(t *Type, param string) []MemberPath {
	sp, ok := s.SearchParam(t.Name, param)
	if !ok || sp.Type != "reference" {
		return nil
	}
	var paths []MemberPath
	for _, path := range SearchPaths(sp.Expression, t.Name) {
		if p, targets := s.MemberPath(t, path); p != nil && mayBePatient(targets) {
			paths = append(paths, p)
		}
	}
	return paths
}

func mayBePatient(targets []string) bool {
	return len(targets) == 0 || slices.Contains(targets, "Patient") || slices.Contains(targets, anyResource)
}

// MemberPath converts the path of a search parameter to a MemberPath, and returns the
// resource types that the reference at its end may point to; nil if it does not end in
// a reference.
func (s *Schema) MemberPath(t *Type, path string) (p MemberPath, targets []string) {
	steps := strings.Split(path, ".")
	for i, step := range steps[1:] {
		e := t.Element(step)
		if e == nil {
			return nil, nil
		}
		var next *Type
		for _, et := range e.Types {
			switch last := i == len(steps)-2; {
			case last && et.Code == "Reference":
				return append(p, e.JSONName(et)), et.targets
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
func (s *Schema) referencesTo(t *Type, above MemberPath, wanted func(target string) bool) []MemberPath {
	const deepest = 4 // elements that repeat themselves are not followed for ever
	var paths []MemberPath
	for i := range t.Elements {
		e := &t.Elements[i]
		for _, et := range e.Types {
			switch {
			case et.Code == "Reference" && (len(et.targets) == 0 || slices.ContainsFunc(et.targets, wanted)):
				paths = append(paths, append(slices.Clone(above), e.JSONName(et)))
			case et.Type != nil && et.Type.Kind == BackboneKind && len(above)+1 < deepest:
				paths = append(paths, s.referencesTo(et.Type, append(slices.Clone(above), e.JSONName(et)), wanted)...)
			}
		}
	}
	return paths
}

func distinctPaths(paths []MemberPath) []MemberPath {
	var out []MemberPath
	for _, p := range paths {
		if !slices.ContainsFunc(out, func(q MemberPath) bool { return slices.Equal(p, q) }) {
			out = append(out, p)
		}
	}
	return out
}
