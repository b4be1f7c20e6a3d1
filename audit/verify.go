package audit

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"
)

// verifyError says what is wrong with a log and where.
type verifyError struct {
	// Segment is the file's name, Line its line from 1, Seq the sequence number
	// that the line has or should have.
	Segment string
	Line    int
	Seq     uint64
	// What is wrong.
	What string
}

func (e *verifyError) Error() string {
	if e.Segment == "" {
		return e.What
	}
	return fmt.Sprintf("%s:%d (seq %d): %s", e.Segment, e.Line, e.Seq, e.What)
}

// Report is what Verify found.
type Report struct {
	Segments int    `json:"segments"`
	Lines    uint64 `json:"lines"`
	Records  uint64 `json:"records"`
	// LastHash is the head of the chain, to compare with one noted elsewhere.
	LastHash string `json:"lastHash"`
	// Checkpoint is the sequence number of the verified signed checkpoint, 0 if none was
	// checked.
	Checkpoint uint64 `json:"checkpoint"`
	// Pruned is the number of lines that retention removed, and PrunedAt when it removed the
	// last of them.
	Pruned   uint64    `json:"pruned,omitempty"`
	PrunedAt time.Time `json:"prunedAt,omitzero"`
}

// WriteText writes the report for people.
func (rep *Report) WriteText(out io.Writer) error {
	text := fmt.Sprintf("ok: %d records in %d lines and %d segments; last hash %s\n", rep.Records, rep.Lines, rep.Segments, rep.LastHash)
	if rep.Pruned > 0 {
		text += fmt.Sprintf("ok: lines 1 to %d were removed by retention, up to %s, as the log says\n", rep.Pruned, rep.PrunedAt.Format(time.RFC3339))
	}
	if rep.Checkpoint > 0 {
		text += fmt.Sprintf("ok: signed checkpoint at line %d\n", rep.Checkpoint)
	}
	_, err := io.WriteString(out, text)
	return err
}

// ErrNoLog says that a folder has no log: nothing was checked, which does not mean that
// all is well.
var ErrNoLog = errors.New("there is no audit log in this directory: no file is named veil-<20 digits>.jsonl")

// Verify reads a whole log and checks the form and hash of each line, the numbers, the
// chain, the order of the segments, and, with a verifier key, the checkpoint. It uses
// little memory, whatever the log's size. The error is a *verifyError if the log is not
// intact.
func Verify(dir, verifierKey string) (Report, error) {
	return VerifyEach(dir, verifierKey, func(*Line, int) error { return nil })
}

// VerifyEach is like Verify, and passes each verified line to a function, with its size
// in bytes. An error of the function ends it.
func VerifyEach(dir, verifierKey string, each func(l *Line, bytes int) error) (Report, error) {
	var rep Report
	segments, err := segmentFiles(dir)
	if err != nil {
		return rep, err
	}
	if len(segments) == 0 {
		return rep, &verifyError{What: ErrNoLog.Error()}
	}
	var signed chain
	if verifierKey != "" {
		signed, err = readCheckpoint(dir, verifierKey)
		if errors.Is(err, errNoCheckpoint) {
			return rep, &verifyError{What: err.Error()}
		}
		if err != nil {
			return rep, err
		}
		rep.Checkpoint = signed.seq
	}
	c, err := beginning(dir, segments[0])
	if err != nil {
		return rep, err
	}
	begins := begin{first: c, segment: segments[0], signed: signed.seq}
	for _, name := range segments {
		rep.Segments++
		if name != segmentName(c.seq+1) {
			return rep, &verifyError{name, 1, c.seq + 1, fmt.Sprintf("the segment %s should come next: one was removed or renamed", segmentName(c.seq+1))}
		}
		if err := rep.segment(filepath.Join(dir, name), name, name == segments[len(segments)-1], &c, signed, func(l *Line, bytes int) error {
			begins.look(l, &rep)
			return each(l, bytes)
		}); err != nil {
			return rep, err
		}
	}
	rep.LastHash = c.hash
	if err := begins.check(&rep); err != nil {
		return rep, err
	}
	if signed.seq > c.seq {
		name := ""
		if len(segments) > 0 {
			name = segments[len(segments)-1]
		}
		return rep, &verifyError{name, int(c.seq), c.seq + 1, fmt.Sprintf("the log ends here, but its checkpoint has %d lines: its end was removed", signed.seq)}
	}
	return rep, nil
}

func (rep *Report) segment(path, name string, last bool, c *chain, signed chain, each func(*Line, int) error) error {
	r, err := openReader(path)
	if err != nil {
		return err
	}
	defer r.close()
	p := newParser()
	for n := 1; ; n++ {
		text, err := r.line()
		bad := func(seq uint64, format string, args ...any) error {
			return &verifyError{name, n, seq, fmt.Sprintf(format, args...)}
		}
		switch {
		case errors.Is(err, io.EOF) && n == 1:
			return bad(c.seq+1, "the segment is empty")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !last:
			return bad(c.seq+1, "the line is cut off: %v", err)
		case err != nil:
			return bad(c.seq+1, "the line is cut off: %v. A crash or a full disk leaves such a line, whose exchange was not completed: "+
				"it is set aside the next time the log is opened", err)
		}
		l, err := p.parse(text)
		if err != nil {
			return bad(c.seq+1, "changed: %v", err)
		}
		switch {
		case l.Seq > c.seq+1:
			return bad(l.Seq, "lines %d to %d are missing: removed, or moved elsewhere", c.seq+1, l.Seq-1)
		case l.Seq < c.seq+1:
			return bad(l.Seq, "the line should be number %d: it was moved or inserted", c.seq+1)
		case l.Prev != c.hash:
			return bad(l.Seq, "the line before it is not the one it was written after: changed or replaced")
		case (l.Kind == "header") != (n == 1):
			return bad(l.Seq, "a segment has one header, in its first line")
		case l.Kind == "header" && l.Version != formatVersion:
			return bad(l.Seq, "format version %d is not known", l.Version)
		}
		*c = chain{l.Seq, l.Hash}
		rep.Lines++
		if l.Kind == "record" {
			rep.Records++
		}
		if signed.seq == l.Seq && signed.hash != l.Hash {
			return bad(l.Seq, "the checkpoint has a different hash for this line: the log was rewritten")
		}
		if err := each(l, len(text)+1); err != nil {
			return err
		}
	}
}

// Size returns the size of a log's segments in bytes.
func Size(dir string) (n int64, err error) {
	segments, err := segmentFiles(dir)
	for _, name := range segments {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return n, err
		}
		n += info.Size()
	}
	return n, err
}

// Read returns the lines of a log in order. A line that cannot be read
// is returned as an error, and reading continues with the next.
func Read(dir string) iter.Seq2[*Line, error] {
	return func(yield func(*Line, error) bool) {
		segments, err := segmentFiles(dir)
		if err != nil {
			yield(nil, err)
			return
		}
		if len(segments) == 0 {
			yield(nil, fmt.Errorf("%s: %w", dir, ErrNoLog))
			return
		}
		for _, name := range segments {
			if !readSegment(filepath.Join(dir, name), name, yield) {
				return
			}
		}
	}
}

func readSegment(path, name string, yield func(*Line, error) bool) bool {
	r, err := openReader(path)
	if err != nil {
		return yield(nil, err)
	}
	defer r.close()
	p := newParser()
	for n := 1; ; n++ {
		text, err := r.line()
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			return yield(nil, fmt.Errorf("%s:%d: %w", name, n, err))
		}
		l, err := p.parse(text)
		if err != nil {
			if !yield(nil, fmt.Errorf("%s:%d: %w", name, n, err)) {
				return false
			}
			continue
		}
		if !yield(l, nil) {
			return false
		}
	}
}
