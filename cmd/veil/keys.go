package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/consumer"
)

func newKeys() *cobra.Command {
	return group(&cobra.Command{Use: "keys", Short: "Make and name keys"}, newKeysNew(), newKeysShow(), newKeysAPI())
}

func newKeysNew() *cobra.Command {
	return &cobra.Command{
		Use: "new FILE", Short: "Write a new key to a file of mode 0600",
		Long: `Writes a new random key. A file that is there already is never overwritten:
whoever loses the old key can open no pseudonym again.`,
		Example: "  veil keys new project.key",
		Args:    exactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return mask.WriteKeyFile(args[0])
		},
	}
}

func newKeysShow() *cobra.Command {
	var project string
	c := &cobra.Command{
		Use: "show FILE", Short: "Print a key's fingerprint, as the audit log names it",
		Example: "  veil keys show project.key --project trial-17",
		Args:    exactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			secret, err := mask.ReadKeyFile(args[0])
			if err != nil {
				return err
			}
			keys, err := mask.NewKeyring(secret, project)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), keys.Fingerprint())
			return nil
		},
	}
	c.Flags().StringVar(&project, "project", "default", "name of the project")
	return c
}

func newKeysAPI() *cobra.Command {
	return &cobra.Command{
		Use: "api NAME", Short: "Make an API key for a consumer of veil serve",
		Long: `Prints a new API key, which is for the consumer and kept nowhere, and what goes
into the configuration: its SHA-256, from which the key cannot be found. A consumer
may have several keys, the old one and the new one, under one name.`,
		Example: "  veil keys api notebook-17",
		Args:    exactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if !plainName.MatchString(args[0]) {
				return usagef("the name of a consumer has 1 to 128 letters, digits and ._@-")
			}
			key, sum := consumer.NewKey()
			_, err := fmt.Fprintf(c.OutOrStdout(), `# For the consumer, once: Authorization: Bearer ... or X-API-Key: ...
%s
# For the configuration:
consumers:
  keys:
    - name: %q
      sha256: %s
`, key, args[0], sum)
			return err
		},
	}
}
