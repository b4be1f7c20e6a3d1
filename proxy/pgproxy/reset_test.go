package pgproxy

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/pgtest"
)

// resets are what drivers and pools send to bring a session back to its beginning.
var resets = map[string]string{
	"asyncpg":                   "SELECT pg_advisory_unlock_all();\nCLOSE ALL;\nUNLISTEN *;\nRESET ALL;",
	"Npgsql":                    "DISCARD ALL",
	"Npgsql, what is prepared":  "CLOSE ALL;SET SESSION AUTHORIZATION DEFAULT;RESET ALL;UNLISTEN *;SELECT pg_advisory_unlock_all();DISCARD SEQUENCES;DISCARD TEMP",
	"psycopg2":                  "ABORT; RESET ALL; SET SESSION AUTHORIZATION DEFAULT;",
	"PgBouncer, statement mode": "DEALLOCATE ALL; RESET ALL",
	"pgpool-II":                 "ABORT; DISCARD ALL",
	"Odyssey":                   "ROLLBACK; DISCARD ALL",
	"roles":                     "RESET ROLE; SET ROLE NONE; SET ROLE none; RESET SESSION AUTHORIZATION; SET LOCAL ROLE NONE",
	"channels":                  "UNLISTEN a; UNLISTEN *",
	"plans":                     "DISCARD PLANS; DISCARD TEMPORARY; DISCARD SEQUENCES",
	"JDBC":                      "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
	"SQLAlchemy":                "ROLLBACK; SHOW TRANSACTION ISOLATION LEVEL",
}

// TestResets: what drivers send between two uses of a connection succeeds as it does
// over PostgreSQL, in one query or one by one, within a transaction too, and the
// session's settings are those of the beginning.
func TestResets(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	upstream := pgtest.Start(t).Clinic(t).DSN(pgtest.Reader) + "&timezone=UTC&default_transaction_read_only=on&search_path=clinic"
	play := func(dsn, sql string, each, within bool) string {
		conn, err := pgconn.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.Background()) }()
		if _, err := cells(t, conn, "SET search_path TO public; SET timezone TO 'Asia/Tokyo'; SET application_name TO 'x'; PREPARE p AS SELECT 1"); err != nil {
			t.Fatal(err)
		}
		if within {
			_, _ = cells(t, conn, "BEGIN; DECLARE c CURSOR FOR SELECT 1")
		}
		var out []string
		if each {
			for _, one := range strings.Split(sql, ";") {
				if strings.TrimSpace(one) == "" {
					continue
				}
				r := conn.ExecParams(t.Context(), one, nil, nil, nil, nil).Read()
				out = append(out, r.CommandTag.String()+code(r.Err))
			}
		} else {
			got, err := cells(t, conn, sql)
			out = append(got, code(err))
		}
		out = append(out, string(conn.TxStatus()))
		_, _ = cells(t, conn, "ROLLBACK")
		for _, sql := range []string{"SHOW search_path", "SHOW timezone", "SHOW application_name", "SHOW role", "EXECUTE p"} {
			got, err := cells(t, conn, sql)
			out = append(out, strings.Join(got, " ")+code(err))
		}
		return strings.Join(out, "\n")
	}
	for name, sql := range resets {
		for _, each := range []bool{false, true} {
			for _, within := range []bool{false, true} {
				got, want := play(d.dsn("ann", "sslmode=disable"), sql, each, within), play(upstream, sql, each, within)
				if got != want {
					t.Errorf("%s, one by one %v, within a transaction %v:\ngot\n%s\nwant\n%s", name, each, within, got, want)
				}
			}
		}
	}
}
