package pgdoor

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/proxy/pgdoor/pgtest"
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
	d := startDoor(t, nil)
	for _, tt := range []struct {
		name string
		dsn  string
		code string
	}{
		{"right", d.dsn("ann", "sslmode=disable"), ""},
		{"prefers TLS, which is not there", d.dsn("ann", "sslmode=prefer"), ""},
		{"wrong password", strings.Replace(d.dsn("ann", "sslmode=disable"), "correct", "wrong", 1), "28P01"},
		{"no such user", d.dsn("bob", "sslmode=disable"), "28P01"},
		{"no such view", d.dsn("gone", "sslmode=disable"), "28000"},
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
	config, ca := serverTLS(t)
	d := startDoor(t, func(c *Config) { c.Policy.TLS = config })
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
	d := startDoor(t, nil)
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
