package document

import (
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// Rules is the compiled documents section of a ruleset. It is safe for concurrent use.
type Rules struct {
	policy  *ruleset.Policy
	section *ruleset.DocumentsSection
	spaces  Namespaces
	matches []*match
	// beside are the relative paths of rules, by rule.
	beside []beside

	mu    sync.Mutex
	plans map[string]*Plan
}

// match is one match of one rule.
type match struct {
	ruleset.DocumentMatch
	rule int
	path *Path
	// opens are the names that the path leaves open: how it leads to them.
	opens [][]step
}

// beside are the paths of a rule to other values.
type beside struct {
	neighbours [neighbours][]*Relative
	conditions [][]*Relative
}

// The neighbours of a value, by number.
const (
	entity = iota
	birth
	death
	country
	unit
	neighbours
)

// Compile parses the paths of a policy's documents section. The error reports all
// problems, with their places. A ruleset without such a section has no rules for
// documents.
func Compile(p *ruleset.Policy) (*Rules, error) {
	r := &Rules{policy: p, section: p.Ruleset.Documents, plans: map[string]*Plan{}}
	if r.section == nil {
		r.section = &ruleset.DocumentsSection{}
	}
	var problems strictyaml.Problems
	var err error
	if r.spaces, err = newNamespaces(r.section.Namespaces); err != nil {
		problems.Add(strictyaml.Position{File: p.Ruleset.File(), Line: 1, Column: 1}, "%v", err)
	}
	for i := range r.section.Rules {
		r.compileRule(i, &problems)
	}
	if len(problems) == 0 {
		r.checkConflicts(&problems)
		r.checkOpenNames(&problems)
		r.checkUnreachable(&problems)
		r.checkFiles(&problems)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return r, nil
}

// compileRule reads the paths of a rule.
func (r *Rules) compileRule(i int, problems *strictyaml.Problems) {
	rule := &r.section.Rules[i]
	leavesOpen := false
	for _, m := range rule.Match {
		parsed, err := r.parse(m.Path)
		if err != nil {
			problems.Add(m.At, "rule %q: %v", rule.ID, err)
			continue
		}
		one := &match{DocumentMatch: m, rule: i, path: parsed, opens: openNames(parsed)}
		leavesOpen = leavesOpen || len(one.opens) > 0
		r.matches = append(r.matches, one)
		if parsed.xml && rule.Keys != nil && !isKeep(rule.Keys.Form) {
			problems.Add(rule.Keys.At, "rule %q: names of elements and attributes can only be kept: keys: keep", rule.ID)
		}
	}
	if rule.Keys != nil && !leavesOpen {
		problems.Add(rule.Keys.At, "rule %q: keys is for names that a path leaves open with *, ? or .., and this one names all of them", rule.ID)
	}
	if form, ok := rule.Form.(forms.Cap); ok && form.Default == nil && len(rule.Unit) == 0 {
		// Without a unit of time, every number would pass, even ages.
		problems.Add(rule.At, "rule %q: method %q needs the unit here: unit: a, or unit: {path: …}", rule.ID, rule.Method)
	}
	if form, ok := rule.Form.(forms.Surrogate); ok && !form.PerValue && len(rule.Entity) == 0 {
		problems.Add(rule.At, "rule %q: method %q needs entity, the path to the id of the person, or perValue", rule.ID, rule.Method)
	}
	if _, withhold := rule.Form.(forms.Withhold); withhold {
		problems.Add(rule.At, "rule %q: a document cannot be withheld", rule.ID)
	}
	b := beside{}
	read := func(paths []ruleset.RelativePath) (out []*Relative) {
		for _, p := range paths {
			rel, err := parseRelative(p.Path, r.spaces)
			if err != nil {
				problems.Add(p.At, "rule %q: %v", rule.ID, err)
				continue
			}
			out = append(out, rel)
		}
		return out
	}
	for k, paths := range [neighbours][]ruleset.RelativePath{rule.Entity, rule.Birth, rule.Death, rule.Country, rule.Unit} {
		b.neighbours[k] = read(paths)
	}
	for _, c := range rule.Where {
		b.conditions = append(b.conditions, read(c.Path))
	}
	r.beside = append(r.beside, b)
}

// parse reads the path of a match.
func (r *Rules) parse(s string) (*Path, error) {
	if strings.HasPrefix(s, "/") {
		return parseXPath(s, r.spaces)
	}
	return parseJSONPath(s)
}

func isKeep(f mask.Form) bool {
	_, ok := f.(forms.Keep)
	return ok
}

// openNames returns the prefixes of a path that end at a name it leaves open. A step to
// descendants also skips names.
func openNames(p *Path) (out [][]step) {
	for i, s := range p.steps {
		if s.descendant {
			over := append(slices.Clone(p.steps[:i]), step{kind: anyChild, descendant: true})
			out = append(out, over)
		}
		if s.open() {
			out = append(out, p.steps[:i+1])
		}
	}
	return out
}

// Namespaces returns the XML namespaces that pass.
func (p *Plan) Namespaces() Namespaces { return p.rules.spaces }

// ofFile names the document that a file holds, by the file's base name. covered reports
// whether rules are about that document: the ruleset's files name the file, or a rule
// names the document.
func (r *Rules) ofFile(name string) (document string, covered bool) {
	for _, f := range r.section.Files {
		if ok, err := path.Match(f.File, name); ok && err == nil {
			return f.Document, true
		}
	}
	if stem := strings.TrimSuffix(name, path.Ext(name)); stem != "" {
		name = stem
	}
	return name, r.Covers(name)
}

// Covers reports whether a rule or a file names the document.
func (r *Rules) Covers(document string) bool {
	return slices.ContainsFunc(r.matches, func(m *match) bool { return m.Names(document) }) ||
		slices.ContainsFunc(r.section.Files, func(f ruleset.DocumentFile) bool { return f.Document == document })
}

// Nearest returns the end of a message about a document that no rule covers, with the
// nearest name.
func (r *Rules) Nearest(document string) string {
	return suggest.DidYouMean(document, r.documents())
}

// documents returns the names of documents in rules.
func (r *Rules) documents() (names []string) {
	for _, m := range r.matches {
		if m.Document != "" && !slices.Contains(names, m.Document) {
			names = append(names, m.Document)
		}
	}
	return names
}

// Plan is the policy applied to a document. It is immutable and safe for concurrent use.
type Plan struct {
	Document string
	// Actions are the rules that act, by number. A mask.Pass is made from them.
	Actions *mask.Plan
	// JSON and XML are its paths in either language.
	JSON, XML *Tree

	rules *Rules
}

// Tree is the paths of a document in one language.
type Tree struct {
	plan    *Plan
	matches []*match
	actions []int // of matches
	removed int   // the action for what no rule covers
	// names are those that paths spell out, and patterns those of paths that leave names
	// open.
	names    fhirjson.KeyTable
	numbers  map[string]int
	patterns []step
}

// Plan returns the plan of a document.
func (r *Rules) Plan(document string) (*Plan, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.plans[document]; p != nil {
		return p, nil
	}
	p := &Plan{Document: document, Actions: r.policy.NewPlan(), rules: r}
	removed, err := p.Actions.Add(mask.Action{Rule: "(default)", Method: "remove", Label: mask.LabelRedacted, Path: document})
	if err != nil {
		return nil, err
	}
	p.JSON, p.XML = &Tree{plan: p, removed: removed}, &Tree{plan: p, removed: removed}
	for _, m := range r.matches {
		if !m.Matches(document) {
			continue
		}
		rule := &r.section.Rules[m.rule]
		_, def := r.policy.DocumentMethod(m.rule)
		a := mask.Action{Rule: rule.ID, Category: rule.Category, Method: rule.Method, Label: def.Label, Path: document + ":" + m.Path}
		if rule.Method == "" {
			a.Method = rule.Keys.Method
		}
		n, err := p.Actions.Add(a)
		if err != nil {
			return nil, err
		}
		t := p.JSON
		if m.path.xml {
			t = p.XML
		}
		t.matches, t.actions = append(t.matches, m), append(t.actions, n)
	}
	p.JSON.index()
	p.XML.index()
	r.plans[document] = p
	return p, nil
}

// index collects the names and patterns of the paths.
func (t *Tree) index() {
	t.numbers = map[string]int{}
	var names []string
	for _, m := range t.matches {
		for _, s := range m.path.steps {
			switch s.kind {
			case literal:
				if _, ok := t.numbers[s.name]; !ok {
					t.numbers[s.name] = len(names)
					names = append(names, s.name)
				}
			case pattern:
				t.patterns = append(t.patterns, s)
			}
		}
	}
	t.names = fhirjson.NewKeyTable(names)
}

// ReachesRoot reports whether a rule refers to elements of the root from within one of
// them, so that the elements cannot be masked separately.
func (t *Tree) ReachesRoot() bool {
	for _, m := range t.matches {
		b := &t.plan.rules.beside[m.rule]
		for _, paths := range append(b.neighbours[:], b.conditions...) {
			for _, p := range paths {
				if m.reachesRoot(p) {
					return true
				}
			}
		}
	}
	return false
}

// reachesRoot reports whether a path from a value that the match selects can lead to a
// child of the root.
func (m *match) reachesRoot(p *Relative) bool {
	if p.Root {
		return len(p.Names) > 1 && !p.Names[1].Attribute
	}
	// The element that has the value is at least so deep; the root is at 1.
	depth, descends := len(m.path.steps)-1, false
	for i, s := range m.path.steps {
		descends = descends || s.descendant
		if s.leaf() && s.kind == text && i > 0 {
			depth--
		}
	}
	depth -= p.Up
	return !p.Names[0].Attribute && (depth == 1 || depth < 1 && descends)
}
