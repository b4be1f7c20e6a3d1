package rulesetimport

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
)

// miracum imports a configuration of MIRACUM's FHIR Pseudonymizer (its README, "anonymization.yaml"):
// Microsoft's format in YAML, with the method pseudonymize.
func miracum(m *importer, text []byte) error {
	// The library's message quotes the line, which is from the user's own file.
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		return fmt.Errorf("not YAML: %w", errors.New(yaml.FormatError(err, false, false)))
	}
	c, err := readMicrosoft(asJSON)
	if err != nil {
		return err
	}
	m.parameters(c)
	m.fhirRules(c)
	return nil
}
