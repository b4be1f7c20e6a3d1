package audit

import (
	"errors"
	"os"
	"path/filepath"
)

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
