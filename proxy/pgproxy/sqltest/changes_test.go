package sqltest

import (
	"context"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

const changingRuleset = `veil: 1
name: changing
extends: safe-harbor
tables:
  default: refuse
  rules:
    - id: clear
      match: [{schema: s, column: n}, {schema: s, column: word}]
      method: keep
    - id: names
      match: {schema: s, column: name}
      method: pseudonym
      domain: name
`

// TestCatalogChanges changes the database between two runs of a statement, with
// the statement analysed and prepared before: no original comes out, whatever the
// names now mean.
func TestCatalogChanges(t *testing.T) {
	t.Parallel()
	const base = `CREATE SCHEMA s;
		CREATE TABLE s.t (n int, name text, word text);
		INSERT INTO s.t SELECT n, 'CANARYNAME' || n, 'word' || n FROM generate_series(1, 3) n;
		CREATE TABLE s.lookup (n int, word text); INSERT INTO s.lookup SELECT n, 'word' || n FROM generate_series(1, 3) n;
		CREATE VIEW s.v AS SELECT n, word AS w FROM s.t;`
	db := pgtest.Start(t).CreateDatabase(t, "changing")
	for _, tt := range []struct{ name, statement, change string }{
		{"view is of another column", "SELECT w FROM s.v", "CREATE OR REPLACE VIEW s.v AS SELECT n, name AS w FROM s.t"},
		{"view is dropped and made anew", "SELECT w FROM s.v", "DROP VIEW s.v; CREATE VIEW s.v AS SELECT name AS w, n FROM s.t"},
		{"view joins", "SELECT * FROM s.v", "CREATE OR REPLACE VIEW s.v AS SELECT t.n, t.word AS w, t.name AS more FROM s.t"},
		{"view in the table's place", "SELECT word FROM s.lookup", "DROP TABLE s.lookup; CREATE VIEW s.lookup AS SELECT n, name AS word FROM s.t"},
		{"materialised view in the table's place", "SELECT word FROM s.lookup", "DROP TABLE s.lookup; CREATE MATERIALIZED VIEW s.lookup AS SELECT n, 'x'::text AS word FROM s.t"},
		{"columns in another order", "SELECT * FROM s.t", "DROP VIEW s.v; DROP TABLE s.t; CREATE TABLE s.t (name text, word text, n int); INSERT INTO s.t VALUES ('CANARYNEW', 'x', 1)"},
		{"a column more", "SELECT * FROM s.t", "ALTER TABLE s.t ADD secret text DEFAULT 'CANARYSECRET'"},
		{"a column less and another of its name", "SELECT name FROM s.t", "ALTER TABLE s.t DROP COLUMN name; ALTER TABLE s.t ADD name text DEFAULT 'CANARYAGAIN'"},
		{"another type", "SELECT name FROM s.t", "ALTER TABLE s.t ALTER name TYPE varchar(40)"},
		{"an array", "SELECT name FROM s.t", "ALTER TABLE s.t ALTER name TYPE text[] USING ARRAY[name]"},
		{"a child", "SELECT word FROM s.lookup", "CREATE TABLE s.child (name text) INHERITS (s.lookup); INSERT INTO s.child VALUES (9, 'more', 'CANARYCHILD')"},
		{"renamed columns", "SELECT name FROM s.t", "ALTER TABLE s.t RENAME name TO other; ALTER TABLE s.t RENAME word TO name; ALTER TABLE s.t RENAME other TO hidden"},
		{"a function in front of the built-in", "SELECT upper(word) FROM s.lookup", "CREATE FUNCTION public.upper(text) RETURNS text LANGUAGE sql AS 'SELECT name FROM s.t LIMIT 1'"},
		{"a schema in front", "SELECT word FROM lookup", "CREATE SCHEMA " + consumerName + "; CREATE VIEW " + consumerName + ".lookup AS SELECT name AS word FROM s.t"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db.Exec(t, "DROP SCHEMA IF EXISTS s, "+consumerName+" CASCADE; DROP FUNCTION IF EXISTS public.upper(text);"+base)
			d := openListener(t, db.DSN(pgtest.Owner), masktest.Policy(t, changingRuleset), nil)
			s := connect(t, d.dsn())
			defer s.close()
			ctx := context.Background()
			if tt.statement == "SELECT word FROM lookup" {
				if a := s.run(modes[0], `SET search_path = "$user", s`, nil); a.err != nil {
					t.Fatal(a.said())
				}
			}
			for _, m := range modes {
				if a := s.run(m, tt.statement, nil); a.err != nil || len(a.rows) == 0 {
					t.Fatalf("before the change: %d rows, %s", len(a.rows), a.said())
				}
			}
			if _, err := s.conn.Prepare(ctx, "p", tt.statement, nil); err != nil {
				t.Fatal(err)
			}
			if a := s.run(modes[0], "PREPARE q AS "+tt.statement, nil); a.err != nil {
				t.Fatal(a.said())
			}
			if found := Canary(s.received()); found != nil {
				t.Fatalf("before the change: %q was received", found)
			}
			db.Exec(t, tt.change)
			prepared := &answer{}
			prepared.read(s.conn.ExecPrepared(ctx, "p", nil, nil, nil))
			answers := map[string]*answer{"prepared": prepared}
			if !s.conn.IsClosed() {
				answers["EXECUTE"] = s.run(modes[0], "EXECUTE q", nil)
			}
			for _, m := range modes {
				if s.conn.IsClosed() {
					break
				}
				answers[m.name] = s.run(m, tt.statement, nil)
			}
			received := s.received()
			// A session whose plan no longer fits the database may end, with an error
			// that says so; the next one finds the database as it is.
			fresh := connect(t, d.dsn())
			for _, m := range modes {
				if fresh.conn.IsClosed() {
					received = append(received, fresh.received()...)
					fresh.close()
					fresh = connect(t, d.dsn())
				}
				answers["fresh "+m.name] = fresh.run(m, tt.statement, nil)
			}
			defer fresh.close()
			if found := Canary(append(received, fresh.received()...)); found != nil {
				t.Errorf("LEAK: %q was received", found)
			}
			if a := answers["fresh "+modes[len(modes)-1].name]; a.err != nil && a.code() == "XX000" {
				t.Errorf("sessions go on ending: %s", a.said())
			}
			for how, a := range answers {
				if a.err != nil && a.code() == "" {
					t.Errorf("%s: %s", how, a.said())
				}
			}
			d.quiet(t)
		})
	}
}
