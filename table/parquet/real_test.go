package parquet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/parquet"
)

// TestRealParquetLibraries masks files of pyarrow, pandas, DuckDB and Polars, of all types
// and of random nested ones, and has these read the outputs: what was kept is the same in
// values, nulls and types, and what was masked can be read.
func TestRealParquetLibraries(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run real clients")
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	client := func(args ...string) string {
		t.Helper()
		out, err := veiltest.Command(t, veiltest.Installs, "../../testdata/clients/parquet/run", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	client("write", in)
	for _, c := range []struct{ command, rules string }{
		{"same", keepAll},
		{"masked", `{id: a, match: [{column: "*.key"}, {column: c6}, {column: "c*.m1"}], method: keep},
			{id: b, match: [{column: id}, {column: cat}, {column: ward}, {column: c0}, {column: c1}, {column: enum}, {column: uuid}], method: pseudonym},
			{id: c, match: [{column: age}, {column: tiny}, {column: dec}, {column: "*.x"}, {column: weight}, {column: c2}], method: round, to: "10"},
			{id: d, match: [{column: day}, {column: ts}, {column: tstz}, {column: seen}, {column: when}, {column: c22}], method: year},
			{id: e, match: {column: "*"}, method: remove}`},
	} {
		out := filepath.Join(dir, c.command)
		rules := parseRules(t, c.rules)
		job := &file.Job{
			Inputs: []string{in}, Out: out, Workers: 2, Plan: rules.Policy().NewPlan(), Keys: rules.Policy().Keys,
			Formats: []file.Format{parquet.New(parquet.Config{Rules: rules, Table: func(string) table.Name { return table.Name{Table: "t"} }})},
		}
		counts, err := job.Run(t.Context())
		if err != nil || counts.Failed > 0 || counts.Files < 28 {
			t.Fatalf("%+v, %v", counts, err)
		}
		if got := strings.Count(client(c.command, in, out), c.command+" "); got != int(counts.Files) {
			t.Errorf("%s: %d files of %d were compared", c.command, got, counts.Files)
		}
	}
}

// TestRealSpark masks files of Spark in each form that it writes, with rules that keep
// everything, and has it read the outputs: schemas, rows and filters give the same.
func TestRealSpark(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run real clients")
	}
	in, out := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "out")
	client := func(args ...string) string {
		t.Helper()
		said, err := veiltest.Command(t, veiltest.Installs, "../../testdata/clients/parquet-spark/run", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, said)
		}
		return string(said)
	}
	client("write", in)
	rules := parseRules(t, keepAll)
	job := &file.Job{
		Inputs: []string{in}, Out: out, Workers: 2, Plan: rules.Policy().NewPlan(), Keys: rules.Policy().Keys,
		Formats: []file.Format{parquet.New(parquet.Config{Rules: rules, Table: func(string) table.Name { return table.Name{Table: "t"} }})},
	}
	if counts, err := job.Run(t.Context()); err != nil || counts.Failed > 0 || counts.Files != 3 {
		t.Fatalf("%+v, %v", counts, err)
	}
	if said := client("same", in, out); strings.Count(said, "same ") != 3 {
		t.Error(said)
	}
}
