package audit

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// file is what the log needs of a file.
type file interface {
	io.WriterAt
	io.Closer
	// Sync makes what was written durable, and the size if it changed.
	Sync() error
	Truncate(size int64) error
	// Zero writes n zeros at an offset, at most mostReserved, and returns how many.
	Zero(n, off int64) (int64, error)
}

// files opens segments; tests put failing ones here.
type files interface {
	open(path string) (file, error)
}

type realFiles struct{}

func (realFiles) open(path string) (file, error) { return openFile(path) }

// openCached opens a segment that is written through the system's cache.
func openCached(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return dataFile{f}, nil
}

// dataFile is a file of which only the data is synced, not metadata such as the time of
// its last change.
type dataFile struct{ *os.File }

func (f dataFile) Sync() error { return syncData(f.File) }

// Zero implements file.
func (f dataFile) Zero(n, off int64) (int64, error) {
	written, err := f.WriteAt(zeros[:n], off)
	return int64(written), err
}

// segment is the segment that is being written. Space is reserved ahead of its text, as
// zeros: syncing a file takes about half the time if its size does not change.
type segment struct {
	name     string
	f        file
	size     int64 // of the text
	reserved int64 // size of the file
	most     int64 // the size at which the segment is full
	place    *place
}

// Reservations grow with the segment, so that a small log stays small.
const (
	leastReserved = 64 << 10
	mostReserved  = 1 << 20
)

// zeros are written to reserve space.
var zeros [mostReserved]byte

// write appends text and returns when it is durable, and can be found by the segment's name.
func (s *segment) write(text []byte) error {
	if _, err := s.f.WriteAt(text, s.size); err != nil {
		return err
	}
	if end := s.size + int64(len(text)); end > s.reserved {
		s.reserve(end)
	}
	if err := s.f.Sync(); err != nil {
		return err
	}
	if err := s.place.check(s.reserved); err != nil {
		return err
	}
	s.size += int64(len(text))
	return nil
}

// reserve writes zeros after the end of the text. If that fails, such as on a nearly full
// disk, nothing is reserved.
func (s *segment) reserve(end int64) {
	s.reserved = end
	if n := min(max(end, leastReserved), mostReserved, s.most-end); n > 0 {
		if written, err := s.f.Zero(n, end); err == nil {
			s.reserved += written
		}
	}
}

// close removes the reserved space and closes the file.
func (s *segment) close() error {
	if err := s.f.Truncate(s.size); err != nil {
		return errors.Join(err, s.f.Close())
	}
	return errors.Join(s.f.Sync(), s.f.Close())
}

// createSegment creates a segment in the folder.
func (l *Log) createSegment(name string) error {
	if err := l.openSegment(name, 0); err != nil {
		return err
	}
	return syncDir(l.dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}

// errMoved is what is wrong with a log whose records would be lost: a file can be written
// after its name is gone.
var errMoved = errors.New("a file or the directory of the audit log was removed, replaced or cut off while it was open")

// place is where a segment was when it was opened.
type place struct {
	path string
	// info tells the file from another of its name; nil if the file system cannot.
	info os.FileInfo
}

// placeOf returns the place of a segment that was just opened; nil if it has none.
func placeOf(path string) *place {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	p := &place{path: path}
	if again, err := os.Stat(path); err == nil && os.SameFile(info, again) {
		p.info = info
	}
	return p
}

// check reports that the file is no longer there, or has fewer bytes than it should.
func (p *place) check(size int64) error {
	if p == nil {
		return nil
	}
	info, err := os.Stat(p.path)
	if err != nil || p.info != nil && !os.SameFile(info, p.info) || info.Size() < size {
		return errMoved
	}
	return nil
}

// openSegment opens a segment by its name.
func (l *Log) openSegment(name string, size int64) error {
	path := filepath.Join(l.dir, name)
	f, err := l.opts.files.open(path)
	if err != nil {
		return err
	}
	l.segment = &segment{name: name, f: f, size: size, reserved: size, most: l.opts.segmentBytes, place: placeOf(path)}
	l.place.Store(l.segment.place)
	return nil
}
