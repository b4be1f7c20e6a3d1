package pgtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func connect(t *testing.T, dsn string, set func(*pgconn.Config)) (*pgconn.PgConn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if set != nil {
		set(cfg)
	}
	return pgconn.ConnectConfig(ctx, cfg)
}

func one(t *testing.T, conn *pgconn.PgConn, sql string) string {
	t.Helper()
	got, err := conn.Exec(context.Background(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return string(got[len(got)-1].Rows[0][0])
}

func TestReaderReads(t *testing.T) {
	clinic := Start(t).Clinic(t)
	conn, err := connect(t, clinic.DSN(Reader), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if got := one(t, conn, "SELECT count(*) FROM clinic.patients"); got != "300" {
		t.Errorf("patients: got %s, want 300", got)
	}
	for _, sql := range []string{
		"BEGIN READ WRITE; CREATE TABLE public.x ()",
		"BEGIN READ WRITE; CREATE TEMP TABLE x ()",
		"BEGIN READ WRITE; DELETE FROM clinic.dictionary",
		"SELECT pg_read_file('/etc/passwd')",
	} {
		_, err := conn.Exec(context.Background(), sql).ReadAll()
		one(t, conn, "ROLLBACK; SELECT 1")
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || pgErr.Code != "42501" {
			t.Errorf("%s: got %v, want SQLSTATE 42501", sql, err)
		}
	}
}

func TestCertificate(t *testing.T) {
	s := Start(t)
	clinic := s.Clinic(t)
	cert, err := tls.LoadX509KeyPair(s.Cert, s.Key)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(s.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	conn, err := connect(t, clinic.DSN(Certified), func(c *pgconn.Config) {
		c.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: roots, ServerName: "localhost"}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if got := one(t, conn, "SELECT current_user"); got != Certified.Name {
		t.Errorf("user: got %s, want %s", got, Certified.Name)
	}
	if conn, err := connect(t, clinic.DSN(Certified), nil); err == nil {
		conn.Close(context.Background())
		t.Error("let in without a certificate")
	}
}
