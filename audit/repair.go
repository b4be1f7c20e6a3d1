package audit

import (
	"bufio"
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

// longestLine bounds a line; a record of every action of a ruleset has less.
const longestLine = 16 << 20

// repair reads a segment to its end. A last line that is not whole is set aside
// in a file beside it and cut off; torn is its size. Any other damage is an
// error: it was not a crash.
func repair(path string) (end chain, torn int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return end, 0, err
	}
	defer func() { _ = f.Close() }()
	r := bufio.NewReaderSize(f, 1<<20)
	var good int64
	for n := 1; ; n++ {
		text, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(text) == 0 {
			return end, 0, nil
		}
		whole := err == nil
		var l *Line
		if whole {
			l, err = parseLine(bytes.TrimSuffix(text, []byte("\n")))
			if err == nil {
				end = chain{l.Seq, l.Hash}
				good += int64(len(text))
				continue
			}
		}
		rest, rerr := io.ReadAll(r)
		if rerr != nil {
			return end, 0, rerr
		}
		if len(rest) > 0 {
			return end, 0, fmt.Errorf("%s:%d: %w, and lines follow it: run veil audit verify", path, n, err)
		}
		if err := setAside(path, text); err != nil {
			return end, 0, err
		}
		return end, int64(len(text)), cut(path, good)
	}
}

// setAside writes a torn line beside its segment, and never over an earlier one.
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

// cut takes the end off a segment, durably.
func cut(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}
