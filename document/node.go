package document

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// Node is a place in a document: it knows how far each path has matched there. It
// belongs to a Masker.
type Node struct {
	items    []item
	decision *Decision
	naming   naming
	// domain is that of the ids here, if a rule seals them.
	domain string

	// The nodes below it, as far as needed so far: members by the number of their name, or
	// by the patterns that the name matches; elements of arrays; children in XML.
	members  []*Node
	others   map[string]*Node
	element  *Node
	places   map[int]*Node
	children map[child]*Node
	text     *Node
}

// item is a path that has been followed for some steps.
type item struct {
	match, at uint16
	how       how
}

// how a path has selected a name.
type how uint8

const (
	unnamed    how = iota // an element of an array, or the root
	named                 // by its name
	opened                // by a pattern, or by any name
	passedOver            // on the way to descendants
)

// naming is the treatment of the name that leads to a node.
type naming struct {
	passes bool
	method mask.Method // nil: it is kept
	action int
}

// child identifies children in XML that paths do not distinguish.
type child struct {
	attribute bool
	space     string
	number    int
	fits      string
}

// maxNodes bounds the nodes that are kept from one document to the next.
const maxNodes = 4096

// Dead reports whether no path leads to the node or through it.
func (n *Node) Dead() bool { return len(n.items) == 0 }

// NamePasses reports whether a member keeps its name, or gets one made from it.
func (n *Node) NamePasses() bool { return n.naming.passes }

// RenamesMembers reports whether a method replaces the name.
func (n *Node) RenamesMembers() bool { return n.naming.method != nil }

// Decision returns the decision for a value at the node, or nil.
func (n *Node) Decision() *Decision { return n.decision }

// node returns the node of items.
func (m *Masker) node(items []item) *Node {
	if len(items) == 0 {
		return m.dead
	}
	key := m.key[:0]
	for _, it := range items {
		key = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(key, it.match), it.at)
		key = append(key, byte(it.how))
	}
	m.key = key
	if n := m.nodes[string(key)]; n != nil {
		return n
	}
	n := &Node{items: items}
	n.decision = m.decisionOf(items)
	n.naming = m.namingOf(items)
	if d := n.decision; d != nil {
		if last := d.treatments[len(d.treatments)-1]; len(last.rule.Where) == 0 {
			if f, ok := last.rule.Form.(forms.Seal); ok {
				n.domain = f.Domain
			}
		}
	}
	m.nodes[string(key)] = n
	return n
}

// advance follows the paths of a node to a child; fits says which steps select it.
func (m *Masker) advance(n *Node, leaf, array bool, fits func(*step) bool) *Node {
	var out []item
	for _, it := range n.items {
		steps := m.tree.matches[it.match].path.steps
		if int(it.at) == len(steps) {
			continue
		}
		s := &steps[it.at]
		add := func(at uint16, h how) {
			if array {
				h = unnamed
			}
			if next := (item{it.match, at, h}); !slices.Contains(out, next) {
				out = append(out, next)
			}
		}
		if fits(s) {
			h := named
			if s.open() {
				h = opened
			}
			add(it.at+1, h)
		}
		if s.descendant && !leaf {
			add(it.at, passedOver)
		}
	}
	slices.SortFunc(out, func(a, b item) int {
		return cmp.Or(cmp.Compare(a.match, b.match), cmp.Compare(a.at, b.at), cmp.Compare(a.how, b.how))
	})
	return m.node(out)
}

// Member returns the node of a member of an object. name is its name, and number the
// index of the name in Names, or -1.
func (m *Masker) Member(n *Node, number int, name []byte) *Node {
	if n.Dead() {
		return n
	}
	if number >= 0 {
		if n.members == nil {
			n.members = make([]*Node, len(m.tree.numbers))
		}
		if n.members[number] == nil {
			n.members[number] = m.advance(n, false, false, func(s *step) bool { return s.fitsName(name) })
		}
		return n.members[number]
	}
	fits := m.fits(name)
	if next := n.others[string(fits)]; next != nil {
		return next
	}
	next := m.advance(n, false, false, func(s *step) bool { return s.fitsName(name) })
	if n.others == nil {
		n.others = map[string]*Node{}
	}
	n.others[string(m.fits(name))] = next
	return next
}

// fits returns which of the patterns in paths a name matches. It is valid until the next
// call.
func (m *Masker) fits(name []byte) []byte {
	out := m.fitting[:0]
	for i := range m.tree.patterns {
		b := byte(0)
		if m.tree.patterns[i].fitsName(name) {
			b = 1
		}
		out = append(out, b)
	}
	m.fitting = out
	return out
}

// fitsName reports whether the step selects a child of that name.
func (s *step) fitsName(name []byte) bool {
	switch s.kind {
	case anyChild:
		return true
	case literal:
		return s.name == string(name)
	case pattern:
		return ruleset.Likes(s.name, string(name))
	}
	return false
}

// Element returns the node of an element of an array.
func (m *Masker) Element(n *Node, place int) *Node {
	if n.Dead() {
		return n
	}
	at := func(want int) func(*step) bool {
		return func(s *step) bool { return s.kind == anyChild || s.kind == index && s.index == want }
	}
	if n.element == nil {
		n.places = map[int]*Node{}
		for _, it := range n.items {
			if steps := m.tree.matches[it.match].path.steps; int(it.at) < len(steps) && steps[it.at].kind == index {
				i := steps[it.at].index
				n.places[i] = m.advance(n, false, true, at(i))
			}
		}
		n.element = m.advance(n, false, true, at(-1))
	}
	if next := n.places[place]; next != nil {
		return next
	}
	return n.element
}

// Child returns the node of an XML element or attribute in a namespace, which may be
// empty. No path leads to one in an unknown namespace.
func (m *Masker) Child(n *Node, attribute bool, space string, name []byte) *Node {
	if n.Dead() {
		return n
	}
	number, ok := m.tree.numbers[string(name)]
	if !ok {
		number = -1
	}
	key := child{attribute: attribute, space: space, number: number}
	if number < 0 && len(m.tree.patterns) > 0 {
		key.fits = string(m.fits(name))
	}
	if next := n.children[key]; next != nil {
		return next
	}
	next := m.dead
	if _, known := m.tree.plan.rules.spaces.Prefix(space); known || space == "" {
		next = m.advance(n, attribute, false, func(s *step) bool {
			return s.attribute == attribute && (s.space == nil || *s.space == space) && s.fitsName(name)
		})
	}
	if n.children == nil {
		n.children = map[child]*Node{}
	}
	n.children[key] = next
	return next
}

// Text returns the node of the text of an element.
func (m *Masker) Text(n *Node) *Node {
	if n.text == nil {
		n.text = m.dead
		if !n.Dead() {
			n.text = m.advance(n, true, true, func(s *step) bool { return s.kind == text })
		}
	}
	return n.text
}

// namingOf returns the treatment of a name.
func (m *Masker) namingOf(items []item) (out naming) {
	var best []step
	rank := -1
	for _, it := range items {
		match := m.tree.matches[it.match]
		rule := &m.tree.plan.rules.section.Rules[match.rule]
		way := match.path.steps[:it.at]
		switch {
		case it.how == unnamed || it.how != named && rule.Keys == nil:
			continue
		case it.how == passedOver:
			way = append(slices.Clone(way), step{kind: anyChild, descendant: true})
		}
		if c := compareSteps(way, best); rank >= 0 && (c < 0 || c == 0 && match.documentRank() <= rank) {
			continue
		}
		best, rank = way, match.documentRank()
		out = naming{passes: true, action: m.tree.actions[it.match]}
		if it.how != named && !isKeep(rule.Keys.Form) {
			out.method = m.tree.plan.rules.policy.DocumentNameMethod(match.rule)
		}
	}
	return out
}

// decisionOf returns the rules that select a value, in the order in which they are tried.
func (m *Masker) decisionOf(items []item) *Decision {
	rules := m.tree.plan.rules
	var found []item
	for _, it := range items {
		match := m.tree.matches[it.match]
		if int(it.at) == len(match.path.steps) && rules.section.Rules[match.rule].Method != "" &&
			!slices.ContainsFunc(found, func(o item) bool { return o.match == it.match }) {
			found = append(found, it)
		}
	}
	rule := func(it item) *ruleset.DocumentRule { return &rules.section.Rules[m.tree.matches[it.match].rule] }
	conditional := func(it item) int {
		if len(rule(it).Where) > 0 {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(found, func(a, b item) int {
		x, y := m.tree.matches[a.match], m.tree.matches[b.match]
		return cmp.Or(y.path.compare(x.path), cmp.Compare(y.documentRank(), x.documentRank()),
			cmp.Compare(conditional(a), conditional(b)), cmp.Compare(x.rule, y.rule))
	})
	d := &Decision{}
	var chain []*ruleset.DocumentRule
	for _, it := range found {
		if slices.Contains(chain, rule(it)) {
			continue
		}
		i := m.tree.matches[it.match].rule
		method, def := rules.policy.DocumentMethod(i)
		d.treatments = append(d.treatments, Treatment{
			rule: rule(it), method: method, action: m.tree.actions[it.match], beside: &rules.beside[i],
			perEntity: def.ByEntity(rule(it).Args), number: givesNumbers(rule(it).Form),
		})
		chain = append(chain, rule(it))
		if conditional(it) == 1 {
			break
		}
	}
	if len(chain) == 0 {
		return nil
	}
	if len(chain[len(chain)-1].Where) > 0 {
		chain = append(chain, nil)
	}
	for i := range d.treatments {
		d.treatments[i].strictest = ruleset.Strictest(chain[i:], ruleset.SameMasking)
		if d.treatments[i].strictest >= 0 {
			d.treatments[i].strictest += i
		}
	}
	return d
}

// givesNumbers reports whether a method turns numbers into numbers.
func givesNumbers(f mask.Form) bool {
	switch f := f.(type) {
	case forms.Cap, forms.Multiple, forms.Noise:
		return true
	case forms.Pseudonym:
		return f.Shape == "int"
	case forms.Period:
		return f.Number && f.Unit == forms.Year
	}
	return false
}
