package sqltest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/age"
)

const unitRules = `
veil: 1
name: units
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: cap, match: {schema: u, table: measured, column: value}, method: ageCap, unit: {column: unit, default: a}}
`

// TestAgeCapReadsUnitsAsTheMethod holds the age cap in SQL to the method, over units as
// people write them: SQL shows what the method shows, or nothing, and nothing only where
// the method does not keep the number or the unit names a time among other words.
func TestAgeCapReadsUnitsAsTheMethod(t *testing.T) {
	t.Parallel()
	p := masktest.Policy(t, unitRules)
	method, _ := p.TableMethod(0)
	units, ages := slices.Sorted(maps.Keys(age.UnitWords())), age.Words()
	plain := map[string]bool{"": true}
	for _, u := range units {
		plain[u], plain[strings.ToUpper(u)], plain[" "+u+"\u00a0"] = true, true, true
	}
	all := []string{"mg/dL", "mm[Hg]", "kg", "%", "1", "?", "bpm", "beats per minute", "/min", "mg / day", "10*3/uL", "cm", "score", "IU/L", "mL/min/1.73m2", "{score}", "a{age}", "a{x}", "{years}x", "(y)", "years old", "years_old", "93years", "age in months", "Years of age", "ｙｅａｒｓ", "per year", "Age", "AÑOS", "mg/year of age", "歳くらい"}
	for _, keep := range []string{"mg/dL", "mm[Hg]", "kg", "%", "bpm", "beats per minute", "/min", "mg / day", "10*3/uL", "cm", "score", "IU/L", "mL/min/1.73m2", "per year"} {
		plain[keep] = true
	}
	all = append(all, units...)
	for _, w := range append(units, ages...) {
		all = append(all, strings.ToUpper(w), " "+w+"\u00a0", w+" x", "x "+w, w+"/x", "x/"+w, "{"+w+"}")
	}
	db := pgtest.Start(t).SharedDatabase(t, "units")
	values := []string{"", "12", "89.9", "90", "93", "1079", "1080", "5000", "33000", "2840123251", "-93"}
	var rows []string
	for _, u := range all {
		for _, v := range values[1:] {
			rows = append(rows, fmt.Sprintf("(%d, %s, %s)", len(rows), literal(u), v))
		}
	}
	db.Exec(t, "DROP SCHEMA IF EXISTS u CASCADE; CREATE SCHEMA u; CREATE TABLE u.measured (n int, unit text, value numeric); INSERT INTO u.measured VALUES "+strings.Join(rows, ", "))
	d := openListener(t, db.DSN(pgtest.Owner), p, nil)
	conn, err := pgconn.Connect(context.Background(), d.dsn())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	source, err := pgconn.Connect(context.Background(), db.DSN(pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close(context.Background())
	read := func(c *pgconn.PgConn) [][][]byte {
		results, err := c.Exec(context.Background(), "SELECT n, unit, value FROM u.measured ORDER BY n").ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return results[0].Rows
	}
	masked, originals := read(conn), read(source)
	if len(masked) != len(originals) {
		t.Fatalf("%d rows, want %d", len(masked), len(originals))
	}
	in := &mask.Input{Keys: p.Keys.NewPseudonymizer(), Type: mask.Number}
	wrong := 0
	for i, row := range originals {
		unit, value := string(row[1]), string(row[2])
		in.Unit = row[1]
		out, outcome, err := method.Append(nil, row[2], in)
		if err != nil {
			t.Fatal(err)
		}
		want := string(out)
		if outcome == mask.Kept {
			want = value
		}
		got, null := string(masked[i][2]), masked[i][2] == nil
		if string(masked[i][1]) != unit {
			t.Fatalf("row %d is another one", i)
		}
		if ok := null && outcome != mask.Kept || null && !plain[unit] || !null && outcome != mask.Removed && got == want; !ok {
			if wrong++; wrong < 20 {
				t.Errorf("%s %q: got %q (NULL: %v), want %q, %s", value, unit, got, null, want, outcome)
			}
		}
	}
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
