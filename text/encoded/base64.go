package encoded

import (
	"bytes"
	"encoding/base64"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const (
	// shortestBase64 is the minimum length of a run that is tried as base64, in characters.
	shortestBase64 = 8
	// wrappedBase64 is the minimum length of a line of base64 that continues on the next
	// line.
	wrappedBase64 = 40
)

// Block is a run of base64 in a text that decodes to text. Text is valid until the next
// call.
type Block struct {
	Start, End int
	Text       []byte
}

// Block reads the run of base64 around the offset at, but not before low. end is the end of
// the run. ok reports whether the run, or a part of it, decodes to text.
func (v *View) Block(text []byte, low, at int) (b Block, end int, ok bool) {
	for at > low && base64Chars[text[at-1]] {
		at--
	}
	end, in := base64Run(text, at)
	if in.mixed() {
		b, ok = v.block(text, at, end)
	}
	return b, end, ok
}

// block reads a run, or a part of it between slashes and hyphens.
func (v *View) block(text []byte, from, end int) (b Block, ok bool) {
	switch v.chars(text[from:end]); {
	case len(v.bytes) < shortestBase64:
		return b, false
	case v.decode():
		return Block{from, end, v.Text}, true
	}
	for i := from; i < end; {
		j := i
		for j < end && isAlnum(text[j]) {
			j++
		}
		if j-i >= shortestBase64 && j-i < end-from {
			if v.chars(text[i:j]); v.decode() {
				return Block{i, j, v.Text}, true
			}
		}
		i = j + 1
	}
	return b, false
}

// base64Chars has the characters of base64 and of its URL-safe variant.
var base64Chars = func() (t [256]bool) {
	for c := range t {
		t[c] = isAlnum(byte(c)) || c == '+' || c == '/' || c == '-' || c == '_'
	}
	return t
}()

// runOf counts the characters of a run by kind.
type runOf struct{ lowers, uppers, digits, changes int }

// mixed reports whether a run can be an encoded text: it has capitals inside.
func (r runOf) mixed() bool {
	return r.lowers > 0 && r.uppers > 0 && r.changes > 1 || r.digits > 0 && r.uppers > 1
}

// base64Run returns the end of a run, which continues on the next line if it fills one.
func base64Run(text []byte, i int) (end int, r runOf) {
	lineStart, last := i, byte(0)
	for i < len(text) {
		c := text[i]
		switch {
		case base64Chars[c]:
			kind := byte(1)
			switch {
			case isDigit(c):
				r.digits++
			case c >= 'a':
				r.lowers++
				kind = 2
			case c >= 'A':
				r.uppers++
				kind = 3
			}
			if kind != last && last != 0 {
				r.changes++
			}
			last = kind
			i++
			continue
		case c == '\n' || c == '\r':
			n := lineBreak(text[i:])
			if i-lineStart < wrappedBase64 || !restOfLine(text[i+n:]) {
				return i, r
			}
			i += n
			lineStart = i
			continue
		case c == '=':
			for n := 0; n < 2 && i < len(text) && text[i] == '='; n++ {
				i++
			}
		}
		break
	}
	return i, r
}

// lineBreak returns the length of a line end, including the marks of a quoted mail, or 0.
func lineBreak(s []byte) int {
	n := 1
	if s[0] == '\r' && len(s) > 1 && s[1] == '\n' {
		n = 2
	}
	for n < len(s) && n < 40 && (s[n] == ' ' || s[n] == '>' || s[n] == '\t') {
		n++
	}
	return n
}

// restOfLine reports whether a line has only base64 up to its end, or up to a closing
// quotation mark.
func restOfLine(s []byte) bool {
	n := 0
	if bytes.HasPrefix(s, []byte("--")) {
		return false // the end of a MIME part
	}
	for n < len(s) && base64Chars[s[n]] {
		n++
	}
	for n < len(s) && s[n] == '=' {
		n++
	}
	return n > 0 && (n == len(s) || bytes.IndexByte([]byte("\r\n\"'<)]}"), s[n]) >= 0)
}

// chars puts the significant characters of a run into v.bytes, in the standard alphabet.
func (v *View) chars(run []byte) {
	v.bytes = v.bytes[:0]
	for _, c := range run {
		switch {
		case c == '-':
			c = '+'
		case c == '_':
			c = '/'
		case !base64Chars[c]:
			continue
		}
		v.bytes = append(v.bytes, c)
	}
}

// decode decodes v.bytes into v.Text, and reports whether the result is text.
func (v *View) decode() bool {
	run := v.bytes
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	v.Text = v.Text[:0]
	// Most runs are not text, as their first characters show.
	head := run[:min(len(run), 8)&^3]
	var buf [6]byte
	if n, err := base64.RawStdEncoding.Decode(buf[:], head); err != nil || !plausible(buf[:n]) {
		return false
	}
	raw, err := base64.RawStdEncoding.AppendDecode(v.Text, run)
	v.Text = raw
	if err != nil || len(raw) == 0 {
		return false
	}
	if utf16Text(raw) {
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = uint16(raw[2*i]) | uint16(raw[2*i+1])<<8
		}
		v.Text = []byte(string(utf16.Decode(units)))
		return true
	}
	high := 0
	for _, c := range raw {
		if control(c) {
			return false
		}
		high += int(c >> 7)
	}
	if utf8.Valid(raw) {
		return true
	}
	v.bytes = v.bytes[:0]
	for _, c := range raw {
		v.bytes = utf8.AppendRune(v.bytes, charmap.Windows1252.DecodeByte(c))
	}
	v.Text, v.bytes = v.bytes, v.Text
	return high*3 <= len(raw)
}

func control(c byte) bool {
	return c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' || c == 0x7f
}

// utf16Text reports whether bytes are UTF-16 with mostly Latin letters.
func utf16Text(raw []byte) bool {
	if len(raw) < 4 || len(raw)%2 != 0 {
		return false
	}
	zeros := 0
	for i := 1; i < len(raw); i += 2 {
		if raw[i] == 0 {
			zeros++
		} else if raw[i] > 0x20 && !(i == 1 && raw[i] == 0xfe) {
			return false
		}
	}
	return zeros*4 > len(raw)
}

// plausible reports whether a text can begin with these bytes.
func plausible(head []byte) bool {
	if len(head) >= 4 && (head[1] == 0 && head[3] == 0 || head[0] == 0xff && head[1] == 0xfe) {
		return true // UTF-16
	}
	for _, c := range head {
		if control(c) {
			return false
		}
	}
	return true
}
