package ruleset

import (
	"github.com/veil-proxy/veil/internal/strictyaml"
)

// KnownColumn is a column that has what is known of somebody, and what that is.
type KnownColumn struct {
	Kind   string `json:"kind"` // one of knownKinds
	Column string `json:"column"`
}

// knownKinds are what columns may have of somebody.
var knownKinds = []string{"names", "given", "family", "ids", "phones", "emails", "urls", "addresses", "streets", "cities", "organizations", "dates", "birthDates", "others"}

// MostKnown is how many columns a rule may name.
const MostKnown = 24

// known reads a mapping of kinds to columns.
func (r *rulesetReader) known(n strictyaml.Node) (out []KnownColumn) {
	fields := map[string]strictyaml.Field{}
	for _, kind := range knownKinds {
		fields[kind] = func(n strictyaml.Node) {
			for _, column := range r.Texts(n) {
				out = append(out, KnownColumn{kind, column.Text})
			}
		}
	}
	r.Mapping(n, fields, nil)
	if len(out) > MostKnown {
		r.Bad(n, "known: a rule can name %d columns, not %d", MostKnown, len(out))
		out = out[:MostKnown]
	}
	return out
}
