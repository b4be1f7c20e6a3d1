package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// paths are the files of a job: what is read, and what is written where. Files are
// compared as files, not by name, and none that exists is written to.
type paths struct {
	job    *Job
	inputs []*input
	// unread are files below directories that cannot be read, each with why.
	unread   []Problem
	rejects  *os.File // nil: none
	rejected uint64
}

// plan looks at every file of a job and refuses what would lose one of them. It
// writes nothing.
func (j *Job) plan() (*paths, error) {
	switch {
	case j.Workers < 1:
		return nil, Problem{Field: "Workers", What: "expected at least 1"}
	case j.Earlier != nil && (j.Out == "" || j.Sink == nil && j.AuditDir == ""):
		return nil, Problem{Field: "Earlier", What: "an output directory and an audit log are needed, in which finished files are found"}
	case j.Out == "" && len(j.Inputs) > 1:
		return nil, Problem{Field: "Out", What: "several inputs need an output directory, since their outputs cannot be told apart on standard output"}
	case len(j.Inputs) == 0:
		return nil, Problem{Field: "Inputs", What: "no input is given"}
	}
	p := &paths{job: j}
	if err := p.expand(); err != nil {
		return nil, err
	}
	if j.Out == "" && len(p.inputs) > 1 {
		return nil, Problem{Field: "Out", What: "several inputs need an output directory, since their outputs cannot be told apart on standard output"}
	}
	if err := p.distinct(); err != nil {
		return nil, err
	}
	if s, ok := j.Stdout.(*os.File); ok && j.Out == "" {
		if info, err := s.Stat(); err == nil && info.Mode().IsRegular() {
			if what := p.used(info); what != "" {
				return nil, Problem{Field: "Stdout", What: "standard output is " + what}
			}
		}
	}
	if j.Rejects != "" {
		if err := p.absent(j.Rejects, "Rejects"); err != nil {
			return nil, err
		}
	}
	return p, p.checkDirectories()
}

// checkDirectories refuses outputs that exist, and those in the directory of the
// audit log.
func (p *paths) checkDirectories() error {
	j := p.job
	log, err := os.Stat(j.AuditDir)
	logged := j.AuditDir != "" && err == nil
	for _, o := range []struct{ field, path, dir string }{{"Out", j.Out, j.Out}, {"Rejects", j.Rejects, filepath.Dir(j.Rejects)}} {
		if o.path == "" || j.AuditDir == "" {
			continue
		}
		info, err := os.Stat(o.dir)
		if logged && err == nil && os.SameFile(info, log) || filepath.Clean(o.dir) == filepath.Clean(j.AuditDir) {
			return Problem{Field: o.field, What: "the directory of the audit log must contain nothing else", Hint: "use another directory"}
		}
	}
	if j.Out == "" {
		return nil
	}
	if info, err := os.Stat(j.Out); err == nil && !info.IsDir() {
		return Problem{Field: "Out", What: j.Out + " is a file: expected a directory"}
	}
	if j.Earlier != nil {
		return nil // an output that exists is looked at in its turn
	}
	for _, in := range p.inputs {
		for _, name := range in.outputs {
			if err := p.absent(filepath.Join(j.Out, name), "Out"); err != nil {
				return err
			}
		}
	}
	return nil
}

// absent refuses a file that exists, and says what it is.
func (p *paths) absent(path, field string) error {
	if _, err := os.Lstat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if info, err := os.Stat(path); err == nil {
		if what := p.used(info); what != "" {
			return Problem{Field: field, What: "would overwrite " + what}
		}
	}
	return existsError{Problem{Field: field, What: path + " already exists and will not be overwritten", Hint: "use another path, or remove the file"}}
}

// used says what a file is to this job, if it is one that it reads.
func (p *paths) used(info fs.FileInfo) string {
	for _, in := range p.inputs {
		if in.info != nil && os.SameFile(in.info, info) {
			return "the input " + in.display
		}
	}
	for _, other := range p.job.Uses {
		if known, err := os.Stat(other.Path); other.Path != "" && err == nil && os.SameFile(known, info) {
			return other.What + " " + other.Path
		}
	}
	return ""
}

// open creates the output directory and the file of rejects.
func (p *paths) open() (err error) {
	if p.job.Out != "" {
		if err := os.MkdirAll(p.job.Out, 0o777); err != nil {
			return err
		}
	}
	if p.job.Rejects == "" {
		return nil
	}
	if p.rejects, err = os.OpenFile(p.job.Rejects, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	}
	// Whatever the names are, the two must not be one file.
	info, err := p.rejects.Stat()
	for _, in := range p.inputs {
		for _, name := range in.outputs {
			if out, serr := os.Stat(filepath.Join(p.job.Out, name)); p.job.Out != "" && err == nil && serr == nil && os.SameFile(out, info) {
				err = Problem{Field: "Rejects", What: "is the output of " + in.display + " too", Hint: "use another path"}
			}
		}
	}
	if err != nil {
		return p.close(err)
	}
	return nil
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
