// Package decode reads what programs write into texts as a person would read it: character
// references of HTML, percent escapes, escapes of strings of programs and of HL7 v2, tags,
// and names of files, in which words are joined by marks or by capitals.
//
//	var r decode.Reader
//	if plain, ok := r.Decode(text); ok {
//		from := r.Source(start) // where plain[start] stands in text
//	}
//
// A decoded text is only searched, never written: what is read wrongly costs nothing but a
// place to look at. So doubtful cases are decoded.
package decode

import (
	"bytes"
	"html"
	"unicode/utf16"
	"unicode/utf8"
)

// A Reader decodes one text after the other. It keeps its memory, but nothing of a text.
type Reader struct {
	plain []byte
	steps []step
	at    int  // the step that was looked up last
	other bool // the plain text differs
}

// step says that from an offset of the plain text on, characters stand in the source from
// another offset on.
type step struct{ plain, source int }

// triggers are the bytes with which something begins that can be decoded.
var triggers = func() (t [256]bool) {
	for _, c := range []byte(`&%\+_<#@.`) {
		t[c] = true
	}
	return t
}()

// Decode returns a text decoded, and whether it differs from the text. The result is valid
// until the next call.
func (r *Reader) Decode(text []byte) (plain []byte, ok bool) {
	r.plain, r.steps, r.at, r.other = r.plain[:0], append(r.steps[:0], step{}), 0, false
	done := 0
	for i := 0; i < len(text); i++ {
		if !triggers[text[i]] {
			continue
		}
		if c := text[i]; c == '<' {
			if n := tagsLen(text[i:]); n > 0 {
				r.copy(text, done, i)
				r.put(" ", i, i+n)
				i += n - 1
				done = i + 1
			}
			continue
		} else if c == '.' && (i+1 == len(text) || text[i+1] <= ' ' || i == 0 || text[i-1] < 'A') {
			continue // the end of a sentence, a number
		}
		from, to := runAround(text, i, done)
		if from >= to {
			continue
		}
		w := wordOf(text[from:to])
		if !w.decodes() {
			i = to - 1
			continue
		}
		r.copy(text, done, from)
		r.run(text, from, to, w)
		i, done = to-1, to
	}
	if !r.other {
		return nil, false
	}
	r.copy(text, done, len(text))
	return r.plain, true
}

// Source returns where a character of the plain text stands in the source. It is quick for
// offsets that grow.
func (r *Reader) Source(offset int) int {
	if r.at >= len(r.steps) || r.steps[r.at].plain > offset {
		r.at = 0
	}
	for r.at+1 < len(r.steps) && r.steps[r.at+1].plain <= offset {
		r.at++
	}
	s := r.steps[r.at]
	return s.source + offset - s.plain
}

// copy takes a piece of the source over as it is.
func (r *Reader) copy(text []byte, from, to int) { r.plain = append(r.plain, text[from:to]...) }

// put writes something else for a piece of the source.
func (r *Reader) put(s string, from, to int) {
	r.other = true
	r.steps = append(r.steps, step{len(r.plain), from})
	r.plain = append(r.plain, s...)
	r.steps = append(r.steps, step{len(r.plain), to})
}

// longest is how many bytes of a text without blanks are looked at as one word.
const longest = 2048

// runAround returns the bytes around a place that have no blank and no tag between them.
func runAround(text []byte, i, least int) (from, to int) {
	for from = i; from > least && i-from < longest && text[from-1] > ' '; from-- {
	}
	for to = i; to < len(text) && to-i < longest && text[to] > ' ' && text[to] != '<'; to++ {
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	return from, to
}

// tagsLen returns the length of all tags at the beginning of a text.
func tagsLen(text []byte) (n int) {
	for more := tagLen(text); more > 0; more = tagLen(text[n:]) {
		n += more
	}
	return n
}

// tagLen returns the length of a tag of HTML or XML at the beginning of a text, or 0.
func tagLen(text []byte) int {
	if len(text) < 3 || !isLetter(text[1]) && !(text[1] == '/' && isLetter(text[2])) && text[1] != '!' {
		return 0
	}
	n := bytes.IndexAny(text[1:min(len(text), longest)], "<>")
	if n < 0 || text[1+n] != '>' {
		return 0
	}
	return n + 2
}

// word says how a run of characters without blanks is read.
type word struct {
	escapes bool // has what can be an escape
	joined  bool // a name of a file or a tag, whose words are joined by marks or capitals
	form    bool // of a form: a plus is a blank
	path    bool // of Windows: a backslash is no escape
}

func (w word) decodes() bool { return w.escapes || w.joined || w.form }

func wordOf(run []byte) word {
	var w word
	w.path = bytes.Contains(run, []byte(`:\`)) || bytes.HasPrefix(run, []byte(`\\`)) && bytes.IndexByte(run[2:], '\\') > 0
	w.joined = run[0] == '#' || run[0] == '@' || hasFileEnding(run)
	equals := false
	for i, c := range run {
		switch c {
		case '&', '%':
			w.escapes = true
		case '\\':
			w.escapes = w.escapes || !w.path
		case '=':
			equals = true
		case '+':
			w.form = w.form || equals
		case '_':
			w.joined = w.joined || i > 0 && isWordByte(run[i-1]) && i+1 < len(run) && isWordByte(run[i+1])
		}
	}
	if bytes.IndexByte(run, '@') > 0 || bytes.Contains(run, []byte("://")) {
		w.joined = false // an address on a network is found as it is
	}
	return w
}

// fileEndings are the endings of files by which a name of a file is known.
var fileEndings = map[string]bool{}

func init() {
	for _, e := range []string{"pdf", "jpg", "jpeg", "png", "gif", "tif", "tiff", "bmp", "heic", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "rtf",
		"odt", "dcm", "xml", "json", "csv", "tsv", "html", "htm", "zip", "gz", "mp3", "mp4", "m4a", "wav", "mov", "avi", "msg", "eml", "hl7", "edf", "vcf", "bam", "fastq", "svs"} {
		fileEndings[e] = true
	}
}

// hasFileEnding reports whether a word is a name of a file.
func hasFileEnding(run []byte) bool {
	run = bytes.TrimRight(run, `.,;:!?)"'>]`)
	dot := bytes.LastIndexByte(run, '.')
	return dot > 0 && len(run)-dot <= 6 && fileEndings[string(bytes.ToLower(run[dot+1:]))]
}

// run decodes a word.
func (r *Reader) run(text []byte, from, to int, w word) {
	after := from // an escape
	for i := from; i < to; {
		if s, n := r.escape(text[i:to], i > after && isDigit(text[i-1]), w); n > 0 {
			r.put(s, i, i+n)
			i += n
			after = i
			continue
		}
		c := text[i]
		between := i > from && i+1 < to && isWordByte(text[i-1]) && isWordByte(text[i+1])
		switch {
		case c == '+' && w.form, w.joined && between && (c == '_' || c == '.' || c == '+'):
			c, r.other = ' ', true
		case w.joined && i > from && isUpper(c) && isLower(text[i-1]):
			r.put(" ", i, i)
		}
		r.plain = append(r.plain, c)
		i++
	}
}

// escape decodes the escape at the beginning of a text: what it stands for, and its length,
// or 0 if there is none.
func (r *Reader) escape(text []byte, afterDigit bool, w word) (s string, n int) {
	switch text[0] {
	case '&':
		return reference(text)
	case '%':
		if !afterDigit {
			return percent(text)
		}
	case '\\':
		if !w.path {
			return backslash(text)
		}
	}
	return "", 0
}

// reference decodes a character reference: &nbsp; &#74; &#x4a;, also where its ampersand is
// written as one.
func reference(text []byte) (string, int) {
	n := 1
	for bytes.HasPrefix(text[n:], []byte("amp;")) {
		n += len("amp;")
	}
	end := bytes.IndexByte(text[n:min(len(text), n+32)], ';')
	if end < 1 {
		if n > 1 {
			return "&", n
		}
		return "", 0
	}
	source := "&" + string(text[n:n+end+1])
	s := html.UnescapeString(source)
	if s == source {
		return "", 0
	}
	return s, n + end + 1
}

// percent decodes the percent escapes of one character: %20, %C3%A9, %2520.
func percent(text []byte) (string, int) {
	var decoded [utf8.UTFMax]byte
	n := 0
	for k := range decoded {
		c, ok := hexPair(text[n:], '%')
		if !ok {
			return "", 0
		}
		n += 3
		for c == '%' && k == 0 && len(text) >= n+2 { // an escaped escape
			again, ok := hexPair(append([]byte{'%'}, text[n:n+2]...), '%')
			if !ok {
				break
			}
			c, n = again, n+2
		}
		decoded[k] = c
		if utf8.FullRune(decoded[:k+1]) {
			if r, _ := utf8.DecodeRune(decoded[:k+1]); r == utf8.RuneError {
				return string(rune(decoded[0])), 3 // Latin-1
			}
			return string(decoded[:k+1]), n
		}
	}
	return "", 0
}

func hexPair(text []byte, mark byte) (byte, bool) {
	if len(text) < 3 || text[0] != mark {
		return 0, false
	}
	high, low := hexDigit(text[1]), hexDigit(text[2])
	return byte(high<<4 | low&0xf), high >= 0 && low >= 0
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c - 'a' + 10)
	case c >= 'A' && c <= 'F':
		return int(c - 'A' + 10)
	}
	return -1
}

// backslash decodes an escape of a string (\n, \u00fc) or of HL7 v2 (\.br\, \T\), with as
// many backslashes as were made of one.
func backslash(text []byte) (string, int) {
	n := 1
	for n < len(text) && text[n] == '\\' {
		n++
	}
	if n == len(text) {
		return "", 0
	}
	rest := text[n:]
	if end := bytes.IndexByte(rest[:min(len(rest), 8)], '\\'); end > 0 {
		switch string(rest[:end]) {
		case ".br", ".sp", ".in", ".ti":
			return "\n", n + end + 1
		case "F":
			return "|", n + end + 1
		case "S":
			return "^", n + end + 1
		case "T":
			return "&", n + end + 1
		case "R":
			return "~", n + end + 1
		}
	}
	switch rest[0] {
	case 'n', 'r':
		return "\n", n + 1
	case 't':
		return "\t", n + 1
	case '"', '\'', '/':
		return string(rest[:1]), n + 1
	case 'x':
		if c, ok := hexPair(rest, 'x'); ok {
			return string(rune(c)), n + 3
		}
	case 'u':
		return utf16Escape(rest, n)
	}
	return "", 0
}

// utf16Escape decodes \u00fc, and a pair of two that are one character. before is how many
// bytes stand before the u.
func utf16Escape(rest []byte, before int) (string, int) {
	r, ok := utf16Unit(rest)
	if !ok {
		return "", 0
	}
	const unit = len("u00fc")
	if utf16.IsSurrogate(r) && len(rest) > unit+before && rest[unit] == '\\' {
		if low, ok := utf16Unit(rest[unit+before:]); ok {
			return string(utf16.DecodeRune(r, low)), 2 * (before + unit)
		}
	}
	return string(r), before + unit
}

func utf16Unit(text []byte) (rune, bool) {
	if len(text) < 5 {
		return 0, false
	}
	high, ok := hexPair(text, text[0])
	low, ok2 := hexPair(text[2:], text[2])
	return rune(high)<<8 | rune(low), text[0] == 'u' && ok && ok2
}

func isLetter(c byte) bool   { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isUpper(c byte) bool    { return c >= 'A' && c <= 'Z' }
func isLower(c byte) bool    { return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool    { return c >= '0' && c <= '9' }
func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) || c >= 0x80 }
