package discover

import (
	"math"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/discover/values"
)

// subject is what a row of a table is about.
type subject uint8

const (
	ofUnknown subject = iota
	// ofPersons: a row is a person.
	ofPersons
	// ofEvents: a row is about one person: an encounter, a claim, a name.
	ofEvents
	// ofPlaces: a row is an organization, a place or a department.
	ofPlaces
	// ofReference: a row is a code, a product, a setting: nobody.
	ofReference
)

// in describes a table of the subject, for reasons.
func (s subject) in() string {
	switch s {
	case ofPersons:
		return "a table of persons"
	case ofEvents:
		return "a table of records about persons"
	case ofPlaces:
		return "a table of organizations or places"
	case ofReference:
		return "a table that is not about persons"
	}
	return "a table of unknown content"
}

// columnRef names a column of a state.
type columnRef struct {
	table  *tableState
	column int
}

// graph is the tables and how they refer to each other.
type graph struct {
	tables []*tableState
	byName map[[2]string]*tableState
	// links are the columns that refer to another.
	links map[columnRef]columnRef
	// inferred are links that no foreign key declares.
	inferred map[columnRef]bool
	// named are inferred links that are based only on names.
	named map[columnRef]bool
	// authors are tables of users whose keys say who wrote a row.
	authors map[*tableState]bool
	// referred counts the tables that refer to one.
	referred map[*tableState]int
	// extends are the tables whose primary key refers to a table: one row for each row.
	extends map[*tableState][]*tableState
}

func newGraph(tables []*tableState) *graph {
	g := &graph{tables: tables, byName: map[[2]string]*tableState{}, links: map[columnRef]columnRef{}, inferred: map[columnRef]bool{}, named: map[columnRef]bool{}, authors: map[*tableState]bool{}, referred: map[*tableState]int{}, extends: map[*tableState][]*tableState{}}
	for _, t := range tables {
		g.byName[[2]string{t.Schema, t.Name}] = t
	}
	for _, t := range tables {
		for i := range t.Columns {
			r := t.Columns[i].References
			if r == nil {
				continue
			}
			target := g.byName[[2]string{r.Schema, r.Table}]
			if target == nil {
				continue
			}
			if j := target.column(r.Column); j >= 0 {
				g.links[columnRef{t, i}] = columnRef{target, j}
				if t.Columns[i].Key && target != t {
					g.extends[target] = append(g.extends[target], t)
				}
			}
		}
	}
	g.findJoins()
	g.findNamedJoins()
	g.findAuthors()
	return g
}

func (t *tableState) column(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// findAuthors finds tables that most others refer to twice or more: created by, changed
// by. Such a reference says who wrote a row, not whom it is about.
func (g *graph) findAuthors() {
	once, more := map[*tableState]int{}, map[*tableState]int{}
	for _, t := range g.tables {
		n := map[*tableState]int{}
		for i := range t.Columns {
			if to, ok := g.links[columnRef{t, i}]; ok && to.table != t {
				n[to.table]++
			}
		}
		for to, k := range n {
			g.referred[to]++
			if k > 1 {
				more[to]++
			} else {
				once[to]++
			}
		}
	}
	for t, n := range more {
		g.authors[t] = n >= 4 && n > once[t]
	}
}

// writes reports whether a column says who wrote a row.
func (g *graph) writes(t *tableState, i int) bool {
	n := &t.names
	if n.vocabulary.Has(n.columns[i], "author") || n.vocabulary.Has(n.columns[i], "by") {
		return true
	}
	to, ok := g.links[columnRef{t, i}]
	if !ok || !g.authors[to.table] || to.table.subject == ofReference {
		return false
	}
	same := 0
	for j := range t.Columns {
		if other, ok := g.links[columnRef{t, j}]; ok && other.table == to.table {
			same++
		}
	}
	return same > 1 || t.subject == ofUnknown
}

// subjects decides what each table is about: first by names and columns, then, a few
// times over, by what its keys refer to.
func (g *graph) subjects() {
	own := map[*tableState][5]float64{}
	for _, t := range g.tables {
		own[t] = t.ownSubject()
	}
	for range 5 {
		next := map[*tableState]subject{}
		for _, t := range g.tables {
			next[t] = g.decide(t, own[t])
		}
		changed := false
		for t, s := range next {
			changed = changed || t.subject != s
			t.subject = s
		}
		if !changed {
			break
		}
	}
}

// decide combines a table's own evidence with that of the tables it refers to.
func (g *graph) decide(t *tableState, score [5]float64) subject {
	linked, written := 0.0, 0
	for i := range t.Columns {
		to, ok := g.links[columnRef{t, i}]
		if !ok || to.table == t {
			continue
		}
		if g.writes(t, i) {
			written++
			continue
		}
		switch {
		case g.authors[to.table] && to.table.subject == ofPersons:
			linked = math.Max(linked, 1) // who wrote it, or perhaps whom it is about
			continue
		case to.table.subject == ofPersons:
			if t.Columns[i].Key {
				score[ofPersons] += 3 // one row for one person
			}
			linked = math.Max(linked, 4)
		case to.table.subject == ofEvents:
			linked = math.Max(linked, 3.5)
		}
	}
	if t.identity >= 4 && t.keyed {
		// A row with a birth date and names is a person, even if it refers to another one, as a
		// patient does to a physician.
		score[ofPersons] += 2.5
		linked *= 0.3
	} else if t.namesPersons() {
		// Users, customers, providers: a row is a person in a role, and may refer to the
		// same person elsewhere.
		score[ofPersons] += linked * t.boards[0].trust
		linked *= 1 - 0.7*t.boards[0].trust
	}
	for _, child := range g.extends[t] {
		if child.subject == ofPersons {
			score[ofPersons] += 4
			break
		}
	}
	// Dates next to the author of a row say when it was written, so they are not events.
	score[ofEvents] -= math.Max(0, t.dated-datesScore(t.dates-written))
	score[ofEvents] += linked
	if linked == 0 {
		score[ofReference] += math.Min(1.5, 0.3*float64(g.referred[t]))
	}
	best, top := ofUnknown, 1.0
	for s := ofPersons; s <= ofReference; s++ {
		if score[s] > top {
			best, top = s, score[s]
		}
	}
	return best
}

// ownSubject returns the evidence of a table's name and columns about its subject.
func (t *tableState) ownSubject() (score [5]float64) {
	n := &t.names
	has := func(concept string) bool { return n.vocabulary.Has(n.table, concept) }
	trust := 1.0
	if len(t.boards) > 0 {
		trust = t.boards[0].trust
	}
	count := map[Class]int{}
	keyed, others := false, 0
	for i, c := range t.classes {
		count[c]++
		keyed = keyed || t.Columns[i].Key && t.Columns[i].References == nil
		if !t.Columns[i].Key && (c == EventKey || c == MRN || c == MemberID) && !t.ownUUID(i) {
			others++ // numbers that are not the table's own
		}
		if c == PersonKey && !n.vocabulary.Has(n.columns[i], "by") && !n.vocabulary.Has(n.columns[i], "author") {
			score[ofEvents] += 1.5 * t.boards[i].trust
		}
	}
	score[ofEvents] = math.Min(score[ofEvents], 3)
	t.dates = count[EventDate]
	t.dated = datesScore(t.dates - t.authored())
	one := func(c Class) float64 { return math.Min(1, float64(count[c])) }
	identity := 2*one(BirthDate) + 1.5*one(SSN) + one(NationalID) + one(MRN) + one(GivenName) + one(FamilyName) + one(PersonName) + 0.5*one(Email) +
		1.5*one(Username)*(1-one(OrganizationName)) + math.Min(1.5, 0.7*float64(count[Demographic])) + one(DeathDate) + 0.5*one(Phone)*one(FamilyName) + one(License)*0.5
	t.identity, t.keyed = identity, keyed
	if identity < 4 && t.hasMessages() {
		score[ofEvents] += 3
	}
	if keyed && t.namesEach() && count[EventDate] == 0 && count[EventKey] == 0 {
		score[ofPersons] += 1.5
	}
	score[ofPersons] += identity
	score[ofEvents] += identity * 0.7
	if !keyed {
		score[ofEvents] += identity * 0.2
	}
	score[ofEvents] += math.Min(2.4, 0.8*float64(others)) + t.dated + 0.5*one(FreeText)
	score[ofPlaces] += 2*one(OrganizationName) + 0.5*one(Geo) + 0.4*one(Street) + 0.4*one(Zip) + 0.3*one(Phone)
	share := func(classes ...Class) float64 {
		k := 0
		for _, c := range classes {
			k += count[c]
		}
		return float64(k) / math.Max(1, float64(len(t.classes)))
	}
	score[ofReference] += 2.5 * share(Code, Other, Measure, Flag)
	switch {
	case has("reference"):
		score[ofReference] += 3 * trust
	case has("event") && has("code"), has("thing") && !has("event"):
		score[ofReference] += 2.5 * trust
	case has("person") && !has("event"):
		score[ofPersons] += 2.5 * trust
		score[ofEvents] += 1.2 * trust
	case has("event"):
		score[ofEvents] += 2.5 * trust
	case has("org"), has("place"):
		score[ofPlaces] += 3 * trust
	}
	return score
}

// namesEach reports whether each row has the name of another person.
func (t *tableState) namesEach() bool {
	for i, c := range t.classes {
		if p := t.Columns[i].Profile; c == PersonName && p != nil && p.Filled >= 10 && p.Repetition() < 1.3 {
			return true
		}
	}
	return false
}

// hasMessages reports whether a table has documents about patients.
func (t *tableState) hasMessages() bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool {
		return c.Profile != nil && c.Profile.Tested >= 3 && (c.Profile.Share(values.HL7) > 0.5 || c.Profile.Share(values.FHIR) > 0.5)
	})
}

// datesScore returns how much dates speak for a table of events. Any table may have one
// date.
func datesScore(dates int) float64 { return clamp(0.8*float64(dates-1), 0, 1.6) }

// ownUUID reports whether a column has a UUID for each row, as some tables have in
// addition to their key.
func (t *tableState) ownUUID(i int) bool {
	p := t.Columns[i].Profile
	return t.Columns[i].References == nil && p != nil && p.Share(values.UUID) > 0.9 && p.Distinct == p.Filled && p.Nulls == 0
}

// namesPersons reports whether the name of a table means persons and nothing else:
// patients, users, but not person_name.
func (t *tableState) namesPersons() bool {
	n := &t.names
	return len(t.boards) > 0 && n.vocabulary.Has(n.table, "person") && n.vocabulary.Only(n.table, "person", "patient", "member", "staff", "user", "record")
}

// authored returns how many columns say who wrote a row.
func (t *tableState) authored() (n int) {
	for i := range t.Columns {
		if c := t.names.columns[i]; t.names.vocabulary.Has(c, "by") || t.names.vocabulary.Has(c, "author") {
			n++
		}
	}
	return n
}

// ofOnePerson are the classes whose values belong to one person, whatever their table is about.
var ofOnePerson = []Class{PersonKey, GivenName, FamilyName, PersonName, SSN, NationalID, MRN, MemberID, BirthDate, DeathDate}

// hasPersons reports whether a column says whom a row is about, other than who wrote it. The
// dates of such a table are those of persons, even if it looks like one of codes.
func (t *tableState) hasPersons() bool {
	for i, b := range t.boards {
		class, _, _ := b.best()
		if n := &t.names; slices.Contains(ofOnePerson, class) && !n.vocabulary.Has(n.columns[i], "by") && !n.vocabulary.Has(n.columns[i], "author") {
			return true
		}
	}
	return false
}

// yearOnly reports whether a column has years rather than days.
func (t *tableState) yearOnly(i int) bool {
	c := &t.Columns[i]
	return c.family() == integerType && (t.names.vocabulary.Has(t.names.columns[i], "year") || strings.HasSuffix(c.Name, "yr"))
}
