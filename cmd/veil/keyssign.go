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
		Use: "sign FILE", Short: "Make the key that signs an audit log's checkpoints",
		Long: `Makes a new Ed25519 key pair: FILE, of mode 0600, has the key that signs, and
FILE.pub the one that verifies, which is no secret. Files that exist are never
overwritten.

veil serve signs a checkpoint of its audit log with audit.signerFile: FILE. Keep
FILE.pub elsewhere, where nobody who can write the log can write too:
veil audit verify DIR --verifier-key FILE.pub then shows whether the log's end was
cut off or all of it was written anew.`,
		Example: "  veil keys sign /etc/veil/audit.key",
		Args:    exactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if name == "" || strings.ContainsAny(name, " +\t\r\n") {
				return usagef("--name must not be empty, nor have white space or a plus sign")
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
			fmt.Fprintf(c.OutOrStdout(), "# %s signs: set audit.signerFile. %s verifies, and is kept elsewhere:\n%s\n", path, public, verifier)
			return nil
		},
	}
	c.Flags().StringVar(&name, "name", "veil-audit", "name of the key in what it signs")
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
		return "", usagef("--verifier-key is no such key, nor a file that has one: want what veil keys sign wrote to FILE.pub")
	}
	return text, nil
}
