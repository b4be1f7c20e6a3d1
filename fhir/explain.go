package fhir

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/mask"
)

// Explanation says which rule decides an element, and what it does.
type Explanation struct {
	// Path is the element, such as "Patient.deceased.ofType(dateTime)".
	Path string `json:"path"`
	// Type is the element's FHIR type.
	Type     string `json:"type"`
	Rule     string `json:"rule"`
	Category string `json:"category,omitempty"`
	Method   string `json:"method"`
	// Effect says in words what happens to the value.
	Effect string `json:"effect"`
	// Condition is the where() clause that must hold, if the rule has one.
	Condition string `json:"condition,omitempty"`
	// Why is the rule's own note.
	Why string `json:"why,omitempty"`
	// At is the position of the rule.
	At string `json:"at,omitempty"`
}

// effects says what an op does, and whether it can let original text through.
var effects = map[op]struct {
	text   string
	passes bool
}{
	opRemove:     {"removed", false},
	opKeep:       {"kept as it is", true},
	opMethod:     {"masked", false},
	opDescend:    {"walked: its members are decided one by one", false},
	opResource:   {"walked by the rules of its own resource type", false},
	opExtension:  {"kept if a rule covers its url, else removed", false},
	opMeta:       {"walked; security labels are added", false},
	opWithhold:   {"the whole resource is withheld", false},
	opID:         {"sealed: only Veil can open it", false},
	opVersion:    {"sealed: only Veil can open it", false},
	opReference:  {"translated to pseudonyms", false},
	opCode:       {"kept if it is in the bound value set, else removed", true},
	opCanonical:  {"kept if it begins with one of the ruleset's canonicals or names one of its code systems, else removed", true},
	opCoded:      {"kept if its code system is known and the code has the system's form, else pseudonymized or removed", true},
	opIdentifier: {"replaced by a key of system and value", false},
	opLink:       {"replaced by a link to Veil, or removed", false},
}

// partEffects is more precise about the members of codings and quantities.
var partEffects = map[codedPart]string{
	partVersion:    "kept if it is a number, a date or a SNOMED CT edition, else removed",
	partDisplay:    "kept if the terminology has that display for that code, else removed",
	partValue:      "kept as it is",
	partComparator: "kept if it is <, <=, >= or >",
	partUnit:       "kept if it is a UCUM unit or a plain unit word, else removed",
	partText:       "kept if it equals a display that passes, else removed",
}

func (a *Automaton) explain(f *field, d *decision) Explanation {
	e := Explanation{Path: f.path, Effect: effects[d.op].text}
	if d.op == opCoded {
		if text := partEffects[d.part]; text != "" {
			e.Effect = text
		}
		if d.method != nil {
			e.Effect = "masked"
		}
	}
	if _, ok := d.method.(listed); ok {
		e.Effect = "kept if it is one of the listed values, else removed"
	}
	if d.op == opDescend && d.rule == nil || d.op == opResource || d.op == opMeta {
		e.Rule, e.Method = "(structure)", "descend"
	} else {
		act := a.Actions[d.action]
		e.Rule, e.Category, e.Method = act.Rule, act.Category, act.Method
	}
	if d.op == opExtension && d.action == a.engine.unknownModifier {
		e.Effect = "kept if a rule covers its url, else the whole resource is withheld"
	}
	for i := range a.Policy.Ruleset.FHIR.Rules {
		if r := &a.Policy.Ruleset.FHIR.Rules[i]; r.ID == e.Rule {
			e.Why, e.At = r.Why, r.At.String()
			if _, def := a.Policy.Method(i); e.Effect == "masked" {
				e.Effect = def.Summary
			}
		}
	}
	var conds []string
	if d.when != nil {
		conds = append(conds, d.when.String())
	}
	if d.whenSelf != nil {
		conds = append(conds, d.whenSelf.String())
	}
	e.Condition = strings.Join(conds, " and ")
	return e
}

// Explain says which rules decide an element. path is a path of element names from a
// resource or data type, such as "Patient.birthDate", "Observation.value" (all its
// types) or "Observation.value.ofType(Quantity).value". For a resource type alone,
// Explain says whether it is withheld. A choice and rules with conditions have several
// explanations, the most specific first.
func (a *Automaton) Explain(path string) ([]Explanation, error) {
	p, err := parseMatch(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	t := a.schema.Type(p.anchor)
	if t == nil {
		var names []string
		for _, t := range a.schema.Types() {
			names = append(names, t.Name)
		}
		return nil, fmt.Errorf("unknown type %q%s", p.anchor, suggest.DidYouMean(p.anchor, names))
	}
	nodes := a.nodesOf(t)
	if len(nodes) == 0 {
		return nil, fmt.Errorf("%s: no resource has elements of this type", p.anchor)
	}
	if n := nodes[0]; n.withheld != nil {
		f := &field{path: t.Name}
		return []Explanation{a.explain(f, n.withheld)}, nil
	} else if len(p.steps) == 0 {
		return []Explanation{{Path: t.Name, Type: t.Name, Rule: "(structure)", Method: "descend", Effect: effects[opDescend].text}}, nil
	}
	return a.explainSteps(path, nodes[0], p.steps)
}

// explainSteps explains the element that steps lead to from a node.
func (a *Automaton) explainSteps(path string, n *node, steps []step) ([]Explanation, error) {
	for i, st := range steps {
		var found []Explanation
		var next *node
		if st.kind != stepExtension {
			found, next = a.explainElement(n, st)
		} else if found, next = a.explainExtension(n, st.name); found == nil {
			return nil, fmt.Errorf("%s: no rule covers the extension, so it is removed", path)
		}
		if len(found) == 0 {
			var names []string
			for k := range n.fields {
				names = append(names, n.fields[k].element)
			}
			return nil, fmt.Errorf("%s has no element %q%s", n.typ.Name, st.name, suggest.DidYouMean(st.name, names))
		}
		// Without a next node, what contains the element is removed or a single value: that
		// decides.
		if next == nil || i == len(steps)-1 {
			return found, nil
		}
		n = next
	}
	return nil, nil
}

// explainElement explains the members of a node that a step names, and returns the first
// node below.
func (a *Automaton) explainElement(n *node, st step) (found []Explanation, next *node) {
	for k := range n.fields {
		f := &n.fields[k]
		if f.sibling || f.element != st.name && st.kind == stepElement || st.ofType != "" && f.code != st.ofType {
			continue
		}
		for d := &f.decision; d != nil; d = d.otherwise {
			e := a.explain(f, d)
			e.Type = f.code
			found = append(found, e)
			if next == nil {
				next = d.child
			}
		}
	}
	return found, next
}

// explainExtension explains an extension of a node, if a rule knows it.
func (a *Automaton) explainExtension(n *node, url string) (found []Explanation, next *node) {
	d := n.extensions[url]
	if d == nil {
		return nil, nil
	}
	e := a.explain(&field{path: n.path + ".extension('" + url + "')"}, d)
	e.Type = "Extension"
	return []Explanation{e}, d.child
}

// nodesOf returns the nodes of a type, the one without a special context first.
func (a *Automaton) nodesOf(t *schema.Type) []*node {
	if n := a.roots[t.Name]; n != nil {
		return []*node{n}
	}
	var found []*node
	for _, n := range a.nodes {
		if n.typ == t {
			found = append(found, n)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return len(found[i].path) < len(found[j].path) })
	return found
}

// Coverage describes what a ruleset does to the element paths of a FHIR version.
type Coverage struct {
	// Total is the number of element paths: each element of each resource and data type,
	// each type of a choice, in each context that rules distinguish.
	Total      int                `json:"total"`
	Categories []CategoryCoverage `json:"categories"`
	// Passing lists every path whose original value can pass, with the reason.
	Passing []Passing `json:"passing"`
}

// CategoryCoverage is the rules of one Safe Harbor category.
type CategoryCoverage struct {
	Letter string   `json:"letter"`
	Rules  []string `json:"rules"`
	Paths  int      `json:"paths"`
}

// Passing is a path whose original value can pass.
type Passing struct {
	Path   string `json:"path"`
	Type   string `json:"type"`
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
}

// Coverage walks the whole automaton. Every path that is not in Passing is removed,
// replaced or only structure.
func (a *Automaton) Coverage() Coverage {
	var c Coverage
	paths := map[string]bool{}
	count := map[string]int{}
	seen := map[Passing]bool{}
	for _, n := range a.reachable() {
		for i := range n.fields {
			f := &n.fields[i]
			if f.sibling || f.name == "resourceType" {
				continue
			}
			paths[f.path] = true
			for d := &f.decision; d != nil; d = d.otherwise {
				e := a.explain(f, d)
				for _, letter := range strings.Split(e.Category, "") {
					count[letter]++
				}
				reason, passes := d.passes(&e)
				p := Passing{Path: f.path, Type: f.code, Rule: e.Rule, Reason: reason}
				if passes && !seen[p] {
					seen[p] = true
					c.Passing = append(c.Passing, p)
				}
			}
		}
	}
	c.Total, c.Categories = len(paths), a.categories(count)
	sort.Slice(c.Passing, func(i, j int) bool {
		if c.Passing[i].Path != c.Passing[j].Path {
			return c.Passing[i].Path < c.Passing[j].Path
		}
		return c.Passing[i].Rule < c.Passing[j].Rule
	})
	return c
}

// passes reports whether a decision can let an original value through, and why.
func (d *decision) passes(e *Explanation) (reason string, ok bool) {
	_, isListed := d.method.(listed)
	switch {
	case d.op == opCoded && d.method != nil:
		return "", false
	case effects[d.op].passes, isListed:
		return e.Effect, true
	case d.op == opMethod && (d.label == mask.LabelNone || d.label == mask.LabelAbstracted):
		return "masked by " + e.Method + ": " + e.Effect, true
	}
	return "", false
}

// categories lists the categories of safe harbor with the rules of each, and the number
// of paths that they cover.
func (a *Automaton) categories(paths map[string]int) (list []CategoryCoverage) {
	rules := map[string]map[string]bool{}
	for i := range a.Policy.Ruleset.FHIR.Rules {
		r := &a.Policy.Ruleset.FHIR.Rules[i]
		for _, letter := range strings.Split(r.Category, "") {
			if rules[letter] == nil {
				rules[letter] = map[string]bool{}
			}
			rules[letter][r.ID] = true
		}
	}
	for _, letter := range strings.Split("ABCDEFGHIJKLMNOPQR", "") {
		list = append(list, CategoryCoverage{Letter: letter, Rules: slices.Sorted(maps.Keys(rules[letter])), Paths: paths[letter]})
	}
	return list
}

// reachable returns the nodes that can be reached from a resource that is not withheld.
func (a *Automaton) reachable() []*node {
	var out []*node
	seen := map[*node]bool{}
	var visit func(n *node)
	visit = func(n *node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		out = append(out, n)
		n.eachDecision(func(d *decision) { visit(d.child) })
	}
	for _, t := range slices.Clone(a.types) {
		if n := a.roots[t]; n.withheld == nil {
			visit(n)
		}
	}
	return out
}
