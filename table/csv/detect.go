package csv

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// delimiters are tried in this order; of two that fit equally well, the first is used.
var delimiters = []byte{',', '\t', ';', '|'}

// detectDialect returns the dialect of a text that begins with sample, in UTF-8. It
// chooses the delimiter and the quote for which most records have the same number of
// cells, more than one. whole says that the sample is the whole text.
func detectDialect(sample []byte, whole bool) dialect {
	base := dialect{Newline: newline(sample)}
	best, most := base, 0.0
	best.Delimiter, best.Quote, best.Escape = ',', '"', '"'
	for _, delimiter := range delimiters {
		anyQuoted := false
		for _, q := range []struct{ quote, escape byte }{{'"', '"'}, {'"', '\\'}, {'\'', '\''}, {0, 0}} {
			d := base
			d.Delimiter, d.Quote, d.Escape = delimiter, q.quote, q.escape
			s, quoted := d.score(sample, whole)
			if anyQuoted = anyQuoted || quoted > 0; anyQuoted && quoted == 0 {
				continue // invalid quotes are reported with the records
			}
			if s > most {
				best, most = d, s
			}
		}
	}
	return best
}

// newline returns the line end of a text.
func newline(sample []byte) string {
	switch i := bytes.IndexAny(sample, "\r\n"); {
	case i < 0 || sample[i] == '\n':
		return "\n"
	case i+1 < len(sample) && sample[i+1] == '\n':
		return "\r\n"
	case i+1 == len(sample):
		return "\n"
	}
	return "\r"
}

// score returns how well a dialect fits, from 0 for not at all to about 3, and how many
// cells are quoted.
func (d *dialect) score(sample []byte, whole bool) (s float64, quoted int) {
	var cells []cell
	widths := map[int]int{}
	records, bad := 0, 0
	for len(sample) > 0 && records < 1000 {
		n := d.Record(sample)
		if n == 0 {
			if !whole && records > 0 {
				break
			}
			n = len(sample)
		}
		record, _ := trimNewline(sample[:n])
		sample = sample[n:]
		if len(record) == 0 {
			continue
		}
		records++
		var err error
		cells, err = d.Split(cells[:0], record)
		for _, c := range cells {
			if c.Quoted {
				quoted++
			}
		}
		if err != nil {
			bad++
			continue
		}
		widths[len(cells)]++
	}
	if records == 0 {
		return 0, 0
	}
	width, same := 0, 0
	for w, n := range widths {
		if n > same || n == same && w > width {
			width, same = w, n
		}
	}
	fit := float64(same) / float64(records)
	if width < 2 {
		fit /= 100 // a table of one column fits every delimiter
	}
	if s = fit - float64(bad)/float64(records); s <= 0 {
		return 0, quoted
	}
	// A quote that is used is better evidence than one that is not; otherwise the order
	// decides.
	if quoted > 0 {
		s += 0.5
	}
	switch {
	case d.Quote == 0:
		s -= 0.05
	case d.Quote == '\'' && quoted == 0:
		s -= 0.1
	}
	return s + min(float64(width), 50)/1000, quoted
}

// Header says whether the first record of a text holds the names of its columns.
type Header int

// What is known about the first record.
const (
	HeaderUnknown Header = iota
	HeaderPresent
	HeaderAbsent
)

// detectHeader judges the first record, given as values: names of columns are all
// different and look like names. known reports whether a rule names such a column; a name
// that a rule knows decides. If no rule names a column and the record could be data, the
// result is HeaderUnknown: callers must not guess, since a header is written unchanged.
func detectHeader(first []string, known func(name string) bool) Header {
	seen := map[string]bool{}
	names, empty, hits := 0, 0, 0
	for _, v := range first {
		v = strings.TrimSpace(v)
		key := strings.ToLower(v)
		if v == "" {
			empty++ // as pandas writes an index column
			continue
		}
		if seen[key] || !looksLikeName(v) {
			continue
		}
		seen[key] = true
		names++
		if known(v) {
			hits++
		}
	}
	switch {
	case names+empty < len(first) && hits == 0:
		return HeaderAbsent
	case names+empty == len(first) && hits > 0:
		return HeaderPresent
	}
	return HeaderUnknown
}

// guessRows is how many rows are compared with a first line that may be a header.
const guessRows = 200

// guessHeader reports whether the rows below show that the first line has the column
// names: none of its values recurs below in its column, and some column has numbers or
// dates below a word.
func guessHeader(d *dialect, first []string, rows []byte) bool {
	digits, values := make([]int, len(first)), make([]int, len(first))
	var cells []cell
	for range guessRows {
		n := d.Record(rows)
		if n == 0 { // the end, or an incomplete row
			break
		}
		record, _ := trimNewline(rows[:n])
		rows = rows[n:]
		var err error
		if cells, err = d.Split(cells[:0], record); err != nil || len(cells) != len(first) {
			continue
		}
		for i, c := range cells {
			v, _ := d.Value(nil, record, c)
			switch {
			case len(v) == 0:
				continue
			case strings.EqualFold(string(v), first[i]):
				return false
			case bytes.ContainsAny(v, "0123456789"):
				digits[i]++
			}
			values[i]++
		}
	}
	for i, name := range first {
		if values[i] > 0 && digits[i] == values[i] && name != "" && !strings.ContainsAny(name, "0123456789") {
			return true
		}
	}
	return false
}

// looksLikeName reports whether a value could be the name of a column: it begins
// with a letter or an underscore and has at most 128 characters, none of which is a
// control character or an @.
func looksLikeName(v string) bool {
	if utf8.RuneCountInString(v) > 128 || strings.ContainsAny(v, "@\x00\n\r\t") {
		return false
	}
	r, _ := utf8.DecodeRuneInString(v)
	return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf
}
