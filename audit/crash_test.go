package audit

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestCrash cuts a log at every byte of its last two lines, as a crash would,
// opens it again, goes on, and verifies.
func TestCrash(t *testing.T) {
	origin := t.TempDir()
	writeLog(t, origin, 2, Options{})
	good, err := os.ReadFile(filepath.Join(origin, segmentName(1)))
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(good, '\n') + 1
	for cut := first; cut < len(good); cut += 7 {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, segmentName(1)), good[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		whole := good[cut-1] == '\n'
		writeLog(t, dir, 1, Options{})
		if _, err := Verify(dir, ""); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		_, err := os.Stat(filepath.Join(dir, segmentName(1)+".torn"))
		if (err == nil) == whole {
			t.Fatalf("cut at %d: torn file: %v", cut, err)
		}
	}
	// A crash before the header was whole.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, segmentName(1)), good[:10], 0o600); err != nil {
		t.Fatal(err)
	}
	writeLog(t, dir, 1, Options{})
	if _, err := Verify(dir, ""); err != nil {
		t.Fatal(err)
	}
}

// limitedFiles are on a disk with room for so many bytes a file.
type limitedFiles struct{ room int64 }

type limitedFile struct {
	file
	room int64
}

func (f limitedFiles) open(path string) (file, error) {
	opened, err := realFiles{}.open(path)
	return limitedFile{opened, f.room}, err
}

func (f limitedFile) WriteAt(b []byte, at int64) (int, error) {
	if left := f.room - at; int64(len(b)) > left {
		n, _ := f.file.WriteAt(b[:max(left, 0)], at)
		return n, errors.New("no space left on device")
	}
	return f.file.WriteAt(b, at)
}

func (f limitedFile) Zero(n, at int64) (int64, error) {
	if at+n > f.room {
		return 0, errors.New("no space left on device")
	}
	return f.file.Zero(n, at)
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, room := range []int64{1300, 1500, 1700, leastReserved + 2000} {
		dir := t.TempDir()
		l, err := Open(dir, Options{files: limitedFiles{room}})
		if err != nil {
			t.Fatal(err)
		}
		written := uint64(0)
		for err == nil {
			if err = l.Append(context.Background(), testRecord(1)); err == nil {
				written++
			}
		}
		for range 3 {
			if err := l.Append(context.Background(), testRecord(1)); !errors.Is(err, errUnhealthy) {
				t.Fatalf("append on a full disk: %v", err)
			}
		}
		if err := l.Close(); err == nil {
			t.Error("closing an unhealthy log gave no error")
		}
		writeLog(t, dir, 1, Options{})
		if rep, err := Verify(dir, ""); err != nil || rep.Records != written+1 {
			t.Errorf("%d bytes of room, %d records, after opening anew: %+v, %v", room, written, rep, err)
		}
	}
}
