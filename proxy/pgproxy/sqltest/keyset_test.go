package sqltest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

const keysetRules = `
veil: 1
name: keyset
referenceDate: 2025-06-30
tables:
  default: refuse
  rules:
    - {id: ids, match: {schema: k, column: id}, method: seal, domain: Thing}
    - {id: groups, match: {schema: k, column: kind}, method: keep}
`

// keysetTables have ids of each type that can be sealed, with the id of row i.
var keysetTables = map[string]struct {
	typ, id string
	rows    int
}{
	"ints":    {"int", "i", 4000},
	"bigints": {"bigint", "7000000000 + i", 10_000},
	"uuids":   {"uuid", "md5(i::text)::uuid", 4000},
	"texts":   {"text", "'K-' || lpad(i::text, 6, '0')", 4000},
}

// keysetWays are how clients page by the id of the row before: each query has the id
// first, {t} stands for the table and {after} for that id.
var keysetWays = []struct {
	name, first, next string
	parameter         bool
	backwards         bool
}{
	{name: "Django", parameter: true,
		first: `SELECT "k"."{t}"."id", "k"."{t}"."kind" FROM "k"."{t}" ORDER BY "k"."{t}"."id" ASC LIMIT 900`,
		next:  `SELECT "k"."{t}"."id", "k"."{t}"."kind" FROM "k"."{t}" WHERE "k"."{t}"."id" > $1 ORDER BY "k"."{t}"."id" ASC LIMIT 900`},
	{name: "Rails", parameter: true,
		first: `SELECT "k"."{t}".* FROM "k"."{t}" ORDER BY "k"."{t}"."id" ASC LIMIT 1000`,
		next:  `SELECT "k"."{t}".* FROM "k"."{t}" WHERE "k"."{t}"."id" > $1 ORDER BY "k"."{t}"."id" ASC LIMIT 1000`},
	{name: "Rails, backwards", backwards: true,
		first: `SELECT "k"."{t}"."id" FROM "k"."{t}" ORDER BY "k"."{t}"."id" DESC LIMIT 1000`,
		next:  `SELECT "k"."{t}"."id" FROM "k"."{t}" WHERE "k"."{t}"."id" < '{after}' ORDER BY "k"."{t}"."id" DESC LIMIT 1000`},
	{name: "Hibernate", parameter: true,
		first: `select t1_0.id,t1_0.kind from k.{t} t1_0 order by t1_0.id fetch first 2500 rows only`,
		next:  `select t1_0.id,t1_0.kind from k.{t} t1_0 where t1_0.id>$1 order by t1_0.id fetch first 2500 rows only`},
	{name: "Metabase",
		first: `SELECT "source"."id" AS "id", "source"."kind" AS "kind" FROM (SELECT "k"."{t}"."id" AS "id", "k"."{t}"."kind" AS "kind" FROM "k"."{t}") AS "source" ORDER BY "source"."id" ASC LIMIT 2000`,
		next:  `SELECT "source"."id" AS "id", "source"."kind" AS "kind" FROM (SELECT "k"."{t}"."id" AS "id", "k"."{t}"."kind" AS "kind" FROM "k"."{t}") AS "source" WHERE "source"."id" > '{after}' ORDER BY "source"."id" ASC LIMIT 2000`},
	{name: "rows",
		first: `SELECT id FROM k.{t} ORDER BY id, kind LIMIT 2500`,
		next:  `SELECT id FROM k.{t} WHERE (id, kind) > ('{after}', 3) AND id <> '{after}' ORDER BY id, kind LIMIT 2500`},
	{name: "numbers",
		first: `SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM k.{t}) x WHERE n <= 5000 ORDER BY n`,
		next:  `SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM k.{t}) x WHERE n > 0 AND id > '{after}' ORDER BY n`},
}

// TestKeysetPages pages right through tables by their sealed ids: each row comes exactly
// once, in one order for all statements and modes, which min, max, BETWEEN and windows
// follow too.
func TestKeysetPages(t *testing.T) {
	t.Parallel()
	db := pgtest.Start(t).CreateDatabase(t, "keyset")
	var sql strings.Builder
	sql.WriteString("CREATE SCHEMA k;")
	for name, table := range keysetTables {
		fmt.Fprintf(&sql, "CREATE TABLE k.%s AS SELECT (%s)::%s AS id, i %% 7 AS kind FROM generate_series(1, %d) i; ALTER TABLE k.%[1]s ADD PRIMARY KEY (id);", name, table.id, table.typ, table.rows)
	}
	db.Exec(t, sql.String()+"ANALYZE;")
	s := connect(t, openListener(t, db.DSN(pgtest.Owner), masktest.Policy(t, keysetRules), nil).dsn())
	defer s.close()
	run := func(m mode, sql string, params ...string) *answer {
		t.Helper()
		a := s.run(m, sql, params)
		if a.err != nil {
			t.Fatalf("%s: %s", sql, a.said())
		}
		return a
	}
	one := func(sql string) string { t.Helper(); return string(run(modes[0], sql).rows[0][0]) }
	for table, of := range keysetTables {
		rows := of.rows
		all := textsOf(run(modes[2], "SELECT id FROM k."+table+" ORDER BY id"), 0)
		for w, way := range keysetWays {
			var seen []string
			after := ""
			for page := range rows {
				text, params, m := way.first, []string(nil), modes[page%3]
				if page > 0 {
					text = strings.ReplaceAll(way.next, "{after}", after)
					if way.parameter {
						params, m = []string{after}, modes[1+(w+page)%2]
					}
				}
				got := textsOf(run(m, strings.ReplaceAll(text, "{t}", table), params...), 0)
				if len(got) == 0 {
					break
				}
				seen, after = append(seen, got...), got[len(got)-1]
			}
			if way.backwards {
				slices.Reverse(seen)
			}
			if !slices.Equal(seen, all) {
				t.Errorf("%s by %s: %d rows, want %d in the order of a statement that has no pages", table, way.name, len(seen), len(all))
			}
		}
		if low, high := one("SELECT min(id) FROM k."+table), one("SELECT max(id) FROM k."+table); low != all[0] || high != all[rows-1] {
			t.Errorf("%s: min and max are %s and %s, want %s and %s", table, low, high, all[0], all[rows-1])
		}
		from, to := all[200], all[2400]
		for sql, want := range map[string]int{
			"id BETWEEN '" + from + "' AND '" + to + "'":               2201,
			"id NOT BETWEEN '" + from + "' AND '" + to + "'":           rows - 2201,
			"id BETWEEN SYMMETRIC '" + to + "' AND '" + from + "'":     2201,
			"id NOT BETWEEN SYMMETRIC '" + to + "' AND '" + from + "'": rows - 2201,
			"id BETWEEN '" + to + "' AND '" + from + "'":               0,
			"'" + from + "' < id":                                      rows - 201,
			"(id, kind) >= ('" + from + "', -1)":                       rows - 200,
			"id > (SELECT min(id) FROM k." + table + ")":               rows - 1,
			"id = (SELECT max(id) FROM k." + table + ")":               1,
			"id < NULL": 0,
		} {
			if got := one("SELECT count(*) FROM k." + table + " WHERE " + sql); got != fmt.Sprint(want) {
				t.Errorf("%s: %s holds for %s rows, want %d", table, sql, got, want)
			}
		}
		// The order is the same where the id is distinct, and where it is derived.
		for _, sql := range []string{
			"SELECT DISTINCT id FROM k.%s ORDER BY id LIMIT 3", "SELECT DISTINCT ON (id) id FROM k.%s LIMIT 3", "SELECT id FROM k.%[1]s UNION SELECT id FROM k.%[1]s ORDER BY 1 LIMIT 3",
			"SELECT id FROM (SELECT CASE WHEN kind >= 0 THEN id END AS id FROM k.%s) x ORDER BY id LIMIT 3", "SELECT id FROM k.%s GROUP BY id ORDER BY id LIMIT 3",
			"SELECT min(id) FROM k.%s GROUP BY id ORDER BY min(id) LIMIT 3", "SELECT first_value(id) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND CURRENT ROW) FROM k.%s ORDER BY 1 LIMIT 3",
			"SELECT max(id) OVER (ORDER BY id) FROM k.%s ORDER BY 1 LIMIT 3",
		} {
			if got := textsOf(run(modes[0], fmt.Sprintf(sql, table)), 0); !slices.Equal(got, all[:3]) {
				t.Errorf(sql+": %v, want %v", table, got, all[:3])
			}
		}
		// What does not open is in no order with anything, whatever it is: an original, or
		// a text that is none.
		original := string(connectOnce(t, db, "SELECT id::text FROM k."+table+" LIMIT 1"))
		for i, id := range []string{original, "nobody", "", all[0] + "x"} {
			for k, condition := range []string{"id > $1", "id <= $1", "$1 > id", "id BETWEEN $1 AND $1", "(id, kind) > ($1, 3)", "(id > $1) IS NOT FALSE"} {
				sql := "SELECT count(*) FROM k." + table + " WHERE " + condition
				for j, m := range modes {
					if (i+j+k)%3 > 0 {
						continue
					}
					text, params := sql, []string{id}
					if m.simple {
						text, params = strings.ReplaceAll(sql, "$1", "'"+id+"'"), nil
					}
					if got := run(m, text, params...).rows[0][0]; string(got) != "0" && string(got) != "\x00\x00\x00\x00\x00\x00\x00\x00" {
						t.Errorf("%s: %s of what does not open holds", m.name, text)
					}
				}
			}
		}
	}
}

func textsOf(a *answer, i int) []string {
	out := make([]string, len(a.rows))
	for k, row := range a.rows {
		out[k] = string(row[i])
	}
	return out
}

// connectOnce is the first value of a query over the originals.
func connectOnce(t *testing.T, db *pgtest.Database, sql string) []byte {
	t.Helper()
	s := connect(t, db.DSN(pgtest.Owner))
	defer s.close()
	a := s.run(modes[0], sql, nil)
	if a.err != nil {
		t.Fatal(a.said())
	}
	return a.rows[0][0]
}
