package markup

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// maxGroups is the maximum depth of nested RTF groups.
const maxGroups = 1000

// AppendRTF appends an RTF document with its identifiers replaced.
func (s *Scrubber) AppendRTF(dst, src []byte) ([]byte, error) {
	if !bytes.HasPrefix(src, []byte(`{\rtf`)) {
		return dst, errors.New("the RTF cannot be read: it does not begin with {\\rtf")
	}
	s.reset()
	r := &rtf{s: s, src: src, codePage: charmap.Windows1252, pads: []int{1}}
	if err := r.read(); err != nil {
		return dst, err
	}
	return s.append(dst, appendRTF)
}

// rtf reads a document.
type rtf struct {
	s        *Scrubber
	src      []byte
	i        int
	codePage *charmap.Charmap
	pads     []int // for each open group, the number of characters that follow a Unicode escape
	piece    []byte
	high     rune // the first half of a surrogate pair
}

// codePages has the single-byte code pages that RTF names by number.
var codePages = map[int]*charmap.Charmap{
	437: charmap.CodePage437, 850: charmap.CodePage850, 852: charmap.CodePage852, 866: charmap.CodePage866,
	1250: charmap.Windows1250, 1251: charmap.Windows1251, 1252: charmap.Windows1252, 1253: charmap.Windows1253,
	1254: charmap.Windows1254, 1255: charmap.Windows1255, 1256: charmap.Windows1256, 1257: charmap.Windows1257, 1258: charmap.Windows1258,
}

func (r *rtf) read() error {
	for r.i < len(r.src) {
		switch c := r.src[r.i]; c {
		case '{':
			if r.hidden() {
				if err := r.skip(); err != nil {
					return err
				}
				continue
			}
			if len(r.pads) > maxGroups {
				return errors.New("the RTF cannot be read: too many nested groups")
			}
			r.flush()
			r.pads = append(r.pads, r.pads[len(r.pads)-1])
			r.s.copy(r.src[r.i : r.i+1])
			r.i++
		case '}':
			r.flush()
			if len(r.pads) == 1 {
				return errors.New("the RTF cannot be read: a group ends that did not begin")
			}
			r.pads = r.pads[:len(r.pads)-1]
			r.s.copy(r.src[r.i : r.i+1])
			r.i++
			if len(r.pads) == 1 {
				return nil // anything after the document is not part of it
			}
		case '\\':
			if err := r.control(); err != nil {
				return err
			}
		case '\r', '\n':
			r.i++
		default:
			r.char(r.decode(c))
			r.i++
		}
	}
	return errors.New("the RTF cannot be read: it ends inside a group")
}

func (r *rtf) pad() int { return r.pads[len(r.pads)-1] }

func (r *rtf) decode(c byte) rune {
	if c < 0x80 {
		return rune(c)
	}
	return r.codePage.DecodeByte(c)
}

// char adds a character of the text.
func (r *rtf) char(c rune) {
	switch {
	case utf16.IsSurrogate(c) && r.high == 0:
		r.high = c
		return
	case r.high != 0:
		c, r.high = utf16.DecodeRune(r.high, c), 0
	}
	r.piece = utf8.AppendRune(r.piece, c)
}

// flush ends a piece of text.
func (r *rtf) flush() {
	if len(r.piece) > 0 {
		r.s.text(r.piece, r.pad())
		r.piece = r.piece[:0]
	}
}

// hiddenGroups has the destinations that are not text of the document.
var hiddenGroups = [][]byte{[]byte("*"), []byte("info"), []byte("pict"), []byte("object"), []byte("fldinst"), []byte("themedata"), []byte("datastore"), []byte("xe"), []byte("tc"), []byte("bkmkstart"), []byte("bkmkend"), []byte("filetbl"), []byte("revtbl")}

// hidden reports whether a group begins that is not text of the document.
func (r *rtf) hidden() bool {
	rest := bytes.TrimLeft(r.src[r.i+1:min(len(r.src), r.i+64)], " \r\n")
	if len(rest) < 2 || rest[0] != '\\' {
		return false
	}
	for _, g := range hiddenGroups {
		if bytes.HasPrefix(rest[1:], g) && (g[0] == '*' || len(rest) == 1+len(g) || !isLetter(rest[1+len(g)])) {
			return true
		}
	}
	return false
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// skip skips a group.
func (r *rtf) skip() error {
	depth := 0
	for ; r.i < len(r.src); r.i++ {
		switch r.src[r.i] {
		case '\\':
			if bytes.HasPrefix(r.src[r.i:], []byte(`\bin`)) {
				if _, n, end := r.word(); n > 0 && end+n <= len(r.src) {
					r.i = end + n - 1
					continue
				}
			}
			r.i++
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				r.i++
				return nil
			}
		}
	}
	return errors.New("the RTF cannot be read: it ends inside a group")
}

// word reads the control word at the current position: its name, its number and its end.
func (r *rtf) word() (name []byte, n, end int) {
	i := r.i + 1
	for i < len(r.src) && isLetter(r.src[i]) {
		i++
	}
	name = r.src[r.i+1 : i]
	from := i
	if i < len(r.src) && r.src[i] == '-' {
		i++
	}
	for i < len(r.src) && r.src[i] >= '0' && r.src[i] <= '9' && i-from < 11 {
		i++
	}
	n, _ = strconv.Atoi(string(r.src[from:i]))
	if i < len(r.src) && r.src[i] == ' ' {
		i++
	}
	return name, n, i
}

// control reads a control word or symbol.
func (r *rtf) control() error {
	if r.i+1 >= len(r.src) {
		return errors.New("the RTF cannot be read: it ends inside a control word")
	}
	switch c := r.src[r.i+1]; {
	case isLetter(c):
		return r.controlWord()
	case c == '\'':
		if r.i+4 > len(r.src) {
			return errors.New("the RTF cannot be read: it ends inside an escape")
		}
		b, err := strconv.ParseUint(string(r.src[r.i+2:r.i+4]), 16, 8)
		if err != nil {
			return errors.New("the RTF cannot be read: an escape is not hexadecimal")
		}
		r.char(r.decode(byte(b)))
		r.i += 4
	case c == '\\' || c == '{' || c == '}':
		r.char(rune(c))
		r.i += 2
	case c == '~':
		r.char('\u00a0')
		r.i += 2
	case c == '_':
		r.char('-')
		r.i += 2
	case c == '-':
		r.i += 2 // an optional hyphen: the word continues
	case c == '\r' || c == '\n':
		r.mark([]byte(`\par `), '\n')
		r.i += 2
	default:
		r.flush()
		r.i += 2
	}
	return nil
}

// mark adds a control word that separates texts.
func (r *rtf) mark(word []byte, by byte) {
	r.flush()
	r.s.separate(by)
	r.s.copy(word)
}

func (r *rtf) controlWord() error {
	name, n, end := r.word()
	word := r.src[r.i:end]
	switch string(name) {
	case "u":
		r.char(rune(uint16(n)))
		r.i = r.skipPad(end)
		return nil
	case "bin":
		return errors.New("the RTF cannot be read: the text contains binary data")
	case "emdash", "endash":
		r.char('-')
	case "lquote", "rquote":
		r.char('\'')
	case "ldblquote", "rdblquote":
		r.char('"')
	case "par", "line", "row", "sect", "page", "pard", "intbl", "trowd":
		r.mark([]byte("\\"+string(name)+" "), '\n')
	case "tab", "cell":
		r.mark([]byte("\\"+string(name)+" "), '\t')
	case "uc":
		r.flush()
		if n < 0 || n > 100 {
			return errors.New("the RTF cannot be read: \\uc is out of range")
		}
		r.pads[len(r.pads)-1] = n
		r.s.copy(word)
	case "rtf":
		r.flush()
		r.s.copy([]byte(`\rtf1`))
		r.s.copy([]byte(" "))
		r.i = end
		return nil
	case "ansicpg":
		r.flush()
		page, ok := codePages[n]
		if !ok {
			return errors.New("the RTF cannot be read: its code page is not supported")
		}
		r.codePage = page
		r.s.copy(word)
	default:
		r.flush()
		// Words not known as layout could be text in disguise.
		if layout[string(name)] && n > -100000 && n < 100000 {
			r.s.copy(word)
		}
	}
	r.i = end
	return nil
}

// layout has the control words for the appearance of a text; others are left out.
var layout = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`rtf ansi mac pc pca deff deflang deflangfe adeff fonttbl f fnil froman fswiss fmodern fscript fdecor ftech fbidi fcharset fprq
colortbl red green blue cf cb highlight stylesheet s cs ds ts sbasedon snext plain b i ul ulnone uld uldb ulw strike striked caps scaps v sub super nosupersub up dn fs expnd expndtw kerning
lang langfe langnp noproof rtlch ltrch rtlpar ltrpar loch hich dbch af afs ab ai ql qr qc qj fi li ri lin rin sb sa sl slmult keep keepn widctlpar nowidctlpar pagebb hyphpar nohyphpar contextualspace
tx tqr tqc tqdec tb tldot outlinelevel brdrt brdrb brdrl brdrr brdrs brdrw brdrcf brdrth brdrdb brdrnone brsp box shading cbpat cfpat
cellx clvertalt clvertalc clvertalb clbrdrt clbrdrb clbrdrl clbrdrr clmgf clmrg clvmgf clvmrg clcbpat clwWidth clftsWidth trgaph trleft trrh trhdr trkeep trql trqr trqc trbrdrt trbrdrb trbrdrl trbrdrr trbrdrh trbrdrv lastrow itap nesttableprops
sectd sbknone sbkpage paperw paperh margl margr margt margb gutter landscape headery footery cols colsx linex endnhere titlepg header headerl headerr headerf footer footerl footerr footerf
pn pnlvlblt pnlvlbody pntext ls ilvl viewkind viewscale deftab widowctrl ftnbj aenddoc fet field fldrslt bullet emspace enspace chpgn pgncont pgnstarts zwj zwnj ltrmark rtlmark`) {
		m[w] = true
	}
	return m
}()

// skipPad skips the substitute for a Unicode character, for readers without Unicode.
func (r *rtf) skipPad(i int) int {
	for n := r.pad(); n > 0 && i < len(r.src); n-- {
		switch c := r.src[i]; {
		case c == '{' || c == '}':
			return i
		case c == '\\' && i+1 < len(r.src) && r.src[i+1] == '\'':
			i = min(i+4, len(r.src))
		case c == '\\':
			return i
		default:
			i++
		}
	}
	return i
}

// appendRTF appends a text with escapes.
func appendRTF(dst, plain []byte, pad int) []byte {
	for _, c := range string(plain) {
		switch {
		case c == '\\' || c == '{' || c == '}':
			dst = append(dst, '\\', byte(c))
		case c == '\n':
			dst = append(dst, `\line `...)
		case c < 0x80:
			dst = append(dst, byte(c))
		default:
			for _, u := range utf16.AppendRune(nil, c) {
				dst = append(dst, `\u`...)
				dst = strconv.AppendInt(dst, int64(int16(u)), 10)
				if pad == 0 {
					dst = append(dst, ' ')
				}
				dst = append(dst, bytes.Repeat([]byte{'?'}, pad)...)
			}
		}
	}
	return dst
}
