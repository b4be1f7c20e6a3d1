package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/consumer"
)

func newKeys() *cobra.Command {
	return group(&cobra.Command{Use: "keys", Short: "Make and name keys"}, newKeysNew(), newKeysShow(), newKeysAPI(), newKeysPostgres(), newKeysSign())
}

func newKeysNew() *cobra.Command {
	return &cobra.Command{
		Use: "new FILE", Short: "Write a new key to a file of mode 0600",
		Long: `Writes a new random key. A file that exists is never overwritten:
whoever loses the old key can open no pseudonym again.`,
		Example: "  veil keys new project.key",
		Args:    exactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := keys.WriteFile(args[0]); err != nil {
				return err
			}
			secret, err := keys.ReadFile(args[0])
			if err != nil {
				return err
			}
			keys, err := keys.NewKeyring(secret, "default")
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "Wrote %s, fingerprint %s in project \"default\". Keep a copy: without it no pseudonym opens again.\n", args[0], keys.Fingerprint())
			return nil
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
			secret, err := keys.ReadFile(args[0])
			if err != nil {
				return err
			}
			keys, err := keys.NewKeyring(secret, project)
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
		Use: "api NAME", Short: "Make an API key for a consumer",
		Long: `Makes a new random API key and prints it, and the line that lets it in, for the
consumers' keys of veil serve. The key is shown this once and kept nowhere; the
line has its SHA-256 alone, which is no secret. NAME is the name of the consumer:
1 to 128 letters, digits and ._@-. A consumer may have several keys, such as the
old one and the new one.

The consumer sends it as "Authorization: Bearer KEY" or as "X-API-Key: KEY".`,
		Example: "  veil keys api notebook-7",
		Args:    exactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			name := args[0]
			key, sum := consumer.NewKey()
			// What is printed is what a directory takes.
			account := consumer.Account{Name: name}
			if _, err := consumer.New(c.Context(), consumer.Config{Keys: []consumer.Key{{Account: account, SHA256: sum}}}); err != nil {
				return usagef("NAME is not the name of a consumer: want 1 to 128 letters, digits and ._@-")
			}
			// In quotes: 42 is a name, and some hashes would be numbers.
			fmt.Fprintf(c.OutOrStdout(), "# The key of %s. It is shown this once.\n%s\n# For the consumers' keys in the configuration:\n- {name: %q, sha256: %q}\n", name, key, name, sum)
			return nil
		},
	}
}
