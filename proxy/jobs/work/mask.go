package work

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/formats"
	"github.com/veil-proxy/veil/internal/jobshow"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
	"github.com/veil-proxy/veil/table"
)

// masking is a masking job with its places.
type masking struct {
	*file.Job
	// names maps paths of this machine to what messages of the job show instead.
	names *strings.Replacer
}

// masking creates the job for a spec. target names what it writes.
func (w *World) masking(s *Spec, v View) (m *masking, target string, err error) {
	from, err := place(w.Sources, s.Source, "/source")
	if err != nil {
		return nil, "", err
	}
	to, err := place(w.Targets, s.Target, "/target")
	if err != nil {
		return nil, "", err
	}
	inputs, err := from.inputs(s.Source.Path)
	if err != nil {
		return nil, "", &Error{Field: "/source/path", What: err.Error()}
	}
	out, target, err := to.output(s.Target.Path)
	if err != nil {
		return nil, "", &Error{Field: "/target/path", What: err.Error()}
	}
	job, err := w.job(s, v)
	if err != nil {
		return nil, "", err
	}
	job.Inputs, job.Out = inputs, out
	m = &masking{Job: job}
	m.names = named(out, "target", inputs...)
	return m, target, nil
}

// named replaces the paths of inputs and of the output by their names.
func named(out, what string, inputs ...string) *strings.Replacer {
	pairs := []string{shown(out), what}
	for _, in := range inputs {
		pairs = append(pairs, shown(in), "source")
	}
	return strings.NewReplacer(pairs...)
}

// shown is a URL as shown in errors: without parameters and without a trailing slash.
func shown(name string) string {
	name, _, _ = strings.Cut(name, "?")
	return strings.TrimSuffix(name, "/")
}

// job returns the part of a job that all kinds of masking share.
func (w *World) job(s *Spec, v View) (*file.Job, error) {
	list, err := w.formats(s, v)
	if err != nil {
		return nil, err
	}
	return &file.Job{
		Store: w.Store, Formats: list, Plan: v.Automaton.Plan, Keys: v.Automaton.Policy.Keys, Workers: max(1, w.Workers), Detail: v.Detail,
		AuditDir: w.AuditDir, Program: w.Program, RecordNames: w.RecordNames,
	}, nil
}

// formats opens the formats of files.
func (w *World) formats(s *Spec, v View) ([]file.Format, error) {
	o, err := s.formats()
	if err != nil {
		return nil, err
	}
	site := w.Site
	list, err := o.Formats(formats.Rules{Compiled: v.Automaton, Site: &site})
	if err != nil {
		return nil, &Error{Field: "/options", What: strings.ReplaceAll(err.Error(), "--", "")}
	}
	return list, nil
}

// checkMask checks whether a job over files could begin, and returns the name of its
// target.
func (w *World) checkMask(ctx context.Context, s *Spec, v View) (string, error) {
	m, target, err := w.masking(s, v)
	if err != nil {
		return "", err
	}
	if s.resumes() {
		m.Earlier, m.Sink = func(string, string) bool { return true }, w.Sink // the job itself compares
	}
	err = m.Check(ctx)
	var p file.Problem
	switch {
	case err == nil:
		return target, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, file.ErrExists):
		return "", &Error{Field: "/target", Exists: true, What: "a file of the target exists and will not be overwritten", Hint: "use another path, remove the file, or resume"}
	case errors.As(err, &p) && p.Field == "Out":
		return "", &Error{Field: "/target", What: m.names.Replace(p.What), Hint: p.Hint}
	case errors.As(err, &p):
		return "", &Error{Field: "/source", What: m.names.Replace(p.What), Hint: p.Hint}
	}
	return "", &Error{Field: "/source", What: m.names.Replace(err.Error())}
}

// mask masks files.
func (w *World) mask(ctx context.Context, a *queue.Attempt, s *Spec, v View) error {
	m, _, err := w.masking(s, v)
	if err != nil {
		return err
	}
	if !strings.Contains(m.Out, "://") {
		if err := os.MkdirAll(m.Out, 0o777); err != nil { //nolint:gosec // the umask decides, as for outputs
			return failed(err, m.names)
		}
	}
	return w.run(ctx, a, s, v, m)
}

// run runs a job over files for an attempt.
func (w *World) run(ctx context.Context, a *queue.Attempt, s *Spec, v View, m *masking) error {
	j := m.Job
	j.ID, j.Consumer = a.ID, a.Operator
	j.Sink = &records{ctx: ctx, audit: w.Sink, attempt: a}
	j.Progress = func(p file.Progress) { a.Progress(func(to *queue.Progress) { advance(to, p) }) }
	j.Report = func(p file.Problem) {
		a.Problem(queue.Problem{File: m.names.Replace(shown(p.File)), Line: p.Line, Column: p.Column, What: m.names.Replace(p.What), Hint: m.names.Replace(p.Hint)})
	}
	var lookup error
	if a.Starts > 1 || s.resumes() {
		j.Earlier = func(input, output string) bool {
			done, err := a.Done(ctx, j.Plan, input, output)
			lookup = errors.Join(lookup, err)
			return done
		}
	}
	warnings := jobshow.NewNamed(j, table.NewRules(v.Automaton.Policy), false)
	counts, err := j.Run(ctx)
	if err == nil {
		warnings.Rest()
	}
	a.Progress(func(p *queue.Progress) { count(p, counts) })
	switch {
	case err != nil && lookup != nil:
		return &queue.TransientError{Err: lookup}
	case err != nil:
		return failed(err, m.names)
	case counts.Failed > 0 && counts.Files+counts.Resumed == 0:
		return errors.New("no file could be masked: see problems")
	case counts.Failed > 0:
		return fmt.Errorf("%d of %d files could not be masked: see problems; the others are in the target", counts.Failed, counts.Failed+counts.Files+counts.Resumed)
	case counts.Bad > 0 && !s.skips():
		return fmt.Errorf("%d lines or rows could not be masked and are left out: see problems; the rest is in the target", counts.Bad)
	}
	return nil
}

// advance copies the progress of a run.
func advance(to *queue.Progress, p file.Progress) {
	to.Bytes, to.Size, to.Units, to.AllFiles = p.Bytes, p.Size, p.Units, p.Files
	count(to, p.Counts)
}

// count copies the counts of a run.
func count(to *queue.Progress, n file.Counts) {
	to.Files, to.Failed, to.Kept = int(n.Files), int(n.Failed), int(n.Resumed) //nolint:gosec // numbers of files
	to.Withheld, to.Bad, to.Units = n.Withheld, n.Bad, n.Masked+n.Withheld+n.Bad
}

// records keeps the records of a run in the audit log, and with the job.
type records struct {
	ctx     context.Context //nolint:containedctx // of the attempt
	audit   mask.Sink
	attempt *queue.Attempt
}

// Append implements mask.Sink.
func (r *records) Append(ctx context.Context, rec *mask.Record) error {
	if err := r.audit.Append(ctx, rec); err != nil {
		return &queue.TransientError{Err: errors.New("the audit record could not be written")}
	}
	if err := r.attempt.Append(ctx, rec); err != nil {
		return &queue.TransientError{Err: err}
	}
	r.attempt.Progress(func(p *queue.Progress) {
		for i := range rec.Used {
			if p.Categories == nil {
				p.Categories = map[string]uint64{}
			}
			category := rec.Used[i].Category
			if category == "" {
				category = "other"
			}
			p.Categories[category] += rec.Used[i].N
		}
	})
	return nil
}

// Output returns the folder on this machine that a job writes to.
func (w *World) Output(s *Spec) (string, error) {
	if s.Target == nil {
		return "", &Error{What: "the job writes nothing"}
	}
	to, err := place(w.Targets, s.Target, "/target")
	if err != nil {
		return "", err
	}
	if to.object() {
		return "", &Error{Field: "/target", What: "the target is in an object store", Hint: "copy it, and use veil runs verify with the record of the job"}
	}
	out, _, err := to.output(s.Target.Path)
	if err != nil {
		return "", &Error{Field: "/target", What: err.Error()}
	}
	return out, nil
}

// failed returns why a run ended, in terms of the request, and whether the error is
// transient.
func failed(err error, names *strings.Replacer) error {
	var transient *queue.TransientError
	switch {
	case errors.As(err, &transient), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return errors.New("the disk of the target is full: free some space and submit the job again, with resume to keep what is finished")
	}
	text := errors.New(names.Replace(err.Error()))
	var timeout net.Error
	if errors.As(err, &timeout) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) {
		return &queue.TransientError{Err: text}
	}
	return text
}
