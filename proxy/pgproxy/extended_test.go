package pgproxy

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/veil-proxy/veil/internal/pgtest"
)

// failures are messages of the extended protocol of which the last one fails, and the
// types of the messages that come, the error included.
var failures = []struct {
	name string
	send func(*raw)
	want string
	// own: the failure is Veil's, so PostgreSQL has no part in it.
	own bool
}{
	{"parse, unknown column", func(r *raw) { r.send("P", "", "SELECT nope FROM clinic.patients") }, "E", false},
	{"parse, syntax", func(r *raw) { r.send("P", "", "SELEC") }, "E", false},
	{"parse, upstream", func(r *raw) { r.send("P", "", "SELECT 'x'::int") }, "E", false},
	{"parse, refused", func(r *raw) { r.send("P", "", "DELETE FROM clinic.patients") }, "E", true},
	{"parse, refused at a column", func(r *raw) { r.send("P", "", "SELECT lower(last_name) FROM clinic.patients") }, "E", true},
	{"parse, the name again", func(r *raw) { r.send("P", "s", "SELECT 1"); r.send("P", "s", "SELECT 1") }, "1 E", false},
	{"bind, no statement", func(r *raw) { r.send("P", "", "SELECT 1"); r.send("B", "", "nope") }, "1 E", false},
	{"bind, no parameter", func(r *raw) { r.send("P", "", "SELECT $1::int"); r.send("B", "", "") }, "1 E", false},
	{"describe, no statement", func(r *raw) { r.send("P", "", "SELECT 1"); r.send("D", "Snope") }, "1 E", false},
	{"describe, no portal", func(r *raw) { r.send("P", "", "SELECT 1"); r.send("B", "", ""); r.send("D", "Pnope") }, "1 2 E", false},
	{"execute, no portal", func(r *raw) { r.send("P", "", "SELECT 1"); r.send("B", "", ""); r.execute("nope", 0) }, "1 2 E", false},
	{"execute, upstream", func(r *raw) {
		r.send("P", "", "SELECT 1/(g-2) FROM generate_series(1, 3) g")
		r.send("B", "", "")
		r.send("D", "P")
		r.execute("", 0)
	}, "1 2 T D E", false},
	{"after what succeeded", func(r *raw) {
		r.send("P", "", "SELECT 1")
		r.send("B", "", "")
		r.execute("", 0)
		r.send("C", "S")
		r.send("P", "", "SELECT nope FROM clinic.patients")
	}, "1 2 D C 3 E", false},
	{"after what succeeded, refused", func(r *raw) {
		r.send("P", "", "SET timezone TO 'Asia/Tokyo'")
		r.send("B", "", "")
		r.execute("", 0)
		r.send("P", "", "DELETE FROM clinic.patients")
	}, "1 2 C E", true},
	{"in a transaction of this pipeline", func(r *raw) {
		r.send("P", "", "BEGIN")
		r.send("B", "", "")
		r.execute("", 0)
		r.send("P", "", "DELETE FROM clinic.patients")
	}, "1 2 C E", true},
}

// TestErrorsLeaveAtOnce: an error of the extended protocol comes when it arises, whether
// the client flushes or not, and behind what was answered before; what follows is passed
// over up to Sync, and the transaction is then in the state that PostgreSQL has.
func TestErrorsLeaveAtOnce(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	upstream := pgtest.Start(t).Clinic(t).DSN(pgtest.Reader)
	for _, server := range []struct{ name, dsn string }{{"listener", d.dsn("ann", "sslmode=disable")}, {"PostgreSQL", upstream}} {
		for _, then := range []string{"nothing", "Flush", "more"} {
			for _, begun := range []bool{false, true} {
				r := newRawTo(t, server.dsn)
				for _, f := range failures {
					if f.own && server.name != "listener" {
						continue
					}
					state := byte('I')
					if begun {
						r.send("Q", "BEGIN")
						r.until('Z')
					}
					if begun || strings.HasPrefix(f.name, "in a transaction") {
						state = 'E'
					}
					f.send(r)
					switch then {
					case "Flush":
						r.flush()
					case "more": // which is passed over
						r.send("P", "", "SELECT 2")
						r.send("B", "", "")
						r.flush()
						r.send("Q", "SELECT 3")
					}
					want := f.want
					if begun && server.name == "listener" && f.name == "in a transaction of this pipeline" {
						want = strings.Replace(want, "C E", "N C E", 1) // there is one already
					}
					if got := r.until('E'); got != want {
						t.Fatalf("%s, %s, %s, in a transaction %v: got %q, want %q", server.name, f.name, then, begun, got, want)
					}
					r.sync()
					if got := r.until('Z'); got != "Z" || r.last[0] != state {
						t.Fatalf("%s, %s, %s, in a transaction %v: after Sync got %q, %c, want state %c", server.name, f.name, then, begun, got, r.last, state)
					}
					r.send("Q", "ROLLBACK")
					r.until('Z')
					r.send("Q", "DEALLOCATE ALL")
					r.until('Z')
					r.send("Q", "SHOW timezone")
					if got := r.until('D'); got != "T D" || strings.Contains(string(r.last), "Tokyo") {
						t.Fatalf("%s, %s: SHOW timezone: %q %q", server.name, f.name, got, r.last)
					}
					r.until('Z')
				}
			}
		}
	}
}

// TestLimitsLeaveAtOnce: so do the errors of the consumer's limits.
func TestLimitsLeaveAtOnce(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	r := newRaw(t, d, "few")
	r.send("P", "", "SELECT g FROM generate_series(1, 100) g")
	r.send("B", "", "")
	r.execute("", 0)
	if got := r.until('E'); got != "1 2"+strings.Repeat(" D", 10)+" E" {
		t.Errorf("the row limit: got %q", got)
	}
	r.sync()
	if got := r.until('Z'); got != "Z" {
		t.Errorf("after Sync: got %q", got)
	}
}

// TestSettingsOutliveARefusal: a refused query takes nothing of the next one back.
func TestSettingsOutliveARefusal(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t).PgConn()
	for _, tt := range []struct{ sql, want, code string }{
		{"DELETE FROM patients", "", "25006"},
		{"SET search_path TO public; SELECT 1", "SET,1\nSELECT 1", ""},
		{"SHOW search_path", "public\nSHOW", ""},
		{"SET search_path TO billing", "SET", ""},
		{"SELECT 1/0", "", "22012"},
		{"SHOW search_path", "billing\nSHOW", ""},
		{"SET search_path TO clinic; DELETE FROM patients", "SET", "25006"},
		{"SHOW search_path", "billing\nSHOW", ""},
	} {
		got, err := cells(t, conn, tt.sql)
		if code(err) != tt.code || strings.Join(got, ",") != tt.want {
			t.Errorf("%s: got %q, %v", tt.sql, got, err)
		}
	}
}

// TestPlansAreCheckedInTheSession: however many sessions are busy, prepared statements wait
// for no connection but their own.
func TestPlansAreCheckedInTheSession(t *testing.T) {
	t.Parallel()
	db := pgtest.Start(t).CreateDatabase(t, "checked")
	db.Exec(t, "CREATE SCHEMA clinic; CREATE TABLE clinic.dictionary (id int PRIMARY KEY); INSERT INTO clinic.dictionary SELECT generate_series(1, 100)")
	db.GrantRead(t, "clinic")
	d := startListenerOver(t, db.DSN(pgtest.Reader), nil)
	var all sync.WaitGroup
	for range 6 {
		conn := d.connect(t).PgConn()
		all.Go(func() {
			for i := range 20 {
				r := conn.ExecParams(context.Background(), "SELECT count(*) FROM clinic.dictionary WHERE id > $1", [][]byte{fmt.Append(nil, i)}, nil, nil, nil).Read()
				if r.Err != nil || len(r.Rows) != 1 || string(r.Rows[0][0]) != strconv.Itoa(100-i) {
					t.Errorf("%q, %v", r.Rows, r.Err)
				}
			}
		})
	}
	all.Wait()
	conn, err := pgconn.Connect(t.Context(), db.DSN(pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	r := conn.ExecParams(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_catalog.count(%c.xmin%'", nil, nil, nil, nil).Read()
	if r.Err != nil || string(r.Rows[0][0]) != "0" {
		t.Errorf("%s connections were asked whether plans hold, %v", r.Rows, r.Err)
	}
}

// TestResponsesOutlastARest: what the upstream responded to messages without a Sync is kept
// while the client is silent, and comes with it; with TLS too, which has a part of a message.
func TestResponsesOutlastARest(t *testing.T) {
	t.Parallel()
	config, _ := serverTLS(t)
	d := startListener(t, func(c *Config) { c.Policy.TLS = config })
	for _, mode := range []string{"sslmode=disable", "sslmode=require"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			r := newRawTo(t, d.dsn("ann", mode))
			r.send("P", "s", "SELECT 1")
			r.send("B", "", "s")
			if _, err := r.conn.Write(append(r.out, 'S', 0, 0)); err != nil { // and a part of Sync
				t.Fatal(err)
			}
			time.Sleep(restAfter + 500*time.Millisecond)
			r.out = []byte{0, 4}
			if got := r.until('Z'); got != "1 2 Z" {
				t.Errorf("got %s", got)
			}
			time.Sleep(restAfter + 500*time.Millisecond)
			r.send("B", "", "s")
			r.execute("", 0)
			r.sync()
			if got := r.until('Z'); got != "2 D C Z" {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestDeclaredParametersKeepTheirTypes holds that a statement's parameters have the types
// that the client declared, sealed ones too: the JDBC driver refuses others.
func TestDeclaredParametersKeepTheirTypes(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t).PgConn()
	const sql = "SELECT count(*) FROM clinic.patients WHERE id = $1 AND height_cm > $2 OR id = ANY ($3)"
	for i, tt := range []struct{ declared, want []uint32 }{
		{nil, []uint32{pgtype.TextOID, pgtype.Int4OID, pgtype.TextArrayOID}},
		{[]uint32{pgtype.VarcharOID, 0, pgtype.VarcharArrayOID}, []uint32{pgtype.VarcharOID, pgtype.Int4OID, pgtype.VarcharArrayOID}},
		{[]uint32{0, pgtype.Int8OID}, []uint32{pgtype.TextOID, pgtype.Int8OID, pgtype.TextArrayOID}},
	} {
		st, err := conn.Prepare(t.Context(), fmt.Sprint("s", i), sql, tt.declared)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(st.ParamOIDs, tt.want) {
			t.Errorf("declared %v: got %v, want %v", tt.declared, st.ParamOIDs, tt.want)
		}
	}
}
