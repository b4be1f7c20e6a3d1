package mask

import (
	"cmp"
	"maps"
	"slices"
)

// Found counts the spans that detectors removed from texts. The zero value is empty; a nil
// *Found counts nothing.
type Found struct{ n map[detected]uint64 }

// detected is a kind of thing that a detector found.
type detected struct{ detector, label string }

// FoundCount says how many spans a detector gave a label. It contains no text.
type FoundCount struct {
	Detector string `json:"detector"`
	Label    string `json:"label"`
	N        uint64 `json:"n"`
}

// Add counts n spans that a detector gave a label.
func (f *Found) Add(detector, label string, n uint64) {
	if f == nil {
		return
	}
	if f.n == nil {
		f.n = map[detected]uint64{}
	}
	f.n[detected{detector, label}] += n
}

// Merge adds what g counted and clears it in g.
func (f *Found) Merge(g *Found) {
	if f == nil {
		return
	}
	for d, n := range g.n {
		f.Add(d.detector, d.label, n)
	}
	clear(g.n)
}

// Counts returns the counts in order of detector and label.
func (f *Found) Counts() []FoundCount {
	if len(f.n) == 0 {
		return nil
	}
	out := make([]FoundCount, 0, len(f.n))
	for d := range maps.Keys(f.n) {
		out = append(out, FoundCount{d.detector, d.label, f.n[d]})
	}
	slices.SortFunc(out, func(a, b FoundCount) int {
		return cmp.Or(cmp.Compare(a.Detector, b.Detector), cmp.Compare(a.Label, b.Label))
	})
	return out
}
