package propose

import (
	"strings"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/words"
)

// place is a column of the tables by number.
type place struct{ table, column int }

// keyed is how columns that join are masked: all in the same way.
type keyed struct {
	method string
	// domain is what their pseudonyms share.
	domain string
}

// joined has the columns that join, as disjoint sets of places.
type joined map[place]place

// root returns the column that represents all columns that a column joins.
func (j joined) root(c place) place {
	if up, ok := j[c]; ok && up != c {
		top := j.root(up)
		j[c] = top
		return top
	}
	return c
}

// unite notes that two columns join. The second represents both.
func (j joined) unite(c, to place) {
	if a, b := j.root(c), j.root(to); a != b {
		j[a] = b
	}
}

// domains puts columns that join into one domain: all are masked in the same way, or all
// are kept.
func (p *proposal) domains() map[place]keyed {
	j := joined{}
	p.each(func(c place) {
		if to, ok := p.target(c); ok && p.alike(c, to) {
			j.unite(c, to)
		}
	})
	p.sameNames(j)
	groups := map[place][]place{}
	p.each(func(c place) { groups[j.root(c)] = append(groups[j.root(c)], c) })
	out := map[place]keyed{}
	for top, members := range groups {
		method := p.method(top, members)
		if method == "" {
			continue
		}
		k := keyed{method, p.domainName(top)}
		for _, c := range members {
			out[c] = k
		}
	}
	return out
}

// alike reports whether two columns can be masked in the same way, so that they still
// join. Columns of a foreign key always are, even if they must be hidden.
func (p *proposal) alike(c, to place) bool {
	return p.column(c).References != nil || p.column(c).IsID() && p.column(to).IsID()
}

// sameNames unites keys of persons and records that have the same name in several tables
// of a schema without a foreign key: person_id identifies the same person everywhere.
func (p *proposal) sameNames(j joined) {
	type name struct{ schema, column string }
	first := map[name]place{}
	p.each(func(c place) {
		f, column := p.found(c), p.column(c)
		if !isKey(f.Class) || !column.IsID() || words.General(column.Name) || column.References != nil {
			return
		}
		n := name{p.tables[c.table].Schema, strings.Join(words.Split(column.Name), "_")}
		if known, ok := first[n]; ok {
			j.unite(c, known)
			return
		}
		first[n] = c
	})
}

// method is how the columns of a group are masked, or empty if each is judged by itself.
// Keys of persons and of records about them are sealed, and keys of which any column
// would otherwise be hidden, so that rows can be counted and what joins still does.
// Values that cannot be sealed become pseudonyms.
func (p *proposal) method(top place, members []place) string {
	sensitive, can, fits, kept := false, true, true, p.keeps(top)
	for _, c := range members {
		f, column := p.found(c), p.column(c)
		sensitive = sensitive || f.Sensitive && (isKey(f.Class) || len(members) > 1)
		can = can && column.IsID()
		fits = fits && column.Sealable()
		// The properties of a declared key hold for all columns that refer to it.
		kept = kept && (p.keeps(c) || column.References != nil && p.tables[c.table].Unread == "")
	}
	switch {
	case !sensitive && len(members) == 1 && (kept || !p.column(top).Key):
		return ""
	case !sensitive && kept:
		return "keep"
	case !can && sensitive:
		return "hide"
	case !can:
		return ""
	case !fits:
		return "pseudonym"
	}
	return "seal"
}

// keeps reports whether a column passes if it is judged by itself.
func (p *proposal) keeps(c place) bool {
	f := p.found(c)
	return !f.Unsure() && !f.Sensitive && f.Class != discover.OrganizationName && p.tables[c.table].Unread == "" && p.column(c).Harmless()
}

func isKey(c discover.Class) bool { return c == discover.PersonKey || c == discover.EventKey }

// domainName names a domain after the table whose key it is: Patient for patients, as
// FHIR calls them, and otherwise as the table is called.
func (p *proposal) domainName(c place) string {
	t := &p.tables[c.table]
	name := t.Name
	for i := range p.tables {
		if i != c.table && p.tables[i].Name == name && p.tables[i].Kind != discover.View {
			name = t.Schema + "." + t.Name
			break
		}
	}
	column := &t.Columns[c.column]
	if !column.Key {
		return name + "." + column.Name
	}
	if lower := strings.ToLower(t.Name); lower == "patient" || lower == "patients" {
		return "Patient"
	}
	return name
}
