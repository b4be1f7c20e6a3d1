package sqltest

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

// conditionalRules mask a column in some rows by one method, and in others by another.
const conditionalRules = `
veil: 1
name: conditional
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: patients, match: {schema: s, column: patient}, method: seal, domain: Patient}
    - {id: births, match: [{schema: s, column: day}, {schema: s, column: at}, {schema: s, column: moment}], where: {column: kind, in: [birth]}, method: date, mode: year}
    - {id: weeks, match: [{schema: s, column: day}], where: {column: kind, like: "week*"}, method: date, mode: shift, weekday: true, domain: weeks, entity: patient}
    - {id: dates, match: [{schema: s, column: day}, {schema: s, column: at}, {schema: s, column: moment}], method: date, mode: shift, entity: patient}
    - {id: names, match: {schema: s, column: text}, where: [{column: kind, like: "*i*"}, {column: kind, notIn: [visit]}], method: pseudonym, domain: t}
    - {id: texts, match: {schema: s, column: text}, method: keep}
    - {id: near, match: {schema: s, column: number}, where: {column: kind, in: [visit]}, method: noise, within: "3", entity: patient}
    - {id: numbers, match: {schema: s, column: number}, method: keep}
`

const conditionalSchema = `CREATE SCHEMA s; CREATE TABLE s.facts AS SELECT i AS n, CASE WHEN i % 9 > 0 THEN 'p' || i % 5 END AS patient, (ARRAY['birth', 'visit', 'weekly', NULL, 'other'])[1 + i % 5] AS kind,
  date '2019-01-01' + i * 3 AS day, timestamp '2019-01-01 10:00' + i * interval '31 hours' AS at, timestamptz '2019-01-01 10:00+00' + i * interval '31 hours' AS moment,
  'text ' || i % 7 AS text, i::int8 AS number FROM generate_series(1, 120) i`

// TestConditionalRules holds that a column whose rules have conditions, of which some shift
// dates or hash, is computed in SQL: each statement has the rows that it has over a masked
// dump.
func TestConditionalRules(t *testing.T) {
	t.Parallel()
	p := masktest.Policy(t, conditionalRules)
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "conditional")
	db.Exec(t, conditionalSchema)
	listener := openListener(t, db.DSN(pgtest.Owner), p, nil)
	copied := dumpedCopy(t, db, p, "conditional_masked")
	var all []string
	for _, sql := range []string{
		"SELECT n, {c} FROM s.facts ORDER BY n",
		"SELECT n FROM s.facts WHERE {c} IS NULL ORDER BY n",
		"SELECT {c}, count(*) FROM s.facts GROUP BY {c} ORDER BY {c}",
		"SELECT kind, min({c}), max({c}) FROM s.facts GROUP BY kind ORDER BY kind",
		"SELECT n, {c}::text || '!' FROM s.facts ORDER BY {c}, n LIMIT 20",
		"SELECT a.n, b.n FROM s.facts a JOIN s.facts b ON a.{c} = b.{c} AND a.n < b.n ORDER BY 1, 2",
		"SELECT n, lag({c}) OVER (ORDER BY {c}, n) FROM s.facts ORDER BY n",
		"COPY (SELECT n, {c} FROM s.facts WHERE n % 3 = 0 ORDER BY n) TO STDOUT",
	} {
		for _, c := range []string{"day", "at", "moment", "text", "number"} {
			all = append(all, strings.ReplaceAll(sql, "{c}", c))
		}
	}
	all = append(all,
		"SELECT n FROM s.facts WHERE day BETWEEN '2019-06-01' AND '2020-01-01' AND at > '2018-12-01' ORDER BY n",
		"SELECT date_trunc('month', moment), sum(number) FROM s.facts GROUP BY 1 ORDER BY 1")
	compareAll(t, listener, copied, all)
	listener.quiet(t)
}
