package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// clinicConfig is a configuration with a PostgreSQL door over the tests' clinic,
// and the address of the door.
func clinicConfig(t testing.TB, role pgtest.User, password string) (config, addr string) {
	t.Helper()
	return writeClinicConfig(t, t.TempDir(), role, password)
}

func writeClinicConfig(t testing.TB, dir string, role pgtest.User, password string) (config, addr string) {
	t.Helper()
	pg := pgtest.Start(t)
	dsn, err := url.Parse(pg.Clinic(t).DSN(role))
	if err != nil {
		t.Fatal(err)
	}
	dsn.User = url.User(role.Name)
	made := veil(t, password, "keys", "postgres", "ann", "--name", "research", "--password-stdin")
	user := regexp.MustCompile(`(?m)^- (.*)$`).FindStringSubmatch(made.stdout)
	if made.code != 0 || user == nil {
		t.Fatal(made.stderr, made.stdout)
	}
	secret := write(t, dir+"/password", role.Password+"\n")
	if err := os.Chmod(secret, 0o600); err != nil {
		t.Fatal(err)
	}
	addr = veiltest.FreeAddress(t)
	config = write(t, dir+"/veil.yaml", fmt.Sprintf(`veil: 1
ruleset: %s
keyFile: %s
project: trial
sql: {explain: true}
postgres:
  upstream: %s
  passwordFile: %s
  listen: %s
  searchPath: [clinic]
  limits: {connectTimeout: 2m, queueTimeout: 2m, authTimeout: 2m}
consumers:
  users:
    - %s
audit: {dir: %s}
`, veiltest.Testdata(t, "sql", "ruleset.yaml"), newKey(t), dsn, secret, addr, user[1], dir+"/audit"))
	return config, addr
}

func TestServePostgres(t *testing.T) {
	config, addr := clinicConfig(t, pgtest.Reader, "correct horse\n")
	b := start(t, "serve", "--config", config)
	b.until(t, "msg=consumers")
	conn, err := pgx.Connect(t.Context(), "postgres://ann:correct%20horse@"+addr+"/clinic")
	if err != nil {
		t.Fatal(err)
	}
	var patients int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM patients").Scan(&patients); err != nil || patients == 0 {
		t.Errorf("got %d, %v", patients, err)
	}
	var doc string
	if err := conn.QueryRow(t.Context(), "SELECT doc::text FROM documents LIMIT 1").Scan(&doc); err == nil {
		t.Errorf("a document was cast: %s", doc)
	}
	if err := conn.QueryRow(t.Context(), "SELECT doc FROM documents WHERE doc IS NOT NULL LIMIT 1").Scan(&doc); err != nil || !strings.Contains(doc, `"resourceType"`) || strings.Contains(doc, "CANARY") {
		t.Errorf("a document: %v: %s", err, doc)
	}
	_ = conn.Close(context.Background())
	b.stop(t)
	shown := veil(t, "", "audit", "verify", strings.TrimSuffix(config, "veil.yaml")+"audit")
	if shown.code != 0 {
		t.Errorf("the audit log: %s", shown.stderr)
	}
	if log := b.out.String(); strings.Contains(log, "CANARY") || strings.Contains(log, pgtest.Reader.Password) {
		t.Errorf("the log shows a secret or a value: %s", log)
	}
}

// TestServePostgresRefusesAPowerfulRole: before the door opens.
func TestServePostgresRefusesAPowerfulRole(t *testing.T) {
	config, _ := clinicConfig(t, pgtest.Owner, "correct horse\n")
	r := veil(t, "", "serve", "--config", config)
	if r.code != 1 || !strings.Contains(r.stderr, "is a superuser") || strings.Contains(r.stderr, pgtest.Owner.Password) {
		t.Errorf("exit %d: %s", r.code, r.stderr)
	}
}
