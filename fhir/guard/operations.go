package guard

import "slices"

// Operation is an operation that only reads.
type Operation struct {
	// Returns is the resource type of its response; empty for an export.
	Returns string
	// Types are the types it can be called on, Instances those on whose resources it can
	// be called; "" is the whole server.
	Types, Instances []string
	// Definition is the URL of its OperationDefinition. TYPE stands for the type that it
	// is called on, LEVEL for that type in lower case, or "system". The upstream's own
	// definition is not used, because its URL can contain the upstream's address.
	Definition string

	// repeats has the parameters that may occur more than once.
	repeats []string
	// judge decides on a parameter; nil for an operation that is a search.
	judge func(o *operating, p Param) ([]Param, *Refusal)
}

// ServedOn reports whether an operation is served on a type or on its resources; "" is
// the whole server.
func (op *Operation) ServedOn(resourceType string) bool {
	return slices.Contains(op.Types, resourceType) || slices.Contains(op.Instances, resourceType)
}

// LookUpOperation returns the operation of a name with its dollar sign, if Veil serves
// it.
func LookUpOperation(name string) (op Operation, ok bool) {
	op, ok = operations[name]
	return op, ok
}

var operations map[string]Operation

func init() { // a table, which its functions refer to
	operations = map[string]Operation{
		"$everything": {
			Returns: "Bundle", Types: []string{"Patient"}, Instances: []string{"Patient", "Encounter", "Group"},
			Definition: "http://hl7.org/fhir/OperationDefinition/TYPE-everything",
			judge:      (*operating).everything,
		},
		"$lastn": {
			Returns: "Bundle", Types: []string{"Observation"},
			Definition: "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
		},
		"$expand": {
			Returns: "ValueSet", Types: []string{"ValueSet"}, Instances: []string{"ValueSet"},
			Definition: "http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
			judge:      (*operating).expand,
		},
		"$lookup": {
			Returns: "Parameters", Types: []string{"CodeSystem"},
			Definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
			repeats:    []string{"property"}, judge: (*operating).lookup,
		},
		"$validate-code": {
			Returns: "Parameters", Types: []string{"CodeSystem", "ValueSet"}, Instances: []string{"ValueSet"},
			Definition: "http://hl7.org/fhir/OperationDefinition/TYPE-validate-code",
			judge:      (*operating).validateCode,
		},
		"$export": {
			Types: []string{"", "Patient"}, Instances: []string{"Group"},
			Definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/LEVEL-export",
			repeats:    []string{"_type", "_typeFilter"}, judge: (*operating).export,
		},
	}
}
