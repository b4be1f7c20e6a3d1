package main

import (
	"cmp"
	"errors"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/file/bucket"
	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/formats"
	"github.com/veil-proxy/veil/internal/jobshow"
	"github.com/veil-proxy/veil/internal/runs"
	"github.com/veil-proxy/veil/internal/textcmd"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/text/recognizer"
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
	hideNames bool
	summary   string
	check     bool
	strict    bool
	formats   formats.Options
	other     recognizer.Options
	known     string
}

func newMask(a *app) *cobra.Command {
	var f maskFlags
	c := &cobra.Command{
		Use: "mask [FILE|DIR|PATTERN…]", Short: "Mask files: FHIR, CSV, Parquet, Arrow, pg_dump, JSON and XML",
		Long: `Masks files, or standard input if there is no FILE or FILE is "-". The result
goes to standard output, or with --out to files of the same names. All files
in a DIR are masked, except hidden ones, and keep their relative paths below
--out. Files ending in .gz, .zst or .xz are decompressed; their outputs are
compressed again, with zstd instead of xz.

Inputs and --out can be in object stores: s3://BUCKET/KEY, gs://BUCKET/KEY and
azblob://CONTAINER/KEY. A key is an object, a prefix or a pattern. Credentials
are read from where the providers' own programs read them.

FHIR: a file contains one resource or Bundle in JSON or XML, or one resource
per line (NDJSON). The format is detected, and XML stays XML.

CSV: files ending in .csv, .tsv, .tab or .psv contain rows of a table, and are
masked by the tables section of the ruleset, as in the PostgreSQL proxy. The
name of the file without its ending is the name of the table, unless --table
or the ruleset gives another. Delimiter, quotes, encoding and header are
detected; what is not masked is written as it was. Columns that no rule covers
are left out. --check lists the columns of all inputs with their treatments.

Parquet: files are masked by the same rules; leaves of nested columns are
named by their path, such as address.city. Columns that are kept have the same
type and values as before. Standard input and compressed files are copied to a
temporary file first.

Arrow: streams and files in the IPC format are masked by the same rules. With
--format arrow, a stream is read from standard input and written to standard
output. Its end is marked only if all of it was masked.

pg_dump: plain-text dumps are masked by the same rules, and can be restored
into an empty database. A table that no rule covers is left out and reported,
and the exit status is 1. Standard error counts what else is left out, such as
functions, owners, and constraints that do not hold on masked rows.

Other JSON, NDJSON and XML: files are masked by the ruleset's documents
section, which has rules for the paths of each document. The name of the file
without its ending is the name of the document, unless --document or the
ruleset gives another. What no rule covers is removed. --check lists paths.

Texts that the ruleset scrubs can also be sent to an external recognizer
(--recognizer, see veil text find): what it finds is removed as well. If it
gives no valid response in time, the text is removed. --known names a file with
values known about the people in files of plain text.

An output file appears only when it is complete. Existing files are never
overwritten. A resource or row that cannot be masked is left out and reported
with its position (the first 100 of a file); the others are written, and the
exit status is 1. A file that cannot be read, or in which nothing can be
masked, has no output; the other files are still masked. With --rejects, what
cannot be masked is written to a new file, and the exit status is 0. That file
has mode 0600, since it contains original data.

Resources that the ruleset withholds are left out, for example those with a
modifier extension that it does not know. Standard error lists how many
resources of which type were left out of each file, and by which rule.

With --audit-dir, an audit record is written for each file, and for the run at
its start and end. The record of a file contains a pseudonym of the file's
name, a keyed digest of the input and the SHA-256 of the output, so that veil
audit show --file finds it by either file. Outputs have the names of their
inputs, or with --hide-names those pseudonyms. veil runs lists runs and
verifies their outputs. --resume continues an interrupted run: it keeps
finished outputs whose digests are in the audit log, and masks the other files.

If a rule names a column that no input has, Veil prints a warning, since the
name may be misspelled. With --strict, that is an error, and nothing is masked.

Exit status: 0 if everything was masked (or written to the file of --rejects);
1 if a file or a part of one was not masked, or if an error ended the run, such
as a full disk or an output that exists; 2 if the command line is wrong, or if
the job would overwrite one of its own files: then nothing was written.`,
		Example: `  veil mask --key-file project.key < patients.ndjson > masked.ndjson
  veil mask --key-file project.key --out masked --audit-dir audit export
  veil mask --key-file project.key --out masked --audit-dir audit \
      --resume export
  veil mask --key-file project.key --ruleset clinic.yaml --check extract
  veil mask --key-file project.key --ruleset clinic.yaml \
      --out masked extract
  pg_dump clinic | veil mask --key-file project.key --ruleset clinic.yaml \
      --format pgdump | psql -v ON_ERROR_STOP=1 masked`,
		RunE: func(c *cobra.Command, args []string) error { return a.mask(c, f, args) },
	}
	fl := c.Flags()
	f.key.AddFlags(fl)
	f.key.AddImportedFlag(fl)
	fl.StringVar(&f.ruleset, "ruleset", "safe-harbor", "`RULESET` to apply: "+config.RulesetDoc)
	fl.StringVar(&f.out, "out", "", "write masked files to directory `DIR`, which is created if needed")
	fl.StringVar(&f.rejects, "rejects", "", "write lines that cannot be masked to a new `FILE` (original data, mode 0600)")
	fl.StringVar(&f.auditDir, "audit-dir", "", "write an audit record of each file to the log in `DIR`")
	fl.StringVar(&f.baseURL, "base-url", fhir.DefaultBase, "base `URL` for Bundle.entry.fullUrl")
	fl.StringArrayVar(&f.upstreams, "upstream-base", nil, "base `URL` of the original server: references below it become relative (repeatable)")
	fl.IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "mask `N` lines in parallel; order is preserved")
	fl.BoolVar(&f.resume, "resume", false, "continue an interrupted run: keep finished outputs, mask the rest")
	fl.BoolVar(&f.names, "record-names", false, "record the names of files, not only their pseudonyms")
	fl.BoolVar(&f.hideNames, "hide-names", false, "name outputs by pseudonyms of the names of files and directories, which can identify persons")
	fl.StringVar(&f.summary, "summary", "", "print a summary to standard error, in `FORMAT` text or json (default: text, if it is a terminal)")
	fl.BoolVar(&f.check, "check", false, "list the columns of inputs with their treatments and rules, and write nothing")
	fl.BoolVar(&f.strict, "strict", false, "refuse to run if a rule names a column that the inputs do not have (default: a warning)")
	fl.BoolVar(&f.detail, "detail", false, "write an audit line for each application of a rule")
	f.formats.AddFlags(fl)
	textcmd.AddRecognizer(fl, &f.other)
	fl.StringVar(&f.known, "known", "", "JSON `FILE` with values known about the people in files of plain text (see veil text find)")
	return c
}

func (a *app) mask(c *cobra.Command, f maskFlags, args []string) (err error) {
	if len(args) == 0 {
		args = []string{"-"}
	}
	if f.summary != "" && f.summary != "text" && f.summary != "json" {
		return cli.Usagef("--summary must be text or json")
	}
	if f.other.URL != "" {
		f.other.AtOnce = f.workers
		if err := a.recognizer.Use(f.other); err != nil {
			return cli.Usagef("--recognizer: %v", err)
		}
	}
	compiled, err := a.compile(f.ruleset, f.key)
	if err != nil {
		return err
	}
	if f.known != "" {
		if f.formats.Known, err = textcmd.ReadKnown(f.known); err != nil {
			return err
		}
	}
	f.formats.Inspect = f.check
	opened, err := f.formats.Formats(formats.Rules{
		Compiled: compiled,
		Site:     &fhir.Site{Upstream: f.upstreams, Base: strings.TrimSuffix(f.baseURL, "/")},
	})
	if err != nil {
		return cli.Usage(err)
	}
	d := jobshow.New(c.ErrOrStderr(), c.InOrStdin(), args)
	job := &file.Job{
		Inputs: args, Stdin: c.InOrStdin(), Out: f.out, Stdout: output(c), Rejects: f.rejects, AuditDir: f.auditDir,
		Uses:  []file.Use{{What: "the key", Path: f.key.Path(a.env)}, {What: "the ruleset", Path: f.ruleset}},
		Store: bucket.New(), Formats: opened, Plan: compiled.Plan, Keys: compiled.Policy.Keys, Workers: f.workers, Detail: f.detail,
		ID: mask.NewRequestID(), Program: moduleVersion(), RecordNames: f.names, HideNames: f.hideNames,
		Report: d.Report, Progress: d.Progress(),
	}
	named := jobshow.NewNamed(job, table.NewRules(compiled.Policy), f.strict)
	if f.resume {
		job.Earlier = func(string, string) bool { return false } // until the log is open
	}
	if f.check {
		failed, err := jobshow.Columns(c.Context(), c.OutOrStdout(), job)
		named.Rest()
		if err == nil && failed > 0 {
			return cli.ErrReported
		}
		return maskError(err)
	}
	// Nothing is written, not even an audit log, for a job that cannot be run.
	if err := job.Check(c.Context()); err != nil {
		return maskError(err)
	}
	if err := named.Check(c.Context()); err != nil {
		return err
	}
	if f.auditDir != "" {
		log, err := audit.Open(f.auditDir, audit.Options{})
		if err != nil {
			return err
		}
		defer func() {
			if closeErr := log.Close(); err == nil {
				err = closeErr
			}
		}()
		job.Sink = log
	}
	if f.resume {
		if job.Earlier, err = runs.Finished(f.auditDir, compiled.Plan); err != nil {
			return err
		}
	}
	// Masking makes little garbage and keeps few buffers: collect early rather than
	// grow.
	debug.SetGCPercent(40)
	counts, err := job.Run(c.Context())
	if err == nil {
		named.Rest()
	}
	if sumErr := d.Summary(f.summary, job, counts, err); sumErr != nil || err != nil {
		return maskError(cmp.Or(err, sumErr))
	}
	if counts.Failed > 0 || counts.Bad > 0 && f.rejects == "" {
		return cli.ErrReported
	}
	return nil
}

// maskError names the flag of a job's field that is wrong.
func maskError(err error) error {
	var p file.Problem
	if !errors.As(err, &p) || p.Field == "" {
		return err
	}
	if flag := map[string]string{"Out": "--out: ", "Earlier": "--resume: ", "Rejects": "--rejects: ", "AuditDir": "--audit-dir: ", "Workers": "--workers: "}[p.Field]; flag != "" {
		p.What = flag + p.What
	}
	if p.Field == "Earlier" {
		p.Hint = "use the --out and --audit-dir of the run that was interrupted"
	}
	if errors.Is(err, file.ErrExists) {
		return p
	}
	return cli.Usage(p)
}
