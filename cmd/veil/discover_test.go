package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
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
// identifies a person comes through, and joins and aggregates give what they do without
// Veil, whether names are right, say nothing or lie.
func TestDiscoverToMaskedQuery(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	for _, names := range []discovertest.Names{discovertest.Real, discovertest.Hidden, discovertest.Shuffled} {
		t.Run(string(names), func(t *testing.T) {
			t.Parallel()
			w := newWholeWay(t, pg, names)
			proposed := w.discover(t)
			config, addr := overProposal(t, w.d, proposed)
			if r := veil(t, "", "postgres", "check", "--config", config, "--complete"); r.code != 0 {
				t.Fatalf("exit %d: %s\n%s", r.code, r.stderr, r.stdout)
			}
			if names == discovertest.Real {
				driftsApart(t, w.d, proposed, config)
			}
			b := start(t, "serve", "--config", config)
			b.until(t, "msg=consumers")
			conn, err := pgx.Connect(t.Context(), "postgres://ann:correct%20horse@"+addr+"/"+w.d.Name)
			if err != nil {
				t.Fatal(err)
			}
			w.showsNobody(t, conn.PgConn())
			w.joins(t, conn.PgConn())
			_ = conn.Close(context.Background())
			b.stop(t)
		})
	}
}

// wholeWay is an unknown database, and what is known of it to check what comes out.
type wholeWay struct {
	names   discovertest.Names
	d       *pgtest.Database
	schemas []discovertest.Schema
	filled  map[string]discovertest.Rows
	planted map[string]map[string]bool // by schema
}

func newWholeWay(t *testing.T, pg *pgtest.Server, names discovertest.Names) *wholeWay {
	t.Helper()
	w := &wholeWay{names: names, d: pg.CreateDatabase(t, "whole_way_"+string(names)), filled: map[string]discovertest.Rows{}, planted: map[string]map[string]bool{}}
	var granted []string
	for _, s := range discovertest.Schemas() {
		s = s.Named(names)
		rows := s.Fill(80)
		w.d.Exec(t, s.SQL(rows))
		granted, w.schemas, w.filled[s.Name], w.planted[s.Name] = append(granted, s.Name), append(w.schemas, s), rows, map[string]bool{}
		for _, p := range s.Planted(rows) {
			w.planted[s.Name][p] = true
		}
	}
	w.d.GrantRead(t, granted...)
	return w
}

// discover proposes a ruleset, and looks for values in all that discovery says.
func (w *wholeWay) discover(t *testing.T) (proposed string) {
	t.Helper()
	dir := t.TempDir()
	proposed = dir + "/proposed.yaml"
	r := veil(t, "", "discover", "postgres", w.d.DSN(pgtest.Reader), "--ruleset", proposed, "--html", dir+"/report.html", "--all")
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
	for _, values := range w.planted {
		for p := range values {
			if strings.Contains(r.stdout+r.stderr, p) {
				t.Fatalf("what discovery says has a value of the database: %q", p)
			}
		}
	}
	if r := veil(t, "", "ruleset", "check", proposed); r.code != 0 {
		t.Fatal(r.stderr)
	}
	if r := veil(t, "", "discover", "postgres", w.d.DSN(pgtest.Reader), "--ruleset", proposed); r.code == 0 || !strings.Contains(r.stderr, "already exists") {
		t.Errorf("a ruleset was overwritten: exit %d: %s", r.code, r.stderr)
	}
	return proposed
}

// showsNobody reads all tables: each has its rows, and no planted value.
func (w *wholeWay) showsNobody(t *testing.T, conn *pgconn.PgConn) {
	t.Helper()
	for _, s := range w.schemas {
		for _, table := range s.Tables {
			rows, cells := texts(t, conn, fmt.Sprintf("select * from %s.%s", s.Name, table.Name))
			if rows != len(w.filled[s.Name][table.Name]) {
				t.Errorf("%s.%s has %d rows, want %d", s.Name, table.Name, rows, len(w.filled[s.Name][table.Name]))
			}
			for _, cell := range cells {
				if w.planted[s.Name][cell] {
					t.Errorf("%s.%s shows %q", s.Name, table.Name, cell)
				}
			}
		}
	}
}

// joins joins and groups by all columns that join, through Veil and without it.
func (w *wholeWay) joins(t *testing.T, masked *pgconn.PgConn) {
	t.Helper()
	direct, err := pgconn.Connect(t.Context(), w.d.DSN(pgtest.Reader))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = direct.Close(context.Background()) }()
	same := func(sql string) {
		_, want := texts(t, direct, sql)
		if _, got := texts(t, masked, sql); !slices.Equal(got, want) {
			t.Errorf("%s: %q through Veil, %q without", sql, got, want)
		}
	}
	n := 0
	for _, s := range w.schemas {
		for _, j := range s.Joins() {
			for _, sql := range []string{
				"select count(*), count(distinct a.%[3]s) from %[1]s.%[2]s a join %[1]s.%[4]s b on a.%[3]s = b.%[5]s",
				"select count(*), count(a.%[3]s) from %[1]s.%[4]s b left join %[1]s.%[2]s a on a.%[3]s = b.%[5]s group by b.%[5]s order by 1, 2",
			} {
				same(fmt.Sprintf(sql, s.Name, j.Table, j.Column, j.ToTable, j.ToColumn))
				n++
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d joins were tried", n)
	}
	if w.names != discovertest.Real {
		return
	}
	same("select p.sx, count(distinct a.adm_id) from ward.pt_mstr p join ward.adm a using (pt_no) join ward.lab_rslt l using (adm_id) group by p.sx order by 2, 1")
	same("select uom, count(*), sum(val_num) from ward.lab_rslt group by uom order by 1")
	same("select extract(year from aufnahme_am), sum(entgelt) from apraxis.faelle group by 1 order by 1")
	same("select count(*) from cabinet.sejours s join cabinet.malades m on m.id_malade = s.id_malade where m.sexe = 'F'")
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
	var texts [2]string
	for i, name := range []string{ruleset, config} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	strict := strings.Replace(texts[0], "{schema: ward, table: lab_rslt, column: val_num}", "{schema: ward, table: lab_rslt, column: no_such}", 1) +
		"    - {id: strict, match: {schema: ward, table: lab_rslt, column: val_num}, method: hide}\n"
	masked := write(t, t.TempDir()+"/strict.yaml", strict)
	stricter := write(t, t.TempDir()+"/veil.yaml", strings.Replace(texts[1], ruleset, masked, 1))
	if r := veil(t, "", "postgres", "check", "--config", stricter); !strings.Contains(r.stdout, "DISCOVERY finds measures") {
		t.Errorf("a check does not say that a rule masks measures: %s%s", r.stdout, r.stderr)
	}
	if r := veil(t, "", "postgres", "check", "--config", config, "--discover=false"); strings.Contains(r.stdout, "DISCOVERY") {
		t.Error("a check without discovery has an opinion")
	}
	d.Exec(t, "alter table ward.nok drop shoe_size; update ward.prov_dir set spclty = 'Surgery'")
}
