package script

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxStatement is the default limit in bytes for a statement or a row of COPY.
const MaxStatement = 256 << 20

// Reader reads a dump: statements one by one, and the rows after a COPY in blocks.
type Reader struct {
	R io.Reader
	// Most is the limit in bytes for a statement or a row of COPY.
	Most int

	buf []byte
	at  int // what is before has been read
	// Line is the current line number.
	Line int
	end  bool // r is at its end
	// Plain says that backslashes have no meaning in strings.
	Plain bool
	// Complete reports that the comment that ends a dump has been read.
	Complete bool
}

// atLine returns an error with its line.
type atLine struct {
	line int
	err  error
}

func (e atLine) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e atLine) Unwrap() error { return e.err }

// Wrong returns an error at the current position.
func (r *Reader) Wrong(format string, args ...any) error {
	return atLine{r.Line, fmt.Errorf(format, args...)}
}

// fill reads more. It discards what has been consumed.
func (r *Reader) fill() error {
	if r.at > 0 {
		r.buf = r.buf[:copy(r.buf, r.buf[r.at:])]
		r.at = 0
	}
	if len(r.buf) > r.Most {
		return r.Wrong("a statement or row is longer than %d bytes: is a quote missing?", r.Most)
	}
	if cap(r.buf)-len(r.buf) < readBytes {
		r.buf = append(make([]byte, 0, min(2*cap(r.buf), r.Most)+2*readBytes), r.buf...)
	}
	// The text doubles in length with each read, so that what was read before is scanned
	// only once more on average, not again and again.
	want := max(readBytes, len(r.buf))
	n, err := io.ReadFull(r.R, r.buf[len(r.buf):min(cap(r.buf), len(r.buf)+want)])
	r.buf = r.buf[:len(r.buf)+n]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		r.end = true
		return nil
	}
	return err
}

// readBytes is how much is read at a time.
const readBytes = 256 << 10

// Skip skips n bytes.
func (r *Reader) Skip(n int) {
	r.Line += bytes.Count(r.buf[r.at:r.at+n], []byte("\n"))
	r.at += n
}

// Rest returns the bytes in memory that have not been read.
func (r *Reader) Rest() []byte { return r.buf[r.at:] }

// ends of dumps, as pg_dump and pg_dumpall write them.
var ends = []string{"-- PostgreSQL database dump complete", "-- PostgreSQL database cluster dump complete"}

// Begin advances to the next statement or psql command, and reports false at the end of
// the dump.
func (r *Reader) Begin() (bool, error) {
	for {
		b := r.Rest()
		switch {
		case len(b) < 2 && !r.end:
		case len(b) == 0:
			return false, nil
		case strings.IndexByte(" \n\t\r\f\v", b[0]) >= 0:
			n := 1
			for n < len(b) && strings.IndexByte(" \n\t\r\f\v", b[n]) >= 0 {
				n++
			}
			r.Skip(n)
			continue
		case bytes.HasPrefix(b, []byte("--")), bytes.HasPrefix(b, []byte("/*")):
			_, n, _ := Scan(b, 0, r.Plain) // a comment cannot be malformed
			if n == More && r.end && b[0] == '-' {
				n = len(b)
			}
			if n != More {
				r.note(b[:n])
				r.Skip(n)
				continue
			}
			if r.end {
				return false, r.Wrong("a comment does not end")
			}
		default:
			return true, nil
		}
		if err := r.fill(); err != nil {
			return false, err
		}
	}
}

// note looks for the comment that ends a dump.
func (r *Reader) note(comment []byte) {
	s := strings.TrimRight(string(comment), "\r\n")
	for _, end := range ends {
		r.Complete = r.Complete || s == end
	}
}

// Statement returns the statement that begins here. It is valid until the next call. A
// psql command includes its line end.
func (r *Reader) Statement() ([]byte, error) {
	if r.Rest()[0] != '\\' {
		r.Complete = false // a psql command may follow the comment
	}
	for {
		b := r.Rest()
		n := 0
		if b[0] == '\\' {
			n = bytes.IndexByte(b, '\n') + 1
			if n == 0 && r.end {
				n = len(b)
			}
		} else {
			var err error
			if n, err = StatementEnd(b, r.Plain); err != nil {
				r.Skip(n)
				return nil, r.Wrong("%w", err)
			}
		}
		if n > 0 {
			// The line end after it is part of it: the rows of a COPY begin there.
			return b[:n], nil
		}
		if r.end {
			return nil, r.Wrong("the dump is cut off in a statement")
		}
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
}

// LineEnd advances past the end of the line, on which nothing may be left.
func (r *Reader) LineEnd() error {
	for {
		b := r.Rest()
		n := bytes.IndexByte(b, '\n')
		switch {
		case n >= 0 && len(bytes.TrimSpace(b[:n])) > 0:
			return r.Wrong("unexpected text after COPY")
		case n >= 0:
			r.Skip(n + 1)
			return nil
		case r.end:
			return r.Wrong("the dump is cut off before the rows of a COPY")
		}
		if err := r.fill(); err != nil {
			return err
		}
	}
}

// Rows calls each with blocks of whole rows of a COPY, and ends after the line that ends
// them. A block is valid until each returns.
func (r *Reader) Rows(each func(rows []byte, line int, last bool) error) error {
	for {
		b := r.Rest()
		end, last := endOfRows(b)
		if !last && end == 0 {
			if r.end {
				return r.Wrong("the dump is cut off in the rows of a COPY")
			}
			if err := r.fill(); err != nil {
				return err
			}
			continue
		}
		if err := each(b[:end], r.Line, last); err != nil {
			return err
		}
		r.Skip(end)
		if last {
			r.Skip(bytes.IndexByte(r.Rest(), '\n') + 1)
			return nil
		}
		if err := r.fill(); err != nil {
			return err
		}
	}
}

// endOfRows returns the end of the whole rows that b begins with, and whether the line
// after them is the one that ends all rows.
func endOfRows(b []byte) (end int, last bool) {
	for at := 0; ; {
		n := bytes.Index(b[at:], []byte(`\.`))
		if n < 0 {
			break
		}
		at += n
		rest := b[at+2:]
		if (at == 0 || b[at-1] == '\n') && (bytes.HasPrefix(rest, []byte("\n")) || bytes.HasPrefix(rest, []byte("\r\n"))) {
			return at, true
		}
		at += 2
	}
	end = bytes.LastIndexByte(b, '\n') + 1
	return end, false
}

// Inserts returns the end of the complete statements that begin alike, up to a size.
// first is the end of the first one.
func (r *Reader) Inserts(first, size int, begins []byte) (int, error) {
	b := r.Rest()
	end := first
	for end < size {
		next := end
		for next < len(b) && (b[next] == '\n' || b[next] == '\r') {
			next++
		}
		if !bytes.HasPrefix(b[next:], begins) {
			return end, nil
		}
		n, err := StatementEnd(b[next:], r.Plain)
		if err != nil {
			r.Skip(next + n)
			return 0, r.Wrong("%w", err)
		}
		if n == 0 {
			return end, nil
		}
		end = next + n
	}
	return end, nil
}
