// Package rulesetshow shows what a compiled ruleset does, to people and to programs.
//
//	p := &rulesetshow.Printer{Out: os.Stdout}
//	err := p.Coverage(automaton)
package rulesetshow

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/safeharbor"
)

// Printer prints as text, or as JSON.
type Printer struct {
	Out  io.Writer
	JSON bool
}

func (p *Printer) encode(v any) error {
	e := json.NewEncoder(p.Out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Explanations prints what decides elements, and why.
func (p *Printer) Explanations(es []fhir.Explanation) error {
	if p.JSON {
		return p.encode(es)
	}
	w := p.Out
	for _, e := range es {
		fmt.Fprintf(w, "%s (%s): %s\n", e.Path, e.Type, e.Effect)
		rule := fmt.Sprintf("rule %q, method %s", e.Rule, e.Method)
		if e.Category != "" {
			rule += ", category " + e.Category
		}
		if e.At != "" {
			rule += ", " + e.At
		}
		fmt.Fprintf(w, "  by %s\n", rule)
		if e.Condition != "" {
			fmt.Fprintf(w, "  only %s\n", e.Condition)
		}
		if e.Why != "" {
			fmt.Fprintf(w, "  why: %s\n", e.Why)
		}
	}
	return nil
}

// Coverage prints the Safe Harbor categories with the rules of each, and every path
// whose original value can pass.
func (p *Printer) Coverage(a *fhir.Automaton) error {
	cov := a.Coverage()
	if p.JSON {
		return p.encode(cov)
	}
	out := p.Out
	fmt.Fprintf(out, "Ruleset %s, %d element paths of FHIR %s\n\n", a.Policy.Ruleset.Name, cov.Total, a.Schema().Version)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CATEGORY\tPATHS\tRULES")
	titles := map[string]string{}
	for _, cat := range safeharbor.Categories() {
		titles[cat.Letter] = cat.Title
	}
	for _, cat := range cov.Categories {
		rules := strings.Join(cat.Rules, ", ")
		if rules == "" {
			rules = "(none)"
		}
		fmt.Fprintf(w, "%s %s\t%d\t%s\n", cat.Letter, titles[cat.Letter], cat.Paths, rules)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nPaths whose original value can pass: %d. All others are removed or replaced, or only contain others.\n\n", len(cov.Passing))
	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PATH\tTYPE\tRULE\tREASON")
	for _, pass := range cov.Passing {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", pass.Path, pass.Type, pass.Rule, pass.Reason)
	}
	return w.Flush()
}

// Search prints the search parameters of a resource type and how they are treated.
func (p *Printer) Search(a *fhir.Automaton, typ string) error {
	g := guard.New(a)
	if known, _ := g.Type(typ); !known {
		return fmt.Errorf("unknown resource type %q%s", typ, suggest.DidYouMean(typ, g.Types()))
	}
	params := g.SearchParams(typ)
	if p.JSON {
		return p.encode(struct {
			Parameters []guard.GuardedParam `json:"parameters"`
			Results    []guard.ResultParam  `json:"results"`
			Modifiers  []guard.ResultParam  `json:"modifiers"`
		}{params, guard.ResultParams(), guard.Modifiers()})
	}
	w := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PARAMETER\tTYPE\tALLOWED\tWHY")
	for _, sp := range params {
		allowed := "no"
		if sp.Allowed {
			allowed = "yes"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", sp.Name, sp.Type, allowed, sp.Why)
	}
	for _, more := range []struct {
		title string
		rules []guard.ResultParam
	}{{"RESULT PARAMETERS AND CHAINS", guard.ResultParams()}, {"MODIFIERS AND VALUES", guard.Modifiers()}} {
		fmt.Fprintf(w, "\n%s\tTREATMENT\n", more.title)
		for _, r := range more.rules {
			fmt.Fprintf(w, "%s\t%s\n", r.Name, r.How)
		}
	}
	return w.Flush()
}
