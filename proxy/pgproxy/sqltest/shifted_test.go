package sqltest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// shiftRules shift the dates of tables that name their patients in columns of different
// types.
const shiftRules = `
veil: 1
name: shifted
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: patients, match: {schema: s, column: patient}, method: seal, domain: Patient}
    - {id: dates, match: [{schema: s, column: admitted}, {schema: s, column: discharged}, {schema: s, column: seen}, {schema: s, column: at}], method: date, mode: shift, entity: patient}
    - {id: weeks, match: [{schema: s, column: week_*}], method: date, mode: shift, weekday: true, window: 180, domain: weeks, entity: patient}
    - {id: nobody, match: [{schema: s, column: opened}], method: date, mode: shift, entity: nobody}
`

// patientTypes are the types of the column that names the patient, with the names of some.
var patientTypes = map[string][]string{
	"text":        {"a", "pat-17", "é-2", "A", ""},
	"varchar(12)": {"a", "pat-17"},
	"char(8)":     {"a", "pat-17"},
	"int4":        {"7", "-7", "0"},
	"int8":        {"7", "9223372036854775807"},
	"numeric":     {"7", "7.0", "7.50"},
	"uuid":        {"0f3c9d1e-6a50-4b7e-9d0f-000000000001", "0f3c9d1e-6a50-4b7e-9d0f-000000000002"},
}

// shiftedTable is the name of the table whose patients are of a type.
func shiftedTable(typ string) string {
	return "s.by_" + strings.NewReplacer("(", "_", ")", "").Replace(typ)
}

// shiftedSchema makes a table for each type of key, with every kind of date.
func shiftedSchema() string {
	var sql strings.Builder
	sql.WriteString(`DROP SCHEMA IF EXISTS s CASCADE; CREATE SCHEMA s;
		CREATE COLLATION s.loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);`)
	dates := []string{"2020-01-01", "2020-02-29", "2019-12-31", "2021-03-28", "2021-10-31", "1999-06-15", "0012-01-01", "0011-12-31", "9988-12-31", "9989-01-01",
		"0044-03-15 BC", "4714-11-24 BC", "infinity", "-infinity", "5874897-12-31"}
	times := []string{"2020-01-01 00:00:00", "2020-02-29 23:59:59.999999", "2021-03-28 02:30:00", "2021-10-31 01:15:00.5", "0012-01-01 00:00:00", "9988-12-31 23:59:59.999999",
		"0011-12-31 23:59:59", "9989-01-01 00:00:00", "0044-03-15 12:00:00 BC", "infinity", "-infinity", "294276-12-31 23:59:59"}
	for _, typ := range slices.Sorted(keysOf(patientTypes)) {
		name := shiftedTable(typ)
		fmt.Fprintf(&sql, "CREATE TABLE %s (n serial, patient %s, admitted date, discharged date, seen timestamp, at timestamptz, week_day date, week_time timestamp, opened date, ward text);", name, typ)
		for i, p := range append([]string{"NULL"}, patientTypes[typ]...) {
			if p != "NULL" {
				p = literal(p)
			}
			fmt.Fprintf(&sql, `INSERT INTO %s (patient, admitted, discharged, seen, at, week_day, week_time, opened, ward)
				SELECT %s, d::date, CASE WHEN isfinite(d::date) AND d NOT LIKE '%%BC' AND d NOT LIKE '58%%' THEN d::date + n::int END, NULL, NULL, d::date, NULL, d::date, 'w' || n %% 3
				FROM unnest(ARRAY['%s']) WITH ORDINALITY AS u(d, n);`, name, p, strings.Join(dates, "', '"))
			fmt.Fprintf(&sql, `INSERT INTO %s (patient, seen, at, week_time, ward) SELECT %s, t::timestamp, (t || '+00')::timestamptz, t::timestamp, 'w' || n %% 2
				FROM unnest(ARRAY['%s']) WITH ORDINALITY AS u(t, n) WHERE t NOT LIKE '%%BC' AND t NOT LIKE '%%inf%%';`, name, p, strings.Join(times, "', '"))
			fmt.Fprintf(&sql, `INSERT INTO %s (patient, seen, at, week_time, ward) SELECT %s, t::timestamp, (t::timestamp) AT TIME ZONE 'UTC', t::timestamp, 'w9'
				FROM unnest(ARRAY['%s']) t WHERE t LIKE '%%BC' OR t LIKE '%%inf%%';`, name, p, strings.Join(times, "', '"))
			fmt.Fprintf(&sql, `INSERT INTO %s (patient, admitted, discharged, seen, at, week_day, week_time, opened, ward)
				SELECT %s, d, d + i %% 9, d + i * interval '7 hours', (d + i * interval '5 hours') AT TIME ZONE 'UTC', d, d + i * interval '3 hours', d, 'w' || i %% 4
				FROM (SELECT i, date '2018-03-01' + (i * %d) %% 900 AS d FROM generate_series(1, 25) i) x;`, name, p, 37+i*11)
		}
	}
	return sql.String()
}

func keysOf(m map[string][]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// dumpedCopy makes a database of the masked dump of another one: a way to masked dates that
// no SQL has a part in.
func dumpedCopy(t testing.TB, db *pgtest.Database, p *ruleset.Policy, name string) *pgtest.Database {
	t.Helper()
	masked, reports := maskDump(t, dump(t, db), p, nil, 2)
	for _, r := range reports {
		t.Log(r)
	}
	to := db.Server.CreateDatabase(t, name)
	restore(t, to, masked)
	to.Exec(t, "ANALYZE")
	return to
}

// shiftedStatements do with shifted dates what SQL does with dates. {t} is a table.
var shiftedStatements = []string{
	"SELECT n, admitted, discharged, seen, at, week_day, week_time, opened FROM {t} ORDER BY n",
	"SELECT n, admitted IS NULL, seen IS NULL, at IS NULL, week_day IS NULL FROM {t} ORDER BY n",
	"SELECT count(*), count(admitted), count(seen), count(DISTINCT admitted), min(admitted), max(admitted), min(seen), max(at), min(week_time) FROM {t}",
	"SELECT n FROM {t} WHERE admitted >= '2019-01-01' AND admitted < '2020-06-01' ORDER BY n",
	"SELECT n FROM {t} WHERE admitted BETWEEN '2019-01-01' AND date '2019-03-01' + 300 ORDER BY n",
	"SELECT n FROM {t} WHERE NOT (admitted < '2019-01-01') ORDER BY n",
	"SELECT n FROM {t} WHERE seen > '2019-01-01 12:00' AND at <= '2020-06-01 00:00+00' ORDER BY n",
	"SELECT n FROM {t} WHERE admitted IN ('2019-03-05', '2020-01-01') OR week_day = '2019-05-06' ORDER BY n",
	"SELECT n, admitted FROM {t} ORDER BY admitted DESC NULLS LAST, n",
	"SELECT n, at FROM {t} WHERE at IS NOT NULL ORDER BY at, n LIMIT 20 OFFSET 3",
	"SELECT date_trunc('month', admitted) AS m, count(*) FROM {t} GROUP BY 1 ORDER BY 1",
	"SELECT extract(year FROM seen) AS y, extract(dow FROM seen) AS d, count(*) FROM {t} GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 1, 2",
	"SELECT n, extract(dow FROM week_day), extract(hour FROM week_time) FROM {t} ORDER BY n",
	"SELECT n, age(discharged, admitted), discharged - admitted, age(timestamp '2020-01-01', seen) FROM {t} WHERE isfinite(discharged) ORDER BY n",
	"SELECT n, lead(admitted) OVER (ORDER BY admitted, n), lag(discharged, 2) OVER (PARTITION BY ward ORDER BY n) FROM {t} ORDER BY n",
	"SELECT n, admitted - lag(discharged) OVER (PARTITION BY patient ORDER BY admitted, n) FROM {t} WHERE admitted IS NOT NULL AND patient IS NOT NULL ORDER BY n",
	"SELECT DISTINCT admitted FROM {t} ORDER BY 1",
	"SELECT DISTINCT ON (ward) ward, admitted, n FROM {t} ORDER BY ward, admitted, n",
	"SELECT admitted FROM {t} UNION SELECT opened FROM {t} ORDER BY 1",
	"SELECT admitted FROM {t} WHERE ward = 'w1' UNION ALL SELECT date '2020-01-01' ORDER BY 1",
	"SELECT a.n, b.n FROM {t} a JOIN {t} b ON a.admitted = b.week_day AND a.n < b.n ORDER BY 1, 2",
	"SELECT a.n, b.n FROM {t} a LEFT JOIN {t} b ON b.admitted > a.admitted AND b.admitted < a.admitted + interval '1 month' AND b.ward = 'w1' ORDER BY 1, 2",
	"SELECT count(*) FROM {t} a JOIN {t} b ON b.patient = a.patient AND b.admitted > a.discharged AND b.admitted <= a.discharged + 30",
	"SELECT d::date, count(n) FROM generate_series(timestamp '2019-01-01', '2019-03-01', '1 week') d LEFT JOIN {t} ON admitted >= d AND admitted < d + interval '7 days' GROUP BY 1 ORDER BY 1",
	"SELECT n, admitted::text, admitted::timestamp, seen::date, to_char(seen, 'YYYY-MM-DD HH24:MI'), to_char(admitted, 'Day') FROM {t} ORDER BY n",
	"SELECT n, admitted + 3, seen + interval '1 month', seen - interval '2 hours', discharged - date '2020-01-01', make_date(extract(year FROM admitted)::int, 1, 1) FROM {t} WHERE isfinite(admitted) ORDER BY n",
	"SELECT ward, array_agg(admitted ORDER BY n), string_agg(admitted::text, ',' ORDER BY n), json_agg(seen ORDER BY n) FROM {t} GROUP BY ward ORDER BY ward",
	"SELECT n, coalesce(admitted, '1970-01-01'), CASE WHEN admitted > '2019-06-01' THEN discharged ELSE current_date - current_date + date '2000-01-01' END, greatest(admitted, opened), nullif(admitted, week_day) FROM {t} ORDER BY n",
	"WITH c AS (SELECT patient, min(admitted) AS first, max(discharged) AS last FROM {t} GROUP BY patient) SELECT first, last, last - first FROM c WHERE first > '2018-01-01' ORDER BY first, last",
	"SELECT (SELECT max(b.admitted) FROM {t} b WHERE b.admitted < a.admitted), n FROM {t} a ORDER BY n",
	"SELECT n FROM {t} a WHERE EXISTS (SELECT FROM {t} b WHERE b.admitted = a.admitted AND b.n <> a.n) ORDER BY n",
	"SELECT x.m, count(*) FROM {t}, LATERAL (SELECT date_trunc('quarter', admitted) AS m) x GROUP BY 1 ORDER BY 1",
	"SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY admitted), mode() WITHIN GROUP (ORDER BY week_day) FROM {t} WHERE admitted IS NOT NULL",
	"SELECT n, daterange(admitted, discharged, '[]') && daterange('2019-01-01', '2019-06-01'), (admitted, discharged) OVERLAPS (date '2019-01-01', date '2019-07-01') FROM {t} WHERE discharged IS NOT NULL ORDER BY n",
	"SELECT width_bucket(extract(epoch FROM seen), 1.5e9, 1.6e9, 10), count(*) FROM {t} GROUP BY 1 ORDER BY 1",
	"SELECT n, at AT TIME ZONE 'Asia/Kolkata', at::date, extract(hour FROM at), date_trunc('day', at) FROM {t} WHERE isfinite(at) ORDER BY n",
	"COPY (SELECT n, admitted, at FROM {t} WHERE admitted > '2019-01-01' OR at > '2019-01-01' ORDER BY n) TO STDOUT",
	"COPY (SELECT date_trunc('year', seen), count(*) FROM {t} GROUP BY 1 ORDER BY 1) TO STDOUT (FORMAT csv, HEADER)",
}

// TestShiftedDates holds that PostgreSQL computes with shifted dates as if the table had
// them: each statement has the rows that it has over a masked dump.
func TestShiftedDates(t *testing.T) {
	t.Parallel()
	p := masktest.Policy(t, shiftRules)
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "shifted")
	db.Exec(t, shiftedSchema())
	listener := openListener(t, db.DSN(pgtest.Owner), p, nil)
	copied := dumpedCopy(t, db, p, "shifted_masked")
	for _, zone := range []string{"UTC", "America/New_York", "XXX-14", "Asia/Kathmandu"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			veil, want := connect(t, listener.dsn()), connect(t, copied.DSN(pgtest.Owner))
			defer veil.close()
			defer want.close()
			for _, s := range []*session{veil, want} {
				if a := s.run(modes[0], "SET timezone = '"+zone+"'", nil); a.err != nil {
					t.Fatal(a.said())
				}
			}
			for typ := range patientTypes {
				for i, sql := range shiftedStatements {
					if zone != "UTC" && typ != "text" && !strings.Contains(sql, "at") {
						continue
					}
					sql = strings.ReplaceAll(sql, "{t}", shiftedTable(typ))
					m := modes[(i+len(typ))%len(modes)]
					got, copied := veil.run(m, sql, nil), want.run(m, sql, nil)
					if got.err != nil || copied.err != nil {
						t.Errorf("%s: %s: %s; over the copy: %s", m.name, sql, got.said(), copied.said())
						continue
					}
					if d := got.diff(copied, true, nil); d != "" {
						t.Errorf("%s: %s: %s", m.name, sql, d)
					}
				}
			}
		})
	}
}

// TestShiftedRanges holds that the rows that a comparison with a constant lets pass are
// those of the masked dates, wherever the constant lies, and that what is judged beside it
// cannot tell more.
func TestShiftedRanges(t *testing.T) {
	t.Parallel()
	p := masktest.Policy(t, shiftRules)
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "ranges")
	db.Exec(t, shiftedSchema()+"CREATE INDEX ON s.by_text (admitted); CREATE INDEX ON s.by_text (at); ANALYZE")
	listener := openListener(t, db.DSN(pgtest.Owner), p, nil)
	copied := dumpedCopy(t, db, p, "ranges_masked")
	veil, want := connect(t, listener.dsn()), connect(t, copied.DSN(pgtest.Owner))
	defer veil.close()
	defer want.close()
	bounds := []string{"2019-01-01", "2018-03-01", "2020-02-29", "2021-10-31", "0012-01-01", "0011-01-01", "9988-12-31", "9989-06-01", "4713-01-01 BC", "5874897-12-31", "infinity", "-infinity", "1970-01-01"}
	compare := func(m mode, sql string, params []string) {
		t.Helper()
		got, copied := veil.run(m, sql, params), want.run(m, sql, params)
		if got.code() != copied.code() || got.err == nil && got.diff(copied, true, nil) != "" {
			t.Errorf("%s: %s %v: %s %s, %s", m.name, sql, params, got.said(), copied.said(), got.diff(copied, true, nil))
		}
	}
	for i, bound := range bounds {
		for _, column := range []string{"admitted", "seen", "at", "week_day", "week_time", "opened"} {
			for k, op := range []string{"<", "<=", ">", ">=", "=", "<>"} {
				typ := []string{"", "::date", "::timestamp", "::timestamptz"}[(i+k)%4]
				compare(modes[0], fmt.Sprintf("SELECT count(*), sum(n) FROM s.by_text WHERE %s %s '%s'%s", column, op, bound, typ), nil)
				compare(modes[1+k%2], fmt.Sprintf("SELECT n FROM s.by_text WHERE %s %s $1%s AND ward <> 'w9' ORDER BY n", column, op, typ), []string{bound})
			}
			other := bounds[(i+3)%len(bounds)]
			compare(modes[0], fmt.Sprintf("SELECT n, %[1]s FROM s.by_text WHERE %[1]s BETWEEN '%[2]s' AND '%[3]s' OR NOT %[1]s < '%[2]s' ORDER BY 1", column, bound, other), nil)
			compare(modes[2], fmt.Sprintf("SELECT %[1]s, count(*) FROM s.by_text WHERE %[1]s BETWEEN $1 AND $2 AND n > 3 GROUP BY 1 ORDER BY 1", column), []string{bound, other})
			compare(modes[0], fmt.Sprintf("SELECT avg(x.n) FROM (SELECT n, row_number() OVER (ORDER BY %[1]s, n) FROM s.by_text WHERE %[1]s > '%[2]s') x", column, bound), nil)
		}
	}
	// A division by zero is judged with every row, or behind the masked date: with which
	// rows never depends on where the original lies.
	for day := range 60 {
		bound := fmt.Sprintf("date '2017-06-01' + %d", day*25)
		sql := "SELECT count(*) FROM s.by_text WHERE patient IS NOT NULL AND admitted >= " + bound + " AND admitted < " + bound + " + 1 AND 1 / (n - n) = 0"
		if got := veil.run(modes[0], sql, nil); got.code() != "22012" {
			t.Errorf("%s: not judged with every row: %s", sql, got.said())
		}
		compare(modes[0], fmt.Sprintf("SELECT 1 / (n - n) FROM s.by_text WHERE admitted = date '2018-01-01' + %d AND ward <> 'w9'", day*25), nil)
		compare(modes[0], fmt.Sprintf("SELECT 1 / (n - n) FROM s.by_text WHERE admitted = '%d-03-05'", 1990+day), nil)
	}
	listener.quiet(t)
}
