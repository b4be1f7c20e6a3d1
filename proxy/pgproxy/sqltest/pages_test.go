package sqltest

import (
	"fmt"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

// TestPagesFitTogether holds that LIMIT and OFFSET without an order take each row once,
// whatever the pages' sizes are and however they are written, and as many rows as there
// are.
func TestPagesFitTogether(t *testing.T) {
	t.Parallel()
	const rows = 9000
	db := pgtest.Start(t).CreateDatabase(t, "pages")
	db.Exec(t, fmt.Sprintf(`CREATE SCHEMA s;
		CREATE TABLE s.fresh AS SELECT i AS id, 't' || i AS tag, repeat('x', 500) AS fill FROM generate_series(1, %d) i;
		CREATE TABLE s.known AS TABLE s.fresh; ANALYZE s.known;
		CREATE TABLE s.wrong AS SELECT * FROM s.fresh CROSS JOIN generate_series(1, 3) AS n; ANALYZE s.wrong; DELETE FROM s.wrong WHERE n > 1;
		CREATE TABLE s.small AS SELECT * FROM s.fresh WHERE id <= 50;
		CREATE TABLE s.none AS SELECT * FROM s.fresh WHERE false;
		CREATE TABLE s."Odd ""name" AS TABLE s.fresh;
		CREATE VIEW s.through AS SELECT tag, id FROM s.known`, rows))
	s := connect(t, openListener(t, db.DSN(pgtest.Owner), masktest.Policy(t, placesRuleset), nil).dsn())
	defer s.close()
	for table, n := range map[string]int{"fresh": rows, "known": rows, "wrong": rows, "small": 50, "none": 0, `"Odd ""name"`: rows, "through": rows} {
		for way, text := range []string{
			"SELECT tag FROM s.%s LIMIT %d OFFSET %d", "SELECT tag, id FROM (SELECT * FROM s.%s) x OFFSET %[3]d FETCH FIRST %[2]d ROWS ONLY", "SELECT tag FROM s.%s LIMIT $1 OFFSET $2",
		} {
			if table != "known" && way != len(table)%3 {
				continue
			}
			seen := map[string]int{}
			for at, page := 0, 0; at < rows+2000; page++ {
				size := []int{100, 1300, 540, 200, 3900}[page%5]
				sql, m, params := fmt.Sprintf(text, table, size, at), modes[page%2], []string(nil)
				if way == 2 {
					sql, m, params = fmt.Sprintf("SELECT tag FROM s.%s LIMIT $1 OFFSET $2", table), modes[1], []string{fmt.Sprint(size), fmt.Sprint(at)}
				}
				a := s.run(m, sql, params)
				if a.err != nil {
					t.Fatalf("%s: %s", sql, a.said())
				}
				if want := max(0, min(size, n-at)); len(a.rows) != want {
					t.Errorf("%d rows in place of %d: %s %v", len(a.rows), want, sql, params)
				}
				for _, row := range a.rows {
					seen[string(row[0])]++
				}
				at += size
			}
			if len(seen) != n {
				t.Errorf("%s by way %d: %d different rows of %d", table, way, len(seen), n)
			}
		}
	}
	// What a LIMIT shows are the first of those that a longer one shows, also without OFFSET.
	for _, table := range []string{"fresh", "known", "small"} {
		all := map[string]bool{}
		for i, limit := range []string{"ALL", "2500", "900", "30", "1", "0"} {
			now := map[string]bool{}
			for _, row := range s.run(modes[0], "SELECT tag FROM s."+table+" LIMIT "+limit, nil).rows {
				now[string(row[0])] = true
				if i > 0 && !all[string(row[0])] {
					t.Errorf("LIMIT %s shows a row that a longer one does not", limit)
				}
			}
			all = now
		}
	}
	for sql, code := range map[string]string{"SELECT tag FROM s.known LIMIT -1": "2201W", "SELECT tag FROM s.known LIMIT 5 OFFSET -1": "2201X"} {
		if a := s.run(modes[0], sql, nil); a.code() != code {
			t.Errorf("%s: %s, want %s", sql, a.said(), code)
		}
	}
	if a := s.run(modes[1], "SELECT generate_series(1, 3), tag FROM s.known LIMIT 7", nil); len(a.rows) != 7 {
		t.Errorf("%d rows of a function that returns sets", len(a.rows))
	}
	if a := s.run(modes[1], "SELECT count(*), (SELECT tag FROM s.known LIMIT 1) IS NULL FROM s.known LIMIT 7", nil); len(a.rows) != 1 || string(a.rows[0][0]) != fmt.Sprint(rows) {
		t.Errorf("an aggregate over a page: %v", a.rows)
	}
}
