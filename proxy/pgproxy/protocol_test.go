package pgproxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/consumer"
)

func TestSimpleQuery(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t).PgConn()
	for _, tt := range []struct {
		sql  string
		want []string
		code string
		then byte // the transaction's state
	}{
		{"", []string{""}, "", 'I'},
		{"SELECT 1 AS a, NULL AS b", []string{"1|NULL\nSELECT 1"}, "", 'I'},
		{"SELECT 1; SELECT 2 WHERE false; SELECT 3", []string{"1\nSELECT 1", "SELECT 0", "3\nSELECT 1"}, "", 'I'},
		{"SELECT 1; SHOW search_path; SELECT 2", []string{"1\nSELECT 1", "clinic\nSHOW", "2\nSELECT 1"}, "", 'I'},
		{"SELECT 1; DELETE FROM patients; SELECT 2", []string{"1\nSELECT 1"}, "25006", 'I'},
		{"SELECT 1; SELECT 1/0; SELECT 2", []string{"1\nSELECT 1"}, "22012", 'I'},
		{"BEGIN; SELECT 1", []string{"BEGIN", "1\nSELECT 1"}, "", 'T'},
		{"SELECT 2; DELETE FROM patients", []string{"2\nSELECT 1"}, "25006", 'E'},
		{"SELECT 3", nil, "25P02", 'E'},
		{"SHOW search_path", nil, "25P02", 'E'},
		{"ROLLBACK", []string{"ROLLBACK"}, "", 'I'},
		{"BEGIN", []string{"BEGIN"}, "", 'T'},
		{"DELETE FROM patients", nil, "25006", 'E'},
		{"COMMIT", []string{"ROLLBACK"}, "", 'I'},
		{"SET search_path TO public; SHOW search_path", []string{"SET", "public\nSHOW"}, "", 'I'},
		{"BEGIN; SET search_path TO billing", []string{"BEGIN", "SET"}, "", 'T'},
		{"SHOW search_path", []string{"billing\nSHOW"}, "", 'T'},
		{"ROLLBACK; SHOW search_path", []string{"ROLLBACK", "public\nSHOW"}, "", 'I'},
		{"SET search_path TO clinic; SELECT 1/0", []string{"SET"}, "22012", 'I'},
		{"SHOW search_path", []string{"public\nSHOW"}, "", 'I'},
		{"PREPARE p AS SELECT 5; EXECUTE p", []string{"PREPARE", "5\nSELECT 1"}, "", 'I'},
		{"EXECUTE p", []string{"5\nSELECT 1"}, "", 'I'},
		{"DEALLOCATE p", []string{"DEALLOCATE"}, "", 'I'},
		{"EXECUTE p", nil, "26000", 'I'},
		{"BEGIN; DECLARE c CURSOR FOR SELECT g FROM generate_series(1, 3) g; FETCH 2 FROM c", []string{"BEGIN", "DECLARE CURSOR", "1\n2\nFETCH 2"}, "", 'T'},
		{"FETCH c; CLOSE c; COMMIT", []string{"3\nFETCH 1", "CLOSE CURSOR", "COMMIT"}, "", 'I'},
		{"FETCH c", nil, "34000", 'I'},
	} {
		got, err := cells(t, conn, tt.sql)
		if !reflect.DeepEqual(got, tt.want) || code(err) != tt.code || conn.TxStatus() != tt.then {
			t.Errorf("%s:\ngot  %q %q %c\nwant %q %q %c", tt.sql, got, code(err), conn.TxStatus(), tt.want, tt.code, tt.then)
		}
	}
}

func TestExtendedQuery(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		conn := d.connectAs(t, "ann", "sslmode=disable")
		for range 2 {
			var a int64
			var b string
			var c time.Time
			err := conn.QueryRow(t.Context(), "SELECT $1::int8 + 1, $2::text, '2020-01-02'::date", mode, int64(41), "x'y").Scan(&a, &b, &c)
			if err != nil || a != 42 || b != "x'y" || c.Year() != 2020 {
				t.Errorf("%v: got %d, %q, %v, %v", mode, a, b, c, err)
			}
			_, err = conn.Exec(t.Context(), "DELETE FROM patients", mode)
			if code(err) != "25006" {
				t.Errorf("%v: a write: %v", mode, err)
			}
			err = conn.QueryRow(t.Context(), "SELECT 1/$1::int", mode, 0).Scan(&a)
			if code(err) != "22012" {
				t.Errorf("%v: division by zero: %v", mode, err)
			}
			var path string
			if err := conn.QueryRow(t.Context(), "SHOW search_path", mode).Scan(&path); err != nil || path != "clinic" {
				t.Errorf("%v: search_path is %q, %v", mode, path, err)
			}
		}
		rows, err := conn.Query(t.Context(), "SELECT g FROM generate_series(1, 10000) g", mode)
		if err != nil {
			t.Fatal(err)
		}
		numbers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(numbers) != 10000 || numbers[9999] != 10000 {
			t.Errorf("%v: got %d rows, %v", mode, len(numbers), err)
		}
	}
}

func TestTransactionsFailWithARefusedStatement(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "DELETE FROM patients WHERE $1", true); code(err) != "25006" {
		t.Errorf("a write: %v", err)
	}
	if s := conn.PgConn().TxStatus(); s != 'E' {
		t.Errorf("the transaction is in state %c", s)
	}
	if _, err := tx.Exec(t.Context(), "SELECT 1"); code(err) != "25P02" {
		t.Errorf("the next statement: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPipeline(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t)
	batch := &pgx.Batch{}
	for i := range 300 {
		batch.Queue("SELECT $1::int8, repeat('x', 1000)", int64(i))
	}
	results := conn.SendBatch(t.Context(), batch)
	for i := range 300 {
		var n int64
		var s string
		if err := results.QueryRow().Scan(&n, &s); err != nil || n != int64(i) {
			t.Fatalf("%d: got %d, %v", i, n, err)
		}
	}
	if err := results.Close(); err != nil {
		t.Error(err)
	}

	p := conn.PgConn().StartPipeline(t.Context())
	p.SendQueryParams("SELECT 1", nil, nil, nil, nil)
	p.SendQueryParams("DELETE FROM patients", nil, nil, nil, nil)
	p.SendQueryParams("SELECT 2", nil, nil, nil, nil)
	if err := p.Sync(); err != nil {
		t.Fatal(err)
	}
	p.SendQueryParams("SELECT 3", nil, nil, nil, nil)
	if err := p.Sync(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		r, err := p.GetResults()
		if err != nil {
			got = append(got, code(err))
			if len(got) > 20 {
				t.Fatal("no end")
			}
			continue
		}
		if r == nil {
			break
		}
		switch r := r.(type) {
		case *pgconn.ResultReader:
			res := r.Read()
			if res.Err != nil {
				got = append(got, code(res.Err))
			} else {
				got = append(got, string(res.Rows[0][0]))
			}
		case *pgconn.PipelineSync:
			got = append(got, "sync")
		}
		if len(got) > 20 || strings.Count(strings.Join(got, " "), "sync") == 2 {
			break
		}
	}
	if err := p.Close(); err != nil && code(err) != "25006" {
		t.Error(err)
	}
	if want := "1 25006 sync 3 sync"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// TestPipelineSeesWhatItSet: what a statement of a pipeline changes holds for the
// next ones, though nothing was answered yet.
func TestPipelineSeesWhatItSet(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	batch := &pgx.Batch{}
	batch.Queue("SET search_path TO public")
	batch.Queue("SHOW search_path")
	conn := d.connectAs(t, "ann", "sslmode=disable&default_query_exec_mode=exec")
	results := conn.SendBatch(t.Context(), batch)
	if _, err := results.Exec(); err != nil {
		t.Fatal(err)
	}
	var path string
	if err := results.QueryRow().Scan(&path); err != nil || path != "public" {
		t.Errorf("got %q, %v", path, err)
	}
	if err := results.Close(); err != nil {
		t.Error(err)
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t).PgConn()
	for _, tt := range []struct{ sql, want string }{
		{"COPY (SELECT g, 'a,b' FROM generate_series(1, 2) g) TO STDOUT", "1\ta,b\n2\ta,b\n"},
		{"COPY (SELECT g, 'a,b' AS x FROM generate_series(1, 2) g) TO STDOUT WITH (FORMAT csv, HEADER)", "g,x\n1,\"a,b\"\n2,\"a,b\"\n"},
	} {
		var b bytes.Buffer
		tag, err := conn.CopyTo(t.Context(), &b, tt.sql)
		if err != nil || b.String() != tt.want || tag.String() != "COPY 2" {
			t.Errorf("%s: got %q, %v, %v", tt.sql, b.String(), tag, err)
		}
	}
	var b bytes.Buffer
	if _, err := conn.CopyTo(t.Context(), &b, "COPY (SELECT 1::int4) TO STDOUT (FORMAT binary)"); err != nil || !bytes.HasPrefix(b.Bytes(), []byte("PGCOPY\n\xff\r\n\x00")) {
		t.Errorf("binary: got %q, %v", b.Bytes(), err)
	}
	if _, err := conn.CopyFrom(t.Context(), strings.NewReader("1\n"), "COPY clinic.patients FROM STDIN"); code(err) != "25006" {
		t.Errorf("COPY FROM: %v", err)
	}
	if got, err := cells(t, conn, "SELECT 1"); err != nil || len(got) != 1 {
		t.Errorf("after COPY FROM: %v, %v", got, err)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	db := waiting(t)
	d := startListenerOver(t, db.DSN(pgtest.Reader), nil)
	conn := d.connect(t)
	marked := strings.Replace(endless, "3000000", "2999998", 1)
	answer := make(chan error, 1)
	go func() { _, err := conn.PgConn().Exec(context.Background(), marked).ReadAll(); answer <- err }()
	veiltest.Until(t, "the statement runs", func() bool { return busy(t, db, "2999998") == 1 })
	if err := conn.PgConn().CancelRequest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-answer; code(err) != "57014" {
		t.Errorf("got %v", err)
	}
	if got, err := cells(t, conn.PgConn(), "SELECT 1"); err != nil {
		t.Errorf("after it: %v, %v", got, err)
	}
}

func TestStatementTimeout(t *testing.T) {
	t.Parallel()
	d := startListenerOver(t, waiting(t).DSN(pgtest.Reader), func(c *Config) {
		c.Policy.Views["few"] = View{Policy: clinicPolicy(t), StatementTimeout: 2 * time.Second}
	})
	conn := d.connectAs(t, "few", "sslmode=disable").PgConn()
	// A busy machine can take longer than the timeouts that are set here.
	inTime := func(sql string) (out []string, err error) {
		veiltest.Until(t, sql+" is answered", func() bool {
			out, err = cells(t, conn, sql)
			return code(err) != "57014"
		})
		return out, err
	}
	for _, tt := range []struct{ value, want, code string }{
		{"1h", "", "42501"}, {"2001ms", "", "42501"}, {"2000.6", "", "42501"}, {"-1", "", "22023"}, {"1 week", "", "22023"},
		{"0", "2s", ""}, {"400us", "2s", ""}, {"0.4", "2s", ""}, {"500us", "2s", ""}, // rounded to none
		{"1999.6", "2s", ""}, {"1e3", "1s", ""}, {"0x10", "16ms", ""}, {"010", "8ms", ""}, {" 1.5 s ", "1500ms", ""}, {"600us", "1ms", ""},
	} {
		for _, sql := range []string{"SET statement_timeout TO '" + tt.value + "'", "SELECT set_config('statement_timeout', '" + tt.value + "', false)"} {
			_, err := inTime(sql)
			got, shown := inTime("SHOW statement_timeout")
			if code(err) != tt.code || shown != nil || err == nil && got[0] != tt.want+"\nSHOW" {
				t.Errorf("%s: %v, %q %v", sql, err, got, shown)
			}
			if _, err := inTime("RESET statement_timeout"); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := cells(t, conn, endless); code(err) != "57014" {
		t.Errorf("got %v", err)
	}
	if _, err := inTime("SET statement_timeout TO 1000"); err != nil {
		t.Error(err)
	}
}

func TestRowLimit(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connectAs(t, "few", "sslmode=disable")
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeSimpleProtocol} {
		for _, n := range []int{10, 11, 100_000} {
			rows, _ := conn.Query(t.Context(), fmt.Sprintf("SELECT g FROM generate_series(1, %d) g", n), mode)
			got, err := pgx.CollectRows(rows, pgx.RowTo[int64])
			want := ""
			if n > 10 {
				want = "54000"
			}
			if code(err) != want || err == nil && len(got) != n {
				t.Errorf("%v, %d rows: got %d, %v", mode, n, len(got), err)
			}
		}
	}
	raw := newRaw(t, d, "few")
	raw.out = append(raw.out, messages(&pgproto3.Query{String: "SELECT g FROM generate_series(1, 1000) g"})...)
	if got, want := raw.until('Z'), "T"+strings.Repeat(" D", 10)+" E Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if tag, err := conn.PgConn().CopyTo(t.Context(), io.Discard, "COPY (SELECT g FROM generate_series(1, 10) g) TO STDOUT (FORMAT binary)"); err != nil || tag.String() != "COPY 10" {
		t.Errorf("COPY: %v, %v", tag, err)
	}
	var one int
	if err := conn.QueryRow(t.Context(), "SELECT 1").Scan(&one); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestPortals(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	raw := newRaw(t, d, "ann")
	raw.send("P", "s", "SELECT g FROM generate_series(1, 5) g")
	raw.send("B", "", "s")
	raw.execute("", 2)
	raw.execute("", 2)
	raw.execute("", 2)
	raw.sync()
	if got, want := raw.until('Z'), "1 2 D D s D D s D C Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// An execution without Describe, flushed before the Sync.
	raw.send("B", "q", "s")
	raw.execute("q", 0)
	raw.flush()
	if got, want := raw.until('C'), "2 D D D D D C"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	raw.execute("nobody", 0)
	raw.execute("q", 0)
	raw.sync()
	if got, want := raw.until('Z'), "E Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	raw.send("P", "s", "SELECT 1") // there is one of that name
	raw.sync()
	if got, want := raw.until('Z'), "E Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	raw.send("C", "Ss")
	raw.send("P", "s", "SELECT 1")
	raw.send("B", "", "s")
	raw.execute("", 0)
	raw.sync()
	if got, want := raw.until('Z'), "3 1 2 D C Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	raw.send("P", "", "")
	raw.send("B", "", "")
	raw.send("D", "P")
	raw.execute("", 0)
	raw.sync()
	if got, want := raw.until('Z'), "1 2 n I Z"; got != want {
		t.Errorf("empty: got %s, want %s", got, want)
	}
	raw.send("F")
	if got, want := raw.until('Z'), "E Z"; got != want {
		t.Errorf("function call: got %s, want %s", got, want)
	}
}

var errNotWritten = errors.New("the disk is full")

// TestNothingCompletesWithoutItsRecord: where the record cannot be written, the
// client does not get the end of its response.
func TestNothingCompletesWithoutItsRecord(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t)
	if _, err := conn.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	last := d.sink.last(1)[0]
	if last.Consumer != "research" || last.Door != "postgres" || last.Result != "complete" || last.Operation != "select" || len(last.Resources) != 1 || last.Resources[0].N != 1 {
		t.Errorf("the record is %+v", last)
	}
	d.sink.mu.Lock()
	d.sink.fail = errNotWritten
	d.sink.mu.Unlock()
	got, err := cells(t, conn.PgConn(), "SELECT 'secret'")
	if code(err) != "58030" || len(got) > 0 {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRefusalsAreRecorded(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t)
	_, _ = conn.Exec(t.Context(), "DELETE FROM patients")
	if last := d.sink.last(1)[0]; last.Result != "refused" || last.Reason == "" {
		t.Errorf("the record is %+v", last)
	}
}

// TestReload: who is no longer let in is not served any more, once a transaction
// under way is over.
func TestReload(t *testing.T) {
	d := startListener(t, nil)
	conn, busy := d.connect(t).PgConn(), d.connect(t).PgConn()
	if _, err := cells(t, busy, "BEGIN"); err != nil {
		t.Fatal(err)
	}
	if err := d.Reload(Policy{}); err == nil {
		t.Error("a policy without consumers was taken")
	}
	if err := d.Reload(Policy{Consumers: testUsers(t), Views: map[string]View{"few": {Policy: clinicPolicy(t)}}}); err == nil || !strings.Contains(err.Error(), `"plain"`) {
		t.Errorf("a policy without the view of a consumer: %v", err)
	}
	others, err := consumer.New(t.Context(), consumer.Config{Users: []consumer.User{{Account: consumer.Account{Name: "other", View: "few"}, User: "bob", Verifier: testVerifier(t)}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Reload(Policy{Consumers: others, Views: clinicViews(t)}); err != nil {
		t.Fatal(err)
	}
	if _, err := cells(t, conn, "SELECT 1"); code(err) != "57P01" {
		t.Errorf("idle: %v", err)
	}
	if _, err := cells(t, busy, "SELECT 1"); err != nil {
		t.Errorf("in a transaction: %v", err)
	}
	if _, err := cells(t, busy, "COMMIT"); err != nil {
		t.Errorf("its end: %v", err)
	}
	if _, err := cells(t, busy, "SELECT 1"); code(err) != "57P01" {
		t.Errorf("after it: %v", err)
	}
	if _, err := pgconn.Connect(t.Context(), d.dsn("ann", "sslmode=disable")); code(err) != "28P01" {
		t.Errorf("a new session: %v", err)
	}
}

// TestPortalOfACursor: a cursor of DECLARE is a portal too.
func TestPortalOfACursor(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	raw := newRaw(t, d, "ann")
	raw.out = append(raw.out, messages(&pgproto3.Query{String: "BEGIN; DECLARE c CURSOR FOR SELECT last_name, sex FROM clinic.patients ORDER BY sex LIMIT 3"})...)
	if got, want := raw.until('Z'), "C C Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	raw.send("D", "Pc")
	raw.execute("c", 2)
	raw.execute("c", 0)
	raw.sync()
	if got, want := raw.until('Z'), "T D D s D C Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestReset: what is reset is what the session began with.
func TestReset(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connectAs(t, "ann", "sslmode=disable&application_name=first").PgConn()
	for _, tt := range []struct{ sql, want string }{
		{"SET application_name TO 'second'; SET search_path TO public", "SET,SET"},
		{"RESET ALL", "RESET"},
		{"SHOW application_name; SHOW search_path", "first\nSHOW,clinic\nSHOW"},
		{"SELECT 1", "1\nSELECT 1"},
	} {
		got, err := cells(t, conn, tt.sql)
		if err != nil || strings.Join(got, ",") != tt.want {
			t.Errorf("%s: got %q, %v", tt.sql, got, err)
		}
	}
	if got := conn.ParameterStatus("application_name"); got != "first" {
		t.Errorf("the client was told %q", got)
	}
}
