// Package rulesetimport writes rulesets from the configurations of other tools: Microsoft's
// Tools for Health Data Anonymization, two tools that share its format (MIRACUM's FHIR
// Pseudonymizer and the ETL of Cumulus), and DataMasque.
//
//	result, err := rulesetimport.Import(lib, "microsoft", name, text)
//	_, err = out.Write(result.Ruleset)
//
// A rule that cannot be translated exactly is made stricter or left out, and the result
// says so. What no rule lets pass is removed, as in every ruleset; other tools keep it.
package rulesetimport

import (
	"bytes"
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

// tools are the tools by the words of the command line. read converts a configuration,
// and returns an error if the text is not one.
var tools = map[string]struct {
	from string
	read func(m *importer, text []byte) error
}{
	"microsoft":  {"a configuration of Microsoft's Tools for Health Data Anonymization", microsoft},
	"miracum":    {"a configuration of MIRACUM's FHIR Pseudonymizer", miracum},
	"cumulus":    {"a configuration of Cumulus ETL", cumulus},
	"datamasque": {"a ruleset of DataMasque", datamasque},
}

// Tools are the tools whose configurations can be imported, sorted.
func Tools() []string { return slices.Sorted(maps.Keys(tools)) }

// Import writes a ruleset with a name from the text of a tool's configuration. It returns
// an error if the text is not such a configuration. tool is one of Tools. keepLinks has
// pseudonyms made with that tool's key where Veil can do so, so that new data link with
// data sets that exist.
func Import(lib *rules.Library, tool, name string, text []byte, keepLinks bool) (*Result, error) {
	t := tools[tool]
	base, err := lib.Public("safe-harbor")
	if err != nil {
		return nil, err
	}
	m := &importer{lib: lib, base: base, name: name, from: t.from, seen: map[string]bool{}, keepLinks: keepLinks}
	if err := t.read(m, bytes.TrimPrefix(text, []byte("\ufeff"))); err != nil {
		return nil, err
	}
	return m.finish()
}

// Result is an imported configuration.
type Result struct {
	// Ruleset is the text of the ruleset, which compiles.
	Ruleset []byte
	// Rules is the number of translated rules, Base the number of those that safe-harbor,
	// which the ruleset extends, already has.
	Rules, Base int
	// Differences are the rules that were not translated exactly.
	Differences []Difference
}

// Difference is a rule of the configuration that means something else here.
type Difference struct {
	// Rule is its number, from 1; 0 is a setting. Path is what it matches.
	Rule int
	Path string
	// What says how it differs.
	What string
}

func (d Difference) where() string {
	if d.Rule == 0 {
		return "settings"
	}
	return fmt.Sprintf("rule %d", d.Rule)
}

// WriteText writes the result for people.
func (r *Result) WriteText(out io.Writer) error {
	if _, err := fmt.Fprintf(out, "%d rules imported, %d left out since safe-harbor has them; %d differ:\n", r.Rules, r.Base, len(r.Differences)); err != nil {
		return err
	}
	for _, d := range r.Differences {
		if _, err := fmt.Fprintf(out, "  %s, %s: %s\n", d.where(), oneLine(d.Path), oneLine(d.What)); err != nil {
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
	// lenient says that the rule may let values pass that safe-harbor does not.
	lenient bool
	// failed says why its method does not compile, so that remove replaces it.
	failed string
}

// importer collects rules on the base safe-harbor.
type importer struct {
	lib  *rules.Library
	base *fhir.Automaton
	name string
	// from names the source of the rules in a comment.
	from    string
	rules   []imported
	columns []column
	seen    map[string]bool
	result  Result
	// keepLinks: see Import.
	keepLinks bool
}

// differs notes what is not converted exactly.
func (m *importer) differs(rule int, path, format string, args ...any) {
	m.result.Differences = append(m.result.Differences, Difference{rule, path, fmt.Sprintf(format, args...)})
}

// add adds a rule. The first rule of a match decides, as in other tools.
func (m *importer) add(r imported) {
	if m.seen[r.match] {
		m.differs(r.number, r.path, "an earlier rule has the same match and decides")
		return
	}
	m.seen[r.match] = true
	r.id = fmt.Sprintf("imported-%d", len(m.rules)+1)
	m.rules = append(m.rules, r)
}

// finish writes the ruleset and compiles it. A rule that does not compile becomes one that
// removes what it matches, or is left out if that has nothing to remove.
func (m *importer) finish() (*Result, error) {
	for {
		text, lines := m.write()
		_, err := m.lib.PublicText(m.name+".yaml", text)
		if err == nil {
			for _, r := range m.rules {
				if r.failed != "" {
					m.differs(r.number, r.path, "removed: %s", r.failed)
				}
			}
			slices.SortStableFunc(m.result.Differences, func(a, b Difference) int { return a.Rule - b.Rule })
			m.result.Ruleset = append(m.comment(), text...)
			m.result.Rules = len(m.rules) + len(m.columns)
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
			switch what := drop[i]; {
			case what == "":
				kept = append(kept, r)
			case r.method == "remove" || r.lenient:
				m.differs(r.number, r.path, "left out, so that safe-harbor decides: %s", what)
			default:
				r.method, r.args, r.failed = "remove", nil, what
				kept = append(kept, r)
			}
		}
		var columns []column
		for i, c := range m.columns {
			if what := drop[len(m.rules)+i]; what != "" {
				m.differs(c.number, c.path, "left out, so that the column is hidden: %s", what)
			} else {
				columns = append(columns, c)
			}
		}
		m.rules, m.columns = kept, columns
	}
}

// comment says where the ruleset comes from and what differs.
func (m *importer) comment() []byte {
	b := fmt.Appendf(nil, "# Imported from %s.\n# Check it against your data: veil ruleset explain, veil ruleset diff safe-harbor.\n", m.from)
	if len(m.result.Differences) > 0 {
		b = append(b, "#\n# Not converted exactly:\n"...)
	}
	for _, d := range m.result.Differences {
		b = fmt.Appendf(b, "# - %s, %s: %s\n", d.where(), oneLine(d.Path), oneLine(d.What))
	}
	return b
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// write writes the ruleset. lines maps the line of each rule to its number; rules for
// columns are numbered after those for FHIR.
func (m *importer) write() (text []byte, lines map[int]int) {
	lines = map[int]int{}
	b := fmt.Appendf(nil, "veil: 1\nname: %s\ntitle: %s\nextends: safe-harbor\n", m.name, quote("Imported from "+m.from))
	if len(m.rules) > 0 {
		b = m.writeFHIR(append(b, "fhir:\n  rules:\n"...), lines)
	}
	if len(m.columns) > 0 {
		b = m.writeTables(append(b, "tables:\n  rules:\n"...), lines)
	}
	return b, lines
}

func (m *importer) writeFHIR(b []byte, lines map[int]int) []byte {
	// If a rule of the base also has one of our matches, it keeps its other matches under
	// its id. If it has none left, one of our rules takes the id.
	ids := map[int]string{}
	for _, r := range m.base.Policy.Ruleset.FHIR.Rules {
		rest := slices.DeleteFunc(slices.Clone(r.Match), func(s string) bool { return m.ours(s) >= 0 })
		switch {
		case len(rest) == len(r.Match):
		case len(rest) > 0:
			b = appendRule(b, r.ID, r.Category, rest, r.Method, r.Args, r.Why)
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
		lines[bytes.Count(b, []byte{'\n'})+1] = i
		b = appendRule(b, id, "", []string{r.match}, r.method, r.args, fmt.Sprintf("rule %d: %s", r.number, oneLine(r.path)))
	}
	return b
}

// appendRule writes a rule of FHIR in one line.
func appendRule(b []byte, id, category string, match []string, method string, args mask.Args, why string) []byte {
	b = fmt.Appendf(b, "    - {id: %s", id)
	if category != "" {
		b = fmt.Appendf(b, ", category: %s", category)
	}
	list := make([]string, len(match))
	for i, s := range match {
		list[i] = quote(s)
	}
	b = fmt.Appendf(b, ", match: [%s], method: %s", strings.Join(list, ", "), method)
	return appendArgs(b, args, why)
}

// appendArgs writes the arguments of a rule and why it is there, and ends the line.
func appendArgs(b []byte, args mask.Args, why string) []byte {
	for _, k := range slices.Sorted(maps.Keys(args)) {
		value, _ := json.Marshal(args[k]) // strings, numbers, lists and maps of them: cannot fail
		b = fmt.Appendf(b, ", %s: %s", k, value)
	}
	if why != "" {
		b = fmt.Appendf(b, ", why: %s", quote(why))
	}
	return append(b, "}\n"...)
}

// ours returns the index of our rule with a match, or -1.
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

// quote writes a text in double quotes, in the form that YAML shares with JSON.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string cannot fail
	return string(b)
}
