package pgproxy

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

const maskedColumns = "SELECT id, mrn, ssn, first_name, last_name, birth_date, uid, zip, sex, weight_kg FROM clinic.patients"

// TestEveryWayGivesTheSameMaskedRows: text and binary, simple and extended
// protocol, cursors, prepared statements, portals and COPY agree, and none shows
// an original.
func TestEveryWayGivesTheSameMaskedRows(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t)
	ways := map[string]func() (string, error){}
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		ways[mode.String()] = func() (string, error) { return scanText(t, conn, maskedColumns, mode) }
		ways["cursor, "+mode.String()] = func() (string, error) {
			tx, err := conn.Begin(t.Context())
			if err != nil {
				return "", err
			}
			defer func() { _ = tx.Rollback(t.Context()) }()
			if _, err := tx.Exec(t.Context(), "DECLARE c CURSOR FOR "+maskedColumns, pgx.QueryExecModeSimpleProtocol); err != nil {
				return "", err
			}
			a, err := scanText(t, conn, "FETCH 100 FROM c", mode)
			if err != nil {
				return "", err
			}
			b, err := scanText(t, conn, "FETCH ALL FROM c", mode)
			return a + b, err
		}
	}
	ways["prepared"] = func() (string, error) {
		if _, err := conn.PgConn().Exec(t.Context(), "PREPARE p AS "+maskedColumns).ReadAll(); err != nil {
			return "", err
		}
		return scanText(t, conn, "EXECUTE p", pgx.QueryExecModeSimpleProtocol)
	}
	ways["copy"] = func() (string, error) {
		var b bytes.Buffer
		_, err := conn.PgConn().CopyTo(t.Context(), &b, "COPY ("+maskedColumns+") TO STDOUT")
		return strings.NewReplacer("\t", "|", `\N`, "").Replace(b.String()), err
	}
	ways["copy csv"] = func() (string, error) {
		var b bytes.Buffer
		if _, err := conn.PgConn().CopyTo(t.Context(), &b, "COPY ("+maskedColumns+") TO STDOUT (FORMAT csv)"); err != nil {
			return "", err
		}
		rows, err := csv.NewReader(&b).ReadAll()
		var out strings.Builder
		for _, row := range rows {
			out.WriteString(strings.Join(row, "|") + "\n")
		}
		return out.String(), err
	}
	want := ""
	for name, way := range ways {
		got, err := way()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if i := strings.Index(got, "CANARY"); i >= 0 {
			t.Fatalf("%s: an original came through: %q", name, got[max(0, i-60):i+60])
		}
		if n := strings.Count(got, "\n"); n != 300 {
			t.Errorf("%s: %d rows, want 300", name, n)
		}
		got = sortLines(got)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s: other rows than another way gives:\n%.300s\n%.300s", name, got, want)
		}
	}
}

// scanText runs a query and writes its rows as text.
func scanText(t *testing.T, conn *pgx.Conn, sql string, mode pgx.QueryExecMode) (string, error) {
	rows, err := conn.Query(t.Context(), sql, mode)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		for i, f := range rows.FieldDescriptions() {
			if i > 0 {
				b.WriteByte('|')
			}
			raw := rows.RawValues()[i]
			if raw == nil {
				continue
			}
			if f.Format == 0 {
				b.Write(raw)
				continue
			}
			var s any
			if typ, ok := conn.TypeMap().TypeForOID(f.DataTypeOID); ok {
				v, err := typ.Codec.DecodeDatabaseSQLValue(conn.TypeMap(), f.DataTypeOID, f.Format, raw)
				if err != nil {
					return "", err
				}
				s = v
			} else {
				s = string(raw)
			}
			text := fmt.Sprint(s)
			if f.DataTypeOID == 1082 {
				text = text[:10]
			}
			b.WriteString(text)
		}
		b.WriteByte('\n')
	}
	return b.String(), rows.Err()
}

func sortLines(s string) string {
	lines := strings.SplitAfter(s, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// TestParametersAreOpened: a pseudonym finds its row, the original finds none, in
// both formats and as text and array.
func TestParametersAreOpened(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t)
	var id, name string
	if err := conn.QueryRow(t.Context(), "SELECT id, last_name FROM clinic.patients LIMIT 1").Scan(&id, &name); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		for _, tt := range []struct {
			sql  string
			arg  any
			rows int
		}{
			{"SELECT last_name FROM clinic.patients WHERE id = $1", id, 1},
			{"SELECT last_name FROM clinic.patients WHERE id = $1", "1", 0},
			{"SELECT last_name FROM clinic.patients WHERE id = ANY($1)", []string{id, "2"}, 1},
		} {
			if _, array := tt.arg.([]string); array && mode == pgx.QueryExecModeExec {
				continue // pgx knows no type of a bare list
			}
			rows, err := conn.Query(t.Context(), tt.sql, mode, tt.arg)
			if err != nil {
				t.Errorf("%v, %s: %v", mode, tt.sql, err)
				continue
			}
			got, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil || len(got) != tt.rows || tt.rows == 1 && got[0] != name {
				t.Errorf("%v, %s: got %q, %v", mode, tt.sql, got, err)
			}
		}
	}
}

// TestPsql: the commands that people type.
func TestPsql(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	psql := pgtest.Start(t).Bin + "/psql"
	for _, command := range []string{
		`\d`, `\dt+`, `\d clinic.patients`, `\d+ clinic.encounters`, `\dn+`, `\du`, `\l`, `\df`, `\dv`, `\dm`, `\di`, `\dT`, `\dp`, `\conninfo`, `\encoding`,
		`SELECT * FROM clinic.patients LIMIT 3`, `\copy clinic.icd10_codes TO STDOUT CSV HEADER`, `\gdesc`,
		`BEGIN; SELECT count(*) FROM clinic.encounters; COMMIT`,
	} {
		cmd := veiltest.Command(t, veiltest.Works, psql, "-X", "-v", "ON_ERROR_STOP=1", "-c", command, d.dsn("ann", "sslmode=disable"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v: %s", command, err, out)
		}
		if i := bytes.Index(out, []byte("CANARY")); i >= 0 {
			t.Errorf("%s: an original came through: %s", command, out[max(0, i-60):i+60])
		}
	}
}
