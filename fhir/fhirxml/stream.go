package fhirxml

import (
	"bytes"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/markup"
	"github.com/veil-proxy/veil/fhir/schema"
)

// Most texts have nothing but what FHIR needs: elements without prefixes in the order of
// the schema, with the attributes value, id and url. Those are written as JSON as they are
// read, without a tree. Whatever else comes up, be it wrong or only rare, is left to the
// tree (fromxml.go), which reads the text from its beginning: so the stream has no errors
// of its own, and a test and a fuzz target hold what it writes to what the tree gives.

// Reader converts resources as AppendJSON does, and remembers resources that recur. It is
// not safe for concurrent use.
type Reader struct {
	schema *schema.Schema
	s      stream
}

// NewReader returns a reader for the resources of a schema. If remember is set, it
// remembers whole resources that recur.
func NewReader(s *schema.Schema, remember bool) *Reader {
	return &Reader{s, stream{schema: s, memory: newMemory(remember)}}
}

// AppendJSON does what the function AppendJSON does.
func (r *Reader) AppendJSON(dst, src []byte) ([]byte, error) {
	src = bytes.TrimPrefix(src, fhirjson.ByteOrderMark)
	if out, ok := r.s.append(dst, src); ok {
		return out, nil
	}
	return appendByTree(r.schema, dst, src)
}

// Entries returns the position of the array of entries in the last result of AppendJSON,
// including dst, and a number that two results share only if their arrays are equal; it is 0
// if that is not known.
func (r *Reader) Entries() (at int, serial uint64) { return r.s.entriesAt, r.s.entriesSerial }

// Forget forgets all remembered resources.
func (r *Reader) Forget() { r.s.memory.reset() }

// stream reads a text from the front.
type stream struct {
	schema *schema.Schema
	src    []byte
	i      int
	dst    []byte
	depth  int    // of elements
	value  []byte // a narrative
	side   []byte // siblings of the open arrays of primitives
	order  order
	div    divStream
	memory *memory // or nil

	entriesAt     int // see Reader.Entries
	entriesSerial uint64
}

// maxStreamDepth is how deeply elements may nest in what is streamed: far less than in
// JSON.
const maxStreamDepth = fhirjson.MaxDepth / 4

// append is AppendJSON for texts that can be streamed, and reports whether this one
// could.
func (r *stream) append(dst, src []byte) (out []byte, ok bool) {
	r.src, r.i, r.dst, r.depth, r.side = src, 0, dst, 0, r.side[:0]
	r.memory.begin()
	r.entriesSerial = 0
	ok = r.document()
	out = r.dst
	r.src, r.dst = nil, nil // they are the caller's
	if !ok {
		r.entriesSerial = 0
		return dst, false
	}
	return out, true
}

// declaration reads that of XML, if there is one.
func (r *stream) declaration() bool {
	if !bytes.HasPrefix(r.src, []byte("<?")) {
		return true
	}
	end := bytes.Index(r.src, []byte("?>"))
	r.i = end + 2
	return end >= 0 && markup.IsPlainDeclaration(r.src[:r.i])
}

func (r *stream) document() bool {
	if !r.declaration() || !r.between() {
		return false
	}
	sh := r.schema.ShapeOf(r.tag())
	return sh != nil && r.resource(sh, true) && r.between() && r.i == len(r.src)
}

// between skips white space and comments. It reports false unless a tag or the end
// follows.
func (r *stream) between() bool {
	for {
		r.i = fhirjson.SkipSpace(r.src, r.i)
		rest := r.src[r.i:]
		switch {
		case len(rest) == 0:
			return true
		case rest[0] != '<':
			return false
		case len(rest) == 1 || rest[1] != '!':
			return true
		case !bytes.HasPrefix(rest, []byte("<!--")):
			return false
		}
		end := bytes.Index(rest[4:], []byte("--"))
		if end < 0 || !bytes.HasPrefix(rest[4+end:], []byte("-->")) || !isPlainText(rest[4:4+end]) {
			return false
		}
		r.i += 4 + end + 3
	}
}

// isPlainText reports whether a text has only characters that are allowed anywhere.
func isPlainText(text []byte) bool {
	for i, c := range text {
		if c < 0x20 && c != '\t' && c != '\n' || c == 0xef && isNoCharacter(text[i:]) {
			return false
		}
	}
	return utf8.Valid(text)
}

// isNoCharacter reports whether text begins with U+FFFE or U+FFFF, which XML forbids.
func isNoCharacter(text []byte) bool {
	return len(text) > 2 && text[1] == 0xbf && text[2] >= 0xbe
}

// tag reads "<" and a name of letters and digits, and returns the name; nothing for
// anything else.
func (r *stream) tag() []byte {
	if r.i >= len(r.src) || r.src[r.i] != '<' {
		return nil
	}
	end := r.i + 1
	for end < len(r.src) && isNameByte(r.src[end]) {
		end++
	}
	name := r.src[r.i+1 : end]
	if len(name) == 0 || name[0] <= '9' {
		return nil
	}
	r.i = end
	return name
}

func isNameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

// end reads the end tag of an element.
func (r *stream) end(name string) bool {
	rest := r.src[r.i:]
	n := len(name) + 3
	if len(rest) < n || rest[1] != '/' || rest[n-1] != '>' || string(rest[2:n-1]) != name {
		return false
	}
	r.i += n
	return true
}

// more reports whether another element follows in the open one; ok is false if something
// other than that or an end tag follows.
func (r *stream) more() (more, ok bool) {
	if !r.between() || r.i+1 >= len(r.src) {
		return false, false
	}
	return r.src[r.i+1] != '/', true
}

// follows reports whether the text continues with something, and skips it.
func (r *stream) follows(token string) bool {
	if rest := r.src[r.i:]; len(rest) < len(token) || string(rest[:len(token)]) != token {
		return false
	}
	r.i += len(token)
	return true
}

// again reads the tag of an element of that name, up to its attributes, if one follows.
func (r *stream) again(name string) bool {
	if !r.between() {
		return false
	}
	rest := r.src[r.i:]
	n := len(name) + 1
	if len(rest) <= n || string(rest[1:n]) != name || isNameByte(rest[n]) {
		return false
	}
	r.i += n
	return true
}

func (r *stream) literal(kind schema.JSONKind, value []byte) {
	r.dst = appendLiteral(r.dst, kind, value)
}

func (r *stream) name(prefix, name string) { r.dst = appendName(r.dst, prefix, name) }

func (r *stream) string(text []byte) { r.dst = appendQuoted(r.dst, text) }
