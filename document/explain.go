package document

import (
	"fmt"
	"regexp"
	"strings"
)

// Explanation says what decides how the values at a place in a document are treated.
type Explanation struct {
	Path   string `json:"path"`
	Effect string `json:"effect"`
	// Rules are the rules that act, in the order in which their conditions are tried.
	Rules []ExplainedRule `json:"rules"`
}

// ExplainedRule is a rule that acts.
type ExplainedRule struct {
	Rule        string `json:"rule"`
	Method      string `json:"method"`
	Category    string `json:"category,omitempty"`
	At          string `json:"at"`
	Conditional bool   `json:"conditional,omitempty"`
	Why         string `json:"why,omitempty"`
}

var documentPath = regexp.MustCompile(`^([\w.-]+:)?[$/]`)

// IsPath reports whether a text is a path in a document, as Explain expects it.
func IsPath(s string) bool { return documentPath.MatchString(s) }

// Explain says how the values that a path selects are treated. The path consists of
// names, array indexes and [*], after the name of a document, such as
// claims:$.patient.ssn.
func (r *Rules) Explain(s string) (*Explanation, error) {
	document, path := "", s
	if at := strings.IndexAny(s, "$/"); at > 0 {
		document, path = s[:at-1], s[at:]
	}
	parsed, err := r.parse(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	plan, err := r.Plan(document)
	if err != nil {
		return nil, err
	}
	tree := plan.JSON
	if parsed.xml {
		tree = plan.XML
	}
	names := tree.NewShapes(true)
	m := names.Masker()
	n := m.Root()
	decision, out := n.Decision(), &Explanation{Path: s}
	for i := range parsed.steps {
		st := &parsed.steps[i]
		if st.descendant || st.kind == pattern || st.kind == anyChild && parsed.xml {
			return nil, fmt.Errorf("%s: expected a path to one place, of names and [*] alone", s)
		}
		above := decision
		n, decision = m.follow(n, st)
		if decision == nil && (st.kind == anyChild || st.kind == index || st.kind == text) {
			decision = above // an array represents its elements, and an element its text
		}
		if decision != nil && decision.removes() && i < len(parsed.steps)-1 {
			break // with all that it has
		}
		if st.kind == literal && !n.NamePasses() {
			out.Effect = fmt.Sprintf("removed: no rule lets the name %q pass", st.name)
			return out, nil
		}
	}
	if decision == nil {
		out.Effect = "removed: no rule covers it; what it contains is judged separately"
		return out, nil
	}
	out.Effect = decision.shape(s).Treatment
	for i := range decision.treatments {
		rule := decision.treatments[i].rule
		out.Rules = append(out.Rules, ExplainedRule{rule.ID, rule.Method, rule.Category, rule.At.String(), len(rule.Where) > 0, rule.Why})
	}
	return out, nil
}

// follow takes a step from a node to the single place that it leads to.
func (m *Masker) follow(n *Node, st *step) (*Node, *Decision) {
	switch {
	case st.kind == anyChild:
		n = m.Element(n, -1)
	case st.kind == index:
		n = m.Element(n, st.index)
	case st.kind == text:
		n = m.Text(n)
	case m.tree == m.tree.plan.JSON:
		n = m.Member(n, m.Names().Find([]byte(st.name)), []byte(st.name))
	default:
		space := ""
		if st.space != nil {
			space = *st.space
		}
		n = m.Child(n, st.attribute, space, []byte(st.name))
	}
	return n, n.Decision()
}

// removes reports whether the value is always removed, with everything in it.
func (d *Decision) removes() bool {
	return len(d.treatments) == 1 && d.treatments[0].Removes() && len(d.treatments[0].rule.Where) == 0
}
