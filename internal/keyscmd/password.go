package keyscmd

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/proxy/console/login"
)

func newPassword() *cobra.Command {
	return &cobra.Command{
		Use: "password NAME", Short: "Hash the password of an operator of the console",
		Long: `Reads a password and prints the entry to add under operator.console.users in
the configuration. The entry contains the argon2id hash of the password, which
cannot be used to log in. The password must have 12 to 1,024 bytes.

In a terminal, you type the password twice, and it is not shown. Otherwise it
is the first line of standard input.`,
		Example: `  veil keys password ann
  veil keys password ann < password`,
		Args: cli.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			name := args[0]
			typed, err := typedPassword(c.InOrStdin(), c.ErrOrStderr())
			if err != nil {
				return err
			}
			hash, err := login.HashPassword(typed)
			if err != nil {
				return err
			}
			// Check that the console accepts what is printed.
			if _, err := login.New(login.Config{Users: []login.User{{Name: name, Password: hash}}}); err != nil {
				return cli.Usagef("invalid NAME: expected 1 to 128 letters, digits and ._@-")
			}
			fmt.Fprintf(c.OutOrStdout(), "# For operator.console.users in the configuration:\n- {name: %q, password: %q}\n", name, hash)
			return nil
		},
	}
}

// typedPassword reads a password from a terminal without showing it, or from the first
// line of other input.
func typedPassword(in io.Reader, prompts io.Writer) (string, error) {
	f, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return password(in, true)
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(prompts, prompt)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(prompts)
		if err != nil {
			return "", errors.New("the terminal could not be read")
		}
		typed[i] = string(b)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ")
	}
	return typed[0], nil
}
