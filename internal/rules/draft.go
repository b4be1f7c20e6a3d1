package rules

import (
	"fmt"
	"path/filepath"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// DraftFile is the name of a draft in errors.
const DraftFile = "draft.yaml"

// Draft compiles a ruleset in memory as Public does, for callers that must not be able to
// read files through it: it can extend named rulesets, and only those files that are
// listed.
func (l *Library) Draft(src []byte, files []string) (*fhir.Automaton, error) {
	listed := map[string]bool{}
	for _, f := range files {
		listed[filepath.Clean(f)] = true
	}
	open := func(base string) (string, []byte, error) {
		switch {
		case base == "draft":
			return DraftFile, src, nil
		case isPath(base) && !listed[filepath.Clean(base)]:
			return "", nil, fmt.Errorf("a draft can extend rulesets by name, and files that are in force; %q is neither", base)
		}
		return l.Open(base)
	}
	rs, err := ruleset.Parse(DraftFile, src, l.methods, open)
	if err == nil && rs.Overlay {
		whole := []byte("veil: 1\nname: safe-harbor_" + rs.Name + "\nextends: [safe-harbor, draft]\n")
		rs, err = ruleset.Parse("safe-harbor_"+rs.Name+".yaml", whole, l.methods, open)
	}
	if err != nil {
		return nil, err
	}
	return l.public(rs)
}
