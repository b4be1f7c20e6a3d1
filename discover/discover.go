// Package discover determines, for each column of some tables, what its values are and
// whether they can identify a person. It uses several kinds of evidence: names, types,
// comments, checks, sampled values, keys and neighbours.
//
//	findings := discover.Judge(tables, words.Default())
//
// The package sees profiles of values (package values), never values, and its findings
// and reasons contain none. Other packages read sources, such as discover/pgsource.
package discover

import (
	"math"

	"github.com/veil-proxy/veil/discover/words"
)

// Finding is the result for a column.
type Finding struct {
	Schema     string   `json:"schema"`
	Table      string   `json:"table"`
	Column     string   `json:"column"`
	Class      Class    `json:"class"`
	Category   string   `json:"category"`
	Sensitive  bool     `json:"sensitive"`
	Quasi      bool     `json:"quasi"`
	Confidence float64  `json:"confidence"`
	Reasons    []string `json:"reasons"`
	// Risk is the probability that the column identifies people.
	Risk float64 `json:"risk"`
}

// tableState is the state of judging a table.
type tableState struct {
	*Table
	names  names
	boards []*board
	// classes are the classes of the columns, as far as known.
	classes []Class
	subject subject
	// identity is how much the columns reveal about who a row is about; keyed says that the
	// table has its own key.
	identity float64
	keyed    bool
	// dates are the columns with dates of events; dated is their evidence about the subject.
	dates int
	dated float64
}

// Judge returns a finding for each column.
func Judge(tables []Table, lex *words.Lexicon) []Finding {
	states := make([]*tableState, len(tables))
	for i := range tables {
		states[i] = &tableState{Table: &tables[i]}
	}
	parseNames(lex, states)
	for _, t := range states {
		for i := range t.Columns {
			t.boards = append(t.boards, &board{trust: 1})
			t.byName(i)
			t.byType(i)
			t.byValues(i)
			t.byLabels(i)
		}
	}
	weighNames(states)
	for _, t := range states {
		t.byNeighbours()
		for _, b := range t.boards {
			class, _, _ := b.best()
			t.classes = append(t.classes, class)
		}
	}
	g := newGraph(states)
	g.subjects()
	g.keys()
	var out []Finding
	for _, t := range states {
		for i := range t.Columns {
			out = append(out, t.finding(i))
		}
	}
	return out
}

// finding assembles the final result for a column.
func (t *tableState) finding(i int) Finding {
	b := t.boards[i]
	class, _, probability := b.best()
	info := class.info()
	f := Finding{
		Schema: t.Schema, Table: t.Name, Column: t.Columns[i].Name, Class: class,
		Category: info.category, Sensitive: info.sensitive, Quasi: info.quasi,
		Confidence: math.Round(probability*100) / 100, Reasons: b.reasons(class), Risk: b.risk(),
	}
	if class == EventDate && (t.subject == ofReference || t.subject == ofPlaces) && !t.hasPersons() {
		f.Sensitive, f.Category = false, ""
		f.Reasons = append(f.Reasons, "the table is not about persons")
	}
	if class == OrganizationName && (t.subject == ofPersons || t.names.vocabulary.Has(t.names.columns[i], "employer")) {
		f.Sensitive, f.Category = true, GivenName.info().category // employers of persons are named in 164.514(b)(2)(i)
		f.Reasons = append(f.Reasons, "employers of persons count among what identifies them")
	}
	if class == Zip && t.short(i, 3) {
		f.Sensitive, f.Quasi, f.Category = false, true, ""
		f.Reasons = append(f.Reasons, "it has the first three digits at most")
	}
	if class == BirthDate && t.yearOnly(i) {
		f.Quasi = true
	}
	if len(f.Reasons) == 0 {
		f.Reasons = []string{"nothing says more of it"}
	}
	return f
}

// sure is the confidence from which a finding is acted on: below it, the column may be
// something else. Since it hardly matters whether a column has codes or measures, one
// that seems to identify nobody also counts as sure, if the risk that it does is low
// enough.
const (
	sure      = 0.6
	leastRisk = 0.1
)

// Unsure reports whether a column may be something other than what was found, so that a
// person should look at it.
func (f *Finding) Unsure() bool {
	return f.Confidence < sure && (f.Sensitive || f.Risk > leastRisk)
}

// Accept makes a finding certain, because a person confirmed it.
func (f *Finding) Accept() {
	f.Confidence, f.Risk = 1, 0
	f.Reasons = append([]string{"a person accepted the class"}, f.Reasons...)
}

// Decide gives a column the class that a person chose.
func (f *Finding) Decide(class Class) {
	info := class.info()
	f.Class, f.Category, f.Sensitive, f.Quasi = class, info.category, info.sensitive, info.quasi
	f.Confidence, f.Risk = 1, 0
	f.Reasons = []string{"a person chose the class"}
}

// short reports whether no value of a column is longer than so many characters.
func (t *tableState) short(i, length int) bool {
	c := &t.Columns[i]
	n := c.length()
	return n > 0 && n <= length || c.Profile != nil && c.Profile.Tested > 0 && c.Profile.MaxLength <= length
}
