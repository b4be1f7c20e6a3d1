// Package rulesetimport writes rulesets from the configurations of other tools.
//
//	result, err := rulesetimport.Microsoft(lib, name, text)
//	_, err = out.Write(result.Ruleset)
//
// A rule that cannot be carried over exactly is made stricter or left out, and the result
// says so. What no rule lets pass is removed, as in every ruleset: other tools keep it.
package rulesetimport

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// Result is an imported configuration.
type Result struct {
	// Ruleset is the text of the ruleset, which compiles.
	Ruleset []byte
	// Rules is the number of rules that were carried over, Base that of those that
	// safe-harbor, which the ruleset extends, has already.
	Rules, Base int
	// Differences are the rules that were not carried over exactly.
	Differences []Difference
}

// Difference is a rule of the configuration that means something else here.
type Difference struct {
	// Rule is its number, from 1; 0 is a setting. Path is what it matches.
	Rule int
	Path string
	// What says what is different.
	What string
}

// WriteText writes the result for people.
func (r *Result) WriteText(out io.Writer) error {
	if _, err := fmt.Fprintf(out, "%d rules imported, %d more are rules of safe-harbor; %d differ:\n", r.Rules, r.Base, len(r.Differences)); err != nil {
		return err
	}
	for _, d := range r.Differences {
		where := "settings"
		if d.Rule > 0 {
			where = fmt.Sprintf("rule %d", d.Rule)
		}
		if _, err := fmt.Fprintf(out, "  %s, %s: %s\n", where, d.Path, d.What); err != nil {
			return err
		}
	}
	return nil
}

// imported is a rule of the new ruleset.
type imported struct {
	number int // of the source's rule
	path   string
	id     string
	match  string
	method string
	args   mask.Args
}

// importer collects rules on the base safe-harbor.
type importer struct {
	lib  *rules.Library
	base *fhir.Automaton
	name string
	// from says in a comment where the rules come from.
	from   string
	rules  []imported
	seen   map[string]bool
	result Result
}

func newImporter(lib *rules.Library, name, from string) (*importer, error) {
	base, err := lib.Public("safe-harbor")
	if err != nil {
		return nil, err
	}
	return &importer{lib: lib, base: base, name: name, from: from, seen: map[string]bool{}}, nil
}

// differs notes what is not carried over exactly.
func (m *importer) differs(rule int, path, format string, args ...any) {
	m.result.Differences = append(m.result.Differences, Difference{rule, path, fmt.Sprintf(format, args...)})
}

// add adds a rule. The first rule of a match decides, as in other tools.
func (m *importer) add(r imported) {
	if m.seen[r.match] {
		m.differs(r.number, r.path, "a rule before it has the same match and decides")
		return
	}
	m.seen[r.match] = true
	r.id = fmt.Sprintf("imported-%d", len(m.rules)+1)
	m.rules = append(m.rules, r)
}

// finish writes the ruleset and compiles it. A rule that does not compile is left out.
func (m *importer) finish() (*Result, error) {
	for {
		text, lines := m.write()
		_, err := m.lib.PublicText(m.name+".yaml", text)
		if err == nil {
			m.result.Ruleset = append(m.comment(), text...)
			m.result.Rules = len(m.rules)
			return &m.result, nil
		}
		var problems strictyaml.Problems
		if !errors.As(err, &problems) {
			return nil, err
		}
		drop := map[int]string{}
		for _, p := range problems {
			if i, ok := lines[p.Line]; ok && drop[i] == "" {
				drop[i] = p.Message
			}
		}
		if len(drop) == 0 {
			return nil, err
		}
		var kept []imported
		for i, r := range m.rules {
			if what := drop[i]; what != "" {
				m.differs(r.number, r.path, "left out, so that safe-harbor decides: %s", what)
			} else {
				kept = append(kept, r)
			}
		}
		m.rules = kept
	}
}

// comment says where the ruleset comes from and what differs.
func (m *importer) comment() []byte {
	b := fmt.Appendf(nil, "# Imported from %s.\n# Check it against your data: veil ruleset explain, veil ruleset diff safe-harbor.\n", m.from)
	if len(m.result.Differences) > 0 {
		b = append(b, "#\n# Not carried over exactly:\n"...)
	}
	for _, d := range m.result.Differences {
		b = fmt.Appendf(b, "# - rule %d, %s: %s\n", d.Rule, oneLine(d.Path), oneLine(d.What))
	}
	return b
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// write writes the ruleset. lines are the numbers of the rules by the line they stand in.
func (m *importer) write() (text []byte, lines map[int]int) {
	lines = map[int]int{}
	b := fmt.Appendf(nil, "veil: 1\nname: %s\ntitle: %s\nextends: safe-harbor\n", m.name, quote("Imported from "+m.from))
	if len(m.rules) == 0 {
		return b, lines
	}
	b = append(b, "fhir:\n  rules:\n"...)
	line := strings.Count(string(b), "\n")
	put := func(id, category string, match []string, method string, args mask.Args, why string) {
		b = fmt.Appendf(b, "    - {id: %s", id)
		if category != "" {
			b = fmt.Appendf(b, ", category: %s", category)
		}
		list := make([]string, len(match))
		for i, s := range match {
			list[i] = quote(s)
		}
		b = fmt.Appendf(b, ", match: [%s], method: %s", strings.Join(list, ", "), method)
		for _, k := range slices.Sorted(maps.Keys(args)) {
			value, _ := json.Marshal(args[k]) // strings, numbers, lists of them: cannot fail
			b = fmt.Appendf(b, ", %s: %s", k, value)
		}
		if why != "" {
			b = fmt.Appendf(b, ", why: %s", quote(why))
		}
		b = append(b, "}\n"...)
		line++
	}
	// A rule of the base that has a match of ours keeps the others, under its own id; if
	// none is left, one of ours takes the id.
	ids := map[int]string{}
	for _, r := range m.base.Policy.Ruleset.FHIR.Rules {
		rest := slices.DeleteFunc(slices.Clone(r.Match), func(s string) bool { return m.ours(s) >= 0 })
		switch {
		case len(rest) == len(r.Match):
		case len(rest) > 0:
			put(r.ID, r.Category, rest, r.Method, r.Args, r.Why)
		default:
			for _, s := range r.Match {
				if i := m.ours(s); ids[i] == "" {
					ids[i] = r.ID
					break
				}
			}
		}
	}
	for i, r := range m.rules {
		id := r.id
		if ids[i] != "" {
			id = ids[i]
		}
		lines[line+1] = i
		put(id, "", []string{r.match}, r.method, r.args, fmt.Sprintf("rule %d: %s", r.number, oneLine(r.path)))
	}
	return b, lines
}

// ours is the number of our rule with a match, or -1.
func (m *importer) ours(match string) int {
	return slices.IndexFunc(m.rules, func(r imported) bool { return r.match == match })
}

// baseRule returns the rule of safe-harbor by its id.
func (m *importer) baseRule(id string) *ruleset.Rule {
	rs := m.base.Policy.Ruleset.FHIR.Rules
	if i := slices.IndexFunc(rs, func(r ruleset.Rule) bool { return r.ID == id }); i >= 0 {
		return &rs[i]
	}
	return nil
}

// quote writes a text as YAML has it in double quotes, which JSON has too.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string cannot fail
	return string(b)
}
