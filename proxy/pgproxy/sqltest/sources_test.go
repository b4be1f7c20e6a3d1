package sqltest

import (
	"fmt"
	"testing"
)

// origin is the column of a relation that RowDescription names for a column of a result, by
// its numbers in the database.
type origin struct {
	table  uint32
	column uint16
}

// sources are the names of a database's columns.
type sources map[origin]string

// sourcesOf reads the names of the columns that a session sees.
func sourcesOf(t *testing.T, s *session) sources {
	t.Helper()
	a := s.run(modes[0], `SELECT c.oid, attnum, nspname || '.' || relname || '.' || attname
		FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE attnum > 0`, nil)
	if a.err != nil {
		t.Fatal(a.said())
	}
	all := sources{}
	for _, row := range a.rows {
		var at origin
		if _, err := fmt.Sscan(string(row[0])+" "+string(row[1]), &at.table, &at.column); err != nil {
			t.Fatal(err)
		}
		all[at] = string(row[2])
	}
	return all
}

// diff says which column of a result has another source than it should, or nothing.
func (s sources) diff(a *answer, w sources, want *answer) string {
	for i, at := range a.sources {
		if got, wanted := s[at], w[want.sources[i]]; got != wanted {
			return fmt.Sprintf("column %q is said to be of %q (%v), want %q", a.names[i], got, at, wanted)
		}
	}
	return ""
}
