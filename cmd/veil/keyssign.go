package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/textfile"
)

func newKeysSign() *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "sign FILE", Short: "Create a key pair that signs audit checkpoints",
		Long: `Creates an Ed25519 key pair. The signing key is written to FILE with mode
0600, and the verifier key, which is not secret, to FILE.pub. Existing files
are never overwritten.

With audit.signerFile set to FILE, veil serve signs a checkpoint of its audit
log. Keep FILE.pub where those who can write the log cannot write. With it,
"veil audit verify DIR --verifier-key FILE.pub" detects whether the end of the
log was cut off, or the whole log was rewritten.`,
		Example: "  veil keys sign /etc/veil/audit.key",
		Args:    exactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if name == "" || strings.ContainsAny(name, " +\t\r\n") {
				return usagef("--name must not be empty or contain white space or a plus sign")
			}
			signer, verifier, err := audit.GenerateSigner(name)
			if err != nil {
				return err
			}
			path := args[0]
			public := path + ".pub"
			if _, err := os.Lstat(public); err == nil {
				return fmt.Errorf("%s already exists and will not be overwritten", public)
			}
			if err := writeNew(path, signer, 0o600); err != nil {
				return err
			}
			if err := writeNew(public, verifier, 0o666); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "# Set audit.signerFile to %s. Keep %s elsewhere; it contains the verifier key:\n%s\n", path, public, verifier)
			return nil
		},
	}
	c.Flags().StringVar(&name, "name", "veil-audit", "`NAME` of the key in signed checkpoints")
	return c
}

// writeNew writes a line to a file that does not exist yet.
func writeNew(path, line string, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s already exists and will not be overwritten", path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}

// verifierKey is the text of a key to verify checkpoints with, given as itself or
// as the file that has it; empty for none.
func verifierKey(given string) (string, error) {
	text := given
	if _, err := os.Stat(given); given != "" && err == nil {
		read, err := textfile.Read(given)
		if err != nil {
			return "", err
		}
		text = strings.TrimSpace(string(read))
	}
	if text == "" && given == "" {
		return "", nil
	}
	if _, err := note.NewVerifier(text); err != nil {
		return "", usagef("--verifier-key: expected a verifier key or a file with one, as veil keys sign writes to FILE.pub")
	}
	return text, nil
}
