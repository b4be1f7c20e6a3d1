package file

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Opened is a file that is read but not masked.
type Opened struct {
	// Source is the file as formats read it, decompressed. What is read of it counts.
	Source
	// Beginning is what formats examine to detect the file.
	Beginning []byte
	run       *run
	in        *openInput
}

// Open opens a file for reading. The error names the file and says what is wrong with it.
func Open(name string) (*Opened, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, Problem{File: name, What: cause(err)}
	}
	if !info.Mode().IsRegular() {
		return nil, Problem{File: name, What: "not a regular file"}
	}
	r := &run{Job: &Job{}}
	in := newInput(name, filepath.Base(name), info)
	o, err := r.open(in, false)
	if err != nil {
		return nil, Problem{File: name, What: cause(err)}
	}
	text, err := in.unpacked(o)
	if err != nil {
		o.close()
		return nil, err
	}
	br := bufio.NewReaderSize(text, firstBytes)
	beginning, err := br.Peek(firstBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		o.close()
		return nil, Problem{File: name, What: cause(err)}
	}
	return &Opened{Source: r.source(in, o, br), Beginning: beginning, run: r, in: o}, nil
}

// BytesRead returns how many bytes of the file were read, compressed if the file is.
func (o *Opened) BytesRead() int64 { return o.run.read.Load() }

// Close closes the file.
func (o *Opened) Close() { o.in.close() }
