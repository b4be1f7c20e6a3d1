package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// segmentFiles returns the names of a log's segments in order.
func segmentFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if isSegment(e.Name()) {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names, nil
}

// isSegment reports whether a file's name is that of a segment. Other files are
// never touched.
func isSegment(name string) bool {
	digits, ok := strings.CutPrefix(name, "veil-")
	if !ok {
		return false
	}
	digits, ok = strings.CutSuffix(digits, segmentEnding)
	return ok && len(digits) == len("00000000000000000001") && strings.Trim(digits, "0123456789") == ""
}

// repair reads a segment to its end, and removes what a crash left there: unused space,
// and incomplete lines. The latter are set aside in a file next to the segment; torn is
// their size. Any other damage is an error.
func repair(path string) (end chain, torn int64, err error) {
	r, err := openReader(path)
	if err != nil {
		return end, 0, err
	}
	defer r.close()
	var good int64
	p := newParser()
	for n := 1; ; n++ {
		text, err := r.line()
		var l *Line
		if err == nil {
			l, err = p.parse(text)
		}
		switch {
		case errors.Is(err, io.EOF):
			return end, 0, cut(path, good)
		case err == nil:
			end = chain{l.Seq, l.Hash}
			good += int64(len(text)) + 1
			continue
		}
		rest, rerr := io.ReadAll(io.NewSectionReader(r.f, good, 1<<62))
		if rerr != nil {
			return end, 0, rerr
		}
		rest = bytes.TrimRight(rest, "\x00")
		if follows := following(rest); follows > mostAtOnce || follows > 0 && !isCut(err) {
			return end, 0, fmt.Errorf("%s:%d: %w, and lines follow it: run veil audit verify", path, n, err)
		}
		if err := setAside(path, rest); err != nil {
			return end, 0, err
		}
		return end, int64(len(rest)), cut(path, good)
	}
}

// following returns how much follows the first line of a text, or the first zero in it.
func following(text []byte) int {
	if i := bytes.IndexAny(text, "\x00\n"); i >= 0 {
		return len(text) - i - 1
	}
	return 0
}

// setAside writes a torn line to a file next to its segment, never overwriting an earlier
// one.
func setAside(path string, text []byte) error {
	for n := 1; ; n++ {
		name := path + ".torn"
		if n > 1 {
			name += "." + strconv.Itoa(n)
		}
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		_, err = f.Write(text)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
		return syncDir(filepath.Dir(path))
	}
}

// cut truncates a segment durably.
func cut(path string, size int64) error {
	if info, err := os.Stat(path); err != nil || info.Size() == size {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}
