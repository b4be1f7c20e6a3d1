package sqltest

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

// TestChangesUnderASessionFailAsInPostgreSQL changes the database between the parse of a
// statement and its use: a client gets the SQLSTATE that PostgreSQL gives, and the
// session goes on where PostgreSQL's does.
func TestChangesUnderASessionFailAsInPostgreSQL(t *testing.T) {
	t.Parallel()
	const base = `CREATE SCHEMA s;
		CREATE TABLE s.t (n int, name text, word text);
		INSERT INTO s.t SELECT n, 'CANARYNAME' || n, 'word' || n FROM generate_series(1, 3) n;
		CREATE VIEW s.v AS SELECT n, word FROM s.t;`
	db := pgtest.Start(t).CreateDatabase(t, "midway")
	for _, tt := range []struct{ name, statement, change string }{
		{"renamed column", "SELECT word FROM s.t ORDER BY n", "ALTER TABLE s.t RENAME word TO other"},
		{"renamed column of names", "SELECT name FROM s.t ORDER BY n", "ALTER TABLE s.t RENAME name TO other"},
		{"dropped column", "SELECT word FROM s.t WHERE n < $1", "ALTER TABLE s.t DROP COLUMN word CASCADE"},
		{"another type", "SELECT word FROM s.t ORDER BY n", "DROP VIEW s.v; ALTER TABLE s.t ALTER word TYPE varchar(40)"},
		{"another type behind *", "SELECT * FROM s.t ORDER BY n", "DROP VIEW s.v; ALTER TABLE s.t ALTER n TYPE bigint"},
		{"a hidden column more behind *", "SELECT n, word FROM s.t ORDER BY n", "ALTER TABLE s.t ADD word2 text"},
		{"a column more elsewhere", "SELECT word FROM s.t ORDER BY n", "ALTER TABLE s.t ADD word2 text"},
		{"dropped table", "SELECT n FROM s.t", "DROP TABLE s.t CASCADE"},
		{"renamed table", "SELECT n FROM s.t", "ALTER TABLE s.t RENAME TO u"},
		{"dropped schema", "SELECT n FROM s.t", "DROP SCHEMA s CASCADE"},
		{"renamed schema", "SELECT n FROM s.t", "ALTER SCHEMA s RENAME TO r"},
		{"dropped view", "SELECT word FROM s.v", "DROP VIEW s.v"},
		{"replaced view", "SELECT word FROM s.v ORDER BY n", "CREATE OR REPLACE VIEW s.v AS SELECT n, upper(word) AS word FROM s.t"},
		{"a view of other types", "SELECT word FROM s.v ORDER BY n", "DROP VIEW s.v; CREATE VIEW s.v AS SELECT n, n AS word FROM s.t; GRANT SELECT ON s.v TO PUBLIC"},
		{"truncated table", "SELECT count(*) FROM s.t", "TRUNCATE s.t"},
		{"a new table of the name", "SELECT word FROM s.t ORDER BY n", "DROP TABLE s.t CASCADE; CREATE TABLE s.t (n int, name text, word text); INSERT INTO s.t VALUES (7, 'CANARYNAME', 'new')"},
		{"no rights any more", "SELECT word FROM s.t", "REVOKE ALL ON ALL TABLES IN SCHEMA s FROM PUBLIC, " + pgtest.Reader.Name},
		{"an index", "SELECT word FROM s.t WHERE n = 2", "CREATE INDEX ON s.t (n); ANALYZE s.t"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db.Exec(t, "DROP SCHEMA IF EXISTS s, r CASCADE;"+base)
			db.GrantRead(t, "s")
			d := openListener(t, db.DSN(pgtest.Reader), masktest.Policy(t, changingRuleset), nil)
			over, direct := connect(t, d.dsn()), connect(t, db.DSN(pgtest.Reader))
			defer over.close()
			defer direct.close()
			params := []string(nil)
			sqlName := "EXECUTE q"
			if tt.name == "dropped column" {
				params, sqlName = []string{"9"}, "EXECUTE q (9)"
			}
			for _, s := range []*session{over, direct} {
				if _, err := s.conn.Prepare(t.Context(), "p", tt.statement, nil); err != nil {
					t.Fatal(err)
				}
				if a := s.run(modes[0], "PREPARE q AS "+tt.statement, nil); a.err != nil {
					t.Fatal(a.said())
				}
				if a := s.prepared("p", params); a.err != nil {
					t.Fatal(a.said())
				}
			}
			db.Exec(t, tt.change)
			for _, way := range []string{"prepared", "EXECUTE", "anew", "prepared again", "in a transaction"} {
				run := func(s *session) *answer {
					switch way {
					case "EXECUTE":
						return s.run(modes[0], sqlName, nil)
					case "anew":
						return s.run(modes[1], tt.statement, params)
					case "in a transaction":
						if a := s.run(modes[0], "BEGIN", nil); a.err != nil {
							return a
						}
						defer s.run(modes[0], "ROLLBACK", nil)
					}
					return s.prepared("p", params)
				}
				got, want := run(over), run(direct)
				if tt.name == "replaced view" && way != "anew" {
					// What was prepared reads the tables: it is to be prepared anew.
					want = &answer{err: &pgconn.PgError{Code: "0A000"}}
				}
				if over.conn.IsClosed() {
					t.Fatalf("%s: the session ended: %s", way, got.said())
				}
				if got.code() != want.code() || (got.err == nil) != (want.err == nil) {
					t.Errorf("%s: %q, PostgreSQL says %q", way, got.said(), want.said())
				} else if got.err == nil && tt.name != "renamed column of names" && tt.statement != "SELECT * FROM s.t ORDER BY n" && fmt.Sprintf("%s", got.rows) != fmt.Sprintf("%s", want.rows) {
					t.Errorf("%s: %s, PostgreSQL has %s", way, got.rows, want.rows)
				}
			}
			if found := Canary(over.received()); found != nil {
				t.Errorf("LEAK: %q was received", found)
			}
		})
	}
}

// prepared executes a prepared statement.
func (s *session) prepared(name string, params []string) *answer {
	var values [][]byte
	for _, p := range params {
		values = append(values, []byte(p))
	}
	a := &answer{}
	a.read(s.conn.ExecPrepared(context.Background(), name, values, nil, nil))
	return a
}
