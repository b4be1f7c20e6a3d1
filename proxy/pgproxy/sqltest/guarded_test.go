package sqltest

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// TestHiddenWordsAreNeverCompared holds that no condition is judged over a word of a system
// relation's row that is hidden: an expression that fails for such a word does not fail,
// whichever condition PostgreSQL judges first. What is not compared takes no time.
func TestHiddenWordsAreNeverCompared(t *testing.T) {
	t.Parallel()
	h := start(t)
	s, owner := connect(t, h.strong.dsn()), connect(t, h.originals.DSN(pgtest.Owner))
	defer s.close()
	defer owner.close()
	words := func(s *session, relation, column string) map[string]bool {
		a := s.run(modes[0], fmt.Sprintf("SELECT DISTINCT %s::text FROM %s WHERE %[1]s IS NOT NULL", column, relation), nil)
		if a.err != nil {
			t.Fatalf("%s.%s: %s", relation, column, a.said())
		}
		all := map[string]bool{}
		for _, row := range a.rows {
			all[string(row[0])] = true
		}
		return all
	}
	columns := s.run(modes[0], `SELECT attrelid::regclass, quote_ident(attname) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_type t ON t.oid = atttypid
		WHERE relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) AND relkind IN ('r', 'v') AND attnum > 0 AND (atttypid IN (19, 25) OR typbasetype IN (19, 25)) ORDER BY 1, 2`, nil)
	if columns.err != nil {
		t.Fatal(columns.said())
	}
	probed := 0
	for _, row := range columns.rows {
		relation, column := string(row[0]), string(row[1])
		if s.run(modes[0], "SELECT FROM "+relation+" LIMIT 0", nil).err != nil {
			continue
		}
		hidden := words(owner, relation, column)
		for word := range words(s, relation, column) {
			delete(hidden, word)
		}
		for i, word := range slices.Sorted(maps.Keys(hidden)) {
			if i == 3 {
				break
			}
			probed++
			// Both conditions are cheap, so that PostgreSQL judges them first.
			probe := fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = %s AND %[2]s::text::int IS NOT NULL", relation, column, catalog.QuoteLiteral(word))
			if a := s.run(modes[0], probe, nil); a.err != nil {
				t.Errorf("%s: %s", probe, a.said())
			}
		}
	}
	if probed < 50 {
		t.Errorf("%d words were probed, want at least 50", probed)
	}
}
