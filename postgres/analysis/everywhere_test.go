package analysis

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// expressions are of every kind, with %s for an operand.
var expressions = []string{
	"%s", "p.%s", "NULL", "$1", "'a'", "1", "true", "DEFAULT", "p", "p.*", "*", "current_date", "current_user", "localtimestamp(3)",
	"rank() OVER (ORDER BY %s)", "count(*) OVER (PARTITION BY %s)", "lag(%s) OVER w", "first_value(%s) OVER (w ORDER BY sex)", "sum(days) OVER nope", "max(%s) OVER (ORDER BY sex ROWS 2 PRECEDING)",
	"array_agg(%s) OVER ()", "row_number() OVER (PARTITION BY rank() OVER ())", "ntile(%s) OVER (ORDER BY 1)",
	"count(*)", "count(DISTINCT %s)", "min(%s)", "sum(%s)", "array_agg(%s ORDER BY %[1]s)", "string_agg(%s::text, ',' ORDER BY sex)", "json_agg(p)", "sum(height) FILTER (WHERE %s IS NULL)",
	"percentile_cont(0.5) WITHIN GROUP (ORDER BY %s)", "mode() WITHIN GROUP (ORDER BY %s)", "grouping(%s)", "sum(sum(height))", "sum(rank() OVER ())",
	"generate_series(1, %s)", "unnest(aliases)", "unnest(ARRAY[%s])", "jsonb_each('{}')", "(jsonb_each('{}')).key", "regexp_matches(%s, 'a')",
	"(SELECT %s)", "(SELECT %s FROM visits LIMIT 1)", "(SELECT max(p.%s))", "ARRAY(SELECT %s FROM patients)", "EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.%s)", "%s IN (SELECT %[1]s FROM patients)", "%s = ANY (SELECT %[1]s FROM patients)", "(VALUES (%s))",
	"%s = %[1]s", "%s IS NULL", "%s IS DISTINCT FROM 'a'", "%s LIKE 'a'", "%s SIMILAR TO 'a'", "%s BETWEEN SYMMETRIC 'a' AND 'b'", "%s IN ('a', $1)", "%s || 'x'", "- %s", "%s OPERATOR(pg_catalog.=) 'a'", "%s COLLATE \"C\"", "%s::text", "%s::nope",
	"CAST(%s AS varchar(3))", "%s AT TIME ZONE 'UTC'", "extract(year FROM %s)", "overlay(%s PLACING 'a' FROM 1)", "(%s, sex) OVERLAPS (sex, %[1]s)", "CASE %s WHEN 'a' THEN 1 END", "CASE WHEN %s IS NULL THEN %[1]s END", "coalesce(%s, 'a')", "nullif(%s, 'a')",
	"greatest(%s, 'a')", "ROW(%s)", "ROW(%s, 1) = ROW('a', 1)", "(p).%s", "(address).zip", "(ROW(%s)).f1", "ARRAY[%s]", "ARRAY[ARRAY[%s]]", "aliases[1]", "aliases[1:2]", "(ARRAY[%s])[1]", "xmlelement(name a, %s)", "xmlforest(%s AS b)", "XMLPARSE(CONTENT %s)", "%s IS DOCUMENT",
	"json_build_object('a', %s)", "to_jsonb(p)", "concat(VARIADIC ARRAY[%s])", "concat_ws(',', %s)", "format('%%s', %s)", "make_interval(days => 1)", "nope(%s)", "pg_sleep(1)", "interval '1' YEAR", "B'1'", "NOT %s", "%s IS TRUE", "current_setting('a')", "'patients'::regclass",
}

// clauses are every place of an expression, with %s for it.
var clauses = []string{
	"SELECT %s FROM patients p", "SELECT %s", "SELECT DISTINCT %s FROM patients p", "SELECT DISTINCT ON (%s) sex FROM patients p", "SELECT 1 FROM patients p WHERE %s", "SELECT 1 FROM patients p WHERE (%s) IS NOT NULL AND sex = 'x'",
	"SELECT 1 FROM patients p JOIN visits v ON %s", "SELECT 1 FROM patients p LEFT JOIN visits v ON (%s) IS NULL", "SELECT 1 FROM patients p, LATERAL (SELECT %s) x", "SELECT 1 FROM patients p, generate_series(1, %s) g", "SELECT 1 FROM patients p, unnest(%s) u", "SELECT 1 FROM ROWS FROM (unnest(%s), generate_series(1, 2)) r",
	"SELECT 1 FROM patients p TABLESAMPLE SYSTEM (%s)", "SELECT 1 FROM patients p TABLESAMPLE SYSTEM (1) REPEATABLE (%s)", "SELECT 1 FROM XMLTABLE('/a' PASSING %s COLUMNS b text) x",
	"SELECT count(*) FROM patients p GROUP BY %s", "SELECT %s, count(*) FROM patients p GROUP BY 1", "SELECT count(*) FROM patients p GROUP BY GROUPING SETS ((%s), ())", "SELECT count(*) FROM patients p GROUP BY CUBE (sex, %s)", "SELECT sex FROM patients p GROUP BY sex HAVING %s", "SELECT 1 FROM patients p HAVING (%s) IS NULL",
	"SELECT rank() OVER (PARTITION BY %s) FROM patients p", "SELECT rank() OVER (ORDER BY %s) FROM patients p", "SELECT sum(height) OVER (ORDER BY sex ROWS %s PRECEDING) FROM patients p", "SELECT rank() OVER w FROM patients p WINDOW w AS (PARTITION BY %s)", "SELECT lag(sex, 1, %s) OVER w FROM patients p WINDOW w AS (ORDER BY height), v AS (w)",
	"SELECT sex FROM patients p ORDER BY %s", "SELECT sex FROM patients p ORDER BY (%s) USING <", "SELECT sex FROM patients p WINDOW w AS () ORDER BY %s", "SELECT sex FROM patients p LIMIT %s", "SELECT sex FROM patients p OFFSET %s", "SELECT sex FROM patients p FETCH FIRST (%s) ROWS ONLY",
	"VALUES (%s)", "VALUES (1), (%s)", "SELECT 1 FROM patients p, (VALUES (%s)) v", "SELECT %s FROM patients p UNION SELECT %[1]s FROM patients p", "SELECT sex FROM patients p UNION ALL SELECT sex FROM patients ORDER BY %s", "SELECT sex FROM patients p EXCEPT SELECT %s FROM patients p", "(SELECT sex FROM patients p) UNION (SELECT sex FROM patients LIMIT 1) LIMIT %s",
	"WITH x AS (SELECT %s AS y FROM patients p) SELECT y FROM x", "WITH RECURSIVE x(y) AS (SELECT %s FROM patients p UNION ALL SELECT y FROM x) SELECT y FROM x", "WITH RECURSIVE x(y) AS (SELECT 1 UNION ALL SELECT %s FROM x, patients p) SELECT y FROM x", "WITH x AS MATERIALIZED (VALUES (%s)) TABLE x",
	"SELECT y.z FROM (SELECT %s AS z FROM patients p) y WHERE y.z IS NULL", "SELECT (y).z FROM (SELECT %s AS z FROM patients p) y ORDER BY z", "SELECT count(*) FILTER (WHERE %s) FROM patients p", "SELECT array_agg(sex ORDER BY %s) FROM patients p", "SELECT max(%s) FROM patients p", "SELECT CASE WHEN %s THEN 1 END FROM patients p",
	"SELECT (SELECT %s FROM visits v) FROM patients p", "SELECT 1 FROM patients p WHERE EXISTS (SELECT 1 FROM visits v WHERE %s)", "SELECT 1 FROM patients p WHERE (sex, %s) IN (SELECT sex, name FROM patients)", "SELECT %s INTO x FROM patients p",
	"COPY (SELECT %s FROM patients p) TO STDOUT", "DECLARE c CURSOR FOR SELECT %s FROM patients p", "PREPARE q AS SELECT %s FROM patients p", "EXPLAIN SELECT %s FROM patients p", "EXECUTE q (%s)", "SELECT set_config('application_name', %s, false)", "SET application_name = %s", "SELECT 1 FROM patients p WHERE CURRENT OF c AND %s",
}

// TestEveryExpressionInEveryClause: what stands where it does not belong is an error of the
// statement, never one of the analysis.
func TestEveryExpressionInEveryClause(t *testing.T) {
	t.Parallel()
	c := clinicCatalog(t)
	policies := []*Policy{clinicPolicy(t, Options{Explain: true, Document: upper{}}), clinicPolicy(t, Options{MinCount: 5})}
	operands := []string{"id", "name", "mrn", "sex", "born", "zip", "height", "aliases", "seen", "secret", "nope"}
	r := rand.New(rand.NewPCG(1, 2))
	windows := 0
	for i, clause := range clauses {
		for k, expression := range expressions {
			e := expression
			if strings.Contains(e, "%") {
				e = fmt.Sprintf(strings.ReplaceAll(e, "%%", "\x00"), operands[r.IntN(len(operands))])
				e = strings.ReplaceAll(e, "\x00", "%")
			}
			sql := strings.ReplaceAll(strings.ReplaceAll(clause, "%[1]s", e), "%s", e)
			plan, refusal := analyze(sql, c, policies[(i+k)%len(policies)], clinicSession())
			switch {
			case refusal == nil && plan == nil:
				t.Errorf("%s: nothing", sql)
			case refusal != nil && refusal.Code == "XX000":
				t.Errorf("%s: %s\n%s", sql, refusal.Message, refusal.Stack)
			case refusal != nil && refusal.Code == codeWindowing:
				windows++
			}
		}
	}
	if windows < 100 {
		t.Errorf("%d windows in the wrong place", windows)
	}
}
