package jobshow

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/file"
)

// TestDescribe: the line has the file, how much of how many bytes, the speed and the time left.
func TestDescribe(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		p    file.Progress
		want string
	}{
		{file.Progress{File: "export/visits.csv", Units: 4}, "visits.csv  0 B, 0 B/s, 2 rows/s"},
		{file.Progress{File: "visits.csv", Bytes: 300_000_000, Size: 900_000_000, Units: 860_000}, "visits.csv  33% of 900 MB, 150 MB/s, 430 krows/s, 4s left"},
		{file.Progress{File: "visits.csv", Bytes: 3_000_000, Size: 12_400_000_000, Units: 2_469}, "visits.csv  0% of 12.4 GB, 1.5 MB/s, 1.2 krows/s, 2h17m45s left"},
		{file.Progress{File: "-", Bytes: 2_000, Size: -1, Units: 10_000_000}, "-  2.0 kB, 1.0 kB/s, 5.0 Mrows/s"},
		{file.Progress{File: "a/the-visits-of-the-clinic-2024.csv", Bytes: 9, Size: 9}, "…-of-the-clinic-2024.csv  100% of 9 B, 4 B/s, 0 rows/s, 0s left"},
	} {
		if got := describe(tc.p, 2*time.Second); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}

// TestManyLines: of a file that is wrong in every line the first lines are reported, and
// how many more there are.
func TestManyLines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	d := New(&b, strings.NewReader(""), []string{"a", "b"})
	for line := range 130 {
		d.Report(file.Problem{File: "a", Line: line + 1, Column: 1, What: "x"})
	}
	d.Report(file.Problem{File: "b", Line: 1, Column: 1, What: "y"})
	if err := d.Summary("", nil, file.Counts{}, nil); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	last := lines[len(lines)-3:]
	want := []string{"veil: a:100:1: x", "veil: a: 30 more like these (--rejects FILE keeps what cannot be masked)", "veil: b:1:1: y"}
	if len(lines) != 102 || !slices.Equal(last, want) {
		t.Errorf("%d lines, the last %q", len(lines), last)
	}
}

// TestSilentInPipes: a stream that is no terminal gets no progress, and problems as lines.
func TestSilentInPipes(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	d := New(&b, strings.NewReader(""), []string{"-"})
	if d.Progress() != nil {
		t.Error("there is progress")
	}
	d.Report(file.Problem{File: "a.csv", Line: 2, Column: 1, What: "x"})
	if err := d.Summary("", nil, file.Counts{}, nil); err != nil || b.String() != "veil: a.csv:2:1: x\n" {
		t.Errorf("%q %v", b.String(), err)
	}
}

// TestLine: on a terminal there is a line with the file, the bytes and the speed, which a
// problem takes away.
func TestLine(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	d := &Display{w: &b, shown: true, begun: time.Now()}
	d.Progress()(file.Progress{File: "visits.csv", Bytes: 5_000_000, Size: 20_000_000, Units: 1000})
	for _, want := range []string{"visits.csv", "rows/s", "25% of 20.0 MB"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in %q", want, b.String())
		}
	}
	before := b.Len()
	d.Progress()(file.Progress{File: "visits.csv", Bytes: 5_000_001, Size: 20_000_000})
	if b.Len() != before {
		t.Error("the line is drawn again at once")
	}
	d.Report(file.Problem{What: "x"})
	if !strings.HasSuffix(b.String(), clearLine+"veil: x\n") {
		t.Errorf("%q", b.String())
	}
}
