package discover

import "github.com/veil-proxy/veil/discover/values"

// byNeighbours adds evidence from the other columns of a table: if there are given names,
// a column of capitalized words that hardly repeat has family names.
func (t *tableState) byNeighbours() {
	given := false
	for i, b := range t.boards {
		class, margin, _ := b.best()
		given = given || class == GivenName && margin > 1 && t.Columns[i].family() == textType
	}
	if !given {
		return
	}
	for i, b := range t.boards {
		p := t.Columns[i].Profile
		if p == nil || p.Distinct < 15 || p.Share(values.Capitalized) < 0.9 || p.MeanWords > 1.5 || p.Share(values.PersonName) > 0.3 {
			continue
		}
		if p.Common(values.FamilyName) >= 0.2 && p.Common(values.GivenName) < 0.7 && p.Common(values.CityName) < 0.7 && p.Share(values.Term) < 0.2 {
			b.add(fromTable, FamilyName, 2.5, "the column next to it has given names, and the values are capitalized words")
			b.add(fromTable, PersonName, -1, "")
		}
	}
}
