// Package jobshow shows a job over files, on a terminal or to a program: its progress,
// what was left out, a summary, and what it would do with the columns of its inputs.
//
//	d := jobshow.New(os.Stderr, os.Stdin, inputs)
//	job.Report, job.Progress = d.Report, d.Progress()
//	counts, err := job.Run(ctx)
//	err = d.Summary("text", job, counts, err)
package jobshow

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/veil-proxy/veil/file"
)

// Display shows a job on a stream, with its progress if that is a terminal.
type Display struct {
	w     io.Writer
	shown bool // progress is shown
	begun time.Time

	mu    sync.Mutex
	drawn bool      // a line of progress is on the screen
	next  time.Time // when it may be drawn again
	file  string    // the last whose lines were reported
	lines int       // problems of it, whether or not they were printed
}

// New returns the display of a job over inputs. Stdin is what the input "-" stands for.
func New(w io.Writer, stdin io.Reader, inputs []string) *Display {
	d := &Display{w: w, begun: time.Now()}
	switch {
	case !isTerminal(w):
	case len(inputs) == 1 && inputs[0] == "-" && isTerminal(stdin):
		fmt.Fprintln(w, "veil: reading FHIR resources from the terminal; press Ctrl-D to finish")
	default:
		d.shown = true
	}
	return d
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Progress returns the function to call with the job's progress, or nil if none is
// shown.
func (d *Display) Progress() func(file.Progress) {
	if !d.shown {
		return nil
	}
	return d.progress
}

// interval is the time between two drawings of the line.
const interval = 200 * time.Millisecond

func (d *Display) progress(p file.Progress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if now.Before(d.next) {
		return
	}
	d.next, d.drawn = now.Add(interval), true
	line := []rune(describe(p, now.Sub(d.begun)))
	if width := d.width(); len(line) >= width {
		line = line[:width-1] // a line that wraps could not be cleared
	}
	fmt.Fprintf(d.w, "%s%s", clearLine, string(line))
}

// clearLine clears the line of the cursor.
const clearLine = "\r\x1b[K"

// width is that of the terminal.
func (d *Display) width() int {
	if f, ok := d.w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// describe is the line of progress.
func describe(p file.Progress, took time.Duration) string {
	seconds := max(took.Seconds(), 0.001)
	perSecond := float64(p.Bytes) / seconds
	name := filepath.Base(p.File)
	if r := []rune(name); len(r) > 24 {
		name = "…" + string(r[len(r)-23:])
	}
	line := name + "  "
	if p.Size > 0 {
		line += fmt.Sprintf("%d%% of %sB, ", min(100, 100*p.Bytes/p.Size), short(float64(p.Size)))
	} else {
		line += fmt.Sprintf("%sB, ", short(float64(p.Bytes)))
	}
	line += fmt.Sprintf("%sB/s, %srows/s", short(perSecond), short(float64(p.Units)/seconds))
	if left := float64(p.Size-p.Bytes) / perSecond; p.Size > 0 && p.Bytes > 0 && left >= 0 {
		line += ", " + time.Duration(left*float64(time.Second)).Round(time.Second).String() + " left"
	}
	return line
}

// short writes a number in three digits or so.
func short(n float64) string {
	units := []string{"", "k", "M", "G", "T"}
	for len(units) > 1 && n >= 999.5 {
		n, units = n/1000, units[1:]
	}
	if units[0] == "" || n >= 99.5 {
		return fmt.Sprintf("%.0f %s", n, units[0])
	}
	return fmt.Sprintf("%.1f %s", n, units[0])
}

// clear clears the line of progress.
func (d *Display) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.drawn {
		fmt.Fprint(d.w, clearLine)
		d.drawn = false
	}
}

// maxLines is how many lines of a file are reported. If the format was detected wrongly,
// every line has a problem.
const maxLines = 100

// Report writes a problem without disturbing the progress line.
func (d *Display) Report(p file.Problem) {
	if p.Line == 0 || p.File != d.file {
		d.more()
	}
	if p.Line > 0 {
		d.file = p.File
		if d.lines++; d.lines > maxLines {
			return
		}
	}
	d.clear()
	fmt.Fprintf(d.w, "veil: %s\n", p)
}

// more prints how many lines of a file were not reported.
func (d *Display) more() {
	if n := d.lines - maxLines; n > 0 {
		d.clear()
		fmt.Fprintf(d.w, "veil: %s: %d more like these (--rejects FILE keeps what cannot be masked)\n", d.file, n)
	}
	d.file, d.lines = "", 0
}
