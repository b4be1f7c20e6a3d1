package main

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/ruletest"
	"github.com/veil-proxy/veil/rulesets"
	"github.com/veil-proxy/veil/textfile"
)

func newRulesetTest(a *app) *cobra.Command {
	var ruleset string
	c := &cobra.Command{
		Use: "test [FILE…]", Short: "Run rule tests written in YAML",
		Long: `Runs rule tests. Each test masks an input and compares the output as JSON. In
the expected output, "*" matches any value, and meta is compared only if it is
given.

Without FILE, the tests of the shipped rulesets run, and a rule that no test
hits is a failure. A rule that removes every value in the tests, although its
method is not remove, is a warning.

Tests use a public key, so the pseudonyms in them protect nothing.`,
		Example: `  veil ruleset test
  veil ruleset test --ruleset site.yaml site.test.yaml`,
		RunE: func(c *cobra.Command, args []string) error { return a.runRuleTests(c, ruleset, args) },
	}
	c.Flags().StringVar(&ruleset, "ruleset", "", "`RULESET` to test instead of the one that FILE names")
	return c
}

func (a *app) runRuleTests(c *cobra.Command, ruleset string, names []string) error {
	files, err := readRuleTests(names)
	if err != nil {
		return err
	}
	failed := false
	for _, f := range files {
		name := ruleset
		if name == "" {
			name = f.Ruleset
		}
		switch {
		case f.Len() == 0:
			return fmt.Errorf("%s contains no tests", f.Name)
		case name == "":
			return usagef("%s does not name a ruleset: use --ruleset", f.Name)
		}
		compiled, err := a.rules.Public(name)
		if err != nil {
			return err
		}
		if !printRuleTests(c, f, name, f.Run(compiled), len(names) == 0) {
			failed = true
		}
	}
	if failed {
		return errReported
	}
	return nil
}

// readRuleTests reads files of tests, or, without names, the shipped ones.
func readRuleTests(names []string) ([]*ruletest.File, error) {
	read := textfile.Read
	if len(names) == 0 {
		var err error
		if names, err = fs.Glob(rulesets.Tests(), "*.test.yaml"); err != nil {
			return nil, err
		}
		read = func(name string) ([]byte, error) { return fs.ReadFile(rulesets.Tests(), name) }
	}
	var files []*ruletest.File
	for _, name := range names {
		src, err := read(name)
		if err != nil {
			return nil, err
		}
		f, err := ruletest.Parse(name, src)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// printRuleTests prints what came of the tests, and reports whether all passed. With
// all set, every rule must be hit.
func printRuleTests(c *cobra.Command, f *ruletest.File, ruleset string, rep *ruletest.Report, all bool) (ok bool) {
	out := c.OutOrStdout()
	for _, x := range rep.Failures {
		fmt.Fprintf(out, "FAIL %s: %s\n  %s\n", x.At, x.Name, x.Problem)
	}
	ok = len(rep.Failures) == 0
	if all && len(rep.Missed) > 0 {
		ok = false
		fmt.Fprintf(out, "FAIL %s: no test hits: %s\n", ruleset, strings.Join(rep.Missed, ", "))
	}
	for _, r := range rep.Removing {
		fmt.Fprintf(out, "warning: %s: rule %q removed every value in its tests (%d): method %q may not fit, or a test is missing\n", r.At, r.Rule, r.Values, r.Method)
	}
	if ok {
		fmt.Fprintf(out, "ok %s: %d tests of %s\n", f.Name, rep.Tests, ruleset)
	}
	return ok
}
