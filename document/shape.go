package document

import (
	"slices"
	"strings"

	"github.com/veil-proxy/veil/mask"
)

// Shape is a place in documents, and how the values there are treated.
type Shape struct {
	// Path has * for names that no rule spells out, since they can be data.
	Path                    string
	Treatment, Rule, Method string
	Note                    string
}

// maxShapes bounds the places that are distinguished.
const maxShapes = 10000

// Shapes collects the places of documents. It is not safe for concurrent use.
type Shapes struct {
	masker *Masker
	tree   *Tree
	names  bool
	list   []Shape
	seen   map[string]bool
}

// NewShapes returns an empty collection. If names is true, it shows every name as it
// is.
func (t *Tree) NewShapes(names bool) *Shapes {
	return &Shapes{masker: t.NewMasker(mask.NewPass(t.plan.Actions), nil), tree: t, names: names, seen: map[string]bool{}}
}

// Masker returns the masker that leads to the nodes of the places.
func (s *Shapes) Masker() *Masker { return s.masker }

// Name returns a name as paths show it.
func (s *Shapes) Name(name string) string {
	if _, spelled := s.tree.numbers[name]; spelled || s.names {
		return name
	}
	return "*"
}

// Add records the place of a value. named says that the name that leads to it passes, or
// that there is no name.
func (s *Shapes) Add(path string, n *Node, d *Decision, named bool) {
	key := path
	if s.seen[key] || len(s.list) >= maxShapes {
		return
	}
	s.seen[key] = true
	shape := Shape{Path: path, Treatment: "removed", Note: "no rule covers it"}
	switch {
	case !named && d != nil:
		shape.Note = "no rule lets its name pass: see keys"
	case d != nil:
		shape = d.shape(path)
		if n.naming.method != nil {
			shape.Note = strings.TrimPrefix(shape.Note+"; its name is masked", "; ")
		}
	}
	s.list = append(s.list, shape)
}

// shape describes a decision.
func (d *Decision) shape(path string) Shape {
	out := Shape{Path: path}
	var ids, methods []string
	for _, t := range d.treatments {
		ids, methods = append(ids, t.rule.ID), append(methods, t.rule.Method)
	}
	out.Rule, out.Method = strings.Join(ids, ", "), strings.Join(slices.Compact(methods), ", ")
	switch last := d.treatments[len(d.treatments)-1].rule; {
	case len(d.treatments) > 1 || len(last.Where) > 0:
		out.Treatment = "by condition"
	case last.Keeps():
		out.Treatment = "clear"
	case last.Removes():
		out.Treatment = "removed"
	default:
		out.Treatment = "masked"
	}
	return out
}

// List returns the places in the order in which they were found.
func (s *Shapes) List() []Shape { return s.list }
