package parquet_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/parquet"
)

// TestStreamsAreMaskedAsFiles holds that standard input and a compressed file, which
// cannot be read at any place, give the bytes of a plain file, and that the copy that is
// made of them is gone afterwards.
func TestStreamsAreMaskedAsFiles(t *testing.T) {
	t.Parallel()
	rules := parseRules(t, `{id: a, match: [{column: id}, {column: names}], method: pseudonym}, {id: b, match: {column: "*"}, method: keep}`)
	in := write(t, patients(500))
	want := maskFile(t, in, rules, 2).bytes
	dir := t.TempDir()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(in); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "t.parquet.gz")
	if err := os.WriteFile(path, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	job := &file.Job{
		Inputs: []string{"-", path}, Stdin: bytes.NewReader(in), Out: out, Workers: 2, Plan: rules.Policy().NewPlan(), Keys: rules.Policy().Keys,
		Formats: []file.Format{parquet.New(parquet.Config{Rules: rules, Table: func(string) table.Name { return table.Name{Table: "t"} }})},
	}
	counts, err := job.Run(t.Context())
	if err != nil || counts.Files != 2 || counts.Masked != 1000 {
		t.Fatalf("%+v, %v", counts, err)
	}
	got, err := os.ReadFile(filepath.Join(out, "stdin.parquet"))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("standard input: other bytes, %v", err)
	}
	f, err := os.Open(filepath.Join(out, "t.parquet.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if got, err = io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
		t.Errorf("compressed: other bytes, %v", err)
	}
	left, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s is left", e.Name())
		}
	}
}

// TestStreamsNeedAPlace holds that a stream without a place for a copy is refused.
func TestStreamsNeedAPlace(t *testing.T) {
	t.Parallel()
	rules := parseRules(t, keepAll)
	f := parquet.New(parquet.Config{Rules: rules, Table: rules.OfFile})
	_, err := f.Open(file.Source{Reader: bytes.NewReader(write(t, patients(10))), Name: "t"})
	if err == nil || !strings.Contains(err.Error(), "as a stream") {
		t.Error(err)
	}
}
