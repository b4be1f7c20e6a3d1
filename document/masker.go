package document

import (
	"fmt"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// Surroundings finds other values near the one that is masked.
type Surroundings interface {
	// Find appends the text of the value that a path leads to. The node is the value's.
	Find(dst []byte, p *Relative) (text []byte, n *Node, what Found)
}

// Found is what a Relative path leads to.
type Found uint8

const (
	// Absent means that there is no value.
	Absent Found = iota
	// Null is a null value.
	Null
	// Scalar is a value with a text.
	Scalar
	// Other is an object or an array. Only its presence is known.
	Other
)

// Decision decides how a value is treated: rules, from which conditions choose one.
type Decision struct {
	treatments []Treatment
}

// Treatment is how a rule treats a value.
type Treatment struct {
	rule      *ruleset.DocumentRule
	method    mask.Method
	action    int
	beside    *beside
	perEntity bool
	// number: it turns numbers into numbers.
	number bool
	// strictest is the treatment where it is unknown whether the conditions hold, or -1
	// where the value is removed.
	strictest int
}

// Removes reports whether a value is removed with everything in it.
func (t *Treatment) Removes() bool { return t.rule.Removes() }

// GivesNumbers reports whether it turns a number into a number.
func (t *Treatment) GivesNumbers() bool { return t.number }

// Masker masks the values of documents. It belongs to one pass and is not safe for
// concurrent use.
type Masker struct {
	tree   *Tree
	pass   *mask.Pass
	beside Surroundings

	nodes        map[string]*Node
	root, dead   *Node
	key, fitting []byte
	in           mask.Input
	values       [neighbours][]byte
	value        []byte
}

// NewMasker returns a masker for a pass, which must be of the plan's Actions.
func (t *Tree) NewMasker(pass *mask.Pass, s Surroundings) *Masker {
	m := &Masker{tree: t, pass: pass, beside: s, dead: &Node{}}
	m.in.Keys = pass.Keys
	m.reset()
	return m
}

func (m *Masker) reset() {
	m.nodes = map[string]*Node{}
	items := make([]item, len(m.tree.matches))
	for i := range items {
		items[i].match = uint16(i) // the numbers of actions have 16 bits, too
	}
	m.root = m.node(items)
}

// Root returns the node of a document's root. Nodes of earlier documents must no longer
// be used.
func (m *Masker) Root() *Node {
	if len(m.nodes) > maxNodes {
		m.reset()
	}
	return m.root
}

// Nowhere returns the node that no path leads to.
func (m *Masker) Nowhere() *Node { return m.dead }

// Names returns the names that paths spell out, indexed by the numbers that Member
// takes.
func (m *Masker) Names() *fhirjson.KeyTable { return &m.tree.names }

// Width returns the number of Names.
func (m *Masker) Width() int { return len(m.tree.numbers) }

// CountUncovered counts a value that no rule covers.
func (m *Masker) CountUncovered() { m.pass.Counts[m.tree.removed]++ }

// CountRemoved counts a value that a rule removes.
func (m *Masker) CountRemoved(t *Treatment) { m.count(t.action, mask.Removed) }

func (m *Masker) count(action int, o mask.Outcome) {
	m.pass.Counts[action]++
	if m.pass.Detail {
		a := &m.tree.plan.Actions.Actions[action]
		m.pass.Details = append(m.pass.Details, mask.Detail{Path: a.Path, Rule: a.Rule, Outcome: o})
	}
}

// Choose returns how a value is treated, or nil if it is removed.
func (m *Masker) Choose(d *Decision) *Treatment {
	if d == nil {
		return nil
	}
	for i := range d.treatments {
		t := &d.treatments[i]
		switch m.holds(t) {
		case ruleset.True:
			return t
		case ruleset.Unknown:
			if t.strictest < 0 {
				return nil
			}
			return &d.treatments[t.strictest]
		}
	}
	return nil
}

// holds evaluates the conditions of a treatment.
func (m *Masker) holds(t *Treatment) ruleset.Truth {
	out := ruleset.True
	for i := range t.rule.Where {
		text, _, found := m.find(&m.value, t.beside.conditions[i])
		var truth ruleset.Truth
		switch found {
		case Scalar:
			s := string(text)
			truth = t.rule.Where[i].Holds(&s)
		case Other:
			truth = t.rule.Where[i].HoldsForOther()
		default:
			truth = t.rule.Where[i].Holds(nil)
		}
		if truth == ruleset.False || truth == ruleset.Unknown && out == ruleset.True {
			out = truth
		}
	}
	return out
}

// find returns the first value that one of the paths leads to.
func (m *Masker) find(buf *[]byte, paths []*Relative) (text []byte, n *Node, what Found) {
	for _, p := range paths {
		if *buf, n, what = m.beside.Find((*buf)[:0], p); what != Absent {
			return *buf, n, what
		}
	}
	return nil, nil, Absent
}

// Append appends the masked form of a value. If it returns mask.Kept, it appends nothing:
// the value stays as it is written. The error contains no value.
func (m *Masker) Append(dst, src []byte, typ mask.Type, t *Treatment) ([]byte, mask.Outcome, error) {
	in := &m.in
	*in = mask.Input{Type: typ, Keys: in.Keys}
	for k, paths := range t.beside.neighbours {
		if len(paths) == 0 || k == entity && !t.perEntity {
			continue
		}
		text, n, found := m.find(&m.values[k], paths)
		if found != Scalar || len(text) == 0 {
			continue
		}
		switch k {
		case entity:
			in.Entity = m.entity(n, text)
		case birth:
			in.Birth = text
		case death:
			in.Death, in.Dead = text, true
		case country:
			in.Country = text
		case unit:
			in.Unit = text
		}
	}
	from := len(dst)
	out, outcome, err := t.method.Append(dst, src, in)
	if err != nil {
		return dst[:from], mask.Removed, fmt.Errorf("rule %q: method %s failed", t.rule.ID, t.rule.Method)
	}
	m.count(t.action, outcome)
	if outcome != mask.Replaced {
		return dst[:from], outcome, nil
	}
	return out, outcome, nil
}

// entity names the person that a value is about: as in tables, by the domain of the id,
// or as Patient.
func (m *Masker) entity(n *Node, id []byte) []byte {
	prefix := "Patient"
	if n != nil && n.domain != "" {
		prefix = n.domain
	}
	out := append(append(m.key[:0], prefix...), '/')
	m.key = append(out, id...)
	return m.key
}

// AppendName appends the masked form of the name that leads to a node. It reports
// whether the name remains in any form, and whether it is unchanged; then nothing is
// appended.
func (m *Masker) AppendName(dst, name []byte, n *Node) (out []byte, passes, same bool, err error) {
	if n.naming.method == nil {
		return dst, n.naming.passes, true, nil
	}
	m.in = mask.Input{Keys: m.in.Keys}
	out, outcome, err := n.naming.method.Append(dst, name, &m.in)
	if err != nil {
		return dst, false, false, fmt.Errorf("%s: the method for names failed", m.tree.plan.Actions.Actions[n.naming.action].Path)
	}
	m.count(n.naming.action, outcome)
	switch outcome {
	case mask.Kept:
		return dst, true, true, nil
	case mask.Replaced:
		return out, true, false, nil
	}
	return dst, false, false, nil
}
