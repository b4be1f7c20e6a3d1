// Package rulesetdiff compares two rulesets: which elements, columns, code systems and
// canonicals they treat differently.
//
//	d := rulesetdiff.New(a, b)
//	err := d.WriteText(os.Stdout, false)
//
// Elements are compared by what happens to their values, so another rule that does the
// same is no difference. Columns are compared by the rules that match them, since a
// ruleset knows no tables.
package rulesetdiff

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// Diff is how the ruleset B differs from A.
type Diff struct {
	A Side `json:"a"`
	B Side `json:"b"`
	// Elements are FHIR element paths whose values are treated differently.
	Elements []Change `json:"elements"`
	// Columns are rules of the tables section that differ.
	Columns []Change `json:"columns"`
	// Settings are everything else: code systems, canonicals, the reference date.
	Settings []Change `json:"settings"`
}

// Side names a ruleset.
type Side struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Change is one difference.
type Change struct {
	// What is an element path, with its type and condition; the match of a rule for tables
	// or documents; or
	// the name of a setting.
	What string    `json:"what"`
	A    Treatment `json:"a"`
	B    Treatment `json:"b"`
}

// Treatment is how one of the rulesets treats it.
type Treatment struct {
	// Rule is empty if no rule decides.
	Rule string `json:"rule,omitempty"`
	// Text is the treatment in words.
	Text string `json:"text"`
}

// same reports whether two treatments do the same.
func (t Treatment) same(o Treatment) bool { return t.Text == o.Text }

// New compares two compiled rulesets.
func New(a, b *fhir.Automaton) *Diff {
	ra, rb := a.Policy.Ruleset, b.Policy.Ruleset
	d := &Diff{A: Side{ra.Name, ra.SHA256()}, B: Side{rb.Name, rb.SHA256()}, Elements: []Change{}, Columns: []Change{}, Settings: []Change{}}
	ea, eb := elements(a), elements(b)
	ea.complete(eb)
	eb.complete(ea)
	d.Elements = append(d.Elements, compare(ea, eb, "removed: no rule covers it")...)
	d.Columns = append(d.Columns, compare(tableRules(ra), tableRules(rb), "no rule")...)
	d.Columns = append(d.Columns, compare(documentRules(ra), documentRules(rb), "no rule")...)
	d.Settings = append(d.Settings, compare(settings(ra), settings(rb), "not listed")...)
	return d
}

// Empty reports whether nothing differs.
func (d *Diff) Empty() bool { return len(d.Elements)+len(d.Columns)+len(d.Settings) == 0 }

// treatments are treatments by what they are of.
type treatments map[string]Treatment

// compare lists the differences, sorted. none is the treatment of what one side does not
// have.
func compare(a, b treatments, none string) (out []Change) {
	var all []string
	for _, side := range []treatments{a, b} {
		for what := range side {
			all = append(all, what)
		}
	}
	slices.Sort(all)
	for _, what := range slices.Compact(all) {
		c := Change{What: what, A: Treatment{Text: none}, B: Treatment{Text: none}}
		if t, ok := a[what]; ok {
			c.A = t
		}
		if t, ok := b[what]; ok {
			c.B = t
		}
		if !c.A.same(c.B) {
			out = append(out, c)
		}
	}
	return out
}

// complete adds the cases that o distinguishes and t does not. A path under a condition
// is treated like the path alone, and a path in a context with rules of its own like its
// type elsewhere. If t removes an element with everything in it, only the element is
// listed, so its contents are left out of o.
func (t treatments) complete(o treatments) {
	paths, roots := map[string]Treatment{}, map[string]bool{}
	for what, treatment := range t {
		path, _, _ := strings.Cut(what, " (")
		paths[path] = treatment
		root, _, _ := strings.Cut(path, ".")
		roots[root] = true
	}
	for what := range o {
		if _, ok := t[what]; ok {
			continue
		}
		if whole, _, ok := strings.Cut(what, " where("); ok {
			if treatment, ok := t[whole]; ok {
				t[what] = treatment
				continue
			}
		}
		path, _, _ := strings.Cut(what, " (")
		switch {
		case goesWith(paths, path):
			delete(o, what)
		case strings.HasPrefix(path, "extension('"):
		case !strings.Contains(path, "."):
			t[what] = Treatment{Text: "not withheld"}
		case !roots[path[:strings.IndexByte(path, '.')]]:
			t[what] = Treatment{Text: "removed with the element that contains it"}
		default:
			t[what] = Treatment{Text: "decided by the rules for its type"}
		}
	}
}

// goesWith reports whether an element around a path is removed, or is an extension that
// no rule covers.
func goesWith(paths map[string]Treatment, path string) bool {
	for path = parent(path); path != ""; path = parent(path) {
		treatment, known := paths[path]
		if known && strings.HasPrefix(treatment.Text, "removed") || !known && strings.HasPrefix(path, "extension('") {
			return true
		}
	}
	return false
}

// parent is a path without its last step.
func parent(path string) string {
	depth := 0
	for i := len(path) - 1; i >= 0; i-- {
		switch path[i] {
		case ')':
			depth++
		case '(':
			depth--
		case '.':
			if depth == 0 {
				return path[:i]
			}
		}
	}
	return ""
}

// elements are the treatments of element paths.
func elements(a *fhir.Automaton) treatments {
	args := map[string]mask.Args{}
	for _, r := range a.Policy.Ruleset.FHIR.Rules {
		args[r.ID] = r.Args
	}
	out := treatments{}
	for _, e := range a.Decisions() {
		if strings.HasPrefix(e.Path, "extension('") && (strings.HasSuffix(e.Path, ".id") || strings.HasSuffix(e.Path, ".url") || strings.HasSuffix(e.Path, ".extension")) {
			continue // every extension has it
		}
		what := e.Path
		if e.Type != "" && e.Type != e.Path {
			what += " (" + e.Type + ")"
		}
		if e.Condition != "" {
			what += " " + e.Condition
		}
		t := Treatment{Rule: e.Rule, Text: e.Effect}
		if given := args[e.Rule]; len(given) > 0 && !strings.HasPrefix(e.Effect, "removed") {
			t.Text += " " + words(given)
		}
		if before, ok := out[what]; ok && !before.same(t) { // rules that distinguish contexts
			t = Treatment{Rule: before.Rule + ", " + t.Rule, Text: before.Text + "; or " + t.Text}
		}
		out[what] = t
	}
	return out
}

// words writes the arguments of a method.
func words(args mask.Args) string {
	text, _ := json.Marshal(args) // strings, numbers and maps of them: cannot fail
	return "(" + strings.NewReplacer(`"`, "", "{", "", "}", "", ":", ": ", ",", ", ").Replace(string(text)) + ")"
}

// tableRules are the treatments of what the rules of the tables section match.
func tableRules(rs *ruleset.Ruleset) treatments {
	out := treatments{}
	if rs.Tables == nil {
		return out
	}
	out["columns without a rule"] = Treatment{Text: map[string]string{"refuse": "do not exist", "remove": "are NULL", "keep": "pass"}[rs.Tables.Default]}
	for _, c := range rs.Tables.Classes {
		for _, m := range c.Match {
			out["class "+c.Name+": "+m.String()] = Treatment{Text: "is in the class"}
		}
	}
	for _, r := range rs.Tables.Rules {
		t := Treatment{Rule: r.ID, Text: r.Method}
		if len(r.Args) > 0 {
			t.Text += " " + words(r.Args)
		}
		for _, beside := range []struct {
			name    string
			columns []string
		}{{"entity", r.Entity}, {"birth", r.Birth}, {"death", r.Death}, {"country", r.Country}, {"unit", r.Unit}} {
			if len(beside.columns) > 0 {
				t.Text += fmt.Sprintf(", %s %s", beside.name, strings.Join(beside.columns, " or "))
			}
		}
		for _, k := range r.Known {
			t.Text += fmt.Sprintf(", known %s %s", k.Kind, k.Column)
		}
		if len(r.Related) > 0 {
			text, _ := json.Marshal(r.Related) // only strings
			t.Text += ", related " + string(text)
		}
		where := ""
		if len(r.Where) > 0 {
			text, _ := json.Marshal(r.Where) // likewise
			where = " where " + string(text)
		}
		for _, m := range r.Match {
			out[m.String()+where] = t
		}
	}
	return out
}

// settings are the treatments of everything other than elements and columns.
func settings(rs *ruleset.Ruleset) treatments {
	out := treatments{"reference date": {Text: rs.ReferenceDate.String()}}
	version := rs.FHIR.Version
	if version == "" {
		version = "R4"
	}
	out["FHIR version"] = Treatment{Text: version}
	for _, s := range rs.FHIR.CodeSystems {
		text := "form " + s.Form
		if s.Pattern != "" {
			text += " " + s.Pattern
		}
		if s.RollUp > 0 {
			text += fmt.Sprintf(", rolled up to %d characters", s.RollUp)
		}
		out["code system "+s.System] = Treatment{Text: text + ", display " + s.Display}
	}
	for _, c := range rs.FHIR.Canonicals {
		out["canonical "+c] = Treatment{Text: "passes"}
	}
	for _, c := range rs.FHIR.ContentTypes {
		out["content type "+c] = Treatment{Text: "passes"}
	}
	for _, p := range rs.FHIR.SearchParameters {
		for _, base := range p.Base {
			out["search parameter "+base+"."+p.Name] = Treatment{Text: p.Type + ", " + p.Expression}
		}
	}
	return out
}
