// Package ruletest runs tests of rules that are written in YAML: each masks an input, a
// resource or a row of a table, and compares the output as JSON.
//
//	f, err := ruletest.Parse("site.test.yaml", src)
//	report := f.Run(automaton)
//
// In the expected output "*" matches any value, and meta is compared only if it is
// given.
package ruletest

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"sort"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
)

// File is a file of tests.
type File struct {
	Name    string
	Ruleset string // that it names; empty for none
	tests   []test
}

type test struct {
	name     string
	rules    []string
	table    string // of the row that input is; empty for a resource
	document string // that input is; empty for a resource
	input    string
	output   string
	withheld bool
	at       strictyaml.Position
}

// Report is the result of the tests of a file.
type Report struct {
	Tests    int
	Failures []Failure
	// Missed are the rules of the ruleset that no test reaches, sorted. Rules of the
	// rulesets that it extends do not count: they have their own tests.
	Missed []string
	// Removing are rules that removed every value in the tests, although their methods
	// should keep something.
	Removing []Removing
}

// Failure is a test that failed.
type Failure struct{ At, Name, Problem string }

// Removing is a rule that removed values and kept none.
type Removing struct {
	At, Rule, Method string
	Values           int
}

// Len returns the number of tests.
func (f *File) Len() int { return len(f.tests) }

// Parse reads a file of tests.
func Parse(name string, src []byte) (*File, error) {
	var problems strictyaml.Problems
	t, root := strictyaml.Parse(name, src, &problems)
	f := &File{Name: name}
	if !root.IsZero() {
		t.Mapping(root, map[string]strictyaml.Field{
			"veil":    func(n strictyaml.Node) { t.Word(n, "1") },
			"ruleset": func(n strictyaml.Node) { f.Ruleset, _ = t.Text(n) },
			"tests": func(n strictyaml.Node) {
				t.Sequence(n, func(item strictyaml.Node) {
					one := test{at: t.At(item)}
					t.Mapping(item, map[string]strictyaml.Field{
						"name":     func(n strictyaml.Node) { one.name, _ = t.Text(n) },
						"table":    func(n strictyaml.Node) { one.table, _ = t.Text(n) },
						"document": func(n strictyaml.Node) { one.document, _ = t.Text(n) },
						"input":    func(n strictyaml.Node) { one.input, _ = t.Text(n) },
						"output":   func(n strictyaml.Node) { one.output, _ = t.Text(n) },
						"withheld": func(n strictyaml.Node) { one.withheld = t.Word(n, "true", "false") == "true" },
						"rules": func(n strictyaml.Node) {
							for _, l := range t.Texts(n) {
								one.rules = append(one.rules, l.Text)
							}
						},
					}, nil)
					if one.name == "" || one.input == "" || (one.output == "") != one.withheld {
						t.Bad(item, `a test needs "name", "input", and either "output" or "withheld: true"`)
					}
					f.tests = append(f.tests, one)
				})
			},
		}, nil)
	}
	return f, problems.Err()
}

// Run runs the tests with a compiled ruleset.
func (f *File) Run(a *fhir.Automaton) *Report {
	rep := &Report{Tests: len(f.tests)}
	w, pass := fhir.NewWalker(a, fhir.RememberNothing), mask.NewPass(a.Plan)
	pass.Detail = true
	hit, removed := map[string]bool{}, map[string]*outcomes{}
	for _, test := range f.tests {
		here := map[string]bool{}
		if test.table != "" {
			got, rules, err := test.row(a)
			for _, r := range rules {
				here[r], hit[r] = true, true
			}
			rep.judge(test, here, test.compare(got, err))
			continue
		}
		if test.document != "" {
			rules, problem := test.documentTest(a)
			for _, r := range rules {
				here[r], hit[r] = true, true
			}
			rep.judge(test, here, problem)
			continue
		}
		pass.Begin(mask.Origin{Door: "file", Operation: "test"})
		got, err := w.AppendJSON(nil, []byte(test.input), pass, nil)
		for i, n := range pass.Counts {
			if n > 0 {
				here[a.Actions[i].Rule], hit[a.Actions[i].Rule] = true, true
			}
		}
		for _, d := range pass.Details {
			if removed[d.Rule] == nil {
				removed[d.Rule] = &outcomes{}
			}
			removed[d.Rule].add(d.Outcome)
		}
		rep.judge(test, here, test.compare(got, err))
	}
	for _, r := range a.Policy.Ruleset.FHIR.Rules {
		if !hit[r.ID] && f.covers(r.At.File) {
			rep.Missed = append(rep.Missed, r.ID)
		}
		switch r.Form.(type) {
		case forms.Remove, forms.Withhold, forms.Link: // a link resolves to nothing without a server
			continue
		}
		if o := removed[r.ID]; o != nil && o.others == 0 {
			rep.Removing = append(rep.Removing, Removing{r.At.String(), r.ID, r.Method, o.removed})
		}
	}
	if tables := a.Policy.Ruleset.Tables; tables != nil {
		for _, r := range tables.Rules {
			if !hit[r.ID] && f.covers(r.At.File) {
				rep.Missed = append(rep.Missed, r.ID)
			}
		}
	}
	sort.Strings(rep.Missed)
	return rep
}

// judge notes a failed test: compare found a difference, or a rule that the test names
// was not applied.
func (rep *Report) judge(t test, hit map[string]bool, problem string) {
	for _, r := range t.rules {
		if !hit[r] && problem == "" {
			problem = fmt.Sprintf("rule %q was not hit", r)
		}
	}
	if problem != "" {
		rep.Failures = append(rep.Failures, Failure{t.at.String(), t.name, problem})
	}
}

// covers reports whether the tests are for the rules in a file: of base+overlay, those of
// the overlay.
func (f *File) covers(file string) bool {
	last := f.Ruleset[strings.LastIndexByte(f.Ruleset, '+')+1:]
	return strings.TrimSuffix(filepath.Base(file), ".yaml") == strings.TrimSuffix(filepath.Base(last), ".yaml")
}

// outcomes counts the outcomes of a rule in the tests.
type outcomes struct{ removed, others int }

func (o *outcomes) add(outcome mask.Outcome) {
	if outcome == mask.Removed {
		o.removed++
	} else {
		o.others++
	}
}

// compare describes how the outcome differs from the expected one, or returns "".
func (t test) compare(got []byte, err error) string {
	var withheld *fhir.WithheldError
	switch {
	case errors.As(err, &withheld):
		if !t.withheld {
			return err.Error()
		}
		return ""
	case err != nil:
		return err.Error()
	case t.withheld:
		return "expected the resource to be withheld, got " + string(got)
	}
	var g, w map[string]any
	if err := json.Unmarshal([]byte(t.output), &w); err != nil {
		return "output is not a JSON object: " + err.Error()
	}
	if err := json.Unmarshal(got, &g); err != nil {
		return "masked resource is not JSON: " + err.Error()
	}
	if _, given := w["meta"]; !given {
		delete(g, "meta")
	}
	if !matches(w, g) {
		return "got  " + string(got) + "\n  want " + strings.TrimSpace(t.output)
	}
	return ""
}

// matches compares JSON values; "*" in want matches anything.
func matches(want, got any) bool {
	if want == "*" {
		return got != nil
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for k, v := range w {
			if _, has := g[k]; !has || !matches(v, g[k]) {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !matches(w[i], g[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(want, got)
}
