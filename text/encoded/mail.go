package encoded

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// readQuotedPrintable reads quoted-printable.
func readQuotedPrintable(v *View, text []byte) bool {
	at, found := 0, false
	var set *charmap.Charmap
	for i := next(text, 0, '='); i < len(text); i = next(text, i, '=') {
		n := softBreak(text[i:])
		if n > 0 && endsBase64(text[at:i]) {
			i++
			continue
		}
		if n > 0 {
			v.keep(text, at, i)
			v.Sure = true
		} else {
			if set == nil {
				set = charsetOf(text)
			}
			if n = v.quoted(text, at, i, set); n == 0 {
				i++
				continue
			}
		}
		found = true
		i += n
		at = i
	}
	if found {
		v.keep(text, at, len(text))
	}
	return found
}

// softBreak returns the length of a soft line break, or 0.
func softBreak(s []byte) int {
	n := 1
	for n < len(s) && (s[n] == ' ' || s[n] == '\t') {
		n++
	}
	switch {
	case n < len(s) && s[n] == '\n':
		return n + 1
	case n+1 < len(s) && s[n] == '\r' && s[n+1] == '\n':
		return n + 2
	}
	return 0
}

// endsBase64 reports whether a text ends with a run of base64 long enough that an equals
// sign after it is its padding. The run may span lines.
func endsBase64(text []byte) bool {
	const least = 20
	for range 2 {
		n := 0
		for n < least && n < len(text) && base64Chars[text[len(text)-1-n]] {
			n++
		}
		if n == least {
			return true
		}
		text = text[:len(text)-n]
		if len(text) == 0 || text[len(text)-1] != '\n' {
			return false
		}
		text = bytes.TrimSuffix(text[:len(text)-1], []byte{'\r'})
	}
	return false
}

// quoted adds a run of =C3=BC, with the text before it from at on, and returns its length,
// or 0 if there is none.
func (v *View) quoted(text []byte, at, i int, set *charmap.Charmap) int {
	v.bytes = v.bytes[:0]
	n := i
	for n < len(text) && text[n] == '=' {
		b, ok := hexByte(text[n+1:])
		if !ok || b < ' ' && b != '\t' && b != '\n' && b != '\r' || b == 0x7f {
			break
		}
		v.bytes = append(v.bytes, b)
		v.Sure = v.Sure || b >= utf8.RuneSelf || b == '='
		n += 3
	}
	if n == i {
		return 0
	}
	v.keep(text, at, i)
	v.putBytes(v.bytes, i, 3, set)
	return n - i
}

// readURL reads the encoding of URLs and forms: M%C3%BCller, %u00fc, a plus for a space.
func readURL(v *View, text []byte) bool {
	at, found := 0, false
	for i := 0; i < len(text); {
		i = next(text, i, '%')
		n := v.percent(text, at, i)
		if n == 0 {
			i++
			continue
		}
		found = true
		i += n
		at = i
	}
	if !found {
		return false
	}
	v.pluses(text, at, len(text))
	return true
}

// percent adds a run of %C3%BC with the text before it, and returns its length, or 0.
func (v *View) percent(text []byte, at, i int) int {
	if i < len(text)-5 && text[i+1]|0x20 == 'u' {
		if r, ok := hexRune(text[i+2:], 4); ok {
			v.pluses(text, at, i)
			v.putRune(i, i+6, r)
			v.Sure = true
			return 6
		}
	}
	v.bytes = v.bytes[:0]
	n := i
	for n < len(text) && text[n] == '%' {
		b, ok := hexByte(text[n+1:])
		if !ok || b == 0 {
			break
		}
		v.bytes = append(v.bytes, b)
		n += 3
	}
	if n == i {
		return 0
	}
	v.pluses(text, at, i)
	v.putBytes(v.bytes, i, 3, charmap.Windows1252)
	v.Sure = true
	return n - i
}

// pluses adds text in which a plus stands for a space.
func (v *View) pluses(text []byte, from, to int) {
	for {
		i := next(text[:to], from, '+')
		v.keep(text, from, i)
		if i >= to {
			return
		}
		v.put(i, i+1, ' ')
		from = i + 1
	}
}

// readMojibake reads UTF-8 that was decoded as Windows-1252: MÃ¼ller.
func readMojibake(v *View, text []byte) bool {
	at, found := 0, false
	for i := next(text, 0, 0xc3); i < len(text); {
		r, n := misread(text[i:])
		if n == 0 {
			i = next(text, i+1, 0xc3)
			continue
		}
		v.keep(text, at, i)
		v.putRune(i, i+n, r)
		found = true
		i += n
		at = i
		if i < len(text) && text[i] != 0xc3 {
			i = next(text, i, 0xc3)
		}
	}
	if found {
		v.keep(text, at, len(text))
		v.Sure = true
	}
	return found
}

// misread returns the character whose bytes the next characters stand for, and their
// length.
func misread(s []byte) (r rune, n int) {
	if len(s) < 4 || s[1] < 0x82 || s[1] > 0xb4 || s[2] < 0xc2 || s[2] > 0xe2 {
		return 0, 0
	}
	var buf [utf8.UTFMax]byte
	for k := range buf {
		c, size := utf8.DecodeRune(s[n:])
		b, ok := charmap.Windows1252.EncodeRune(c)
		if !ok && c >= 0x80 && c < 0xa0 {
			b, ok = byte(c), true
		}
		if !ok || b < 0x80 {
			return 0, 0
		}
		buf[k] = b
		n += size
		if utf8.FullRune(buf[:k+1]) {
			r, size := utf8.DecodeRune(buf[:k+1])
			if r == utf8.RuneError || size != k+1 {
				return 0, 0
			}
			return r, n
		}
	}
	return 0, 0
}
