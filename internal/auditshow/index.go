package auditshow

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/internal/cli"
)

// indexed is what was built.
type indexed struct {
	Records    uint64 `json:"records"`
	Unreadable uint64 `json:"unreadable"`
	Dir        string `json:"dir"`
	first      string
}

// NewIndex returns veil audit index.
func NewIndex() *cobra.Command {
	var dir string
	var anew bool
	var format cli.Format
	c := &cobra.Command{
		Use: "index DIR", Short: "Build the index of an audit log",
		Long: `Builds the index that the console searches, or brings it up to date, so that
veil serve need not do so after it starts. This is optional: veil serve builds
a missing or damaged index by itself, and follows the log.

The index contains the positions of records, and the names of consumers, rules
and columns, but no records. Only one process can open it: stop veil serve
first.`,
		Example: `  veil audit index audit
  veil audit index audit --rebuild --index-dir /var/lib/veil/index`,
		Args: cli.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if dir == "" {
				dir = filepath.Join(args[0], "index")
			}
			built, err := buildIndex(c, args[0], dir, anew)
			if err != nil {
				return err
			}
			return format.Print(c.OutOrStdout(), built, built.WriteText)
		},
	}
	c.Flags().StringVar(&dir, "index-dir", "", "directory `DIR` of the index (default: index, in the directory of the log)")
	c.Flags().BoolVar(&anew, "rebuild", false, "remove the index first")
	format.Add(c)
	return c
}

func buildIndex(c *cobra.Command, log, dir string, anew bool) (*indexed, error) {
	names, err := audit.Segments(log)
	if err == nil && len(names) == 0 {
		err = errors.New(log + ": there is no audit log in this directory")
	}
	if err != nil {
		return nil, err
	}
	if anew {
		if err := index.Remove(dir); err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
	}
	x := index.Open(index.Options{Log: log, Dir: dir})
	defer x.Close()
	done := make(chan error, 1)
	go func() { done <- x.Sync(c.Context()) }()
	shown := false
	for {
		select {
		case err := <-done:
			if shown {
				fmt.Fprint(c.ErrOrStderr(), "\r\x1b[K")
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", dir, err)
			}
			s := x.Status()
			return &indexed{s.Records, s.Unreadable, dir, s.First}, nil
		case <-time.After(200 * time.Millisecond):
			if f, ok := c.ErrOrStderr().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
				shown = true
				s := x.Status()
				fmt.Fprintf(f, "\rveil: %d records, %d of %d MiB of the log", s.Records, (s.All-s.Behind)>>20, s.All>>20)
			}
		}
	}
}

// WriteText says it to people.
func (i *indexed) WriteText(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s has %d records.\n", i.Dir, i.Records)
	if err == nil && i.Unreadable > 0 {
		_, err = fmt.Fprintf(w, "%d lines of the log cannot be read, the first at %s: run veil audit verify\n", i.Unreadable, i.first)
	}
	return err
}
