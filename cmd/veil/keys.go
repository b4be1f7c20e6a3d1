package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/mask"
)

func newKeys() *cobra.Command {
	return group(&cobra.Command{Use: "keys", Short: "Make and name keys"}, newKeysNew(), newKeysShow())
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
