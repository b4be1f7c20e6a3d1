package text

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind uint8

const (
	word   kind = iota // letters
	number             // digits
	mark               // one other character except a space
)

// shape is the case of the letters of a word.
type shape uint8

const (
	lower   shape = iota
	title         // Abc
	upper         // ABC, two letters or more
	initial       // A
	mixed         // McLeod, eGFR
	uncased       // a script without case
)

// gap is the space before a token.
type gap uint8

const (
	joined gap = iota // nothing
	space             // blanks
	wide              // a tab or several blanks
	line              // the end of a line
	blank             // an empty line
)

// token is a run of letters, a run of digits, or one other character. Offsets count from
// the beginning of the block.
type token struct {
	hash       uint64 // of the folded text; for a mark, of the text itself
	flags      flags  // the dictionary's flags for the word
	ends       flags  // the flags of the entry of one or several words that ends here
	phraseIs   flags
	start, end int32
	fold       int32 // start of the folded text; it ends at the start of the next
	value      int32 // value of a number of at most nine digits, or -1
	phrase     int16 // the number of words and marks of the entry that begins here
	kind       kind
	shape      shape
	gap        gap
	char       byte // of an ASCII mark
	plain      bool // all of it is ASCII, so the folded text has the same length
}

func (t *token) len() int { return int(t.end - t.start) }

// maxToken is the number of bytes after which a run is split, so that no token is longer
// than a block.
const maxToken = 1024

// The classes of characters.
const (
	classLower = 1 << iota
	classUpper
	classDigit
	classMark
	classSpace
	classLine
	classHigh // not ASCII

	classLetter = classLower | classUpper
)

var classes = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= 0x80:
			t[c] = classHigh
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
		default:
			t[c] = classMark
		}
	}
	return t
}()

// tokens splits a text. The memory is reused for the next.
type tokens struct {
	toks []token
	fold []byte // the folded words and numbers, one after the other
}

// foldSpare is the number of bytes that may be written beyond the folded text of a word.
const foldSpare = 8

// cut splits a text of at most 2 GiB into tokens.
func (k *tokens) cut(text []byte) { k.cutTo(text, len(text)) }

// cutTo splits a text up to an offset, after which there are only blanks.
func (k *tokens) cutTo(text []byte, end int) {
	k.toks, k.fold = k.toks[:0], k.fold[:0]
	before := line
	for i := 0; i < end; {
		switch c := text[i]; classes[c] {
		case classSpace:
			before = widen(before, c)
			i++
		case classLine:
			// A carriage return and a line feed end one line.
			if !(c == '\n' && i > 0 && text[i-1] == '\r') {
				before = nextLine(before)
			}
			i++
		case classMark:
			t := k.add(i, before)
			t.end, t.hash, t.kind, t.char = int32(i+1), uint64(c), mark, c
			i++
			before = joined
		case classLower, classUpper:
			i = k.word(text, i, before)
			before = joined
		case classDigit:
			i = k.number(text, i, before)
			before = joined
		default:
			i, before = k.other(text, i, before)
		}
	}
}

// other reads a character that is not ASCII, and the token that begins with it.
func (k *tokens) other(text []byte, i int, before gap) (int, gap) {
	r, size := utf8.DecodeRune(text[i:])
	switch {
	case isWordRune(r):
		return k.foreignWord(text, i, before), joined
	case unicode.IsDigit(r):
		return k.number(text, i, before), joined
	case unicode.IsSpace(r):
		if r == '\u2028' || r == '\u2029' || r == '\u0085' {
			return i + size, nextLine(before)
		}
		return i + size, widen(before, ' ')
	case isInvisible(r):
		return i + size, before
	}
	t := k.add(i, before)
	t.end, t.hash, t.kind, t.char = int32(i+size), uint64(r), mark, asciiMark(r)
	return i + size, joined
}

// foldOf returns the folded text of a word or number.
func (k *tokens) foldOf(i int) []byte {
	if i+1 < len(k.toks) {
		return k.fold[k.toks[i].fold:k.toks[i+1].fold]
	}
	return k.fold[k.toks[i].fold:]
}

// add adds a token that begins at an offset.
func (k *tokens) add(i int, before gap) *token {
	n := len(k.toks)
	if n == cap(k.toks) {
		k.grow()
	}
	k.toks = k.toks[:n+1]
	t := &k.toks[n]
	*t = token{start: int32(i), fold: int32(len(k.fold)), gap: before}
	return t
}

// goesOn reports whether a word continues with a character that is not ASCII.
func goesOn(text []byte) bool {
	r, _ := utf8.DecodeRune(text)
	return isWordRune(r) || isInvisible(r)
}

// asciiMark returns the ASCII character that a typographic mark stands for, or 0.
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

// isInvisible reports whether a character is neither visible nor separates: soft hyphens,
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

// number reads a run of digits of any script.
func (k *tokens) number(text []byte, i int, before gap) int {
	limit := min(len(text), i+maxToken)
	j, value := i, int32(0)
	for j < limit && text[j]-'0' <= 9 {
		value = value*10 + int32(text[j]-'0') // on overflow the value is not used
		j++
	}
	if j < limit && text[j] >= utf8.RuneSelf {
		return k.foreignNumber(text, i, before)
	}
	t := k.add(i, before)
	t.kind, t.plain, t.end, t.value = number, true, int32(j), value
	if j-i > 9 {
		t.value = -1
	}
	t.hash = k.foldASCII(text, i, j)
	return j
}

// grow makes room for more tokens.
func (k *tokens) grow() { k.toks = slices.Grow(k.toks, len(k.toks)+64) }

// foreignNumber reads a run of digits that may include characters outside ASCII.
func (k *tokens) foreignNumber(text []byte, i int, before gap) int {
	t := k.add(i, before)
	t.kind, t.plain = number, true
	digits, from := 0, i
	for i < len(text) && i-from < maxToken {
		c := text[i]
		size := 1
		if c >= 0x80 {
			r, n := utf8.DecodeRune(text[i:])
			if isInvisible(r) {
				t.plain = false
				i += n
				continue
			}
			d := digitOf(r)
			if d < 0 {
				break
			}
			c, size, t.plain = byte('0'+d), n, false
		} else if classes[c] != classDigit {
			break
		}
		if digits++; digits <= 9 {
			t.value = t.value*10 + int32(c-'0')
		}
		k.fold = append(k.fold, c)
		i += size
	}
	if digits > 9 {
		t.value = -1
	}
	t.hash = hashOf(k.fold[t.fold:])
	t.end = int32(i)
	return i
}

// foreignWord reads a word with characters outside ASCII. In scripts without spaces between
// words, each character is a word.
func (k *tokens) foreignWord(text []byte, i int, before gap) int {
	t := k.add(i, before)
	t.kind = word
	from := i
	var uppers, lowers, caseless int
	first, firstUpper := true, false
	for i < len(text) && i-from < maxToken {
		r, size := rune(text[i]), 1
		if r >= 0x80 {
			r, size = utf8.DecodeRune(text[i:])
		}
		if isInvisible(r) {
			i += size
			continue
		}
		if !isWordRune(r) {
			break
		}
		if isUnspaced(r) {
			if first {
				return k.unspaced(text, i, t, r, size)
			}
			break
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
		k.fold = appendFold(k.fold, r)
		first = false
		i += size
	}
	t.end = int32(i)
	t.hash = hashOf(k.fold[t.fold:])
	t.shape = shapeOf(uppers, lowers, caseless, firstUpper)
	return i
}

// unspaced ends a word of one character, with the marks after it.
func (k *tokens) unspaced(text []byte, i int, t *token, r rune, size int) int {
	k.fold = appendFold(k.fold, r)
	t.hash = hashOf(k.fold[t.fold:])
	for i += size; i < len(text) && i-int(t.start) < maxToken; {
		r, n := utf8.DecodeRune(text[i:])
		if !unicode.IsMark(r) {
			break
		}
		k.fold = appendFold(k.fold, r)
		i += n
	}
	t.end, t.shape = int32(i), uncased
	return i
}

// isWordRune reports whether a character is part of a word. The signs of ordinals are
// letters in Unicode; here they are marks. The sign of an increment stands for a delta in
// texts that were converted badly.
func isWordRune(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsMark(r) || r == '∆') && r != 'º' && r != 'ª' && r != 'ʼ'
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

// isUnspaced reports whether a letter belongs to a script without spaces between words:
// Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan.
func isUnspaced(r rune) bool {
	return r >= 0x0e00 && (r <= 0x0eff || r >= 0x1000 && r <= 0x109f || r >= 0x0f00 && r <= 0x0fff ||
		r >= 0x1780 && r <= 0x17ff || r >= 0x3040 && r <= 0x30ff || r >= 0x31f0 && r <= 0x31ff || r >= 0x3400 && r <= 0x4dbf ||
		r >= 0x4e00 && r <= 0x9fff || r >= 0xf900 && r <= 0xfaff || r >= 0xff66 && r <= 0xff9f || r >= 0x20000 && r <= 0x3ffff)
}
