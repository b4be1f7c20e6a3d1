package bucket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/file/bucket"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/csv"
)

const rules = `
veil: 1
name: test
referenceDate: 2025-06-30
tables:
  rules:
    - {id: ids, match: {column: id}, method: pseudonym}
    - {id: facts, match: {column: "*"}, method: keep}
`

// records keeps what is appended.
type records []*mask.Record

func (s *records) Append(_ context.Context, r *mask.Record) error {
	*s = append(*s, r)
	return nil
}

// newJob is a job of CSV over a store, with what it reported.
func newJob(t *testing.T, store file.Store, out string, inputs ...string) (j *file.Job, reports *[]string) {
	t.Helper()
	methods, err := mask.NewMethods(general.Methods(), table.Methods())
	if err != nil {
		t.Fatal(err)
	}
	rs, err := ruleset.Parse("test.yaml", []byte(rules), methods, nil)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keys.NewKeyring([]byte("0123456789abcdef0123456789abcdef"), "test")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := ruleset.NewPolicy(rs, methods, ring)
	if err != nil {
		t.Fatal(err)
	}
	r := table.NewRules(policy)
	format, err := csv.New(csv.Config{Rules: r, Table: r.OfFile})
	if err != nil {
		t.Fatal(err)
	}
	reports = new([]string)
	return &file.Job{
		Inputs: inputs, Out: out, Store: store, Workers: 2, Formats: []file.Format{format}, Plan: policy.NewPlan(), Keys: ring, Sink: &records{},
		Report: func(p file.Problem) { *reports = append(*reports, p.Error()) },
	}, reports
}

// put makes objects, by their names below a prefix.
func put(t *testing.T, s file.Store, prefix, params string, objects map[string]string) {
	t.Helper()
	for name, text := range objects {
		w, err := s.Create(t.Context(), prefix+name+params)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// texts are the objects below a prefix.
func texts(t *testing.T, s file.Store, prefix string) map[string]string {
	t.Helper()
	list, err := s.List(t.Context(), prefix)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, o := range list {
		r, err := s.Open(t.Context(), o.URL)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		out[o.Name] = string(text)
	}
	return out
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestMemory holds what storeTest does for a bucket in memory.
func TestMemory(t *testing.T) {
	t.Parallel()
	storeTest(t, "mem://data", "")
}

// storeTest runs jobs between a bucket and this machine, in both directions and within.
func storeTest(t *testing.T, root, params string) {
	s := bucket.New()
	t.Cleanup(func() { _ = s.Close() })
	at := func(key string) string { return root + "/" + key + params }
	long := "id,x\n" + strings.Repeat("PLANTED,some text that is long enough to need several parts\n", 120_000)
	put(t, s, root+"/", params, map[string]string{
		"in/a.csv": "id,x\nPLANTED,1\n", "in/deep/b c%2520.csv": "id,x\nPLANTED,2\n", "in/deep/c.csv.gz": packed(t, "id,x\nPLANTED,3\n"), "in/.hidden/d.csv": "id\n1\n",
		"long/long.csv": long, "bad/broken.csv.gz": "no gzip", "bad/good.csv": "id,x\nPLANTED,4\n",
	})
	first := func(out map[string]string, name string) string {
		row, _, _ := strings.Cut(strings.TrimPrefix(out[name], "id,x\n"), ",")
		return row
	}

	// A prefix, into the bucket.
	j, reports := newJob(t, s, at("out"), at("in/"))
	counts, err := j.Run(t.Context())
	if err != nil || counts.Files != 3 || len(*reports) > 0 {
		t.Fatalf("%+v %v %q", counts, err, *reports)
	}
	out := texts(t, s, at("out/"))
	if len(out) != 3 || !strings.HasSuffix(out["deep/b c%20.csv"], ",2\n") || strings.Contains(fmt.Sprint(out), "PLANTED") || len(first(out, "a.csv")) != 26 {
		t.Errorf("%q", out)
	}
	pseudonym := first(out, "a.csv")

	// Again: nothing is overwritten. Resumed: all is kept.
	if _, err := j.Run(t.Context()); !errors.Is(err, file.ErrExists) || strings.Contains(err.Error(), "?") {
		t.Errorf("%v", err)
	}
	known := map[string]bool{}
	for _, r := range *j.Sink.(*records) {
		known[r.InputDigest+r.OutputDigest] = r.Result == "complete" && r.Operation == "mask"
	}
	j.Earlier = func(in, out string) bool { return known[in+out] }
	if counts, err := j.Run(t.Context()); err != nil || counts.Resumed != 3 || counts.Files != 0 {
		t.Errorf("resumed: %+v %v", counts, err)
	}

	// A pattern, one object and a prefix without its slash, to this machine.
	for _, tc := range []struct {
		input string
		want  []string
	}{
		{"in/*.csv", []string{"a.csv"}}, {"in/deep/b*", []string{"b c%20.csv"}}, {"in/[a-z].csv", []string{"a.csv"}}, {"in/a.csv", []string{"a.csv"}}, {"in/deep", []string{"b c%20.csv", "c.csv.gz"}},
	} {
		dir := t.TempDir()
		j, reports := newJob(t, s, "file://"+dir, at(tc.input))
		if _, err := j.Run(t.Context()); err != nil || len(*reports) > 0 {
			t.Errorf("%s: %v %q", tc.input, err, *reports)
		}
		var got []string
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.input, got, tc.want)
		}
	}

	// From this machine.
	local := filepath.Join(t.TempDir(), "local.csv")
	if err := os.WriteFile(local, []byte("id,x\nPLANTED,5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	j, _ = newJob(t, s, at("up"), "file://"+local)
	if counts, err := j.Run(t.Context()); err != nil || counts.Files != 1 {
		t.Errorf("%+v %v", counts, err)
	}
	if got := first(texts(t, s, at("up/")), "local.csv"); got != pseudonym {
		t.Errorf("%q, want %q", got, pseudonym)
	}

	// More than one part.
	j, _ = newJob(t, s, at("out"), at("long/long.csv"))
	if counts, err := j.Run(t.Context()); err != nil || counts.Masked != 120_000 {
		t.Errorf("%+v %v", counts, err)
	}

	// One that cannot be read has no output; the other has.
	j, reports = newJob(t, s, at("bad-out"), at("bad/"))
	if counts, err := j.Run(t.Context()); err != nil || counts.Failed != 1 || counts.Files != 1 || len(*reports) != 1 || !strings.HasSuffix((*reports)[0], "bad/broken.csv.gz: not a gzip file") {
		t.Errorf("%+v %v %q", counts, err, *reports)
	}
	if got := texts(t, s, at("bad-out/")); len(got) != 1 || got["good.csv"] == "" {
		t.Errorf("%q", got)
	}

	// Given up: no object. At once with another: the first stays.
	ctx, cancel := context.WithCancel(t.Context())
	w, err := s.Create(ctx, at("up/cancelled"))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, long) // it may fail by then
	cancel()
	_ = w.Close() // it fails
	if ok, err := s.Exists(t.Context(), at("up/cancelled")); ok || err != nil {
		t.Errorf("an object that was given up: %v %v", ok, err)
	}
	for _, size := range []int{10, len(long)} {
		name := fmt.Sprint("up/race", size)
		one, err1 := s.Create(t.Context(), at(name))
		two, err2 := s.Create(t.Context(), at(name))
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		_, err1 = io.WriteString(one, "1"+long[:size])
		_, err2 = io.WriteString(two, "2"+long[:size])
		if err := errors.Join(err1, err2, one.Close()); err != nil {
			t.Fatal(err)
		}
		if err := two.Close(); !errors.Is(err, file.ErrExists) {
			t.Errorf("the second of two of %d bytes: %v", size, err)
		}
		if got := texts(t, s, at("up/"))[fmt.Sprint("race", size)]; !strings.HasPrefix(got, "1") {
			t.Errorf("an object of %d bytes was overwritten", size)
		}
	}

	// Anywhere in an object.
	b := make([]byte, 4)
	r := s.At(t.Context(), at("in/a.csv"))
	if n, err := r.ReadAt(b, 3); n != 4 || err != nil || string(b) != "x\nPL" {
		t.Errorf("%q %v", b[:n], err)
	}
	if n, err := r.ReadAt(b, 12); n != 3 || !errors.Is(err, io.EOF) {
		t.Errorf("%q %v", b[:n], err)
	}

	for input, want := range map[string]string{
		"none.csv": "there is no such object", "none/": "there is no such object", "none/*.csv": "there is no such object",
	} {
		j, _ := newJob(t, s, t.TempDir(), at(input))
		if _, err := j.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", input, err)
		}
	}
}

// TestMistakes: what cannot be is refused, and names no parameter of a URL.
func TestMistakes(t *testing.T) {
	t.Parallel()
	s := bucket.New()
	put(t, s, "mem://data/", "", map[string]string{"in/a.csv": "id\n1\n", "in/b.csv": "id\n1\n", "in//up.csv": "id\n1\n"})
	for _, tc := range []struct {
		name string
		job  func(j *file.Job)
		want string
	}{
		{"a scheme", func(j *file.Job) { j.Inputs = []string{"ftp://data/a?key=SECRET"} }, "ftp://data/a: unknown scheme ftp: use s3, gs, azblob or file"},
		{"rejects", func(j *file.Job) { j.Rejects = "mem://data/rejects" }, "must be on this machine"},
		{"a log", func(j *file.Job) { j.AuditDir = "mem://data/log" }, "must be on this machine"},
		{"no store", func(j *file.Job) { j.Store = nil }, "object stores are not available"},
		{"several to standard output", func(j *file.Job) { j.Out = "" }, "names several objects"},
		{"one twice", func(j *file.Job) { j.Inputs = []string{"mem://data/in/a.csv", "mem://data/in/a.csv"} }, "are the same file"},
		{"two of one name", func(j *file.Job) { j.Inputs = []string{"mem://data/in/a.csv", "mem://data/in/"} }, ""},
	} {
		j, _ := newJob(t, s, t.TempDir(), "mem://data/in/")
		tc.job(j)
		if _, err := j.Run(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	// An object whose name leads out of the output directory is left out.
	j, reports := newJob(t, s, t.TempDir(), "mem://data/in/")
	if counts, err := j.Run(t.Context()); err != nil || counts.Files != 2 || counts.Failed != 1 || !strings.Contains(fmt.Sprint(*reports), "is no name of a file") {
		t.Errorf("%+v %v %q", counts, err, *reports)
	}
}
