package fidelity

import (
	"math"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/veil-proxy/veil/table/cells"
)

// form is what a value looks like.
type form uint8

const (
	other  form = iota
	number      // a decimal number
	moment      // a day, a month or a time with its day
)

// day is the number of seconds of one.
const day = 86400

// read returns what a text looks like, and as what number it counts: the number itself, or
// the seconds since 1970.
func read(text []byte) (form, float64) {
	n := len(text)
	if n == 0 || n > 40 {
		return other, 0
	}
	if n >= 7 && text[4] == '-' && isDigit(text[0]) && isDigit(text[3]) {
		if s, ok := readMoment(text); ok {
			return moment, s
		}
	}
	if c := text[0]; !isDigit(c) && c != '-' && c != '+' && c != '.' {
		return other, 0
	}
	whole, v := true, 0
	for i, c := range text {
		switch {
		case isDigit(c):
			v = v*10 + int(c-'0')
		case c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-' && i > 0:
			whole = false
		case c == '-':
		default:
			return other, 0
		}
	}
	if whole && n <= 15 && text[n-1] != '-' {
		if text[0] == '-' {
			v = -v
		}
		return number, float64(v)
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsInf(f, 0) {
		return other, 0
	}
	return number, f
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// readMoment reads a month, a day or a time with its day.
func readMoment(text []byte) (float64, bool) {
	switch len(text) {
	case len("2006-01"):
		var b [10]byte
		days, ok := cells.ParseDate(append(append(b[:0], text...), "-01"...))
		return float64(days) * day, ok
	case len("2006-01-02"):
		days, ok := cells.ParseDate(text)
		return float64(days) * day, ok
	}
	seconds, nanos, ok := cells.ParseTimestamp(text)
	return float64(seconds) + float64(nanos)/1e9, ok
}

// isCode reports whether a number is written with leading zeros, as numbers are not.
func isCode(text []byte) bool { return len(text) > 1 && text[0] == '0' && isDigit(text[1]) }

// isYear reports whether a number can be a year.
func isYear(v float64) bool { return v >= 1000 && v < 3000 && v == math.Trunc(v) }

// startOf returns the beginning of a year in seconds since 1970.
func startOf(year float64) float64 {
	days, _ := cells.ParseDate(append(strconv.AppendInt(nil, int64(year), 10), "-01-01"...))
	return float64(days) * day
}

// hashOf represents a value where only equality counts.
func hashOf(text []byte) uint64 { return xxhash.Sum64(text) }

// precision is the precision of moments; for a column, the coarsest one.
type precision uint8

const (
	year precision = iota
	month
	wholeDay
	second
)

func (p precision) String() string { return [...]string{"year", "month", "day", "second"}[p] }

// precisionOf returns the precision of one moment.
func precisionOf(seconds float64) precision {
	days := math.Floor(seconds / day)
	if seconds != days*day {
		return second
	}
	switch m, d := monthAndDay(days); {
	case d != 1:
		return wholeDay
	case m != 1:
		return month
	}
	return year
}

// floor truncates a moment to a precision.
func (p precision) floor(seconds float64) float64 {
	days := math.Floor(seconds / day)
	switch p {
	case second:
		return seconds
	case wholeDay:
		return days * day
	}
	var b [16]byte
	text := cells.AppendDate(b[:0], int64(days))
	end, rest := len(text)-len("-01"), "-01"
	if p == year {
		end, rest = len(text)-len("-01-01"), "-01-01"
	}
	if start, ok := cells.ParseDate(append(text[:end:end], rest...)); ok {
		return float64(start) * day
	}
	return seconds
}

// monthAndDay of a day since 1970.
func monthAndDay(days float64) (m, d int) {
	var b [16]byte
	text := cells.AppendDate(b[:0], int64(days))
	n := len(text)
	if n < len("2006-01-02") {
		return 0, 0
	}
	return int(text[n-5]-'0')*10 + int(text[n-4]-'0'), int(text[n-2]-'0')*10 + int(text[n-1]-'0')
}
