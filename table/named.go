package table

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/internal/suggest"
)

// Named finds columns that rules name but that do not exist, such as misspelled ones,
// which the rules would silently not mask. A column that a rule matches by a pattern does
// not count as named. It is not safe for concurrent use.
type Named struct {
	rules  *Rules
	found  map[int]bool // the rules with a match that found a column
	others map[int]bool // the rules that name a table too
	tables []string     // the columns of all tables, for suggestions
}

// NewNamed returns a Named that has seen no table.
func NewNamed(r *Rules) *Named {
	n := &Named{rules: r, found: map[int]bool{}, others: map[int]bool{}}
	for _, m := range r.matches {
		n.others[m.Rule] = n.others[m.Rule] || !isAll(m.Table)
	}
	return n
}

// Add checks a table. It returns the faults of rules that match this table by name or
// pattern, and name a column that it does not have.
func (n *Named) Add(s *Source) (absent []string) {
	var columns []string
	for _, c := range s.Columns {
		columns = append(columns, c.Name)
	}
	n.tables = append(n.tables, columns...)
	for _, m := range n.rules.matches {
		if slices.ContainsFunc(columns, func(c string) bool { return m.Matches(s.Schema, s.Table, c) }) {
			n.found[m.Rule] = true
			continue
		}
		if isPattern(m.Column) || isAll(m.Table) || !m.Matches(s.Schema, s.Table, m.Column) {
			continue
		}
		absent = append(absent, fmt.Sprintf("rule %q names column %s, which table %s does not have%s", n.rules.All()[m.Rule].ID, m.Column, s.Name, suggest.DidYouMean(m.Column, columns)))
	}
	return absent
}

// Rest returns the faults of rules that name a column in any table, if no table that was
// added has it. Rules that also name a table are not checked, because their table may
// not have been added.
func (n *Named) Rest() (absent []string) {
	if len(n.tables) == 0 {
		return nil
	}
	var last = -1
	for _, m := range n.rules.matches {
		if n.found[m.Rule] || n.others[m.Rule] || isPattern(m.Column) || !isAll(m.Table) || m.Rule == last {
			continue
		}
		last = m.Rule
		absent = append(absent, fmt.Sprintf("rule %q names column %s, which no table has%s", n.rules.All()[m.Rule].ID, m.Column, suggest.DidYouMean(m.Column, n.tables)))
	}
	return absent
}

// isPattern reports whether a name in a rule can match several names.
func isPattern(name string) bool {
	if name == "" || strings.ContainsAny(name, "*?[") {
		return true
	}
	_, err := path.Match(name, "")
	return err != nil
}
