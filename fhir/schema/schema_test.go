package schema

import "testing"

func TestSchema(t *testing.T) {
	s := R4()
	if s.Version != "4.0.1" {
		t.Errorf("version is %s", s.Version)
	}
	resources := 0
	for _, typ := range s.Types() {
		if typ.Kind == ResourceKind && !typ.Abstract {
			resources++
		}
		for _, e := range typ.Elements {
			for _, et := range e.Types {
				if et.Type == nil {
					t.Errorf("%s.%s has a type without elements", typ.Name, e.Name)
				}
			}
		}
	}
	if resources != 146 {
		t.Errorf("%d resource types, want 146", resources)
	}
	value := s.Type("Observation").Element("value")
	if !value.Choice || len(value.Types) != 11 || value.JSONName(value.Types[0]) != "valueQuantity" {
		t.Errorf("Observation.value is %+v", value)
	}
	gender := s.Type("Patient").Element("gender")
	if gender.Binding.Strength != "required" || !gender.Binding.ValueSet.Contains([]byte("female")) || gender.Binding.ValueSet.Contains([]byte("Smith")) {
		t.Error("Patient.gender is not bound to its four codes")
	}
	if r := s.Type("Observation.component").Element("referenceRange"); r.Types[0].Type.Name != "Observation.referenceRange" {
		t.Errorf("the content reference leads to %s", r.Types[0].Type.Name)
	}
	if p, ok := s.SearchParam("Patient", "_id"); !ok || p.Type != "token" {
		t.Error("_id is not found for Patient")
	}
}
