package capability

import (
	"slices"
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
)

// Operation is an operation that reads.
type Operation struct {
	// Returns is the type of resource that it answers with; empty for an export.
	Returns string
	// Types are those it is called on, Instances those whose resources it is called
	// on; "" is the whole server.
	Types, Instances []string
	// definition is the URL of its OperationDefinition. TYPE stands for the type that
	// it is called on, LEVEL for that in small letters, or "system". The upstream's own
	// is not repeated: it can be at its address.
	definition string
}

// Operations are those that Veil serves, by name.
var Operations = map[string]Operation{
	"$everything": {
		Returns: "Bundle", Types: []string{"Patient"}, Instances: []string{"Patient", "Encounter", "Group"},
		definition: "http://hl7.org/fhir/OperationDefinition/TYPE-everything",
	},
	"$lastn": {
		Returns: "Bundle", Types: []string{"Observation"},
		definition: "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
	},
	"$expand": {
		Returns: "ValueSet", Types: []string{"ValueSet"}, Instances: []string{"ValueSet"},
		definition: "http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
	},
	"$lookup": {
		Returns: "Parameters", Types: []string{"CodeSystem"},
		definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
	},
	"$validate-code": {
		Returns: "Parameters", Types: []string{"CodeSystem", "ValueSet"}, Instances: []string{"ValueSet"},
		definition: "http://hl7.org/fhir/OperationDefinition/TYPE-validate-code",
	},
	"$export": {
		Types: []string{"", "Patient"}, Instances: []string{"Group"},
		definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/LEVEL-export",
	},
}

// operations are the upstream's operations on a type that Veil serves.
func (c *Config) operations(upstream []named, typ string) []models.CapabilityStatementRestResourceOperation {
	var served []models.CapabilityStatementRestResourceOperation
	for _, up := range upstream {
		name := strings.TrimPrefix(up.Name, "$")
		op, ok := Operations["$"+name]
		if !ok || name == "lookup" && !c.Guard.ShowsDisplays() || !slices.Contains(op.Types, typ) && !slices.Contains(op.Instances, typ) {
			continue
		}
		level := strings.ToLower(typ)
		if level == "" {
			level = "system"
		}
		definition := strings.NewReplacer("TYPE", typ, "LEVEL", level).Replace(op.definition)
		served = append(served, models.CapabilityStatementRestResourceOperation{Name: name, Definition: definition})
	}
	return served
}
