package json

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/file"
)

// If a file is one array, it is read element by element, so that only a block and its
// masked form are in memory. A block has complete elements, with the commas between them.

// elementEnd returns the index after the element at b[i], or -1 if it does not end in b.
// It checks little, since the walk parses the element strictly.
func elementEnd(b []byte, i int, f *fhirjson.Fault) int {
	if b[i] == '{' {
		return fhirjson.SkimContainer(b, i)
	}
	return fhirjson.SkipValue(b, i, 0, f)
}

// splitter reads an array.
type splitter struct {
	in   io.Reader
	buf  []byte
	last bool // in is at its end
	line int  // of buf[0]
	// before is how many bytes of its line stand before buf[0].
	before int
}

// column is how many bytes of its line stand before buf[i].
func (s *splitter) column(i int) int {
	if n := bytes.LastIndexByte(s.buf[:i], '\n'); n >= 0 {
		return i - n - 1
	}
	return s.before + i
}

// more reads more text.
func (s *splitter) more() error {
	if s.last {
		return nil
	}
	n := max(file.BlockBytes, len(s.buf)/2)
	if len(s.buf)+n > maxDocument+file.BlockBytes {
		return fmt.Errorf("line %d: an element of the array is larger than %d bytes", s.line, maxDocument)
	}
	s.buf = slices.Grow(s.buf, n)
	read, err := io.ReadFull(s.in, s.buf[len(s.buf):len(s.buf)+n])
	s.buf = s.buf[:len(s.buf)+read]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.last = true
		return nil
	}
	return err
}

// bad is an error at buf[i], after which the rest of the file cannot be read.
func (s *splitter) bad(i int, what string) error {
	return fmt.Errorf("line %d: %s", s.line+bytes.Count(s.buf[:min(i, len(s.buf))], []byte("\n")), what)
}

// splitArray reads a file that is an array.
func (d *jsonFile) splitArray(buffer func() []byte, emit func(file.Block) error) error {
	s := &splitter{in: d.in, line: 1}
	if err := s.more(); err != nil {
		return err
	}
	from := fhirjson.SkipSpace(s.buf, 0) + 1
	d.before = append(bytes.Clone(d.before), s.buf[:from]...)
	place, elements := 0, 0
	// buf[from:end] has complete elements, the last one with the space after it.
	i, end := from, from
	send := func() error {
		if elements == 0 {
			return nil
		}
		text := append(buffer()[:0], s.buf[from:end]...)
		err := emit(file.Block{Text: text, Line: s.line + bytes.Count(s.buf[:from], []byte("\n")), Head: part{array, place, s.column(from)}})
		place, elements = place+elements, 0
		return err
	}
	for {
		next, closed, err := s.element(i, place+elements == 0)
		if err != nil {
			return err
		}
		if next < 0 { // it is incomplete
			if s.last {
				return s.bad(len(s.buf), "unexpected end of the file inside an array")
			}
			if err := send(); err != nil {
				return err
			}
			s.before, s.line = s.column(i), s.line+bytes.Count(s.buf[:i], []byte("\n"))
			s.buf = append(s.buf[:0], s.buf[i:]...)
			from, i, end = 0, 0, 0
			if err := s.more(); err != nil {
				return err
			}
			continue
		}
		if next > i {
			elements++
		}
		end = next
		if closed {
			if err := send(); err != nil {
				return err
			}
			return d.close(s, end)
		}
		i = next + 1
		if end-from >= file.BlockBytes {
			if err := send(); err != nil {
				return err
			}
			from = i
		}
	}
}

// element finds the end of the element that begins after buf[i], including the space
// after it: the index of its comma, or of the closing bracket. It is negative if that has
// not been read yet.
func (s *splitter) element(i int, first bool) (end int, closed bool, err error) {
	at := fhirjson.SkipSpace(s.buf, i)
	switch {
	case at >= len(s.buf):
		return -1, false, nil
	case s.buf[at] == ']' && first:
		return i, true, nil
	}
	var f fhirjson.Fault
	end = elementEnd(s.buf, at, &f)
	if end < 0 {
		// An error near the end of the buffer may be due to missing text.
		if f.What != "" && (s.last || f.Offset < len(s.buf)-16 && !strings.HasSuffix(f.What, "is not closed")) {
			return -1, false, s.bad(f.Offset, f.What)
		}
		return -1, false, nil
	}
	end = fhirjson.SkipSpace(s.buf, end)
	switch {
	case end >= len(s.buf):
		return -1, false, nil
	case s.buf[end] == ',':
		return end, false, nil
	case s.buf[end] == ']':
		return end, true, nil
	}
	return -1, false, s.bad(end, "expected a comma or the end of the array")
}

// close reads what follows the array, which must be space.
func (d *jsonFile) close(s *splitter, end int) error {
	after := s.buf[end:]
	bracket := fhirjson.SkipSpace(after, 0)
	if i := fhirjson.SkipSpace(after, bracket+1); i < len(after) {
		return s.bad(end+i, "unexpected data after the array")
	}
	if !s.last {
		rest, err := io.ReadAll(io.LimitReader(s.in, maxSpace+1))
		if err != nil {
			return err
		}
		if fhirjson.SkipSpace(rest, 0) < len(rest) || len(rest) > maxSpace {
			return s.bad(len(s.buf), "unexpected data after the array")
		}
		after = append(after, rest...)
	}
	d.after = bytes.Clone(after)
	return nil
}

// maxSpace bounds the space after an array.
const maxSpace = 1 << 20
