package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
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
		if strings.HasPrefix(e.Name(), "veil-") && strings.HasSuffix(e.Name(), segmentEnding) {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names, nil
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
	defer f.Close()
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
			return end, 0, fmt.Errorf("%s:%d: %v, and lines follow it: run veil audit verify", path, n, err)
		}
		if err := os.WriteFile(path+".torn", text, 0o600); err != nil {
			return end, 0, err
		}
		return end, int64(len(text)), os.Truncate(path, good)
	}
}
