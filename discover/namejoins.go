package discover

import (
	"slices"
	"strings"

	"github.com/veil-proxy/veil/discover/values"
	"github.com/veil-proxy/veil/discover/words"
)

// leastTrust is how reliable the names of a table must be for a name to say which key a
// column refers to.
const leastTrust = 0.6

// findNamedJoins finds columns whose name is that of another table's key, if neither
// foreign keys nor values say what they refer to: visit_id or preceding_visit_id, where
// visit has the key visit_id, or visits the key id.
func (g *graph) findNamedJoins() {
	keys := map[string]map[string][]columnRef{} // by schema and name
	for _, t := range g.tables {
		if keys[t.Schema] == nil {
			keys[t.Schema] = map[string][]columnRef{}
		}
		for i := range t.Columns {
			if c := (columnRef{t, i}); t.Columns[i].Key && t.boards[i].trust >= leastTrust && keyLike(&t.Columns[i]) {
				for _, name := range keyNames(t, i) {
					keys[t.Schema][name] = append(keys[t.Schema][name], c)
				}
			}
		}
	}
	for _, t := range g.tables {
		for i := range t.Columns {
			from := columnRef{t, i}
			if _, ok := g.links[from]; ok || t.Columns[i].Key || t.boards[i].trust < leastTrust || !keyLike(&t.Columns[i]) {
				continue
			}
			if to, ok := namedKey(from, keys[t.Schema]); ok {
				g.link(from, to)
				g.named[from] = true
			}
		}
	}
}

// keyNames returns the names of columns that refer to a key: its own name if it says of
// what, and the name of its table with that of the key.
func keyNames(t *tableState, i int) []string {
	key := words.Split(t.Columns[i].Name)
	if !words.General(t.Columns[i].Name) {
		if last := key[len(key)-1]; words.General(last) || len(last) > 4 && (strings.HasSuffix(last, "id") || strings.HasSuffix(last, "key")) {
			return []string{strings.Join(key, "_")}
		}
		return nil
	}
	table := strings.Join(words.Split(t.Name), "_")
	var names []string
	for _, ending := range []string{"", "s", "es", "en", "n", "e"} {
		if stem, ok := strings.CutSuffix(table, ending); ok && len(stem) >= 3 {
			names = append(names, stem+"_"+strings.Join(key, "_"))
		}
	}
	return names
}

// namedKey returns the only key with the longest name that the name of a column ends
// with.
func namedKey(from columnRef, keys map[string][]columnRef) (columnRef, bool) {
	column := &from.table.Columns[from.column]
	for parts := words.Split(column.Name); len(parts) > 0 && !words.General(parts[0]); parts = parts[1:] {
		var found []columnRef
		for _, to := range keys[strings.Join(parts, "_")] {
			if to.table != from.table && to.table.Columns[to.column].family() == column.family() {
				found = append(found, to)
			}
		}
		// Of tables that extend each other, the first one owns the key.
		if own := slices.DeleteFunc(slices.Clone(found), func(c columnRef) bool { return c.table.Columns[c.column].References != nil }); len(own) > 0 {
			found = own
		}
		if len(found) > 0 {
			return found[0], len(found) == 1
		}
	}
	return columnRef{}, false
}

// keyLike reports whether a column could contain keys, by its type and values.
func keyLike(c *Column) bool {
	if !c.IsID() {
		return false
	}
	p := c.Profile
	if p == nil || p.Distinct == 0 {
		return true
	}
	return p.Decimals == 0 && p.MeanWords < 1.5 && p.Share(values.Date) < 0.5 && p.MaxLength <= 64
}
