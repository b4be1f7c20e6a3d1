package sqltest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// clientTimeout is how long a client may take, what it fetches at first included.
const clientTimeout = 10 * time.Minute

// TestRealClients runs each client of testdata/clients/pg-* over the masked copy and
// through the modest listener: it must print the same, and no original.
func TestRealClients(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run real clients")
	}
	h := start(t)
	scripts, err := filepath.Glob(veiltest.Testdata(t, "clients", "pg-*", "run"))
	if err != nil || len(scripts) < 10 {
		t.Fatalf("got %d clients (%v), want at least 10", len(scripts), err)
	}
	for _, script := range scripts {
		t.Run(filepath.Base(filepath.Dir(script)), func(t *testing.T) {
			host, port := h.pg.Host, fmt.Sprint(h.pg.Port)
			want := play(t, h, script, host, port, pgtest.Reader.Name, pgtest.Reader.Password, h.copy.Name)
			host, port, err := net.SplitHostPort(h.modest.addr)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, h, script, host, port, consumerName, password, h.modest.database)
			if found := Canary([]byte(got)); found != nil {
				t.Errorf("%q was printed", found)
			}
			if why := firstDifference(got, want); why != "" {
				t.Error(why)
			}
			h.modest.quiet(t)
		})
	}
}

// play runs a client's script and returns what it printed.
func play(t *testing.T, h *harness, script, host, port, user, password, database string) string {
	t.Helper()
	cmd := veiltest.Command(t, clientTimeout, script)
	cmd.Env = append(os.Environ(), "PGHOST="+host, "PGPORT="+port, "PGUSER="+user, "PGPASSWORD="+password, "PGDATABASE="+database,
		"PGSSLMODE=disable", "PGAPPNAME=client", "PATH="+os.Getenv("PATH")+":"+h.pg.Bin)
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s as %s: %v\n%s\nits output ends:\n%s", script, user, err, tail(errors.String()), tail(out.String()))
	}
	return out.String()
}

// tail is the end of a text.
func tail(s string) string { return s[max(0, len(s)-3000):] }

// firstDifference says where two outputs part.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		a, b := "the end", "the end"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return fmt.Sprintf("line %d is\n\t%s\nwant\n\t%s\nafter\n\t%s", i+1, a, b, strings.Join(g[max(0, min(i, len(g))-6):min(i, len(g))], "\n\t"))
		}
	}
	return ""
}

// TestPgx holds that pgx reads the same through the listener as from the masked copy,
// in each of its ways to send a query.
func TestPgx(t *testing.T) {
	h := start(t)
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	defer cancel()
	sealed := h.value(t, h.originals)("seal", "Patient/770000017")
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			var outputs []string
			for _, dsn := range []string{h.modest.dsn(), h.copy.DSN(pgtest.Reader)} {
				outputs = append(outputs, playPgx(ctx, t, dsn, mode, sealed))
			}
			if found := Canary([]byte(outputs[0])); found != nil {
				t.Errorf("%q was received", found)
			}
			if why := firstDifference(outputs[0], outputs[1]); why != "" {
				t.Error(why)
			}
		})
	}
}

// playPgx is a program that uses pgx.
func playPgx(ctx context.Context, t *testing.T, dsn string, mode pgx.QueryExecMode, sealed string) string {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = mode
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var out strings.Builder
	query := func(sql string, args ...any) {
		t.Helper()
		rows, err := conn.Query(ctx, sql, args...)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		maps, err := pgx.CollectRows(rows, pgx.RowToMap)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		fmt.Fprintln(&out, sql)
		for _, m := range maps {
			fmt.Fprintln(&out, m)
		}
	}
	for range 3 { // the third time with what was prepared
		query("SELECT id, last_name, ssn, birth_date, weight_kg, uid, active, created_at FROM clinic.patients WHERE height_cm = $1 ORDER BY weight_kg, birth_date, zip", 153)
		query("SELECT class, los_days, cost FROM clinic.encounters WHERE patient_id = $1 ORDER BY 1, 2, 3", sealed)
		query("SELECT department, count(*) FROM clinic.encounters WHERE patient_id = ANY ($1) GROUP BY 1 ORDER BY 1", []string{sealed, "nobody"})
	}
	batch := &pgx.Batch{}
	for n := range 10 {
		batch.Queue("SELECT count(*) FROM clinic.encounters WHERE los_days > $1", n)
	}
	results := conn.SendBatch(ctx, batch)
	for range 10 {
		var n int64
		if err := results.QueryRow().Scan(&n); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(&out, n, " ")
	}
	if err := results.Close(); err != nil {
		t.Fatal(err)
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	query("SELECT doc FROM clinic.documents WHERE id = 2")
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
