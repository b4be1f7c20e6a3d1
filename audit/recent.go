package audit

import (
	"bytes"
	"crypto/sha256"
	"sync"

	"github.com/veil-proxy/veil/mask"
)

// mostRecent is how much of the log is kept in memory for a follower, and mostSpare how much
// memory of what it has read. wakeAt is how much wakes it.
const (
	mostRecent = 4 << 20
	mostSpare  = 1 << 20
	wakeAt     = 512 << 10
)

// Recent has the text that was written to a log last, for one follower in the same process:
// it need not read the file, nor check hashes that were just computed. The log waits for
// nobody: the follower reads from the file what it does not take in time. Recent is safe for
// concurrent use.
type Recent struct {
	// More receives a value when there is much to read.
	More <-chan struct{}
	more chan struct{}

	mu sync.Mutex
	// pieces follow one another from begin to end, the end of the log.
	pieces     []piece
	begin, end Place
	bytes      int // of memory that pieces have
	spare      [][]byte
	spareBytes int

	numbering    sync.Mutex
	applications applications
	// plans are the numbers of their actions' applications plus 1, and 0 where that is not known.
	plans map[*mask.Plan][]uint32
}

// mostPlans bounds the plans that are known: they come and go.
const mostPlans = 256

// piece is text of one segment.
type piece struct {
	Place
	text  []byte
	marks []mark
}

// mark says what stands in a line, so that its applications, which are most of it, need not
// be read: from where to where it has them, and what they are.
type mark struct {
	line     int // where it begins in a piece
	from, to int // in the line
	uses     []shortUse
}

// shortUse is a use without pointers: another processor reads it from memory.
type shortUse struct {
	number uint32 // of the application among those of the log
	n      uint64
}

// mark is that of the last line, which begins and ends at these places of a group's text.
func (e *encoder) mark(begin, end int, uses []shortUse) mark {
	start := 0
	if n := len(e.ends); n > 1 {
		start = e.ends[n-2]
	}
	// Before the members of the line stand its number and a hash, and behind them its own.
	ahead := end - begin - len(hashMember) - 2*sha256.Size - len("\"}\n") - (len(e.text) - start)
	return mark{begin, ahead + e.applied[0] - start, ahead + e.applied[1] - start, uses}
}

func (p *piece) end() Place { return Place{Segment: p.Segment, Offset: p.Offset + p.Bytes} }

// Recent begins to keep what is written, and returns it. It must be called at most
// once.
func (l *Log) Recent() *Recent {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.writing {
		l.idle.Wait()
	}
	more := make(chan struct{}, 1)
	r := &Recent{More: more, more: more, applications: newApplications(), plans: map[*mask.Plan][]uint32{}}
	if l.segment != nil {
		r.end = Place{Segment: l.segment.name, Offset: l.segment.size}
	}
	r.begin = r.end
	l.recent = r
	return r
}

// add takes text that was written, and returns other memory for a text if there is some.
func (r *Recent) add(p piece) (other []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pieces = append(r.pieces, p)
	r.end = p.end()
	before := r.bytes
	r.bytes += cap(p.text)
	for r.bytes > mostRecent {
		r.drop()
	}
	if before < wakeAt && r.bytes >= wakeAt {
		select {
		case r.more <- struct{}{}:
		default:
		}
	}
	if n := len(r.spare); n > 0 {
		other, r.spare = r.spare[n-1], r.spare[:n-1]
		r.spareBytes -= cap(other)
	}
	return other
}

// drop forgets the first piece.
func (r *Recent) drop() { r.keep(r.pop().text) }

func (r *Recent) pop() piece {
	p := r.pieces[0]
	r.pieces[0] = piece{}
	if r.pieces = r.pieces[1:]; len(r.pieces) == 0 {
		r.pieces = nil
	}
	r.begin = p.end()
	r.bytes -= cap(p.text)
	return p
}

// keep keeps memory.
func (r *Recent) keep(text []byte) {
	if cap(text) > 0 && r.spareBytes+cap(text) <= mostSpare {
		r.spare = append(r.spare, text[:0])
		r.spareBytes += cap(text)
	}
}

// after returns the piece that follows a place, or that the place is in. known is false where
// the log must be read in its file; an empty piece is the end of the log. read is the text of
// the piece before, which is not used any more.
func (r *Recent) after(at Place, read []byte) (p piece, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(read)
	at.Bytes = 0
	for len(r.pieces) > 0 {
		switch first := &r.pieces[0]; {
		case at == r.begin:
			return r.pop(), true
		case at.Segment == first.Segment && at.Offset >= first.Offset && at.Offset < first.Offset+first.Bytes:
			return r.pop(), true
		case !reaches(at, first.end()):
			return piece{}, false
		}
		r.drop() // it was read in the file
	}
	return piece{}, reaches(at, r.end)
}

// reaches reports whether a place is at another one or behind it.
func reaches(at, other Place) bool {
	return at.Segment > other.Segment || at.Segment == other.Segment && at.Offset >= other.Offset
}

// From makes a follower read recent lines from memory.
func (f *Follower) From(r *Recent) {
	f.recent = r
	f.p.recent, f.p.translated = r, nil
}

// uses returns the uses of a record by numbers; nil if one has none.
func (r *Recent) uses(of *mask.Record) []shortUse {
	out := make([]shortUse, len(of.Used))
	r.numbering.Lock()
	defer r.numbering.Unlock()
	known := r.plan(of.Plan())
	for i := range of.Used {
		u := &of.Used[i]
		n := u.Number()
		if n >= 0 && n < len(known) && known[n] > 0 {
			out[i] = shortUse{known[n] - 1, u.N}
			continue
		}
		a := r.applications.ofAction(u.Action)
		if a.Number < 0 {
			return nil
		}
		out[i] = shortUse{uint32(a.Number), u.N} //nolint:gosec // fewer than mostTexts
		if n >= 0 && n < len(known) {
			known[n] = out[i].number + 1
		}
	}
	return out
}

// plan returns what is known of a plan; nothing for none.
func (r *Recent) plan(of *mask.Plan) []uint32 {
	if of == nil {
		return nil
	}
	known := r.plans[of]
	if known == nil {
		if len(r.plans) >= mostPlans {
			clear(r.plans)
		}
		known = make([]uint32, len(of.Actions))
		r.plans[of] = known
	}
	return known
}

// application is the one of a number.
func (r *Recent) application(number int) mask.Applied {
	r.numbering.Lock()
	defer r.numbering.Unlock()
	a := r.applications.list[number]
	return mask.Applied{Rule: a.Rule, Category: a.Category, Path: a.Path, Method: a.Method}
}

// recentLine returns the next line, if it is in memory. known is false where it must be read
// in the file; no line is the end of the log.
func (f *Follower) recentLine() (line []byte, known bool) {
	if len(f.rest) == 0 {
		p, known := f.recent.after(Place{Segment: f.segment, Offset: f.offset}, f.piece)
		f.piece = p.text
		if !known || len(p.text) == 0 {
			return nil, known
		}
		f.rest, f.marks = p.text, p.marks
		if p.Segment == f.segment && f.offset > p.Offset {
			f.rest = p.text[f.offset-p.Offset:]
		} else {
			f.segment, f.offset = p.Segment, p.Offset
		}
		f.Close() // it is behind
		f.end = false
	}
	at := len(f.piece) - len(f.rest)
	for len(f.marks) > 0 && f.marks[0].line < at {
		f.marks = f.marks[1:]
	}
	f.p.mark = nil
	if f.p.lean && len(f.marks) > 0 && f.marks[0].line == at {
		f.p.mark = &f.marks[0]
		// The line feed is behind what is marked.
		n := f.p.mark.to + bytes.IndexByte(f.rest[f.p.mark.to:], '\n')
		line, f.rest = f.rest[:n], f.rest[n+1:]
		return line, true
	}
	line, f.rest, _ = bytes.Cut(f.rest, []byte("\n"))
	return line, true
}
