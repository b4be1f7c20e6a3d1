package sqltest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
)

const besideRules = `
veil: 1
name: beside
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: born, match: {schema: b, column: born}, method: birthYear, as: number, death: other}
    - {id: died, match: {schema: b, column: died}, method: deathYear, as: number, birth: other}
    - {id: us, match: {schema: b, column: us}, method: zip3}
    - {id: state, match: {schema: b, column: state}, method: zip3, missingCountry: state}
    - {id: none, match: {schema: b, column: none}, method: zip3, missingCountry: remove}
`

// TestMethodsReadBesideInSQL holds methods in SQL to those in Go, whatever type the column
// has that a method reads besides its own, and where none names the country.
func TestMethodsReadBesideInSQL(t *testing.T) {
	t.Parallel()
	p := masktest.Policy(t, besideRules)
	others := map[string][]string{
		"text":        {"", "1950", "1930", "1950-06", "1950-13", "1950-06-01", "1950-06-32", "1950-06-01T10:00", "1950-06-01 10:00:00+02", "1950-06-01x", "1950-06-01\n", "1950\n", "0000", "unknown", "19500", "195", "1950 ", "2030", "1890", "１９５０"},
		"varchar(9)":  {"", "1950", "x"},
		"int4":        {"1950", "195", "19500", "-1950", "0"},
		"numeric":     {"1950", "1950.5", "NaN"},
		"date":        {"1950-06-01", "1890-01-01", "infinity", "0044-03-15 BC"},
		"timestamptz": {"1950-06-01 10:00+00", "infinity"},
		"bool":        {"true"},
		"jsonb":       {"1950", `"1950"`, "{}"},
		"text[]":      {"{1950}", "{}"},
		"bytea":       {"1950"},
		"interval":    {"1950 years"},
	}
	const dates = "'1890-01-01', '1900-01-01', '1935-12-31', '1936-01-01', '1950-06-01', '1955-06-01', '2025-01-01'"
	codes := []string{"", "02115", "03601", "000", "00000", "02115-1234", "021151234", "021", "036", "x"}
	var sql strings.Builder
	sql.WriteString("DROP SCHEMA IF EXISTS b CASCADE; CREATE SCHEMA b; CREATE TABLE b.codes (n serial, us text, state text, none text);")
	for _, c := range codes {
		fmt.Fprintf(&sql, "INSERT INTO b.codes (us, state, none) VALUES (%s, %[1]s, %[1]s);", literal(c))
	}
	for typ, values := range others {
		name := tableOf(typ)
		fmt.Fprintf(&sql, "CREATE TABLE %s (n serial, born date, died date, other %s);", name, typ)
		for _, v := range append([]string{"NULL"}, values...) {
			if v != "NULL" {
				v = literal(v)
			}
			fmt.Fprintf(&sql, "INSERT INTO %s (born, died, other) SELECT d::date, d::date, %s::%s FROM unnest(ARRAY[%s]) d;", name, v, typ, dates)
		}
	}
	db := pgtest.Start(t).SharedDatabase(t, "beside")
	db.Exec(t, sql.String())
	masked, originals := direct(t, openListener(t, db.DSN(pgtest.Owner), p, nil).dsn()), direct(t, db.DSN(pgtest.Owner))
	want := func(rule int, v []byte, in mask.Input) string { return byMethod(t, p, rule, v, in) }
	compare := func(query string, expect func(row [][]byte) []string) {
		got, rows := rowsOf(t, masked, query), rowsOf(t, originals, query)
		if len(got) != len(rows) {
			t.Fatalf("%s: %d rows, want %d", query, len(got), len(rows))
		}
		for i, row := range rows {
			for j, w := range expect(row) {
				g := "NULL"
				if got[i][j+1] != nil {
					g = string(got[i][j+1])
				}
				if g != w {
					t.Errorf("%s: %q: column %d is %s, want %s", query, row, j+1, g, w)
				}
			}
		}
	}
	for typ := range others {
		compare("SELECT n, born, died, other FROM "+tableOf(typ)+" ORDER BY n", func(row [][]byte) []string {
			return []string{want(0, row[1], mask.Input{Death: row[3]}), want(1, row[2], mask.Input{Birth: row[3]})}
		})
	}
	compare("SELECT n, us, state, none FROM b.codes ORDER BY n", func(row [][]byte) []string {
		return []string{want(2, row[1], mask.Input{}), want(3, row[2], mask.Input{}), want(4, row[3], mask.Input{})}
	})
}

func tableOf(typ string) string {
	return "b.of_" + strings.Trim(strings.NewReplacer("(", "_", ")", "", "[]", "_list").Replace(typ), "_")
}

func direct(t *testing.T, dsn string) *pgconn.PgConn {
	t.Helper()
	c, err := pgconn.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func rowsOf(t *testing.T, c *pgconn.PgConn, sql string) [][][]byte {
	t.Helper()
	results, err := c.Exec(context.Background(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return results[0].Rows
}

// byMethod is what the method of a rule makes of a value, which is nil for NULL.
func byMethod(t *testing.T, p *ruleset.Policy, rule int, v []byte, in mask.Input) string {
	t.Helper()
	if v == nil {
		return "NULL"
	}
	method, _ := p.TableMethod(rule)
	out, outcome, err := method.Append(nil, v, &in)
	switch {
	case err != nil:
		t.Fatal(err)
	case outcome == mask.Kept:
		return string(v)
	case outcome != mask.Replaced:
		return "NULL"
	}
	return string(out)
}
