// Package file masks files: a job reads inputs, masks them block by block on several
// workers, and writes outputs in the same order.
//
//	job := &file.Job{Inputs: []string{"patients.ndjson"}, Out: "masked", Formats: formats, Keys: keys, Workers: 4}
//	counts, err := job.Run(ctx)
//
// The interface Format hides what a format is and how it is masked. The package knows
// neither flags nor standard streams, and never ends the process, so that any program
// can run jobs.
//
// Invariants: no existing file is ever overwritten, whatever name it is reached by. An
// output appears under its name only when it is complete and its audit record is
// durable. Errors have the place of the problem, and none of its text.
package file

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
)

// Job says what to mask, and how. Its fields must not change while it runs.
type Job struct {
	// Inputs are paths of files and directories, patterns, URLs of Store, and "-" for Stdin. In a
	// directory, every file at any depth is read, except hidden ones. Files that end in .gz, .zst or
	// .xz are decompressed, and their outputs are compressed, with zstd for xz.
	Inputs []string
	Stdin  io.Reader
	// Out is the directory of the outputs, which have the names of their inputs, below
	// the directory that was given. It may be a URL of Store. If it is empty, the output of the only input goes to Stdout.
	Out    string
	Stdout io.Writer
	// Rejects is the path of a new file for data that cannot be masked, which is original
	// data. If it is empty, Report says where such data is.
	Rejects string
	// AuditDir is the directory that Sink writes to. The job may use no file in it.
	AuditDir string
	// Store opens inputs and outputs that are URLs; it may be nil.
	Store Store
	// Uses are other files that the job depends on, such as its key.
	Uses []Use

	Formats []Format // the first that detects a file masks it
	// Plan has the ruleset and key that the records of the run state.
	Plan    *mask.Plan
	Keys    *keys.Keyring
	Sink    mask.Sink // nil: no audit records
	Detail  bool      // a record has each application of a rule
	Workers int

	// ID names the run in the audit log; empty means a new random one. Consumer is who
	// runs it; empty means local. Program is the version of Veil that the log states. With
	// RecordNames, the log has the names of files, not only pseudonyms.
	ID, Consumer, Program string
	RecordNames           bool
	// HideNames gives outputs pseudonyms as names, since names of inputs can be names of
	// people.
	HideNames bool
	// Earlier resumes an interrupted run: an existing output is kept if Earlier knows that
	// it was made from the input, by their digests. Nil means to start from the beginning.
	Earlier func(inputDigest, outputDigest string) bool

	// Opened is called for every document that was opened, before any of it is masked,
	// unless nil. If it returns an error, the file cannot be masked.
	Opened func(name string, doc Document) error

	// Report is called for everything that was left out, while the job runs. Progress is
	// called after each block, with what was done so far. Either may be nil.
	Report   func(Problem)
	Progress func(Progress)
}

// Progress says how far a job is.
type Progress struct {
	// File is the input that is being read, as it was named.
	File string
	// Bytes of all inputs were read, out of Size, which is -1 if unknown.
	Bytes, Size int64
	// Units are the resources and rows that were processed.
	Units uint64
	// Counts are the counts so far, and Files is the number of inputs.
	Counts Counts
	Files  int
}

// Use is a file that a job depends on, and what it is for.
type Use struct{ What, Path string }

// Counts are the numbers of units of a job: resources or rows. Files, Failed and Resumed
// are numbers of files: with an output, without one, and with one of an earlier run.
type Counts struct{ Masked, Withheld, Bad, Failed, Files, Resumed uint64 }

// Problem is what is wrong with a job or in a file. It contains no value of a file.
type Problem struct {
	// Field is the field of the job that is wrong; empty if the problem is in a file.
	Field string
	// File, Line and Column are the place; Line is 0 for the file as a whole.
	File         string
	Line, Column int
	// What says what is wrong, and what to do about it, if that is known.
	What, Hint string
}

// Error returns the place, what is wrong, and what to do.
func (p Problem) Error() string {
	text := p.What
	switch {
	case p.Line > 0:
		text = fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, text)
	case p.File != "":
		text = p.File + ": " + text
	}
	if p.Hint != "" {
		text += ": " + p.Hint
	}
	return text
}

// ErrExists matches a Problem with an output that exists.
var ErrExists = errors.New("the file exists")

// existsError is the problem of a file that would be overwritten.
type existsError struct{ Problem }

func (e existsError) Unwrap() error { return ErrExists }
func (e existsError) As(target any) bool {
	p, ok := target.(*Problem)
	if ok {
		*p = e.Problem
	}
	return ok
}

// Check refuses a job that would destroy a file, or that cannot be run as described. It
// writes nothing.
func (j *Job) Check(ctx context.Context) error {
	_, err := j.plan(ctx)
	return err
}

// Run checks the job and runs it. It returns the first error that ends it. A file that
// cannot be read or masked does not: it is reported, and counted as failed.
func (j *Job) Run(ctx context.Context) (counts Counts, err error) {
	paths, err := j.plan(ctx)
	if err != nil {
		return Counts{}, err
	}
	r := &run{Job: paths.job, paths: paths, byPlan: map[planned]*workers{}, id: j.ID}
	if r.id == "" {
		r.id = mask.NewRequestID()
	}
	if err := paths.open(); err != nil {
		return Counts{}, err
	}
	defer func() { err = paths.close(err) }()
	if r.Earlier != nil {
		if err := r.sweep(); !isURL(r.Out) && err != nil {
			return Counts{}, err
		}
	}
	end, err := r.begin(ctx)
	if err != nil {
		return Counts{}, err
	}
	defer func() { err = end(err) }()
	if err := r.survey(); err != nil {
		return r.counts, err
	}
	err = r.inputs(func(in *input) error {
		if done, err := r.resumed(in); done || err != nil {
			return err
		}
		return r.file(ctx, in)
	})
	r.missed()
	return r.counts, err
}

// inputs calls each for every input. An input that cannot be read is reported, and does
// not end the job.
func (r *run) inputs(each func(*input) error) error {
	for _, p := range r.paths.unread {
		r.fail(p)
	}
	for _, in := range r.paths.inputs {
		var unreadable unreadable
		if err := each(in); errors.As(err, &unreadable) {
			r.fail(unreadable.Problem)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// Inspect opens the inputs in order, without masking them, and calls each with what it
// found. It writes nothing. A file that cannot be read is reported, and counted as
// failed.
func (j *Job) Inspect(ctx context.Context, each func(name string, format Info, doc Document)) (Counts, error) {
	probe := *j
	probe.Rejects, probe.Earlier = "", nil
	// Several files need a directory, which is not created.
	probe.Out = filepath.Join(os.TempDir(), "veil-"+mask.NewRequestID())
	paths, err := probe.plan(ctx)
	if err != nil {
		return Counts{}, err
	}
	r := &run{Job: paths.job, paths: paths}
	err = r.inputs(func(in *input) error { return r.inspect(in, each) })
	return r.counts, err
}

func (r *run) inspect(f *input, each func(string, Info, Document)) error {
	in, err := r.open(f, false)
	if err != nil {
		return unreadable{Problem{File: f.display, What: cause(err)}}
	}
	defer in.close()
	format, doc, err := r.document(f, in)
	if err != nil {
		return err
	}
	each(f.display, format.Info(), doc)
	r.counts.Files++
	return nil
}

// document finds the format of an input and opens it. With an error the format is returned
// if it was found.
func (r *run) document(f *input, in *openInput) (Format, Document, error) {
	text, err := f.unpacked(in)
	if err != nil {
		return nil, nil, err
	}
	br := bufio.NewReaderSize(text, firstBytes)
	beginning, peekErr := br.Peek(firstBytes)
	if len(beginning) == 0 && !errors.Is(peekErr, io.EOF) {
		return nil, nil, unreadable{Problem{File: f.display, What: cause(peekErr)}}
	}
	if len(beginning) == 0 {
		return nil, nil, unreadable{Problem{File: f.display, What: "the file is empty"}}
	}
	if p, ok := recognise(f.display, beginning); ok {
		return nil, nil, unreadable{p}
	}
	format := r.detect(f, beginning)
	if format == nil {
		return nil, nil, unreadable{r.unknown(f, beginning)}
	}
	open := format.Open
	if s := surveyOf(format); r.surveys && s != nil {
		open = s.Open
	}
	doc, err := open(r.source(f, in, br))
	if err == nil && r.Opened != nil {
		err = r.Opened(f.display, doc)
	}
	if err != nil {
		return format, nil, unreadable{Problem{File: f.display, What: cause(err)}}
	}
	return format, doc, nil
}

// unreadable is the error of an input that cannot be read or masked. Its problem is empty
// if it has been reported.
type unreadable struct{ Problem }

func (r *run) fail(p Problem) {
	if p.What != "" {
		r.report(p)
	}
	r.counts.Failed++
}

// run is a running job.
type run struct {
	*Job
	paths  *paths
	byPlan map[planned]*workers
	// surveys: files are being read before the first is masked.
	surveys bool
	counts  Counts
	id      string
	read    atomic.Int64 // bytes of inputs
	before  int64        // bytes of the inputs before this one
}

// progress reports how far the job is.
func (r *run) progress(f *input) {
	if r.Progress != nil {
		n, read := &r.counts, r.read.Load()
		if size, known := f.size(); known { // a part that is read twice counts once
			read = min(read, r.before+size)
		}
		r.Progress(Progress{File: f.display, Bytes: read, Size: r.paths.size, Units: n.Masked + n.Withheld + n.Bad, Counts: *n, Files: len(r.paths.inputs)})
	}
}

// planned is the key of maskers: they are made for a format and a plan.
type planned struct {
	format Format
	plan   *mask.Plan
}

// workers mask the files of one format under one plan.
type workers struct {
	info    Info
	maskers []Masker
	pass    *mask.Pass
	lost    []uint64 // of the file
}

func (r *run) workersOf(f Format, doc Document) *workers {
	plan := doc.Plan()
	key := planned{f, plan}
	if w := r.byPlan[key]; w != nil {
		return w
	}
	detail := r.Detail && r.Sink != nil
	w := &workers{info: f.Info()}
	for range r.Workers {
		w.maskers = append(w.maskers, doc.NewMasker(detail))
	}
	w.pass = mask.NewPass(plan)
	w.pass.Detail = detail
	r.byPlan[key] = w
	return w
}

// begin begins a file.
func (w *workers) begin(origin mask.Origin) {
	w.pass.Begin(origin)
	for _, m := range w.maskers {
		m.Pass().Begin(mask.Origin{})
	}
	w.lost = make([]uint64, len(w.info.Losses))
}

// firstBytes is how much of a file formats see in order to detect it.
const firstBytes = 1 << 20

// file masks one file and commits its record before its output appears.
func (r *run) file(ctx context.Context, f *input) (err error) {
	in, err := r.open(f, r.Sink != nil)
	if err != nil {
		return unreadable{Problem{File: f.display, What: cause(err)}}
	}
	defer in.close()
	r.before = r.read.Load()
	defer func() {
		if size, known := f.size(); known {
			r.read.Store(r.before + size)
		}
		r.progress(f)
	}()
	r.progress(f)
	format, doc, err := r.document(f, in)
	if err != nil {
		return err
	}
	w := r.workersOf(format, doc)
	out, err := r.output(ctx, f, w.info)
	if err != nil {
		return err
	}
	defer out.abort()
	w.begin(mask.Origin{RequestID: mask.NewRequestID(), Consumer: r.consumer(), Door: "file", Operation: "mask"})
	before := r.counts
	err = r.blocks(ctx, f, w, doc, out)
	if err == nil {
		err = r.nothing(f, w, before)
	}
	for _, m := range w.maskers {
		w.pass.Merge(m.Pass())
	}
	if err == nil {
		err = out.complete()
	}
	bad := r.counts.Bad - before.Bad
	if cerr := r.commit(ctx, f, w, in, out, bad, err); cerr != nil {
		return cerr
	}
	if err != nil {
		return err
	}
	for i, n := range w.lost {
		if n > 0 {
			r.report(Problem{File: f.display, What: fmt.Sprintf("left out %d × %s", n, w.info.Losses[i])})
		}
	}
	if err := out.appear(); err != nil {
		return err
	}
	r.counts.Files++
	return nil
}

// nothing is the error of a file in which nothing could be masked. What has been written
// to the rejects does not count.
func (r *run) nothing(f *input, w *workers, before Counts) error {
	switch n := r.counts; {
	case n == before && w.info.Empty != "":
		return unreadable{Problem{File: f.display, What: w.info.Empty}}
	case n.Bad == before.Bad || n.Masked > before.Masked || n.Withheld > before.Withheld || r.paths.rejects != nil:
		return nil
	case n.Bad == before.Bad+1:
		return unreadable{} // one report is enough
	}
	return unreadable{Problem{File: f.display, What: fmt.Sprintf("no %s could be masked, so there is no output", w.info.Unit)}}
}

// commit makes the audit record of a file durable.
func (r *run) commit(ctx context.Context, f *input, w *workers, in *openInput, out *output, bad uint64, err error) error {
	if r.Sink == nil {
		return nil
	}
	result, reason := "complete", ""
	switch {
	case err != nil:
		result, reason = "failed", "file could not be masked"
	case bad > 0:
		reason = fmt.Sprintf("%d %ss could not be masked", bad, w.info.Unit)
	case w.lostAny():
		reason = "resources or elements were left out"
	}
	record := w.pass.Record(result, reason)
	record.Run, record.File = r.id, f.pseudonym(r.Keys)
	if r.RecordNames {
		record.FileName = f.display
	}
	if err == nil {
		record.InputDigest, record.OutputDigest = in.digest(r.Keys), out.digest()
	}
	return r.Sink.Append(context.WithoutCancel(ctx), record)
}

func (w *workers) lostAny() bool {
	for _, n := range w.lost {
		if n > 0 {
			return true
		}
	}
	return false
}

func (r *run) detect(f *input, beginning []byte) Format {
	for _, format := range r.Formats {
		if format.Detect(f.base, beginning) {
			return format
		}
	}
	return nil
}

// consumer returns who runs the job.
func (r *run) consumer() string { return cmp.Or(r.Consumer, "local") }

func (r *run) report(p Problem) {
	if r.Report != nil {
		r.Report(p)
	}
}
