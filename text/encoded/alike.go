package encoded

import "bytes"

// Alike is a part of a view that equals the text, with nothing encoded near it.
type Alike struct {
	Start, End int // in the view
	Source     int // where it begins in the text
}

// leastAlike is the minimum length of a part that is worth leaving out.
const leastAlike = 128

// Alike appends the parts of the view that equal the text, in whole lines. They are at
// least near bytes away from anything encoded.
func (v *View) Alike(dst []Alike, text []byte, near int) []Alike {
	for i := range v.pieces {
		p := &v.pieces[i]
		if !p.literal {
			continue
		}
		until := len(v.Text)
		if i+1 < len(v.pieces) {
			until = v.pieces[i+1].at
		}
		start, end := p.at, until
		if i > 0 || p.from > 0 {
			start += near
		}
		if i+1 < len(v.pieces) || p.to < len(text) {
			end -= near
		}
		if start > p.at && start < end {
			start = lineEnd(v.Text[:end], start)
		}
		if end < until && start < end {
			end = lineStart(v.Text, start, end)
		}
		if end-start >= leastAlike && HasCapital(v.Text[start:end]) {
			dst = append(dst, Alike{start, end, p.from + start - p.at})
		}
	}
	return dst
}

// lineStart returns the start of the last line between two offsets that does not follow an
// empty line, or the first offset.
func lineStart(text []byte, from, to int) int {
	for {
		n := bytes.LastIndexByte(text[from:to], '\n')
		if n < 0 {
			return from
		}
		to = from + n
		if before := bytes.TrimRight(text[from:to], " \t\r"); len(before) > 0 && before[len(before)-1] != '\n' {
			return to + 1
		}
	}
}

// HasCapital reports whether a text has an ASCII capital letter.
func HasCapital(text []byte) bool {
	for _, c := range text {
		if c >= 'A' && c <= 'Z' {
			return true
		}
	}
	return false
}
