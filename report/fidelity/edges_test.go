package fidelity_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/report/fidelity"
	"github.com/veil-proxy/veil/report/signed"
)

// texts compares two CSV texts.
func texts(t *testing.T, original, masked string) (*fidelity.Report, error) {
	t.Helper()
	dir := t.TempDir()
	var names [2]string
	for i, text := range []string{original, masked} {
		names[i] = filepath.Join(dir, []string{"a.csv", "b.csv"}[i])
		if err := os.WriteFile(names[i], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return compare(t, names[0], names[1])
}

// TestEdges: each case gives a figure or one error, and never a number that is none.
func TestEdges(t *testing.T) {
	t.Parallel()
	many := func(row string, n int) string { return strings.Repeat(row+"\n", n) }
	for name, c := range map[string]struct {
		original, masked string
		outcome          string
		verdicts         [3]signed.Outcome
	}{
		"one class only":     {"x\n" + many("a", 9), "x\n" + many("a", 9), "kept", [3]signed.Outcome{"pass", "not run", "pass"}},
		"constant number":    {"x\n" + many("5", 9), "x\n" + many("5", 9), "kept", [3]signed.Outcome{"pass", "not run", "pass"}},
		"all NULL":           {"x,y\n" + many(",1", 9), "x,y\n" + many(",1", 9), "kept", [3]signed.Outcome{"pass", "not run", "pass"}},
		"all became NULL":    {"x,y\n" + many("a,1", 9), "x,y\n" + many(",1", 9), "removed", [3]signed.Outcome{"pass", "not run", "pass"}},
		"no rows":            {"x,y\n", "x,y\n", "kept", [3]signed.Outcome{"not run", "not run", "pass"}},
		"rows are missing":   {"x\n" + many("a", 9), "x\n" + many("a", 7), "changed", [3]signed.Outcome{"pass", "not run", "fail"}},
		"numbers to texts":   {"x\n1\n2\n2\n3\n", "x\nlow\nlow\nlow\nhigh\n", "generalized", [3]signed.Outcome{"fail", "not run", "pass"}},
		"dates to years":     {"x\n1850-02-03\n1850-07-09\n2020-01-02\n", "x\n1850\n1850\n2020\n", "generalized", [3]signed.Outcome{"pass", "not run", "pass"}},
		"huge numbers":       {"x\n123456789012345678901234567890\n1\n", "x\n123456789012345678901234567890\n1\n", "kept", [3]signed.Outcome{"pass", "not run", "pass"}},
		"drift":              {"x\n" + many("1", 50) + many("2", 50), "x\n" + many("1", 80) + many("2", 20), "changed", [3]signed.Outcome{"fail", "not run", "pass"}},
		"a rare one is lost": {"x\n" + many("a", 300) + "b\n", "x\n" + many("a", 301), "generalized", [3]signed.Outcome{"pass", "not run", "fail"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := texts(t, c.original, c.masked)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Tables[0].Columns[0].Outcome; got != c.outcome {
				t.Errorf("outcome %s, expected %s", got, c.outcome)
			}
			for i, v := range r.Verdicts {
				if v.Outcome != c.verdicts[i] {
					t.Errorf("%s: %s (%v), expected %s", v.Name, v.Outcome, v.Faults, c.verdicts[i])
				}
			}
			var out signed.Result
			r.Fill(&out)
			out.Kind = "fidelity"
			if _, err := out.Marshal(nil); err != nil { // NaN and infinity cannot be written
				t.Error(err)
			}
		})
	}
}

// TestBrokenJoins: a reference that finds no key any more is named, and so is a key that is
// no longer unique.
func TestBrokenJoins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(side, name, text string) {
		if err := os.MkdirAll(filepath.Join(dir, side), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, side, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a", "p.csv", "id\np1\np2\np3\np4\n")
	write("a", "v.csv", "who\np1\np1\np2\np3\n")
	write("b", "p.csv", "id\nx1\nx2\nx3\nx3\n")
	write("b", "v.csv", "who\nx1\nx1\nx2\nx9\n")
	r, err := compare(t, filepath.Join(dir, "a"), filepath.Join(dir, "b"))
	if err != nil {
		t.Fatal(err)
	}
	v := r.Verdicts[1]
	if v.Outcome != signed.Fail || len(r.Joins) != 1 || r.Joins[0].Rows.Masked != 0.75 || r.Joins[0].Unique != [2]bool{true, false} {
		t.Errorf("%+v, %+v", v, r.Joins)
	}
	if !strings.Contains(strings.Join(v.Faults, ";"), "v.who to p.id: 75.0 % of rows join instead of 100.0 %") {
		t.Errorf("faults: %v", v.Faults)
	}
}
