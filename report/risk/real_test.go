package risk_test

import (
	"math"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/reporttest"
	"github.com/veil-proxy/veil/report/records"
	"github.com/veil-proxy/veil/report/risk"
	"github.com/veil-proxy/veil/table/csv"
)

// measure measures a CSV file.
func measure(t *testing.T, path string, o risk.Options) (*risk.Report, error) {
	t.Helper()
	set, err := records.Open(t.Context(), path, records.Options{CSV: csv.Config{Header: csv.HeaderPresent}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Close)
	return risk.Measure(t.Context(), set, o)
}

// TestRealRiskAgrees compares every figure with pycanon and pandas.
func TestRealRiskAgrees(t *testing.T) {
	t.Parallel()
	_, masked := reporttest.Visits(t, 3000)
	quasi, sensitive := []string{"sex", "ward", "admitted"}, []string{"age", "unicode"}
	var want struct {
		K, Classes, Unique, Below uint64
		Sensitive                 map[string]struct {
			L                        uint64
			Entropy, ExactEntropy, T float64
		}
	}
	reporttest.Python(t, &want, "risk.py", masked, strings.Join(quasi, ","), strings.Join(sensitive, ","))
	r, err := measure(t, masked, risk.Options{Quasi: quasi, Sensitive: sensitive})
	if err != nil {
		t.Fatal(err)
	}
	if r.Smallest != want.K || r.Classes != want.Classes || r.Unique != want.Unique || r.Below != want.Below {
		t.Errorf("k %d, %d classes, %d unique, %d below k; the libraries say %+v", r.Smallest, r.Classes, r.Unique, r.Below, want)
	}
	for _, s := range r.Sensitive {
		w := want.Sensitive[s.Column]
		// pycanon cuts off the digits of e to the entropy, which rounding can put just below.
		cut := w.Entropy == math.Floor(s.Entropy+1e-9) || w.Entropy == math.Floor(s.Entropy-1e-9)
		if s.Distinct != w.L || !cut || math.Abs(s.Entropy-w.ExactEntropy) > 1e-9 || math.Abs(s.Closeness-w.T) > 1e-9 {
			t.Errorf("%+v; the libraries say %+v", s, w)
		}
	}
}
