package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/consumer"
)

func newKeys(a *app) *cobra.Command {
	return cli.Group(&cobra.Command{Use: "keys", Short: "Create and identify keys, and open pseudonyms"}, newKeysNew(), newKeysShow(), newKeysAPI(), newKeysPostgres(), newKeysSign(), newKeysOpen(a))
}

func newKeysNew() *cobra.Command {
	return &cobra.Command{
		Use: "new FILE", Short: "Create a project key",
		Long: `Creates a random project key and writes it to FILE with mode 0600. Pseudonyms
are derived from this key. Existing files are never overwritten. Keep a copy
of the key: without it, the ids it sealed cannot be opened, and pseudonyms
cannot be reproduced.`,
		Example: "  veil keys new project.key",
		Args:    cli.Args(1, 1),
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
			fmt.Fprintf(c.OutOrStdout(), "Created %s, with fingerprint %s in project \"default\". Keep a copy of the file: without it, no sealed id can be opened again.\n", args[0], keys.Fingerprint())
			return nil
		},
	}
}

// shownKey is what veil keys show prints of a key for programs.
type shownKey struct {
	Project     string `json:"project"`
	Fingerprint string `json:"fingerprint"`
}

func newKeysShow() *cobra.Command {
	var project string
	var format cli.Format
	c := &cobra.Command{
		Use: "show FILE", Short: "Print the fingerprint of a project key",
		Long: `Prints the fingerprint of the key in FILE. It depends on the project. The
audit log and the log of veil serve identify keys by their fingerprints.`,
		Example: `  veil keys show project.key --project trial-17
  veil keys show project.key --json`,
		Args: cli.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			secret, err := keys.ReadFile(args[0])
			if err != nil {
				return err
			}
			ring, err := keys.NewKeyring(secret, project)
			if err != nil {
				return err
			}
			return format.Print(c.OutOrStdout(), shownKey{ring.Project(), ring.Fingerprint()}, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, ring.Fingerprint())
				return err
			})
		},
	}
	c.Flags().StringVar(&project, "project", "default", "`NAME` of the project")
	format.AddJSON(c)
	return c
}

func newKeysAPI() *cobra.Command {
	return &cobra.Command{
		Use: "api NAME", Short: "Create an API key for a consumer",
		Long: `Creates a random API key and prints it, together with the entry to add under
consumers.keys in the configuration. The key is printed once and stored
nowhere; the entry contains its SHA-256, which is not secret.

NAME is the name of the consumer, of 1 to 128 letters, digits and ._@-. A
consumer can have several keys, for example an old and a new one.

Clients send the key as "Authorization: Bearer KEY" or "X-API-Key: KEY".`,
		Example: "  veil keys api notebook-7",
		Args:    cli.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			name := args[0]
			key, sum := consumer.NewKey()
			// What is printed is what a directory takes.
			account := consumer.Account{Name: name}
			if _, err := consumer.New(c.Context(), consumer.Config{Keys: []consumer.Key{{Account: account, SHA256: sum}}}); err != nil {
				return cli.Usagef("invalid NAME: expected 1 to 128 letters, digits and ._@-")
			}
			// In quotes: 42 is a name, and some hashes would be numbers.
			fmt.Fprintf(c.OutOrStdout(), "# API key of %s; it is not stored:\n%s\n# For consumers.keys in the configuration:\n- {name: %q, sha256: %q}\n", name, key, name, sum)
			return nil
		},
	}
}
