package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/mask"
)

// The largest resource, Bundle or line that is masked. XML takes a tree of many
// times its size.
const (
	maxResource    = 256 << 20
	maxXMLResource = 64 << 20
)

type maskFlags struct {
	key       config.Key
	env       func(string) string
	ruleset   string
	out       string
	rejects   string
	auditDir  string
	baseURL   string
	upstreams []string
	workers   int
	detail    bool
}

func newMask(a *app) *cobra.Command {
	f := maskFlags{env: a.env}
	c := &cobra.Command{
		Use: "mask [FILE…]", Short: "Mask FHIR JSON, NDJSON and XML files",
		Long: `Masks FHIR resources from files or standard input ("-", or no file at all) to
standard output, or to files of the same names in a folder. One resource or
Bundle a file, in JSON or XML, or one a line (NDJSON): which it is, is seen from
the text. XML comes out as XML. Files ending in .gz are read and, with --out,
written compressed.

Output files appear only when they are complete, and no file that exists is ever
overwritten. A line that cannot be masked or is no FHIR resource is left out and
reported with its place; the others are written, and the exit status is 1. So is a
file that has no resource. With --rejects such lines go to a new file of mode 0600
instead, and the exit status is 0: that file holds original data.

Resources that the ruleset withholds, such as those with a modifier that it does
not know, are left out. Standard error says how many of which type each file lost
and by which rule, in a pipe too.

An audit record of each file is kept in --audit-dir; without it there is none. It
has a pseudonym of the file's name, a keyed digest of the input and the SHA-256 of
the output: veil audit show --file finds it by either file.`,
		Example: `  veil mask --ruleset safe-harbor --key-file project.key < patients.ndjson > masked.ndjson
  veil mask --key-file project.key --out masked --audit-dir audit export/*.ndjson.gz`,
		RunE: func(c *cobra.Command, args []string) error { return a.runMask(c, f, args) },
	}
	addKey(c, &f.key)
	fl := c.Flags()
	fl.StringVar(&f.ruleset, "ruleset", "safe-harbor", config.RulesetDoc)
	fl.StringVar(&f.out, "out", "", "folder for the masked files, made if it is not there")
	fl.StringVar(&f.rejects, "rejects", "", "new file for lines that cannot be masked (original data, mode 0600)")
	fl.StringVar(&f.auditDir, "audit-dir", "", "folder of the audit log")
	fl.StringVar(&f.baseURL, "base-url", fhir.DefaultBase, "base URL written into Bundle.entry.fullUrl")
	fl.StringArrayVar(&f.upstreams, "upstream-base", nil, "base URL of the original server: references under it become relative (may be repeated)")
	fl.IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "number of lines masked in parallel; their order is kept")
	fl.BoolVar(&f.detail, "detail", false, "one audit line for each application of a rule")
	return c
}

func (app *app) runMask(c *cobra.Command, f maskFlags, args []string) (err error) {
	if f.workers < 1 {
		return usagef("--workers must be at least 1")
	}
	if len(args) == 0 {
		args = []string{"-"}
	}
	if f.out == "" && len(args) > 1 {
		return usagef("several files need --out DIR: on standard output they could not be told apart")
	}
	// Nothing is written before it is known what is written where.
	files, err := planMask(&f, args, c.InOrStdin(), c.OutOrStdout())
	if err != nil {
		return err
	}
	a, err := app.compile(f.ruleset, f.key)
	if err != nil {
		return err
	}
	// Masking makes little garbage and holds few buffers: collect early rather
	// than grow.
	debug.SetGCPercent(40)
	j := &maskJob{flags: f, automaton: a, files: files, stderr: c.ErrOrStderr(), stdin: c.InOrStdin(), stdout: c.OutOrStdout()}
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
	if err := j.files.open(); err != nil {
		return err
	}
	defer func() { err = j.files.close(err) }()
	j.prepare()
	j.progress(args)
	for _, in := range j.files.inputs {
		if err := j.file(c.Context(), in); err != nil {
			return err
		}
	}
	j.summary()
	if j.bad > 0 && j.files.rejects == nil {
		return errReported
	}
	return nil
}

// maskJob is one run of the command.
type maskJob struct {
	flags     maskFlags
	automaton *fhir.Automaton
	sink      mask.Sink
	files     *maskFiles
	stdin     io.Reader
	stdout    io.Writer
	stderr    io.Writer
	pass      *mask.Pass
	workers   []*maskWorker
	bar       *progressbar.ProgressBar

	resources, withheld, bad uint64
	lossActions              []int
}

func (j *maskJob) prepare() {
	site := &fhir.Site{Upstream: j.flags.upstreams, Base: strings.TrimSuffix(j.flags.baseURL, "/")}
	for range j.flags.workers {
		w := &maskWorker{walker: fhir.NewWalker(j.automaton, fhir.RememberAlways), automaton: j.automaton, pass: mask.NewPass(j.automaton.Plan), site: site}
		w.pass.Detail = j.flags.detail && j.sink != nil
		j.workers = append(j.workers, w)
	}
	j.pass = mask.NewPass(j.automaton.Plan)
	j.lossActions = lossActions(j.automaton)
	j.pass.Detail = j.flags.detail && j.sink != nil
}

// progress shows a bar on a terminal, and nothing in a pipe.
func (j *maskJob) progress(args []string) {
	if !isTerminal(j.stderr) {
		return
	}
	f := j.stderr.(*os.File)
	var total int64
	if len(args) == 1 && args[0] == "-" && isTerminal(j.stdin) {
		fmt.Fprintln(f, "veil: reading FHIR resources from the terminal: end with Ctrl-D (or give FILE; see --help)")
		return
	}
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

// isTerminal reports whether a stream is a person's.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (j *maskJob) summary() {
	if j.bar == nil {
		return
	}
	_ = j.bar.Finish() // only the display
	fmt.Fprintf(j.stderr, "%d resources masked, %d withheld, %d could not be masked\n", j.resources, j.withheld, j.bad)
}

// file masks one file and commits its record before its output appears.
func (j *maskJob) file(ctx context.Context, f *maskInput) (err error) {
	in, err := f.open(j.stdin, j.sink != nil)
	if err != nil {
		return err
	}
	defer in.close()
	var text io.Reader = in
	if j.bar != nil {
		text = io.TeeReader(in, j.bar)
	}
	if f.packed() {
		if text, err = unpack(text, f.display); err != nil {
			return err
		}
	}
	br := bufio.NewReaderSize(text, 1<<20)
	beginning, peekErr := br.Peek(1 << 20)
	form := fhirjson.DetectForm(beginning)
	out, err := j.output(f, form)
	if err != nil {
		return err
	}
	defer out.abort()
	for _, w := range j.workers {
		w.pass.Begin(mask.Origin{})
		w.losses.begin(j.lossActions)
	}
	origin := mask.Origin{RequestID: mask.NewRequestID(), Consumer: "local", Door: "file", Operation: "mask"}
	j.pass.Begin(origin)
	badBefore, before := j.bad, j.resources+j.withheld+j.bad
	if len(beginning) > 0 || errors.Is(peekErr, io.EOF) {
		err = j.stream(ctx, f.display, br, form, out)
	} else {
		err = fmt.Errorf("%s: %w", f.display, peekErr)
	}
	if err == nil && j.resources+j.withheld+j.bad == before {
		j.report("%s: there is no FHIR resource in it", f.display)
		j.bad++
	}
	for _, w := range j.workers {
		j.pass.Merge(w.pass)
	}
	if err == nil {
		err = out.complete()
	}
	lost := j.losses()
	result, reason := "complete", ""
	switch {
	case err != nil:
		result, reason = "failed", "file could not be masked"
	case j.bad > badBefore:
		reason = fmt.Sprintf("%d resources could not be masked", j.bad-badBefore)
	case len(lost) > 0:
		reason = "resources or elements were left out"
	}
	if j.sink != nil {
		r := j.pass.Record(result, reason)
		r.File = f.pseudonym(j.automaton.Policy.Keys)
		if err == nil {
			r.InputDigest, r.OutputDigest = in.digest(j.automaton.Policy.Keys), out.digest()
		}
		if cerr := j.sink.Append(context.WithoutCancel(ctx), r); cerr != nil {
			return cerr
		}
	}
	if err != nil {
		return err
	}
	for _, l := range lost {
		j.report("%s: left out %s", f.display, l)
	}
	return out.appear()
}

// stream masks what a reader has, by its form.
func (j *maskJob) stream(ctx context.Context, display string, in *bufio.Reader, form fhirjson.Form, out io.Writer) error {
	if form == fhirjson.NDJSON {
		return j.lines(ctx, display, in, out)
	}
	limit, maskOne := maxResource, j.workers[0].mask
	if form == fhirjson.OneXMLResource {
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
		if j.files.rejects != nil {
			if err := j.files.reject(b.text); err != nil {
				return err
			}
			continue
		}
		j.report("%s:%d:%d: %s", display, b.line, b.column, b.what)
	}
	_, err := out.Write(r.out)
	return err
}
