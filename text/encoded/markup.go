package encoded

import (
	"bytes"
	"html"
	"strings"
	"unicode/utf8"
)

// longestEntity is the maximum length of an entity: &CounterClockwiseContourIntegral;
const longestEntity = 34

// readEntities reads entities of HTML and XML.
func readEntities(v *View, text []byte) bool {
	at := 0
	for i := next(text, 0, '&'); i < len(text); i = next(text, i+1, '&') {
		if n := v.entity(text, at, i); n > 0 {
			at = i + n
		}
	}
	if at == 0 {
		return false
	}
	v.keep(text, at, len(text))
	v.Sure = true
	return true
}

// next returns the next position of a character, or the length of the text.
func next(text []byte, from int, c byte) int {
	if i := bytes.IndexByte(text[from:], c); i >= 0 {
		return from + i
	}
	return len(text)
}

// entity adds the text before an entity, from at on, and the entity, and returns its
// length, or 0.
func (v *View) entity(text []byte, at, i int) int {
	end := i + 1
	for end < len(text) && end-i < longestEntity && (isAlnum(text[end]) || text[end] == '#' && end == i+1) {
		end++
	}
	if end < len(text) && text[end] == ';' {
		end++
	}
	if end < i+4 {
		return 0
	}
	raw := string(text[i:end])
	read := html.UnescapeString(raw)
	if read == raw {
		return 0
	}
	n, size := len(raw), len(read)
	if !strings.HasSuffix(raw, ";") {
		// One character replaces the beginning: &uumlller.
		_, size = utf8.DecodeRuneInString(read)
		n -= len(read) - size
	}
	v.keep(text, at, i)
	v.put(i, i+n, []byte(read[:size])...)
	return n
}

// inlineTags has the tags that may occur inside a word.
var inlineTags = func() map[string]bool {
	m := map[string]bool{}
	for _, t := range strings.Fields("b i u em strong span a font small big sub sup tt code s strike mark abbr acronym cite dfn kbd samp var q del ins bdo bdi wbr label time data content o:p") {
		m[t] = true
	}
	return m
}()

// longestTag is the maximum length of a tag.
const longestTag = 4096

// readTags reads text across tags and comments.
func readTags(v *View, text []byte) bool {
	at, found := 0, false
	for i := next(text, 0, '<'); i < len(text); i = next(text, i, '<') {
		end, by := tagAt(text, i)
		if end == 0 {
			i++
			continue
		}
		found = true
		v.plain(text, at, i)
		v.drop(by)
		at, i = end, end
	}
	if !found {
		return false
	}
	v.plain(text, at, len(text))
	v.Sure = true
	return true
}

// plain adds text without tags, which may contain entities.
func (v *View) plain(text []byte, from, to int) {
	for i := from; ; i++ {
		if i = next(text[:to], i, '&'); i >= to {
			break
		}
		if n := v.entity(text[:to], from, i); n > 0 {
			from = i + n
			i = from - 1
		}
	}
	v.keep(text, from, to)
}

// tagAt returns the end of the tag or comment that begins at an offset, or 0, and its
// replacement: nothing for a tag that may occur inside a word.
func tagAt(text []byte, i int) (end int, by byte) {
	rest := text[i:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		if n := bytes.Index(rest, []byte("-->")); n > 0 {
			return i + n + 3, 0
		}
		return 0, 0
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		return i + 9, 0
	case len(rest) < 3:
		return 0, 0
	}
	from := 1
	if rest[1] == '/' {
		from = 2
	}
	name := from
	for name < len(rest) && (isAlnum(rest[name]) || rest[name] == ':' || rest[name] == '-' || rest[name] == '_') {
		name++
	}
	if c := rest[from]; (name == from || isDigit(c)) && c != '!' && c != '?' {
		return 0, 0
	}
	n := bytes.IndexByte(rest[:min(len(rest), longestTag)], '>')
	if n < 0 || bytes.IndexByte(rest[1:n], '<') >= 0 {
		return 0, 0
	}
	if inlineTags[strings.ToLower(string(rest[from:name]))] {
		return i + n + 1, 0
	}
	return i + n + 1, '\n'
}
