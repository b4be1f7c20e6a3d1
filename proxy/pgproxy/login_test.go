package pgproxy

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/metrics"
)

func code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	if err == nil {
		return ""
	}
	return "other: " + err.Error()
}

func TestLogin(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	for _, tt := range []struct {
		name string
		dsn  string
		code string
	}{
		{"right", d.dsn("ann", "sslmode=disable"), ""},
		{"prefers TLS, which is not there", d.dsn("ann", "sslmode=prefer"), ""},
		{"wrong password", strings.Replace(d.dsn("ann", "sslmode=disable"), "correct", "wrong", 1), "28P01"},
		{"no such user", d.dsn("bob", "sslmode=disable"), "28P01"},
		{"the upstream's role", strings.Replace(d.dsn(pgtest.Reader.Name, "sslmode=disable"), "correct%20horse", pgtest.Reader.Password, 1), "28P01"},
		{"another database", strings.Replace(d.dsn("ann", "sslmode=disable"), "/clinic", "/postgres", 1), "3D000"},
		{"replication", d.dsn("ann", "sslmode=disable&replication=database"), "0A000"},
		{"options", d.dsn("ann", "sslmode=disable&options="+"-c%20search_path%3Dclinic%20--application-name%3Dx"), ""},
		{"a setting that writes", d.dsn("ann", "sslmode=disable&options="+"-c%20default_transaction_read_only%3Doff"), "42501"},
		{"not options", d.dsn("ann", "sslmode=disable&options=-Q"), "42601"},
		{"another encoding", d.dsn("ann", "sslmode=disable&client_encoding=LATIN1"), "42501"},
	} {
		conn, err := pgconn.Connect(t.Context(), tt.dsn)
		if got := code(err); got != tt.code {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.code)
		}
		if err == nil {
			if err := conn.Exec(t.Context(), "SELECT 1").Close(); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			_ = conn.Close(context.Background())
		} else if strings.Contains(err.Error(), pgtest.Reader.Password) {
			t.Errorf("%s: the error has the password", tt.name)
		}
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	config, ca := serverTLS(t)
	d := startListener(t, func(c *Config) { c.Policy.TLS = config })
	for _, query := range []string{
		"sslmode=require",
		"sslmode=verify-full&sslrootcert=" + ca,
		"sslmode=verify-full&channel_binding=require&sslrootcert=" + ca,
		"sslmode=verify-full&channel_binding=disable&sslrootcert=" + ca,
		"sslmode=verify-full&sslnegotiation=direct&sslrootcert=" + ca,
		"sslmode=disable", // from this machine
	} {
		conn := d.connectAs(t, "ann", query)
		var n int
		if err := conn.QueryRow(t.Context(), "SELECT 1").Scan(&n); err != nil || n != 1 {
			t.Errorf("%s: got %d, %v", query, n, err)
		}
	}
}

func TestProtocolVersions(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	for _, version := range []string{"3.0", "3.2", "latest"} {
		conn := d.connectAs(t, "ann", "sslmode=disable&max_protocol_version="+version)
		want := shortKey
		if version != "3.0" {
			want = longKey
		}
		if got := len(conn.PgConn().SecretKey()); got != want {
			t.Errorf("%s: the cancel key has %d bytes, want %d", version, got, want)
		}
	}
}

// TestLoginsAreRecorded: every attempt has a record with the client's address and,
// where the user is one, the consumer, before the client hears of it; none has what the
// client gave as a user.
func TestLoginsAreRecorded(t *testing.T) {
	t.Parallel()
	all := metrics.New()
	d := startListener(t, func(c *Config) { c.Metrics = all.Listener("postgres") })
	const typed = "Pa55word-in-the-wrong-field"
	for _, tt := range []struct{ dsn, consumer, result, reason string }{
		{d.dsn("ann", "sslmode=disable"), "research", "complete", ""},
		{strings.Replace(d.dsn("ann", "sslmode=disable"), "correct", "wrong", 1), "research", "refused", "credentials"},
		{d.dsn(typed, "sslmode=disable"), "unknown", "refused", "credentials"},
		{strings.Replace(d.dsn("ann", "sslmode=disable"), "/clinic", "/postgres", 1), "research", "refused", "database"},
		{d.dsn("ann", "sslmode=disable&replication=database"), "research", "refused", "startup parameters"},
	} {
		conn, err := pgconn.Connect(t.Context(), tt.dsn)
		if err == nil {
			_ = conn.Close(context.Background())
		}
		r := d.sink.last(1)[0]
		if r.Operation != "login" || r.Door != "postgres" || r.Client != "127.0.0.1" || r.Consumer != tt.consumer || r.Result != tt.result || r.Reason != tt.reason {
			t.Errorf("%s: %+v", tt.dsn, r)
		}
	}
	var text strings.Builder
	all.Write(&text)
	if !strings.Contains(text.String(), "\nveil_postgres_failed_logins_total 4\n") {
		t.Error("the failed logins are not counted")
	}
	// Without its record an attempt does not succeed.
	d.sink.mu.Lock()
	d.sink.fail = errNotWritten
	d.sink.mu.Unlock()
	if _, err := pgconn.Connect(t.Context(), d.dsn("ann", "sslmode=disable")); code(err) != "58030" {
		t.Errorf("without a record: %v", err)
	}
}

// TestGuessesAreSlow: wrong passwords are slower and slower, and the right one is
// taken all the same.
func TestGuessesAreSlow(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	wrong := strings.Replace(d.dsn("ann", "sslmode=disable"), "correct", "wrong", 1)
	var last time.Duration
	for range 8 {
		begun := time.Now()
		if _, err := pgconn.Connect(t.Context(), wrong); code(err) != "28P01" {
			t.Fatal(err)
		}
		last = time.Since(begun)
	}
	if last < 700*time.Millisecond {
		t.Errorf("the eighth guess took %v", last)
	}
	d.connect(t)
}

// TestGuessesAtOnce: of an address that guesses, so many attempts wait, and more are
// refused at once. At the end nobody waits.
func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	d := startListener(t, func(c *Config) { c.Limits.AuthTimeout = time.Hour })
	d.shared.SlowDown(consumer.NewAttemptsWith(time.Hour, time.Hour))
	wrong := strings.Replace(d.dsn("ann", "sslmode=disable"), "correct", "wrong", 1)
	guess := func() string {
		_, err := pgconn.Connect(context.Background(), wrong)
		return code(err)
	}
	for range 5 {
		if got := guess(); got != "28P01" {
			t.Fatalf("a guess: %s", got)
		}
	}
	const waiting = 16
	first, rest := make(chan string), make(chan string, 1000)
	guesses := 0
	for more := true; more; guesses++ {
		go func() {
			got := guess()
			select {
			case first <- got:
			default:
				rest <- got
			}
		}()
		select {
		case got := <-first:
			if more = false; got != "53400" {
				t.Fatalf("one guess more than may wait: %s", got)
			}
		case <-time.After(10 * time.Millisecond):
		}
	}
	for range guesses - 1 - waiting { // those that were on their way meanwhile
		if got := <-rest; got != "53400" {
			t.Fatalf("another guess more than may wait: %s", got)
		}
	}
	if r := d.sink.last(1)[0]; r.Operation != "login" || r.Reason != "too many attempts" || r.Result != "refused" {
		t.Errorf("%+v", r)
	}
	over, end := context.WithCancel(t.Context())
	end()
	if err := d.Shutdown(over); err != context.Canceled {
		t.Errorf("shutdown: %v", err)
	}
	for range waiting {
		if got := <-rest; got != "57P01" {
			t.Errorf("a guess that waited: %s", got)
		}
	}
}

// TestRowsAreAnnounced: rows that leave before the end of their statement are in a
// record by then.
func TestRowsAreAnnounced(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	for _, sql := range []string{
		"SELECT g, repeat('x', 100) FROM generate_series(1, 5000) g",
		"COPY (SELECT g, repeat('x', 100) FROM generate_series(1, 5000) g) TO STDOUT",
		"SELECT repeat('x', 300000)",
		"SELECT p.id, repeat('x', 100) FROM clinic.patients p, generate_series(1, 1000) g",
	} {
		conn := d.connect(t)
		if _, err := cells(t, conn.PgConn(), sql); err != nil && !strings.HasPrefix(sql, "COPY") {
			t.Fatalf("%s: %v", sql, err)
		}
		if strings.HasPrefix(sql, "COPY") {
			if _, err := conn.PgConn().CopyTo(t.Context(), io.Discard, sql); err != nil {
				t.Fatal(err)
			}
		}
		last := d.sink.last(2)
		if last[0].Result != "started" || last[1].Result != "complete" || last[0].RequestID != last[1].RequestID || last[0].Statement != last[1].Statement || last[0].Consumer != "research" {
			t.Errorf("%s: %+v\n%+v", sql, last[0], last[1])
		}
	}
	conn := d.connect(t)
	if _, err := cells(t, conn.PgConn(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	if last := d.sink.last(2); last[0].Result == "started" {
		t.Error("a short answer is announced")
	}
}
