package capability

import (
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir/guard"
)

// operations are the upstream's operations on a type that Veil serves.
func (c *Config) operations(upstream []named, typ string) []models.CapabilityStatementRestResourceOperation {
	var served []models.CapabilityStatementRestResourceOperation
	for _, up := range upstream {
		name := strings.TrimPrefix(up.Name, "$")
		op, ok := guard.LookUpOperation("$" + name)
		if !ok || name == "lookup" && !c.Guard.ShowsDisplays() || !op.ServedOn(typ) {
			continue
		}
		level := strings.ToLower(typ)
		if level == "" {
			level = "system"
		}
		definition := strings.NewReplacer("TYPE", typ, "LEVEL", level).Replace(op.Definition)
		served = append(served, models.CapabilityStatementRestResourceOperation{Name: name, Definition: definition})
	}
	return served
}
