package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// input is a file to mask.
type input struct {
	name    string // "-" for standard input
	display string
	info    fs.FileInfo // nil if it is not known
	object  bool        // it is an object of the job's store
	found   bool        // in a directory, and not named by the job
	bytes   int64       // the size of an object
	packing *packing    // nil if it is not compressed
	// base is the name that formats see: without directories and .gz.
	base string
	// outputs are the names that its output may have below the output directory. The format
	// decides which one it gets.
	outputs []string
}

// newInput returns the input for a file, whose output is called rel.
func newInput(name, rel string, info fs.FileInfo) *input {
	in := &input{name: name, display: name, info: info}
	in.packing, in.base = packingOf(filepath.Base(name))
	if p := outputPacking(in.packing); p != in.packing {
		rel = strings.TrimSuffix(rel, in.packing.ext) + p.ext
	}
	in.outputs = []string{rel}
	return in
}

// size returns the size of an input, if it is known.
func (in *input) size() (n int64, known bool) {
	switch {
	case in.object:
		return in.bytes, in.bytes >= 0
	case in.info != nil && in.info.Mode().IsRegular():
		return in.info.Size(), true
	}
	return 0, false
}

// expand returns the inputs that the job's paths name: files, standard input, the
// files below directories, and those that a pattern matches if no file has its name.
func (p *paths) expand() error {
	for _, name := range p.job.Inputs {
		switch {
		case name == "-":
			p.inputs = append(p.inputs, p.standardInput())
			continue
		case isURL(name):
			if err := p.objects(name); err != nil {
				return err
			}
			continue
		}
		names := []string{name}
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(name, "*?[") {
			matches, err := filepath.Glob(name)
			if err != nil || len(matches) == 0 {
				return Problem{Field: "Inputs", What: name + " matches no file"}
			}
			names = matches
		}
		for _, name := range names {
			info, err := os.Stat(name)
			if err != nil {
				return fmt.Errorf("%s: %s", name, cause(err))
			}
			if !info.IsDir() {
				p.inputs = append(p.inputs, newInput(name, filepath.Base(name), info))
				continue
			}
			if err := p.walk(name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *paths) standardInput() *input {
	in := &input{name: "-", display: "standard input", base: "stdin"}
	for _, f := range p.job.Formats {
		if name := "stdin" + f.Info().Extension; !slices.Contains(in.outputs, name) {
			in.outputs = append(in.outputs, name)
		}
	}
	if s, ok := p.job.Stdin.(*os.File); ok {
		in.info, _ = s.Stat() // an unknown file equals no other
	}
	return in
}

// walk adds the files below a directory. It skips hidden files and directories, which
// programs often leave next to data, and the job's own output. Symbolic links to files
// below the directory are followed; other links are reported as bad.
func (p *paths) walk(root string) error {
	if p.job.Out == "" {
		return Problem{Field: "Out", What: root + " is a directory, whose files need an output directory"}
	}
	before := len(p.inputs)
	inside, err := filepath.EvalSymlinks(root)
	if err != nil {
		return err
	}
	if placeOf(root).holds(placeOf(p.job.AuditDir)) {
		return Problem{Field: "AuditDir", What: "the audit log must not be among the inputs", Hint: "use a directory outside of " + root}
	}
	out := placeOf(p.job.Out)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			p.unread = append(p.unread, Problem{File: path, What: cause(err)})
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		switch hidden := path != root && strings.HasPrefix(d.Name(), "."); {
		case d.IsDir():
			if hidden || placeOf(path) == out {
				return fs.SkipDir
			}
			return nil
		case hidden:
			return nil
		}
		if d.Type()&fs.ModeSymlink != 0 && !leadsInside(inside, path) {
			p.unread = append(p.unread, Problem{File: path, What: "symbolic link to a place outside of " + root, Hint: "list its target as an input"})
			return nil
		}
		info, err := os.Stat(path)
		if err != nil {
			p.unread = append(p.unread, Problem{File: path, What: cause(err)})
			return nil
		}
		if !info.Mode().IsRegular() {
			if !info.IsDir() {
				p.unread = append(p.unread, Problem{File: path, What: "not a regular file"})
			}
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		in := newInput(path, rel, info)
		in.found = true
		p.inputs = append(p.inputs, in)
		return nil
	})
	if err == nil && len(p.inputs) == before && len(p.unread) == 0 {
		return Problem{Field: "Inputs", What: root + " contains no files to mask"}
	}
	return err
}

// leadsInside reports whether a symbolic link has a target, and that below a directory.
func leadsInside(dir, link string) bool {
	target, err := filepath.EvalSymlinks(link)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(dir, target)
	return err == nil && filepath.IsLocal(rel)
}

// cause returns the text of an error of the file system, without the path. For a
// compressed file, it only says that it is cut off.
func cause(err error) string {
	if err == io.ErrUnexpectedEOF { //nolint:errorlint // a wrapped one says more
		return "the file is cut off"
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// distinct refuses inputs that are the same file, or whose outputs would be. A file may have
// several names in directories, as links; the output then has it under each of them.
func (p *paths) distinct() error {
	outputs, names, sizes := map[string]*input{}, map[string]*input{}, map[int64][]*input{}
	for _, in := range p.inputs {
		same := names[in.name]
		if in.info != nil {
			// Two names of one file have the same size, so only those are compared.
			for _, other := range sizes[in.info.Size()] {
				if !(in.found && other.found) && os.SameFile(in.info, other.info) {
					same = other
				}
			}
			sizes[in.info.Size()] = append(sizes[in.info.Size()], in)
		}
		if same != nil {
			return Problem{Field: "Inputs", What: same.display + " and " + in.display + " are the same file", Hint: "list it once"}
		}
		names[in.name] = in
		if p.job.Out == "" {
			continue
		}
		for _, name := range in.outputs {
			// Some file systems do not distinguish upper and lower case.
			key := strings.ToLower(filepath.Clean(name))
			if other := outputs[key]; other != nil {
				return Problem{Field: "Inputs", What: other.display + " and " + in.display + " would both be written to " + shown(p.job.outputName(name)), Hint: "mask them in two runs with different output directories"}
			}
			outputs[key] = in
		}
	}
	return nil
}
