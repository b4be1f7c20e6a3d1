package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/rulesets"
	"github.com/veil-proxy/veil/textfile"
)

func newRulesetTest(a *app) *cobra.Command {
	var ruleset string
	c := &cobra.Command{
		Use: "test [FILE…]", Short: "Run rule tests written in YAML",
		Long: `Runs rule tests: each masks an input and compares the output as JSON. In the
expected output "*" matches any value, and meta is left out of the comparison
unless it is given. Without a file the tests of the shipped rulesets run, and a
rule that no test hits is a failure. A rule that removes every value of the
tests, though its method is not remove, is a warning.

Tests use a public key, so their pseudonyms are worth nothing.`,
		Example: `  veil ruleset test
  veil ruleset test --ruleset site.yaml site.test.yaml`,
		RunE: func(c *cobra.Command, args []string) error { return a.runRuleTests(c, ruleset, args) },
	}
	c.Flags().StringVar(&ruleset, "ruleset", "", "ruleset to test, instead of the one that a file names: "+config.RulesetDoc)
	return c
}

// ruleTests is a file of rule tests.
type ruleTests struct {
	file    string
	ruleset string
	tests   []ruleTest
}

type ruleTest struct {
	name     string
	rules    []string
	input    string
	output   string
	withheld bool
	at       strictyaml.Position
}

func parseRuleTests(file string, src []byte) (*ruleTests, error) {
	var problems strictyaml.Problems
	t, root := strictyaml.Parse(file, src, &problems)
	rt := &ruleTests{file: file}
	if !root.IsZero() {
		t.Mapping(root, map[string]strictyaml.Field{
			"veil":    func(n strictyaml.Node) { t.Word(n, "1") },
			"ruleset": func(n strictyaml.Node) { rt.ruleset, _ = t.Text(n) },
			"tests": func(n strictyaml.Node) {
				t.Sequence(n, func(item strictyaml.Node) {
					test := ruleTest{at: t.At(item)}
					t.Mapping(item, map[string]strictyaml.Field{
						"name":     func(n strictyaml.Node) { test.name, _ = t.Text(n) },
						"input":    func(n strictyaml.Node) { test.input, _ = t.Text(n) },
						"output":   func(n strictyaml.Node) { test.output, _ = t.Text(n) },
						"withheld": func(n strictyaml.Node) { test.withheld = t.Word(n, "true", "false") == "true" },
						"rules": func(n strictyaml.Node) {
							for _, l := range t.Texts(n) {
								test.rules = append(test.rules, l.Text)
							}
						},
					}, nil)
					if test.name == "" || test.input == "" || (test.output == "") != test.withheld {
						t.Bad(item, `a test needs "name", "input", and either "output" or "withheld: true"`)
					}
					rt.tests = append(rt.tests, test)
				})
			},
		}, nil)
	}
	return rt, problems.Err()
}

func (a *app) runRuleTests(c *cobra.Command, ruleset string, files []string) error {
	shipped := len(files) == 0
	var all []*ruleTests
	read := func(file string, src []byte, err error) error {
		if err != nil {
			return err
		}
		rt, err := parseRuleTests(file, src)
		all = append(all, rt)
		return err
	}
	if shipped {
		found, err := fs.Glob(rulesets.Tests(), "*.test.yaml")
		if err != nil {
			return err
		}
		for _, f := range found {
			src, err := fs.ReadFile(rulesets.Tests(), f)
			if err := read(f, src, err); err != nil {
				return err
			}
		}
	}
	for _, f := range files {
		src, err := textfile.Read(f)
		if err := read(f, src, err); err != nil {
			return err
		}
	}
	failed := false
	for _, rt := range all {
		if len(rt.tests) == 0 {
			return fmt.Errorf("%s has no tests", rt.file)
		}
		name := ruleset
		if name == "" {
			name = rt.ruleset
		}
		if name == "" {
			return usagef("%s names no ruleset: give --ruleset", rt.file)
		}
		ok, err := rt.run(c, a.rules, name, shipped)
		if err != nil {
			return err
		}
		failed = failed || !ok
	}
	if failed {
		return errReported
	}
	return nil
}

// run runs the tests of a file and reports whether all of them passed. With all
// set, every rule must be hit.
func (rt *ruleTests) run(c *cobra.Command, lib *rules.Library, ruleset string, all bool) (ok bool, err error) {
	out := c.OutOrStdout()
	a, err := lib.Public(ruleset)
	if err != nil {
		return false, err
	}
	w, pass := fhir.NewWalker(a, fhir.RememberNothing), mask.NewPass(a.Plan)
	pass.Detail = true
	hit, outcomes := map[string]bool{}, map[string]*ruleOutcomes{}
	ok = true
	for _, test := range rt.tests {
		pass.Begin(mask.Origin{Door: "file", Operation: "test"})
		got, err := w.AppendJSON(nil, []byte(test.input), pass, nil)
		here := map[string]bool{}
		for i, n := range pass.Counts {
			if n > 0 {
				here[a.Actions[i].Rule], hit[a.Actions[i].Rule] = true, true
			}
		}
		for _, d := range pass.Details {
			if outcomes[d.Rule] == nil {
				outcomes[d.Rule] = &ruleOutcomes{}
			}
			outcomes[d.Rule].add(d.Outcome)
		}
		problem := test.compare(got, err)
		for _, r := range test.rules {
			if !here[r] && problem == "" {
				problem = fmt.Sprintf("rule %q was not hit", r)
			}
		}
		if problem != "" {
			ok = false
			fmt.Fprintf(out, "FAIL %s: %s\n  %s\n", test.at, test.name, problem)
		}
	}
	if all {
		var missed []string
		for _, r := range a.Policy.Ruleset.FHIR.Rules {
			if !hit[r.ID] {
				missed = append(missed, r.ID)
			}
		}
		sort.Strings(missed)
		if len(missed) > 0 {
			ok = false
			fmt.Fprintf(out, "FAIL %s: no test hits: %s\n", ruleset, strings.Join(missed, ", "))
		}
	}
	for _, r := range a.Policy.Ruleset.FHIR.Rules {
		switch r.Method {
		case "remove", "withhold", "link": // a link leads nowhere without a server
			continue
		}
		if o := outcomes[r.ID]; o != nil && o.others == 0 {
			fmt.Fprintf(out, "warning: %s: rule %q removed every value that the tests have for it (%d): method %q may not fit, or a test is missing\n", r.At, r.ID, o.removed, r.Method)
		}
	}
	if ok {
		fmt.Fprintf(out, "ok %s: %d tests of %s\n", rt.file, len(rt.tests), ruleset)
	}
	return ok, nil
}

// ruleOutcomes counts what a rule did to the values of the tests.
type ruleOutcomes struct{ removed, others int }

func (o *ruleOutcomes) add(outcome mask.Outcome) {
	if outcome == mask.Removed {
		o.removed++
	} else {
		o.others++
	}
}

// compare says in what the outcome differs from the expected one, or nothing.
func (t ruleTest) compare(got []byte, err error) string {
	var withheld *fhir.WithheldError
	switch {
	case errors.As(err, &withheld):
		if !t.withheld {
			return err.Error()
		}
		return ""
	case err != nil:
		return err.Error()
	case t.withheld:
		return "want it withheld, got " + string(got)
	}
	var g, w map[string]any
	if err := json.Unmarshal([]byte(t.output), &w); err != nil {
		return "output is not a JSON object: " + err.Error()
	}
	if err := json.Unmarshal(got, &g); err != nil {
		return "masked resource is not JSON: " + err.Error()
	}
	if _, given := w["meta"]; !given {
		delete(g, "meta")
	}
	if !matches(w, g) {
		return "got  " + string(got) + "\n  want " + strings.TrimSpace(t.output)
	}
	return ""
}

// matches compares JSON values; "*" in want matches anything.
func matches(want, got any) bool {
	if want == "*" {
		return got != nil
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for k, v := range w {
			if _, has := g[k]; !has || !matches(v, g[k]) {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !matches(w[i], g[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(want, got)
}
