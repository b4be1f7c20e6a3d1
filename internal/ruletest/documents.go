package ruletest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/veil-proxy/veil/document"
	docjson "github.com/veil-proxy/veil/document/json"
	"github.com/veil-proxy/veil/document/xml"
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
)

// documentTest masks the input of a test of the documents section. It returns the rules
// that were applied, and how the outcome differs from the expected one.
func (t test) documentTest(a *fhir.Automaton) (rules []string, problem string) {
	docs, err := document.Compile(a.Policy)
	if err != nil {
		return nil, err.Error()
	}
	plan, err := docs.Plan(t.document)
	if err != nil {
		return nil, err.Error()
	}
	pass := mask.NewPass(plan.Actions)
	isXML := strings.HasPrefix(strings.TrimSpace(t.input), "<")
	apply := docjson.NewWalker(plan, pass).Append
	if isXML {
		apply = xml.NewWalker(plan, pass).Append
	}
	got, err := apply(nil, []byte(t.input))
	if err != nil {
		return nil, err.Error()
	}
	for i, n := range pass.Counts {
		if n > 0 {
			rules = append(rules, plan.Actions.Actions[i].Rule)
		}
	}
	different := fmt.Sprintf("got  %s\n  want %s", strings.TrimSpace(string(got)), strings.TrimSpace(t.output))
	if isXML {
		if strings.TrimSpace(string(got)) != strings.TrimSpace(t.output) {
			return rules, different
		}
		return rules, ""
	}
	var g, w any
	if err := json.Unmarshal([]byte(t.output), &w); err != nil {
		return rules, "output is not JSON: " + err.Error()
	}
	if err := json.Unmarshal(got, &g); err != nil {
		return rules, "masked document is not JSON: " + err.Error()
	}
	if !matches(w, g) {
		return rules, different
	}
	return rules, ""
}
