package propose

import (
	"fmt"
	"slices"

	"github.com/veil-proxy/veil/discover"
)

// unsureID is the rule of columns that a person should look at.
const unsureID = "unsure"

// treat puts a column under the rule for its class.
func (p *proposal) treat(c place, k keyed, isKeyed bool) {
	f, column := p.found(c), p.column(c)
	sure := fmt.Sprintf("%.0f%%", 100*f.Confidence)
	switch {
	case isKeyed && k.method == "seal":
		r := rule{id: "keys-of-" + slug(k.domain), category: "R", method: k.method, args: []string{"domain: " + quote(k.domain)},
			why: "Keys that join have one domain, so that joins still work. The person with the key can open them."}
		p.add(c, r, sure)
	case isKeyed && k.method == "pseudonym":
		r := rule{id: "keys-of-" + slug(k.domain), category: "R", method: k.method, args: []string{"domain: " + quote(k.domain)},
			why: "Keys that join have one domain, so that joins still work. Some have characters that FHIR ids cannot have, so they cannot be sealed."}
		p.add(c, r, sure)
	case isKeyed && k.method == "hide":
		p.add(c, rule{id: "keys-of-other-types", category: "R", method: "hide", why: "Keys whose type cannot be sealed."}, sure)
	case isKeyed && !p.keeps(c):
		p.add(c, rule{id: "references", method: "keep", why: "Keys of tables that identify nobody, whose keys are kept."}, sure)
	case f.Unsure():
		p.unsure(c, "")
	case f.Sensitive:
		p.sensitive(c, f, column, sure)
	default:
		p.plain(c, f, column, sure)
	}
}

// unsure hides a column, and says in a comment what it may be.
func (p *proposal) unsure(c place, because string) {
	f := p.found(c)
	note := fmt.Sprintf("unsure: perhaps %s (%.0f%%)", f.Class.What(), 100*f.Confidence)
	if because != "" {
		note = because
	}
	p.add(c, rule{id: unsureID, category: "R", method: "hide", why: "Discovery is not sure what these columns hold. They stay hidden until a person decides."}, note)
}

// sensitive masks a column that identifies persons.
func (p *proposal) sensitive(c place, f *discover.Finding, column *discover.Column, sure string) {
	r := rule{id: string(f.Class), category: f.Category, method: "remove", why: "These are " + f.Class.What() + "."}
	switch f.Class {
	case discover.GivenName, discover.FamilyName, discover.PersonName:
		kind := map[discover.Class]string{discover.GivenName: "given", discover.FamilyName: "family", discover.PersonName: "person"}[f.Class]
		if entity := p.entity(c); entity != "" && column.IsText() {
			r.id, r.method, r.args = r.id+"-surrogate", "surrogate", []string{"kind: " + kind, "entity: " + quote(entity)}
			r.why += " The same person has the same invented name everywhere."
		}
	case discover.Zip:
		if column.IsText() {
			r.method = "zip3"
			r.why += " Three digits remain where enough people live (164.514(b)(2)(i)(B))."
		}
	case discover.BirthDate:
		p.date(&r, "birthYear", c, column, discover.DeathDate, "death")
	case discover.DeathDate:
		p.date(&r, "deathYear", c, column, discover.BirthDate, "birth")
	case discover.EventDate:
		if column.IsDate() || column.IsText() {
			r.method = "year"
			r.why += " The year remains."
			if birth := p.beside(c, discover.BirthDate, (*discover.Column).IsDate); birth != "" && column.IsDate() {
				r.args = []string{"birth: " + quote(birth)}
			}
		}
	case discover.Age:
		if column.IsText() || column.IsNumber() {
			r.method, r.args = "ageCap", []string{"unit: a"}
			r.why += " Over 89 becomes 90."
		}
	case discover.MRN, discover.MemberID:
		if column.IsID() {
			r.method, r.args = "pseudonym", []string{"domain: " + quote(string(f.Class))}
			r.why += " Equal numbers have equal pseudonyms."
		}
	case discover.FHIRDocument:
		if column.IsText() || column.IsDocument() {
			r.method = "fhir"
			r.why += " They are masked by the FHIR rules of safe-harbor."
		}
	}
	p.add(c, r, sure)
}

// date keeps the year of a date, and uses the person's birth or death if the table has
// it.
func (p *proposal) date(r *rule, method string, c place, column *discover.Column, other discover.Class, arg string) {
	if !column.IsDate() && !column.IsText() {
		return // a year or a month as a number could reveal an age over 89
	}
	r.method = method
	r.why += " The year remains, unless it reveals an age over 89."
	if beside := p.beside(c, other, (*discover.Column).IsDate); beside != "" && column.IsDate() {
		r.args = []string{arg + ": " + quote(beside)}
	}
}

// entity returns the key of the person that a row is about: the table's own key in a
// table of persons, else a foreign key to one, else any number of a person.
func (p *proposal) entity(c place) string {
	t := &p.tables[c.table]
	best, most := "", 0
	for i, f := range p.findings[c.table] {
		column := &t.Columns[i]
		own := column.Key && f.Class == discover.MRN // a record number that is also the key
		if i == c.column || f.Class != discover.PersonKey && !own || f.Unsure() || !column.IsID() {
			continue
		}
		worth := 1
		switch {
		case column.Key:
			worth = 3
		case column.References != nil:
			worth = 2
		}
		if worth > most {
			best, most = column.Name, worth
		}
	}
	return best
}

// plain keeps what identifies nobody by itself, unless its values look otherwise.
func (p *proposal) plain(c place, f *discover.Finding, column *discover.Column, sure string) {
	if p.tables[c.table].Unread != "" {
		p.unsure(c, "the table could not be read; perhaps "+f.Class.What())
		return
	}
	if f.Class == discover.OrganizationName {
		p.add(c, rule{id: "organization-name", category: "A", method: "remove", why: "Names of organizations can be those of employers."}, sure)
		return
	}
	if !column.Harmless() {
		p.unsure(c, "unsure: perhaps "+f.Class.What()+", but the values differ from row to row")
		return
	}
	id := string(f.Class)
	if f.Class == discover.EventDate {
		if p.mayNamePersons(c.table) {
			event := *f
			event.Sensitive, event.Category = true, "C"
			p.sensitive(c, &event, column, sure)
			return
		}
		id = "reference-date"
	}
	p.add(c, rule{id: id, method: "keep", why: "These are " + f.Class.What() + ", which identify nobody by themselves."}, sure)
}

// mayNamePersons reports whether a table has a column that identifies persons, or may do so.
// Its dates can be those of persons, whatever the table seems to be about.
func (p *proposal) mayNamePersons(table int) bool {
	return slices.ContainsFunc(p.findings[table], func(f *discover.Finding) bool { return f.Sensitive || f.Unsure() })
}
