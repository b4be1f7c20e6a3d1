// Package keyscmd has the commands of veil keys: they create and show keys of projects,
// consumers and audit logs, and open pseudonyms.
package keyscmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/mask/keys"
)

// New returns veil keys. env looks up environment variables.
func New(env func(string) string) *cobra.Command {
	return cli.Group(&cobra.Command{Use: "keys", Short: "Create and identify keys, and open pseudonyms"}, newProject(), newShow(), newAPI(), newPostgres(), newPassword(), newSign(), newOpen(env))
}

func newProject() *cobra.Command {
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

// shownKey is the JSON output of veil keys show.
type shownKey struct {
	Project     string `json:"project"`
	Fingerprint string `json:"fingerprint"`
}

func newShow() *cobra.Command {
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
