package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/pgtest"
)

// TestKilledWhileRowsLeave kills the process while a client reads the rows of a long
// answer. The log says who began to get them, and that there is no end.
func TestKilledWhileRowsLeave(t *testing.T) {
	t.Parallel()
	config, addr := clinicConfig(t, pgtest.Reader, "correct horse\n")
	s := &site{dir: strings.TrimSuffix(config, "/veil.yaml")}
	p := s.process(t, config)
	conn, err := pgx.Connect(t.Context(), "postgres://ann:correct%20horse@"+addr+"/clinic?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), "SELECT p.id, g FROM clinic.patients p, generate_series(1, 5000) g")
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.done
	rows.Close()
	_ = conn.Close(t.Context())
	s.process(t, config).stop(t) // sets a torn line aside
	log := s.path("audit")
	if r := veil(t, "", "audit", "verify", log); r.code != 0 {
		t.Fatal(r.stderr)
	}
	r := veil(t, "", "audit", "show", log, "--consumer", "research", "--operation", "select", "--listener", "postgres", "--since", time.Now().Add(-time.Hour).Format(time.RFC3339), "--format", "json")
	var l audit.Line
	if err := json.Unmarshal([]byte(r.stdout), &l); err != nil {
		t.Fatalf("not one record: %v\n%s", err, r.stdout)
	}
	if l.Result != "started" || l.Client != "127.0.0.1" || l.Statement == "" || strings.Join(l.Relations, " ") != "clinic.patients" {
		t.Errorf("%s", r.stdout)
	}
	if r := veil(t, "", "audit", "show", log, "--outcome", "started"); !strings.Contains(r.stdout, "select  started (no end: interrupted, or still in progress)") {
		t.Errorf("%s%s", r.stdout, r.stderr)
	}
}
