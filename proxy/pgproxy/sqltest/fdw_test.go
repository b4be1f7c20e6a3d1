package sqltest

import (
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/postgres/analysis"
)

// TestForeignTablesOverVeil holds that a PostgreSQL reads foreign tables through Veil with
// postgres_fdw, with estimates of the remote server and without, and that what EXPLAIN
// estimates follows from no original.
func TestForeignTablesOverVeil(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "remote")
	db.Exec(t, `CREATE SCHEMA s; CREATE TABLE s.people (id bigint, born date, kind int, v float8);
		INSERT INTO s.people SELECT i, date '1950-01-01' + i, i % 7, i / 3.0 FROM generate_series(1, 2000) i; CREATE INDEX ON s.people (id); ANALYZE s.people`)
	d := openListener(t, db.DSN(pgtest.Owner), masktest.Policy(t, placesRuleset), nil, func(o *analysis.Options) { o.Explain = true })
	local := pg.CreateDatabase(t, "local")
	host, port, err := net.SplitHostPort(d.addr)
	if err != nil {
		t.Fatal(err)
	}
	admin := connect(t, local.DSN(pgtest.Owner))
	defer admin.close()
	if a := admin.run(modes[0], "SELECT 1 FROM pg_available_extensions WHERE name = 'postgres_fdw'", nil); len(a.rows) == 0 {
		t.Skip("this PostgreSQL has no postgres_fdw")
	}
	for _, sql := range []string{
		"CREATE EXTENSION postgres_fdw",
		fmt.Sprintf("CREATE SERVER veil FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '%s', port '%s', dbname '%s', sslmode 'disable', use_remote_estimate 'true')", host, port, d.database),
		fmt.Sprintf("CREATE USER MAPPING FOR CURRENT_USER SERVER veil OPTIONS (user '%s', password '%s')", consumerName, strings.ReplaceAll(password, "'", "''")),
		"CREATE FOREIGN TABLE people (id text, born date, kind int, v float8) SERVER veil OPTIONS (schema_name 's')",
		"CREATE TABLE kinds AS SELECT i AS kind, 'kind ' || i AS name FROM generate_series(0, 6) i",
		"IMPORT FOREIGN SCHEMA s FROM SERVER veil INTO public OPTIONS (import_collate 'false') ",
	} {
		if strings.HasPrefix(sql, "IMPORT") {
			sql = strings.Replace(sql, "INTO public", "INTO imported", 1)
			admin.run(modes[0], "CREATE SCHEMA imported", nil)
		}
		if a := admin.run(modes[0], sql, nil); a.err != nil {
			t.Fatalf("%s: %s", sql, a.said())
		}
	}
	for _, estimate := range []string{"true", "false"} {
		admin.run(modes[0], "ALTER SERVER veil OPTIONS (SET use_remote_estimate '"+estimate+"')", nil)
		for sql, want := range map[string]string{
			"SELECT count(*), min(kind), max(extract(year FROM born)) FROM people":                                                       "2000\x000\x001955\x00\n",
			"SELECT k.name, count(*) FROM people p JOIN kinds k USING (kind) WHERE p.kind = 3 GROUP BY 1":                                "kind 3\x00286\x00\n",
			"SELECT count(*) FROM people a JOIN people b ON a.id = b.id WHERE a.kind = 2":                                                "286\x00\n",
			"SELECT count(DISTINCT id) FROM (SELECT id FROM people ORDER BY kind, v LIMIT 50) x":                                         "50\x00\n",
			"SELECT count(*) FROM imported.people WHERE born >= '1951-01-01' AND kind IN (SELECT kind FROM kinds WHERE name = 'kind 1')": "234\x00\n",
		} {
			if a := admin.run(modes[0], sql, nil); a.err != nil || string(flatten(a)) != want {
				t.Errorf("use_remote_estimate %s: %s: %q %s, want %q", estimate, sql, flatten(a), a.said(), want)
			}
		}
	}
	s := connect(t, d.dsn())
	defer s.close()
	id := string(s.run(modes[0], "SELECT id FROM s.people ORDER BY v LIMIT 1", nil).rows[0][0])
	for _, m := range modes {
		for _, sql := range []string{
			"EXPLAIN SELECT id FROM s.people WHERE id = '" + id + "' AND kind = 3", "EXPLAIN (COSTS true, FORMAT TEXT, ANALYZE off) SELECT * FROM s.people WHERE kind < 3 LIMIT 3", "EXPLAIN (VERBOSE false) SELECT 1 FROM s.people",
		} {
			a := s.run(m, sql, nil)
			if a.err != nil || len(a.rows) == 0 {
				t.Errorf("%s: %s", sql, a.said())
			}
			for _, row := range a.rows {
				if line := string(row[0]); !powersOfTen.MatchString(line) || strings.Contains(line, "Cond") || strings.Count(line, "cost=") != 1 {
					t.Errorf("%s: %s", sql, line)
				}
			}
		}
		if a := s.run(m, "EXPLAIN (COSTS off) SELECT 1 FROM s.people", nil); a.err != nil || strings.Contains(string(flatten(a)), "cost") {
			t.Errorf("%s: %q %s", m.name, a.rows, a.said())
		}
		for _, sql := range []string{"EXPLAIN (ANALYZE) SELECT 1", "EXPLAIN (VERBOSE on) SELECT 1", "EXPLAIN (FORMAT json) SELECT 1", "EXPLAIN (BUFFERS 1) SELECT 1", "EXPLAIN (nope off) SELECT 1"} {
			if a := s.run(m, sql, nil); a.code() != "42501" {
				t.Errorf("%s: %s", sql, a.said())
			}
		}
	}
}

// powersOfTen is all that a node's costs may be.
var powersOfTen = regexp.MustCompile(`  \(cost=10*\.00\.\.10*\.00 rows=10* width=32\)$`)
