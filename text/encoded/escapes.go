package encoded

import (
	"bytes"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// readEscapes reads escapes of JSON, JavaScript, Python, C and Markdown: \u00fc, \xfc,
// \u{fc}, \303\274, \n, \".
func readEscapes(v *View, text []byte) bool {
	found := v.backslashes(text, func(i int) int { return v.escape(text, i, charmap.Windows1252) })
	v.Sure = v.Sure || found > 1
	return found > 0
}

// backslashes adds a text, calling read at each backslash. read adds an escape and returns
// its length, or 0 if the backslash is literal; backslashes returns the number of escapes.
func (v *View) backslashes(text []byte, read func(i int) int) (found int) {
	at := 0
	for i := next(text, 0, '\\'); i < len(text); i = next(text, i, '\\') {
		v.keep(text, at, i)
		n := read(i)
		if n == 0 {
			at = i
			i++
			continue
		}
		found++
		i += n
		at = i
	}
	v.keep(text, at, len(text))
	return found
}

// escape adds an escape, and returns its length, or 0.
func (v *View) escape(text []byte, i int, set *charmap.Charmap) int {
	rest := text[i:]
	if len(rest) < 2 {
		return 0
	}
	switch c := rest[1]; c {
	case 'n', 'r', 'f', 'v':
		v.put(i, i+2, '\n')
	case 't', 'b':
		v.put(i, i+2, '\t')
	case 'u', 'U':
		return v.unicodeEscape(rest, i)
	case 'x':
		return v.byteEscapes(rest, i, set, 4, func(s []byte) (byte, bool) {
			if len(s) < 4 || s[0] != '\\' || s[1] != 'x' {
				return 0, false
			}
			return hexByte(s[2:])
		})
	case '0', '1', '2', '3':
		return v.byteEscapes(rest, i, set, 4, octal)
	default:
		if isAlnum(c) || c <= ' ' || c >= 0x7f {
			return 0
		}
		v.put(i, i+2, c)
	}
	return 2
}

// octal reads \303.
func octal(s []byte) (byte, bool) {
	if len(s) < 4 || s[0] != '\\' || s[1] > '3' || s[1] < '0' || s[2]&^7 != '0' || s[3]&^7 != '0' {
		return 0, false
	}
	return (s[1]-'0')<<6 | (s[2]-'0')<<3 | (s[3] - '0'), true
}

// byteEscapes adds a run of escapes that each stand for one byte.
func (v *View) byteEscapes(rest []byte, i int, set *charmap.Charmap, width int, read func([]byte) (byte, bool)) int {
	v.bytes = v.bytes[:0]
	for n := 0; n < len(rest); n += width {
		b, ok := read(rest[n:])
		if !ok {
			break
		}
		v.bytes = append(v.bytes, b)
	}
	if len(v.bytes) > 0 {
		v.Sure = true
	}
	v.putBytes(v.bytes, i, width, set)
	return len(v.bytes) * width
}

// unicodeEscape adds \u00fc, \u{fc} or \U000000fc.
func (v *View) unicodeEscape(rest []byte, i int) int {
	if rest[1] == 'u' && len(rest) > 2 && rest[2] == '{' {
		end := bytes.IndexByte(rest[:min(len(rest), 10)], '}')
		if end < 4 {
			return 0
		}
		r, ok := hexRune(rest[3:], end-3)
		if !ok {
			return 0
		}
		v.Sure = true
		v.putRune(i, i+end+1, r)
		return end + 1
	}
	digits := 4
	if rest[1] == 'U' {
		digits = 8
	}
	r, ok := hexRune(rest[2:], digits)
	if !ok {
		return 0
	}
	n := 2 + digits
	if utf16.IsSurrogate(r) && len(rest) >= n+6 && rest[n] == '\\' && rest[n+1] == 'u' {
		if low, ok := hexRune(rest[n+2:], 4); ok {
			r = utf16.DecodeRune(r, low)
			n += 6
		}
	}
	v.Sure = true
	v.putRune(i, i+n, r)
	return n
}

// hl7Marks has the escapes of HL7 v2 that stand for one character.
var hl7Marks = map[byte]byte{'T': '&', 'F': '|', 'S': '^', 'R': '~', 'E': '\\', 'P': '#'}

// readHL7 reads escapes of HL7 v2: \T\, \.br\, \H\, \XC3BC\.
func readHL7(v *View, text []byte) bool {
	v.Sure = v.backslashes(text, func(i int) int { return v.hl7Escape(text[i:], i) }) > 0
	return v.Sure
}

// longestHL7 is the maximum length of an HL7 escape.
const longestHL7 = 1024

// hl7Escape adds an escape, and returns its length, or 0.
func (v *View) hl7Escape(rest []byte, i int) int {
	n := bytes.IndexByte(rest[1:min(len(rest), longestHL7)], '\\')
	if n < 1 {
		return 0
	}
	inside := rest[1 : 1+n]
	n += 2
	switch c := inside[0]; {
	case len(inside) == 1 && hl7Marks[c] != 0:
		v.put(i, i+n, hl7Marks[c])
	case len(inside) == 1 && (c == 'H' || c == 'N'):
		v.drop(0)
	case c == 'X' && len(inside)%2 == 1 && len(inside) > 1:
		v.bytes = v.bytes[:0]
		for k := 1; k < len(inside); k += 2 {
			b, ok := hexByte(inside[k:])
			if !ok {
				return 0
			}
			v.bytes = append(v.bytes, b)
		}
		// The escape becomes one piece.
		from := len(v.Text)
		pieces := len(v.pieces)
		v.putBytes(v.bytes, i, 1, charmap.Windows1252)
		v.pieces = append(v.pieces[:pieces], piece{at: from, from: i, to: i + n})
	case c == '.' && len(inside) <= 6 && len(inside) > 2:
		v.drop('\n')
	case (c == 'C' || c == 'M') && (len(inside) == 5 || len(inside) == 7):
		v.drop(0)
	default:
		return 0
	}
	return n
}
