package fhir

import "slices"

// What FHIR requires and a rule takes out leaves a member behind that says so:
// the extension data-absent-reason, of which FHIR says that it stands for a value
// (extensibility.html#Special-Case). A required object has it at its own required
// elements, so that those are there too.

const absentReason = `{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}`

// absentNarrative is a Narrative that says that there is none, for it must have a
// text (narrative.html).
const absentNarrative = `{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Masked</div>"}`

// group are elements of a type of which FHIR requires one by an invariant.
type group struct {
	// invariant is its key, for who reads this.
	invariant string
	elements  []string
	// standIn is the one that says that all of them are masked.
	standIn string
}

// groups are those that masking can empty, by type. Left out are invariants of
// definitions that nothing can be done with once their texts are gone
// (StructureDefinition, TerminologyCapabilities).
var groups = map[string][]group{
	"Composition.section":               {{"cmp-1", []string{"text", "entry", "section"}, "text"}},
	"Appointment.participant":           {{"app-1", []string{"type", "actor"}, "actor"}},
	"Expression":                        {{"exp-1", []string{"expression", "reference"}, "expression"}},
	"Immunization.education":            {{"imm-1", []string{"documentType", "reference"}, "documentType"}},
	"InsurancePlan":                     {{"ipn-1", []string{"identifier", "name"}, "name"}},
	"MolecularSequence.referenceSeq":    {{"msq-6", []string{"genomeBuild", "referenceSeqId", "referenceSeqPointer", "referenceSeqString"}, "referenceSeqString"}},
	"Organization":                      {{"org-1", []string{"identifier", "name"}, "name"}},
	"Patient.contact":                   {{"pat-1", []string{"name", "telecom", "address", "organization"}, "name"}},
	"TestScript.setup.action.operation": {{"tst-7", []string{"sourceId", "targetId", "params", "url"}, "params"}},
}

// oneIsRequired returns the group that an element is in, or nil.
func oneIsRequired(typ, element string) *group {
	for i, g := range groups[typ] {
		if slices.Contains(g.elements, element) {
			return &groups[typ][i]
		}
	}
	return nil
}

// absentMember is the member that says that an element is masked, as one of its
// types.
func absentMember(e *Element, et ElementType) []byte {
	name, value := e.JSONName(et), absentReason
	if et.Type != nil && et.Type.Kind == PrimitiveKind {
		name = "_" + name
	} else if et.Type != nil {
		value = absentObject(et.Type)
	}
	if e.Max != 1 {
		value = "[" + value + "]"
	}
	return []byte(`"` + name + `":` + value)
}

// absentObject is an object of a type of which everything is masked.
func absentObject(t *Type) string {
	if t.Name == "Narrative" {
		return absentNarrative
	}
	members := ""
	for i := range t.Elements {
		e := &t.Elements[i]
		if g := oneIsRequired(t.Name, e.Name); e.Min > 0 || g != nil && g.standIn == e.Name {
			if members != "" {
				members += ","
			}
			members += string(absentMember(e, e.Types[0]))
		}
	}
	if members == "" {
		return absentReason
	}
	return "{" + members + "}"
}
