package sqltest

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

// TestWarehouse runs statements of analysts and tools, and attacks, over another schema
// than the clinic's. A copy is made of what Veil gives of each table: a statement over it
// must give the rows that it gives over Veil.
func TestWarehouse(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	db, masked := pg.CreateDatabase(t, "warehouse"), pg.CreateDatabase(t, "warehouse_masked")
	schema := string(pgtest.ReadTestdata(t, "sql", "warehouse.sql"))
	db.Exec(t, schema)
	d := openListener(t, db.DSN(pgtest.Owner), masktest.Policy(t, string(pgtest.ReadTestdata(t, "sql", "warehouse.yaml"))), nil)
	s := connect(t, d.dsn())
	defer s.close()
	owner := connect(t, db.DSN(pgtest.Owner))
	defer owner.close()
	masked.Exec(t, strings.Join(regexp.MustCompile(`(?m)^CREATE (EXTENSION|SCHEMA|DOMAIN|TYPE) [^;]*;`).FindAllString(schema, -1), "\n"))
	for _, table := range []string{"concept_dim", "person", "visit", "measurement", "fact", "fact_lab", "ward_stats"} {
		copyOver(t, s, owner, masked, table)
	}
	for _, view := range regexp.MustCompile(`(?m)^CREATE VIEW [^;]*;`).FindAllString(schema, -1) {
		if !strings.Contains(view, "leaky") {
			masked.Exec(t, view)
		}
	}
	masked.Exec(t, "ANALYZE")
	direct := connect(t, masked.DSN(pgtest.Owner))
	defer direct.close()
	for _, e := range corpus(t, "warehouse") {
		t.Run(e.Name, func(t *testing.T) {
			for _, m := range modes {
				if !e.inMode(m) {
					continue
				}
				var got, want *answer
				for _, step := range e.Steps {
					got = s.run(m, step, e.Params)
				}
				received := s.received()
				for _, word := range words {
					if bytes.Contains(received, word) {
						t.Fatalf("%s: LEAK: %q was received", m.name, word)
					}
				}
				if e.Expects("refused") && got.err != nil {
					if !slices.Contains([]string{"42", "25", "0A", "3F", "22"}, got.code()[:min(2, len(got.code()))]) {
						t.Errorf("%s: %s", m.name, got.said())
					}
					continue
				}
				if !e.Expects("masked") {
					if e.Expects("refused") && !e.Expects("no canary") {
						t.Errorf("%s: not refused: %q", m.name, got.rows)
					}
					continue
				}
				for _, step := range e.Steps {
					want = direct.run(m, step, e.Params)
				}
				if want.err != nil {
					t.Fatalf("over the copy: %s", want.said())
				}
				if got.err != nil {
					t.Errorf("%s: %s", m.name, got.said())
					continue
				}
				x, y := lines(got), lines(want)
				if !ordered.MatchString(e.Steps[len(e.Steps)-1]) {
					slices.Sort(x)
					slices.Sort(y)
				}
				if !slices.Equal(x, y) || !slices.Equal(got.names, want.names) || !bytes.Equal(got.copy, want.copy) {
					t.Errorf("%s: got %v\n%.600s\nwant %v\n%.600s", m.name, got.names, strings.Join(x, "\n"), want.names, strings.Join(y, "\n"))
				}
			}
		})
	}
	d.quiet(t)
}

// ordered is a statement whose rows come in an order that it says.
var ordered = regexp.MustCompile(`ORDER BY [^()]*( LIMIT \d+)?$`)

func lines(a *answer) (out []string) {
	for _, row := range a.rows {
		out = append(out, fmt.Sprintf("%q", row))
	}
	return out
}

// copyOver makes a table of what a session sees of another one.
func copyOver(t *testing.T, s, owner *session, to *pgtest.Database, table string) {
	t.Helper()
	columns := columnsSeen(t, s, owner, "omop."+table)
	inherits, from := "", "omop."+table
	switch table {
	case "fact_lab": // what it has of its own
		columns, inherits = columns[len(columns)-1:], " INHERITS (omop.fact)"
	case "fact":
		from = "ONLY omop.fact"
	}
	to.Exec(t, "CREATE TABLE omop."+table+" ("+strings.Join(columns, ", ")+")"+inherits)
	copyRows(t, s, from, to, "omop."+table)
}

// columnsSeen are the definitions of the columns that a session sees of a table.
func columnsSeen(t *testing.T, s, owner *session, table string) (columns []string) {
	t.Helper()
	head := s.run(modes[1], "SELECT * FROM "+table+" LIMIT 0", nil)
	if head.err != nil {
		t.Fatalf("%s: %s", table, head.said())
	}
	for i, name := range head.names {
		typ := owner.run(modes[0], fmt.Sprintf("SELECT CASE %[1]d WHEN 'bpchar'::regtype THEN 'bpchar' ELSE format_type(%[1]d, NULL) END", head.types[i]), nil)
		columns = append(columns, quote(name)+" "+string(typ.rows[0][0]))
	}
	return columns
}

// copyRows fills a table with the rows that a session sees of another one, of which there are
// some, and returns them.
func copyRows(t *testing.T, s *session, from string, to *pgtest.Database, table string) []byte {
	t.Helper()
	rows := s.run(modes[0], "COPY (SELECT * FROM "+from+") TO STDOUT", nil)
	if rows.err != nil || len(rows.copy) == 0 {
		t.Fatalf("%s: %s", table, rows.said())
	}
	conn, err := pgconn.Connect(context.Background(), to.DSN(pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.CopyFrom(context.Background(), bytes.NewReader(rows.copy), "COPY "+table+" FROM STDIN"); err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	return rows.copy
}
