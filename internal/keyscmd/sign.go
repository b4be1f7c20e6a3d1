package keyscmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/mask/keys"
)

func newSign() *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "sign FILE", Short: "Create a key pair that signs audit checkpoints and reports",
		Long: `Creates an Ed25519 key pair. The signing key is written to FILE with mode
0600, and the verifier key, which is not secret, to FILE.pub. Existing files
are never overwritten.

With audit.signerFile set to FILE, veil serve signs a checkpoint of its audit
log. Keep FILE.pub where nobody who can write the log can change it. With it,
"veil audit verify DIR --verifier-key FILE.pub" detects whether the end of the
log was cut off, or the whole log was rewritten.

Commands with --sign FILE, such as veil report evidence, sign what they report.
Whoever has FILE.pub can verify it with veil report verify. If different people
are responsible for checkpoints and for reports, create a key for each.`,
		Example: `  veil keys sign /etc/veil/audit.key
  veil keys sign evidence.key --name hospital.example/evidence`,
		Args: cli.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if name == "" || strings.ContainsAny(name, " +\t\r\n") {
				return cli.Usagef("--name must not be empty or contain white space or a plus sign")
			}
			path := args[0]
			verifier, err := keys.CreateSigner(path, name)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "# Set audit.signerFile to %s. Keep %s elsewhere; it contains the verifier key:\n%s\n", path, path+".pub", verifier)
			return nil
		},
	}
	c.Flags().StringVar(&name, "name", "veil-audit", "`NAME` of the key in signed checkpoints")
	return c
}
