package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/mask"
)

// defaultSegmentBytes is the size at which a new segment begins.
const defaultSegmentBytes = 64 << 20

// checkpointEvery bounds the lines between checkpoints.
const checkpointEvery = 1024

// Options say how a log is kept.
type Options struct {
	// segmentBytes is the size at which a new segment is begun; zero means
	// defaultSegmentBytes.
	segmentBytes int64
	// Signer signs checkpoints. If it is nil, none are written.
	Signer note.Signer

	files files // nil: the real file system
}

// errUnhealthy is what Append returns after a write failed. The log must be reopened,
// since it is not known what is on disk.
var errUnhealthy = errors.New("the audit log could not be written and accepts no more records until it is reopened")

// errClosed is what Append returns after Close.
var errClosed = errors.New("the audit log is closed")

// Log is an open log. It is safe for concurrent use.
//
// Records are written in groups: a caller that finds no other writer writes what is
// queued; what arrives in the meantime is the next group, which a goroutine of the log
// writes. So a single record needs no other goroutine, and many records share one sync.
type Log struct {
	dir  string
	opts Options
	lock io.Closer
	more chan struct{} // tells the goroutine to write what is queued
	done chan struct{} // closed when it has ended

	mu      sync.Mutex
	idle    sync.Cond // writing is false
	head    head      // including what is queued
	size    int64     // of the current segment, including what is queued
	queue   []*group
	spare   [][]byte // buffers of groups
	writing bool
	failed  error
	closed  bool

	place atomic.Pointer[place] // of the current segment

	// Used only by the current writer.
	segment *segment
	written head // up to what is on disk
	signed  uint64
	recent  *Recent // nil: no follower
}

// Open opens the log in a folder for writing. It creates the log if there is none, and
// repairs what a crash left behind. Only one process can have a log open.
func Open(dir string, opts Options) (*Log, error) {
	if opts.segmentBytes == 0 {
		opts.segmentBytes = defaultSegmentBytes
	}
	if opts.files == nil {
		opts.files = realFiles{}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockDir(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("audit log %s: %w", dir, err)
	}
	l := &Log{dir: dir, opts: opts, lock: lock, more: make(chan struct{}, 1), done: make(chan struct{})}
	l.idle.L = &l.mu
	if err := l.resume(); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("audit log %s: %w", dir, err)
	}
	go l.writeMore()
	return l, nil
}

// resume finds the end of the log and opens its last segment.
func (l *Log) resume() error {
	l.head = chain{hash: zeroHash}.head()
	segments, err := segmentFiles(l.dir)
	if err != nil {
		return err
	}
	for len(segments) > 0 {
		last := filepath.Join(l.dir, segments[len(segments)-1])
		end, torn, err := repair(last)
		if err != nil {
			return err
		}
		if end.seq > 0 {
			l.head = end.head()
			l.written = l.head
			return l.continueSegment(last, torn)
		}
		// Not even the header was complete: start the segment again.
		if err := os.Remove(last); err != nil {
			return err
		}
		segments = segments[:len(segments)-1]
	}
	return nil // the first record begins the first segment
}

// continueSegment opens a segment to continue it, and records in it what was set aside.
func (l *Log) continueSegment(path string, torn int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	l.size = info.Size()
	if err := l.openSegment(filepath.Base(path), l.size); err != nil {
		return err
	}
	if torn > 0 {
		line := Line{Kind: "recovered", Time: time.Now(), TornBytes: torn}
		text := l.head.append(nil, line.appendMembers(nil))
		if err := l.segment.write(text); err != nil {
			return errors.Join(err, l.segment.f.Close())
		}
		l.size += int64(len(text))
		l.written = l.head
	}
	return nil
}

// Append implements mask.Sink: it returns once the record is on disk. A record whose
// writing has begun is written even if the context ends.
func (l *Log) Append(ctx context.Context, r *mask.Record) error {
	e := encoders.Get().(*encoder)
	e.encode(r)
	return l.append(ctx, r.Time, e, false)
}

// append writes the lines of an encoder, and returns the encoder to the pool.
func (l *Log) append(ctx context.Context, at time.Time, e *encoder, sign bool) error {
	g, mine, err := l.enqueue(at, e, sign)
	e.record = nil // the caller's
	encoders.Put(e)
	if err != nil {
		return err
	}
	if mine != nil {
		l.writeGroups(mine)
		l.release()
	}
	select {
	case <-g.done:
		return g.err
	default:
	}
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
		return ctx.Err() // the record may still be written, which is safe
	}
}

// leastFree is the free space on the disk that the log needs to be ready: enough for
// several of the largest records.
const leastFree = 1 << 20

var errDiskFull = errors.New("the disk of the audit log is full")

// Ready returns an error if it is already known that the next record could not be
// written.
func (l *Log) Ready() error {
	l.mu.Lock()
	failed, closed := l.failed, l.closed
	l.mu.Unlock()
	switch free, known := l.FreeBytes(); {
	case failed != nil:
		return errUnhealthy
	case closed:
		return errClosed
	case known && free < leastFree:
		return errDiskFull
	}
	if _, err := os.Stat(l.dir); err != nil {
		return errMoved
	}
	return l.place.Load().check(0)
}

// FreeBytes returns the free space on the disk of the log, if the system reports it.
func (l *Log) FreeBytes() (free uint64, known bool) { return freeBytes(l.dir) }

// Free returns the free space on the disk of a folder, if it can be determined.
func Free(dir string) (free uint64, known bool) { return freeBytes(dir) }

// Close writes what is queued and a checkpoint, and closes the log.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return errClosed
	}
	l.closed = true
	for l.writing {
		l.idle.Wait()
	}
	err := l.failed
	l.mu.Unlock()
	close(l.more)
	<-l.done
	if l.segment != nil {
		if err == nil {
			err = l.checkpoint()
		}
		if cerr := l.segment.close(); err == nil {
			err = cerr
		}
	}
	if cerr := l.lock.Close(); err == nil {
		err = cerr
	}
	return err
}
