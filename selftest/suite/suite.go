// Package suite has the attacks of veil selftest as data: statements and requests that
// try to obtain an original value from a masking proxy or extension, or to learn
// whether one exists. They are templates, so that they fit any schema and any server.
//
//	for _, a := range suite.Postgres().Attacks {
//		steps := a.Fill(values, false)
//		…
//	}
//
// # Format
//
// A suite is a YAML file: its name, its version, and its attacks. Each attack has
//
//	id        its name, unique in the suite: "like.prefix"
//	kind      what it belongs to, such as "predicates"; results are counted by kind
//	tries     what it tries, in words
//	over      for what it runs: once, each table, each column, or each canary
//	steps     SQL statements of one session; the last one is judged
//	params    values of $1 and following, for the last step
//	request   or an HTTP request: method and path below the base URL
//	headers, body
//	judge     how success is judged; see Judge
//	severity  critical, high, medium or low: what it means if it succeeds
//	control   true: it succeeds on a target that masks nothing, which tests hold
//
// Templates have two kinds of placeholders. {{name}} is a value of the target: in
// PostgreSQL suites table, schema, relation (the two as literals), column, name (the
// column as a literal), value, prefix, contains, suffix, regex, hex, lower, raw (not
// quoted); in FHIR suites type, parameter, element, value, prefix, id, masked. {{a|b}}
// is a in the first of two runs and b in the second, whose responses are compared.
// Values of a canary are those of the original in the first run, and of a value that
// nobody has in the second.
package suite

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/veil-proxy/veil/internal/strictyaml"
)

// Judge says how the success of an attack is judged.
type Judge string

const (
	// Original means that an original value is in the response, in any spelling. Every attack
	// is judged by this, in addition to its own criterion.
	Original Judge = "original"
	// Distinguish means that the responses of the two runs differ.
	Distinguish Judge = "distinguish"
	// Rows means that the response has a row with a value in it, or an entry.
	Rows Judge = "rows"
	// Accepted means that the target does not refuse it.
	Accepted Judge = "accepted"
)

// Over says what an attack runs for.
type Over string

// What attacks run for.
const (
	Once       Over = "once"
	EachTable  Over = "table"  // for FHIR, resource type
	EachColumn Over = "column" // for FHIR, element
	EachCanary Over = "canary"
)

// Attack is a template, with what it tries and how it is judged.
type Attack struct {
	ID, Kind, Tries string
	Over            Over
	Judge           Judge
	Severity        string
	Control         bool
	// Steps and Params are for SQL.
	Steps, Params []string
	// Request, Headers and Body are for HTTP.
	Request string
	Headers []string
	Body    string
}

// Suite is a list of attacks.
type Suite struct {
	Name, Version string
	Attacks       []Attack
}

//go:embed postgres.yaml
var postgresText []byte

//go:embed fhir.yaml
var fhirText []byte

// Postgres returns the SQL attacks.
var Postgres = sync.OnceValue(func() *Suite { return must("postgres.yaml", postgresText) })

// FHIR returns the FHIR attacks.
var FHIR = sync.OnceValue(func() *Suite { return must("fhir.yaml", fhirText) })

// must parses an embedded suite, which a test proves valid.
func must(file string, src []byte) *Suite {
	s, err := parse(file, src)
	if err != nil {
		panic("embedded attack suite: " + err.Error())
	}
	return s
}

// names are the placeholders that a template may have.
var names = []string{
	"table", "schema", "relation", "column", "name", "value", "prefix", "contains", "suffix", "regex", "hex", "lower", "raw",
	"type", "parameter", "element", "id", "masked",
}

var (
	idForm      = regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)*$`)
	placeholder = regexp.MustCompile(`\{\{([^{}]*)\}\}`)
	alternative = regexp.MustCompile(`^([^|]*)\|([^|]*)$`)
)

// parse reads a suite. The error has all problems.
func parse(file string, src []byte) (*Suite, error) {
	var problems strictyaml.Problems
	t, root := strictyaml.Parse(file, src, &problems)
	s := &Suite{}
	if !root.IsZero() {
		t.Mapping(root, map[string]strictyaml.Field{
			"suite":   func(n strictyaml.Node) { s.Name, _ = t.Text(n) },
			"version": func(n strictyaml.Node) { s.Version, _ = t.Text(n) },
			"attacks": func(n strictyaml.Node) {
				t.Sequence(n, func(n strictyaml.Node) { s.Attacks = append(s.Attacks, readAttack(t, n)) })
			},
		}, nil)
	}
	seen := map[string]bool{}
	for _, a := range s.Attacks {
		if seen[a.ID] {
			problems.Add(strictyaml.Position{File: file, Line: 1, Column: 1}, "two attacks are named %q", a.ID)
		}
		seen[a.ID] = true
	}
	return s, problems.Err()
}

// readAttack reads an attack and notes what is wrong with it.
func readAttack(t strictyaml.Tree, n strictyaml.Node) Attack {
	a := Attack{Over: Once, Judge: Original, Severity: "critical"}
	text := func(to *string) strictyaml.Field { return func(n strictyaml.Node) { *to, _ = t.Text(n) } }
	list := func(to *[]string) strictyaml.Field {
		return func(n strictyaml.Node) {
			for _, l := range t.Texts(n) {
				*to = append(*to, l.Text)
			}
		}
	}
	t.Mapping(n, map[string]strictyaml.Field{
		"id": text(&a.ID), "kind": text(&a.Kind), "tries": text(&a.Tries),
		"over":     func(n strictyaml.Node) { a.Over = Over(t.Word(n, "once", "table", "column", "canary")) },
		"judge":    func(n strictyaml.Node) { a.Judge = Judge(t.Word(n, "original", "distinguish", "rows", "accepted")) },
		"severity": func(n strictyaml.Node) { a.Severity = t.Word(n, "critical", "high", "medium", "low") },
		"control":  func(n strictyaml.Node) { a.Control = t.Word(n, "true", "false") == "true" },
		"steps":    list(&a.Steps), "params": list(&a.Params),
		"request": text(&a.Request), "headers": list(&a.Headers), "body": text(&a.Body),
	}, nil)
	switch {
	case !idForm.MatchString(a.ID):
		t.Bad(n, "id %q: expected words of lower-case letters and digits, joined by dots or hyphens", a.ID)
	case a.Kind == "" || a.Tries == "":
		t.Bad(n, "attack %q: expected kind and tries", a.ID)
	case (len(a.Steps) == 0) == (a.Request == ""):
		t.Bad(n, "attack %q: expected either steps or a request", a.ID)
	}
	two := false
	for _, text := range a.templates() {
		for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
			isAlternative := alternative.MatchString(m[1])
			if !isAlternative && !slices.Contains(names, m[1]) {
				t.Bad(n, "attack %q: unknown placeholder {{%s}}", a.ID, m[1])
			}
			two = two || isAlternative || slices.Contains(ofCanary, m[1])
		}
	}
	if a.Judge == Distinguish && !two {
		t.Bad(n, "attack %q: both runs are the same, so nothing can be distinguished: use {{value}} or {{a|b}}", a.ID)
	}
	return a
}

// ofCanary are the placeholders that differ between the two runs.
var ofCanary = []string{"value", "prefix", "contains", "suffix", "regex", "hex", "lower", "raw", "id"}

// templates returns all texts of an attack that may have placeholders.
func (a *Attack) templates() []string {
	all := append(slices.Clone(a.Steps), a.Params...)
	return append(append(all, a.Headers...), a.Request, a.Body)
}

// Uses reports whether the attack has a placeholder.
func (a *Attack) Uses(name string) bool {
	return slices.ContainsFunc(a.templates(), func(text string) bool {
		return slices.ContainsFunc(placeholder.FindAllStringSubmatch(text, -1), func(m []string) bool { return m[1] == name })
	})
}

// Fill returns the attack with values in place of its placeholders. second selects the
// second run. A placeholder without a value is an error.
func (a *Attack) Fill(values map[string]string, second bool) (Attack, error) {
	var missing error
	fill := func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(p string) string {
			name := p[2 : len(p)-2]
			if m := alternative.FindStringSubmatch(name); m != nil {
				if second {
					return m[2]
				}
				return m[1]
			}
			v, ok := values[name]
			if !ok && missing == nil {
				missing = fmt.Errorf("attack %q needs a value for {{%s}}", a.ID, name)
			}
			return v
		})
	}
	out := *a
	out.Steps, out.Params, out.Headers = nil, nil, nil
	for from, to := range map[*[]string]*[]string{&a.Steps: &out.Steps, &a.Params: &out.Params, &a.Headers: &out.Headers} {
		for _, text := range *from {
			*to = append(*to, fill(text))
		}
	}
	out.Request, out.Body = fill(a.Request), fill(a.Body)
	return out, missing
}
