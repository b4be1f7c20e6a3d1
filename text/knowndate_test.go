package text

import (
	"fmt"
	"strings"
	"testing"
)

// TestKnownDateForms: a known date is found whole in any order, with a year of four digits
// or two, whatever stands between.
func TestKnownDateForms(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	for _, day := range [][3]int{{1988, 2, 29}, {2003, 11, 4}, {1946, 8, 16}, {1931, 12, 31}, {2009, 1, 7}} {
		var b KnownBuilder
		b.AddDate(day[0], day[1], day[2])
		known := b.Build()
		y, m, d := day[0], day[1], day[2]
		var forms []string
		for _, order := range [][3]int{{d, m, y}, {m, d, y}, {y, m, d}, {d, m, y % 100}, {m, d, y % 100}, {y % 100, m, d}} {
			for _, sep := range []string{".", "/", "-", ". ", " / ", " - ", " ", "–", "/\n", "·"} {
				forms = append(forms, fmt.Sprintf("%02d%s%02d%s%02d", order[0], sep, order[1], sep, order[2]))
				if sep != " " {
					forms = append(forms, fmt.Sprintf("%d%s%d%s%02d", order[0], sep, order[1], sep, order[2]))
				}
			}
			forms = append(forms, fmt.Sprintf("%02d%02d%02d", order[0], order[1], order[2]))
		}
		month := [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}[m-1]
		forms = append(forms, fmt.Sprintf("%d %s %02d", d, month, y%100), fmt.Sprintf("%s %d, %d", month, d, y), fmt.Sprintf("%s %d '%02d", month[:3], d, y%100), fmt.Sprintf("%d-%s-%02d", d, month[:3], y%100),
			fmt.Sprintf("%d/%d/'%02d", m, d, y%100), fmt.Sprintf("%d.%d.'%02d", d, m, y%100), fmt.Sprintf("%d年%d月%d日", y, m, d), fmt.Sprintf("%02d%s%02d", d, strings.ToUpper(month[:3]), y%100))
		for _, form := range forms {
			for _, frame := range []string{"Born %s in a small place.", "%s", "geb. %s, wohnhaft", "DOB: %s|F", "(%s)", "née le %s;", "x %s\ny", "生于%s。"} {
				before, after, _ := strings.Cut(frame, "%s")
				in := before + form + after
				if !covered([]byte(in), s.Find(nil, []byte(in), known), len(before), len(in)-len(after)) {
					t.Errorf("%v as %q in %q: not found whole", day, form, frame)
				}
			}
		}
	}
	var b KnownBuilder
	b.AddDate(1988, 2, 29)
	known := b.Build()
	for _, other := range []string{"RR 29/88", "29.2.889 mg", "2.29.88.1 cm", "29 2 88", "1 29 02 mg"} {
		for _, span := range s.Find(nil, []byte(other), known) {
			if span.Rule == "known-date" {
				t.Errorf("%q: found as the known date", other)
			}
		}
	}
}
