package risk

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// level is one way to write the values of a column, coarser than the one before.
type level struct {
	to    string // what it is, for people
	apply func(v string) string
}

// kept keeps a value, and left leaves it out.
var (
	kept = level{"", func(v string) string { return v }}
	left = level{"leave it out", func(string) string { return "*" }}
)

// levelsOf returns the levels of a column, by the values in classes: dates become months,
// years and groups of years, numbers become bands, codes of equal length become prefixes.
// The last level leaves the column out.
func levelsOf(values []string) []level {
	numbers, dates, length := 0, 0, -1
	lo, hi := math.Inf(1), math.Inf(-1)
	seen := map[string]bool{}
	for _, v := range values {
		if seen[v] {
			continue
		}
		seen[v] = true
		if isDate(v) {
			dates++
		}
		if f, err := strconv.ParseFloat(v, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			numbers++
			lo, hi = min(lo, f), max(hi, f)
		}
		switch n := utf8.RuneCountInString(v); {
		case length == -1:
			length = n
		case length != n:
			length = 0
		}
	}
	list := []level{kept}
	const most = 0.9 // of the values, since masking replaces some by words
	switch n := float64(len(seen)); {
	case float64(dates) >= most*n && n > 0:
		list = append(list, prefix("month", len("2006-01")), prefix("year", len("2006")), decade(5), decade(10))
	case float64(numbers) >= most*n && n > 2 && !codes(seen):
		for _, width := range widths(lo, hi) {
			list = append(list, band(width))
		}
	case length > 1:
		for n := length - 1; n > 0; n-- {
			list = append(list, prefix(fmt.Sprintf("the first %d characters", n), n))
		}
	}
	return append(list, left)
}

func isDate(v string) bool {
	return len(v) >= len("2006-01-02") && v[4] == '-' && v[7] == '-' && v[0] >= '0' && v[0] <= '9'
}

// codes reports whether numbers are codes: some have leading zeros, and all have the same
// length.
func codes(seen map[string]bool) bool {
	length, zeros := -1, false
	for v := range seen {
		if length != -1 && length != len(v) {
			return false
		}
		length = len(v)
		zeros = zeros || v != "" && v[0] == '0'
	}
	return zeros && length > 1
}

func prefix(to string, n int) level {
	return level{to, func(v string) string {
		runes := 0
		for i := range v {
			if runes == n {
				return v[:i]
			}
			runes++
		}
		return v
	}}
}

// decade groups dates by a number of years.
func decade(years int) level {
	return level{fmt.Sprintf("%d years", years), func(v string) string {
		if len(v) < 4 {
			return v
		}
		y, err := strconv.Atoi(v[:4])
		if err != nil {
			return v
		}
		return strconv.Itoa(y - y%years)
	}}
}

// widths returns round widths of bands, from about 40 bands down to two.
func widths(lo, hi float64) (list []float64) {
	span := hi - lo
	if span <= 0 {
		return nil
	}
	for width := math.Pow(10, math.Floor(math.Log10(span/40))); width < span; {
		for _, step := range []float64{1, 2, 5} {
			if w := width * step; w >= span/40 && w < span {
				list = append(list, w)
			}
		}
		width *= 10
	}
	return list
}

func band(width float64) level {
	return level{"bands of " + strconv.FormatFloat(width, 'g', -1, 64), func(v string) string {
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return v
		}
		return strconv.FormatFloat(math.Floor(f/width)*width, 'g', -1, 64)
	}}
}
