package fidelity_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/reporttest"
	"github.com/veil-proxy/veil/report/fidelity"
	"github.com/veil-proxy/veil/report/records"
	"github.com/veil-proxy/veil/table/csv"
)

// compare compares two files.
func compare(t *testing.T, original, masked string) (*fidelity.Report, error) {
	t.Helper()
	var sets [2]*records.Set
	for i, name := range []string{original, masked} {
		set, err := records.Open(t.Context(), name, records.Options{CSV: csv.Config{Header: csv.HeaderPresent}})
		if err != nil {
			return nil, err
		}
		t.Cleanup(set.Close)
		sets[i] = set
	}
	return fidelity.Compare(t.Context(), sets[0], sets[1], fidelity.Options{})
}

// agree fails where two figures differ by more than a rounding.
func agree(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9*max(1, math.Abs(want)) {
		t.Errorf("%s: %.12g, and the library says %.12g", what, got, want)
	}
}

// TestRealFiguresAgree compares every exact figure with scipy, pandas and scikit-learn.
func TestRealFiguresAgree(t *testing.T) {
	t.Parallel()
	original, masked := reporttest.Visits(t, 3000)
	var want struct {
		Columns map[string]struct {
			Nulls, Distinct     [2]float64
			KS, Wasserstein, TV *float64
			TVByRank            *float64
		}
		Pairs     map[string]struct{ Information, Pearson, Spearman []float64 }
		Intervals map[string]float64
	}
	reporttest.Python(t, &want, "fidelity.py", original, masked)
	r, err := compare(t, original, masked)
	if err != nil {
		t.Fatal(err)
	}
	table := r.Tables[0]
	compared := 0
	for _, c := range table.Columns {
		w := want.Columns[c.Name]
		agree(t, c.Name+": NULLs", c.Nulls.Original, w.Nulls[0])
		agree(t, c.Name+": masked NULLs", c.Nulls.Masked, w.Nulls[1])
		agree(t, c.Name+": distinct", c.Distinct.Original, w.Distinct[0])
		agree(t, c.Name+": masked distinct", c.Distinct.Masked, w.Distinct[1])
		for what, pair := range map[string]struct {
			got  *fidelity.Distance
			want *float64
		}{"KS": {c.KS, w.KS}, "Wasserstein": {c.Wasserstein, w.Wasserstein}, "TV": {c.TV, w.TV}, "TV by rank": {c.TVByRank, w.TVByRank}} {
			if pair.want == nil {
				continue
			}
			if pair.got == nil {
				t.Errorf("%s: no %s", c.Name, what)
				continue
			}
			compared++
			agree(t, c.Name+": "+what, pair.got.Value, *pair.want)
		}
	}
	for _, p := range table.Pairs {
		w, known := want.Pairs[p.X+","+p.Y]
		if !known {
			if w, known = want.Pairs[p.Y+","+p.X]; !known {
				continue
			}
		}
		compared++
		agree(t, p.X+", "+p.Y+": mutual information", p.Information.Original, w.Information[0])
		agree(t, p.X+", "+p.Y+": masked mutual information", p.Information.Masked, w.Information[1])
		if p.Pearson != nil {
			agree(t, p.X+", "+p.Y+": Pearson", p.Pearson.Original, w.Pearson[0])
			agree(t, p.X+", "+p.Y+": masked Pearson", p.Pearson.Masked, w.Pearson[1])
			agree(t, p.X+", "+p.Y+": Spearman", p.Spearman.Original, w.Spearman[0])
			agree(t, p.X+", "+p.Y+": masked Spearman", p.Spearman.Masked, w.Spearman[1])
		}
	}
	for _, i := range table.Intervals {
		if ks, known := want.Intervals[i.Name]; known {
			compared++
			agree(t, i.Name, i.KS.Value, ks)
		}
	}
	if compared < 30 {
		t.Errorf("%d figures were compared", compared)
	}
}

// TestNoValueInOutput: nothing of the originals is in any form of the report.
func TestNoValueInOutput(t *testing.T) {
	t.Parallel()
	original, masked := reporttest.Visits(t, 200)
	r, err := compare(t, original, masked)
	if err != nil {
		t.Fatal(err)
	}
	var text, page strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{"text": text.String(), "page": page.String(), "JSON": string(asJSON)} {
		if strings.Contains(out, reporttest.Marker) || strings.Contains(out, "Łódź") || strings.Contains(out, "日本") {
			t.Errorf("a value is in the %s", name)
		}
	}
	if c := r.Tables[0].Columns; len(c) != 13 || c[10].Outcome != "removed" || c[0].Outcome != "replaced" || c[3].Outcome != "generalized" || c[1].Outcome != "kept" {
		t.Errorf("outcomes: %+v", c)
	}
}
