package parquet_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/parquet"
)

// parseRules returns the rules of a list, with the key of the tests.
func parseRules(t testing.TB, list string) *table.Rules {
	t.Helper()
	return masktest.Rules(t, "veil: 1\nname: test\nreferenceDate: 2025-06-30\ntables:\n  rules: ["+list+"]\n")
}

// outcome is what became of a file.
type outcome struct {
	bytes   []byte // of the output; nil if there is none
	reports string
	counts  file.Counts
}

// maskFile masks the bytes of a Parquet file.
func maskFile(t testing.TB, in []byte, rules *table.Rules, workers int) outcome {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "t.parquet")
	if err := os.WriteFile(path, in, 0o600); err != nil {
		t.Fatal(err)
	}
	var reports strings.Builder
	job := &file.Job{
		Inputs: []string{path}, Out: filepath.Join(dir, "out"), Workers: workers,
		Formats: []file.Format{parquet.New(parquet.Config{Rules: rules, Table: rules.OfFile})}, Plan: rules.Policy().NewPlan(), Keys: rules.Policy().Keys,
		Report: func(p file.Problem) { reports.WriteString(p.Error() + "\n") },
	}
	counts, err := job.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.ReadFile(filepath.Join(dir, "out", "t.parquet"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return outcome{out, strings.ReplaceAll(reports.String(), path+": ", ""), counts}
}

// write writes rows as a Parquet file.
func write[T any](t testing.TB, rows []T, options ...pq.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pq.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read reads the rows of a Parquet file.
func read[T any](t testing.TB, b []byte) []T {
	t.Helper()
	rows, err := pq.Read[T](bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

type address struct {
	City *string `parquet:"city,optional"`
	Zip  string  `parquet:"zip"`
}

type patient struct {
	ID      string            `parquet:"id"`
	Code    string            `parquet:"code,dict"`
	Age     int32             `parquet:"age"`
	Weight  *float64          `parquet:"weight,optional"`
	Names   []string          `parquet:"names,list"`
	Phones  []string          `parquet:"phones"`
	Address *address          `parquet:"address,optional"`
	Others  []address         `parquet:"others,list"`
	Tags    map[string]string `parquet:"tags"`
}

func patients(n int) (out []patient) {
	for i := range n {
		city, weight := "town-"+string(rune('a'+i%26)), float64(i)/4
		p := patient{ID: "patient-" + strings.Repeat("x", i%7) + string(rune('a'+i%26)), Code: "code-" + string(rune('a'+i%5)), Age: int32(i % 100), Tags: map[string]string{}}
		if i%3 > 0 {
			p.Weight = &weight
			p.Address = &address{Zip: "12345"}
			p.Names = append(p.Names, "Name", "Other")
		}
		if i%4 > 0 {
			p.Others = append(p.Others, address{City: &city, Zip: "99999"}, address{Zip: "88888"})
			p.Tags["k"] = "value"
			p.Phones = []string{"555", "556"}
		}
		out = append(out, p)
	}
	return out
}

const keepAll = `{id: all, match: {column: "*"}, method: keep}`

// TestKeptColumnsPass holds that what rules keep is in the output as it was, in each
// version of pages and with each compression.
func TestKeptColumnsPass(t *testing.T) {
	t.Parallel()
	rules := parseRules(t, keepAll)
	rows := patients(2500)
	for name, options := range map[string][]pq.WriterOption{
		"v1": {pq.DataPageVersion(1)}, "v2": {pq.DataPageVersion(2)},
		"none": {pq.Compression(&pq.Uncompressed)}, "snappy": {pq.Compression(&pq.Snappy)}, "gzip": {pq.Compression(&pq.Gzip)},
		"zstd": {pq.Compression(&pq.Zstd)}, "lz4": {pq.Compression(&pq.Lz4Raw)}, "brotli": {pq.Compression(&pq.Brotli)},
	} {
		in := write(t, rows, append(options, pq.PageBufferSize(4000), pq.MaxRowsPerRowGroup(700))...)
		out := maskFile(t, in, rules, 3)
		if out.bytes == nil || out.counts.Masked != 2500 {
			t.Errorf("%s: %+v %s", name, out.counts, out.reports)
			continue
		}
		if got := read[patient](t, out.bytes); !reflect.DeepEqual(got, read[patient](t, in)) {
			t.Errorf("%s: the rows differ", name)
		}
	}
}

// TestMaskedColumns holds what becomes of columns of each shape.
func TestMaskedColumns(t *testing.T) {
	t.Parallel()
	rules := parseRules(t, `{id: a, match: [{column: id}, {column: names}, {column: phones}, {column: address.city}, {column: others.city}], method: fixed, value: X},
		{id: b, match: {column: code}, method: pseudonym}, {id: c, match: {column: age}, method: round, to: "10"}, {id: d, match: [{column: others.zip}, {column: tags}], method: keep},
		{id: e, match: {column: weight}, method: remove}`)
	type masked struct {
		ID      *string   `parquet:"id,optional"`
		Code    *string   `parquet:"code,optional"`
		Age     *int64    `parquet:"age,optional"`
		Weight  *float64  `parquet:"weight,optional"`
		Names   []*string `parquet:"names,list"`
		Phones  []*string `parquet:"phones,list"`
		Address *struct {
			City *string `parquet:"city,optional"`
		} `parquet:"address,optional"`
		Others []address         `parquet:"others,list"`
		Tags   map[string]string `parquet:"tags"`
	}
	for _, version := range []int{1, 2} {
		in := patients(1000)
		out := maskFile(t, write(t, in, pq.DataPageVersion(version), pq.PageBufferSize(3000)), rules, 2)
		if out.bytes == nil {
			t.Fatal(out.reports)
		}
		got := read[masked](t, out.bytes)
		codes := map[string]string{}
		for i, row := range got {
			if *row.ID != "X" || row.Weight != nil || *row.Age != int64((in[i].Age+5)/10*10) || len(row.Names) != len(in[i].Names) || len(row.Phones) != len(in[i].Phones) || (row.Address == nil) != (in[i].Address == nil) || len(row.Others) != len(in[i].Others) {
				t.Fatalf("row %d: %+v", i, row)
			}
			for _, v := range append(row.Names, row.Phones...) {
				if *v != "X" {
					t.Fatalf("row %d: %+v", i, row)
				}
			}
			for k, o := range row.Others {
				if (o.City == nil) != (in[i].Others[k].City == nil) || o.City != nil && *o.City != "X" || o.Zip != in[i].Others[k].Zip {
					t.Fatalf("row %d: %+v", i, o)
				}
			}
			if before, ok := codes[in[i].Code]; ok && before != *row.Code || *row.Code == in[i].Code {
				t.Fatalf("row %d: %s", i, *row.Code)
			}
			codes[in[i].Code] = *row.Code
		}
	}
}

// TestWorkersDoNotChangeTheOutput holds that the bytes are the same with any number.
func TestWorkersDoNotChangeTheOutput(t *testing.T) {
	t.Parallel()
	rules := parseRules(t, `{id: a, match: [{column: id}, {column: code}, {column: names}], method: pseudonym}, {id: b, match: {column: "*"}, method: keep}`)
	in := write(t, patients(3000), pq.PageBufferSize(2000), pq.MaxRowsPerRowGroup(800))
	one := maskFile(t, in, rules, 1)
	for _, workers := range []int{2, 7} {
		if got := maskFile(t, in, rules, workers); got.bytes == nil || !bytes.Equal(got.bytes, one.bytes) {
			t.Errorf("%d workers write other bytes", workers)
		}
	}
}

// TestCaseOfNames holds that the case of names does not matter to rules without upper
// case, and that the output has the names of the input.
func TestCaseOfNames(t *testing.T) {
	t.Parallel()
	type row struct {
		ID      string `parquet:"PATIENT_ID"`
		Address struct {
			City string `parquet:"City"`
		} `parquet:"Address"`
	}
	in := write(t, []row{{ID: "p1"}})
	rules := parseRules(t, `{id: a, match: [{column: patient_id}, {column: address.city}], method: keep}`)
	out := maskFile(t, in, rules, 1)
	if out.bytes == nil || read[row](t, out.bytes)[0].ID != "p1" {
		t.Error(out.reports)
	}
}
