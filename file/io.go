package file

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/veil-proxy/veil/mask/keys"
)

// openInput is an input being read.
type openInput struct {
	io.Reader
	file io.Closer   // nil for standard input
	at   io.ReaderAt // nil if it can only be read from its beginning
	sum  hash.Hash
	temp []*os.File
}

// open opens an input. With digest set it hashes what is read.
func (r *run) open(in *input, digest bool) (*openInput, error) {
	o := &openInput{Reader: r.Stdin}
	switch {
	case in.object:
		f, err := r.Store.Open(r.paths.ctx, in.name)
		if err != nil {
			return nil, err
		}
		o.Reader, o.file, o.at = f, f, r.Store.At(r.paths.ctx, in.name)
	case in.name != "-":
		f, err := os.Open(in.name)
		if err != nil {
			return nil, err
		}
		o.Reader, o.file = f, f
		if in.info != nil && in.info.Mode().IsRegular() {
			o.at = f
		}
	}
	if digest {
		o.sum = sha256.New()
		o.Reader = io.TeeReader(o.Reader, o.sum)
	}
	o.Reader = counted{o.Reader, &r.read}
	return o, nil
}

// counted counts the bytes that are read.
type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// countedAt counts the bytes that are read anywhere.
type countedAt struct {
	io.ReaderAt
	n *atomic.Int64
}

func (c countedAt) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, off)
	c.n.Add(int64(n))
	return n, err
}

func (o *openInput) close() {
	if o.file != nil {
		_ = o.file.Close() // only read
	}
	for _, temp := range o.temp {
		// It is no longer needed. If it still has a name, remove it.
		_ = errors.Join(temp.Close(), os.Remove(temp.Name()))
	}
}

// temporaryFile returns a file for random access: in the output directory, or else in the
// system's directory for temporary files. Its name is removed at once, if the system can
// do that, so that nothing is left after a crash.
func (o *openInput) temporaryFile(out string) (*os.File, error) {
	if info, err := os.Stat(out); err != nil || !info.IsDir() {
		out = ""
	}
	f, err := os.CreateTemp(out, temporaryPrefix+"input-*") // its mode is 0600
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name()) // if this fails, close does it
	o.temp = append(o.temp, f)
	return f, nil
}

// digest reads to the end, which a broken input has not reached.
func (o *openInput) digest(keys *keys.Keyring) string {
	if _, err := io.Copy(io.Discard, o); err != nil {
		return "" // an unreadable input has no digest
	}
	return InputDigest(keys, o.sum)
}

// unpacked returns the text of an input, decompressed if it is compressed.
func (in *input) unpacked(o *openInput) (io.Reader, error) {
	packing, text := in.packing, io.Reader(o)
	if in.name == "-" {
		br := bufio.NewReader(o)
		text = br
		beginning, _ := br.Peek(longestMagic) // a shorter text is not compressed
		packing = packingOfText(beginning)
	}
	if packing == nil {
		return text, nil
	}
	text, err := packing.unpack(text)
	switch {
	case errors.Is(err, errWindow):
		return nil, unreadable{Problem{File: in.display, What: err.Error()}}
	case err != nil:
		return nil, unreadable{Problem{File: in.display, What: "not a " + packing.name + " file"}}
	}
	return text, nil
}

// source returns an input in the form that formats read.
func (r *run) source(in *input, o *openInput, text io.Reader) Source {
	s := Source{Reader: text, Name: in.base, Temporary: func() (*os.File, error) { return o.temporaryFile(r.Out) }}
	if size, known := in.size(); o.at != nil && in.packing == nil && known {
		s.At, s.Size = countedAt{o.at, &r.read}, size
	}
	return s
}

// output is the output of a file: a stream, or a file that appears when it is complete.
type output struct {
	io.Writer
	file *os.File
	up   *upload   // of an object
	pack io.Closer // nil if it is not compressed
	path string
	sum  hash.Hash // nil: no digest
}

func (r *run) output(ctx context.Context, in *input, format Info) (*output, error) {
	o := &output{Writer: r.Stdout}
	name := in.outputs[0]
	if in.name == "-" {
		name = "stdin" + format.Extension
	}
	switch o.path = r.outputName(name); {
	case isURL(r.Out):
		u, err := r.newUpload(ctx, o.path)
		if err != nil {
			return nil, err
		}
		o.Writer, o.up = u, u
	case r.Out != "":
		if err := os.MkdirAll(filepath.Dir(o.path), 0o777); err != nil {
			return nil, err
		}
		f, err := newFile(filepath.Dir(o.path))
		if err != nil {
			return nil, err
		}
		o.Writer, o.file = f, f
	}
	if r.Sink != nil {
		o.sum = sha256.New()
		o.Writer = io.MultiWriter(o.Writer, o.sum)
	}
	if p := outputPacking(in.packing); r.Out != "" && p != nil {
		w, err := p.writer(o.Writer)
		if err != nil {
			return nil, err
		}
		o.Writer, o.pack = w, w
	}
	return o, nil
}

// temporaryPrefix is the prefix of the names of incomplete outputs.
const temporaryPrefix = ".veil-"

// newFile creates a file with a new name in a directory. Unlike os.CreateTemp it
// leaves the mode to the umask.
func newFile(dir string) (*os.File, error) {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	f, err := os.OpenFile(filepath.Join(dir, temporaryPrefix+hex.EncodeToString(b[:])), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err == nil {
		claim(f)
	}
	return f, err
}

// complete makes what was written durable. The output does not appear yet.
func (o *output) complete() error {
	if o.pack != nil {
		if err := o.pack.Close(); err != nil {
			return err
		}
	}
	if o.file == nil {
		return nil
	}
	return o.file.Sync()
}

// digest returns the digest of what was written, after compression.
func (o *output) digest() string { return OutputDigest(o.sum) }

// appear gives a complete output its name, unless a file has it by now.
func (o *output) appear() error {
	if o.up != nil {
		err := o.up.Close()
		o.up = nil
		if errors.Is(err, ErrExists) {
			return o.exists()
		}
		return err
	}
	if o.file == nil {
		return nil
	}
	if err := o.file.Close(); err != nil {
		return err
	}
	temporary := o.file.Name()
	err := os.Link(temporary, o.path)
	switch {
	case err == nil:
		err = os.Remove(temporary)
	case errors.Is(err, fs.ErrExist):
		return o.exists()
	default: // a file system without links
		if _, serr := os.Lstat(o.path); serr == nil {
			return o.exists()
		}
		err = os.Rename(temporary, o.path)
	}
	if err != nil {
		return err
	}
	o.file = nil
	return syncDir(filepath.Dir(o.path))
}

// exists is the error of an output whose name was taken while it was written.
func (o *output) exists() error {
	return existsError{Problem{Field: "Out", What: shown(o.path) + " already exists and will not be overwritten"}}
}

// syncDir makes the names in a directory durable, if the system can do that.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }() // only read
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// abort removes an output that has not appeared.
func (o *output) abort() {
	if o.up != nil {
		o.up.abort()
	}
	if o.file != nil {
		_ = errors.Join(o.file.Close(), os.Remove(o.file.Name())) // the first error counts
	}
}
