package ruletest

import (
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/jsonrow"
	"github.com/veil-proxy/veil/table"
)

// row masks the input of a test of the tables section, an object with the columns of one
// row, and returns the masked row as an object, with the rules that were applied.
func (t test) row(a *fhir.Automaton) (masked []byte, rules []string, err error) {
	row, err := jsonrow.Read([]byte(t.input))
	if err != nil {
		return nil, nil, err
	}
	m, err := row.Mask(a, table.ParseName(t.table), nil)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range m.Plan.Columns {
		rules = append(rules, strings.Split(c.Action.Rule, ", ")...)
	}
	return m.JSON, rules, nil
}
