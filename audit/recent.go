package audit

import (
	"math"
	"sync"

	"github.com/veil-proxy/veil/mask"
)

// mostRecent is how many bytes of recent lines are kept in memory for a follower, and
// mostSpare how much memory of lines that it has read. wakeAt is the amount that wakes
// it.
const (
	mostRecent = 4 << 20
	mostSpare  = 1 << 20
	wakeAt     = 512 << 10
)

// Recent has the most recent lines of a log, for one follower in the same process: it
// need not read the file, or check hashes that were just computed. The log never waits:
// what the follower does not read in time, it reads from the file. Recent is safe for
// concurrent use.
type Recent struct {
	// More receives a value when there is much to read.
	More <-chan struct{}
	more chan struct{}

	mu sync.Mutex
	// pieces are consecutive, from begin to end, which is the end of the log.
	pieces     []*piece
	begin, end Place
	bytes      int // bytes of memory of the pieces
	spare      []*piece
	spareBytes int
}

// piece has consecutive lines of one segment.
type piece struct {
	Place
	lines []recentLine
	text  []byte
	uses  []shortUse
}

// recentLine is a line of a piece. Its applications, which are most of it, are kept as
// the numbers of a plan's actions, if these are known, instead of as text. So little is
// copied and read, and the log can reuse its buffer at once.
type recentLine struct {
	bytes int        // its length in the file
	text  int        // bytes of the piece's text
	plan  *mask.Plan // of its uses; nil if its text is complete
	uses  int        // of the piece's
}

// shortUse is a use without pointers, since another processor reads it from memory.
type shortUse struct {
	action uint16 // its number in the plan
	n      uint32
}

// bytesOfLine and bytesOfUse are the sizes of recentLine and shortUse.
const (
	bytesOfLine = 32
	bytesOfUse  = 8
)

// add adds a line as it is in the file.
func (p *piece) add(line []byte) {
	p.text = append(p.text, line[:len(line)-1]...)
	p.lines = append(p.lines, recentLine{bytes: len(line), text: len(line) - 1})
}

// addRecord adds the line of a record, whose applications are in the given range.
func (p *piece) addRecord(line []byte, applied [2]int, r *mask.Record) {
	plan, before := r.Plan(), len(p.uses)
	if plan == nil || len(r.Used) == 0 {
		p.add(line)
		return
	}
	for i := range r.Used {
		u := &r.Used[i]
		action := u.Number()
		if action < 0 || action > math.MaxUint16 || u.N > math.MaxUint32 {
			p.uses = p.uses[:before]
			p.add(line)
			return
		}
		p.uses = append(p.uses, shortUse{uint16(action), uint32(u.N)})
	}
	p.text = append(append(p.text, line[:applied[0]]...), line[applied[1]:len(line)-1]...)
	p.lines = append(p.lines, recentLine{len(line), len(line) - 1 - (applied[1] - applied[0]), plan, len(p.uses) - before})
}

func (p *piece) end() Place { return Place{Segment: p.Segment, Offset: p.Offset + p.Bytes} }

// memory returns how many bytes a piece takes.
func (p *piece) memory() int {
	return cap(p.text) + cap(p.lines)*bytesOfLine + cap(p.uses)*bytesOfUse
}

// Recent begins to keep what is written, and returns it. It must be called at most
// once.
func (l *Log) Recent() *Recent {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.writing {
		l.idle.Wait()
	}
	more := make(chan struct{}, 1)
	r := &Recent{More: more, more: more}
	if l.segment != nil {
		r.end = Place{Segment: l.segment.name, Offset: l.segment.size}
	}
	r.begin = r.end
	l.recent = r
	return r
}

// piece returns an empty piece.
func (r *Recent) piece() *piece {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.spare)
	if n == 0 {
		return new(piece)
	}
	p := r.spare[n-1]
	r.spare[n-1] = nil
	r.spare = r.spare[:n-1]
	r.spareBytes -= p.memory()
	return p
}

// add adds lines that were written at a position.
func (r *Recent) add(p *piece, at Place) {
	p.Place = at
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pieces = append(r.pieces, p)
	r.end = p.end()
	before := r.bytes
	r.bytes += p.memory()
	for r.bytes > mostRecent {
		r.drop()
	}
	if before < wakeAt && r.bytes >= wakeAt {
		select {
		case r.more <- struct{}{}:
		default:
		}
	}
}

// drop discards the first piece.
func (r *Recent) drop() { r.keep(r.pop()) }

func (r *Recent) pop() *piece {
	p := r.pieces[0]
	r.pieces[0] = nil
	if r.pieces = r.pieces[1:]; len(r.pieces) == 0 {
		r.pieces = nil
	}
	r.begin = p.end()
	r.bytes -= p.memory()
	return p
}

// keep keeps the memory of a piece for reuse.
func (r *Recent) keep(p *piece) {
	if n := p.memory(); r.spareBytes+n <= mostSpare {
		clear(p.lines) // its plans
		p.Place, p.lines, p.text, p.uses = Place{}, p.lines[:0], p.text[:0], p.uses[:0]
		r.spare = append(r.spare, p)
		r.spareBytes += n
	}
}

// after returns the piece that follows a position or contains it. known is false if the
// log must be read from its file; no piece means the end of the log. read is the previous
// piece, which is no longer used; nil for none.
func (r *Recent) after(at Place, read *piece) (p *piece, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if read != nil {
		r.keep(read)
	}
	at.Bytes = 0
	for len(r.pieces) > 0 {
		switch first := r.pieces[0]; {
		case at == r.begin:
			return r.pop(), true
		case at.Segment == first.Segment && at.Offset >= first.Offset && at.Offset < first.Offset+first.Bytes:
			return r.pop(), true
		case !reaches(at, first.end()):
			return nil, false
		}
		r.drop() // it was read from the file
	}
	return nil, reaches(at, r.end)
}

// reaches reports whether a position is at or after another one.
func reaches(at, other Place) bool {
	return at.Segment > other.Segment || at.Segment == other.Segment && at.Offset >= other.Offset
}

// From makes Scan read recent lines from memory.
func (f *Follower) From(r *Recent) { f.recent = r }

// unread are the lines of a piece that have not been read yet.
type unread struct {
	piece *piece // nil: none
	line  int    // the next one
	text  int    // where it begins
	uses  int
}

// next returns the text of the next line, and the line; its uses are those of a mark.
func (u *unread) next() (text []byte, line *recentLine, m mark) {
	line = &u.piece.lines[u.line]
	text = u.piece.text[u.text : u.text+line.text]
	m = mark{line.plan, u.piece.uses[u.uses : u.uses+line.uses]}
	u.line, u.text, u.uses = u.line+1, u.text+line.text, u.uses+line.uses
	return text, line, m
}

// over reports that there are no more lines.
func (u *unread) over() bool { return u.piece == nil || u.line == len(u.piece.lines) }

// recentLine reads the next line, if it is in memory. known is false if it must be read
// from the file; no line means the end of the log.
func (f *Follower) recentLine() (text []byte, bytes int64, known bool) {
	if f.unread.over() {
		p, known := f.recent.after(Place{Segment: f.segment, Offset: f.offset}, f.unread.piece)
		f.unread = unread{piece: p}
		if p == nil {
			return nil, 0, known
		}
		at := p.Offset
		if p.Segment != f.segment || f.offset <= at {
			f.segment, f.offset = p.Segment, at
		}
		for at < f.offset { // read from the file
			_, line, _ := f.unread.next()
			at += int64(line.bytes)
		}
		f.Close() // it has fallen behind
		f.end = false
	}
	text, line, m := f.unread.next()
	f.p.mark = m
	return text, int64(line.bytes), true
}
