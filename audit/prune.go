package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Retention says which segments are removed, oldest first. A segment is removed as a whole;
// the one being written is never removed.
type Retention struct {
	// Age is the age of a segment's last line at which it is removed, and Bytes the maximum
	// size of all segments together. Zero means no limit.
	Age   time.Duration
	Bytes int64
	// Shipped returns the number of the last line that need not be kept for others, such as
	// log shippers. Nil means that no line needs to be kept.
	Shipped func() uint64
}

// errUnsigned says that nothing is removed from a log without checkpoints.
var errUnsigned = errors.New("retention requires signed checkpoints: nothing else shows that the beginning of the log was not cut off")

// Prune removes the segments that exceed a retention, and reports how many. Before it
// removes a segment, it records the removal in the log, durably and under a checkpoint. A
// segment that does not verify is not removed, nor is any after it.
func (l *Log) Prune(ctx context.Context, r Retention, now time.Time) (removed int, err error) {
	if l.opts.Signer == nil {
		return 0, errUnsigned
	}
	segments, err := segmentFiles(l.dir)
	if err != nil {
		return 0, err
	}
	total, err := Size(l.dir)
	if err != nil {
		return 0, err
	}
	for i := 0; i+1 < len(segments); i++ {
		path := filepath.Join(l.dir, segments[i])
		next, err := firstLine(filepath.Join(l.dir, segments[i+1]))
		if err != nil {
			return removed, err
		}
		info, err := os.Stat(path)
		if err != nil {
			return removed, err
		}
		old := r.Age > 0 && next.Time.Before(now.Add(-r.Age))
		large := r.Bytes > 0 && total > r.Bytes
		if !old && !large || r.Shipped != nil && r.Shipped() < next.Seq-1 {
			return removed, nil
		}
		end, err := wholeSegment(path, segments[i])
		if err != nil {
			return removed, err
		}
		if (chain{next.Seq - 1, next.Prev}) != end {
			return removed, &verifyError{segments[i], 1, end.seq, "the next segment does not continue it"}
		}
		e := encoders.Get().(*encoder)
		e.pruned(now, end)
		if err := l.append(ctx, now, e, true); err != nil {
			return removed, err
		}
		if err := errors.Join(os.Remove(path), syncDir(l.dir)); err != nil {
			return removed, err
		}
		total -= info.Size()
		removed++
	}
	return removed, nil
}

// firstLine reads the first line of a segment.
func firstLine(path string) (*Line, error) {
	r, err := openReader(path)
	if err != nil {
		return nil, err
	}
	defer r.close()
	text, err := r.line()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	line, err := newParser().parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return line, nil
}

// wholeSegment verifies a closed segment, and returns its end.
func wholeSegment(path, name string) (chain, error) {
	c, err := beginning(filepath.Dir(path), name)
	if err == nil {
		var rep Report
		err = rep.segment(path, name, false, &c, chain{}, func(*Line, int) error { return nil })
	}
	return c, err
}

// beginning returns what precedes the first segment of a log: line 0, or the last removed
// line, according to the segment's first line.
func beginning(dir, name string) (chain, error) {
	text := strings.TrimSuffix(strings.TrimPrefix(name, "veil-"), segmentEnding)
	first, err := strconv.ParseUint(text, 10, 64)
	if err != nil || first == 0 {
		return chain{}, &verifyError{name, 1, 0, "no segment has this number"}
	}
	if first == 1 {
		return chain{hash: zeroHash}, nil
	}
	line, err := firstLine(filepath.Join(dir, name))
	if errors.Is(err, io.EOF) {
		return chain{}, &verifyError{name, 1, first, "the segment is empty"}
	}
	if err != nil {
		return chain{}, &verifyError{name, 1, first, "changed: " + err.Error()}
	}
	return chain{first - 1, line.Prev}, nil
}

// begin is where a log begins, and how the log explains that.
type begin struct {
	first   chain
	segment string
	signed  uint64 // line of the checkpoint; 0 for none
	stated  uint64 // line that says that earlier lines were removed; 0 for none
}

// look checks whether a line says that the lines before the log were removed.
func (b *begin) look(l *Line, rep *Report) {
	if l.Kind == "pruned" && l.PrunedSeq == b.first.seq && l.PrunedHash == b.first.hash {
		b.stated = l.Seq
		rep.Pruned, rep.PrunedAt = l.PrunedSeq, l.Time
	}
}

// check refuses a log whose beginning is missing without a stated reason.
func (b *begin) check(rep *Report) error {
	bad := func(text string) error {
		rep.Pruned, rep.PrunedAt = 0, time.Time{}
		return &verifyError{b.segment, 1, b.first.seq + 1, fmt.Sprintf("lines 1 to %d are missing: %s", b.first.seq, text)}
	}
	switch {
	case b.first.seq == 0:
		return nil
	case b.stated == 0:
		return bad("no line says that they were removed by retention")
	case b.signed > 0 && b.stated > b.signed:
		return bad(fmt.Sprintf("line %d says that they were removed by retention, but no checkpoint covers it", b.stated))
	}
	return nil
}
