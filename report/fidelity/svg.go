package fidelity

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

// The size of a plot in the units of its view box.
const (
	plotWidth, plotHeight = 224, 64
	cellsWidth            = 240
	faintest              = 0.03 // weakest relation that is drawn
)

// plot draws two shapes: that of the originals as an area or as bars, and that of the
// masked side as a line or as narrower bars in front.
func plot(s [2][]float64, bars bool, label string) template.HTML {
	top := 0.0
	for _, side := range s {
		for _, v := range side {
			top = max(top, v)
		}
	}
	if top == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, plotWidth, plotHeight, template.HTMLEscapeString(label))
	step := float64(plotWidth) / float64(max(len(s[0]), shapeCategories/2))
	y := func(v float64) float64 { return plotHeight - 1 - v/top*(plotHeight-4) }
	if bars {
		for i := range s[0] {
			x := float64(i) * step
			fmt.Fprintf(&b, `<rect class="o" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x+1, y(s[0][i]), step-2, plotHeight-1-y(s[0][i]))
			fmt.Fprintf(&b, `<rect class="m" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x+step/3, y(s[1][i]), step/3, plotHeight-1-y(s[1][i]))
		}
	} else {
		fmt.Fprintf(&b, `<path class="o" d="M0 %d%sL%d %dZ"/>`, plotHeight-1, steps(s[0], step, y), plotWidth, plotHeight-1)
		fmt.Fprintf(&b, `<path class="m" d="M0 %d%sL%d %d"/>`, plotHeight-1, steps(s[1], step, y), plotWidth, plotHeight-1)
	}
	fmt.Fprintf(&b, `<path class="axis" d="M0 %d.5H%d"/></svg>`, plotHeight-1, plotWidth)
	return template.HTML(b.String()) //nolint:gosec // numbers, and a text that is escaped
}

// steps is the outline of a histogram.
func steps(bins []float64, step float64, y func(float64) float64) string {
	var b strings.Builder
	for i, v := range bins {
		fmt.Fprintf(&b, "L%.1f %.1fL%.1f %.1f", float64(i)*step, y(v), float64(i+1)*step, y(v))
	}
	return b.String()
}

// matrix draws the relations of columns on one side: blue for positive correlations,
// orange for negative ones, darker for stronger ones. If information is set, it draws
// mutual information.
func matrix(t *Table, side int, information bool) template.HTML {
	names := related(t)
	if len(names) == 0 {
		return ""
	}
	cell := float64(cellsWidth) / float64(len(names))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="relations of %d columns"><rect class="ground" width="%[1]d" height="%[2]d"/>`, cellsWidth, cellsWidth, len(names))
	for _, p := range t.Pairs {
		v, what := 0.0, "rank correlation"
		if information {
			v, what = p.Information.side(side), "mutual information"
		} else {
			if p.Spearman == nil {
				continue
			}
			v = p.Spearman.side(side)
		}
		class := "plus"
		if v < 0 {
			class = "minus"
		}
		x, y := slices.Index(names, p.X), slices.Index(names, p.Y)
		if math.Abs(v) < faintest {
			continue
		}
		for _, at := range [][2]int{{x, y}, {y, x}} {
			fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill-opacity="%.2f"><title>%s, %s: %s %.2f</title></rect>`, class, float64(at[0])*cell, float64(at[1])*cell, cell-.5, cell-.5, min(1, math.Abs(v)), template.HTMLEscapeString(p.X), template.HTMLEscapeString(p.Y), what, v)
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // numbers, and names that are escaped
}

// related returns the columns of the matrix, from left to right and from top to bottom.
func related(t *Table) (names []string) {
	for _, p := range t.Pairs {
		for _, n := range []string{p.X, p.Y} {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return names
}

func (b Both) side(side int) float64 {
	if side == 0 {
		return b.Original
	}
	return b.Masked
}
