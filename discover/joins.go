package discover

import (
	"fmt"
	"strings"

	"github.com/veil-proxy/veil/discover/values"
	"github.com/veil-proxy/veil/discover/words"
)

// The minimum that two columns must share to count as columns that join: a number of the
// hashes that both samples could have, and a share of them.
const (
	leastShared = 8
	sharedPart  = 0.7
)

// findJoins finds columns that join without a foreign key: nearly all values of one are
// values of a key of another table. Small numbers occur in any key, so they prove
// nothing.
func (g *graph) findJoins() {
	keys := map[uint64][]columnRef{}
	for _, t := range g.tables {
		for i := range t.Columns {
			if p := t.Columns[i].Profile; identifies(&t.Columns[i]) && (t.Columns[i].Key || t.Columns[i].Unique || p.Distinct == p.Filled) {
				for _, h := range p.Sketch {
					keys[h] = append(keys[h], columnRef{t, i})
				}
			}
		}
	}
	for _, t := range g.tables {
		for i := range t.Columns {
			from := columnRef{t, i}
			if _, ok := g.links[from]; ok || t.Columns[i].Key || !identifies(&t.Columns[i]) {
				continue
			}
			if to, ok := bestJoin(from, keys); ok {
				g.link(from, to)
			}
		}
	}
}

// link notes that a column refers to another without a foreign key.
func (g *graph) link(from, to columnRef) {
	g.links[from], g.inferred[from] = to, true
	from.table.Columns[from.column].Joins = &Reference{to.table.Schema, to.table.Name, to.table.Columns[to.column].Name}
}

// identifies reports whether the sampled values could be those of a key.
func identifies(c *Column) bool {
	p := c.Profile
	if p == nil || p.Distinct < 15 || p.Share(values.Date) > 0.5 || p.Share(values.CompactDate) > 0.5 || p.Decimals > 0 {
		return false
	}
	if p.Share(values.Integer) > 0.9 {
		return p.Min >= 10000
	}
	return p.Share(values.UUID) > 0.9 || p.Share(values.Identifier) > 0.8
}

// likely returns how much more likely a column is to join one key than others with the
// same values, since row numbers occur in many keys.
func likely(from, to columnRef) float64 {
	likely := 0.0
	if to.table.Schema == from.table.Schema {
		likely += 0.5
	}
	name := strings.Join(words.Split(from.table.Columns[from.column].Name), "_")
	for _, key := range keyNames(to.table, to.column) {
		if name == key || strings.HasSuffix(name, "_"+key) {
			return likely + 1
		}
	}
	return likely
}

// bestJoin returns the key that contains a column's values, if there is one.
func bestJoin(from columnRef, keys map[uint64][]columnRef) (columnRef, bool) {
	own := from.table.Columns[from.column].Profile
	shared := map[columnRef]int{}
	for _, h := range own.Sketch {
		for _, to := range keys[h] {
			if to.table != from.table {
				shared[to]++
			}
		}
	}
	best, most := columnRef{}, 0.0
	for to, n := range shared {
		theirs := to.table.Columns[to.column].Profile
		// Only hashes below the largest of the other sketch can be in it.
		could := len(own.Sketch)
		if theirs.Distinct > len(theirs.Sketch) {
			could = 0
			for _, h := range own.Sketch {
				if h <= theirs.Sketch[len(theirs.Sketch)-1] {
					could++
				}
			}
		}
		part := float64(n) / float64(max(could, 1))
		if n < leastShared || part < sharedPart {
			continue
		}
		name := fmt.Sprint(to.table.Schema, to.table.Name, to.column)
		part += likely(from, to)
		if part > most || part == most && name < fmt.Sprint(best.table.Schema, best.table.Name, best.column) {
			best, most = to, part
		}
	}
	return best, most > 0
}
