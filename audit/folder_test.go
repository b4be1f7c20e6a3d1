package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOtherFilesAreLeftAlone: a log's folder may have files that look like segments
// to a careless eye. None is read, cut or set aside.
func TestOtherFilesAreLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const text = "not a log"
	names := []string{"veil-export.jsonl", "veil-1.jsonl", "veil-00000000000000000001.jsonl.gz", "veil-0000000000000000000a.jsonl", "xveil-00000000000000000001.jsonl"}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Verify(dir, ""); err == nil || !strings.Contains(err.Error(), "no audit log in this directory") {
		t.Errorf("a folder without a log: %v", err)
	}
	for _, err := range Read(dir) {
		if err == nil {
			t.Error("a line of no log was read")
		}
	}
	writeLog(t, dir, 2, Options{})
	if rep, err := Verify(dir, ""); err != nil || rep.Records != 2 || rep.Segments != 1 {
		t.Errorf("%+v, %v", rep, err)
	}
	for _, name := range names {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestTornLinesArePreserved: a second crash does not overwrite what the first one
// left.
func TestTornLinesArePreserved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, segmentName(1))
	for _, torn := range []string{"first", "second", "third"} {
		writeLog(t, dir, 1, Options{})
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(torn); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(dir, ""); err == nil || !strings.Contains(err.Error(), "it is set aside the next time the log is opened") {
			t.Errorf("a torn line: %v", err)
		}
	}
	writeLog(t, dir, 1, Options{})
	for ending, want := range map[string]string{".torn": "first", ".torn.2": "second", ".torn.3": "third"} {
		if got, err := os.ReadFile(path + ending); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", ending, got, err)
		}
	}
	if _, err := Verify(dir, ""); err != nil {
		t.Error(err)
	}
}

// TestReady: a log whose disk failed says so, as does one that is closed.
func TestReady(t *testing.T) {
	t.Parallel()
	files := limitedFiles{}
	l, err := Open(t.TempDir(), Options{files: files})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Ready(); err != nil {
		t.Errorf("before: %v", err)
	}
	if free, known := l.FreeBytes(); known && free == 0 {
		t.Error("the disk has no room")
	}
	if err := l.Append(t.Context(), testRecord(1)); err == nil {
		t.Fatal("written to a full disk")
	}
	if err := l.Ready(); !errors.Is(err, errUnhealthy) {
		t.Errorf("after a failure: %v", err)
	}
	_ = l.Close() // fails as Append did
}

// TestFilesThatGoAway: a record that nobody would find on disk is an error, and the log is
// not ready: its directory or file is removed, moved, replaced or cut off while it is open.
func TestFilesThatGoAway(t *testing.T) {
	t.Parallel()
	must := func(t *testing.T, errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	for name, act := range map[string]func(t *testing.T, dir, segment string){
		"directory removed": func(t *testing.T, dir, _ string) { must(t, os.RemoveAll(dir)) },
		"directory moved":   func(t *testing.T, dir, _ string) { must(t, os.Rename(dir, dir+".1")) },
		"directory made anew": func(t *testing.T, dir, _ string) {
			must(t, os.Rename(dir, dir+".1"), os.Mkdir(dir, 0o700))
		},
		"directory copied and replaced": func(t *testing.T, dir, _ string) {
			must(t, os.CopyFS(dir+".1", os.DirFS(dir)), os.RemoveAll(dir), os.Rename(dir+".1", dir))
		},
		"file removed": func(t *testing.T, _, segment string) { must(t, os.Remove(segment)) },
		"file rotated": func(t *testing.T, _, segment string) {
			must(t, os.Rename(segment, segment+".1"), os.WriteFile(segment, nil, 0o600))
		},
		"file emptied": func(t *testing.T, _, segment string) { must(t, os.Truncate(segment, 0)) },
	} {
		for _, again := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", again), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "log")
				if again { // the log is continued
					writeLog(t, dir, 3, Options{})
				}
				l, err := Open(dir, Options{})
				if err != nil {
					t.Fatal(err)
				}
				must(t, l.Append(t.Context(), testRecord(1)), l.Append(t.Context(), testRecord(2)), l.Ready())
				act(t, dir, filepath.Join(dir, segmentName(1)))
				if err := l.Ready(); err == nil && name != "file emptied" {
					t.Error("the log is ready")
				}
				for range 2 {
					if err := l.Append(t.Context(), testRecord(3)); !errors.Is(err, errMoved) {
						t.Errorf("a record was taken: %v", err)
					}
				}
				if err := l.Ready(); err == nil {
					t.Error("the log is ready after a record was lost")
				}
				_ = l.Close() // fails as Append did
			})
		}
	}
}

// TestDirectoryThatIsGoneBeforeTheFirstRecord: the same before there is a file.
func TestDirectoryThatIsGoneBeforeTheFirstRecord(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "log")
	l, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := l.Ready(); !errors.Is(err, errMoved) {
		t.Errorf("ready: %v", err)
	}
	if err := l.Append(t.Context(), testRecord(1)); err == nil {
		t.Error("a record was taken")
	}
	_ = l.Close()
}
