package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// place is where a path leads, whether or not a file is there: symbolic links followed,
// in lower case, since some file systems do not distinguish it.
type place string

// placeOf returns the place of a path; empty for an empty path and for a URL.
func placeOf(path string) place {
	if path == "" || isURL(path) {
		return ""
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = filepath.Clean(path)
	}
	// If the path does not exist, the existing part of it is resolved.
	for at, rest := abs, ""; ; {
		if followed, err := filepath.EvalSymlinks(at); err == nil {
			return place(strings.ToLower(filepath.Join(followed, rest)))
		}
		dir, base := filepath.Split(at)
		if dir = filepath.Clean(dir); dir == at || base == "" {
			return place(strings.ToLower(abs))
		}
		at, rest = dir, filepath.Join(base, rest)
	}
}

// holds reports whether o is the place p or below it.
func (p place) holds(o place) bool {
	if p == "" || o == "" {
		return false
	}
	rel, err := filepath.Rel(string(p), string(o))
	return err == nil && filepath.IsLocal(rel)
}

// conflicts refuses a job that would write to a file that it reads, that exists, or that
// it also writes for another purpose. Nothing has been opened yet.
func (p *paths) conflicts() error {
	j := p.job
	for _, o := range []struct{ field, path string }{{"AuditDir", j.AuditDir}, {"Rejects", j.Rejects}} {
		if isURL(o.path) {
			return Problem{Field: o.field, What: errNoStore.Error()}
		}
	}
	if err := p.checkAuditDir(); err != nil {
		return err
	}
	if s, ok := j.Stdout.(*os.File); ok && j.Out == "" {
		if info, err := s.Stat(); err == nil && info.Mode().IsRegular() {
			if what := p.used(info); what != "" {
				return Problem{Field: "Stdout", What: "standard output is " + what}
			}
			if contains(j.AuditDir, info) {
				return Problem{Field: "Stdout", What: "standard output is a file of the audit log"}
			}
		}
	}
	if err := p.checkRejects(); err != nil {
		return err
	}
	return p.checkOut()
}

// contains reports whether a directory contains a file, under any name.
func contains(dir string, info fs.FileInfo) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false // nothing exists there
	}
	for _, e := range entries {
		if other, err := e.Info(); err == nil && os.SameFile(other, info) {
			return true
		}
	}
	return false
}

// checkAuditDir refuses an audit log in a directory with other files of the job.
func (p *paths) checkAuditDir() error {
	j := p.job
	log := placeOf(j.AuditDir)
	if log == "" {
		return nil
	}
	if info, err := os.Stat(j.AuditDir); err == nil && !info.IsDir() {
		what := p.used(info)
		if what == "" {
			what = "a file"
		}
		return Problem{Field: "AuditDir", What: j.AuditDir + " is " + what + ": expected a directory"}
	}
	alone := Problem{What: "the directory of the audit log must contain nothing else", Hint: "use another directory"}
	for _, o := range []struct{ field, path string }{{"Out", j.Out}, {"Rejects", j.Rejects}} {
		if log.holds(placeOf(o.path)) {
			alone.Field = o.field
			return alone
		}
	}
	if out := placeOf(j.Out); out.holds(log) {
		return Problem{Field: "AuditDir", What: "the audit log must not be among the outputs", Hint: "use a directory outside of " + j.Out}
	}
	for _, in := range p.inputs {
		if in.name != "-" && !in.object && log.holds(placeOf(in.name)) {
			return Problem{Field: "AuditDir", What: "the directory has the input " + in.display, Hint: alone.Hint}
		}
	}
	for _, u := range j.Uses {
		if u.Path != "" && log.holds(placeOf(u.Path)) {
			return Problem{Field: "AuditDir", What: "the directory has " + u.What + " " + u.Path, Hint: alone.Hint}
		}
	}
	return nil
}

// checkRejects refuses a file of rejects that exists or is also an output.
func (p *paths) checkRejects() error {
	j := p.job
	if j.Rejects == "" {
		return nil
	}
	if err := p.absent(j.Rejects, "Rejects"); err != nil {
		return err
	}
	rejects := placeOf(j.Rejects)
	if j.Out == "" || isURL(j.Out) {
		return nil
	}
	if rejects.holds(placeOf(j.Out)) {
		return Problem{Field: "Rejects", What: "is also the output directory", Hint: "use another path"}
	}
	if !placeOf(j.Out).holds(rejects) {
		return nil
	}
	for _, in := range p.inputs {
		for _, name := range in.outputs {
			if out := placeOf(filepath.Join(j.Out, name)); rejects.holds(out) || out.holds(rejects) {
				return Problem{Field: "Rejects", What: "is the output of " + in.display + " too", Hint: "use another path"}
			}
		}
	}
	return nil
}

// checkOut refuses outputs that exist.
func (p *paths) checkOut() error {
	j := p.job
	if j.Out == "" {
		return nil
	}
	if isURL(j.Out) {
		return p.absentObjects()
	}
	if info, err := os.Stat(j.Out); err == nil && !info.IsDir() {
		return Problem{Field: "Out", What: j.Out + " is a file: expected a directory"}
	}
	if j.Earlier != nil {
		return nil // an output that exists is checked when its turn comes
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

// used describes the role of a file in this job, if the job reads it.
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
