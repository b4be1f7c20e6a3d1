// Package reportcmd has the commands of veil report.
package reportcmd

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/term"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/report/records"
	"github.com/veil-proxy/veil/report/signed"
	"github.com/veil-proxy/veil/textfile"
)

// Commands is what the commands of veil report need.
type Commands struct {
	// Version is that of Veil.
	Version string
	// Rules has the rulesets that evidence is about.
	Rules *rules.Library
}

// New returns veil report.
func (cs *Commands) New() *cobra.Command {
	return cli.Group(&cobra.Command{Use: "report", Short: "Report what was masked and what masking does to data",
		Long: `Gives auditors signed evidence of what was masked, and measures masked data:
how close it is to the originals, and how likely persons are to be found in it.
Reports contain figures and names of columns and rules, never a value.`},
		cs.newEvidence(), newVerify(), cs.newFidelity(), cs.newRisk())
}

// outputs are where a measurement goes.
type outputs struct {
	format cli.Format
	html   string
	result string
	signer string
}

func (o *outputs) add(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&o.html, "html", "", "also write the report to `FILE`, as a page with plots")
	fl.StringVarP(&o.result, "output", "o", "", "also write the result to `FILE`, as JSON for veil report evidence")
	fl.StringVar(&o.signer, "sign", "", "sign the result of -o with the signing key in `FILE`")
	o.format.AddJSON(c)
}

// measured is a report that can be printed.
type measured interface {
	WriteText(w io.Writer) error
	WriteHTML(w io.Writer) error
}

// write prints a report and writes its files.
func (o *outputs) write(w io.Writer, report measured, result *signed.Result) error {
	if o.html != "" {
		var page strings.Builder
		if err := report.WriteHTML(&page); err != nil {
			return err
		}
		if err := textfile.Create(o.html, page.String(), 0o600); err != nil {
			return err
		}
	}
	if o.result != "" {
		var signer note.Signer
		if o.signer != "" {
			var err error
			if signer, err = keys.ReadSigner(o.signer); err != nil {
				return err
			}
		}
		text, err := result.Marshal(signer)
		if err != nil {
			return err
		}
		if err := textfile.Create(o.result, string(text), 0o600); err != nil {
			return err
		}
	}
	return o.format.Print(w, report, report.WriteText)
}

// check refuses, before anything is read, files that cannot be written.
func (o *outputs) check() error {
	if o.signer != "" && o.result == "" {
		return cli.Usagef("--sign needs -o: it signs the result in that file")
	}
	for _, path := range []string{o.html, o.result} {
		if path == "" {
			continue
		}
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s already exists and will not be overwritten", path)
		}
	}
	return nil
}

// result begins a result over sets.
func (cs *Commands) result(kind string, sets map[string]*records.Set, roles ...string) (*signed.Result, error) {
	r := &signed.Result{Kind: kind, Version: cs.Version, Time: time.Now()}
	for _, role := range roles {
		set := sets[role]
		if set == nil {
			continue
		}
		for _, path := range set.Files() {
			digest, err := file.Digest(path)
			if err != nil {
				return nil, err
			}
			r.Inputs = append(r.Inputs, signed.Input{Name: role + ": " + filepath.Base(path), SHA256: digest})
		}
	}
	return r, nil
}

// progress shows passes on a terminal, and nothing elsewhere.
type progress struct {
	w    io.Writer
	mu   sync.Mutex
	next time.Time
}

// newProgress returns what shows progress, or nil.
func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return &progress{w: w}
}

// of returns the callback for the progress of a set.
func (p *progress) of(role string) func(records.Progress) {
	if p == nil {
		return nil
	}
	return func(at records.Progress) {
		p.mu.Lock()
		defer p.mu.Unlock()
		now := time.Now()
		if now.Before(p.next) {
			return
		}
		p.next = now.Add(200 * time.Millisecond)
		done := ""
		if at.Size > 0 {
			done = fmt.Sprintf(", %d %%", 100*at.Read/at.Size)
		}
		fmt.Fprintf(p.w, "\r\x1b[Kveil: %s %s: %d rows%s", role, at.What, at.Rows, done)
	}
}

func (p *progress) end() {
	if p != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
