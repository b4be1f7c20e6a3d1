package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
)

func testRecord(n int) *mask.Record {
	return &mask.Record{
		Time: time.Date(2026, 11, 24, 10, 0, n%60, 0, time.UTC), RequestID: fmt.Sprintf("req-%d", n), Consumer: "anonymous",
		Project: "p", Door: "fhir", Operation: "read Patient", Result: "complete", Ruleset: "safe-harbor",
		RulesetSHA256: strings.Repeat("a", 64), KeyFingerprint: "0011223344556677",
		Resources: []mask.Count{{Name: "Patient", N: 1}},
		Used:      mask.NewUses(mask.Applied{Rule: "names", Category: "A", Path: "Patient.name", Method: "remove", N: 2}),
	}
}

// writeLog writes n records to a new log in dir.
func writeLog(t testing.TB, dir string, n int, opts Options) {
	t.Helper()
	l, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := l.Append(context.Background(), testRecord(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLogIsWhole(t *testing.T) {
	dir := t.TempDir()
	writeLog(t, dir, 20, Options{segmentBytes: 3000})
	writeLog(t, dir, 5, Options{segmentBytes: 3000})
	rep, err := Verify(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if rep.Records != 25 || rep.Segments < 3 || rep.Lines != rep.Records+uint64(rep.Segments) {
		t.Errorf("report is %+v", rep)
	}
	n := 0
	for l, err := range Read(dir) {
		if err != nil {
			t.Fatal(err)
		}
		if l.Kind == "record" {
			if l.Applied[0].Rule != "names" || l.Applied[0].N != 2 || l.RequestID == "" {
				t.Errorf("read back %+v", l)
			}
			n++
		}
	}
	if n != 25 {
		t.Errorf("read %d records, want 25", n)
	}
	info, err := os.Stat(filepath.Join(dir, segmentName(1)))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("segment has mode %v, %v", info.Mode(), err)
	}
}

func TestDetailsStandBeforeTheirRecord(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := testRecord(1)
	r.Details = []mask.Detail{{Resource: "Patient/x", Path: "Patient.name[0]", Rule: "names", Outcome: mask.Removed}}
	if err := l.Append(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for l, err := range Read(dir) {
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, l.Kind)
		if l.Kind == "detail" && (l.Outcome != "removed" || l.Path != "Patient.name[0]" || l.RequestID != "req-1") {
			t.Errorf("detail is %+v", l)
		}
	}
	if got := strings.Join(kinds, " "); got != "header detail record" {
		t.Errorf("lines are %s", got)
	}
}

// TestVerifyNamesEveryChangedByte changes each byte of a log in turn.
func TestVerifyNamesEveryChangedByte(t *testing.T) {
	dir := t.TempDir()
	writeLog(t, dir, 3, Options{})
	path := filepath.Join(dir, segmentName(1))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	line := 1
	for i, c := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Verify(dir, "")
		var ve *verifyError
		if !errors.As(err, &ve) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if ve.Line != line || ve.Segment != segmentName(1) {
			t.Fatalf("byte %d of line %d changed: verify names line %d: %v", i, line, ve.Line, ve)
		}
		if c == '\n' {
			line++
		}
	}
}

func TestVerifyNamesThePlace(t *testing.T) {
	signer, verifierKey := veiltest.Signer(t, "test")
	type edit func(t *testing.T, dir string, segments []string)
	lines := func(change func([][]byte) [][]byte) edit {
		return func(t *testing.T, dir string, segments []string) {
			path := filepath.Join(dir, segments[0])
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			ls := bytes.SplitAfter(b, []byte("\n"))
			if err := os.WriteFile(path, bytes.Join(change(ls[:len(ls)-1]), nil), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tc := range []struct {
		name     string
		edit     edit
		verifier string
		segment  int
		line     int
		what     string
	}{
		{"one record deleted", lines(func(l [][]byte) [][]byte { return append(l[:2:2], l[3:]...) }), "", 0, 3, "are missing"},
		{"two records swapped", lines(func(l [][]byte) [][]byte { l[2], l[3] = l[3], l[2]; return l }), "", 0, 3, "are missing"},
		{"a record twice", lines(func(l [][]byte) [][]byte { return append(l[:3:3], l[2:]...) }), "", 0, 4, "moved or inserted"},
		{"the header deleted", lines(func(l [][]byte) [][]byte { return l[1:] }), "", 0, 1, "are missing"},
		{"a middle segment removed", func(t *testing.T, dir string, s []string) {
			if err := os.Remove(filepath.Join(dir, s[1])); err != nil {
				t.Fatal(err)
			}
		}, "", 2, 1, "removed or renamed"},
		{"the last segment removed", func(t *testing.T, dir string, s []string) {
			if err := os.Remove(filepath.Join(dir, s[len(s)-1])); err != nil {
				t.Fatal(err)
			}
		}, verifierKey, -1, 0, "its end was removed"},
		{"the checkpoint removed", func(t *testing.T, dir string, _ []string) {
			if err := os.Remove(filepath.Join(dir, checkpointFile)); err != nil {
				t.Fatal(err)
			}
		}, verifierKey, -1, 0, "no checkpoint"},
		{"cut within a line", lines(func(l [][]byte) [][]byte { l[4] = l[4][:20]; return l[:5] }), "", 0, 5, "cut off"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			writeLog(t, dir, 24, Options{segmentBytes: 5000, Signer: signer})
			if _, err := Verify(dir, verifierKey); err != nil {
				t.Fatalf("before the edit: %v", err)
			}
			segments, err := segmentFiles(dir)
			if err != nil || len(segments) < 3 {
				t.Fatal(segments, err)
			}
			tc.edit(t, dir, segments)
			_, err = Verify(dir, tc.verifier)
			var ve *verifyError
			if !errors.As(err, &ve) || !strings.Contains(ve.What, tc.what) {
				t.Fatalf("got %v, want %q", err, tc.what)
			}
			if tc.segment >= 0 && (ve.Segment != segments[tc.segment] || ve.Line != tc.line) {
				t.Errorf("place is %s:%d, want %s:%d", ve.Segment, ve.Line, segments[tc.segment], tc.line)
			}
		})
	}
	t.Run("written anew with a valid chain", func(t *testing.T) {
		dir, other := t.TempDir(), t.TempDir()
		writeLog(t, dir, 5, Options{Signer: signer})
		l, err := Open(other, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			r := testRecord(i)
			r.Operation = "read Person"
			if err := l.Append(context.Background(), r); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(other, segmentName(1)), filepath.Join(dir, segmentName(1))); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(dir, ""); err != nil {
			t.Fatalf("without a key nothing can be seen: %v", err)
		}
		if _, err := Verify(dir, verifierKey); err == nil || !strings.Contains(err.Error(), "rewritten") {
			t.Errorf("with the key: %v", err)
		}
	})
}

func TestOpenRefusesADamagedLog(t *testing.T) {
	dir := t.TempDir()
	writeLog(t, dir, 3, Options{})
	path := filepath.Join(dir, segmentName(1))
	b, _ := os.ReadFile(path)
	b[300] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "veil audit verify") {
		t.Errorf("got %v", err)
	}
}

func TestOnlyOneWriter(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("second open: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(context.Background(), testRecord(1)); !errors.Is(err, errClosed) {
		t.Errorf("append after close: %v", err)
	}
	l, err = Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestConcurrentAppends(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(dir, Options{segmentBytes: 20000})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 25 {
				if err := l.Append(context.Background(), testRecord(g*100+i)); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	rep, err := Verify(dir, "")
	if err != nil || rep.Records != 400 {
		t.Errorf("%+v, %v", rep, err)
	}
}

func TestTextsFromOutsideStayOnTheirLine(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := testRecord(1)
	r.RequestID = "a\n{\"seq\":1}\x00\xff" + strings.Repeat("é", 300)
	if err := l.Append(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(dir, ""); err != nil {
		t.Error(err)
	}
	for line, err := range Read(dir) {
		if err != nil {
			t.Fatal(err)
		}
		if line.Kind == "record" && (len(line.RequestID) > longestText || strings.ContainsAny(line.RequestID, "\n\x00")) {
			t.Errorf("request id is %q", line.RequestID)
		}
	}
}

// textOf is the text of a log of records, without its header.
func textOf(records ...*mask.Record) []byte {
	h := chain{hash: zeroHash}.head()
	var e encoder
	var text []byte
	for _, r := range records {
		e.encode(r)
		for i := range e.ends {
			text = h.append(text, e.members(i))
		}
	}
	return text
}

func FuzzParseLine(f *testing.F) {
	f.Add(bytes.TrimSpace(textOf(testRecord(1))))
	f.Add([]byte(`{"seq":1,"hash":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := newParser().parse(b); err == nil && l.Hash == "" {
			t.Error("a line without a hash was read")
		}
	})
}

// FuzzAppendMembers holds the line that is written by hand and what encoding/json
// makes of it together.
func FuzzAppendMembers(f *testing.F) {
	f.Add("record", "read Patient", "a\"<b>\\&\u2028é\x00", int64(7), uint64(3), true)
	f.Add("", "", "", int64(0), uint64(0), false)
	f.Add("detail", "x", "\xff\xfe", int64(-1), uint64(1)<<63, true)
	f.Fuzz(func(t *testing.T, kind, text, odd string, n int64, u uint64, full bool) {
		l := Line{Seq: 5, Prev: "p", Kind: kind, Time: time.Unix(n%1e9, n%1e9).UTC(), Operation: text, Consumer: odd, DurationMicros: n}
		if full {
			l.Version, l.Relations, l.Statement, l.Reason, l.TornBytes = int(n%100), []string{text, odd}, odd, text, n
			l.Resources = []mask.Count{{Name: odd, N: u}, {Name: text}}
			l.Applied = []mask.Applied{{Rule: text, Category: odd, Path: odd, Method: text, N: u}, {}}
			l.Found = []mask.FoundCount{{Detector: text, Label: odd, N: u}, {}}
			l.RequestID, l.Project, l.Door, l.Result, l.Ruleset, l.RulesetSHA256, l.KeyFingerprint = odd, text, odd, text, odd, text, odd
			l.Resource, l.Path, l.Rule, l.Outcome = text, odd, text, odd
		}
		want, err := json.Marshal(&l)
		if err != nil {
			t.Fatal(err)
		}
		got := append(l.appendMembers([]byte(`{"seq":5,"prev":"p"`)), `,"hash":""}`...)
		if !bytes.Equal(got, want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	SpareProcessor() // as veil run does
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			l, err := Open(b.TempDir(), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			b.SetParallelism(callers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := l.Append(context.Background(), testRecord(1)); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "audit")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	log, err := Open(dir, Options{})
	if err != nil {
		panic(err)
	}
	if err := log.Append(context.Background(), testRecord(1)); err != nil {
		panic(err)
	}
	if err := log.Close(); err != nil {
		panic(err)
	}
	report, err := Verify(dir, "")
	fmt.Println(report.Records, err)
	// Output: 1 <nil>
}
