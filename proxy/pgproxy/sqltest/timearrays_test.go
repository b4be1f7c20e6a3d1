package sqltest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

// timeArrayRules mask arrays of dates and timestamps in each way that acts on them.
const timeArrayRules = `
veil: 1
name: arrays
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: patients, match: {schema: s, column: patient}, method: seal, domain: Patient}
    - {id: single, match: {schema: s, column: day}, method: date, mode: shift, entity: patient}
    - {id: shifted, match: [{schema: s, column: days}, {schema: s, column: times}, {schema: s, column: moments}, {schema: s, column: cell_*}, {schema: s, column: texts}, {schema: s, column: of_domain}, {schema: s, column: domains}], method: date, mode: shift, entity: patient}
    - {id: weeks, match: {schema: s, column: week_*}, method: date, mode: shift, weekday: true, window: 180, domain: weeks, entity: patient}
    - {id: nobody, match: {schema: s, column: nobody_*}, method: date, mode: shift, entity: nobody}
    - {id: months, match: {schema: s, column: month_*}, method: date, mode: month}
    - {id: years, match: {schema: s, column: year_*}, method: date, mode: year}
    - {id: births, match: {schema: s, column: birth_*}, method: birthYear, death: [veil_element]}
    - {id: numbers, match: {schema: s, column: number_*}, method: date, mode: year, as: number}
    - {id: somewhere, match: {schema: s, column: either_*}, where: {column: kind, in: [a]}, method: date, mode: quarter}
    - {id: kept, match: {schema: s, column: some_days}, where: {column: kind, in: [a]}, method: keep}
    - {id: others, match: {schema: s, column: some_days}, method: date, mode: shift, entity: patient}
    - {id: related, match: {schema: s, column: row_days}, where: {table: people, on: {patient: name}, column: kind, in: [a]}, method: date, mode: month}
    - {id: unrelated, match: {schema: s, column: row_days}, method: date, mode: shift, entity: patient}
    - {id: elsewhere, match: {schema: s, column: either_*}, method: date, mode: shift, entity: patient}
`

// timeArrays makes a table of generated arrays: of any dimensions and bounds, with NULLs
// and with values that no method masks.
func timeArrays() string {
	var sql strings.Builder
	sql.WriteString(`CREATE SCHEMA s; CREATE DOMAIN s.dates AS date[]; CREATE DOMAIN s.day AS date CHECK (VALUE <> '1234-05-06');
		CREATE TABLE s.people AS SELECT 'p' || i AS name, CASE WHEN i < 6 THEN 'a' ELSE 'b' END AS kind FROM generate_series(0, 11) i;
		CREATE TABLE s.lists (n int, patient text, kind text, day date, days date[], times timestamp[], moments timestamptz[], week_days date[], week_times timestamp(3)[], nobody_days date[],
			month_moments timestamptz[], year_days date[][], birth_days date[], number_days date[], either_days date[], either_moments timestamptz[], of_domain s.day[], domains s.dates, some_days s.day[], texts text[], row_days date[], veil_element date, e date);`)
	random := rand.New(rand.NewPCG(7, 11))
	element := func(clock bool) string {
		day := fmt.Sprintf("%04d-%02d-%02d", 1930+random.IntN(100), 1+random.IntN(12), 1+random.IntN(28))
		switch random.IntN(12) {
		case 0:
			return "NULL"
		case 1:
			return []string{"infinity", "-infinity", "0011-12-31", "9989-01-01", "0012-01-01", "9988-12-31", "0044-03-15 BC"}[random.IntN(7)]
		case 2:
			day = []string{"2011-12-30", "2020-02-29", "2021-03-28", "2021-10-31", "1999-12-31", "2000-01-01"}[random.IntN(6)]
		}
		if clock {
			day += fmt.Sprintf(" %02d:%02d:%02d.%06d", random.IntN(24), random.IntN(60), random.IntN(60), random.IntN(2)*random.IntN(1000000))
		}
		return `"` + day + `"`
	}
	array := func(clock bool) string {
		var sizes []int
		switch random.IntN(10) {
		case 0:
			return "NULL"
		case 1:
			return "'{}'"
		case 2:
			for range 2 + random.IntN(5) {
				sizes = append(sizes, 1+random.IntN(3))
			}
		default:
			sizes = []int{1 + random.IntN(5)}
		}
		prefix := ""
		if random.IntN(3) == 0 {
			for _, n := range sizes {
				low := random.IntN(9) - 4
				prefix += fmt.Sprintf("[%d:%d]", low, low+n-1)
			}
			prefix += "="
		}
		var write func(depth int) string
		write = func(depth int) string {
			if depth == len(sizes) {
				return element(clock)
			}
			var all []string
			for range sizes[depth] {
				all = append(all, write(depth+1))
			}
			return "{" + strings.Join(all, ",") + "}"
		}
		return "'" + prefix + write(0) + "'"
	}
	for i := range 150 {
		patient := "NULL"
		if i%7 > 0 {
			patient = fmt.Sprintf("'p%d'", i%11)
		}
		fmt.Fprintf(&sql, "INSERT INTO s.lists VALUES (%d, %s, '%c', '2020-02-%02d'", i, patient, 'a'+i%3, 1+i%28)
		for _, clock := range []bool{false, true, true, false, true, false, true, false, false, false, false, true, false, false, false} {
			sql.WriteString(", " + array(clock))
		}
		sql.WriteString(", '{2019-05-06,NULL,no date}', '[2:3]={2019-05-06,2020-05-07}', '2019-05-06', '2001-02-03');\n")
	}
	sql.WriteString(`CREATE TABLE s.cells AS SELECT n, o, patient, cell_day, cell_time, cell_moment
		FROM s.lists, unnest(days, times, moments) WITH ORDINALITY u (cell_day, cell_time, cell_moment, o);`)
	return sql.String()
}

// timeArrayColumns are the masked arrays.
const timeArrayColumns = "days, times, moments, week_days, week_times, nobody_days, month_moments, year_days, birth_days, number_days, either_days, either_moments, of_domain, domains, some_days"

// timeArrayStatements compute with the arrays, and try to learn more of them.
var timeArrayStatements = []string{
	"SELECT n, " + timeArrayColumns + " FROM s.lists ORDER BY n",
	"SELECT n, array_dims(days), array_ndims(times), cardinality(moments), array_lower(days, 1), array_upper(year_days, 2) FROM s.lists ORDER BY n",
	"SELECT n, d FROM s.lists, unnest(days) d ORDER BY n, d",
	"SELECT n, u.* FROM s.lists, unnest(days, times) WITH ORDINALITY u ORDER BY n, ordinality",
	"SELECT n, days[1], days[0:2], year_days[1][1], moments[array_lower(moments, 1)] FROM s.lists ORDER BY n",
	"SELECT n FROM s.lists WHERE day = ANY (days) OR '2000-01-01' = ANY (days) OR times @> ARRAY[timestamp '1999-12-31'] ORDER BY n",
	"SELECT n FROM s.lists WHERE '2005-01-01' < ALL (days) ORDER BY n",
	"SELECT n FROM s.lists WHERE days && ARRAY['2020-02-29'::date, '2011-12-30'] OR year_days && '{2000-01-01}' ORDER BY n",
	"SELECT n, day - days[1], (SELECT max(d) - min(d) FROM unnest(days) d WHERE isfinite(d)) FROM s.lists ORDER BY n",
	"SELECT kind, array_agg(days[1] ORDER BY days[1], n), min(days), max(times) FROM s.lists GROUP BY kind ORDER BY kind",
	"SELECT days, count(*) FROM s.lists GROUP BY days ORDER BY days",
	"SELECT DISTINCT birth_days FROM s.lists ORDER BY 1",
	"SELECT n, days::text, times::text[], moments::timestamp[], array_to_string(days, ',', '-'), to_json(days), of_domain::date[] FROM s.lists ORDER BY n",
	"SELECT n, array_position(days, NULL), array_remove(days, NULL), array_replace(days, NULL, '2000-01-01'), days || day, array_cat(days, days) FROM s.lists WHERE array_ndims(days) = 1 ORDER BY n",
	"SELECT n, days IS NULL, days = '{}', coalesce(days, '{1970-01-01}'), CASE WHEN days IS NULL THEN ARRAY[day] ELSE days END FROM s.lists ORDER BY n",
	"SELECT a.n, b.n FROM s.lists a JOIN s.lists b ON a.days = b.week_days ORDER BY 1, 2",
	"SELECT days FROM s.lists UNION SELECT week_days FROM s.lists ORDER BY 1",
	"SELECT n, lag(moments) OVER (ORDER BY n), first_value(days) OVER (ORDER BY days, n) FROM s.lists ORDER BY n",
	"WITH x AS (SELECT * FROM s.lists) SELECT count(days), count(DISTINCT moments) FROM x",
	"COPY (SELECT n, " + timeArrayColumns + " FROM s.lists ORDER BY n) TO STDOUT",
	"COPY (SELECT n, " + timeArrayColumns + " FROM s.lists ORDER BY n) TO STDOUT (FORMAT csv, HEADER)",
	"COPY (SELECT n, " + timeArrayColumns + " FROM s.lists ORDER BY n) TO STDOUT (FORMAT binary)",
}

// TestTimeArrays holds that arrays of dates and timestamps are in SQL, in each protocol and
// time zone, what they are in a masked dump, and that nothing more can be learned of them.
func TestTimeArrays(t *testing.T) {
	t.Parallel()
	p := masktest.Policy(t, timeArrayRules)
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "arrays")
	db.Exec(t, timeArrays())
	listener := openListener(t, db.DSN(pgtest.Owner), p, nil)
	copied := dumpedCopy(t, db, p, "arrays_masked")
	original := connect(t, db.DSN(pgtest.Owner))
	defer original.close()
	for _, setting := range []string{"timezone = 'UTC'", "timezone = 'Pacific/Apia'", "timezone = 'America/New_York'", "datestyle = 'ISO, DMY'"} {
		veil, want := connect(t, listener.dsn()), connect(t, copied.DSN(pgtest.Owner))
		defer veil.close()
		defer want.close()
		for _, s := range []*session{veil, want} {
			if a := s.run(modes[0], "SET "+setting, nil); a.err != nil {
				t.Fatal(a.said())
			}
		}
		for i, sql := range timeArrayStatements {
			for _, m := range modes {
				got, copied := veil.run(m, sql, nil), want.run(m, sql, nil)
				if got.err != nil || copied.err != nil {
					t.Errorf("%s: %s: %s: %s; over the copy: %s", setting, m.name, sql, got.said(), copied.said())
					continue
				}
				if d := got.diff(copied, true, nil); d != "" {
					t.Errorf("%s: %s: %s: %s", setting, m.name, sql, d)
				}
				if i == 0 && original.run(m, sql, nil).diff(got, true, nil) == "" {
					t.Errorf("%s: the originals are there", m.name)
				}
			}
		}
	}
	veil, full := connect(t, listener.dsn()), connect(t, copied.DSN(pgtest.Owner))
	defer veil.close()
	defer full.close()
	// An element is masked as a cell is.
	elements := veil.run(modes[0], "SELECT n, o, u.d, u.t, u.m FROM s.lists, unnest(days, times, moments) WITH ORDINALITY u (d, t, m, o) ORDER BY n, o", nil)
	cells := veil.run(modes[0], "SELECT n, o, cell_day AS d, cell_time AS t, cell_moment AS m FROM s.cells ORDER BY n, o", nil)
	if elements.err != nil || cells.err != nil || len(cells.rows) < 300 || elements.diff(cells, true, nil) != "" {
		t.Errorf("elements and cells differ: %s %s %d %s", elements.said(), cells.said(), len(cells.rows), elements.diff(cells, true, nil))
	}
	// Arrays of texts are masked in the row, as before; their text has quotes.
	texts := "SELECT n, texts FROM s.lists ORDER BY n"
	if got, want := veil.run(modes[2], texts, nil), full.run(modes[2], texts, nil); got.err != nil || got.diff(want, true, nil) != "" {
		t.Errorf("texts differ: %s %s", got.said(), got.diff(want, true, nil))
	}
	// A related row decides how an array is masked.
	related := veil.run(modes[0], "SELECT row_days = '[2:3]={2019-05-01,2020-05-01}', row_days[3] - row_days[2], count(*) FROM s.lists GROUP BY 1, 2 ORDER BY 1, 2", nil)
	if shown := fmt.Sprintf("%s", related.rows); related.err != nil || shown != "[[f 367 56] [t 366 72] [  22]]" {
		t.Errorf("%s %s", related.said(), shown)
	}
	// Each kind of array has something left of it.
	for _, column := range strings.Split(timeArrayColumns, ", ") {
		a := full.run(modes[0], "SELECT count(*) > 20, count(*) = 0 FROM s.lists, unnest("+column+") d WHERE d IS NOT NULL", nil)
		if a.err != nil || string(a.rows[0][0]) != "t" && column != "number_days" || column == "number_days" && string(a.rows[0][1]) != "t" {
			t.Errorf("%s: %s %q", column, a.said(), a.rows)
		}
	}
	listener.quiet(t)
}
