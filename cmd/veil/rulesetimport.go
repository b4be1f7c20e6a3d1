package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/rulesetimport"
	"github.com/veil-proxy/veil/textfile"
)

func newRulesetImport(a *app) *cobra.Command {
	var name string
	var keepLinks bool
	c := &cobra.Command{
		Use: "import TOOL FILE", Short: "Write a ruleset from another tool's configuration", Args: cli.Args(2, 2),
		Long: `Reads a configuration of another tool and prints a ruleset that extends
safe-harbor. Rules that safe-harbor already has are left out. Standard error
lists the rules that cannot be converted exactly: they are made stricter, or
left to safe-harbor.

Keys are not imported, so pseudonyms and date shifts differ from those in
existing data sets. With --keep-links, the ruleset computes cryptoHash as the
tool does, with the key that veil mask --imported-key cryptoHash=FILE names.
Such ids cannot be opened, and the proxies refuse such a ruleset.

  microsoft   Tools for Health Data Anonymization for FHIR (JSON)
  miracum     FHIR Pseudonymizer, anonymization.yaml
  cumulus     Cumulus ETL, ms-config.json
  datamasque  DataMasque rulesets: tasks that mask columns (YAML)`,
		Example: `  veil ruleset import microsoft configuration-sample.json > site.yaml
  veil ruleset diff safe-harbor site.yaml
  veil ruleset import datamasque clinic.yaml --name clinic > clinic-veil.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := cli.OneOf("tool", args[0], rulesetimport.Tools()...); err != nil {
				return err
			}
			text, err := textfile.Read(args[1])
			if err != nil {
				return err
			}
			result, err := rulesetimport.Import(a.rules, args[0], name, text, keepLinks)
			if err != nil {
				return fmt.Errorf("%s: %w", args[1], err)
			}
			if _, err := c.OutOrStdout().Write(result.Ruleset); err != nil {
				return err
			}
			return result.WriteText(c.ErrOrStderr())
		},
	}
	c.Flags().BoolVar(&keepLinks, "keep-links", false, "compute cryptoHash as the tool does, with its key (microsoft, miracum)")
	c.Flags().StringVar(&name, "name", "imported", "`NAME` of the ruleset")
	return c
}
