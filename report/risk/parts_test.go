package risk

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/report/records"
	"github.com/veil-proxy/veil/table/csv"
)

// open opens a CSV text.
func open(t *testing.T, text string) *records.Set {
	t.Helper()
	path := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := records.Open(t.Context(), path, records.Options{CSV: csv.Config{Header: csv.HeaderPresent}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Close)
	return set
}

// people are rows of people.
func people(n int) string {
	r := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // test data
	var b strings.Builder
	b.WriteString("sex,born,zip,weight,diagnosis\n")
	for range n {
		fmt.Fprintf(&b, "%s,%d-%02d-%02d,%05d,%d,%s\n", []string{"F", "M", ""}[r.IntN(3)], 1940+r.IntN(60), 1+r.IntN(12), 1+r.IntN(28), 2100+r.IntN(40), 50+r.IntN(50), []string{"I10", "E11", "C50"}[r.IntN(3)])
	}
	return b.String()
}

// TestPartsAgreeWithMemory: what is counted in parts on disk is what is counted in memory.
func TestPartsAgreeWithMemory(t *testing.T) {
	t.Parallel()
	set := open(t, people(4000))
	o := Options{Quasi: []string{"sex", "born", "zip"}, Sensitive: []string{"weight", "diagnosis"}, Population: 100_000}
	whole, err := Measure(t.Context(), set, o)
	if err != nil {
		t.Fatal(err)
	}
	o.inMemory = 50
	parted, err := Measure(t.Context(), set, o)
	if err != nil {
		t.Fatal(err)
	}
	if whole.OnDisk || !parted.OnDisk {
		t.Fatal("the bound does nothing")
	}
	parted.OnDisk = false
	if !reflect.DeepEqual(whole, parted) {
		t.Errorf("in memory %+v, in parts %+v", whole, parted)
	}
}

// TestAdviceReachesK: whoever follows the advice has k.
func TestAdviceReachesK(t *testing.T) {
	t.Parallel()
	set := open(t, people(3000))
	for _, quasi := range [][]string{{"born"}, {"sex", "born"}, {"sex", "born", "zip"}, {"weight", "zip"}} {
		r, err := Measure(t.Context(), set, Options{Quasi: quasi, K: 10})
		if err != nil {
			t.Fatal(err)
		}
		if r.Smallest >= 10 {
			continue
		}
		if r.Advice == nil || len(r.Advice.Steps) == 0 || r.Advice.Reached < 10 || r.Advice.Suppress != r.Below {
			t.Errorf("%v: %+v", quasi, r.Advice)
		}
	}
	small, err := Measure(t.Context(), open(t, people(3)), Options{Quasi: []string{"born", "zip"}, K: 10})
	if err != nil {
		t.Fatal(err)
	}
	if small.Advice == nil || len(small.Advice.Steps) != 0 || small.Advice.text() != "the table has too few rows, whatever is generalized" {
		t.Errorf("of three rows: %+v", small.Advice)
	}
}

// TestLevels has what columns are generalized to.
func TestLevels(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values []string
		to     string
	}{
		"dates":   {[]string{"1950-03-04", "2020-12-31"}, "month, year, 5 years, 10 years, leave it out"},
		"codes":   {[]string{"02139", "10001"}, "the first 4 characters, the first 3 characters, the first 2 characters, the first 1 characters, leave it out"},
		"words":   {[]string{"red", "yellow"}, "leave it out"},
		"numbers": {[]string{"0", "17", "40", "100", "90", "80", "70", "60", "50", "30", "90+"}, "bands of 5, bands of 10, bands of 20, bands of 50, leave it out"},
		"one":     {[]string{"x"}, "leave it out"},
		"Unicode": {[]string{"日本", "éa"}, "the first 1 characters, leave it out"},
	} {
		var to []string
		for _, l := range levelsOf(c.values)[1:] {
			to = append(to, l.to)
		}
		if got := strings.Join(to, ", "); got != c.to {
			t.Errorf("%s: %s, expected %s", name, got, c.to)
		}
	}
	if got := prefix("", 1).apply("日本"); got != "日" {
		t.Errorf("cut to %q", got)
	}
}
