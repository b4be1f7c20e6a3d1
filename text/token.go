package text

import (
	"unicode"
	"unicode/utf8"
)

// kind is what a token is.
type kind uint8

const (
	word   kind = iota // letters
	number             // digits
	mark               // one other character but a space
)

// shape is how the letters of a word are cased.
type shape uint8

const (
	lower   shape = iota
	title         // Abc
	upper         // ABC, two letters or more
	initial       // A
	mixed         // McLeod, eGFR
	uncased       // a script without case
)

// gap is what stands before a token.
type gap uint8

const (
	joined gap = iota // nothing
	space             // blanks
	wide              // a tab or several blanks
	line              // the end of a line
	blank             // an empty line
)

// token is a run of letters, a run of digits, or one other character.
type token struct {
	start, end int
	hash       uint64 // of the folded text; of the text as it is for a mark
	flags      flags  // what the dictionary says of the word
	ends       flags  // the same of the entry of one or several words that ends here
	value      int    // of a number of at most nine digits, else -1
	phrase     int32  // the number of words and marks of the entry that begins here
	phraseIs   flags
	kind       kind
	shape      shape
	gap        gap
	char       byte // of an ASCII mark
}

func (t *token) len() int { return t.end - t.start }

// maxToken is the number of bytes after which a run is cut, so that no token is longer
// than a block.
const maxToken = 1024

// charClass of ASCII characters.
const (
	classMark = iota
	classLower
	classUpper
	classDigit
	classSpace
	classLine
)

var asciiClass = func() (t [0x80]uint8) {
	for c := range t {
		switch {
		case c >= 'a' && c <= 'z':
			t[c] = classLower
		case c >= 'A' && c <= 'Z':
			t[c] = classUpper
		case c >= '0' && c <= '9':
			t[c] = classDigit
		case c == '\n' || c == '\r' || c == '\f' || c == '\v':
			t[c] = classLine
		case c <= ' ' || c == 0x7f:
			t[c] = classSpace
		}
	}
	return t
}()

// tokenize appends the tokens of text[from:to].
func tokenize(dst []token, text []byte, from, to int) []token {
	before := line
	for i := from; i < to; {
		c := text[i]
		if c < 0x80 {
			switch asciiClass[c] {
			case classSpace:
				before = widen(before, c)
				i++
				continue
			case classLine:
				// A carriage return and a line feed end one line.
				if !(c == '\n' && i > from && text[i-1] == '\r') {
					before = nextLine(before)
				}
				i++
				continue
			case classMark:
				dst = append(dst, token{start: i, end: i + 1, hash: uint64(c), kind: mark, gap: before, char: c})
				i++
				before = joined
				continue
			case classDigit:
				dst, i = appendNumber(dst, text, i, to, before)
				before = joined
				continue
			default:
				dst, i = appendWord(dst, text, i, to, before)
				before = joined
				continue
			}
		}
		r, size := utf8.DecodeRune(text[i:to])
		switch {
		case isWordRune(r):
			dst, i = appendWord(dst, text, i, to, before)
		case unicode.IsDigit(r):
			dst, i = appendNumber(dst, text, i, to, before)
		case unicode.IsSpace(r):
			if r == '\u2028' || r == '\u2029' || r == '\u0085' {
				before = nextLine(before)
			} else {
				before = widen(before, ' ')
			}
			i += size
			continue
		case isInvisible(r):
			i += size
			continue
		default:
			dst = append(dst, token{start: i, end: i + size, hash: uint64(r), kind: mark, gap: before, char: asciiMark(r)})
			i += size
		}
		before = joined
	}
	return dst
}

// asciiMark is the ASCII character that a typographic mark stands for, or 0.
func asciiMark(r rune) byte {
	switch r {
	case '’', '‘', 'ʼ', '´', '＇':
		return '\''
	case '–', '—', '‐', '‑', '−', '－':
		return '-'
	case '“', '”', '„', '«', '»':
		return '"'
	case '，', '、':
		return ','
	case '．', '。':
		return '.'
	case '：':
		return ':'
	case '／', '⁄':
		return '/'
	case '（':
		return '('
	case '）':
		return ')'
	case '＠':
		return '@'
	case '№':
		return '#'
	}
	return 0
}

// isInvisible reports whether a character neither shows nor separates: soft hyphens,
// zero-width characters and direction marks.
func isInvisible(r rune) bool {
	return r == 0xad || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x2064 || r == 0xfeff
}

func widen(g gap, c byte) gap {
	switch {
	case g >= line:
		return g
	case g == joined && c != '\t':
		return space
	}
	return wide
}

func nextLine(g gap) gap {
	if g >= line {
		return blank
	}
	return line
}

// appendNumber appends a run of digits of any script.
func appendNumber(dst []token, text []byte, i, to int, before gap) ([]token, int) {
	t := token{start: i, hash: hashStart, kind: number, gap: before}
	digits := 0
	for i < to && i-t.start < maxToken {
		c := text[i]
		size := 1
		if c >= 0x80 {
			r, n := utf8.DecodeRune(text[i:to])
			if isInvisible(r) {
				i += n
				continue
			}
			d := digitOf(r)
			if d < 0 {
				break
			}
			c, size = byte('0'+d), n
		} else if asciiClass[c] != classDigit {
			break
		}
		if digits++; digits <= 9 {
			t.value = t.value*10 + int(c-'0')
		}
		t.hash = addByte(t.hash, c)
		i += size
	}
	if digits > 9 {
		t.value = -1
	}
	t.end = i
	return append(dst, t), i
}

// appendWord appends a run of letters. In scripts that write no spaces between words
// each character is a word.
func appendWord(dst []token, text []byte, i, to int, before gap) ([]token, int) {
	t := token{start: i, hash: hashStart, kind: word, gap: before}
	var uppers, lowers, caseless int
	first := true
	firstUpper := false
	for i < to && i-t.start < maxToken {
		c := text[i]
		if c < 0x80 {
			switch asciiClass[c] {
			case classLower:
				lowers++
				t.hash = addByte(t.hash, c)
			case classUpper:
				uppers++
				firstUpper = firstUpper || first
				t.hash = addByte(t.hash, c+'a'-'A')
			default:
				t.end = i
				t.shape = shapeOf(uppers, lowers, caseless, firstUpper)
				return append(dst, t), i
			}
			first = false
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:to])
		if isInvisible(r) {
			i += size
			continue
		}
		if !isWordRune(r) {
			break
		}
		if isUnspaced(r) {
			if !first {
				break
			}
			i += size
			for i < to && i-t.start < maxToken {
				r2, n := utf8.DecodeRune(text[i:to])
				if !unicode.IsMark(r2) {
					break
				}
				i += n
			}
			t.hash, t.end, t.shape = hashRune(t.hash, r), i, uncased
			return append(dst, t), i
		}
		switch {
		case unicode.IsUpper(r) || unicode.IsTitle(r):
			uppers++
			firstUpper = firstUpper || first
		case unicode.IsLower(r):
			lowers++
		case unicode.IsLetter(r):
			caseless++
		}
		t.hash = hashRune(t.hash, r)
		first = false
		i += size
	}
	t.end = i
	t.shape = shapeOf(uppers, lowers, caseless, firstUpper)
	return append(dst, t), i
}

// isWordRune reports whether a character is part of a word. The signs of ordinals are
// letters in Unicode; here they are marks. The sign of an increment stands for a delta in
// texts that were converted badly.
func isWordRune(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsMark(r) || r == '∆') && r != 'º' && r != 'ª'
}

func shapeOf(uppers, lowers, caseless int, firstUpper bool) shape {
	switch {
	case uppers == 0 && lowers == 0:
		return uncased
	case uppers == 0:
		return lower
	case uppers == 1 && lowers == 0 && caseless == 0:
		return initial
	case lowers == 0:
		return upper
	case uppers == 1 && firstUpper:
		return title
	}
	return mixed
}

// isUnspaced reports whether a letter is of a script that writes no spaces between
// words: Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan.
func isUnspaced(r rune) bool {
	return r >= 0x0e00 && (r <= 0x0eff || r >= 0x1000 && r <= 0x109f || r >= 0x0f00 && r <= 0x0fff ||
		r >= 0x1780 && r <= 0x17ff || r >= 0x3040 && r <= 0x30ff || r >= 0x31f0 && r <= 0x31ff || r >= 0x3400 && r <= 0x4dbf ||
		r >= 0x4e00 && r <= 0x9fff || r >= 0xf900 && r <= 0xfaff || r >= 0xff66 && r <= 0xff9f || r >= 0x20000 && r <= 0x3ffff)
}
