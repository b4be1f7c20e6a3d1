package sqltest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

const viewRules = `
veil: 1
name: views
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: patients, match: {schema: s, column: patient}, method: seal, domain: Patient}
    - {id: dates, match: [{schema: s, column: day}, {schema: s, column: at}], method: date, mode: shift, entity: patient}
    - {id: sizes, match: {schema: s, column: size}, method: noise, within: "3", entity: patient}
    - {id: codes, match: {schema: s, column: code}, method: pseudonym, shape: hex, domain: code}
    - {id: badges, match: {schema: s, column: badge}, method: pseudonym, shape: same, domain: badge}
`

const viewSchema = `CREATE SCHEMA s; CREATE TABLE s.facts AS SELECT n, 'p' || n % 8 AS patient, n % 4 AS kind, date '2020-01-01' + n * 5 % 90 AS day,
timestamp '2020-01-01 10:00' + n % 30 * interval '31 hours' AS at, (n * 7 % 50)::numeric AS size, 'ZQORIGINAL' || n % 12 AS code, 'B-' || 1000 + n % 11 AS badge FROM generate_series(1, 90) n;`

// viewBodies use {c} in each place of a query that does more than select it.
var viewBodies = []string{
	"SELECT DISTINCT ON (kind) kind, n, {c} FROM s.facts ORDER BY kind, {c}, n",
	"SELECT kind, {c}, count(*) AS c FROM s.facts GROUP BY kind, {c}",
	"SELECT n, {c} FROM s.facts ORDER BY {c}, n LIMIT 9",
	"SELECT n, {c} FROM s.facts f WHERE {c} > (SELECT min(o.{c}) FROM s.facts o WHERE o.kind = f.kind)",
	"SELECT kind, max({c}) AS m FROM s.facts GROUP BY kind HAVING min({c}) < max({c})",
	"SELECT a.n, b.n AS o FROM s.facts a JOIN s.facts b ON a.{c} <= b.{c} AND a.kind = b.kind AND a.n = b.n + 4",
	"SELECT n, row_number() OVER (PARTITION BY kind ORDER BY {c}, n) AS r FROM s.facts",
	"SELECT n, rank() OVER w AS r, {c} FROM s.facts WINDOW w AS (PARTITION BY {c} ORDER BY n)",
	"WITH x AS (SELECT kind, {c} FROM s.facts GROUP BY kind, {c}) SELECT kind, count(*) AS c FROM x GROUP BY kind",
	"SELECT {c} FROM s.facts WHERE kind = 1 UNION SELECT {c} FROM s.facts WHERE kind = 2",
	"SELECT {c}, kind FROM s.facts GROUP BY GROUPING SETS (({c}, kind), ({c}))",
	"SELECT n, CASE WHEN {c} = lag({c}) OVER (ORDER BY n) THEN 1 ELSE 0 END AS same FROM s.facts",
	"SELECT f.n, l.m FROM s.facts f, LATERAL (SELECT max(o.{c}) AS m FROM s.facts o WHERE o.kind = f.kind AND o.{c} < f.{c}) l",
	"SELECT n, {c}::text || '!' AS t FROM s.facts",
	"SELECT kind, array_agg({c} ORDER BY {c}, n) AS list FROM s.facts GROUP BY kind",
}

// TestViewsCompute holds that what a view does with a date, a number or a pseudonym that SQL
// masks is done with masked values, as where its query is written out.
func TestViewsCompute(t *testing.T) {
	t.Parallel()
	p := masktest.Policy(t, viewRules)
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "views")
	db.Exec(t, viewSchema)
	copied := dumpedCopy(t, db, p, "views_masked")
	var views strings.Builder
	var all []string
	for i, body := range viewBodies {
		for _, c := range []string{"day", "at", "size", "code", "badge"} {
			name := fmt.Sprintf("s.v%d_%s", i, c)
			fmt.Fprintf(&views, "CREATE VIEW %s AS %s;\nCREATE VIEW %s_again AS SELECT * FROM %s;\n", name, strings.ReplaceAll(body, "{c}", c), name, name)
			all = append(all, "SELECT * FROM "+name+" ORDER BY 1, 2", "SELECT count(*) FROM "+name+"_again", "SELECT * FROM (SELECT * FROM "+name+"_again) x ORDER BY 1, 2")
		}
	}
	for i, sql := range all {
		if strings.Contains(sql, "FROM s.v9_") {
			all[i] = strings.Replace(sql, "ORDER BY 1, 2", "ORDER BY 1", 1) // it has one column
		}
	}
	db.Exec(t, views.String())
	copied.Exec(t, views.String())
	listener := openListener(t, db.DSN(pgtest.Owner), p, nil)
	compareAll(t, listener, copied, all)
	listener.quiet(t)
}
