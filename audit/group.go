package audit

import (
	"bytes"
	"fmt"
	"runtime"
	"time"
)

// group is text for one segment that is written at once, with those who wait for it.
type group struct {
	segment string // name of the segment that begins with this group, or empty
	text    []byte
	recent  *piece // its lines, if they are followed; else nil
	end     head
	sign    bool          // a checkpoint follows it
	done    chan struct{} // closed when it is on disk, or cannot be written
	err     error         // valid after done
}

// mostAtOnce bounds what is written before a sync: a crash leaves at most that much in
// disorder.
const mostAtOnce = 1 << 20

// mostKept bounds the buffers that are kept.
const mostKept = 1 << 20

// enqueue queues a record, followed by a checkpoint if sign is set. The caller writes the
// groups that it returns.
func (l *Log) enqueue(now time.Time, e *encoder, sign bool) (g *group, mine []*group, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return nil, nil, l.failed
	}
	if l.closed {
		return nil, nil, errClosed
	}
	g = l.current(now)
	before := len(g.text)
	for i := range e.ends {
		begin := len(g.text)
		members := e.members(i)
		g.text = l.head.append(g.text, members)
		switch line := g.text[begin:]; {
		case g.recent == nil:
		case e.record != nil && i == len(e.ends)-1:
			g.recent.addRecord(line, e.appliedIn(line, members), e.record)
		default:
			g.recent.add(line)
		}
	}
	g.end = l.head
	g.sign = g.sign || sign
	l.size += int64(len(g.text) - before)
	if l.writing {
		return g, nil, nil
	}
	l.writing = true
	return g, l.take(), nil
}

// current returns the group to add to, and begins a new segment when the last
// one is full.
func (l *Log) current(now time.Time) *group {
	if l.size == 0 || l.size >= l.opts.segmentBytes {
		g := l.newGroup()
		g.segment = segmentName(l.head.seq + 1)
		header := Line{Kind: "header", Time: now, Version: formatVersion}
		g.text = l.head.append(g.text, header.appendMembers(nil))
		if g.recent != nil {
			g.recent.add(g.text)
		}
		l.size = int64(len(g.text))
		return g
	}
	if n := len(l.queue); n > 0 && len(l.queue[n-1].text) < mostAtOnce {
		return l.queue[n-1]
	}
	return l.newGroup()
}

func (l *Log) newGroup() *group {
	g := &group{done: make(chan struct{})}
	if n := len(l.spare); n > 0 {
		g.text, l.spare = l.spare[n-1], l.spare[:n-1]
	}
	if l.recent != nil {
		g.recent = l.recent.piece()
	}
	l.queue = append(l.queue, g)
	return g
}

// take returns what is queued, to be written.
func (l *Log) take() []*group {
	mine := l.queue
	l.queue = nil
	return mine
}

// release ends the caller's turn to write. What was queued in the meantime is left to the
// goroutine, so that no caller has to write the records of others.
func (l *Log) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 {
		l.more <- struct{}{}
		return
	}
	l.writing = false
	l.idle.Broadcast()
}

// writeMore is the log's goroutine.
func (l *Log) writeMore() {
	defer close(l.done)
	for range l.more {
		for {
			// Released callers may have their next records ready before the disk is: if processors
			// are scarce, these join this group instead of the next one.
			runtime.Gosched()
			l.mu.Lock()
			mine := l.take()
			if len(mine) == 0 {
				l.writing = false
				l.idle.Broadcast()
			}
			l.mu.Unlock()
			if len(mine) == 0 {
				break
			}
			l.writeGroups(mine)
		}
	}
}

// writeGroups writes groups and releases their waiters.
func (l *Log) writeGroups(groups []*group) {
	for _, g := range groups {
		l.mu.Lock()
		g.err = l.failed
		l.mu.Unlock()
		if g.err == nil {
			if err := l.writeGroup(g); err != nil {
				g.err = fmt.Errorf("%w: %w", errUnhealthy, err)
			}
		}
		l.mu.Lock()
		if l.failed == nil {
			l.failed = g.err
		}
		if n := cap(g.text); n > 0 && n <= mostKept && len(l.spare) < 2 {
			l.spare = append(l.spare, g.text[:0])
		}
		l.mu.Unlock()
		close(g.done)
	}
}

func (l *Log) writeGroup(g *group) error {
	if g.segment != "" {
		if l.segment != nil {
			if err := l.segment.close(); err != nil {
				return err
			}
		}
		if err := l.createSegment(g.segment); err != nil {
			return err
		}
	}
	at := Place{Segment: l.segment.name, Offset: l.segment.size, Bytes: int64(len(g.text))}
	for text := g.text; len(text) > 0; {
		n := len(text)
		if n > mostAtOnce {
			n = mostAtOnce
			if end := bytes.LastIndexByte(text[:n], '\n'); end >= 0 {
				n = end + 1
			}
		}
		if err := l.segment.write(text[:n]); err != nil {
			return err
		}
		text = text[n:]
	}
	l.written = g.end
	if g.recent != nil {
		l.recent.add(g.recent, at)
	}
	if g.sign || l.written.seq-l.signed >= checkpointEvery || g.segment != "" && l.signed > 0 {
		return l.checkpoint()
	}
	return nil
}
