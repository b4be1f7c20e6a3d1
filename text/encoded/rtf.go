package encoded

import (
	"bytes"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// readRTF reads RTF, or a part of it: character escapes, control words and groups.
func readRTF(v *View, text []byte) bool {
	if bytes.IndexByte(text, '\\') < 0 {
		return false
	}
	r := rtf{v: v, text: text, set: charsetOf(text), pad: 1, whole: bytes.Contains(text, []byte(`{\rtf`))}
	v.Sure = r.whole
	return r.read()
}

// rtf reads one text.
type rtf struct {
	v    *View
	text []byte
	set  *charmap.Charmap
	pad  int // the number of characters that follow a Unicode escape
	// whole means that the text has a whole document, in which line ends mean nothing.
	whole bool
	high  rune // the first half of a surrogate pair
}

func (r *rtf) read() bool {
	at, found := 0, false
	for i := 0; i < len(r.text); {
		n := 0
		switch c := r.text[i]; {
		case c == '\\':
			r.v.keep(r.text, at, i)
			at = i
			n = r.control(i)
			found = found || n > 0
		case c == '{' || c == '}':
			r.v.keep(r.text, at, i)
			r.v.drop(0)
			n = 1
		case (c == '\n' || c == '\r') && r.whole:
			r.v.keep(r.text, at, i)
			n = 1
		}
		if n == 0 {
			i++
			continue
		}
		i += n
		at = i
	}
	r.v.keep(r.text, at, len(r.text))
	return found
}

// spacers are control words that end a line or a cell.
var spacers = map[string]byte{"par": '\n', "line": '\n', "row": '\n', "cell": '\t', "tab": '\t', "sect": '\n', "page": '\n', "pard": '\n', "emdash": '-', "endash": '-', "rquote": '\'', "lquote": '\'',
	"ldblquote": '"', "rdblquote": '"', "emspace": ' ', "enspace": ' ', "qmspace": ' '}

// control reads a control word or symbol, and returns its length, or 0.
func (r *rtf) control(i int) int {
	rest := r.text[i:]
	if len(rest) < 2 {
		return 0
	}
	switch c := rest[1]; {
	case c == '\'':
		return r.bytes(rest, i)
	case c == '~':
		r.v.put(i, i+2, ' ')
		return 2
	case c == '_':
		r.v.put(i, i+2, '-')
		return 2
	case c == '-' || c == '*':
		r.v.drop(0)
		return 2
	case c == '{' || c == '}' || c == '\\':
		r.v.put(i, i+2, c)
		return 2
	case c|0x20 < 'a' || c|0x20 > 'z':
		return 0
	}
	end := 1
	for end < len(rest) && end < 33 && rest[end]|0x20 >= 'a' && rest[end]|0x20 <= 'z' {
		end++
	}
	word := string(rest[1:end])
	number, digits, negative := 0, 0, false
	if end+1 < len(rest) && rest[end] == '-' && isDigit(rest[end+1]) {
		negative = true
		end++
	}
	for end < len(rest) && digits < 6 && isDigit(rest[end]) {
		number = number*10 + int(rest[end]-'0')
		end++
		digits++
	}
	if negative {
		number = -number
	}
	if end < len(rest) && rest[end] == ' ' {
		end++
	}
	switch {
	case word == "u" && digits > 0:
		return r.unicode(rest, i, end, number)
	case word == "uc" && digits > 0:
		r.pad = min(max(number, 0), 8)
	}
	r.v.drop(spacers[word])
	return end
}

// bytes adds a run of \'fc.
func (r *rtf) bytes(rest []byte, i int) int {
	return r.v.byteEscapes(rest, i, r.set, 4, func(s []byte) (byte, bool) {
		if len(s) < 4 || s[0] != '\\' || s[1] != '\'' {
			return 0, false
		}
		return hexByte(s[2:])
	})
}

// unicode adds \u252?, including the substitute characters for readers without Unicode.
func (r *rtf) unicode(rest []byte, i, end, number int) int {
	for n := r.pad; n > 0 && end < len(rest); n-- {
		switch {
		case rest[end] == '\\' && end+3 < len(rest) && rest[end+1] == '\'':
			end += 4
		case rest[end] == '\\' || rest[end] == '{' || rest[end] == '}':
			n = 0
		default:
			end++
		}
	}
	r.v.Sure = true
	c := rune(uint16(number)) //nolint:gosec // RTF writes 16 bits with a sign
	switch {
	case utf16.IsSurrogate(c) && r.high == 0:
		r.high = c
		r.v.put(i, i+end)
		return end
	case r.high != 0:
		c, r.high = utf16.DecodeRune(r.high, c), 0
	}
	r.v.putRune(i, i+end, c)
	return end
}
