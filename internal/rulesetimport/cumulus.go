package rulesetimport

import (
	"slices"
)

// cumulus imports the configuration of Cumulus's ETL (ms-config.json): Microsoft's
// format, used as a list of what may pass before further steps of the ETL. The file does
// not say what these steps do, so that is left to safe-harbor, which decides about
// extensions and seals ids.
func cumulus(m *importer, text []byte) error {
	c, err := readMicrosoft(withoutComments(text))
	if err != nil {
		return err
	}
	m.parameters(c)
	for i, r := range c.Rules {
		for _, path := range alternatives(r.Path) {
			switch {
			case slices.Contains([]string{"nodesByName('extension')", "nodesByName('modifierExtension')"}, path):
				m.differs(i+1, path, "left to safe-harbor, which decides by the URL: the ETL does so in a later step")
			case path == "Resource.meta" || path == "Resource.implicitRules" || path == "Resource.language":
				m.differs(i+1, path, "left to safe-harbor, which decides element by element")
			default:
				m.microsoft(i+1, path, r, c)
			}
		}
	}
	return nil
}
