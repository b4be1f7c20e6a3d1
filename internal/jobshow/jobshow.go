// Package jobshow shows a job over files on a terminal or to a program: its progress,
// what was left out, a summary, and what it would do with the columns of its inputs.
//
//	d := jobshow.New(os.Stderr, os.Stdin, inputs)
//	job.Report, job.Progress = d.Report, d.Progress()
//	counts, err := job.Run(ctx)
//	err = d.Summary("text", job.ID, counts)
package jobshow

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/veil-proxy/veil/file"
)

// Display shows a job on a stream, and on a terminal a progress bar.
type Display struct {
	w   io.Writer
	bar *progressbar.ProgressBar // nil: none
}

// New returns the display of a job over inputs. Stdin is what the input "-" stands for.
func New(w io.Writer, stdin io.Reader, inputs []string) *Display {
	d := &Display{w: w}
	if !isTerminal(w) {
		return d
	}
	if len(inputs) == 1 && inputs[0] == "-" && isTerminal(stdin) {
		fmt.Fprintln(w, "veil: reading FHIR resources from the terminal; press Ctrl-D to finish")
		return d
	}
	d.bar = progressbar.NewOptions64(size(inputs), progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("masking"),
		progressbar.OptionShowBytes(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	return d
}

// size is how many bytes inputs have, or -1 if it is not known.
func size(inputs []string) (total int64) {
	for _, name := range inputs {
		info, err := os.Stat(name)
		if name == "-" || err != nil {
			return -1
		}
		total += info.Size()
	}
	return total
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Progress returns what is called with the number of bytes that were read since the
// last call, or nil if no progress is shown.
func (d *Display) Progress() func(int) {
	if d.bar == nil {
		return nil
	}
	return func(n int) { _ = d.bar.Add(n) } // only the display
}

// Report writes a line past the progress bar.
func (d *Display) Report(p file.Problem) {
	if d.bar != nil {
		_ = d.bar.Clear() // only the display
	}
	fmt.Fprintf(d.w, "veil: %s\n", p)
}

// Summary prints what was done, as text or json; without a format, as text if a
// progress bar was shown.
func (d *Display) Summary(format, run string, n file.Counts) error {
	if d.bar != nil {
		_ = d.bar.Finish() // only the display
	}
	switch {
	case format == "json":
		return json.NewEncoder(d.w).Encode(struct {
			Run      string `json:"run"`
			Masked   uint64 `json:"masked"`
			Withheld uint64 `json:"withheld"`
			Bad      uint64 `json:"bad"`
			Files    uint64 `json:"files"`
			Failed   uint64 `json:"failedFiles"`
			Resumed  uint64 `json:"resumedFiles"`
		}{run, n.Masked, n.Withheld, n.Bad, n.Files, n.Failed, n.Resumed})
	case format == "text" || d.bar != nil:
		fmt.Fprintf(d.w, "%d masked, %d withheld, %d could not be masked; %d files written, %d failed, %d kept from an earlier run\n", n.Masked, n.Withheld, n.Bad, n.Files, n.Failed, n.Resumed)
	}
	return nil
}
