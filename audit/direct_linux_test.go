package audit

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// TestDirectFile: what is written in blocks is the text, wherever one ends, with zeros behind
// it, and nothing before it is changed. The file is opened again in between.
func TestDirectFile(t *testing.T) {
	t.Parallel()
	for _, kind := range []struct {
		name  string
		spoil func(f *directFile)
	}{
		{"blocks", func(*directFile) {}},
		// A file system that takes the flag and refuses the writes, as it refuses memory that
		// does not begin at a block.
		{"refused", func(f *directFile) { f.buf = make([]byte, 65*block)[1:] }},
	} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "segment")
			rng := rand.New(rand.NewPCG(1, 2))
			var want []byte
			zeros := int64(0) // up to where
			for range 8 {
				f, err := openFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if d, ok := f.(*directFile); ok {
					kind.spoil(d)
				}
				for range 20 {
					text := make([]byte, 1+rng.IntN([]int{100, block, 5 * block}[rng.IntN(3)]))
					for i := range text {
						text[i] = byte('a' + rng.IntN(26))
					}
					if rng.IntN(4) == 0 { // to the end of a block
						text = text[:max(1, len(text)-(len(want)+len(text))%block)]
					}
					if n, err := f.WriteAt(text, int64(len(want))); err != nil || n != len(text) {
						t.Fatalf("%d of %d bytes, %v", n, len(text), err)
					}
					want = append(want, text...)
					if end := int64(len(want)); rng.IntN(3) == 0 {
						n, err := f.Zero(10_000, end)
						if err != nil || n < 10_000 {
							t.Fatalf("%d zeros, %v", n, err)
						}
						zeros = max(zeros, end+n)
					}
					if err := f.Sync(); err != nil {
						t.Fatal(err)
					}
					got, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(bytes.TrimRight(got, "\x00"), want) || int64(len(got)) < zeros {
						t.Fatalf("%d bytes with %d of text, want %d with %d", len(got), len(bytes.TrimRight(got, "\x00")), zeros, len(want))
					}
				}
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestLogInMemory: a log is the same on a file system that has no disk below it.
func TestLogInMemory(t *testing.T) {
	t.Parallel()
	const memory = "/dev/shm"
	if _, err := os.Stat(memory); err != nil {
		t.Skip("no file system in memory:", err)
	}
	dir, err := os.MkdirTemp(memory, "veil-audit")
	if err != nil {
		t.Skip("nothing can be written there:", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for range 2 {
		l, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			if err := l.Append(context.Background(), testRecord(1)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if rep, err := Verify(dir, ""); err != nil || rep.Records != 100 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// TestBlocksKeepWhatIsOnDisk: a block that is written again begins with what the disk has of
// it, so that a power failure in the middle cannot change a record that was acknowledged.
func TestBlocksKeepWhatIsOnDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 3 {
		l, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range 30 {
			if err := l.Append(t.Context(), testRecord(1)); err != nil {
				t.Fatal(err)
			}
			f, ok := l.segment.f.(*directFile)
			if !ok || f.cached {
				t.Skip("the file system does not write blocks")
			}
			disk, err := os.ReadFile(filepath.Join(dir, l.segment.name))
			if err != nil {
				t.Fatal(err)
			}
			if f.at%block != 0 || f.at+int64(f.tail) != l.segment.size || !bytes.Equal(f.buf[:f.tail], disk[f.at:l.segment.size]) {
				t.Fatalf("the next block is at %d with %d bytes of %d, or differs from the disk", f.at, f.tail, l.segment.size)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
