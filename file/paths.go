package file

import (
	"context"
	"errors"
	"os"
)

// paths are the files of a job: what is read, and what is written where. Files are
// compared as files, not by name, and none that exists is written to.
type paths struct {
	ctx    context.Context //nolint:containedctx // of the run, for the store
	job    *Job
	inputs []*input
	// unread are files below directories that cannot be read, each with why.
	unread   []Problem
	size     int64    // of the inputs, or -1
	rejects  *os.File // nil: none
	rejected uint64
}

// plan checks every file of a job and refuses the job if it would lose one of them. It
// writes nothing.
func (j *Job) plan(ctx context.Context) (*paths, error) {
	plain := *j // with file URLs replaced by paths
	plain.Inputs = make([]string, len(j.Inputs))
	for i, name := range j.Inputs {
		plain.Inputs[i] = local(name)
	}
	plain.Out = local(j.Out)
	j = &plain
	switch {
	case j.Workers < 1:
		return nil, Problem{Field: "Workers", What: "expected at least 1"}
	case j.Earlier != nil && (j.Out == "" || j.Sink == nil && j.AuditDir == ""):
		return nil, Problem{Field: "Earlier", What: "an output directory and an audit log are needed, in which finished files are found"}
	case j.Out == "" && len(j.Inputs) > 1:
		return nil, Problem{Field: "Out", What: "several inputs need an output directory, since standard output cannot keep their outputs apart"}
	case len(j.Inputs) == 0:
		return nil, Problem{Field: "Inputs", What: "no input is given"}
	}
	p := &paths{ctx: ctx, job: j}
	if err := p.expand(); err != nil {
		return nil, err
	}
	if j.HideNames {
		p.hideNames()
	}
	if j.Out == "" && len(p.inputs) > 1 {
		return nil, Problem{Field: "Out", What: "several inputs need an output directory, since standard output cannot keep their outputs apart"}
	}
	if err := p.distinct(); err != nil {
		return nil, err
	}
	p.size = sizeOf(p.inputs)
	return p, p.conflicts()
}

// sizeOf returns the total size of inputs, or -1 if it is unknown.
func sizeOf(inputs []*input) (total int64) {
	for _, in := range inputs {
		n, known := in.size()
		if !known {
			return -1
		}
		total += n
	}
	return total
}

// open creates the output directory and the file of rejects.
func (p *paths) open() (err error) {
	if p.job.Out != "" && !isURL(p.job.Out) {
		if err := os.MkdirAll(p.job.Out, 0o777); err != nil {
			return err
		}
	}
	if p.job.Rejects == "" {
		return nil
	}
	p.rejects, err = os.OpenFile(p.job.Rejects, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	return err
}

// reject writes a line to the rejects.
func (p *paths) reject(text []byte) error {
	p.rejected++
	_, err := p.rejects.Write(append(text, '\n'))
	return err
}

// close closes the rejects and returns the first error. If the job failed before
// there were any, it removes their file.
func (p *paths) close(err error) error {
	if p.rejects == nil {
		return err
	}
	errs := errors.Join(p.rejects.Sync(), p.rejects.Close())
	if err != nil && p.rejected == 0 {
		errs = errors.Join(errs, os.Remove(p.job.Rejects))
	}
	if err != nil {
		return err
	}
	return errs
}
