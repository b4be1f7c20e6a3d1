package sqltest

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/mask"
)

const yearRules = `
veil: 1
name: years
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: any, match: {schema: y, column: any_*}, method: year}
    - {id: born, match: {schema: y, column: born_*}, method: birthYear, death: other}
    - {id: died, match: {schema: y, column: died_*}, method: deathYear, birth: other}
`

// TestYearsAsNumbers holds that a whole number is treated as a year in SQL as it is by the
// method, and can be compared with.
func TestYearsAsNumbers(t *testing.T) {
	p := masktest.Policy(t, yearRules)
	years := map[string][]string{
		"int2": {"-1950", "0", "195", "800", "999", "1000", "1890", "1934", "1935", "1936", "1950", "1999", "2025", "9999", "10000", "32767"},
		"int4": {"-1950", "0", "195", "1890", "1936", "1950", "2025", "10000", "19500101", "2147483647", "-2147483648"},
		"int8": {"1936", "1950", "195001011200", "9223372036854775807", "-9223372036854775808"},
	}
	others := []string{"NULL", "'1930'", "'1940-05-05'", "'2001'", "'unknown'"}
	sql := "DROP SCHEMA IF EXISTS y CASCADE; CREATE SCHEMA y;"
	for typ, values := range years {
		sql += fmt.Sprintf("CREATE TABLE y.%[1]s (n serial, any_year %[1]s, born_in %[1]s, died_in %[1]s, other text);", typ)
		for _, v := range append(values, "NULL") {
			for _, o := range others {
				sql += fmt.Sprintf("INSERT INTO y.%s (any_year, born_in, died_in, other) VALUES (%[2]s, %[2]s, %[2]s, %[3]s);", typ, v, o)
			}
		}
	}
	db := pgtest.Start(t).SharedDatabase(t, "years")
	db.Exec(t, sql)
	masked, originals := direct(t, openListener(t, db.DSN(pgtest.Owner), p, nil).dsn()), direct(t, db.DSN(pgtest.Owner))
	want := func(rule int, v []byte, in mask.Input) string { return byMethod(t, p, rule, v, in) }
	shown := 0
	for typ := range years {
		query := "SELECT n, any_year, born_in, died_in, other FROM y." + typ + " ORDER BY n"
		got, rows := rowsOf(t, masked, query), rowsOf(t, originals, query)
		if len(got) != len(rows) || len(rows) == 0 {
			t.Fatalf("%s: %d rows, want %d", typ, len(got), len(rows))
		}
		over := 0
		for i, row := range rows {
			other := row[4]
			expect := []string{
				want(0, row[1], mask.Input{}),
				want(1, row[2], mask.Input{Death: other, Dead: other != nil}),
				want(2, row[3], mask.Input{Birth: other}),
			}
			for k, w := range expect {
				g := "NULL"
				if got[i][k+1] != nil {
					g = string(got[i][k+1])
					shown++
				}
				if g != w {
					t.Errorf("%s row %s, column %d: %s beside %q is %s, want %s", typ, row[0], k+1, row[k+1], other, g, w)
				}
			}
			if n, err := strconv.Atoi(expect[1]); err == nil && n > 1940 {
				over++
			}
		}
		count := rowsOf(t, masked, "SELECT count(*) FROM y."+typ+" WHERE born_in > 1940")
		if string(count[0][0]) != strconv.Itoa(over) {
			t.Errorf("%s: %s births after 1940, want %d", typ, count[0][0], over)
		}
	}
	if shown < 50 {
		t.Errorf("only %d years are shown", shown)
	}
}
