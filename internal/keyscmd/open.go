package keyscmd

import (
	"errors"
	"fmt"
	"math"
	"os/user"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/opener"
)

func newOpen(env func(string) string) *cobra.Command {
	var key config.Key
	var typ, auditDir string
	var format cli.Format
	c := &cobra.Command{
		Use: "open PSEUDONYM…", Short: "Find the original ids of pseudonyms",
		Long: `Prints the original ids behind sealed ids, one per line: type, pseudonym,
original. It is for the operator, when a finding in masked data must be traced
back to a patient.

A PSEUDONYM is the id of a resource, a reference such as Patient/xyz, or a
value of a column with the method seal, whose domain is the type. Pseudonyms
of other methods cannot be opened.

A record with the pseudonyms is written to the audit log in --audit-dir before
anything is printed. Use a directory that no running veil serve writes to.

Exit status: 0 if all were opened, 1 if one was not sealed with this key,
project and type.`,
		Example: `  veil keys open --key-file project.key --audit-dir audit-open \
      Patient/ollqjB9oXjwZ75bwgjnDdmFZY-y8eV7w51pGybdOQ-YA`,
		Args: cli.Args(1, math.MaxInt),
		RunE: func(c *cobra.Command, args []string) (err error) {
			if auditDir == "" {
				return cli.Usagef("expected --audit-dir DIR: opening a pseudonym is recorded")
			}
			ring, err := key.Keyring(env)
			if err != nil {
				return err
			}
			operator := ""
			if u, err := user.Current(); err == nil {
				operator = u.Username
			}
			log, err := audit.Open(auditDir, audit.Options{})
			if err != nil {
				return err
			}
			list, err := opener.Open(c.Context(), log, ring, operator, typ, args)
			var wrong *opener.ArgumentError
			if errors.As(err, &wrong) {
				err = cli.Usage(err)
			}
			if err = errors.Join(err, log.Close()); err != nil {
				return err
			}
			if err := format.Print(c.OutOrStdout(), list, list.WriteText); err != nil {
				return err
			}
			if n := list.Unopened(); n > 0 {
				return fmt.Errorf("%d of %d pseudonyms do not open: they were not sealed with this key, project and type", n, len(list))
			}
			return nil
		},
	}
	key.AddFlags(c.Flags())
	c.Flags().StringVar(&typ, "type", "", "resource `TYPE` or column domain of pseudonyms that do not name one")
	c.Flags().StringVar(&auditDir, "audit-dir", "", "write the record to the audit log in `DIR`")
	format.Add(c)
	return c
}
