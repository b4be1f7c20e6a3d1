// Package xml masks XML documents by the rules of a ruleset's documents section.
//
//	w := xml.NewWalker(plan, mask.NewPass(plan.Actions))
//	out, err := w.Append(nil, src)
//
// What passes is copied as it is written. Comments, processing instructions, document
// types, and the names of namespaces that the ruleset does not know never pass.
package xml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"unicode/utf8"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/fhir/markup"
	"github.com/veil-proxy/veil/mask"
)

// Walker masks documents, one after another. It belongs to a pass and is not safe for
// concurrent use.
type Walker struct {
	masker *document.Masker
	spaces document.Namespaces
	tree   tree
	// holder is the element that has the value being masked, or -1, and places are the
	// rules' nodes of the open elements.
	holder int
	places []place
	found  map[wanted]int
	result []byte
	err    error
}

// place is an open element and where it is in the rules.
type place struct {
	element int
	node    *document.Node
}

// NewWalker returns a walker for a plan's XML documents.
func NewWalker(p *document.Plan, pass *mask.Pass) *Walker {
	w := &Walker{spaces: p.Namespaces(), found: map[wanted]int{}}
	w.masker = p.XML.NewMasker(pass, w)
	return w
}

// part is the part of a document that is written.
type part uint8

const (
	wholeDocument part = iota
	opening            // up to the root's start tag
	content            // what is in the root
	closing            // from the root's end tag on
)

// Append appends the masked form of the document in src. If nothing passes, an empty
// root remains; its name must pass.
func (w *Walker) Append(dst, src []byte) ([]byte, error) { return w.append(dst, src, wholeDocument) }

func (w *Walker) append(dst, src []byte, what part) ([]byte, error) {
	if err := w.tree.parse(src); err != nil {
		return dst, err
	}
	return w.write(dst, what)
}

// write appends the masked form of a part of the document that was read.
func (w *Walker) write(dst []byte, what part) ([]byte, error) {
	w.err, w.holder, w.places = nil, -1, w.places[:0]
	clear(w.found)
	from := len(dst)
	t := &w.tree
	root := &t.nodes[t.root]
	n := w.masker.Child(w.masker.Root(), false, root.space, []byte(root.name))
	if n.Dead() || !n.NamePasses() {
		return dst, errors.New("no rule names the root element, or its namespace is not known, so nothing of the document passes")
	}
	d := n.Decision()
	removed := w.removes(d)
	w.places = append(w.places, place{t.root, n})
	if what == wholeDocument || what == opening {
		dst = append(dst, t.declaration...)
		dst, _, _ = w.startTag(dst, t.root, n, removed)
	}
	if (what == wholeDocument || what == content) && !removed {
		dst, _ = w.children(dst, t.root, n, d)
	}
	if what == wholeDocument || what == closing {
		dst = append(w.endTag(dst, t.root), t.after...)
	}
	if w.err != nil {
		return dst[:from], w.err
	}
	return dst, nil
}

// removes reports whether a rule removes an element with everything in it, and counts
// that.
func (w *Walker) removes(d *document.Decision) bool {
	t := w.masker.Choose(d)
	if t == nil || !t.Removes() {
		return false
	}
	w.masker.CountRemoved(t)
	return true
}

// element appends an element. kept is false if nothing of it is left; then nothing was
// appended.
func (w *Walker) element(dst []byte, i int, above *document.Node) (out []byte, kept bool) {
	e := &w.tree.nodes[i]
	n := w.masker.Child(above, false, e.space, []byte(e.name))
	if n.Dead() || !n.NamePasses() {
		w.masker.CountUncovered()
		return dst, false
	}
	w.holder = e.parent
	d := n.Decision()
	if w.removes(d) {
		return dst, false
	}
	from := len(dst)
	w.places = append(w.places, place{i, n})
	dst, attributes, left := w.startTag(dst, i, n, false)
	dst, below := w.children(dst, i, n, d)
	w.places = w.places[:len(w.places)-1]
	if !left && !below && (attributes || !w.isBlank(i)) {
		return dst[:from], false
	}
	return w.endTag(dst, i), true
}

// isBlank reports whether an element contains only space.
func (w *Walker) isBlank(i int) bool {
	for c := w.tree.nodes[i].first; c >= 0; c = w.tree.nodes[c].next {
		if n := &w.tree.nodes[c]; !n.isText || !n.isSpace() {
			return false
		}
	}
	return true
}

// isSpace reports whether a run of text is only space.
func (n *node) isSpace() bool { return len(bytes.Trim(n.text, " \t\r\n")) == 0 }

// children appends the contents of an element. left reports whether anything but space is
// left.
func (w *Walker) children(dst []byte, i int, n *document.Node, d *document.Decision) (out []byte, left bool) {
	var space []byte // before the next child: it is removed if that is
	for c := w.tree.nodes[i].first; c >= 0 && w.err == nil; c = w.tree.nodes[c].next {
		t := &w.tree.nodes[c]
		if t.isText && t.isSpace() {
			if space = w.tree.src[t.start:t.end]; !t.raw {
				space = bytes.ReplaceAll(t.text, []byte("\r"), []byte("&#xD;"))
			}
			continue
		}
		mark := len(dst)
		dst = append(dst, space...)
		space = nil
		var kept bool
		if t.isText {
			dst, kept = w.text(dst, i, t, n, d)
		} else {
			dst, kept = w.element(dst, c, n)
		}
		if !kept {
			dst = dst[:mark]
		}
		left = left || kept
	}
	return append(dst, space...), left
}

// text appends the masked form of a run of text in element i.
func (w *Walker) text(dst []byte, i int, t *node, n *document.Node, d *document.Decision) ([]byte, bool) {
	w.holder = w.tree.nodes[i].parent
	if own := w.masker.Text(n).Decision(); own != nil {
		d = own
	}
	result, outcome, ok := w.value(t.text, d)
	switch {
	case !ok:
		return dst, false
	case outcome == mask.Replaced:
		return appendEscaped(dst, result), true
	case t.raw:
		return append(dst, w.tree.src[t.start:t.end]...), true
	}
	return appendEscaped(dst, t.text), true
}

// value masks a value. ok is false if nothing of it is left.
func (w *Walker) value(text []byte, d *document.Decision) (result []byte, outcome mask.Outcome, ok bool) {
	t := w.masker.Choose(d)
	switch {
	case t == nil:
		w.masker.CountUncovered()
		return nil, mask.Removed, false
	case t.Removes():
		w.masker.CountRemoved(t)
		return nil, mask.Removed, false
	}
	result, outcome, err := w.masker.Append(w.result[:0], text, mask.String, t)
	w.result = result
	if err != nil {
		w.err = err
		return nil, mask.Removed, false
	}
	return result, outcome, outcome == mask.Kept || outcome == mask.Replaced
}

// startTag appends the start tag of an element, without attributes if it is bare. It
// reports whether the element has attributes, and whether any is left.
func (w *Walker) startTag(dst []byte, i int, n *document.Node, bare bool) (out []byte, has, left bool) {
	e := &w.tree.nodes[i]
	dst = w.appendName(append(dst, '<'), e.prefix, e.space, e.name)
	end := e.start + 1 + qualifiedLength(e.prefix, e.name)
	var declared []string
	for k := range e.attributes {
		a := &e.attributes[k]
		end += len(a.source)
		if prefix, ok := a.isDeclaration(); ok {
			dst, declared = w.declaration(dst, a, prefix, declared)
			continue
		}
		has = true
		var kept bool
		if !bare {
			dst, kept = w.attribute(dst, i, a, n)
		}
		left = left || kept
	}
	return append(dst, w.tree.src[end:e.tagEnd]...), has, left
}

// declaration appends the declaration of a namespace, if that is known.
func (w *Walker) declaration(dst []byte, a *attribute, prefix string, declared []string) ([]byte, []string) {
	known, ok := w.spaces.Prefix(a.text)
	switch {
	case a.text == "", ok && prefix == "":
		return append(dst, a.source...), declared
	case !ok:
		return dst, declared
	}
	for _, d := range declared {
		if d == known {
			return dst, declared
		}
	}
	return w.appendAttribute(dst, a, "xmlns:"+known), append(declared, known)
}

// appendAttribute appends an attribute as written, under another name.
func (w *Walker) appendAttribute(dst []byte, a *attribute, name string) []byte {
	space := len(a.source) - len(bytes.TrimLeft(a.source, " \t\r\n"))
	dst = append(append(dst, a.source[:space]...), name...)
	return append(dst, a.source[space+qualifiedLength(a.prefix, a.name):]...)
}

// attribute appends the masked form of an attribute.
func (w *Walker) attribute(dst []byte, i int, a *attribute, above *document.Node) ([]byte, bool) {
	n := w.masker.Child(above, true, a.space, []byte(a.name))
	if n.Dead() || !n.NamePasses() {
		w.masker.CountUncovered()
		return dst, false
	}
	w.holder = i
	result, outcome, ok := w.value([]byte(a.text), n.Decision())
	if !ok {
		return dst, false
	}
	name := string(w.appendName(nil, a.prefix, a.space, a.name))
	if outcome == mask.Kept {
		if markup.BadReference(a.source) < 0 && !bytes.ContainsRune([]byte(a.text), utf8.RuneError) {
			return w.appendAttribute(dst, a, name), true
		}
		result = []byte(a.text)
	}
	dst = append(append(append(dst, ' '), name...), '=', '"')
	return append(appendEscaped(dst, result), '"'), true
}

func (w *Walker) endTag(dst []byte, i int) []byte {
	e := &w.tree.nodes[i]
	if e.endTag == e.end {
		return dst // the start tag ends the element, too
	}
	dst = w.appendName(append(dst, "</"...), e.prefix, e.space, e.name)
	return append(dst, w.tree.src[e.endTag+len("</")+qualifiedLength(e.prefix, e.name):e.end]...)
}

// appendName appends a name with the rules' prefix for its namespace, since the
// document's prefix may be data.
func (w *Walker) appendName(dst []byte, prefix, space, name string) []byte {
	if prefix != "" {
		known, _ := w.spaces.Prefix(space)
		dst = append(append(dst, known...), ':')
	}
	return append(dst, name...)
}

// qualifiedLength is the length of a name with its prefix.
func qualifiedLength(prefix, name string) int {
	if prefix == "" {
		return len(name)
	}
	return len(prefix) + 1 + len(name)
}

// appender is a writer that appends.
type appender []byte

func (a *appender) Write(b []byte) (int, error) {
	*a = append(*a, b...)
	return len(b), nil
}

func appendEscaped(dst, text []byte) []byte {
	a := appender(dst)
	_ = xml.EscapeText(&a, text) // an appender never fails
	return a
}
