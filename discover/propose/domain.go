package propose

import (
	"strings"

	"github.com/veil-proxy/veil/discover"
)

// place is a column of the tables by number.
type place struct{ table, column int }

// keyed are columns that join, and the domain that their pseudonyms share.
type keyed struct {
	// domain is the name of a domain, or empty for keys that identify nobody.
	domain string
	// masked says that the columns can all be sealed.
	masked bool
}

// domains puts columns that join by foreign keys into one domain each: all are masked
// alike, or none is.
func (p *proposal) domains() map[place]keyed {
	parent := map[place]place{}
	var root func(place) place
	root = func(c place) place {
		if up, ok := parent[c]; ok && up != c {
			top := root(up)
			parent[c] = top
			return top
		}
		return c
	}
	for t := range p.tables {
		for i := range p.tables[t].Columns {
			c := place{t, i}
			if to, ok := p.target(c); ok {
				if a, b := root(c), root(to); a != b {
					parent[a] = b
				}
			}
		}
	}
	groups := map[place][]place{}
	p.each(func(c place) { groups[root(c)] = append(groups[root(c)], c) })
	out := map[place]keyed{}
	for top, members := range groups {
		sensitive, can := false, true
		for _, c := range members {
			f := p.found(c)
			sensitive = sensitive || f.Sensitive && isKey(f.Class) || f.Sensitive && len(members) > 1
			can = can && p.column(c).IsID()
		}
		if !sensitive {
			continue
		}
		k := keyed{p.domainName(top, len(members) > 1), can}
		for _, c := range members {
			out[c] = k
		}
	}
	return out
}

func isKey(c discover.Class) bool { return c == discover.PersonKey || c == discover.EventKey }

// domainName names a domain after the table whose key it is: Patient for patients, as
// FHIR calls them, and otherwise as the table is called.
func (p *proposal) domainName(c place, joined bool) string {
	t := &p.tables[c.table]
	name := t.Name
	for i := range p.tables {
		if i != c.table && p.tables[i].Name == name && p.tables[i].Kind != discover.View {
			name = t.Schema + "." + t.Name
			break
		}
	}
	column := &t.Columns[c.column]
	if !joined && !column.Key {
		return name + "." + column.Name
	}
	if lower := strings.ToLower(t.Name); (lower == "patient" || lower == "patients") && column.Key {
		return "Patient"
	}
	return name
}
