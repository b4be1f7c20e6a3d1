package analysis

import (
	"strings"
	"testing"
)

// TestPreparedAndCursors holds that EXECUTE and FETCH have the columns, the check and
// the relations of what was prepared, and that EXECUTE opens pseudonyms.
func TestPreparedAndCursors(t *testing.T) {
	prepared := planOf(t, "PREPARE x (text, int8) AS SELECT name, sex FROM patients WHERE id = $2 AND sex = $1")
	if prepared.Kind != Prepare || prepared.Name != "x" || prepared.Inner == nil || !strings.Contains(prepared.SQL, "(text, pg_catalog.text)") {
		t.Fatalf("%+v", prepared)
	}
	cursor := planOf(t, "DECLARE c CURSOR FOR SELECT id FROM patients")
	s := clinicSession()
	s.Prepared = func(name string) *Plan { return map[string]*Plan{"x": prepared}[name] }
	s.Cursor = func(name string) *Plan { return map[string]*Plan{"c": cursor}[name] }
	c, policy := clinicCatalog(t), clinicPolicy(t, Options{})
	execute, r := analyze("EXECUTE x ('f', '"+sealed(t, "Patient", "123")+"')", c, policy, s)
	if r != nil {
		t.Fatal(r)
	}
	if len(execute.Columns) != 2 || !execute.Columns[0].Keyed() || !strings.Contains(execute.SQL, "'123'") || execute.cached || execute.CheckSQL == "" || len(execute.Relations) != 1 {
		t.Errorf("%+v", execute)
	}
	original, r := analyze("EXECUTE x ('f', 123)", c, policy, s)
	if r != nil || strings.Contains(original.SQL, "123") {
		t.Errorf("an original is bound: %v %+v", r, original)
	}
	if _, r := analyze("EXECUTE x ('f', (SELECT id FROM patients LIMIT 1))", c, policy, s); r == nil {
		t.Error("an argument reads a table")
	}
	fetch, r := analyze("FETCH 10 FROM c", c, policy, s)
	if r != nil || len(fetch.Columns) != 1 || !fetch.Columns[0].Keyed() || fetch.Kind != Fetch {
		t.Fatalf("%v %+v", r, fetch)
	}
	m, _ := masker(t, fetch)
	frame, err := m.AppendDataRow(nil, body(wrapped(cursor, "123")))
	if err != nil || string(cellsOf(t, frame)[0]) != sealed(t, "Patient", "123") {
		t.Errorf("%q %v", frame, err)
	}
	if move, r := analyze("MOVE 5 FROM c", c, policy, s); r != nil || move.Columns != nil {
		t.Errorf("%v %+v", r, move)
	}
}

// TestSettings holds what a client may set.
func TestSettings(t *testing.T) {
	for sql, want := range map[string]struct{ upstream, ok bool }{
		"SET search_path = clinic, public":                      {false, true},
		"SET search_path = clinic, pg_catalog":                  {false, false},
		"SET timezone = 'Europe/Berlin'":                        {true, true},
		"SET TIME ZONE 'UTC'":                                   {true, true},
		"SET client_encoding = 'UTF8'":                          {false, true},
		"SET client_encoding = 'LATIN1'":                        {false, false},
		"SET datestyle = 'ISO, MDY'":                            {true, true},
		"SET datestyle = 'German'":                              {false, false},
		"SET standard_conforming_strings = off":                 {false, false},
		"SET enable_mergejoin = on":                             {false, true},
		"SET enable_mergejoin = maybe":                          {false, false},
		"SET work_mem = '64MB'":                                 {false, true},
		"SET work_mem = 'much'":                                 {false, false},
		"SET plan_cache_mode = force_custom_plan":               {false, true},
		"SET plan_cache_mode = none":                            {false, false},
		"SET log_statement = 'all'":                             {false, false},
		"SET client_min_messages = debug5":                      {false, false},
		"SET statement_timeout = 1000":                          {true, true},
		"RESET ALL":                                             {true, true},
		"SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE": {false, false},
		"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY":       {true, true},
	} {
		p, r := analyze(sql, clinicCatalog(t), clinicPolicy(t, Options{}), clinicSession())
		if (r == nil) != want.ok || r == nil && (p.SQL != "") != want.upstream {
			t.Errorf("%s: %v %+v", sql, r, p)
		}
	}
}
