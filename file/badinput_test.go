package file

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// drained is a format that reads its file to the end and keeps nothing of it.
type drained struct{ capitals }

func (d drained) Open(in Source) (Document, error) { return drain{lines{d.capitals, in}}, nil }

type drain struct{ lines }

func (d drain) Split(_ func() []byte, emit func(Block) error) error {
	if _, err := io.Copy(io.Discard, d.in); err != nil {
		return err
	}
	return emit(Block{Text: []byte("read\n"), Line: 1})
}

// TestBombs: files that decompress to far more than they are, or that need much memory
// for it, are each one error, and have no output.
func TestBombs(t *testing.T) {
	t.Parallel()
	var gz, zst bytes.Buffer
	g := gzip.NewWriter(&gz)
	z, err := zstd.NewWriter(&zst, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.WriteCloser{g, z} {
		if _, err := io.CopyN(w, zeros{}, freeGrowth+32<<20); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// A zstd frame that says that its window has 2 GiB.
	window := append([]byte("\x28\xb5\x2f\xfd\x00"), (31-10)<<3)
	window = append(window, 0x03, 0, 0, 'a') // the last block: one byte, repeated
	const grows = "the file grows to more than 1100 times its size when it is decompressed"
	const memory = "the file needs more than 128 MiB of memory to be decompressed"
	for name, tc := range map[string]struct{ text, want string }{
		"gzip.txt.gz":    {gz.String(), ""}, // deflate reaches 1,032 times at most
		"zstd.txt.zst":   {zst.String(), grows},
		"window.txt.zst": {string(window), memory},
		"dict.txt.xz":    {hugeDictionary(t), memory},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, _, reports := testJob(t, map[string]string{"in/" + name: tc.text, "in/good.txt": "good\n"})
			j.Formats = []Format{drained{capitals{j.Plan}}}
			counts, err := j.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if tc.want == "" {
				if counts.Failed != 0 {
					t.Errorf("%+v %q", counts, *reports)
				}
				return
			}
			if counts.Failed != 1 || len(*reports) != 1 || !strings.Contains((*reports)[0], "in/"+name+": "+tc.want) {
				t.Errorf("%+v %q", counts, *reports)
			}
			same(t, "outputs", tree(t, j.Out), map[string]string{"good.txt": "READ\n"})
		})
	}
}

// hugeDictionary is a small xz file that asks for 4 GiB to decompress it.
func hugeDictionary(t *testing.T) string {
	t.Helper()
	text := []byte(packed(t, ".xz", strings.Repeat("a\n", 1000)))
	header := text[12:] // of the first block, behind that of the stream
	if header[2] != 0x21 {
		t.Fatalf("the filter is %x", header[2])
	}
	header[4] = 40
	size := (int(header[0]) + 1) * 4
	binary.LittleEndian.PutUint32(header[size-4:], crc32.ChecksumIEEE(header[:size-4]))
	return string(text)
}

// TestLargeFrame: a large file that zstd has written in one piece is read.
func TestLargeFrame(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	const size = 160 << 20
	z.ResetContentSize(&b, size)
	if _, err := io.CopyN(z, zeros{}, size); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	p, _ := packingOf("x.zst")
	r, err := p.unpack(&b)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); n != size || err != nil {
		t.Errorf("%d %v", n, err)
	}
}

// TestOneOfAThousand: one file that cannot be read is named, and the others are masked.
func TestOneOfAThousand(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 999 {
		files[fmt.Sprintf("in/%d/%d.txt", i%10, i)] = fmt.Sprintf("text %d\n", i)
	}
	j, dir, reports := testJob(t, files)
	want := "in/7/locked.txt: permission denied"
	locked := filepath.Join(dir, "in", "7", "locked.txt")
	if err := os.WriteFile(locked, []byte("secret\n"), 0); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 && runtime.GOOS == "linux" { // who may read everything, but not this
		if err := os.Remove(locked); err != nil {
			t.Fatal(err)
		}
		j.Inputs = append(j.Inputs, "/proc/self/mem")
		j.Formats = append(j.Formats, anything{capitals{j.Plan}})
		want = "/proc/self/mem: input/output error"
	}
	counts, err := j.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if counts.Files != 999 || counts.Failed != 1 || len(*reports) != 1 || (*reports)[0] != want {
		t.Errorf("%+v %q, want %q", counts, *reports, want)
	}
	if got := tree(t, j.Out); len(got) != 999 || got["3/123.txt"] != "TEXT 123\n" {
		t.Errorf("%d outputs", len(got))
	}
}

// TestNothingMasked: a file of which nothing could be masked fails and has no output,
// unless all of it is in the file of rejects.
func TestNothingMasked(t *testing.T) {
	t.Parallel()
	j, dir, reports := testJob(t, map[string]string{"in/bad.txt": "bad\nbad\n", "in/a.txt": "bad\na\n", "in/one.txt": "bad\n"})
	var sink records
	j.Sink = &sink
	counts, err := j.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"in/a.txt:1:1: cannot be masked", "in/bad.txt:1:1: cannot be masked", "in/bad.txt:2:1: cannot be masked", "in/bad.txt: no line could be masked, so there is no output", "in/one.txt:1:1: cannot be masked"}
	if counts.Failed != 2 || counts.Files != 1 || counts.Bad != 4 || !slices.Equal(*reports, want) {
		t.Errorf("%+v %q", counts, *reports)
	}
	same(t, "outputs", tree(t, j.Out), map[string]string{"a.txt": "A\n"})
	if r := sink[2]; r.Result != "failed" || r.OutputDigest != "" {
		t.Errorf("its record: %+v", r)
	}
	j.Out, j.Rejects, j.Sink = filepath.Join(dir, "second"), filepath.Join(dir, "rejects"), nil
	if counts, err = j.Run(t.Context()); err != nil || counts.Failed != 0 || counts.Files != 3 {
		t.Errorf("with rejects: %+v, %v", counts, err)
	}
}

// anything takes every file.
type anything struct{ capitals }

func (anything) Detect(string, []byte) bool { return true }

// TestNothingInAFile: a file without units fails and has no output, with rejects too.
func TestNothingInAFile(t *testing.T) {
	t.Parallel()
	j, dir, reports := testJob(t, map[string]string{"in/empty.txt": "", "in/a.txt": "a\n"})
	j.Rejects = filepath.Join(dir, "rejects")
	var sink records
	j.Sink = &sink
	counts, err := j.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if counts.Failed != 1 || counts.Bad != 0 || len(*reports) != 1 || (*reports)[0] != "in/empty.txt: the file is empty" {
		t.Errorf("%+v %q", counts, *reports)
	}
	same(t, "outputs", tree(t, j.Out), map[string]string{"a.txt": "A\n"})
	if r := sink[2]; r.Result != "failed" || r.OutputDigest != "" {
		t.Errorf("its record: %+v", r)
	}
}

// TestCutOffPacked: a compressed file that ends early is reported as that.
func TestCutOffPacked(t *testing.T) {
	t.Parallel()
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	for i := range 1000 {
		fmt.Fprintf(w, "line %d\n", i*i)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	j, _, reports := testJob(t, map[string]string{"in/a.txt.gz": gz.String()[:gz.Len()/2]})
	if counts, err := j.Run(t.Context()); err != nil || counts.Failed != 1 {
		t.Errorf("%+v, %v", counts, err)
	}
	if want := []string{"in/a.txt.gz: the file is cut off"}; !slices.Equal(*reports, want) {
		t.Errorf("%q", *reports)
	}
	same(t, "outputs", tree(t, j.Out), map[string]string{})
}
