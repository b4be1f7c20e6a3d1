package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/ruletest"
)

func newRulesetTest(a *app) *cobra.Command {
	var ruleset string
	c := &cobra.Command{
		Use: "test [FILE…]", Short: "Run rule tests written in YAML",
		Long: `Runs rule tests. Each test masks an input and compares the output as JSON. In
the expected output, "*" matches any value, and meta is compared only if it is
given.

Without FILE, the tests of the shipped rulesets run, and a rule that no test
reaches is a failure. A rule that removes every value in the tests, although
its method is not remove, is a warning.

Tests use a public key, so the pseudonyms in them protect nothing.`,
		Example: `  veil ruleset test
  veil ruleset test --ruleset site.yaml site.test.yaml`,
		RunE: func(c *cobra.Command, args []string) error { return a.runRuleTests(c, ruleset, args) },
	}
	c.Flags().StringVar(&ruleset, "ruleset", "", "test this `RULESET` instead of the one that FILE names")
	return c
}

func (a *app) runRuleTests(c *cobra.Command, ruleset string, names []string) error {
	files, err := ruletest.Read(names)
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
			return cli.Usagef("%s does not name a ruleset: use --ruleset", f.Name)
		}
		compiled, err := a.rules.Public(name)
		if err != nil {
			return err
		}
		if !f.Run(compiled).WriteText(c.OutOrStdout(), f.Name, name, len(names) == 0) {
			failed = true
		}
	}
	if failed {
		return cli.ErrReported
	}
	return nil
}
