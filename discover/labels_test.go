package discover_test

import (
	"slices"
	"testing"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/words"
	"github.com/veil-proxy/veil/internal/discovertest"
)

// score counts how findings agree with labels.
type score struct {
	found, missed, over int
	right, wrong        map[string]int // by class
	taken               map[string]int // wrongly, by class
}

func (s *score) add(f *discover.Finding, l discovertest.Label) (what string) {
	switch {
	case l.Sensitive == "yes" && f.Sensitive:
		s.found++
	case l.Sensitive == "yes":
		s.missed++
		what = "missed"
	case l.Sensitive == "no" && f.Sensitive:
		s.over++
		what = "over"
	}
	if slices.Contains(l.Classes, string(f.Class)) {
		s.right[l.Classes[0]]++
		return what
	}
	s.wrong[l.Classes[0]]++
	s.taken[string(f.Class)]++
	if what == "" {
		what = "class"
	}
	return what
}

func (s *score) recall() float64    { return float64(s.found) / float64(s.found+s.missed) }
func (s *score) precision() float64 { return float64(s.found) / float64(s.found+s.over) }

// f1 is the mean of F1 over the classes that labels have.
func (s *score) f1() float64 {
	sum, n := 0.0, 0
	classes := map[string]bool{}
	for c := range s.right {
		classes[c] = true
	}
	for c := range s.wrong {
		classes[c] = true
	}
	for c := range classes {
		sum += 2 * float64(s.right[c]) / float64(2*s.right[c]+s.wrong[c]+s.taken[c])
		n++
	}
	return sum / float64(n)
}

// TestLabelledSchemas: discovery finds what identifies persons in databases in several
// languages, with names that are short, hidden or lie.
func TestLabelledSchemas(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		names                 discovertest.Names
		recall, precision, f1 float64
	}{
		{discovertest.Real, 0.99, 0.95, 0.92},
		{discovertest.Hidden, 0.95, 0.90, 0},
		{discovertest.Shuffled, 0.95, 0.88, 0},
	} {
		t.Run(string(tc.names), func(t *testing.T) {
			t.Parallel()
			s := score{right: map[string]int{}, wrong: map[string]int{}, taken: map[string]int{}}
			var all []discover.Table
			var labels []discovertest.Label
			for _, schema := range discovertest.Schemas() {
				schema := schema.Named(tc.names)
				tables, l := schema.Discoverable(schema.Fill(250))
				all, labels = append(all, tables...), append(labels, l...)
			}
			findings := discover.Judge(all, words.Default())
			for i := range findings {
				f := &findings[i]
				if what := s.add(f, labels[i]); what != "" {
					t.Logf("%s %s is %s, found %s (%.0f%%) %q", what, labels[i].Where, labels[i].Classes[0], f.Class, 100*f.Confidence, f.Reasons)
				}
			}
			t.Logf("%d columns: recall %.3f, precision %.3f, F1 %.3f", len(findings), s.recall(), s.precision(), s.f1())
			if s.recall() < tc.recall || s.precision() < tc.precision || s.f1() < tc.f1 {
				t.Errorf("expected at least recall %.2f, precision %.2f, F1 %.2f", tc.recall, tc.precision, tc.f1)
			}
		})
	}
}
