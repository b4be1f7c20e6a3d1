package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirfile"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/runs"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/csv"
)

type maskFlags struct {
	key       config.Key
	ruleset   string
	out       string
	rejects   string
	auditDir  string
	baseURL   string
	upstreams []string
	workers   int
	detail    bool
	resume    bool
	names     bool
	summary   string
	format    string
	table     string
	csv       csvFlags
	check     bool
}

// csvFlags say how delimited text is read. What is empty is detected.
type csvFlags struct {
	delimiter, quote, escape, encoding string
	header, noHeader                   bool
	nulls                              []string
}

func newMask(a *app) *cobra.Command {
	var f maskFlags
	c := &cobra.Command{
		Use: "mask [FILE|DIR|PATTERN…]", Short: "Mask files: FHIR JSON, NDJSON and XML; CSV",
		Long: `Masks files, or standard input if there is no FILE or FILE is "-". The result
goes to standard output, or with --out to files of the same names. All files
in a DIR are masked, except hidden ones, and keep their place below --out.
Files ending in .gz, .zst or .xz are decompressed; their outputs are
compressed again, with zstd instead of xz.

FHIR: a file contains one resource or Bundle in JSON or XML, or one resource
per line (NDJSON). The format is detected, and XML stays XML.

CSV: files ending in .csv, .tsv, .tab or .psv contain rows of a table, and are
masked by the tables section of the ruleset, as in the PostgreSQL proxy. The
name of the file without its ending is the name of the table, unless --table
or the ruleset gives another. Delimiter, quotes, encoding and header are
detected; what is not masked comes out as it was. Columns that no rule covers
are left out. --check lists the columns of all inputs with their treatments.

An output file appears when it is complete. Existing files are never
overwritten. A resource or row that cannot be masked is left out and reported
with its position; the others are written, and the exit status is 1. The same
goes for a file without any, and for a file that cannot be read: it has no
output, and the other files are masked. With --rejects, what cannot be masked
is written to a new file instead, and the exit status is 0. That file has mode
0600, since it contains original data.

Resources that the ruleset withholds are left out, for example those with a
modifier extension that it does not know. Standard error lists how many
resources of which type were left out of each file, and by which rule.

With --audit-dir, an audit record is written for each file, and for the run at
its start and end. The record of a file contains a pseudonym of the file's
name, a keyed digest of the input and the SHA-256 of the output, so that veil
audit show --file finds it by either file. veil runs lists runs and verifies
their outputs. --resume continues an interrupted run: it keeps finished
outputs whose digests are in the audit log, and masks the other files.`,
		Example: `  veil mask --key-file project.key < patients.ndjson > masked.ndjson
  veil mask --key-file project.key --out masked --audit-dir audit export
  veil mask --key-file project.key --out masked --audit-dir audit \
      --resume export
  veil mask --key-file project.key --ruleset clinic.yaml --check extract
  veil mask --key-file project.key --ruleset clinic.yaml \
      --out masked extract`,
		RunE: func(c *cobra.Command, args []string) error { return a.mask(c, f, args) },
	}
	addKey(c, &f.key)
	fl := c.Flags()
	fl.StringVar(&f.ruleset, "ruleset", "safe-harbor", "`RULESET` to apply: "+config.RulesetDoc)
	fl.StringVar(&f.out, "out", "", "write masked files to directory `DIR`, which is created if needed")
	fl.StringVar(&f.rejects, "rejects", "", "new `FILE` for lines that cannot be masked (original data, mode 0600)")
	fl.StringVar(&f.auditDir, "audit-dir", "", "write an audit record of each file to the log in `DIR`")
	fl.StringVar(&f.baseURL, "base-url", fhir.DefaultBase, "base `URL` for Bundle.entry.fullUrl")
	fl.StringArrayVar(&f.upstreams, "upstream-base", nil, "base `URL` of the original server: references below it become relative (repeatable)")
	fl.IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "mask `N` lines in parallel; order is preserved")
	fl.BoolVar(&f.resume, "resume", false, "continue an interrupted run: keep finished outputs, mask the rest")
	fl.BoolVar(&f.names, "record-names", false, "record the names of files, not only pseudonyms of them")
	fl.StringVar(&f.summary, "summary", "", "print a summary to standard error: `FORMAT` text or json (default: text, if it is a terminal)")
	fl.BoolVar(&f.check, "check", false, "list the columns of inputs with their treatments and rules, and write nothing")
	fl.StringVar(&f.format, "format", "", "`FORMAT` of the inputs: fhir or csv (default: by name and content)")
	fl.StringVar(&f.table, "table", "", "`TABLE` or schema.table that files of rows contain (default: by the file's name)")
	fl.StringVar(&f.csv.delimiter, "delimiter", "", "CSV: `CHARACTER` between cells, or tab (default: detected)")
	fl.StringVar(&f.csv.quote, "quote", "", "CSV: `CHARACTER` around cells, or none (default: detected)")
	fl.StringVar(&f.csv.escape, "escape", "", "CSV: `CHARACTER` before a quote in a cell (default: the quote, doubled)")
	fl.BoolVar(&f.csv.header, "header", false, "CSV: the first line has the names of columns")
	fl.BoolVar(&f.csv.noHeader, "no-header", false, "CSV: there are no names of columns; rules call them column1, column2 …")
	fl.StringVar(&f.csv.encoding, "encoding", "", "CSV: `ENCODING` utf-8, utf-16le, utf-16be, windows-1252 or iso-8859-1 (default: detected)")
	fl.StringSliceVar(&f.csv.nulls, "null", nil, "CSV: `TEXT` that stands for NULL, such as \\N (default: an empty cell; repeatable)")
	fl.BoolVar(&f.detail, "detail", false, "write an audit line for each application of a rule")
	return c
}

// formats are the formats of files that the command masks, in the order in which
// they are tried.
func (a *app) formats(f *maskFlags) ([]file.Format, *fhir.Automaton, error) {
	compiled, err := a.compile(f.ruleset, f.key)
	if err != nil {
		return nil, nil, err
	}
	site := &fhir.Site{Upstream: f.upstreams, Base: strings.TrimSuffix(f.baseURL, "/")}
	rows, err := f.csv.format(f, compiled)
	if err != nil {
		return nil, nil, err
	}
	resources := fhirfile.Formats(compiled, site)
	switch f.format {
	case "":
		// A name that says CSV comes first: what FHIR is, is seen from the text.
		return append([]file.Format{rows}, resources...), compiled, nil
	case "fhir":
		return resources, compiled, nil
	case "csv":
		return []file.Format{rows}, compiled, nil
	}
	return nil, nil, usagef("--format must be fhir or csv")
}

// format returns the format of delimited text that the flags describe.
func (c *csvFlags) format(f *maskFlags, compiled *fhir.Automaton) (file.Format, error) {
	rules := table.NewRules(compiled.Policy)
	config := csv.Config{
		Rules: rules, Options: table.Options{Document: fhir.NewDocuments(compiled)}, Table: rules.OfFile,
		Encoding: c.encoding, Nulls: c.nulls, Any: f.format == "csv", Inspect: f.check,
	}
	if f.table != "" {
		config.Table = func(string) table.Name { return table.ParseName(f.table) }
	}
	var err error
	if config.Delimiter, err = character("--delimiter", c.delimiter); err != nil {
		return nil, err
	}
	if c.quote != "" {
		config.Quoting = true
		if config.Quote, err = character("--quote", c.quote); err != nil {
			return nil, err
		}
		config.Escape = config.Quote
	}
	if c.escape != "" {
		if c.quote == "" {
			return nil, usagef("--escape needs --quote")
		}
		if config.Escape, err = character("--escape", c.escape); err != nil {
			return nil, err
		}
	}
	switch {
	case c.header && c.noHeader:
		return nil, usagef("--header and --no-header exclude each other")
	case c.header:
		config.Header = csv.HeaderPresent
	case c.noHeader:
		config.Header = csv.HeaderAbsent
	}
	rowFormat, err := csv.New(config)
	if err != nil {
		return nil, usagef("--encoding: %v", err)
	}
	return rowFormat, nil
}

// character reads a flag that is one character of ASCII; 0 if it is empty or none.
func character(flag, s string) (byte, error) {
	switch {
	case s == "", s == "none":
		return 0, nil
	case s == "tab", s == `\t`:
		return '\t', nil
	case len(s) == 1 && s[0] < 0x80 && s[0] != '\n' && s[0] != '\r':
		return s[0], nil
	}
	return 0, usagef("%s must be one character of ASCII", flag)
}

func (a *app) mask(c *cobra.Command, f maskFlags, args []string) (err error) {
	if len(args) == 0 {
		args = []string{"-"}
	}
	if f.summary != "" && f.summary != "text" && f.summary != "json" {
		return usagef("--summary must be text or json")
	}
	formats, compiled, err := a.formats(&f)
	if err != nil {
		return err
	}
	d := newDisplay(c, args)
	job := &file.Job{
		Inputs: args, Stdin: c.InOrStdin(), Out: f.out, Stdout: output(c), Rejects: f.rejects, AuditDir: f.auditDir,
		Uses:    []file.Use{{What: "the key", Path: f.key.Path(a.env)}, {What: "the ruleset", Path: f.ruleset}},
		Formats: formats, Plan: compiled.Plan, Keys: compiled.Policy.Keys, Workers: f.workers, Detail: f.detail,
		ID: mask.NewRequestID(), Program: moduleVersion(), RecordNames: f.names,
		Report: d.report, Progress: d.progress(),
	}
	if f.resume {
		if job.Earlier, err = runs.Finished(f.auditDir, compiled.Plan); err != nil {
			return err
		}
	}
	if f.check {
		return maskError(checkFiles(c, job))
	}
	// Nothing is written, not even an audit log, for a job that cannot be run.
	if err := job.Check(); err != nil {
		return maskError(err)
	}
	if f.auditDir != "" {
		log, err := audit.Open(f.auditDir, audit.Options{})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, log.Close()) }()
		job.Sink = log
	}
	// Masking makes little garbage and keeps few buffers: collect early rather than
	// grow.
	debug.SetGCPercent(40)
	counts, err := job.Run(c.Context())
	if err != nil {
		return maskError(err)
	}
	if err := d.summary(f.summary, job.ID, counts); err != nil {
		return err
	}
	if counts.Failed > 0 || counts.Bad > 0 && f.rejects == "" {
		return errReported
	}
	return nil
}

// checkFiles prints what a job would do with the columns of its inputs.
func checkFiles(c *cobra.Command, job *file.Job) error {
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FILE\tCOLUMN\tTREATMENT\tRULE\tMETHOD\tNOTE")
	counts, err := job.Inspect(func(name string, format file.Info, doc file.Document) {
		rows, ok := doc.(interface{ Columns() *table.Plan })
		if !ok {
			fmt.Fprintf(w, "%s\t\t\t\t\t%s: see veil ruleset explain\n", name, format.Name)
			return
		}
		for _, col := range rows.Columns().Columns {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", name, col.Name, col.Treatment, cmp.Or(col.Action.Rule, "(default)"), col.Action.Method, col.Note)
		}
	})
	if err == nil {
		err = w.Flush()
	}
	if err == nil && counts.Failed > 0 {
		err = errReported
	}
	return err
}

// maskError names the flag of a job's field that is wrong.
func maskError(err error) error {
	var p file.Problem
	if !errors.As(err, &p) || p.Field == "" {
		return err
	}
	if flag := map[string]string{"Out": "--out: ", "Earlier": "--resume: ", "Rejects": "--rejects: ", "Workers": "--workers: "}[p.Field]; flag != "" {
		p.What = flag + p.What
	}
	if errors.Is(err, file.ErrExists) {
		return p
	}
	return usageError{p}
}

// display shows a job on standard error: what was left out, and on a terminal a bar.
type display struct {
	w   io.Writer
	bar *progressbar.ProgressBar // nil: none
}

func newDisplay(c *cobra.Command, inputs []string) *display {
	d := &display{w: c.ErrOrStderr()}
	if !isTerminal(d.w) {
		return d
	}
	if len(inputs) == 1 && inputs[0] == "-" && isTerminal(c.InOrStdin()) {
		fmt.Fprintln(d.w, "veil: reading FHIR resources from the terminal; press Ctrl-D to finish")
		return d
	}
	var total int64
	for _, name := range inputs {
		info, err := os.Stat(name)
		if name == "-" || err != nil {
			total = -1
			break
		}
		total += info.Size()
	}
	d.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(d.w), progressbar.OptionSetDescription("masking"),
		progressbar.OptionShowBytes(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	return d
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (d *display) progress() func(int) {
	if d.bar == nil {
		return nil
	}
	return func(n int) { _ = d.bar.Add(n) } // only the display
}

// report writes a line to standard error, past the progress bar.
func (d *display) report(p file.Problem) {
	if d.bar != nil {
		_ = d.bar.Clear() // only the display
	}
	fmt.Fprintf(d.w, "veil: %s\n", p)
}

// summary prints what was done, in a format or as it suits the stream.
func (d *display) summary(format, run string, n file.Counts) error {
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
