package rulesetshow

import (
	"fmt"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/fhir"
)

// InDocument prints what decides about a path, if that is one in a document.
func (p *Printer) InDocument(a *fhir.Automaton, path string) (is bool, err error) {
	if !document.IsPath(path) {
		return false, nil
	}
	rules, err := document.Compile(a.Policy)
	if err != nil {
		return true, err
	}
	e, err := rules.Explain(path)
	if err != nil {
		return true, err
	}
	if p.JSON {
		return true, p.encode(e)
	}
	fmt.Fprintf(p.Out, "%s: %s\n", e.Path, e.Effect)
	for _, r := range e.Rules {
		text := fmt.Sprintf("rule %q, method %s", r.Rule, r.Method)
		if r.Category != "" {
			text += ", category " + r.Category
		}
		if r.Conditional {
			text += ", where its conditions hold"
		}
		fmt.Fprintf(p.Out, "  by %s, %s\n", text, r.At)
		if r.Why != "" {
			fmt.Fprintf(p.Out, "  why: %s\n", r.Why)
		}
	}
	return true, nil
}
