package encoded

import (
	"bytes"
	"unicode/utf8"
)

// readBreaks joins words that are broken at the end of a line, with a hyphen or a soft
// hyphen; marks of a quoted mail or a drawn table may precede the rest.
func readBreaks(v *View, text []byte) bool {
	at, found := 0, false
	for i := next(text, 0, '\n'); i < len(text); i = next(text, i+1, '\n') {
		from := hyphenBefore(text, i)
		if from == 0 || from <= at {
			continue
		}
		to := i + 1
		for to < len(text) && bytes.IndexByte([]byte(" \t>|*\r"), text[to]) >= 0 {
			to++
		}
		if to == len(text) || !isAlnum(text[to]) && text[to] < utf8.RuneSelf {
			continue
		}
		v.keep(text, at, from)
		at, found = to, true
	}
	if found {
		v.keep(text, at, len(text))
	}
	return found
}

// hyphenBefore returns the start of a hyphen that follows a letter or digit and ends a
// line, or 0.
func hyphenBefore(text []byte, end int) int {
	for end > 0 && (text[end-1] == ' ' || text[end-1] == '\t' || text[end-1] == '\r' || text[end-1] == '|') {
		end--
	}
	r, size := utf8.DecodeLastRune(text[:end])
	switch r {
	case '-', '\u00ad', '\u2010', '¬':
	default:
		return 0
	}
	end -= size
	if end == 0 || !isAlnum(text[end-1]) && text[end-1] < utf8.RuneSelf {
		return 0
	}
	return end
}

// mostColumns is the maximum number of columns read from a drawn table.
const mostColumns = 64

// readCells reads drawn tables by column, so that text broken over several lines of a cell
// is joined.
func readCells(v *View, text []byte) bool {
	if bytes.IndexByte(text, '|') < 0 {
		return false
	}
	found := false
	at := 0 // the start of what has not been added yet
	for from := 0; from < len(text); {
		end, columns := tableAt(text, from)
		if columns == 0 {
			from = lineEnd(text, from)
			continue
		}
		found = true
		v.keep(text, at, from)
		for c := range columns {
			for line := from; line < end; line = lineEnd(text, line) {
				if start, stop := cell(text[line:lineEnd(text, line)], c); stop > start {
					v.drop('\n')
					v.keep(text, line+start, line+stop)
				}
			}
			v.drop('\n')
			v.Text = append(v.Text, '\n') // keeps columns separate
		}
		at, from = end, end
	}
	if found {
		v.keep(text, at, len(text))
	}
	return found
}

// lineEnd returns the start of the next line.
func lineEnd(text []byte, from int) int { return min(next(text, from, '\n')+1, len(text)) }

// tableAt returns the end of the table that begins with a line, and its number of columns,
// or 0 columns. Rules between its rows are part of it.
func tableAt(text []byte, from int) (end, columns int) {
	rows := 0
	end = from
	for line := from; line < len(text); line = end {
		stop := lineEnd(text, line)
		trimmed := bytes.TrimSpace(text[line:stop])
		n := bytes.Count(trimmed, []byte{'|'})
		switch {
		case rows > 0 && len(trimmed) > 1 && len(bytes.Trim(trimmed, "+-=| :")) == 0:
		case n == 0 || n > mostColumns || rows > 0 && n+1 != columns:
			if rows < 2 {
				return from, 0
			}
			return end, columns
		default:
			rows++
			columns = n + 1
		}
		end = stop
	}
	if rows < 2 {
		return from, 0
	}
	return end, columns
}

// cell returns the start and end of the text of a cell in a line.
func cell(line []byte, column int) (start, end int) {
	for range column {
		i := bytes.IndexByte(line[start:], '|')
		if i < 0 {
			return 0, 0
		}
		start += i + 1
	}
	end = start + len(line[start:])
	if i := bytes.IndexByte(line[start:], '|'); i >= 0 {
		end = start + i
	}
	for end > start && line[end-1] <= ' ' {
		end--
	}
	for start < end && line[start] <= ' ' {
		start++
	}
	if len(bytes.Trim(line[start:end], "+-=: ")) == 0 {
		return 0, 0
	}
	return start, end
}
