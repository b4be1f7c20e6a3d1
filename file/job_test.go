package file

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
)

// capitals is a format of lines of text, masked by capitals. A line "bad" cannot be
// masked, a file that begins with "broken" cannot be read.
type capitals struct{ plan *mask.Plan }

func (c capitals) Info() Info {
	return Info{Name: "lines", Unit: "line", Extension: ".txt", Empty: "the file contains no lines"}
}
func (capitals) Detect(name string, _ []byte) bool {
	return filepath.Ext(name) == ".txt" || name == "stdin"
}
func (c capitals) Open(in Source) (Document, error) { return lines{c, in}, nil }

type lines struct {
	capitals
	in Source
}

func (l lines) Plan() *mask.Plan { return l.plan }
func (l lines) Split(_ func() []byte, emit func(Block) error) error {
	text, err := io.ReadAll(l.in)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(text, []byte("broken")) {
		return errors.New("the file is truncated")
	}
	return emit(Block{Text: text, Line: 1})
}
func (l lines) NewMasker(bool) Masker        { return &capitalMasker{mask.NewPass(l.plan)} }
func (lines) NewMerger(out io.Writer) Merger { return Concatenate(out) }

type capitalMasker struct{ pass *mask.Pass }

func (m *capitalMasker) Pass() *mask.Pass { return m.pass }
func (m *capitalMasker) AppendMasked(dst []byte, b Block, r *Result) []byte {
	for i, line := range strings.SplitAfter(string(b.Text), "\n") {
		switch {
		case line == "":
		case line == "bad\n":
			r.Bad = append(r.Bad, Bad{Line: b.Line + i, Column: 1, What: "cannot be masked", Text: []byte("bad")})
		default:
			dst = append(dst, strings.ToUpper(line)...)
			r.Masked++
		}
	}
	return dst
}

// records keeps what is appended.
type records []*mask.Record

func (s *records) Append(_ context.Context, r *mask.Record) error {
	*s = append(*s, r)
	return nil
}

// run is a job over a directory of its own, with what it reported.
func testJob(t *testing.T, files map[string]string) (j *Job, dir string, reports *[]string) {
	t.Helper()
	key, err := keys.NewKeyring(bytes.Repeat([]byte{7}, 32), "default")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reports = new([]string)
	plan := &mask.Plan{Ruleset: "test", Keys: key}
	return &Job{
		Plan: plan, Inputs: []string{filepath.Join(dir, "in")}, Out: filepath.Join(dir, "out"), Workers: 2, Keys: key,
		Formats: []Format{capitals{plan}},
		Report:  func(p Problem) { *reports = append(*reports, strings.ReplaceAll(p.Error(), dir+"/", "")) },
	}, dir, reports
}

// tree returns the files below a directory with their texts.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var text []byte
		if d.Type().IsRegular() {
			text, err = os.ReadFile(path)
		}
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s: %s has %q, want %q", what, name, got[name], text)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %s should not be there", what, name)
		}
	}
}

// TestDirectories: the files of a directory at any depth keep their place; hidden files
// and the output itself are not inputs; one that cannot be read does not stop the rest.
func TestDirectories(t *testing.T) {
	t.Parallel()
	j, dir, reports := testJob(t, map[string]string{
		"in/a.txt": "a\n", "in/deep/er/b.txt": "b\nbad\nc\n", "in/deep/c.txt": "broken", "in/.hidden.txt": "x\n", "in/.git/x.txt": "x\n",
		"in/out/old.txt": "x\n", "in/picture.png": "png", "secret.txt": "secret\n",
	})
	j.Out = filepath.Join(dir, "in", "out")
	if err := os.Symlink(filepath.Join(dir, "secret.txt"), filepath.Join(dir, "in", "link.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "in", "dangling.txt")); err != nil {
		t.Fatal(err)
	}
	counts, err := j.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := (Counts{Masked: 3, Bad: 1, Failed: 4, Files: 2}); counts != want {
		t.Errorf("%+v, want %+v", counts, want)
	}
	same(t, "outputs", tree(t, j.Out), map[string]string{"a.txt": "A\n", "deep/er/b.txt": "B\nC\n", "old.txt": "x\n"})
	for _, want := range []string{
		"in/deep/c.txt: the file is truncated", "in/deep/er/b.txt:2:1: cannot be masked", "in/picture.png: the file is not in lines format",
		"in/link.txt: symbolic link to a place outside of in: list its target as an input",
		"in/dangling.txt: symbolic link to a place outside of in: list its target as an input",
	} {
		if !strings.Contains(strings.Join(*reports, "\n")+"\n", want+"\n") {
			t.Errorf("not reported: %s\n%s", want, strings.Join(*reports, "\n"))
		}
	}
}

// TestForeignFormats: files of known formats that are not masked are named, and what to
// do; none of them has an output.
func TestForeignFormats(t *testing.T) {
	t.Parallel()
	const cda = `<ClinicalDocument xmlns="urn:hl7-org:v3">`
	for name, tc := range map[string]struct{ text, want string }{
		"v2":                         {"MSH|^~\\&|LAB|SECRET\rPID|1\r", "the file is an HL7 v2 message, which Veil does not mask: convert it to FHIR first"},
		"v2 in MLLP":                 {"\x0bMSH|^~\\&|LAB\r", "an HL7 v2 message"},
		"v2 batch":                   {"FHS|^~\\&|LAB\r", "an HL7 v2 message"},
		"C-CDA":                      {cda, "the file is a C-CDA document, which Veil does not mask: convert it to FHIR first"},
		"C-CDA with a head":          {"\ufeff<?xml version=\"1.0\"?>\n<?xml-stylesheet href=\"x\"?>\n<!-- SECRET -->\n<cda:ClinicalDocument xmlns:cda=\"x\">", "a C-CDA document"},
		"Excel":                      {"PK\x03\x04", "an Office document"},
		"DICOM":                      {strings.Repeat("\x00", 128) + "DICM", "a DICOM file"},
		"PDF":                        {"%PDF-1.7", "a PDF document"},
		"archive of pg_dump":         {"PGDMP\x01\x0e", "a pg_dump archive, which Veil does not mask: make a plain-text dump of it: pg_restore -f - FILE"},
		"SQLite":                     {"SQLite format 3\x00", "a SQLite database"},
		"DuckDB":                     {"\x01\x02\x03\x04\x05\x06\x07\x08DUCK", "a DuckDB database, which Veil does not mask: export its tables as CSV or Parquet"},
		"SAS":                        {strings.Repeat("\x00", 12) + "\xc2\xea\x81\x60", "a SAS data set, which Veil does not mask: export its tables as CSV or Parquet"},
		"Stata":                      {"<stata_dta><header>", "a Stata data set"},
		"SPSS":                       {"$FL2@(#) SPSS", "an SPSS data set"},
		"Access":                     {"\x00\x01\x00\x00Standard Jet DB", "an Access database"},
		"ORC":                        {"ORC\n", "an ORC file, which Veil does not mask: convert it to Parquet"},
		"Avro":                       {"Obj\x01", "an Avro file"},
		"HDF5":                       {"\x89HDF\r\n\x1a\n", "an HDF5 file"},
		"an older Excel":             {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an older Office document"},
		"tar":                        {strings.Repeat("S", 257) + "ustar", "a tar archive, which Veil does not mask: unpack it"},
		"bzip2":                      {"BZh9", "a file compressed with bzip2"},
		"7-Zip":                      {"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
		"vCard":                      {"BEGIN:VCARD\nN:SECRET", "a vCard"},
		"VCF":                        {"##fileformat=VCFv4.2", "a VCF file"},
		"JPEG":                       {"\xff\xd8\xff\xe0", "a picture"},
		"PNG":                        {"\x89PNG\r\n", "a picture"},
		"a text that only names one": {"a MSH| is no message\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, _, reports := testJob(t, map[string]string{"in/x.txt": tc.text})
			counts, err := j.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(*reports, "\n")
			if tc.want == "" {
				if counts.Failed != 0 || got != "" {
					t.Errorf("%+v %s", counts, got)
				}
				return
			}
			if counts.Failed != 1 || !strings.Contains(got, tc.want) || strings.Contains(got, "SECRET") {
				t.Errorf("%+v %q, want %q", counts, got, tc.want)
			}
			same(t, "outputs", tree(t, j.Out), map[string]string{})
		})
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	j, dir, _ := testJob(t, map[string]string{"in/a.txt": "a\n", "in/b.txt": "b\n", "in/c.csv": "c\n", "in/[x].txt": "x\n"})
	j.Inputs = []string{filepath.Join(dir, "in", "?.txt"), filepath.Join(dir, "in", "[x].txt")}
	if _, err := j.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "outputs", tree(t, j.Out), map[string]string{"a.txt": "A\n", "b.txt": "B\n", "[x].txt": "X\n"})
	j.Inputs = []string{filepath.Join(dir, "in", "*.parquet")}
	if _, err := j.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "matches no file") {
		t.Error(err)
	}
}

// packed returns a text in a form of compression.
func packed(t *testing.T, ext, text string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch ext {
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".zst":
		w, err = zstd.NewWriter(&b)
	case ".xz":
		w, err = xz.NewWriter(&b)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPackings(t *testing.T) {
	t.Parallel()
	for ext, outExt := range map[string]string{".gz": ".gz", ".zst": ".zst", ".xz": ".zst"} {
		t.Run(ext, func(t *testing.T) {
			t.Parallel()
			j, dir, _ := testJob(t, map[string]string{"in/a.txt" + ext: packed(t, ext, "a\n")})
			if _, err := j.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			out := tree(t, j.Out)
			p, _ := packingOf("x" + outExt)
			r, err := p.unpack(strings.NewReader(out["a.txt"+outExt]))
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(r); string(text) != "A\n" || err != nil || len(out) != 1 {
				t.Errorf("%q %v of %v", text, err, out)
			}
			// From a stream, by its first bytes; the output is plain.
			var plain bytes.Buffer
			j.Inputs, j.Out, j.Stdin, j.Stdout = []string{"-"}, "", strings.NewReader(packed(t, ext, "b\n")), &plain
			if _, err := j.Run(t.Context()); err != nil || plain.String() != "B\n" {
				t.Errorf("%q %v", plain.String(), err)
			}
			// Cut off.
			whole := packed(t, ext, strings.Repeat("abc\n", 1000))
			if err := os.WriteFile(filepath.Join(dir, "in", "a.txt"+ext), []byte(whole[:len(whole)/2]), 0o600); err != nil {
				t.Fatal(err)
			}
			j.Inputs, j.Out = []string{filepath.Join(dir, "in")}, filepath.Join(dir, "cut")
			if counts, err := j.Run(t.Context()); err != nil || counts.Failed != 1 {
				t.Errorf("cut off: %+v %v", counts, err)
			}
			same(t, "cut off", tree(t, j.Out), map[string]string{})
		})
	}
}

// TestGrowth: a small file that is endless when it is decompressed is an error.
func TestGrowth(t *testing.T) {
	t.Parallel()
	r := &inflated{Reader: zeros{}, packed: 1000}
	n, err := io.Copy(io.Discard, r)
	if err == nil || !strings.Contains(err.Error(), "1100 times its size") {
		t.Errorf("%d bytes, %v", n, err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// TestResume: a run that was interrupted goes on where it was, and what it left is gone;
// an output that another run made is not taken for one.
func TestResume(t *testing.T) {
	t.Parallel()
	j, dir, _ := testJob(t, map[string]string{"in/a.txt": "a\n", "in/b.txt": "broken"})
	var sink records
	j.Sink = &sink
	if counts, err := j.Run(t.Context()); err != nil || counts.Files != 1 || counts.Failed != 1 {
		t.Fatalf("%+v %v", counts, err)
	}
	done := map[string]bool{}
	for _, r := range sink {
		done[r.InputDigest+r.OutputDigest] = r.Operation == "mask" && r.Result == "complete"
	}
	left := filepath.Join(j.Out, ".veil-0123456789abcdef")
	for path, text := range map[string]string{left: "half", filepath.Join(dir, "in", "b.txt"): "b\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := j.Run(t.Context()); !errors.Is(err, ErrExists) {
		t.Errorf("without resuming: %v", err)
	}
	j.Earlier = func(in, out string) bool { return done[in+out] }
	counts, err := j.Run(t.Context())
	if err != nil || counts.Files != 1 || counts.Resumed != 1 {
		t.Errorf("%+v %v", counts, err)
	}
	same(t, "outputs", tree(t, j.Out), map[string]string{"a.txt": "A\n", "b.txt": "B\n"})
	if err := os.WriteFile(filepath.Join(j.Out, "a.txt"), []byte("A\nA\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Run(t.Context()); !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), "a.txt") {
		t.Errorf("an output that was changed: %v", err)
	}
	if text := tree(t, j.Out)["a.txt"]; text != "A\nA\n" {
		t.Errorf("the changed output has %q", text)
	}
}

// TestResumeThroughLink: what an interrupted run left is also gone from an output
// directory, and those below it, that a symbolic link names; no link in it is followed.
func TestResumeThroughLink(t *testing.T) {
	t.Parallel()
	j, dir, _ := testJob(t, map[string]string{"in/a.txt": "a\n", "real/.veil-0123456789abcdef": "half", "real/b/.veil-0123456789abcdee": "half", "other/.veil-0123456789abcded": "another's"})
	for link, target := range map[string]string{"linked": "real", "real/c": filepath.Join(dir, "other")} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	j.Out, j.Sink = filepath.Join(dir, "linked"), &records{}
	j.Earlier = func(string, string) bool { return false }
	if counts, err := j.Run(t.Context()); err != nil || counts.Files != 1 {
		t.Fatalf("%+v %v", counts, err)
	}
	for path, kept := range map[string]bool{"real/a.txt": true, "real/.veil-0123456789abcdef": false, "real/b/.veil-0123456789abcdee": false, "other/.veil-0123456789abcded": true} {
		if _, err := os.Stat(filepath.Join(dir, path)); (err == nil) != kept {
			t.Errorf("%s: kept is %v: %v", path, err == nil, err)
		}
	}
}

// TestRunRecords: a run has a record at its start and its end, and each file one between.
func TestRunRecords(t *testing.T) {
	t.Parallel()
	j, _, _ := testJob(t, map[string]string{"in/a.txt": "a\n", "in/b.txt": "broken"})
	var sink records
	j.Sink, j.Program = &sink, "v1.2.3"
	if _, err := j.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(sink) != 4 {
		t.Fatalf("%d records", len(sink))
	}
	for i, want := range []struct{ operation, result string }{{"run", "started"}, {"mask", "complete"}, {"mask", "failed"}, {"run", "failed"}} {
		r := sink[i]
		if r.Operation != want.operation || r.Result != want.result || r.Run != sink[0].RequestID || r.KeyFingerprint == "" {
			t.Errorf("record %d: %+v", i, r)
		}
		if (r.Program == "v1.2.3") != (want.operation == "run") || r.FileName != "" {
			t.Errorf("record %d: %+v", i, r)
		}
	}
	if got := sink[3].Resources; len(got) != 2 || got[0] != (mask.Count{Name: "failed", N: 1}) || got[1] != (mask.Count{Name: "files", N: 1}) {
		t.Errorf("%v", got)
	}
}

// TestProgress: progress has the file, bytes up to the size of all inputs, and units.
func TestProgress(t *testing.T) {
	t.Parallel()
	j, _, _ := testJob(t, map[string]string{"in/a.txt": "a\nb\n", "in/b.txt": "c\n"})
	var last Progress
	j.Progress = func(p Progress) {
		if p.Size != 6 || p.Bytes < last.Bytes || p.Bytes > p.Size || p.Units < last.Units || filepath.Base(p.File) < filepath.Base(last.File) {
			t.Errorf("%+v after %+v", p, last)
		}
		last = p
	}
	if _, err := j.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if last.Bytes != 6 || last.Units != 3 || filepath.Base(last.File) != "b.txt" {
		t.Errorf("%+v", last)
	}
}
