package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Place is the position of lines in a log. It is valid for as long as their segment exists.
type Place struct {
	Segment       string // the name of its file
	Offset, Bytes int64
}

// DamagedError says that a line cannot be read. Verify gives details.
type DamagedError struct {
	Place
	err error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s, byte %d: %v", e.Segment, e.Offset, e.err)
}

func (e *DamagedError) Unwrap() error { return e.err }

// Follower reads the lines of a log in order, including those that are written meanwhile.
// It must not be used concurrently.
type Follower struct {
	dir     string
	segment string // empty: not begun
	offset  int64  // of the next line
	p       *parser
	r       *reader // nil: not open
	line    Line
	// end says that nothing followed offset at the last check; changed is when the folder
	// had last changed by then.
	end     bool
	changed time.Time
	// doubted is the offset of a line that could not be read and may have been written only
	// in part, or -1.
	doubted int64

	recent *Recent // nil: only the file
	unread unread  // of it
}

// Follow returns a follower whose first line is the one at a place, or the first line of the
// log if the place is zero.
func Follow(dir string, from Place) *Follower {
	return &Follower{dir: dir, segment: from.Segment, offset: from.Offset, p: newParser(), doubted: -1}
}

// Close closes the file that is being read.
func (f *Follower) Close() {
	if f.r != nil {
		f.r.close()
		f.r = nil
	}
}

// Next returns the next line and its place; the line is valid until the next call. The error
// is io.EOF if there is no further line yet, and a *DamagedError for a line that cannot be
// read; the next call continues after it. With any other error, nothing was read.
func (f *Follower) Next() (*Line, Place, error) {
	f.p.lean = false
	f.unread = unread{} // which has no complete lines
	return f.next()
}

// Scanned is a line with its applications separate and its hash as bytes. It lacks the hash of
// the previous line.
type Scanned struct {
	*Line
	Uses []Use
	Hash []byte
}

// Scan is like Next, for callers that read many lines. The whole line is valid only
// until the next call. Only Scan reads recent lines from memory (From).
func (f *Follower) Scan() (l Scanned, at Place, err error) {
	f.p.lean = true
	l.Line, at, err = f.next()
	l.Uses, l.Hash = f.p.uses, f.p.hash
	return l, at, err
}

func (f *Follower) next() (*Line, Place, error) {
	if f.recent != nil && f.p.lean {
		text, bytes, known := f.recentLine()
		switch {
		case known && text == nil:
			return nil, Place{}, io.EOF
		case known:
			at := Place{f.segment, f.offset, bytes}
			f.offset += at.Bytes
			err := f.p.decode(&f.line, text)
			f.p.mark = mark{}
			return &f.line, at, err
		}
	}
	if f.end {
		more, err := f.grown()
		if err != nil {
			return nil, Place{}, err
		}
		if !more {
			return nil, Place{}, io.EOF
		}
		f.end = false
	}
	for {
		if err := f.open(); err != nil {
			return nil, Place{}, err
		}
		text, err := f.r.line()
		if err == nil {
			return f.take(text)
		}
		if !errors.Is(err, io.EOF) && !isCut(err) {
			return nil, Place{}, err
		}
		at := Place{Segment: f.segment, Offset: f.offset}
		next, nerr := f.following()
		if nerr != nil {
			return nil, Place{}, nerr
		}
		if next == "" {
			return nil, Place{}, f.rewind()
		}
		// A segment ends before the next one begins, so everything that was written between the
		// two checks is there now.
		if !f.end {
			if err := f.rewind(); !errors.Is(err, io.EOF) {
				return nil, Place{}, err
			}
			continue
		}
		f.Close()
		f.segment, f.offset, f.end = next, 0, false
		if isCut(err) {
			return nil, at, &DamagedError{at, err}
		}
	}
}

// take parses a line.
func (f *Follower) take(text []byte) (*Line, Place, error) {
	at := Place{f.segment, f.offset, int64(len(text)) + 1}
	err := f.p.parseInto(&f.line, text)
	if err != nil && f.doubted != f.offset {
		// It may still be being written.
		f.doubted = f.offset
		return nil, Place{}, f.rewind()
	}
	f.offset += at.Bytes
	f.end = false
	if err != nil {
		return nil, at, &DamagedError{at, err}
	}
	return &f.line, at, nil
}

// open opens the segment, if it is not open.
func (f *Follower) open() (err error) {
	if f.r != nil {
		return nil
	}
	if f.segment == "" {
		names, err := segmentFiles(f.dir)
		if err != nil {
			return err
		}
		if len(names) == 0 {
			return io.EOF
		}
		f.segment = names[0]
	}
	f.r, err = openReader(filepath.Join(f.dir, f.segment))
	if errors.Is(err, fs.ErrNotExist) && f.offset == 0 { // removed after its name was read
		if next, nerr := f.following(); nerr == nil && next != "" {
			f.segment = next
			f.r, err = openReader(filepath.Join(f.dir, f.segment))
		}
	}
	if err != nil {
		return err
	}
	_, err = f.r.f.Seek(f.offset, io.SeekStart)
	return err
}

// rewind makes the next read start at the offset again. It returns io.EOF.
func (f *Follower) rewind() error {
	f.end = true
	if _, err := f.r.f.Seek(f.offset, io.SeekStart); err != nil {
		return err
	}
	f.r.r.Reset(f.r.f)
	return io.EOF
}

// grown reports whether there may be new text after the offset. It is cheap.
func (f *Follower) grown() (bool, error) {
	if f.r == nil {
		return true, nil
	}
	var b [1]byte
	n, err := f.r.f.ReadAt(b[:], f.offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if n == 1 && b[0] != 0 {
		return true, nil
	}
	if f.line.Seq > 0 {
		if _, err := os.Stat(filepath.Join(f.dir, segmentName(f.line.Seq+1))); err == nil {
			return true, nil
		}
	}
	info, err := os.Stat(f.dir)
	if err != nil {
		return false, err
	}
	more := !info.ModTime().Equal(f.changed)
	f.changed = info.ModTime()
	return more, nil
}

// following returns the name of the segment after the current one, or "".
func (f *Follower) following() (string, error) {
	names, err := segmentFiles(f.dir)
	if err != nil {
		return "", err
	}
	i, found := slices.BinarySearch(names, f.segment)
	if found {
		i++
	}
	if i == len(names) {
		return "", nil
	}
	return names[i], nil
}

// Behind returns the number of bytes of the log that were not read yet, including
// reserved space.
func (f *Follower) Behind() (n int64, err error) {
	names, err := segmentFiles(f.dir)
	for _, name := range names {
		if name < f.segment {
			continue
		}
		info, err := os.Stat(filepath.Join(f.dir, name))
		if err != nil {
			return n, err
		}
		n += info.Size()
	}
	return max(n-f.offset, 0), err
}

// Segments returns the names of a log's segments in order.
func Segments(dir string) ([]string, error) { return segmentFiles(dir) }

// Places reads lines of a log by their places. It keeps the file that it read last open. It
// must not be used concurrently.
type Places struct {
	dir, name string
	f         *os.File
	p         *parser
}

// OpenPlaces returns a reader of a log's lines.
func OpenPlaces(dir string) *Places { return &Places{dir: dir, p: newParser()} }

// Close closes the file.
func (r *Places) Close() {
	if r.f != nil {
		_ = r.f.Close() // only read
	}
	r.f, r.name = nil, ""
}

// Read returns the lines at a place, and their text. The error is a *DamagedError if there
// are no lines.
func (r *Places) Read(at Place) ([]*Line, []byte, error) {
	if !isSegment(at.Segment) || at.Bytes <= 0 {
		return nil, nil, &DamagedError{at, errLineForm}
	}
	if r.name != at.Segment {
		r.Close()
		f, err := os.Open(filepath.Join(r.dir, at.Segment))
		if err != nil {
			return nil, nil, err
		}
		r.f, r.name = f, at.Segment
	}
	text := make([]byte, at.Bytes)
	if _, err := r.f.ReadAt(text, at.Offset); err != nil {
		return nil, nil, &DamagedError{at, err}
	}
	var lines []*Line
	for rest := text; len(rest) > 0; {
		line, more, whole := bytes.Cut(rest, []byte("\n"))
		if !whole {
			return nil, nil, &DamagedError{at, errNoLineFeed}
		}
		l, err := r.p.parse(line)
		if err != nil {
			return nil, nil, &DamagedError{at, err}
		}
		lines, rest = append(lines, l), more
	}
	return lines, text, nil
}
