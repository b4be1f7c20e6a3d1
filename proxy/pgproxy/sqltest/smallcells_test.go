package sqltest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/postgres/analysis"
)

// smallCells is the least number of people in a group.
const smallCells = 51

// groupedStatements are statements that show groups, with {min} where a statement over the copy says
// what Veil does itself.
var groupedStatements = []string{
	"SELECT sex, count(*) FROM clinic.patients GROUP BY sex {HAVING count(DISTINCT id) >= min}",
	"SELECT height_cm, count(*), avg(weight_kg) FROM clinic.patients GROUP BY height_cm {HAVING count(DISTINCT id) >= min}",
	"SELECT count(*) FROM clinic.patients",
	"SELECT count(*) FROM clinic.patients WHERE height_cm = 153 {HAVING count(DISTINCT id) >= min}",
	"SELECT count(*) FROM clinic.patients WHERE id = '{{seal Patient/770000017}}' {HAVING count(DISTINCT id) >= min}",
	"SELECT department, class, count(*), count(DISTINCT patient_id) FROM clinic.encounters GROUP BY 1, 2 HAVING count(*) > 10 {AND count(DISTINCT patient_id) >= min}",
	"SELECT department, icd10, count(*) FROM clinic.encounters GROUP BY ROLLUP (department, icd10) {HAVING count(DISTINCT patient_id) >= min}",
	"SELECT p.sex, e.department, avg(e.los_days) FROM clinic.patients p JOIN clinic.encounters e ON e.patient_id = p.id GROUP BY 1, 2 {HAVING count(DISTINCT p.id) >= min}",
	"SELECT p.sex, count(e.id) FROM clinic.patients p LEFT JOIN clinic.encounters e ON e.patient_id = p.id AND e.class = 'EMER' GROUP BY 1 {HAVING count(DISTINCT p.id) >= min}",
	"SELECT e.department, c.description, count(*) FROM clinic.encounters e JOIN clinic.icd10_codes c ON c.code = e.icd10 GROUP BY 1, 2 {HAVING count(DISTINCT patient_id) >= min}",
	"SELECT n, count(*) FROM (SELECT patient_id, count(*) OVER (PARTITION BY patient_id) AS n FROM clinic.encounters) x GROUP BY n {HAVING count(DISTINCT patient_id) >= min}",
	"WITH c AS (SELECT DISTINCT patient_id FROM clinic.encounters WHERE icd10 = 'I10') SELECT p.sex, count(*) FROM c JOIN clinic.patients p ON p.id = c.patient_id GROUP BY 1 {HAVING count(DISTINCT p.id) >= min}",
	"SELECT sex, count(*) FROM clinic.patients p WHERE EXISTS (SELECT 1 FROM clinic.encounters e WHERE e.patient_id = p.id AND e.class = 'IMP') GROUP BY sex {HAVING count(DISTINCT id) >= min}",
	"SELECT sex, count(*) FROM clinic.patients WHERE id IN (SELECT patient_id FROM clinic.encounters WHERE class = 'EMER') AND id NOT IN (SELECT patient_id FROM clinic.claims WHERE status = 'open') GROUP BY sex {HAVING count(DISTINCT id) >= min}",
	"SELECT d.name, x.n FROM clinic.departments d LEFT JOIN (SELECT department, count(*) AS n FROM clinic.encounters GROUP BY department {HAVING count(DISTINCT patient_id) >= min}) x ON x.department = d.name",
	"SELECT sex, n, rank() OVER (ORDER BY n) FROM (SELECT sex, count(*) AS n FROM clinic.patients GROUP BY sex {HAVING count(DISTINCT id) >= min}) x",
	"SELECT max(n) FROM (SELECT department, count(*) AS n FROM clinic.encounters GROUP BY 1 {HAVING count(DISTINCT patient_id) >= min}) x",
	"SELECT (SELECT count(*) FROM clinic.patients WHERE sex = 'female'), (SELECT count(*) FROM clinic.patients WHERE height_cm = 153 {HAVING count(DISTINCT id) >= min})",
	"SELECT c, count(*) FROM (SELECT patient_id, class AS c FROM clinic.encounters UNION ALL SELECT patient_id, payer FROM clinic.claims) x GROUP BY c {HAVING count(DISTINCT patient_id) >= min}",
	"SELECT code, description FROM clinic.icd10_codes ORDER BY code",
	"SELECT department, sum(n) FROM (SELECT e.department, p.sex, count(*) AS n FROM clinic.encounters e JOIN clinic.patients p ON p.id = e.patient_id GROUP BY 1, 2 {HAVING count(DISTINCT p.id) >= min}) x GROUP BY department",
	"SELECT extract(year FROM started_at) AS y, count(*) FROM clinic.encounters GROUP BY 1 {HAVING count(DISTINCT patient_id) >= min}",
	"SELECT DISTINCT department, count(*) FROM clinic.encounters GROUP BY department, icd10 {HAVING count(DISTINCT patient_id) >= min}",
	"SELECT relname FROM pg_class WHERE relname = 'patients'",
}

// singledOut are statements that would show fewer people.
var singledOut = []string{
	"SELECT id, sex FROM clinic.patients", "TABLE clinic.patients", "SELECT 1 FROM clinic.patients", "COPY clinic.patients TO STDOUT", "SELECT DISTINCT sex FROM clinic.patients",
	"SELECT sex FROM clinic.patients WHERE id = '{{seal Patient/770000017}}'", "SELECT sex FROM clinic.v_patients p JOIN clinic.patients USING (id)",
	"SELECT 1 WHERE EXISTS (SELECT 1 FROM clinic.patients WHERE id = '{{seal Patient/770000017}}' AND sex = 'male')",
	"SELECT g FROM generate_series(1, 3) g WHERE g IN (SELECT height_cm FROM clinic.patients)",
	"SELECT count(*) FROM clinic.patients WHERE EXISTS (SELECT 1 FROM clinic.patients q WHERE q.id = '{{seal Patient/770000017}}' AND q.sex = 'male')",
	"SELECT count(*) FROM clinic.patients p WHERE 'male' = (SELECT sex::text FROM clinic.patients q WHERE q.id = '{{seal Patient/770000017}}')",
	"SELECT count(*) FROM clinic.patients p WHERE 'male' IN (SELECT sex::text FROM clinic.patients q WHERE q.id = '{{seal Patient/770000017}}')",
	"SELECT count(*), max(b.height_cm) FROM clinic.patients a, clinic.patients b WHERE b.id = '{{seal Patient/770000017}}'",
	"SELECT count(*), max(b.height_cm) FROM clinic.patients a CROSS JOIN LATERAL (SELECT height_cm FROM clinic.patients q WHERE q.id = '{{seal Patient/770000017}}') b",
	"WITH one AS (SELECT * FROM clinic.patients WHERE id = '{{seal Patient/770000017}}') SELECT count(*), max(o.height_cm) FROM clinic.patients, one o",
	"WITH c AS (SELECT id, height_cm FROM clinic.patients) SELECT count(*), max(b.height_cm) FROM c a, c b WHERE b.id = '{{seal Patient/770000017}}'",
	"SELECT count(*), max(x) FROM (SELECT id, max(CASE WHEN id = '{{seal Patient/770000017}}' THEN height_cm END) OVER () AS x FROM clinic.patients) y",
	"SELECT sex, array_agg(height_cm) FROM clinic.patients GROUP BY sex", "SELECT string_agg(height_cm::text, ',') FROM clinic.patients", "SELECT json_agg(weight_kg) FROM clinic.patients",
	"SELECT count(*) FILTER (WHERE id = '{{seal Patient/770000017}}' AND sex = 'male') FROM clinic.patients",
	"SELECT count(*) FROM (SELECT sex FROM clinic.patients) x", "SELECT ARRAY(SELECT height_cm FROM clinic.patients)",
	"SELECT sex FROM clinic.patients UNION SELECT 'x'", "SELECT count(*) FROM (SELECT height_cm FROM clinic.patients UNION SELECT 1) x",
	"SELECT note_type, count(*) FROM clinic.notes GROUP BY 1", "SELECT id FROM clinic.claims_2024 LIMIT 1", "DECLARE c CURSOR FOR SELECT sex FROM clinic.patients", "PREPARE p AS SELECT sex FROM clinic.patients",
	"WITH RECURSIVE r AS (SELECT id FROM clinic.patients UNION ALL SELECT p.id FROM clinic.patients p JOIN r ON r.id = p.id WHERE false) SELECT count(*) FROM r",
	"SELECT count(*) FROM clinic.patients a LEFT JOIN clinic.patients b ON a.sex = b.sex AND b.id = '{{seal Patient/770000017}}'",
	"SELECT count(*) FROM clinic.patients a WHERE a.height_cm > ALL (SELECT height_cm FROM clinic.patients WHERE id = '{{seal Patient/770000017}}')",
	"SELECT height_cm FROM clinic.patients ORDER BY height_cm DESC LIMIT 1", "SELECT last_name FROM clinic.v_active", "SELECT place FROM clinic.v_sorted",
}

var ownHaving = regexp.MustCompile(`\{((?:HAVING|AND) [^{}]*)\}`)

// TestSmallCells holds a view with a least number of people to it: groups of fewer are
// not there, and what would show people one by one is refused.
func TestSmallCells(t *testing.T) {
	t.Parallel()
	h := start(t)
	d := openListener(t, h.originals.DSN(pgtest.Owner), h.policy, newResources(t, h.policy), func(o *analysis.Options) { o.MinCount, o.Person = smallCells, "Patient" })
	s, direct := connect(t, d.dsn()), connect(t, h.copy.DSN(pgtest.Reader))
	defer s.close()
	defer direct.close()
	value := h.value(t, h.originals)
	suppressed := 0
	for i, sql := range groupedStatements {
		m := modes[i%len(modes)]
		asked := Fill(ownHaving.ReplaceAllString(sql, ""), false, value)
		said := Fill(strings.ReplaceAll(ownHaving.ReplaceAllString(sql, "$1"), ">= min", fmt.Sprint(">= ", smallCells)), false, value)
		got, want, all := s.run(m, asked, nil), direct.run(m, said, nil), direct.run(m, asked, nil)
		if got.err != nil || want.err != nil {
			t.Errorf("%s: %s; over the copy: %s", asked, got.said(), want.said())
			continue
		}
		if why := got.diff(want, false, nil); why != "" {
			t.Errorf("%s: %s", asked, why)
		}
		if all.diff(want, false, nil) != "" {
			suppressed++
		}
	}
	if suppressed < 8 {
		t.Errorf("only %d statements have small groups: that proves little", suppressed)
	}
	for _, sql := range singledOut {
		sql = Fill(sql, false, value)
		for _, m := range modes {
			if a := s.run(m, sql, nil); a.code() != "42501" {
				t.Errorf("%s: %s: %s %q, want 42501", m.name, sql, a.said(), a.rows)
			}
		}
	}
	d.quiet(t)
}
