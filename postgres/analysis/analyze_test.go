package analysis

import (
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/postgres/rows"
)

// TestAccepted names what must pass and, of the columns that come back, which are
// keyed.
func TestAccepted(t *testing.T) {
	open := sealed(t, "Patient", "123")
	for _, c := range []struct{ name, sql, sealed string }{
		{"star without hidden columns", "SELECT * FROM patients", "id mrn ssn name aliases"},
		{"sealed through alias", "SELECT p.id AS x FROM clinic.patients AS p", "x"},
		{"column aliases", "SELECT b FROM patients AS p(a, b)", "b"},
		{"qualified by schema", "SELECT clinic.patients.id FROM clinic.patients", "id"},
		{"quoted", `SELECT "id", "Größe 2" FROM patients, wards`, "id"},
		{"unicode escapes", `SELECT U&"i\0064" FROM patients`, "id"},
		{"sub-select", "SELECT y FROM (SELECT id AS y FROM patients) x", "y"},
		{"lateral", "SELECT l.id, w.ward FROM wards w, LATERAL (SELECT id FROM patients WHERE height > w.floor) l", "id"},
		{"with", "WITH a AS (SELECT id FROM patients), b(z) AS (SELECT id FROM a) SELECT z FROM b", "z"},
		{"with, twice", "WITH a AS (SELECT id FROM patients) SELECT x.id FROM a x JOIN a y ON x.id = y.id", "id"},
		{"with, named as its table", "WITH patients AS (SELECT id FROM patients) SELECT patients.id FROM patients", "id"},
		{"with, hiding another", "WITH a AS (SELECT 1 AS id) SELECT * FROM (WITH a AS (SELECT id FROM patients) SELECT a.id FROM a) x", "id"},
		{"recursive", "WITH RECURSIVE r(id, n) AS (SELECT id, 1 FROM patients UNION ALL SELECT r.id, n + 1 FROM r WHERE n < 3) SELECT * FROM r", "id"},
		{"recursive counter", "WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r", ""},
		{"union", "SELECT id FROM patients UNION SELECT patient_id FROM visits", "id"},
		{"union all of surrogates", "SELECT name FROM patients UNION ALL SELECT name FROM patients", "name"},
		{"union with null", "SELECT id FROM patients UNION ALL SELECT NULL", "id"},
		{"except", "SELECT id FROM patients EXCEPT SELECT patient_id FROM visits", "id"},
		{"join of one domain", "SELECT p.id FROM patients p JOIN visits v ON v.patient_id = p.id", "id"},
		{"join over types", "SELECT p.id FROM patients p JOIN visits v ON v.patient_code = p.id", "id"},
		{"using", "SELECT patient_id, ward FROM visits JOIN visits_2024 USING (patient_id, ward)", "patient_id"},
		{"natural", "SELECT ward FROM visits NATURAL JOIN wards", ""},
		{"full join using", "SELECT patient_id FROM visits FULL JOIN visits_2024 USING (patient_id)", "patient_id"},
		{"equality with a pseudonym", "SELECT sex FROM patients WHERE id = '" + open + "'", ""},
		{"equality with what is none", "SELECT sex FROM patients WHERE id = '123' OR id <> 'abc'", ""},
		{"in", "SELECT sex FROM patients WHERE id IN ('" + open + "', 'x', NULL)", ""},
		{"any array", "SELECT sex FROM patients WHERE id = ANY (ARRAY['" + open + "']) OR id = ANY ('{a,b}')", ""},
		{"in sub-select", "SELECT sex FROM patients WHERE id IN (SELECT patient_id FROM visits) AND id NOT IN (SELECT patient_code FROM visits)", ""},
		{"rows", "SELECT sex FROM patients WHERE (id, sex) IN (('" + open + "', 'x')) OR (id, sex) = ('a', 'b')", ""},
		{"exists", "SELECT sex FROM patients p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.id)", ""},
		{"null tests", "SELECT sex FROM patients WHERE id IS NOT NULL AND name IS NULL", ""},
		{"group by", "SELECT patient_id, count(*) FROM visits GROUP BY patient_id", "patient_id"},
		{"group by number and name", "SELECT patient_id AS p, ward, count(*) FROM visits GROUP BY 1, ward ORDER BY 3", "p"},
		{"group by with surrogate of the same patient", "SELECT id, name, count(*) FROM patients GROUP BY id, name", "id name"},
		{"grouping sets", "SELECT patient_id, ward, grouping(patient_id), count(*) FROM visits GROUP BY GROUPING SETS ((patient_id), (ward), ())", "patient_id"},
		{"distinct", "SELECT DISTINCT patient_id, ward FROM visits ORDER BY ward LIMIT 5", "patient_id"},
		{"count distinct", "SELECT ward, count(DISTINCT patient_id), count(patient_id) FROM visits GROUP BY 1 HAVING count(DISTINCT patient_id) > 1", ""},
		{"partition by", "SELECT patient_id, row_number() OVER (PARTITION BY patient_id ORDER BY days) FROM visits", "patient_id"},
		{"named window", "SELECT rank() OVER w FROM visits WINDOW w AS (PARTITION BY patient_id ORDER BY days)", ""},
		{"lag", "SELECT lag(patient_id, 1) OVER (ORDER BY days) FROM visits", "lag"},
		{"case", "SELECT CASE WHEN days > 3 THEN patient_id END FROM visits", "case"},
		{"coalesce", "SELECT coalesce(v.patient_id, p.id) FROM visits v FULL JOIN patients p ON p.id = v.patient_id", "coalesce"},
		{"scalar sub-select", "SELECT (SELECT id FROM patients LIMIT 1)", "id"},
		{"pushed down everywhere", "SELECT upper(zip), extract(year FROM born), cost * 2 FROM patients, visits WHERE born > '1990-01-01' ORDER BY born, zip", ""},
		{"composite field", "SELECT (address).zip, (pressure).systolic, (v.pressure).* FROM patients, visits v", ""},
		{"enum", "SELECT kind, count(*) FROM visits WHERE kind = 'a' OR kind IN ('b', 'c') GROUP BY kind ORDER BY kind", ""},
		{"enum as text", "SELECT upper(kind::text) FROM visits", ""},
		{"values", "VALUES (1, 'a'), (2, 'b') ORDER BY 1", ""},
		{"functions in from", "SELECT n, e FROM generate_series(1, 3) n, unnest(ARRAY['a']) WITH ORDINALITY AS u(e, o)", ""},
		{"record functions", "SELECT key FROM jsonb_each('{}') WHERE value IS NOT NULL", ""},
		{"column definitions", "SELECT a FROM jsonb_to_recordset('[]') AS r(a int, b text)", ""},
		{"percentile", "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FROM visits", ""},
		{"tablesample", "SELECT sex FROM patients TABLESAMPLE SYSTEM (10) REPEATABLE (1)", ""},
		{"only", "SELECT ward FROM ONLY visits", ""},
		{"whole row of clear columns", "SELECT w, to_json(w) FROM wards w", ""},
		{"partition takes the parent's rules", "SELECT * FROM visits_2024", "uid patient_id patient_code doc"},
		{"view", "SELECT id, sex FROM v_patients", "id"},
		{"view of a view", "SELECT * FROM v_women", "id"},
		{"catalog", "SELECT relname, relacl, c.tableoid FROM pg_class c WHERE relkind = 'r'", ""},
		{"regclass", "SELECT 'patients'::regclass, 'pg_class'::regclass::oid", ""},
		{"parameters", "SELECT sex FROM patients WHERE id = $1 AND sex = $2 AND id = ANY ($3)", ""},
		{"typed parameter", "SELECT sex FROM patients WHERE id = $1::int8", ""},
		{"explain", "EXPLAIN SELECT id FROM patients", ""},
		{"copy table", "COPY patients (id, sex) TO STDOUT", "id"},
		{"copy query", "COPY (SELECT id FROM patients) TO STDOUT (FORMAT csv, HEADER)", "id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := planOf(t, c.sql)
			var got []string
			for _, col := range p.Columns {
				if col.Keyed() {
					got = append(got, col.Name)
				}
			}
			if strings.Join(got, " ") != c.sealed {
				t.Errorf("sealed columns %q, want %q\n%s", got, c.sealed, p.SQL)
			}
		})
	}
}

// TestRefused names what must not pass, and the SQLSTATE.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, sql, code string }{
		{"function", "SELECT upper(name) FROM patients", codeForbidden},
		{"cast", "SELECT id::bigint FROM patients", codeForbidden},
		{"JSON compared", "SELECT 1 FROM patients WHERE to_jsonb(id) = '1'", codeForbidden},
		{"concatenation", "SELECT 1 FROM patients WHERE name || '' = 'x'", codeForbidden},
		{"like", "SELECT 1 FROM patients WHERE id::text LIKE 'a%'", codeForbidden},
		{"less", "SELECT 1 FROM patients WHERE name < 'x'", codeForbidden},
		{"order", "SELECT sex FROM patients ORDER BY name", codeForbidden},
		{"order by number", "SELECT name FROM patients ORDER BY 1", codeForbidden},
		{"order by alias", "SELECT ssn AS x FROM patients ORDER BY x", codeForbidden},
		{"array of numbers in it", "SELECT array_agg(length(id::text)) FROM patients", codeForbidden},
		{"array sliced", "SELECT (array_agg(id))[1:2] FROM patients", codeForbidden},
		{"array searched", "SELECT 1 FROM patients WHERE ARRAY(SELECT id FROM patients) @> ARRAY[id]", codeForbidden},
		{"array unnested", "SELECT unnest(array_agg(id)) FROM patients", codeForbidden},
		{"array compared", "SELECT array_agg(id) = '{}' FROM patients", codeForbidden},
		{"array in a window", "SELECT array_agg(DISTINCT id) OVER () FROM patients", codeForbidden},
		{"texts joined by a column", "SELECT string_agg(id::text, sex) FROM patients", codeForbidden},
		{"JSON taken apart", "SELECT to_jsonb(p)->>'name' FROM patients p", codeForbidden},
		{"JSON under a key of the row", "SELECT json_build_object(sex, id) FROM patients", codeForbidden},
		{"JSON by keyed keys", "SELECT json_object_agg(DISTINCT id, 1) FROM patients", codeForbidden},
		{"JSON sorted", "SELECT to_jsonb(id) FROM patients ORDER BY 1", codeForbidden},
		{"distinct JSON collected", "SELECT jsonb_agg(DISTINCT jsonb_build_object('id', id)) FROM patients", codeForbidden},
		{"row", "SELECT ROW(id, sex) FROM patients", codeForbidden},
		{"row of a star", "SELECT ROW(p.*) FROM patients p", codeForbidden},
		{"whole row", "SELECT p FROM patients p", codeForbidden},
		{"whole row as an argument", "SELECT to_jsonb(p.*) FROM patients p", codeForbidden},
		{"whole row of a sub-select", "SELECT x FROM (SELECT id FROM patients) x", codeForbidden},
		{"other domain", "SELECT 1 FROM patients p JOIN visits v ON v.uid = p.id", codeForbidden},
		{"surrogates compared", "SELECT 1 FROM patients a JOIN patients b ON a.name = b.name", codeForbidden},
		{"surrogates grouped", "SELECT name, count(*) FROM patients GROUP BY name", codeForbidden},
		{"surrogates distinct", "SELECT DISTINCT name FROM patients", codeForbidden},
		{"surrogates grouped by another's id", "SELECT a.name FROM patients a, patients b GROUP BY b.id, a.name", codeForbidden},
		{"union with text", "SELECT name FROM patients UNION SELECT 'x'", codeForbidden},
		{"union with a clear column", "SELECT id FROM patients INTERSECT SELECT ward FROM wards", codeForbidden},
		{"case mixes", "SELECT CASE WHEN true THEN id ELSE name END FROM patients", codeForbidden},
		{"recursion brings one in", "WITH RECURSIVE r(x) AS (SELECT NULL UNION ALL SELECT name FROM patients) SELECT upper(x) FROM r", codeForbidden},
		{"through a CTE", "WITH a AS (SELECT name FROM patients) SELECT lower(name) FROM a", codeForbidden},
		{"through a view", "SELECT shout FROM v_patients", codeForbidden},
		{"star of such a view", "SELECT * FROM v_patients", codeForbidden},
		{"view with a condition on a name", "SELECT sex FROM v_leak", codeForbidden},
		{"materialised view without rules", "SELECT id FROM mv_patients WHERE name = 'x'", codeNoTable},
		{"hidden column", "SELECT vip FROM patients", codeNoColumn},
		{"column without a rule", "SELECT secret FROM patients", codeNoColumn},
		{"relation without a rule", "SELECT * FROM vault.secrets", codeNoTable},
		{"system column", "SELECT ctid FROM patients", codeNoColumn},
		{"tableoid", "SELECT tableoid FROM patients", codeNoColumn},
		{"shadow column's name", `SELECT "` + rows.NewTag() + `_1" FROM patients`, codeNoColumn},
		{"statistics", "SELECT stavalues1 FROM pg_statistic", codeNoTable},
		{"files", "SELECT pg_read_file('/etc/passwd')", codeForbidden},
		{"files by a field", "SELECT ('/etc/passwd'::text).pg_read_file", codeForbidden},
		{"attribute as a function", "SELECT p.pg_typeof FROM patients p", codeNoColumn},
		{"user function", "SELECT clinic.leak(1)", codeForbidden},
		{"dynamic SQL", "SELECT query_to_xml('SELECT 1', true, true, '')", codeForbidden},
		{"sleep", "SELECT pg_sleep(1)", codeForbidden},
		{"set_config where it may not run", "SELECT set_config('search_path', 'x', false) FROM patients", codeForbidden},
		{"set_config in an expression", "SELECT length(set_config('application_name', 'x', false))", codeForbidden},
		{"set_config of a column", "SELECT set_config('timezone', sex, false) FROM patients", codeForbidden},
		{"set_config of what may not be set", "SELECT set_config('log_statement', 'all', false)", codeForbidden},
		{"set_config of a value that may not be", "SELECT set_config('transaction_read_only', 'off', false)", codeForbidden},
		{"current_setting of what is not shown", "SELECT current_setting('data_directory')", codeUnknownSet},
		{"current_query", "SELECT current_query()", codeForbidden},
		{"setting", "SELECT current_setting('clinic.motto')", codeUnknownSet},
		{"user operator", "SELECT 1 OPERATOR(clinic.===) 2", codeNoFunction},
		{"user type", "SELECT NULL::clinic.address", codeUnknownSet},
		{"user cast", "SELECT kind::int8 FROM visits", codeForbidden},
		{"user cast, implicit", "SELECT abs(kind) FROM visits", codeForbidden},
		{"user cast in a union", "SELECT 1::int8 UNION ALL SELECT kind FROM visits", codeForbidden},
		{"user cast of a constant", "SELECT 'a'::clinic.kind::int8", codeForbidden},
		{"user cast in a comparison", "SELECT 1 FROM visits WHERE kind = days", codeForbidden},
		{"regclass of what is hidden", "SELECT 'vault.secrets'::regclass", codeNoTable},
		{"collation", `SELECT sex COLLATE clinic.c FROM patients`, codeForbidden},
		{"locking", "SELECT sex FROM patients FOR UPDATE", codeReadOnly},
		{"into", "SELECT sex INTO x FROM patients", codeReadOnly},
		{"insert", "INSERT INTO wards VALUES ('x')", codeReadOnly},
		{"writing CTE", "WITH x AS (DELETE FROM wards RETURNING *) SELECT * FROM x", codeReadOnly},
		{"merge", "MERGE INTO wards USING wards w ON true WHEN MATCHED THEN DELETE", codeReadOnly},
		{"create", "CREATE TABLE x (a int)", codeReadOnly},
		{"do", "DO 'BEGIN END'", codeReadOnly},
		{"call", "CALL clinic.touch()", codeReadOnly},
		{"listen", "LISTEN x", codeReadOnly},
		{"lock", "LOCK TABLE wards", codeReadOnly},
		{"copy in", "COPY wards FROM STDIN", codeReadOnly},
		{"copy to a file", "COPY wards TO '/tmp/x'", codeForbidden},
		{"copy to a program", "COPY wards TO PROGRAM 'x'", codeForbidden},
		{"copy a partitioned table", "COPY visits TO STDOUT", "42809"},
		{"set role", "SET ROLE postgres", codeForbidden},
		{"set session authorization", "SET SESSION AUTHORIZATION postgres", codeForbidden},
		{"set what may not be", "SET row_security = off", codeForbidden},
		{"read write", "BEGIN READ WRITE", codeReadOnly},
		{"set read write", "SET transaction_read_only = off", codeForbidden},
		{"prepare a write", "PREPARE x AS DELETE FROM wards", codeReadOnly},
		{"explain analyze", "EXPLAIN ANALYZE SELECT 1", codeForbidden},
		{"explain verbose", "EXPLAIN (VERBOSE) SELECT 1", codeForbidden},
		{"unknown cursor", "FETCH ALL FROM c", codeNoCursor},
		{"unknown statement", "EXECUTE x", codeNoPrepared},
		{"show all", "SHOW ALL", codeUnknownSet},
		{"parameter of both kinds", "SELECT 1 FROM patients WHERE id = $1 AND sex = $1", codeForbidden},
		{"a later WITH query", "WITH b AS (SELECT 'z' AS x) SELECT * FROM (WITH RECURSIVE a AS (SELECT substr(x::text, 30) FROM b), b AS (SELECT name AS x FROM patients) SELECT * FROM a) q", "0A000"},
		{"itself, not recursive", "WITH RECURSIVE patients AS (SELECT id FROM patients) SELECT * FROM patients", "42P19"},
		{"ambiguous", "SELECT patient_id FROM visits a, visits b", codeAmbiguous},
		{"ids of two domains in VALUES, compared", "SELECT count(DISTINCT x) FROM visits p, LATERAL (VALUES (p.uid), (p.patient_id)) v(x)", codeForbidden},
		{"sealed in VALUES compared with a number", "SELECT * FROM patients p, LATERAL (VALUES (p.id)) v(x) WHERE x LIKE '7%'", codeForbidden},
		{"a surrogate in VALUES", "SELECT DISTINCT x FROM patients p, LATERAL (VALUES (p.name)) v(x)", codeForbidden},
		{"sealed as a limit", "SELECT 1 LIMIT (SELECT id FROM patients LIMIT 1)", codeForbidden},
		{"sealed in a table function", "SELECT * FROM patients p, generate_series(1, p.id) g", codeForbidden},
		{"subscript of a sealed array", "SELECT aliases[1] FROM patients", codeForbidden},
		{"two statements", "SELECT 1; SELECT 2", codeSyntax},
		{"syntax", "SELEC 1", codeSyntax},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, r := analyze(c.sql, clinicCatalog(t), clinicPolicy(t, Options{Explain: true}), clinicSession())
			if r == nil {
				t.Fatalf("accepted: %s", p.SQL)
			}
			if r.Code != c.code {
				t.Errorf("code %s, want %s: %s", r.Code, c.code, r.Message)
			}
		})
	}
}

// TestRefusalNamesColumnRuleAndPlace holds what a refusal must tell.
func TestRefusalNamesColumnRuleAndPlace(t *testing.T) {
	_, r := analyze("SELECT 'äöü', upper(name) FROM patients", clinicCatalog(t), clinicPolicy(t, Options{}), clinicSession())
	if r == nil || r.Column != "clinic.patients.name" || r.Rule != "name" || r.Position != 21 {
		t.Errorf("%+v", r)
	}
}

// TestHiddenAndAbsentAreOne holds that a relation or column that is hidden is refused
// in the words of one that is not there.
func TestHiddenAndAbsentAreOne(t *testing.T) {
	c, p := clinicCatalog(t), clinicPolicy(t, Options{})
	for _, pair := range [][2]string{
		{"SELECT * FROM vault.secrets", "SELECT * FROM vault.absence"},
		{"SELECT secret FROM patients", "SELECT nothin FROM patients"},
		{"SELECT 'vault.secrets'::regclass", "SELECT 'vault.absence'::regclass"},
	} {
		_, a := analyze(pair[0], c, p, clinicSession())
		_, b := analyze(pair[1], c, p, clinicSession())
		if a == nil || b == nil {
			t.Fatal("accepted")
		}
		x, y := *a, *b
		x.Message = strings.NewReplacer("secrets", "absence", `"secret"`, `"nothin"`).Replace(x.Message)
		if y.Object != "" {
			t.Errorf("%s: %q is not there", pair[1], y.Object)
		}
		x.Object = "" // which no client sees: it is for the operator's log
		if x != y {
			t.Errorf("%+v\n%+v", x, y)
		}
	}
}

// TestConsumerSeesItsRelations holds the policy's list of relations.
func TestConsumerSeesItsRelations(t *testing.T) {
	c, p := clinicCatalog(t), clinicPolicy(t, Options{Relations: []string{"clinic.w*"}})
	if _, r := analyze("SELECT * FROM wards", c, p, clinicSession()); r != nil {
		t.Error(r)
	}
	for _, sql := range []string{"SELECT sex FROM patients", "SELECT * FROM v_women", "SELECT 'patients'::regclass"} {
		if _, r := analyze(sql, c, p, clinicSession()); r == nil || r.Code != codeNoTable {
			t.Errorf("%s: %v", sql, r)
		}
	}
}

// TestVouchedFunction holds that a function of the operator's list runs, and only over
// values that are not keyed.
func TestVouchedFunction(t *testing.T) {
	c, p := clinicCatalog(t), clinicPolicy(t, Options{Functions: []string{"clinic.age_years"}})
	plan, r := analyze("SELECT age_years(born) FROM patients", c, p, clinicSession())
	if r != nil || !strings.Contains(plan.SQL, "clinic.age_years(") {
		t.Fatal(r)
	}
	if _, r := analyze("SELECT clinic.age_years(patient_id) FROM visits", c, p, clinicSession()); r == nil {
		t.Error("a sealed value reaches a function")
	}
	if _, err := NewPolicy(p.masks, Options{Functions: []string{"pg_read_file"}}); err == nil {
		t.Error("a function without a schema is accepted")
	}
}

// TestRelationsAreNamed holds what the audit log learns.
func TestRelationsAreNamed(t *testing.T) {
	p := planOf(t, "SELECT w.ward FROM v_women v, wards w, pg_class")
	if want := []string{"clinic.patients", "clinic.v_patients", "clinic.v_women", "clinic.wards", "pg_catalog.pg_class"}; !slices.Equal(p.Relations, want) {
		t.Errorf("%q", p.Relations)
	}
	if p.Fingerprint == "" {
		t.Error("no fingerprint")
	}
	for _, want := range []string{"30001", "'7'", "30006", "30007", "30004"} {
		if !strings.Contains(p.CheckSQL, want) {
			t.Errorf("CheckSQL lacks %s: %s", want, p.CheckSQL)
		}
	}
}

// TestCacheKnowsItsCatalog holds that a plan of one catalog, policy or search path is
// not given for another.
func TestCacheKnowsItsCatalog(t *testing.T) {
	a := NewAnalyzer(16)
	defer a.Close()
	c, p, s := clinicCatalog(t), clinicPolicy(t, Options{}), clinicSession()
	first, _ := a.Analyze("SELECT sex FROM patients", c, p, s)
	a.plans.Wait()
	if again, _ := a.Analyze("SELECT sex FROM patients", c, p, s); again != first {
		t.Error("the plan is not remembered")
	}
	if other, _ := a.Analyze("SELECT sex FROM patients", clinicCatalog(t), p, s); other == first {
		t.Error("another catalog finds it")
	}
	a.plans.Wait()
	elsewhere := clinicSession()
	elsewhere.SearchPath = []string{"vault"}
	if _, r := a.Analyze("SELECT sex FROM patients", c, p, elsewhere); r == nil {
		t.Error("another search path finds it")
	}
}
