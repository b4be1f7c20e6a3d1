package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/mask"
)

// defaultSegmentBytes is how large a segment grows.
const defaultSegmentBytes = 64 << 20

// checkpointEvery is how many lines may pass without a checkpoint.
const checkpointEvery = 1024

// Options say how a log is kept.
type Options struct {
	// segmentBytes is the size at which a new segment is begun; zero means
	// defaultSegmentBytes.
	segmentBytes int64
	// Signer signs checkpoints. Without it none are written.
	Signer note.Signer

	files files // nil: the real file system
}

// errUnhealthy is what Append returns after a write failed. The log must be
// opened anew: what is on disk is not known to be whole.
var errUnhealthy = errors.New("the audit log could not be written and takes no more records until it is opened anew")

// errClosed is what Append returns after Close.
var errClosed = errors.New("the audit log is closed")

// Log is an open log. It is safe for concurrent use.
type Log struct {
	dir    string
	opts   Options
	lock   io.Closer
	done   chan struct{}
	wake   chan struct{}
	mu     sync.Mutex
	chain  chain
	size   int64 // of the current segment, with what is queued
	queue  []chunk
	failed error
	closed bool

	// The writer's own.
	file      file
	fileChain chain // up to what is on disk
	signed    uint64
}

// chunk is text for one segment, and who waits for it to be on disk.
type chunk struct {
	segment string // name of the segment that begins with this chunk, or empty
	text    []byte
	end     chain
	waiters []chan error
}

// file is what the log needs of a file.
type file interface {
	io.WriteCloser
	Sync() error
}

// files opens segments; tests put failing ones here.
type files interface {
	append(path string) (file, error)
}

type realFiles struct{}

func (realFiles) append(path string) (file, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

// Open opens the log in a folder for writing. It creates the log if there is none and
// repairs what a crash left. Only one process can have it open.
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
	l := &Log{dir: dir, opts: opts, lock: lock, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	if err := l.resume(); err != nil {
		_ = lock.Close()
		return nil, err
	}
	go l.write()
	return l, nil
}

// resume finds the end of the log and opens its last segment.
func (l *Log) resume() error {
	segments, err := segmentFiles(l.dir)
	if err != nil {
		return err
	}
	l.chain = chain{hash: zeroHash}
	if len(segments) == 0 {
		return nil // the first record begins the first segment
	}
	last := segments[len(segments)-1]
	end, torn, err := repair(filepath.Join(l.dir, last))
	if err != nil {
		return fmt.Errorf("audit log %s: %w", l.dir, err)
	}
	path := filepath.Join(l.dir, last)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if end.seq == 0 && info.Size() == 0 {
		// Not even the header was whole: the segment begins anew.
		if err := os.Remove(path); err != nil {
			return err
		}
		l.chain = chain{hash: zeroHash}
		if len(segments) > 1 {
			if end, _, err = repair(filepath.Join(l.dir, segments[len(segments)-2])); err != nil {
				return fmt.Errorf("audit log %s: %w", l.dir, err)
			}
			l.chain = end
		}
		return nil
	}
	l.chain, l.fileChain, l.size = end, end, info.Size()
	if l.file, err = l.opts.files.append(path); err != nil {
		return err
	}
	if torn > 0 {
		text := l.chain.append(nil, &Line{Kind: "recovered", Time: time.Now(), TornBytes: torn})
		l.size += int64(len(text))
		l.queue = append(l.queue, chunk{text: text, end: l.chain})
		l.wake <- struct{}{}
	}
	return nil
}

// Append implements mask.Sink: it returns when the record is on disk.
func (l *Log) Append(ctx context.Context, r *mask.Record) error {
	wait := make(chan error, 1)
	if err := l.enqueue(r, wait); err != nil {
		return err
	}
	select {
	case err := <-wait:
		return err
	case <-ctx.Done():
		return ctx.Err() // the record may still be written: that is the safe side
	}
}

func (l *Log) enqueue(r *mask.Record, wait chan error) error {
	var members [][]byte // written before the lock is taken
	for _, line := range lines(r) {
		members = append(members, line.appendMembers(make([]byte, 0, 256+128*len(line.Applied))))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return l.failed
	}
	if l.closed {
		return errClosed
	}
	c := l.current(r.Time)
	before := len(c.text)
	for _, m := range members {
		c.text = l.chain.appendMembers(c.text, m)
	}
	c.end = l.chain
	c.waiters = append(c.waiters, wait)
	l.size += int64(len(c.text) - before)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

// current returns the chunk to add to, and begins a new segment when the last
// one is full.
func (l *Log) current(now time.Time) *chunk {
	if l.size == 0 || l.size >= l.opts.segmentBytes {
		c := chunk{segment: segmentName(l.chain.seq + 1)}
		c.text = l.chain.append(nil, &Line{Kind: "header", Time: now, Version: formatVersion})
		l.size = int64(len(c.text))
		l.queue = append(l.queue, c)
	} else if len(l.queue) == 0 {
		l.queue = append(l.queue, chunk{})
	}
	return &l.queue[len(l.queue)-1]
}

// write is the goroutine that writes and syncs. Records that arrive while it syncs
// form the next group.
func (l *Log) write() {
	defer close(l.done)
	for range l.wake {
		for {
			l.mu.Lock()
			queue := l.queue
			l.queue = nil
			failed, closed := l.failed, l.closed
			l.mu.Unlock()
			if len(queue) == 0 {
				if closed {
					return
				}
				break
			}
			for _, c := range queue {
				if failed == nil {
					if err := l.writeChunk(c); err != nil {
						failed = fmt.Errorf("%w: %w", errUnhealthy, err)
						l.mu.Lock()
						l.failed = failed
						l.mu.Unlock()
					}
				}
				for _, w := range c.waiters {
					w <- failed
				}
			}
		}
	}
}

func (l *Log) writeChunk(c chunk) error {
	if c.segment != "" {
		if l.file != nil {
			if err := l.file.Close(); err != nil {
				return err
			}
		}
		f, err := l.opts.files.append(filepath.Join(l.dir, c.segment))
		if err != nil {
			return err
		}
		l.file = f
		if err := syncDir(l.dir); err != nil {
			return err
		}
	}
	if _, err := l.file.Write(c.text); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	if c.end.seq > 0 {
		l.fileChain = c.end
	}
	if l.fileChain.seq-l.signed >= checkpointEvery || c.segment != "" && l.signed > 0 {
		return l.checkpoint()
	}
	return nil
}

// leastFree is how much room the log's disk must have for the log to be called
// ready: some records of the largest kind.
const leastFree = 1 << 20

var errDiskFull = errors.New("the disk of the audit log is full")

// Ready says why the next record could not be written, as far as that is known
// before it is tried; nil if it could.
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
	return nil
}

// FreeBytes returns the free space on the disk of the log, if the system reports it.
func (l *Log) FreeBytes() (free uint64, known bool) { return freeBytes(l.dir) }

// Close writes what is queued and a checkpoint, and closes the log.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return errClosed
	}
	l.closed = true
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	<-l.done
	err := l.failed
	if l.file != nil {
		if err == nil {
			err = l.checkpoint()
		}
		if cerr := l.file.Close(); err == nil {
			err = cerr
		}
	}
	if cerr := l.lock.Close(); err == nil {
		err = cerr
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}
