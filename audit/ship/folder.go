package ship

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/veil-proxy/veil/audit"
)

// Folder writes lines to files in a folder, with the names of their segments. With
// Filter.Whole, they are a copy of the log, with each line at its place, and with its
// checkpoint; otherwise lines are appended.
type Folder struct {
	dir, log string
	whole    bool
	name     string // of f
	f        *os.File
	last     uint64 // last line that the folder has
}

// NewFolder returns a target that writes to a folder. log is the folder of the log.
func NewFolder(dir, log string, whole bool) *Folder { return &Folder{dir: dir, log: log, whole: whole} }

// Send writes entries durably.
func (d *Folder) Send(_ context.Context, entries []Entry) error {
	for start := 0; start < len(entries); {
		end := start
		for end < len(entries) && entries[end].Segment == entries[start].Segment {
			end++
		}
		if err := d.write(entries[start:end]); err != nil {
			d.reset()
			return errors.New("the folder could not be written: " + causeOf(err))
		}
		start = end
	}
	if d.last = entries[len(entries)-1].Seq; d.whole {
		if err := audit.CopyCheckpoint(d.log, d.dir, d.last); err != nil {
			return errors.New("the checkpoint could not be copied: " + causeOf(err))
		}
	}
	return nil
}

// write writes entries of one segment.
func (d *Folder) write(entries []Entry) error {
	if err := d.open(entries[0].Segment); err != nil {
		return err
	}
	var text []byte
	for i := range entries {
		text = append(append(text, entries[i].Text...), '\n')
	}
	info, err := d.f.Stat()
	if err != nil {
		return err
	}
	at := info.Size()
	if d.whole {
		at = entries[0].Offset
		if err := d.same(text, at, info.Size()); err != nil {
			return err
		}
	}
	if _, err := d.f.WriteAt(text, at); err != nil {
		return err
	}
	return d.f.Sync()
}

// errOther says that the contents of a copy differ from the log.
var errOther = errors.New("it contains another log, or part of one: use an empty folder for each log")

// same compares the contents of a file from an offset on, and refuses to overwrite
// anything else.
func (d *Folder) same(text []byte, at, size int64) error {
	if at > size {
		return errOther
	}
	there := make([]byte, min(int64(len(text)), size-at))
	if _, err := d.f.ReadAt(there, at); err != nil {
		return err
	}
	if !bytes.HasPrefix(text, there) {
		return errOther
	}
	return nil
}

func (d *Folder) open(name string) (err error) {
	if d.name == name {
		return nil
	}
	d.reset()
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	d.f, err = os.OpenFile(filepath.Join(d.dir, name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	d.name = name
	dir, err := os.Open(d.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Close copies the last checkpoint and closes the file.
func (d *Folder) Close() {
	if d.whole && d.last > 0 {
		_ = audit.CopyCheckpoint(d.log, d.dir, d.last) // the next process repairs it
	}
	d.reset()
}

func (d *Folder) reset() {
	if d.f != nil {
		_ = d.f.Close() // what was sent has been synced
	}
	d.f, d.name = nil, ""
}

// causeOf says why a file could not be written, without its name.
func causeOf(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	if errors.Is(err, errOther) {
		return err.Error()
	}
	return "input or output"
}
