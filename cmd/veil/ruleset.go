package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/rulesets"
	"github.com/veil-proxy/veil/safeharbor"
)

func newRuleset(a *app) *cobra.Command {
	return group(&cobra.Command{Use: "ruleset", Short: "List, check, explain and test rulesets"},
		newRulesetList(a), newRulesetShow(a), newRulesetCheck(a), newRulesetExplain(a), newRulesetTest(a))
}

// listedRuleset is what list and check print of a ruleset for programs.
type listedRuleset struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Rules  int    `json:"rules"`
	SHA256 string `json:"sha256"`
}

func newRulesetList(a *app) *cobra.Command {
	var format outputFormat
	c := &cobra.Command{
		Use: "list", Short: "List the shipped rulesets", Args: noArgs, Example: "  veil ruleset list",
		RunE: func(c *cobra.Command, _ []string) error {
			list := []listedRuleset{}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, name := range rulesets.Names() {
				rs, err := a.rules.Load(name)
				if err != nil {
					return err
				}
				list = append(list, listedRuleset{name, rs.Title, len(rs.FHIR.Rules), rs.SHA256()})
				fmt.Fprintf(w, "%s\t%s\tsha256 %.12s…\n", name, rs.Title, rs.SHA256())
			}
			if format.json() {
				return writeJSON(c.OutOrStdout(), list)
			}
			return w.Flush()
		},
	}
	format.add(c)
	return c
}

func newRulesetShow(a *app) *cobra.Command {
	var resolved bool
	c := &cobra.Command{
		Use: "show RULESET", Short: "Print a ruleset", Args: exactArgs(1),
		Long: "Prints a ruleset (" + config.RulesetDoc + ") as it is written, or, with --resolved,\nthe canonical form that its SHA-256 is over, with everything it extends.",
		Example: `  veil ruleset show safe-harbor > site.yaml
  veil ruleset show --resolved research
  veil ruleset show demo     # the rules for the tables of veil demo, as an example`,
		RunE: func(c *cobra.Command, args []string) error {
			if resolved {
				rs, err := a.rules.Load(args[0])
				if err != nil {
					return err
				}
				_, err = c.OutOrStdout().Write(rs.Canonical(true))
				return err
			}
			_, src, err := a.rules.Open(args[0])
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(src)
			return err
		},
	}
	c.Flags().BoolVar(&resolved, "resolved", false, "with everything it extends, in canonical JSON")
	return c
}

func newRulesetCheck(a *app) *cobra.Command {
	var format outputFormat
	c := &cobra.Command{
		Use: "check RULESET…", Short: "Check rulesets: every problem, with its place", Args: minArgs(1),
		Example: "  veil ruleset check site.yaml",
		RunE: func(c *cobra.Command, args []string) error {
			list := []listedRuleset{}
			for _, name := range args {
				compiled, err := a.rules.Public(name)
				if err != nil {
					return err
				}
				rs := compiled.Policy.Ruleset
				list = append(list, listedRuleset{rs.Name, rs.Title, len(rs.FHIR.Rules), rs.SHA256()})
				if !format.json() {
					fmt.Fprintf(c.OutOrStdout(), "%s: %d rules, sha256 %s\n", rs.Name, len(rs.FHIR.Rules), rs.SHA256())
				}
			}
			if format.json() {
				return writeJSON(c.OutOrStdout(), list)
			}
			return nil
		},
	}
	format.add(c)
	return c
}

func newRulesetExplain(a *app) *cobra.Command {
	var ruleset, search string
	var coverage, asJSON bool
	c := &cobra.Command{
		Use: "explain [PATH…]", Short: "Say which rule decides an element, and why",
		Long: `Says what happens to an element and which rule decides it. A path starts at a
resource or data type: Patient.birthDate, Observation.value (all its types),
Observation.value.ofType(Quantity).value, Patient.extension('url').

With --coverage: the eighteen categories of 45 CFR 164.514(b)(2)(i), each with its
rules and the number of element paths they cover, and every path of FHIR R4 whose
original value can pass, with the reason. With --search TYPE: every search
parameter of a resource type, whether it may be used and why, and what becomes of
result parameters, chains and modifiers.`,
		Example: `  veil ruleset explain Patient.birthDate
  veil ruleset explain --coverage
  veil ruleset explain --search Patient`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 && !coverage && search == "" {
				return usagef("veil ruleset explain needs a path, --coverage or --search (see --help)")
			}
			compiled, err := a.rules.Public(ruleset)
			if err != nil {
				return err
			}
			p := printer{c: c, json: asJSON}
			if coverage {
				if err := p.coverage(compiled); err != nil {
					return err
				}
			}
			if search != "" {
				if err := p.search(compiled, search); err != nil {
					return err
				}
			}
			for _, path := range args {
				es, err := compiled.Explain(path)
				if err != nil {
					return err
				}
				if err := p.explanations(es); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&ruleset, "ruleset", "safe-harbor", config.RulesetDoc)
	c.Flags().StringVar(&search, "search", "", "resource type whose search parameters are explained")
	c.Flags().BoolVar(&coverage, "coverage", false, "the whole of FHIR R4")
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

// printer prints explanations as text or JSON.
type printer struct {
	c    *cobra.Command
	json bool
}

func (p printer) encode(v any) error {
	e := json.NewEncoder(p.c.OutOrStdout())
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (p printer) explanations(es []fhir.Explanation) error {
	if p.json {
		return p.encode(es)
	}
	w := p.c.OutOrStdout()
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

func (p printer) coverage(a *fhir.Automaton) error {
	cov := a.Coverage()
	if p.json {
		return p.encode(cov)
	}
	out := p.c.OutOrStdout()
	fmt.Fprintf(out, "Ruleset %s, %d element paths of FHIR %s\n\n", a.Policy.Ruleset.Name, cov.Total, schema.R4().Version)
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
	fmt.Fprintf(out, "\nPaths whose original value can pass: %d. All others are removed, replaced, or only hold others.\n\n", len(cov.Passing))
	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PATH\tTYPE\tRULE\tREASON")
	for _, pass := range cov.Passing {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", pass.Path, pass.Type, pass.Rule, pass.Reason)
	}
	return w.Flush()
}

func (p printer) search(a *fhir.Automaton, typ string) error {
	g := guard.New(a)
	if known, _ := g.Type(typ); !known {
		return fmt.Errorf("unknown resource type %q%s", typ, suggest.DidYouMean(typ, g.Types()))
	}
	params := g.SearchParams(typ)
	if p.json {
		return p.encode(struct {
			Parameters []guard.GuardedParam `json:"parameters"`
			Results    []guard.ResultParam  `json:"results"`
			Modifiers  []guard.ResultParam  `json:"modifiers"`
		}{params, guard.ResultParams(), guard.Modifiers()})
	}
	w := tabwriter.NewWriter(p.c.OutOrStdout(), 0, 0, 2, ' ', 0)
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
