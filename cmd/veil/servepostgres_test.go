package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/pgproxy/pgtest"
)

// clinicConfig is a configuration with a PostgreSQL door over the tests' clinic,
// and the address of the door.
func clinicConfig(t *testing.T, role pgtest.User, password string) (config, addr string) {
	t.Helper()
	pg := pgtest.Start(t)
	dsn, err := url.Parse(pg.Clinic(t).DSN(role))
	if err != nil {
		t.Fatal(err)
	}
	dsn.User = url.User(role.Name)
	dir := t.TempDir()
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
`, pgtest.Testdata(t, "sql", "ruleset.yaml"), newKey(t), dsn, secret, addr, user[1], dir+"/audit"))
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

func TestPostgresCheck(t *testing.T) {
	config, _ := clinicConfig(t, pgtest.Reader, "correct horse\n")
	r := veil(t, "", "postgres", "check", "--config", config)
	if r.code != 0 {
		t.Fatalf("exit %d: %s", r.code, r.stderr)
	}
	for _, line := range []string{
		`clinic\.patients\.last_name +keyed +\S+ +surrogate`,
		`clinic\.patients\.birth_date +pushed down`,
		`clinic\.patients\.sex +clear +facts +keep`,
		`\d+ columns clear, \d+ pushed down, \d+ keyed, \d+ hidden; \d+ relations refused`,
	} {
		if !regexp.MustCompile(`(?m)^` + line).MatchString(r.stdout) {
			t.Errorf("there is no line of the form %s in\n%s", line, r.stdout)
		}
	}
	r = veil(t, "", "postgres", "check", "--config", config, "--format", "json")
	var report struct {
		Views []struct {
			Columns  []struct{ Schema, Relation, Column, Treatment, Rule, Method string }
			Findings []struct{ Rule, Relation, Message string }
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || r.code != 0 || len(report.Views) != 1 || len(report.Views[0].Columns) < 100 {
		t.Errorf("as JSON: exit %d, %v: %.300s", r.code, err, r.stdout)
	}
	if r := veil(t, "", "postgres", "check", "--config", config, "--complete"); r.code != 1 {
		t.Errorf("columns without rules: exit %d, want 1", r.code)
	}
	// A rule whose table is misspelt is named, and ends a pipeline.
	misspelt := bytes.Replace(pgtest.ReadTestdata(t, "sql", "ruleset.yaml"), []byte("match: {schema: clinic, table: observations, column: taken_at}"),
		[]byte("match: {schema: clinic, table: observation, column: taken_at}"), 1)
	rules := write(t, t.TempDir()+"/misspelt.yaml", string(misspelt))
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, config, strings.Replace(string(text), pgtest.Testdata(t, "sql", "ruleset.yaml"), rules, 1))
	if r := veil(t, "", "postgres", "check", "--config", config); r.code != 1 || !strings.Contains(r.stdout, `FAULT rule "sample-times": {schema: clinic, table: observation, column: taken_at} fits no column (did you mean "observations"?)`) {
		t.Errorf("a misspelt table: exit %d: %s", r.code, r.stdout)
	}
	config, _ = clinicConfig(t, pgtest.Owner, "correct horse\n")
	if r := veil(t, "", "postgres", "check", "--config", config); r.code != 1 || !strings.Contains(r.stderr, "the upstream role is a superuser") {
		t.Errorf("a superuser: exit %d: %s", r.code, r.stderr)
	}
	for _, args := range [][]string{{}, {"--config", config, "--view", "nobody"}, {"more"}} {
		if r := veil(t, "", append([]string{"postgres", "check"}, args...)...); r.code != 2 {
			t.Errorf("%v: exit %d", args, r.code)
		}
	}
}
