package fhirxml

import (
	"bytes"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir/fhirjson"
)

// divStream writes a narrative in its one form, as narrative does from a tree, where it
// has nothing but plain XHTML: elements and attributes without prefixes, text, and
// references to characters.
type divStream struct {
	src    []byte
	i      int
	dst    []byte
	open   []openTag
	spaced bool // names without a prefix are XHTML's
	text   []byte
}

// openTag is the name of an element that is open, and where what is in it begins in dst.
type openTag struct {
	name    []byte
	content int
}

// mostNames is how many attributes an element may have here.
const mostNames = 16

// append appends the div at the start of src, whose end it returns, or 0 where it has
// anything else. spaced: it needs not to say that its names are XHTML's.
func (d *divStream) append(dst, src []byte, spaced bool) (out []byte, end int) {
	d.src, d.i, d.dst, d.open, d.spaced = src, 0, dst, d.open[:0], spaced
	ok := bytes.HasPrefix(src, []byte("<div")) && d.start()
	for ok && len(d.open) > 0 {
		ok = d.characters() && d.tag()
	}
	out = d.dst
	d.src, d.dst = nil, nil
	clear(d.open[:cap(d.open)])
	if !ok || !d.spaced {
		return dst, 0
	}
	return out, d.i
}

// tag reads what begins with "<".
func (d *divStream) tag() bool {
	rest := d.src[d.i:]
	if len(rest) < 2 || rest[1] != '/' {
		return d.start()
	}
	e := d.open[len(d.open)-1]
	n := len(e.name) + 3
	if len(rest) < n || rest[n-1] != '>' || !bytes.Equal(rest[2:n-1], e.name) {
		return false
	}
	d.i += n
	if len(d.dst) == e.content {
		d.dst = append(d.dst[:e.content-1], "/>"...)
	} else {
		d.dst = append(d.dst, rest[:n]...)
	}
	d.open = d.open[:len(d.open)-1]
	return true
}

// start reads a start tag.
func (d *divStream) start() bool {
	end := d.i + 1
	for end < len(d.src) && isNameByte(d.src[end]) {
		end++
	}
	name := d.src[d.i+1 : end]
	if len(name) == 0 || name[0] <= '9' || len(d.open) == maxStreamDepth {
		return false
	}
	d.dst = append(append(d.dst, '<'), name...)
	root := len(d.open) == 0
	if root {
		d.dst = append(d.dst, ` xmlns="`+xhtmlNamespace+`"`...)
	}
	d.i = end
	var names [mostNames][]byte
	for n := 0; ; n++ {
		before := d.i
		d.i = fhirjson.SkipSpace(d.src, d.i)
		rest := d.src[d.i:]
		switch {
		case len(rest) > 0 && rest[0] == '>':
			d.i++
			d.dst = append(d.dst, '>')
			d.open = append(d.open, openTag{name, len(d.dst)})
			return true
		case len(rest) > 1 && rest[0] == '/' && rest[1] == '>':
			d.i += 2
			d.dst = append(d.dst, "/>"...)
			return true
		case before == d.i || n == mostNames || !d.attribute(&names, n, root):
			return false
		}
	}
}

// attribute reads an attribute, behind those that have the first n names.
func (d *divStream) attribute(names *[mostNames][]byte, n int, root bool) bool {
	from := d.i
	if bytes.HasPrefix(d.src[from:], []byte("xml:")) {
		d.i += len("xml:")
	}
	local := d.i
	for d.i < len(d.src) && (isNameByte(d.src[d.i]) || d.src[d.i] == '-') {
		d.i++
	}
	name := d.src[from:d.i]
	if d.i == local || d.src[local]|0x20 < 'a' || d.i+1 >= len(d.src) || d.src[d.i] != '=' {
		return false
	}
	for _, other := range names[:n] {
		if bytes.Equal(other, name) {
			return false
		}
	}
	names[n] = name
	quote := d.src[d.i+1]
	if quote != '"' && quote != '\'' {
		return false
	}
	inside := d.src[d.i+2:]
	end := bytes.IndexByte(inside, quote)
	if end < 0 {
		return false
	}
	inside = inside[:end]
	d.i += 2 + end + 1
	if bytes.ContainsAny(inside, "<\t\n") || !isPlainText(inside) {
		return false
	}
	if string(name) == "xmlns" {
		d.spaced = d.spaced || root
		return string(inside) == xhtmlNamespace
	}
	if bytes.IndexByte(inside, '&') >= 0 {
		var ok bool
		if d.text, ok = appendUnescaped(d.text[:0], inside); !ok {
			return false
		}
		inside = d.text
	}
	d.dst = append(append(append(d.dst, ' '), name...), `="`...)
	d.dst = append(appendAttribute(d.dst, inside), '"')
	return true
}

// characters reads text up to the next tag.
func (d *divStream) characters() bool {
	n := bytes.IndexByte(d.src[d.i:], '<')
	if n < 0 {
		return false
	}
	text := d.src[d.i : d.i+n]
	d.i += n
	plain := true
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c >= utf8.RuneSelf:
			n := character(text[i:])
			if n == 0 {
				return false
			}
			i += n
			continue
		case c == '&':
			plain = false
		case c == '>':
			if i >= 2 && text[i-1] == ']' && text[i-2] == ']' {
				return false
			}
			plain = false
		case c < 0x20 && c != '\t' && c != '\n':
			return false
		}
		i++
	}
	if plain {
		d.dst = append(d.dst, text...)
		return true
	}
	var ok bool
	if d.text, ok = appendUnescaped(d.text[:0], text); ok {
		d.dst = appendText(d.dst, d.text)
	}
	return ok
}
