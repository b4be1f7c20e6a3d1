package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"github.com/veil-proxy/veil/mask/keys"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maskFiles are the files of one run: what is read, and what is written where.
// Files are compared as files, not by name, and none that exists is written to.
type maskFiles struct {
	inputs      []*maskInput
	out         string // folder; empty for standard output
	rejectsPath string
	rejects     *os.File // nil: none
	rejected    uint64
}

// maskInput is a file to mask.
type maskInput struct {
	name    string // "-" for standard input
	display string
	info    fs.FileInfo // nil where it is not known
	// outputs are the names that its output may have in the folder; which of them
	// it has is known when its form is.
	outputs []string
}

func (in *maskInput) packed() bool { return strings.HasSuffix(in.name, ".gz") }

// planMask looks at every file of a run and refuses what would lose one of them.
// It writes nothing.
func planMask(f *maskFlags, args []string, stdin io.Reader, stdout io.Writer) (*maskFiles, error) {
	m := &maskFiles{out: f.out, rejectsPath: f.rejects}
	for _, name := range args {
		in := &maskInput{name: name, display: name, outputs: []string{filepath.Base(name)}}
		var err error
		if name == "-" {
			in.display, in.outputs = "standard input", []string{"stdin.ndjson", "stdin.xml"}
			if s, ok := stdin.(*os.File); ok {
				in.info, _ = s.Stat() // not known is not the same as any
			}
		} else if in.info, err = os.Stat(name); err != nil {
			return nil, err
		}
		if in.info != nil && in.info.IsDir() {
			return nil, usagef("%s is a folder: give its files, such as %s", in.display, filepath.Join(name, "*.ndjson"))
		}
		m.inputs = append(m.inputs, in)
	}
	if err := m.distinct(); err != nil {
		return nil, err
	}
	if s, ok := stdout.(*os.File); ok && f.out == "" {
		if info, err := s.Stat(); err == nil && info.Mode().IsRegular() {
			if what := m.used(f, info); what != "" {
				return nil, usagef("standard output is %s", what)
			}
		}
	}
	if f.rejects != "" {
		if err := m.absent(f, f.rejects, "--rejects"); err != nil {
			return nil, err
		}
	}
	return m, m.checkFolders(f)
}

// distinct refuses inputs that are one file, or whose outputs would be.
func (m *maskFiles) distinct() error {
	by := map[string]*maskInput{}
	for i, in := range m.inputs {
		for _, other := range m.inputs[:i] {
			if in.info != nil && other.info != nil && os.SameFile(in.info, other.info) || in.name == other.name {
				return usagef("%s and %s are the same file: give it once", other.display, in.display)
			}
		}
		if m.out == "" {
			continue
		}
		for _, name := range in.outputs {
			// Some file systems do not tell upper and lower case apart.
			if other := by[strings.ToLower(name)]; other != nil {
				return usagef("%s and %s would both become %s: mask them in two runs, each with an --out of its own", other.display, in.display, filepath.Join(m.out, name))
			}
			by[strings.ToLower(name)] = in
		}
	}
	return nil
}

// checkFolders refuses outputs that exist, and those in the audit log's folder.
func (m *maskFiles) checkFolders(f *maskFlags) error {
	log, err := os.Stat(f.auditDir)
	logged := f.auditDir != "" && err == nil
	for _, o := range []struct{ flag, path, dir string }{{"--out", m.out, m.out}, {"--rejects", m.rejectsPath, filepath.Dir(m.rejectsPath)}} {
		if o.path == "" || f.auditDir == "" {
			continue
		}
		info, err := os.Stat(o.dir)
		if logged && err == nil && os.SameFile(info, log) || filepath.Clean(o.dir) == filepath.Clean(f.auditDir) {
			return usagef("%s is in the folder of the audit log, which takes nothing else: give another folder", o.flag)
		}
	}
	if m.out == "" {
		return nil
	}
	if info, err := os.Stat(m.out); err == nil && !info.IsDir() {
		return usagef("--out %s is a file: give a folder", m.out)
	}
	for _, in := range m.inputs {
		for _, name := range in.outputs {
			if err := m.absent(f, filepath.Join(m.out, name), "--out"); err != nil {
				return err
			}
		}
	}
	return nil
}

// absent refuses a file that exists, and says what it is.
func (m *maskFiles) absent(f *maskFlags, path, flag string) error {
	if _, err := os.Lstat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if info, err := os.Stat(path); err == nil {
		if what := m.used(f, info); what != "" {
			return usagef("%s would overwrite %s", flag, what)
		}
	}
	return fmt.Errorf("%s already exists and will not be overwritten: give another %s, or remove it", path, flag)
}

// used says what a file is to this run, if it is one that is read.
func (m *maskFiles) used(f *maskFlags, info fs.FileInfo) string {
	for _, in := range m.inputs {
		if in.info != nil && os.SameFile(in.info, info) {
			return "the input " + in.display
		}
	}
	for _, other := range []struct{ what, path string }{{"the key", f.key.Path(f.env)}, {"the ruleset", f.ruleset}} {
		if known, err := os.Stat(other.path); other.path != "" && err == nil && os.SameFile(known, info) {
			return other.what + " " + other.path
		}
	}
	return ""
}

// open makes the folder and the file of rejects.
func (m *maskFiles) open() (err error) {
	if m.out != "" {
		if err := os.MkdirAll(m.out, 0o777); err != nil {
			return err
		}
	}
	if m.rejectsPath == "" {
		return nil
	}
	if m.rejects, err = os.OpenFile(m.rejectsPath, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	}
	// Whatever the umask and the names are: the two must not be one file.
	info, err := m.rejects.Stat()
	for _, in := range m.inputs {
		for _, name := range in.outputs {
			if out, serr := os.Stat(filepath.Join(m.out, name)); m.out != "" && err == nil && serr == nil && os.SameFile(out, info) {
				err = usagef("--rejects and the output of %s would be one file", in.display)
			}
		}
	}
	if err != nil {
		return m.close(err)
	}
	return nil
}

// reject writes a line to the rejects.
func (m *maskFiles) reject(text []byte) error {
	m.rejected++
	_, err := m.rejects.Write(append(text, '\n'))
	return err
}

// close ends the rejects and returns the first error. Where the run failed before
// there were any, their file goes.
func (m *maskFiles) close(err error) error {
	if m.rejects == nil {
		return err
	}
	errs := errors.Join(m.rejects.Sync(), m.rejects.Close())
	if err != nil && m.rejected == 0 {
		errs = errors.Join(errs, os.Remove(m.rejectsPath))
	}
	if err != nil {
		return err
	}
	return errs
}

// fileDomain is the purpose of the keys that name files in the audit log.
const fileDomain = "file"

// pseudonym names the file in the audit log: its own name can be a person's.
func (in *maskInput) pseudonym(keys *keys.Keyring) string {
	return "file-" + hex.EncodeToString(keyed(keys, "name", sha256.New(), []byte(filepath.Base(in.display)))[:8])
}

// keyed returns the HMAC-SHA-256 of a hash, so that nobody without the key can try
// out what was hashed.
func keyed(keys *keys.Keyring, domain string, h hash.Hash, more []byte) []byte {
	key, err := keys.Derive(fileDomain, domain, sha256.Size)
	if err != nil {
		panic(err) // never: the length is a constant that HKDF can give
	}
	h.Write(more)
	m := hmac.New(sha256.New, key)
	m.Write(h.Sum(nil))
	return m.Sum(nil)
}

// inputDigest is what a record has of an input's SHA-256.
func inputDigest(keys *keys.Keyring, h hash.Hash) string {
	return "hmac-sha256:" + hex.EncodeToString(keyed(keys, "digest", h, nil))
}
