package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
)

// The largest resource, Bundle or line that is masked. XML takes a tree of many
// times its size.
const (
	maxResource    = 256 << 20
	maxXMLResource = 64 << 20
)

type maskFlags struct {
	keyFlags
	ruleset   string
	out       string
	rejects   string
	auditDir  string
	baseURL   string
	upstreams []string
	workers   int
	detail    bool
}

func newMask() *cobra.Command {
	var f maskFlags
	c := &cobra.Command{
		Use: "mask [FILE…]", Short: "Mask FHIR JSON, NDJSON and XML files",
		Long: `Masks FHIR resources from files or standard input ("-", or no file at all) to
standard output, or to files of the same names in a folder. One resource or
Bundle a file, in JSON or XML, or one a line (NDJSON): which it is, is seen from
the text. XML comes out as XML. Files ending in .gz are read and, with --out,
written compressed.

Output files appear only when they are complete. A line that cannot be masked is
left out, reported with its place and counted; the others are written, and the
exit status is 1. With --rejects such lines go to a file instead, and the exit
status is 0: that file holds original data.

Resources that the ruleset withholds are left out and counted. An audit record of
each file is kept in --audit-dir; without it there is none.`,
		Example: `  veil mask --ruleset safe-harbor --key-file project.key < patients.ndjson > masked.ndjson
  veil mask --key-file project.key --out masked --audit-dir audit export/*.ndjson.gz`,
		RunE: func(c *cobra.Command, args []string) error { return runMask(c, f, args) },
	}
	f.add(c)
	fl := c.Flags()
	fl.StringVar(&f.ruleset, "ruleset", "safe-harbor", rulesetHelp)
	fl.StringVar(&f.out, "out", "", "folder for the masked files, made if it is not there")
	fl.StringVar(&f.rejects, "rejects", "", "file for lines that cannot be masked (original data, mode 0600)")
	fl.StringVar(&f.auditDir, "audit-dir", "", "folder of the audit log")
	fl.StringVar(&f.baseURL, "base-url", fhir.DefaultBase, "base URL written into Bundle.entry.fullUrl")
	fl.StringArrayVar(&f.upstreams, "upstream-base", nil, "base URL of the original server: references under it become relative (may be repeated)")
	fl.IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "lines are masked by so many at once; their order is kept")
	fl.BoolVar(&f.detail, "detail", false, "one audit line for each application of a rule")
	return c
}

func runMask(c *cobra.Command, f maskFlags, args []string) (err error) {
	if f.workers < 1 {
		return usagef("--workers must be at least 1")
	}
	if len(args) == 0 {
		args = []string{"-"}
	}
	if f.out == "" && len(args) > 1 {
		return usagef("several files need --out DIR: on standard output they could not be told apart")
	}
	a, err := loadAutomaton(f.ruleset, f.keyFlags)
	if err != nil {
		return err
	}
	// Masking makes little garbage and holds few buffers: collect early rather
	// than grow.
	debug.SetGCPercent(40)
	j := &maskJob{flags: f, automaton: a, stderr: c.ErrOrStderr(), stdin: c.InOrStdin(), stdout: c.OutOrStdout()}
	if f.auditDir != "" {
		log, err := audit.Open(f.auditDir, audit.Options{})
		if err != nil {
			return err
		}
		defer func() {
			if cerr := log.Close(); err == nil {
				err = cerr
			}
		}()
		j.sink = log
	}
	if f.rejects != "" {
		r, err := os.OpenFile(f.rejects, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		defer func() {
			if cerr := r.Close(); err == nil {
				err = cerr
			}
		}()
		j.rejects = r
	}
	if f.out != "" {
		if err := os.MkdirAll(f.out, 0o755); err != nil {
			return err
		}
	}
	j.prepare()
	j.progress(args)
	for _, name := range args {
		if err := j.file(c.Context(), name); err != nil {
			return err
		}
	}
	j.summary()
	if j.bad > 0 && j.rejects == nil {
		return errReported
	}
	return nil
}

// maskJob is one run of the command.
type maskJob struct {
	flags     maskFlags
	automaton *fhir.Automaton
	sink      mask.Sink
	rejects   io.Writer
	stdin     io.Reader
	stdout    io.Writer
	stderr    io.Writer
	pass      *mask.Pass
	workers   []*maskWorker
	bar       *progressbar.ProgressBar

	resources, withheld, bad uint64
}

func (j *maskJob) prepare() {
	site := &fhir.Site{Upstream: j.flags.upstreams, Base: strings.TrimSuffix(j.flags.baseURL, "/")}
	for range j.flags.workers {
		w := &maskWorker{walker: fhir.NewWalker(j.automaton, fhir.RememberAlways), automaton: j.automaton, pass: mask.NewPass(j.automaton.Plan), site: site}
		w.pass.Detail = j.flags.detail && j.sink != nil
		j.workers = append(j.workers, w)
	}
	j.pass = mask.NewPass(j.automaton.Plan)
	j.pass.Detail = j.flags.detail && j.sink != nil
}

// progress shows a bar on a terminal, and nothing in a pipe.
func (j *maskJob) progress(args []string) {
	f, ok := j.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return
	}
	var total int64
	for _, name := range args {
		info, err := os.Stat(name)
		if name == "-" || err != nil {
			total = -1
			break
		}
		total += info.Size()
	}
	j.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription("masking"),
		progressbar.OptionShowBytes(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
}

func (j *maskJob) summary() {
	if j.bar == nil {
		return
	}
	_ = j.bar.Finish() // only the display
	fmt.Fprintf(j.stderr, "%d resources masked, %d withheld, %d could not be masked\n", j.resources, j.withheld, j.bad)
}

// file masks one file and commits its record before its output appears.
func (j *maskJob) file(ctx context.Context, name string) (err error) {
	in, display := j.stdin, "standard input"
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in, display = f, name
	}
	if j.bar != nil {
		in = io.TeeReader(in, j.bar)
	}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("%s: not a gzip file", display)
		}
		in = z
	}
	br := bufio.NewReaderSize(in, 1<<20)
	beginning, peekErr := br.Peek(1 << 20)
	form := fhir.DetectForm(beginning)
	out, err := j.output(name, form)
	if err != nil {
		return err
	}
	defer out.abort()
	for _, w := range j.workers {
		w.pass.Begin(mask.Origin{})
	}
	origin := mask.Origin{RequestID: mask.NewRequestID(), Consumer: "local", Door: "file", Operation: "mask"}
	j.pass.Begin(origin)
	badBefore := j.bad
	if len(beginning) > 0 || errors.Is(peekErr, io.EOF) {
		err = j.stream(ctx, display, br, form, out)
	} else {
		err = fmt.Errorf("%s: %w", display, peekErr)
	}
	for _, w := range j.workers {
		j.pass.Merge(w.pass)
	}
	result, reason := "complete", ""
	switch {
	case err != nil:
		result, reason = "failed", "file could not be masked"
	case j.bad > badBefore:
		reason = fmt.Sprintf("%d resources could not be masked", j.bad-badBefore)
	}
	if j.sink != nil {
		if cerr := j.pass.Commit(context.WithoutCancel(ctx), j.sink, result, reason); cerr != nil {
			return cerr
		}
	}
	if err != nil {
		return err
	}
	return out.finish()
}

// stream masks what a reader has, by its form.
func (j *maskJob) stream(ctx context.Context, display string, in *bufio.Reader, form fhir.Form, out io.Writer) error {
	if form == fhir.NDJSON {
		return j.lines(ctx, display, in, out)
	}
	limit, maskOne := maxResource, j.workers[0].mask
	if form == fhir.OneXMLResource {
		limit, maskOne = maxXMLResource, j.workers[0].maskXML
	}
	text, err := io.ReadAll(io.LimitReader(in, int64(limit)+1))
	if err != nil {
		return fmt.Errorf("%s: %w", display, err)
	}
	if len(text) > limit {
		return fmt.Errorf("%s: the resource is larger than %d bytes", display, limit)
	}
	return j.deliver(display, maskOne(text), out)
}

// deliver writes a block's output and reports what could not be masked.
func (j *maskJob) deliver(display string, r blockResult, out io.Writer) error {
	j.resources += r.resources
	j.withheld += r.withheld
	for _, b := range r.bad {
		j.bad++
		if j.rejects != nil {
			if _, err := j.rejects.Write(append(b.text, '\n')); err != nil {
				return err
			}
			continue
		}
		if j.bar != nil {
			_ = j.bar.Clear()
		}
		fmt.Fprintf(j.stderr, "veil: %s:%d:%d: %s\n", display, b.line, b.column, b.what)
	}
	_, err := out.Write(r.out)
	return err
}

// maskOutput is where a file's output goes: a stream, or a file that appears when
// it is complete.
type maskOutput struct {
	io.Writer
	file *os.File
	gzip *gzip.Writer
	path string
}

func (j *maskJob) output(name string, form fhir.Form) (*maskOutput, error) {
	if j.flags.out == "" {
		return &maskOutput{Writer: j.stdout}, nil
	}
	base := filepath.Base(name)
	if name == "-" {
		base = "stdin.ndjson"
		if form == fhir.OneXMLResource {
			base = "stdin.xml"
		}
	}
	path := filepath.Join(j.flags.out, base)
	if in, err := filepath.Abs(name); err == nil {
		if abs, err := filepath.Abs(path); err == nil && in == abs {
			return nil, usagef("--out would overwrite the input %s", name)
		}
	}
	f, err := os.CreateTemp(j.flags.out, ".veil-*")
	if err != nil {
		return nil, err
	}
	o := &maskOutput{Writer: f, file: f, path: path}
	if strings.HasSuffix(name, ".gz") {
		o.gzip = gzip.NewWriter(f)
		o.Writer = o.gzip
	}
	return o, nil
}

// finish makes the output appear.
func (o *maskOutput) finish() error {
	if o.file == nil {
		return nil
	}
	if o.gzip != nil {
		if err := o.gzip.Close(); err != nil {
			return err
		}
	}
	if err := o.file.Chmod(0o644); err != nil {
		return err
	}
	if err := o.file.Sync(); err != nil {
		return err
	}
	if err := o.file.Close(); err != nil {
		return err
	}
	if err := os.Rename(o.file.Name(), o.path); err != nil {
		return err
	}
	o.file = nil
	return nil
}

// abort removes what finish did not make appear.
func (o *maskOutput) abort() {
	if o.file != nil {
		o.file.Close()
		os.Remove(o.file.Name())
	}
}
