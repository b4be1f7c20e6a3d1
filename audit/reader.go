package audit

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
)

// longestLine bounds a line; a record of every action of a ruleset has less.
const longestLine = 16 << 20

// Incompletely written lines: the end is missing, or a part in the middle, which is still
// zero.
var (
	errNoLineFeed = errors.New("no line feed at its end")
	errHole       = errors.New("zeros within it")
)

// isCut reports whether a crash explains why a line is incomplete.
func isCut(err error) bool { return errors.Is(err, errNoLineFeed) || errors.Is(err, errHole) }

// reader reads the lines of a segment. If the segment was not closed, its text is
// followed by zeros, which are not part of it.
type reader struct {
	f    *os.File
	r    *bufio.Reader
	text []byte // of a line that is longer than the buffer
}

func openReader(path string) (*reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &reader{f: f, r: bufio.NewReaderSize(f, 1<<20)}, nil
}

func (r *reader) close() { _ = r.f.Close() } // it was only read

// line returns the next line without its line feed, or io.EOF after the last one. It is
// valid until the next call.
func (r *reader) line() ([]byte, error) {
	if b, err := r.r.Peek(1); err == nil && b[0] == 0 {
		return nil, r.skipZeros()
	}
	r.text = r.text[:0]
	for {
		text, err := r.r.ReadSlice('\n')
		if len(r.text) > 0 || errors.Is(err, bufio.ErrBufferFull) {
			r.text = append(r.text, text...)
			text = r.text
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(text) < longestLine:
			continue
		case errors.Is(err, io.EOF) && len(text) == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return nil, errNoLineFeed
		case bytes.IndexByte(text, 0) >= 0:
			return nil, errHole
		case err != nil:
			return nil, err
		}
		return text[:len(text)-1], nil
	}
}

// skipZeros returns io.EOF if only zeros follow.
func (r *reader) skipZeros() error {
	for {
		if _, err := r.r.Peek(1); err != nil {
			return err
		}
		b, _ := r.r.Peek(r.r.Buffered()) // cannot fail: the byte is buffered
		if n := len(b) - len(bytes.TrimLeft(b, "\x00")); n < len(b) {
			return errHole
		}
		_, _ = r.r.Discard(len(b)) // cannot fail: it is buffered
	}
}
