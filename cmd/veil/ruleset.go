package main

import (
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/rulesetdiff"
	"github.com/veil-proxy/veil/internal/rulesetshow"
	"github.com/veil-proxy/veil/rulesets"
)

func newRuleset(a *app) *cobra.Command {
	return cli.Group(&cobra.Command{Use: "ruleset", Short: "List, check, explain, compare and test rulesets"},
		newRulesetList(a), newRulesetShow(a), newRulesetCheck(a), newRulesetExplain(a), newRulesetDiff(a), newRulesetImport(a), newRulesetTest(a))
}

func newRulesetList(a *app) *cobra.Command {
	var format cli.Format
	c := &cobra.Command{
		Use: "list", Short: "List the shipped rulesets", Args: cli.NoArgs, Example: "  veil ruleset list",
		Long: `Lists the shipped rulesets and overlays. An overlay is added to a ruleset, as
in safe-harbor+us-core.`,
		RunE: func(c *cobra.Command, _ []string) error {
			list := rulesetshow.List{}
			for _, name := range append(rulesets.Names(), rulesets.Overlays()...) {
				rs, err := a.rules.Load(name)
				if err != nil {
					return err
				}
				list.Add(rs)
			}
			return format.Print(c.OutOrStdout(), list, list.WriteText)
		},
	}
	format.Add(c)
	return c
}

func newRulesetShow(a *app) *cobra.Command {
	var resolved bool
	c := &cobra.Command{
		Use: "show RULESET", Short: "Print a ruleset", Args: cli.Args(1, 1),
		Long: `Prints the text of a ruleset. RULESET is the name of a shipped ruleset, or the
path of a file. With --resolved, it prints the canonical form, which includes
everything that the ruleset extends. The ruleset's SHA-256 is computed from it.`,
		Example: `  veil ruleset show safe-harbor > site.yaml
  veil ruleset show --resolved research
  veil ruleset show demo     # rules for the tables of veil demo`,
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
	c.Flags().BoolVar(&resolved, "resolved", false, "print the canonical form, in JSON, with everything that the ruleset extends")
	return c
}

func newRulesetCheck(a *app) *cobra.Command {
	var format cli.Format
	c := &cobra.Command{
		Use: "check RULESET…", Short: "Check rulesets, and list all problems with their positions", Args: cli.Args(1, math.MaxInt),
		Long: `Checks rulesets, and prints the name, number of rules and SHA-256 of each. If a
ruleset has problems, all of them are listed with their positions, and the
rulesets after it are not checked.

Exit status: 0 if no ruleset has a problem, 1 if one has.`,
		Example: "  veil ruleset check site.yaml",
		RunE: func(c *cobra.Command, args []string) error {
			list := rulesetshow.List{}
			for _, name := range args {
				compiled, err := a.rules.Public(name)
				if err != nil {
					return err
				}
				rs := list.Add(compiled.Policy.Ruleset)
				if !format.JSON() { // now, since the next one may have problems
					fmt.Fprintf(c.OutOrStdout(), "%s: %d rules, sha256 %s\n", rs.Name, rs.Rules, rs.SHA256)
				}
			}
			return format.Print(c.OutOrStdout(), list, func(io.Writer) error { return nil })
		},
	}
	format.Add(c)
	return c
}

func newRulesetExplain(a *app) *cobra.Command {
	var ruleset, search string
	var coverage, asJSON bool
	c := &cobra.Command{
		Use: "explain [PATH…]", Short: "Explain which rule decides an element, and why",
		Long: `Explains what happens to an element and which rule decides it. A path starts
at a resource type or data type: Patient.birthDate, Observation.value (all its
types), Observation.value.ofType(Quantity).value, Patient.extension('url'). A
path in other JSON or XML follows the name of its document and a colon, such as
'claims:$.patient.ssn'.

--coverage lists the eighteen categories of 45 CFR 164.514(b)(2)(i), each with
its rules and the number of element paths that they cover. It also lists every
path of FHIR R4 whose original value can pass, with the reason.

--search TYPE lists every search parameter of a resource type, whether it can
be used and why, and how result parameters, chains and modifiers are treated.`,
		Example: `  veil ruleset explain Patient.birthDate
  veil ruleset explain --coverage
  veil ruleset explain --search Patient`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 && !coverage && search == "" {
				return cli.Usagef("nothing to explain: give a path, --coverage or --search (see veil ruleset explain --help)")
			}
			compiled, err := a.rules.Public(ruleset)
			if err != nil {
				return err
			}
			p := rulesetshow.Printer{Out: c.OutOrStdout(), JSON: asJSON}
			if coverage {
				if err := p.Coverage(compiled); err != nil {
					return err
				}
			}
			if search != "" {
				if err := p.Search(compiled, search); err != nil {
					return err
				}
			}
			for _, path := range args {
				if done, err := p.InDocument(compiled, path); done || err != nil {
					if err != nil {
						return err
					}
					continue
				}
				es, err := compiled.Explain(path)
				if err != nil {
					return err
				}
				if err := p.Explanations(es); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&ruleset, "ruleset", "safe-harbor", "`RULESET` to explain: "+config.RulesetDoc)
	c.Flags().StringVar(&search, "search", "", "explain the search parameters of resource type `TYPE`")
	c.Flags().BoolVar(&coverage, "coverage", false, "explain what covers all of FHIR R4")
	c.Flags().BoolVar(&asJSON, "json", false, "print the output as JSON")
	return c
}

func newRulesetDiff(a *app) *cobra.Command {
	var format cli.Format
	var all, exitCode bool
	c := &cobra.Command{
		Use: "diff A B", Short: "Compare two rulesets, and list what they treat differently", Args: cli.Args(2, 2),
		Long: `Compares two rulesets, element by element and setting by setting. Elements are
compared by what happens to their values: a different rule with the same effect
is not a difference. In the tables section, the rules themselves are compared.`,
		Example: `  veil ruleset diff safe-harbor research
  veil ruleset diff --exit-code approved.yaml site.yaml   # 1 if they differ`,
		RunE: func(c *cobra.Command, args []string) error {
			var sides [2]*fhir.Automaton
			for i, name := range args {
				var err error
				if sides[i], err = a.rules.Public(name); err != nil {
					return err
				}
			}
			d := rulesetdiff.New(sides[0], sides[1])
			err := format.Print(c.OutOrStdout(), d, func(w io.Writer) error { return d.WriteText(w, all) })
			if err == nil && exitCode && !d.Empty() {
				return cli.ErrReported
			}
			return err
		},
	}
	format.Add(c)
	c.Flags().BoolVar(&all, "all", false, "list every element that differs")
	c.Flags().BoolVar(&exitCode, "exit-code", false, "exit with status 1 if the rulesets differ")
	return c
}
