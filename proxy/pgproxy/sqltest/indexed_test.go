package sqltest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/postgres/analysis"
)

const indexedRules = `
veil: 1
name: indexed
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: texts, match: {schema: s, column: t}, method: seal, domain: t}
    - {id: varchars, match: {schema: s, column: v}, method: seal, domain: v}
    - {id: numbers, match: {schema: s, column: i}, method: seal, domain: i}
    - {id: uuids, match: {schema: s, column: u}, method: seal, domain: u}
    - {id: notes, match: {schema: s, column: note}, method: seal, domain: note}
`

// indexedSchema has ids that no seal has, too: with a space, too long, and none.
const indexedSchema = `CREATE SCHEMA s;
CREATE TABLE s.people AS SELECT n, 'ZQORIGINAL' || n AS t, ('ZQ-' || n)::varchar(40) AS v, 880000000 + n AS i, md5(n::text)::uuid AS u, 'ZQ' || n AS note FROM generate_series(1, 6000) n;
UPDATE s.people SET t = 'ZQ ORIGINAL', v = NULL WHERE n % 1000 = 3;
UPDATE s.people SET t = repeat('Z', 70), v = '' WHERE n % 1000 = 4;
CREATE TABLE s.visits AS SELECT p.n * 3 + k AS m, p.n % 50 AS kind, p.t, p.v, p.i, p.u, p.note FROM s.people p, generate_series(0, 2) k;
CREATE INDEX ON s.people (t); CREATE INDEX ON s.people (v); CREATE INDEX ON s.people (i); CREATE INDEX ON s.people (u); CREATE INDEX ON s.people (n);
CREATE INDEX ON s.visits (t); CREATE INDEX ON s.visits (v); CREATE INDEX ON s.visits (i); CREATE INDEX ON s.visits (u); CREATE INDEX ON s.visits (kind); ANALYZE;`

// indexedStatements each have an index of {c}, a column of ids, or of another that they name,
// in the plan of what Veil makes of them. {id} is a pseudonym of it.
var indexedStatements = []string{
	"SELECT m FROM s.visits WHERE {c} = '{id}'",
	"SELECT m FROM s.visits WHERE '{id}' = {c} AND kind > 0",
	"SELECT m FROM s.visits WHERE {c} IN ('{id}', 'nobody')",
	"SELECT m FROM s.visits WHERE {c} = ANY ('{nobody,{id}}')",
	"SELECT m FROM s.visits WHERE {c} = ANY (ARRAY['{id}'])",
	"SELECT p.n, (SELECT count(*) FROM s.visits x WHERE x.{c} = p.{c}) FROM s.people p WHERE p.n < 30",
	"SELECT p.n, EXISTS (SELECT 1 FROM s.visits x WHERE p.{c} = x.{c} AND x.kind = 7) OR p.n = 9 FROM s.people p WHERE p.n < 30",
	"SELECT p.n, l.m FROM s.people p LEFT JOIN LATERAL (SELECT x.m FROM s.visits x WHERE x.{c} = p.{c} ORDER BY x.m DESC LIMIT 1) l ON true WHERE p.n < 30",
	"SELECT p.n, x.m FROM s.people p JOIN s.visits x USING ({c}) WHERE p.n < 12",
	"SELECT p.n, x.m FROM s.people p LEFT JOIN s.visits x ON x.{c} = p.{c} AND x.kind < 40 WHERE p.n < 12",
	"SELECT p.n, x.m FROM (SELECT n, {c} FROM s.people WHERE n < 12) p JOIN s.visits x ON x.{c} = p.{c}",
	"WITH c AS MATERIALIZED (SELECT n, {c} FROM s.people WHERE n < 12) SELECT c.n, x.m FROM c JOIN s.visits x ON x.{c} = c.{c}",
	"SELECT l.n, x.m FROM (SELECT max(n) AS n, array_agg({c}) AS ids FROM s.people WHERE n < 12) l JOIN s.visits x ON x.{c} = ANY (l.ids)",
	"SELECT x.m FROM (SELECT array_agg({c}) AS ids FROM s.people WHERE n < 12) l, unnest(l.ids) AS u(id) JOIN s.visits x ON x.{c} = u.id",
	"SELECT c.arm, x.m FROM (VALUES ('{id}', 'case'), ('nobody', 'control')) AS c(pid, arm) JOIN s.visits x ON x.{c} = c.pid",
	"SELECT a.m, b.m FROM s.visits a JOIN s.visits b ON a.{c} = b.{c} AND a.m < b.m WHERE a.{c} = '{id}'",
	// Not only the truth counts: no index, and the same answers.
	"SELECT count(*) FROM s.visits WHERE NOT ({c} = '{id}')",
	"SELECT m, {c} = '{id}' FROM s.visits WHERE m < 60",
	"SELECT p.n, x.m, p.{c} = x.{c} FROM s.people p JOIN s.visits x ON x.m = p.n * 3 - 2 WHERE p.n < 1010 AND p.n > 990",
	"SELECT p.n FROM s.people p WHERE p.n < 1100 AND p.{c} NOT IN (SELECT x.{c} FROM s.visits x WHERE x.kind = 7 AND x.{c} IS NOT NULL)",
	"SELECT count(*) FROM s.visits a JOIN s.visits b ON a.{c} IS NOT DISTINCT FROM b.{c} WHERE a.m < 40",
}

const withoutIndex = 5

// TestIndexesFindIDs holds that ids of each type are found by their indexes, as over the masked
// copy, where PostgreSQL would use one; and that what the method removes is not found.
func TestIndexesFindIDs(t *testing.T) {
	t.Parallel()
	p := masktest.Policy(t, indexedRules)
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "indexed")
	db.Exec(t, indexedSchema)
	listener := openListener(t, db.DSN(pgtest.Owner), p, nil, func(o *analysis.Options) { o.Explain = true })
	copied := dumpedCopy(t, db, p, "indexed_masked")
	veil := connect(t, listener.dsn())
	defer veil.close()
	var all []string
	for _, c := range []string{"t", "v", "i", "u"} {
		id := veil.run(modes[0], "SELECT "+c+" FROM s.people WHERE n = 7", nil)
		if id.err != nil || len(id.rows) != 1 {
			t.Fatal(id.said())
		}
		for i, sql := range indexedStatements {
			sql = strings.NewReplacer("{c}", c, "{id}", string(id.rows[0][0])).Replace(sql)
			all = append(all, sql)
			plan := veil.run(modes[0], "EXPLAIN "+sql, nil)
			if plan.err != nil {
				t.Fatalf("%s: %s", sql, plan.said())
			}
			text := fmt.Sprintf("%s", plan.rows)
			if i < len(indexedStatements)-withoutIndex && strings.Contains(text, "Seq Scan on visits") {
				t.Errorf("%s: the whole table is read: %s", sql, text)
			}
		}
		all = append(all, "SELECT p.n, x.m FROM s.people p JOIN s.visits x ON x."+c+" = p."+c+" WHERE p.n % 1000 IN (3, 4)")
	}
	want := connect(t, copied.DSN(pgtest.Owner))
	defer want.close()
	for i, sql := range all {
		m := modes[i%len(modes)]
		if got, copied := veil.run(m, sql, nil), want.run(m, sql, nil); got.err != nil || copied.err != nil {
			t.Errorf("%s: %s: %s; over the copy: %s", m.name, sql, got.said(), copied.said())
		} else if d := got.diff(copied, false, nil); d != "" {
			t.Errorf("%s: %s: %s", m.name, sql, d)
		}
	}
	if bytes.Contains(veil.received(), []byte("ZQORIGINAL")) {
		t.Error("an original was received")
	}
}
