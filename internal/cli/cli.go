// Package cli has what the commands of veil have in common: mistakes in the command
// line, checks of arguments, and output as text or JSON.
package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// usageError is a mistake in the command line: nothing was done.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// Usage marks an error as a mistake in the command line.
func Usage(err error) error { return usageError{err} }

// Usagef returns an error that is a mistake in the command line.
func Usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// IsUsage reports whether an error is a mistake in the command line.
func IsUsage(err error) bool {
	var usage usageError
	return errors.As(err, &usage) || strings.HasPrefix(err.Error(), "unknown command")
}

// ErrReported is the error of a command that has already printed what is wrong.
var ErrReported = errors.New("reported")

// usageLine is the error of a command line with too few or too many arguments.
func usageLine(c *cobra.Command) error {
	return Usagef("usage: %s (see %s --help)", c.UseLine(), c.CommandPath())
}

// Args requires at least least and at most most arguments.
func Args(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return usageLine(c)
		}
		return nil
	}
}

// NoArgs requires that there are no arguments.
func NoArgs(c *cobra.Command, args []string) error { return Args(0, 0)(c, args) }

// Group makes c a command that only has subcommands.
func Group(c *cobra.Command, subs ...*cobra.Command) *cobra.Command {
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return Usagef("unknown command %q (see %s --help)", args[0], c.CommandPath())
		}
		return nil
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	c.AddCommand(subs...)
	return c
}

// OneOf requires that a flag has one of some words as its value.
func OneOf(flag, value string, words ...string) error {
	if slices.Contains(words, value) {
		return nil
	}
	last := len(words) - 1
	if last == 0 {
		return Usagef("invalid %s %q: expected %s", flag, value, words[0])
	}
	return Usagef("invalid %s %q: expected %s or %s", flag, value, strings.Join(words[:last], ", "), words[last])
}

// Text is a flag value that has a name of its own in help.
type Text struct{ Value, Kind string }

func (t *Text) String() string { return t.Value }

// Type returns what help calls the value.
func (t *Text) Type() string { return t.Kind }

// Set sets the value.
func (t *Text) Set(s string) error {
	t.Value = s
	return nil
}
