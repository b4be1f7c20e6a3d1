package sqltest

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

// extremesRuleset has a rule for each method that is pushed down, for the column of its
// name in any table.
const extremesRuleset = `veil: 1
name: extremes
extends: safe-harbor
tables:
  default: keep
  rules:
    - {id: r10, match: {column: round10}, method: round, to: "10"}
    - {id: rmilli, match: {column: roundmilli}, method: round, to: "0.001"}
    - {id: b7, match: {column: bucket7}, method: bucket, width: "7"}
    - {id: cap, match: {column: capped}, method: ageCap, unit: a}
    - {id: bands, match: {column: banded}, method: generalize, bands: ["0-17", "18-64", "65+"]}
    - {id: y, match: {column: yeared}, method: year}
    - {id: m, match: {column: monthly}, method: date, mode: month}
    - {id: q, match: {column: quarterly}, method: date, mode: quarter}
    - {id: noisy, match: {column: noisy}, method: noise, within: "5"}
    - {id: shifted, match: {column: shifted}, method: date, mode: shift}
    - {id: secret, match: {table: hidden, column: secret}, method: hide}
`

// TestExtremesRaiseNothing holds that no value of a type makes the masking of its
// column fail: both ends, infinity, NaN and dates before Christ.
func TestExtremesRaiseNothing(t *testing.T) {
	t.Parallel()
	types := map[string]string{
		"int2": "-32768 32767 0", "int4": "-2147483648 2147483647 0", "int8": "-9223372036854775808 9223372036854775807 9223372036854775800 0",
		"numeric": "NaN Infinity -Infinity 0.000000000000000000001 9e131071 -9e131071 1e60 -5",
		"float4":  "NaN Infinity -Infinity 3.4028235e38 1e-45 -5", "float8": "NaN Infinity -Infinity 1.7976931348623157e308 5e-324 -5",
		"date":        "infinity -infinity 4713-01-01_BC 5874897-12-31 0001-01-01",
		"timestamp":   "infinity -infinity 4713-01-01_BC 294276-12-31_23:59:59 0001-01-01",
		"timestamptz": "infinity -infinity 4713-01-01_BC 294276-12-31_23:59:59+00 0001-01-01",
		"text":        "9223372036854775807 x 2020-01-01",
	}
	columns := strings.Fields("round10 roundmilli bucket7 capped banded yeared monthly quarterly noisy shifted")
	db := pgtest.Start(t).CreateDatabase(t, "extremes")
	var b strings.Builder
	b.WriteString("CREATE SCHEMA s;")
	for typ, values := range types {
		b.WriteString("CREATE TABLE s." + typ + "s (" + strings.Join(columns, " "+typ+", ") + " " + typ + ");")
		for _, v := range strings.Fields(values) {
			v = "'" + strings.ReplaceAll(v, "_", " ") + "'"
			b.WriteString("INSERT INTO s." + typ + "s VALUES (" + strings.Repeat(v+", ", len(columns)-1) + v + ");")
		}
	}
	b.WriteString(`CREATE TABLE s.moments (n int, shifted timestamptz);
		INSERT INTO s.moments SELECT i, timestamptz '2020-01-01 00:00+00' + i * interval '1 hour' FROM generate_series(-30, 30) i;
		CREATE TABLE s.hidden (n int, secret text);
		CREATE VIEW s.inside AS SELECT n FROM s.hidden WHERE secret > '';
		CREATE VIEW s.outside AS SELECT n FROM s.inside;`)
	db.Exec(t, b.String())
	d := openListener(t, db.DSN(pgtest.Owner), masktest.Policy(t, extremesRuleset), nil)
	s := connect(t, d.dsn())
	defer s.close()
	for typ := range types {
		for _, c := range columns {
			for _, m := range modes {
				for _, sql := range []string{"SELECT " + c + " FROM s." + typ + "s", "SELECT count(" + c + ") FROM s." + typ + "s"} {
					if a := s.run(m, sql, nil); a.err != nil && a.code() != "42501" {
						t.Errorf("%s: %s", sql, a.said())
					}
				}
			}
		}
	}
	t.Run("years are cut in UTC", func(t *testing.T) {
		count := func() string {
			a := s.run(modes[0], "SELECT n, shifted AT TIME ZONE 'UTC' FROM s.moments ORDER BY n", nil)
			if a.err != nil || len(a.rows) != 61 {
				t.Fatal(a.said())
			}
			out := ""
			for _, row := range a.rows {
				out += string(row[1]) + "\n"
			}
			return out
		}
		want := count()
		if !strings.Contains(want, "2019-") || !strings.Contains(want, "2020-") {
			t.Fatal(want)
		}
		for _, zone := range []string{"XXX-15", "XXX+15", "Pacific/Kiritimati", "Etc/GMT+12", "XXX-85", "XXX+85", "-167"} {
			s.run(modes[0], "SET timezone = '"+zone+"'", nil)
			if got := count(); got != want {
				t.Errorf("another year in zone %s", zone)
			}
		}
		for _, sql := range []string{"SET timezone = 'XXX-85'", "SET TIME ZONE 16", "SET TIME ZONE INTERVAL '85:00' HOUR TO MINUTE", "SELECT set_config('timezone', 'XXX-16', false)"} {
			if a := s.run(modes[0], sql, nil); a.err == nil {
				t.Errorf("accepted: %s", sql)
			}
		}
	})
	t.Run("errors in views name the view", func(t *testing.T) {
		a := s.run(modes[0], "SELECT n FROM s.outside", nil)
		if a.err == nil || !strings.Contains(a.said(), `view "s.outside" cannot be used`) || strings.Contains(a.said(), "secret") || strings.Contains(a.said(), "inside\"") || strings.Contains(a.said(), "hidden") {
			t.Error(a.said())
		}
	})
}
