package keyscmd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/proxy/consumer"
)

func newAPI() *cobra.Command {
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
			// Quoted, since a name such as 42, and some hashes, would be read as numbers.
			fmt.Fprintf(c.OutOrStdout(), "# API key of %s; it is not stored:\n%s\n# For consumers.keys in the configuration:\n- {name: %q, sha256: %q}\n", name, key, name, sum)
			return nil
		},
	}
}

func newPostgres() *cobra.Command {
	var name string
	var fromStdin bool
	c := &cobra.Command{
		Use: "postgres USER", Short: "Create a password for a user of the PostgreSQL listener",
		Long: `Creates a random password for USER and prints it, together with the entry to
add under consumers.users in the configuration. The password is printed once
and stored nowhere; the entry contains its SCRAM-SHA-256 verifier in
PostgreSQL's format, which cannot be used to log in.

With --password-stdin, the password is the first line of standard input.`,
		Example: `  veil keys postgres ann
  veil keys postgres ann --name notebook-7 --password-stdin < password`,
		Args: cli.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			user := args[0]
			if name == "" {
				name = user
			}
			secret, err := password(c.InOrStdin(), fromStdin)
			if err != nil {
				return err
			}
			v, err := consumer.NewVerifier(secret)
			if err != nil {
				return err
			}
			// What is printed is what a directory takes.
			account := consumer.Account{Name: name}
			if _, err := consumer.New(c.Context(), consumer.Config{Users: []consumer.User{{Account: account, User: user, Verifier: v.String()}}}); err != nil {
				return cli.Usagef("invalid USER or --name: expected a user of 1 to 63 bytes, and a name of 1 to 128 letters, digits and ._@-")
			}
			out := c.OutOrStdout()
			if !fromStdin {
				fmt.Fprintf(out, "# Password of %s; it is not stored:\n%s\n", user, secret)
			}
			fmt.Fprintf(out, "# For consumers.users in the configuration:\n- {name: %q, user: %q, verifier: %q}\n", name, user, v)
			return nil
		},
	}
	c.Flags().StringVar(&name, "name", "", "`NAME` of the consumer in the audit log (default: USER)")
	c.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the password from standard input")
	return c
}

// password reads a password from the first line, or creates one.
func password(in io.Reader, read bool) (string, error) {
	if !read {
		return consumer.NewPassword(), nil
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	line = strings.TrimRight(strings.TrimPrefix(line, "\ufeff"), "\r\n")
	if err != nil && !errors.Is(err, io.EOF) || line == "" {
		return "", errors.New("no password on standard input")
	}
	return line, nil
}
