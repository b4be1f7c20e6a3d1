package sqltest

import (
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

const madeTextRules = `
veil: 1
name: made
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: patients, match: {schema: s, column: patient}, method: seal, domain: Patient}
    - {id: visits, match: {schema: s, column: visit}, method: seal, domain: Encounter}
    - {id: units, match: {schema: s, column: unit}, method: seal, domain: unit}
    - {id: mrns, match: {schema: s, column: mrn}, method: pseudonym, shape: same, domain: mrn}
`

// madeTextSchema has NULLs and empty texts everywhere, and wards and numbers that run into
// one another where they stand side by side.
const madeTextSchema = `CREATE SCHEMA s;
CREATE TABLE s.visits (n int, patient varchar(20), visit bigint, unit uuid, ward text, seq int, mrn text);
INSERT INTO s.visits SELECT g, CASE WHEN g % 7 > 0 THEN 'ZQORIGINAL' || g % 5 END, CASE WHEN g % 9 > 0 THEN 880000000 + g % 4 END,
CASE WHEN g % 8 > 0 THEN md5((g % 3)::text)::uuid END, (ARRAY['', '1', '11', 'a', NULL])[1 + g % 5], (ARRAY[1, 11, 111, NULL])[1 + g % 4],
CASE WHEN g % 6 > 0 THEN 'ZQ-0000' || g % 4 END FROM generate_series(1, 90) g;`

var (
	// exactTexts can be read back, so that they can be grouped and compared; vagueTexts
	// cannot.
	exactTexts = []string{
		"'P/' || patient", "patient || '-' || seq", "ward || '/' || patient", "concat('P/', patient)", "concat(patient, '-', ward)",
		"format('%s|%s', visit, ward)", "'E' || visit", "unit || ''", "coalesce(patient, 'none')", "concat(patient, visit)", "patient || '|' || visit || seq",
		"coalesce(patient::text, '_') || '-' || coalesce(seq::text, '_')", "md5('P' || patient)", "md5(coalesce(patient::text, '') || '-' || coalesce(seq::text, ''))",
		"'mrn ' || mrn", "coalesce(mrn, 'none')", "ward || patient || ward", "NULL || patient", "'a' || (ward || patient)",
	}
	vagueTexts = []string{"patient || ward || seq", "concat(patient, ward, seq)", "concat(ward, patient, ward)", "left('P' || patient, 4)", "lower('P' || patient)", "length('P' || patient)::text", "concat_ws('-', patient, ward)", "replace('P' || patient, 'a', '')"}
	// comparing uses of {m} compare texts, testing ones only ask whether they are NULL.
	comparing = []string{
		"SELECT {m} AS k, count(*) FROM s.visits GROUP BY 1",
		"SELECT {m} AS k, sum(seq) FROM s.visits GROUP BY {m} HAVING count(*) > 1",
		"SELECT DISTINCT {m} AS k FROM s.visits",
		"SELECT DISTINCT {m} AS k, ward FROM s.visits",
		"SELECT ward, count(DISTINCT {m}) FROM s.visits GROUP BY ward",
		"SELECT count(DISTINCT k), count(*) FROM (SELECT {m} AS k FROM s.visits) x",
		"SELECT k, count(*) FROM (SELECT {m} AS k, n FROM s.visits) x WHERE k IS NOT NULL GROUP BY k",
		"WITH x AS MATERIALIZED (SELECT {m} AS k, seq FROM s.visits) SELECT k, max(seq) FROM x GROUP BY k",
		"SELECT a.n, b.n FROM (SELECT n, {m} AS k FROM s.visits) a JOIN (SELECT n, {m} AS k FROM s.visits) b ON a.k = b.k AND a.n < b.n",
		"SELECT a.n, b.n FROM (SELECT n, {m} AS k FROM s.visits) a LEFT JOIN (SELECT n, {m} AS k FROM s.visits WHERE n % 2 = 0) b USING (k)",
		"SELECT {m} AS k FROM s.visits UNION SELECT {m} FROM s.visits WHERE n < 9",
		"SELECT {m} AS k FROM s.visits EXCEPT SELECT {m} FROM s.visits WHERE n % 2 = 0",
		"SELECT n, count(*) OVER (PARTITION BY {m}) FROM s.visits",
		"SELECT k FROM (SELECT {m} AS k, row_number() OVER (PARTITION BY {m} ORDER BY n) AS r FROM s.visits) x WHERE r = 1",
		"SELECT k, ward, count(*) FROM (SELECT {m} AS k, ward FROM s.visits) x GROUP BY ROLLUP (k, ward)",
		"SELECT n FROM (SELECT n, {m} AS k FROM s.visits) x WHERE k IN (SELECT {m} FROM s.visits WHERE n < 20)",
	}
	// sorting uses have an order of Veil's own, which is not compared.
	sorting = []string{
		"SELECT {m} AS k, count(*) FROM s.visits GROUP BY 1 ORDER BY 1 DESC",
		"SELECT n, {m} AS k FROM s.visits ORDER BY k, n",
		"SELECT k, count(*) FROM (SELECT {m} AS k FROM s.visits) x GROUP BY k ORDER BY count(*) DESC, k",
		"SELECT ward, string_agg(n::text, ',' ORDER BY n) FROM s.visits GROUP BY ward, {m} ORDER BY {m}",
	}
	nullTesting = []string{
		"SELECT n, {m} AS k FROM s.visits",
		"SELECT count({m}) FROM s.visits WHERE {m} IS NOT NULL",
		"SELECT n, k IS NULL, k FROM (SELECT n, {m} AS k FROM s.visits) x",
		"SELECT ward, count(k) FROM (SELECT ward, {m} AS k FROM s.visits) x GROUP BY ward",
		"SELECT n, coalesce(k, 'nothing') FROM (SELECT n, {m} AS k FROM s.visits) x",
		"SELECT n, '<' || k || '>' FROM (SELECT n, {m} AS k FROM s.visits) x",
		"SELECT {m} AS k FROM s.visits UNION ALL SELECT {m} FROM s.visits WHERE n < 9",
		"SELECT n, CASE WHEN n > 40 THEN {m} END FROM s.visits",
		"SELECT n, k || ' é' FROM (SELECT n, {m} AS k FROM s.visits) x",
	}
)

// TestMadeTexts holds that texts that are made of ids are grouped, counted, compared and
// tested for NULL as in the masked copy, where they can be read back, and that others are
// refused.
func TestMadeTexts(t *testing.T) {
	t.Parallel()
	p := masktest.Policy(t, madeTextRules)
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "made")
	db.Exec(t, madeTextSchema)
	listener := openListener(t, db.DSN(pgtest.Owner), p, nil)
	copied := dumpedCopy(t, db, p, "made_masked")
	veil, want := connect(t, listener.dsn()), connect(t, copied.DSN(pgtest.Owner))
	defer veil.close()
	defer want.close()
	turn := 0
	check := func(text, use string, refused bool) {
		turn++
		sql, m := strings.ReplaceAll(use, "{m}", text), modes[turn%len(modes)]
		got := veil.run(m, sql, nil)
		if refused {
			if got.code() != "42501" {
				t.Errorf("%s: %s: not refused: %s", m.name, sql, got.said())
			}
			return
		}
		if copied := want.run(m, sql, nil); got.err != nil || copied.err != nil {
			t.Errorf("%s: %s: %s; over the copy: %s", m.name, sql, got.said(), copied.said())
		} else if d := got.diff(copied, false, nil); d != "" {
			t.Errorf("%s: %s: %s", m.name, sql, d)
		}
	}
	for _, text := range exactTexts {
		for _, use := range slices.Concat(comparing, sorting, nullTesting) {
			check(text, use, false)
		}
		check(text, "SELECT min({m}) FROM s.visits", !strings.Contains(text, "mrn"))
	}
	for _, text := range vagueTexts {
		for _, use := range slices.Concat(comparing, sorting) {
			check(text, use, true)
		}
		for i, use := range nullTesting {
			if i < 4 {
				check(text, use, false)
			}
		}
	}
	// What another case is of letters that are not ASCII depends on the database.
	check("'É' || patient", "SELECT lower(k) FROM (SELECT {m} AS k FROM s.visits) x", true)
	if strings.Contains(strings.ToUpper(string(veil.received())), "ZQORIGINAL") {
		t.Error("an original was received")
	}
}
