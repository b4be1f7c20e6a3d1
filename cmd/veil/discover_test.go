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
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/discovertest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// overProposal is a configuration of veil serve over a database with a ruleset.
func overProposal(t *testing.T, d *pgtest.Database, ruleset string) (config, addr string) {
	t.Helper()
	dsn, err := url.Parse(d.DSN(pgtest.Reader))
	if err != nil {
		t.Fatal(err)
	}
	dsn.User = url.User(pgtest.Reader.Name)
	dir := t.TempDir()
	made := veil(t, "correct horse\n", "keys", "postgres", "ann", "--name", "research", "--password-stdin")
	user := regexp.MustCompile(`(?m)^- (.*)$`).FindStringSubmatch(made.stdout)
	if made.code != 0 || user == nil {
		t.Fatal(made.stderr, made.stdout)
	}
	secret := write(t, dir+"/password", pgtest.Reader.Password+"\n")
	addr = veiltest.FreeAddress(t)
	config = write(t, dir+"/veil.yaml", fmt.Sprintf(`veil: 1
ruleset: %s
keyFile: %s
postgres:
  upstream: %s
  passwordFile: %s
  listen: %s
  limits: {connectTimeout: 2m, queueTimeout: 2m, authTimeout: 2m}
consumers:
  users:
    - %s
audit: {dir: %s}
`, ruleset, newKey(t), dsn, secret, addr, user[1], dir+"/audit"))
	return config, addr
}

// texts are the cells of a query's result as texts, NULLs left out.
func texts(t *testing.T, conn *pgconn.PgConn, sql string) (rows int, cells []string) {
	t.Helper()
	r := conn.ExecParams(t.Context(), sql, nil, nil, nil, nil).Read()
	if r.Err != nil {
		t.Fatalf("%s: %v", sql, r.Err)
	}
	for _, row := range r.Rows {
		for _, cell := range row {
			if cell != nil {
				cells = append(cells, string(cell))
			}
		}
	}
	return len(r.Rows), cells
}

// TestDiscoverToMaskedQuery goes the whole way without an edit by hand: an unknown
// database, veil discover, veil serve with the proposed ruleset, queries. No value that
// identifies a person comes through, and joins and aggregates work.
func TestDiscoverToMaskedQuery(t *testing.T) {
	pg := pgtest.Start(t)
	d := pg.CreateDatabase(t, "discover_whole_way")
	var names []string
	filled, planted := map[string]discovertest.Rows{}, map[string]map[string]bool{}
	schemas := discovertest.Schemas()
	for _, s := range schemas {
		rows := s.Fill(80)
		d.Exec(t, s.SQL(rows))
		names, filled[s.Name], planted[s.Name] = append(names, s.Name), rows, map[string]bool{}
		for _, p := range s.Planted(rows) {
			planted[s.Name][p] = true
		}
	}
	d.GrantRead(t, names...)
	dir := t.TempDir()
	r := veil(t, "", "discover", "postgres", d.DSN(pgtest.Reader), "--ruleset", dir+"/proposed.yaml", "--html", dir+"/report.html", "--all")
	if r.code != 0 {
		t.Fatal(r.stderr)
	}
	for _, name := range []string{"proposed.yaml", "report.html"} {
		text, err := os.ReadFile(dir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		r.stdout += string(text)
	}
	for _, values := range planted {
		for p := range values {
			if strings.Contains(r.stdout+r.stderr, p) {
				t.Fatalf("what discovery says has a value of the database: %q", p)
			}
		}
	}
	if r := veil(t, "", "ruleset", "check", dir+"/proposed.yaml"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	if r := veil(t, "", "discover", "postgres", d.DSN(pgtest.Reader), "--ruleset", dir+"/proposed.yaml"); r.code == 0 || !strings.Contains(r.stderr, "already exists") {
		t.Errorf("a ruleset was overwritten: exit %d: %s", r.code, r.stderr)
	}
	config, addr := overProposal(t, d, dir+"/proposed.yaml")
	if r := veil(t, "", "postgres", "check", "--config", config, "--complete"); r.code != 0 {
		t.Fatalf("exit %d: %s\n%s", r.code, r.stderr, r.stdout)
	}
	driftsApart(t, d, dir+"/proposed.yaml", config)
	b := start(t, "serve", "--config", config)
	b.until(t, "msg=consumers")
	conn, err := pgx.Connect(t.Context(), "postgres://ann:correct%20horse@"+addr+"/"+d.Name)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range schemas {
		for _, table := range s.Tables {
			rows, cells := texts(t, conn.PgConn(), fmt.Sprintf("select * from %s.%s", s.Name, table.Name))
			if rows != len(filled[s.Name][table.Name]) {
				t.Errorf("%s.%s has %d rows, want %d", s.Name, table.Name, rows, len(filled[s.Name][table.Name]))
			}
			for _, cell := range cells {
				if planted[s.Name][cell] {
					t.Errorf("%s.%s shows %q", s.Name, table.Name, cell)
				}
			}
		}
	}
	for _, q := range []struct {
		sql  string
		rows int
	}{
		{"select count(*) from ward.pt_mstr p join ward.adm a on a.pt_no = p.pt_no", 1},
		{"select p.sx, count(distinct a.adm_id) from ward.pt_mstr p join ward.adm a using (pt_no) join ward.lab_rslt l using (adm_id) group by p.sx", -1},
		{"select uom, avg(val_num) from ward.lab_rslt group by uom", -1},
		{"select extract(year from aufnahme_am), sum(entgelt) from apraxis.faelle group by 1", -1},
		{"select count(*) from cabinet.sejours s join cabinet.malades m on m.id_malade = s.id_malade where m.sexe = 'F'", 1},
	} {
		if rows, cells := texts(t, conn.PgConn(), q.sql); rows == 0 || q.rows > 0 && (rows != q.rows || cells[0] == "0") {
			t.Errorf("%s: %d rows: %q", q.sql, rows, cells)
		}
	}
	if _, cells := texts(t, conn.PgConn(), "select count(*) from ward.pt_mstr p join ward.adm a on a.pt_no = p.pt_no"); cells[0] != "80" {
		t.Errorf("a join over masked keys finds %s rows, want 80", cells[0])
	}
	_ = conn.Close(context.Background())
	b.stop(t)
}

// driftsApart changes the database and looks at what veil discover --against and veil
// postgres check say of it.
func driftsApart(t *testing.T, d *pgtest.Database, ruleset, config string) {
	t.Helper()
	dsn := d.DSN(pgtest.Reader)
	if r := veil(t, "", "discover", "postgres", dsn, "--against", ruleset); r.code != 0 || !strings.HasPrefix(r.stdout, "0 columns without a rule, 0 changed") {
		t.Errorf("nothing has changed: exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
	// A column of facts is filled with e-mail addresses.
	d.Exec(t, "alter table ward.prov_dir alter spclty type text; update ward.prov_dir set spclty = 'u' || prv_no || '@example.org'; alter table ward.nok add shoe_size int")
	r := veil(t, "", "discover", "postgres", dsn, "--against", ruleset)
	if r.code != 1 || !strings.Contains(r.stdout, "UNCOVERED ward.nok.shoe_size") || !strings.Contains(r.stdout, "CHANGED ward.prov_dir.spclty") {
		t.Errorf("changes: exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
	if r := veil(t, "", "postgres", "check", "--config", config); !strings.Contains(r.stdout, "DISCOVERY finds e-mail addresses") {
		t.Errorf("a check does not say that a column that passes has e-mail addresses: %s%s", r.stdout, r.stderr)
	}
	if r := veil(t, "", "postgres", "check", "--config", config, "--discover=false"); strings.Contains(r.stdout, "DISCOVERY") {
		t.Error("a check without discovery has an opinion")
	}
	d.Exec(t, "alter table ward.nok drop shoe_size; update ward.prov_dir set spclty = 'Surgery'")
}
