package fidelity

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"sync"
)

//go:embed page.html
var pageText string

var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("fidelity").Funcs(template.FuncMap{
		"percent": percent, "figure": figure, "short": short, "list": list, "change": change,
		"plot":     func(c *Column) template.HTML { return plot(c.shapes, c.unordered, "distribution of "+c.Name) },
		"interval": func(v *Interval) template.HTML { return plot(v.shapes, false, "time from "+v.Name) },
		"matrix":   matrix,
		"strongest": func(t *Table) []Pair {
			return firstBy(t.Pairs, 2*mostPairs, func(p *Pair) float64 { return -p.Information.Original })
		},
		"related":   related,
		"plusMinus": func(v float64) string { return plusMinus(100 * v) },
		"correlated": func(t *Table) bool {
			return slices.ContainsFunc(t.Pairs, func(p Pair) bool { return p.Spearman != nil })
		},
		"table":    func(r *Report, i int) *Table { return &r.Tables[i] },
		"column":   func(t *Table, i int) *Column { return &t.Columns[i] },
		"spell":    func(t *Table, i int) *Interval { return &t.Intervals[i] },
		"distance": func(d Distance) string { return figure(&d) },
		"count":    func(v float64) string { return fmt.Sprintf("%.0f", v) },
		"number":   func(v float64) string { return fmt.Sprintf("%.3f", v) },
	}).Parse(pageText))
})

// WriteHTML writes the report as one page that needs nothing else.
func (r *Report) WriteHTML(w io.Writer) error { return page().Execute(w, r) }

// firstBy returns the first n of a list in the order of a key.
func firstBy[T any](list []T, n int, key func(*T) float64) []T {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(key(&a), key(&b)) })
	return list[:min(n, len(list))]
}
