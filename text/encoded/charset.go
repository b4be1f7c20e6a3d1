package encoded

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// charsets has the single-byte character sets, by the names that mails, pages and RTF use.
var charsets = map[string]*charmap.Charmap{
	"iso-8859-1": charmap.Windows1252, "iso-8859-2": charmap.ISO8859_2, "iso-8859-3": charmap.ISO8859_3, "iso-8859-4": charmap.ISO8859_4, "iso-8859-5": charmap.ISO8859_5,
	"iso-8859-6": charmap.ISO8859_6, "iso-8859-7": charmap.ISO8859_7, "iso-8859-8": charmap.ISO8859_8, "iso-8859-9": charmap.Windows1254, "iso-8859-10": charmap.ISO8859_10,
	"iso-8859-13": charmap.ISO8859_13, "iso-8859-14": charmap.ISO8859_14, "iso-8859-15": charmap.ISO8859_15, "iso-8859-16": charmap.ISO8859_16,
	"koi8-r": charmap.KOI8R, "koi8-u": charmap.KOI8U, "macintosh": charmap.Macintosh,
	"437": charmap.CodePage437, "850": charmap.CodePage850, "852": charmap.CodePage852, "866": charmap.CodePage866,
	"874": charmap.Windows874, "1250": charmap.Windows1250, "1251": charmap.Windows1251, "1252": charmap.Windows1252, "1253": charmap.Windows1253, "1254": charmap.Windows1254,
	"1255": charmap.Windows1255, "1256": charmap.Windows1256, "1257": charmap.Windows1257, "1258": charmap.Windows1258,
}

// charsetNamed returns a character set by name, or nil.
func charsetNamed(name []byte) *charmap.Charmap {
	low := bytes.ToLower(name)
	low = bytes.TrimPrefix(bytes.TrimPrefix(low, []byte("windows-")), []byte("cp"))
	return charsets[string(low)]
}

// declarations precede the name of a character set.
var declarations = [][]byte{[]byte("charset="), []byte(`\ansicpg`), []byte("encoding=")}

// charsetOf returns the first character set that a text declares, or Windows-1252.
func charsetOf(text []byte) *charmap.Charmap {
	for _, d := range declarations {
		for rest := text; ; {
			i := bytes.Index(rest, d)
			if i < 0 {
				break
			}
			rest = rest[i+len(d):]
			name := bytes.TrimLeft(rest[:min(len(rest), 24)], "3D\"' =")
			if bytes.HasPrefix(d, []byte(`\`)) {
				name = rest[:min(len(rest), 24)]
			}
			end := 0
			for end < len(name) && (isAlnum(name[end]) || name[end] == '-' || name[end] == '_') {
				end++
			}
			if c := charsetNamed(name[:end]); c != nil {
				return c
			}
		}
	}
	return charmap.Windows1252
}

func isAlnum(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// putBytes adds a run of encoded bytes, each of which takes width bytes of the text: as
// UTF-8 if they are valid, otherwise in the character set.
func (v *View) putBytes(run []byte, from, width int, set *charmap.Charmap) {
	for i := 0; i < len(run); {
		r, size := utf8.DecodeRune(run[i:])
		if r == utf8.RuneError && size <= 1 {
			r, size = set.DecodeByte(run[i]), 1
		}
		v.putRune(from+i*width, from+(i+size)*width, r)
		i += size
	}
}

// hexByte reads two hexadecimal digits.
func hexByte(s []byte) (byte, bool) {
	if len(s) < 2 {
		return 0, false
	}
	hi, lo := hexDigit(s[0]), hexDigit(s[1])
	return byte(hi<<4 | lo&15), hi >= 0 && lo >= 0
}

func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// hexRune reads n hexadecimal digits.
func hexRune(s []byte, n int) (r rune, ok bool) {
	if len(s) < n {
		return 0, false
	}
	for _, c := range s[:n] {
		d := hexDigit(c)
		if d < 0 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}
