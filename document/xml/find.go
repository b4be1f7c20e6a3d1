package xml

import "github.com/veil-proxy/veil/document"

// Find implements document.Surroundings. A path from the root begins with the root's name.
func (w *Walker) Find(dst []byte, p *document.Relative) ([]byte, *document.Node, document.Found) {
	t := &w.tree
	at, names := w.holder, p.Names
	for range p.Up {
		if at >= 0 {
			at = t.nodes[at].parent
		}
	}
	if p.Root {
		root := &t.nodes[t.root]
		if at, names = t.root, names[1:]; !fits(&p.Names[0], root.name, root.space) || p.Names[0].Attribute {
			return dst, nil, document.Absent
		}
	}
	if at < 0 {
		return dst, nil, document.Absent
	}
	n := w.placeOf(at)
	for k := range names {
		name := &names[k]
		if name.Attribute {
			return w.findAttribute(dst, at, name, n)
		}
		switch at = w.childOf(at, name); at {
		case notThere:
			return dst, nil, document.Absent
		case ambiguous:
			return dst, nil, document.Other
		}
		n = w.masker.Child(n, false, t.nodes[at].space, []byte(t.nodes[at].name))
	}
	for c := t.nodes[at].first; c >= 0; c = t.nodes[c].next {
		if !t.nodes[c].isText {
			return dst, n, document.Other
		}
		dst = append(dst, t.nodes[c].text...)
	}
	return dst, n, document.Scalar
}

// wanted is a child that has been looked up.
type wanted struct {
	element int
	name    *document.Name
}

const (
	notThere  = -1
	ambiguous = -2
)

// childOf looks up the only child of an element with a name, once.
func (w *Walker) childOf(element int, name *document.Name) int {
	if at, ok := w.found[wanted{element, name}]; ok {
		return at
	}
	found := notThere
	for c := w.tree.nodes[element].first; c >= 0; c = w.tree.nodes[c].next {
		e := &w.tree.nodes[c]
		switch {
		case e.isText || !fits(name, e.name, e.space):
		case found == notThere:
			found = c
		default:
			found = ambiguous
		}
	}
	w.found[wanted{element, name}] = found
	return found
}

func fits(n *document.Name, name, space string) bool {
	return n.Text == name && (n.Space == nil || *n.Space == space)
}

// placeOf returns the rules' node for an open element.
func (w *Walker) placeOf(element int) *document.Node {
	for _, p := range w.places {
		if p.element == element {
			return p.node
		}
	}
	return w.masker.Nowhere()
}

func (w *Walker) findAttribute(dst []byte, element int, name *document.Name, n *document.Node) ([]byte, *document.Node, document.Found) {
	attributes := w.tree.nodes[element].attributes
	for i := range attributes {
		a := &attributes[i]
		if _, declares := a.isDeclaration(); !declares && fits(name, a.name, a.space) {
			return append(dst, a.text...), w.masker.Child(n, true, a.space, []byte(a.name)), document.Scalar
		}
	}
	return dst, nil, document.Absent
}
