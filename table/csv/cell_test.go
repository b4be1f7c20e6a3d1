package csv_test

import (
	"io"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/csv"
)

// endless is a text without end.
type endless byte

func (e endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(e)
	}
	return len(b), nil
}

// TestHugeCell: a cell of a gigabyte, and a quote that is never closed, end the file with
// one error, before they are in memory; a cell of some megabytes is masked.
func TestHugeCell(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ before, after, want string }{
		"quoted":         {"id,free\n7,\"", "\"\n", "standard input: line 2: the row is longer than 32 MiB: is a quote missing?"},
		"without quotes": {"id,free\n7,a\n7,", "\n", "standard input: line 3: the row is longer than 32 MiB: is a quote missing?"},
		"a header":       {"id,free,", "\n7,x,y\n", "standard input: the first line is longer than 262144 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := io.MultiReader(strings.NewReader(tc.before), io.LimitReader(endless('x'), 1<<30), strings.NewReader(tc.after))
			_, reports, counts := stream(t, text)
			if counts.Failed != 1 || reports != tc.want+"\n" {
				t.Errorf("%+v %q", counts, reports)
			}
		})
	}
	long := strings.Repeat("lorem ipsum ", 1<<20)
	if out, reports, counts := stream(t, strings.NewReader("id,free\n7,\""+long+"\"\n7,b\n")); counts.Masked != 2 || reports != "" || !strings.Contains(out, long) || !strings.HasSuffix(out, ",b\n") {
		t.Errorf("%+v %q", counts, reports)
	}
}

// stream masks a stream of patients.
func stream(t *testing.T, in io.Reader) (out, reports string, counts file.Counts) {
	t.Helper()
	r, _ := rules(t)
	f, err := csv.New(csv.Config{Rules: r, Any: true, Table: func(string) table.Name { return table.Name{Table: "patients"} }})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	policy := r.Policy()
	job := &file.Job{
		Inputs: []string{"-"}, Stdin: in, Stdout: &b, Workers: 2, Formats: []file.Format{f}, Plan: policy.NewPlan(), Keys: policy.Keys,
		Report: func(p file.Problem) { reports += p.Error() + "\n" },
	}
	if counts, err = job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b.String(), reports, counts
}
