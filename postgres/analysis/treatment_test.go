package analysis

import (
	"strings"
	"testing"
)

func TestTreatments(t *testing.T) {
	want := map[string]string{
		"clinic.patients.id": "keyed ids seal", "clinic.patients.ssn": "keyed ssn imitate", "clinic.patients.name": "keyed name surrogate",
		"clinic.patients.born": "pushed down born birthYear", "clinic.patients.died": "hidden", "clinic.patients.sex": "clear clear keep",
		"clinic.patients.vip": "hidden hidden hide", "clinic.patients.secret": "hidden", "clinic.patients.address": "pushed down address zip3",
		"clinic.visits_2024.seen": "keyed seen date", "clinic.visits_2024.ward": "clear clear keep",
		"vault.secrets.": "hidden", "clinic.v_patients.": "clear", "clinic.mv_patients.": "hidden",
	}
	got := map[string]string{}
	for _, c := range clinicPolicy(t, Options{}).Treatments(clinicCatalog(t)) {
		got[c.Schema+"."+c.Relation+"."+c.Column] = strings.TrimSpace(c.Treatment.String() + " " + c.Rule + " " + c.Method)
	}
	for name, w := range want {
		if got[name] != w {
			t.Errorf("%s is %q, want %q", name, got[name], w)
		}
	}
}

// onePolicy has one rule and a default.
func onePolicy(t testing.TB, def, rules string) *Policy {
	t.Helper()
	return policyOf(t, "veil: 1\nname: one\nreferenceDate: 2025-06-30\ntables:\n  default: "+def+"\n  rules:\n"+rules, Options{})
}

// TestMostExactRuleWins holds the order of rules, and that a tie hides.
func TestMostExactRuleWins(t *testing.T) {
	for _, c := range []struct{ name, rules, want string }{
		{"a column's name before a table's", `    - {id: t, match: {table: wards}, method: keep}
    - {id: c, match: {column: ward}, method: remove}`, "pushed down c"},
		{"a name before a glob", `    - {id: g, match: {column: "wa*"}, method: keep}
    - {id: c, match: {column: ward}, method: remove}`, "pushed down c"},
		{"a glob before all", `    - {id: a, match: {table: wards}, method: keep}
    - {id: g, match: {column: "*ard"}, method: remove}`, "pushed down g"},
		{"the table decides between equal columns", `    - {id: c, match: {column: ward}, method: remove}
    - {id: t, match: {table: wards, column: ward}, method: keep}`, "clear t"},
		{"a tie hides", `    - {id: a, match: {table: wards, column: "w*"}, method: keep}
    - {id: b, match: {table: wards, column: "*d"}, method: remove}`, "hidden "},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, x := range onePolicy(t, "refuse", c.rules).Treatments(clinicCatalog(t)) {
				if x.Relation == "wards" && (x.Column == "ward" || x.Column == "") {
					if got := x.Treatment.String() + " " + x.Rule; got != c.want {
						t.Errorf("got %q, want %q (%s)", got, c.want, x.Note)
					}
				}
			}
		})
	}
}

// TestDefaults holds what happens to what no rule matches.
func TestDefaults(t *testing.T) {
	const rule = `    - {id: a, match: {table: wards, column: floor}, method: keep}`
	c := clinicCatalog(t)
	for _, x := range []struct {
		def, sql, code string
	}{
		{"refuse", "SELECT k FROM vault.secrets", codeNoTable},
		{"refuse", "SELECT ward FROM wards", codeNoColumn},
		{"refuse", "SELECT floor FROM wards", ""},
		{"remove", "SELECT k FROM vault.secrets", ""},
		{"keep", "SELECT k FROM vault.secrets", ""},
		{"keep", "SELECT id FROM mv_patients", codeNoTable},
		{"keep", "SELECT upper(name) FROM patients", ""},
	} {
		plan, r := analyze(x.sql, c, onePolicy(t, x.def, rule), clinicSession())
		got := ""
		if r != nil {
			got = r.Code
		}
		if got != x.code {
			t.Errorf("%s: %s: %v", x.def, x.sql, r)
		}
		if x.def == "remove" && !strings.Contains(plan.SQL, "NULL::pg_catalog.text AS k") {
			t.Errorf("not removed: %s", plan.SQL)
		}
	}
}

// TestNoTablesSection holds that a ruleset which says nothing of tables shows none.
func TestNoTablesSection(t *testing.T) {
	p := policyOf(t, "veil: 1\nname: none\nreferenceDate: 2025-06-30\n", Options{})
	if _, r := analyze("SELECT * FROM wards", clinicCatalog(t), p, clinicSession()); r == nil || r.Code != codeNoTable {
		t.Error(r)
	}
}

// TestPushedDown fixes the SQL of the methods that PostgreSQL does.
func TestPushedDown(t *testing.T) {
	for _, c := range []struct{ column, rule, want string }{
		{"born", "{id: a, match: {column: born}, method: year}", `BETWEEN 1936 AND 9999 THEN pg_catalog.date_trunc('year'`},
		{"seen", "{id: a, match: {column: seen}, method: date, mode: quarter}", `pg_catalog.date_trunc('quarter', seen, 'UTC')`},
		{"height", "{id: a, match: {column: height}, method: ageCap, unit: a}", `CASE WHEN height >= 90.000 THEN 90 ELSE height END`},
		{"height", "{id: a, match: {column: height}, method: ageCap, unit: mo}", `height >= 1080.000 THEN 1080`},
		{"height", "{id: a, match: {column: height}, method: ageCap}", `NULL::int`},
		{"height", "{id: a, match: {column: height}, method: bucket, width: \"5\"}", `pg_catalog.floor((height::numeric / 5) + 0) * 5, 0)::bigint`},
		{"sex", "{id: a, match: {column: sex}, method: fixed, value: \"it's\"}", `THEN 'it''s'`},
		{"sex", "{id: a, match: {column: sex}, method: substring, length: 1}", `NULLIF(pg_catalog.substr(sex::pg_catalog.text, 1, 1), '')`},
		{"height", "{id: a, match: {column: height}, method: generalize, bands: [0-150, 151+]}", `>= 151 AND`},
		{"doc", "{id: a, match: {column: doc}, method: json, keep: [a, b.c]}", `jsonb_object_agg`},
		{"ssn", "{id: a, match: {column: ssn}, method: remove}", "NULL::pg_catalog.text"},
		{"died", "{id: a, match: {column: died}, method: deathYear}", "NULL::pg_catalog.date"},
		{"born", "{id: a, match: {column: born}, method: birthYear, death: notes}", "pg_catalog.\"left\"(notes::pg_catalog.text, 4)::int"},
		{"born", "{id: a, match: {column: born}, method: birthYear, death: aliases}", "pg_catalog.\"left\"(aliases::pg_catalog.text, 4)::int"},
		{"died", "{id: a, match: {column: died}, method: deathYear, birth: notes}", "pg_catalog.\"left\"(notes::pg_catalog.text, 4)::int"},
		{"zip", "{id: a, match: {column: zip}, method: zip3}", "ELSE '000'"},
		{"zip", "{id: a, match: {column: zip}, method: zip3, missingCountry: remove}", "NULL::pg_catalog.text"},
		{"zip", "{id: a, match: {column: zip}, method: zip3, missingCountry: state}", "NULL::pg_catalog.text"},
		{"died", "{id: a, match: {column: died}, method: deathYear, birth: born}", "- extract ('year' FROM born) BETWEEN 0 AND 89"},
	} {
		table := "patients"
		if c.column == "seen" || c.column == "doc" {
			table = "visits"
		}
		plan, r := analyze("SELECT "+c.column+" FROM "+table, clinicCatalog(t), onePolicy(t, "refuse", "    - "+c.rule), clinicSession())
		if r != nil {
			t.Errorf("%s: %v", c.rule, r)
			continue
		}
		if plan.Columns[0].Keyed() || !strings.Contains(plan.SQL, c.want) {
			t.Errorf("%s: want %s in\n%s", c.rule, c.want, plan.SQL)
		}
	}
}

// TestUnsuitedMethodsRemove holds that a method which cannot act on a type lets
// nothing pass.
func TestUnsuitedMethodsRemove(t *testing.T) {
	for _, c := range []struct{ column, rule string }{
		{"address", "{id: a, match: {column: address}, method: pseudonym}"},
		{"doc", "{id: a, match: {column: doc}, method: fhir}"}, // no hook for documents
		{"name", "{id: a, match: {table: patients, column: name}, method: surrogate, kind: family}"},
	} {
		table := "patients"
		if c.column == "doc" {
			table = "visits"
		}
		plan, r := analyze("SELECT "+c.column+" FROM "+table, clinicCatalog(t), onePolicy(t, "refuse", "    - "+c.rule), clinicSession())
		if r != nil || plan.Columns[0].Keyed() || !strings.Contains(plan.SQL, "NULL::") {
			t.Errorf("%s: %v %+v", c.rule, r, plan)
		}
	}
}
