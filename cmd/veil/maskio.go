package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/mask/keys"
)

// openInput is an input being read.
type openInput struct {
	io.Reader
	file *os.File // nil for standard input
	sum  hash.Hash
}

func (in *maskInput) open(stdin io.Reader, digest bool) (*openInput, error) {
	o := &openInput{Reader: stdin}
	if in.name != "-" {
		f, err := os.Open(in.name)
		if err != nil {
			return nil, err
		}
		o.Reader, o.file = f, f
	}
	if digest {
		o.sum = sha256.New()
		o.Reader = io.TeeReader(o.Reader, o.sum)
	}
	return o, nil
}

func (o *openInput) close() {
	if o.file != nil {
		o.file.Close()
	}
}

// digest reads to the end, which a broken input has not reached.
func (o *openInput) digest(keys *keys.Keyring) string {
	if _, err := io.Copy(io.Discard, o); err != nil {
		return "" // of what cannot be read there is none
	}
	return inputDigest(keys, o.sum)
}

func unpack(in io.Reader, display string) (io.Reader, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("%s: not a gzip file", display)
	}
	return z, nil
}

// maskOutput is where a file's output goes: a stream, or a file that appears when
// it is complete.
type maskOutput struct {
	io.Writer
	file *os.File
	gzip *gzip.Writer
	path string
	sum  hash.Hash // nil: no digest
}

func (j *maskJob) output(in *maskInput, form fhirjson.Form) (*maskOutput, error) {
	o := &maskOutput{Writer: j.stdout}
	if j.files.out != "" {
		name := in.outputs[0]
		if form == fhirjson.OneXMLResource {
			name = in.outputs[len(in.outputs)-1]
		}
		o.path = filepath.Join(j.files.out, name)
		f, err := newFile(j.files.out)
		if err != nil {
			return nil, err
		}
		o.Writer, o.file = f, f
	}
	if j.sink != nil {
		o.sum = sha256.New()
		o.Writer = io.MultiWriter(o.Writer, o.sum)
	}
	if o.file != nil && in.packed() {
		o.gzip = gzip.NewWriter(o.Writer)
		o.Writer = o.gzip
	}
	return o, nil
}

// newFile makes a file of a name of its own in a folder. Unlike os.CreateTemp it
// leaves the mode to the umask.
func newFile(dir string) (*os.File, error) {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return os.OpenFile(filepath.Join(dir, ".veil-"+hex.EncodeToString(b[:])), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

// complete makes what was written durable. It does not appear yet.
func (o *maskOutput) complete() error {
	if o.gzip != nil {
		if err := o.gzip.Close(); err != nil {
			return err
		}
	}
	if o.file == nil {
		return nil
	}
	return o.file.Sync()
}

// digest is that of what was written, compressed if it is. A masked file may be
// known by its SHA-256.
func (o *maskOutput) digest() string { return "sha256:" + hex.EncodeToString(o.sum.Sum(nil)) }

// appear gives a complete output its name, unless a file has it by now.
func (o *maskOutput) appear() error {
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
		return fmt.Errorf("%s already exists and will not be overwritten", o.path)
	default: // a file system without links
		if _, serr := os.Lstat(o.path); serr == nil {
			return fmt.Errorf("%s already exists and will not be overwritten", o.path)
		}
		err = os.Rename(temporary, o.path)
	}
	if err != nil {
		return err
	}
	o.file = nil
	return syncFolder(filepath.Dir(o.path))
}

// syncFolder makes the names in a folder durable, where the system can.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// abort removes what did not appear.
func (o *maskOutput) abort() {
	if o.file != nil {
		o.file.Close()
		os.Remove(o.file.Name())
	}
}
