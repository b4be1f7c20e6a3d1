package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// paths are the files of a job: what is read, and what is written where. Files are
// compared as files, not by name, and none that exists is written to.
type paths struct {
	job      *Job
	inputs   []*input
	rejects  *os.File // nil: none
	rejected uint64
}

// input is a file to mask.
type input struct {
	name    string // "-" for standard input
	display string
	info    fs.FileInfo // nil if it is not known
	// outputs are the names that its output may have in the directory. Which of them
	// it has depends on its format.
	outputs []string
}

func (in *input) packed() bool { return strings.HasSuffix(in.name, ".gz") }

func (in *input) base() string { return filepath.Base(in.name) }

// plan looks at every file of a job and refuses what would lose one of them. It
// writes nothing.
func (j *Job) plan() (*paths, error) {
	switch {
	case j.Workers < 1:
		return nil, Problem{Field: "Workers", What: "expected at least 1"}
	case len(j.Inputs) == 0:
		return nil, Problem{Field: "Inputs", What: "no input is given"}
	case j.Out == "" && len(j.Inputs) > 1:
		return nil, Problem{Field: "Out", What: "several inputs need an output directory, since their outputs cannot be told apart on standard output"}
	}
	p := &paths{job: j}
	for _, name := range j.Inputs {
		in := &input{name: name, display: name, outputs: []string{filepath.Base(name)}}
		var err error
		if name == "-" {
			in.display, in.outputs = "standard input", j.streamOutputs()
			if s, ok := j.Stdin.(*os.File); ok {
				in.info, _ = s.Stat() // unknown is not the same file as any
			}
		} else if in.info, err = os.Stat(name); err != nil {
			return nil, err
		}
		if in.info != nil && in.info.IsDir() {
			return nil, Problem{Field: "Inputs", What: in.display + " is a directory", Hint: "list its files, such as " + filepath.Join(name, "*.ndjson")}
		}
		p.inputs = append(p.inputs, in)
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

// streamOutputs are the names that the output of an input without a name may have.
func (j *Job) streamOutputs() []string {
	var names []string
	for _, f := range j.Formats {
		if name := "stdin" + f.Info().Extension; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// distinct refuses inputs that are one file, or whose outputs would be.
func (p *paths) distinct() error {
	by := map[string]*input{}
	for i, in := range p.inputs {
		for _, other := range p.inputs[:i] {
			if in.info != nil && other.info != nil && os.SameFile(in.info, other.info) || in.name == other.name {
				return Problem{Field: "Inputs", What: other.display + " and " + in.display + " are the same file", Hint: "list it once"}
			}
		}
		if p.job.Out == "" {
			continue
		}
		for _, name := range in.outputs {
			// Some file systems do not distinguish upper and lower case.
			if other := by[strings.ToLower(name)]; other != nil {
				return Problem{Field: "Inputs", What: other.display + " and " + in.display + " would both be written to " + filepath.Join(p.job.Out, name), Hint: "mask them in two runs with different output directories"}
			}
			by[strings.ToLower(name)] = in
		}
	}
	return nil
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
