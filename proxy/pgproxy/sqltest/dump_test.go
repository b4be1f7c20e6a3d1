package sqltest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/pgdump"
)

// dump runs pg_dump on a database. Its session has another time zone than UTC, which the
// dump's timestamps then have.
func dump(t testing.TB, db *pgtest.Database, args ...string) []byte {
	t.Helper()
	return program(t, db, nil, "pg_dump", append(args, db.Name)...)
}

// restore runs psql on a script, which must not fail anywhere.
func restore(t testing.TB, db *pgtest.Database, script []byte) {
	t.Helper()
	program(t, db, script, "psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", db.Name)
}

func program(t testing.TB, db *pgtest.Database, stdin []byte, name string, args ...string) []byte {
	t.Helper()
	dsn, err := url.Parse(db.DSN(pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(db.Server.Bin, name)
	}
	cmd := veiltest.Command(t, veiltest.Works, name, args...)
	password, _ := dsn.User.Password()
	cmd.Env = append(os.Environ(), "PGHOST="+dsn.Hostname(), "PGPORT="+dsn.Port(), "PGUSER="+dsn.User.Username(), "PGPASSWORD="+password, "PGTZ=Asia/Kathmandu")
	cmd.Stdin = bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, errs.String())
	}
	return out.Bytes()
}

// maskDump masks a dump, and returns what was reported.
func maskDump(t testing.TB, text []byte, p *ruleset.Policy, doc mask.Method, workers int) (masked []byte, reports []string) {
	t.Helper()
	var out bytes.Buffer
	job := &file.Job{
		Inputs: []string{"-"}, Stdin: bytes.NewReader(text), Stdout: &out, Plan: p.NewPlan(), Keys: p.Keys, Workers: workers,
		Formats: []file.Format{pgdump.New(pgdump.Config{Rules: table.NewRules(p), Options: table.Options{Document: doc}})},
		Report:  func(p file.Problem) { reports = append(reports, p.Error()) },
	}
	if _, err := job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), reports
}

// dumpForms are the forms in which pg_dump writes rows.
var dumpForms = map[string][]string{
	"COPY":           nil,
	"inserts":        {"--inserts"},
	"column inserts": {"--column-inserts", "--quote-all-identifiers"},
	"rows":           {"--rows-per-insert=7"},
	"on conflict":    {"--inserts", "--on-conflict-do-nothing", "--clean", "--if-exists", "--create"},
}

// TestDumpShowsWhatTheProxyShows: a masked dump, in each form, restores without an error
// into a database that has what the proxy shows over the source, and nothing else.
func TestDumpShowsWhatTheProxyShows(t *testing.T) {
	h := start(t)
	doc := newResources(t, h.policy)
	for form, args := range dumpForms {
		t.Run(form, func(t *testing.T) {
			masked, reports := maskDump(t, dump(t, h.originals, args...), h.policy, doc, 3)
			if found := Canary(masked); found != nil {
				t.Errorf("an original is in the masked dump: %q", found)
			}
			for _, r := range reports {
				if found := Canary([]byte(r)); found != nil {
					t.Errorf("an original is in a report: %q", found)
				}
			}
			to := h.pg.CreateDatabase(t, "dump_"+strings.ToLower(strings.ReplaceAll(form, " ", "_")))
			restore(t, to, masked)
			compareDatabases(t, h.strong.dsn(), to, "clinic", "billing", "Straße")
		})
	}
}

// TestRealNewerPgDump does the same with the dumps of newer versions of pg_dump.
func TestRealNewerPgDump(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run real clients")
	}
	h := start(t)
	doc := newResources(t, h.policy)
	out, err := veiltest.Command(t, veiltest.Installs, veiltest.Testdata(t, "clients", "pgdump", "run")).Output()
	if err != nil {
		t.Fatal(err)
	}
	bins := strings.Fields(string(out))
	if len(bins) < 2 {
		t.Fatalf("no programs of two versions: %s", out)
	}
	for i, bin := range bins {
		text := program(t, h.originals, nil, filepath.Join(bin, "pg_dump"), h.originals.Name)
		masked, _ := maskDump(t, text, h.policy, doc, 2)
		if found := Canary(masked); found != nil {
			t.Errorf("an original is in the masked dump: %q", found)
		}
		to := h.pg.CreateDatabase(t, fmt.Sprintf("newer_%d", i))
		program(t, to, masked, filepath.Join(bin, "psql"), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", to.Name)
		compareDatabases(t, h.strong.dsn(), to, "clinic", "billing", "Straße")
	}
}

// compareDatabases compares the tables of a restored database with what the proxy shows.
func compareDatabases(t *testing.T, proxy string, to *pgtest.Database, schemas ...string) {
	t.Helper()
	shown, restored := connect(t, proxy), connect(t, to.DSN(pgtest.Owner))
	defer shown.close()
	defer restored.close()
	list := restored.run(modes[0], "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind IN ('r', 'p', 'v') AND nspname IN ('"+strings.Join(schemas, "', '")+"') ORDER BY 1, 2", nil)
	if list.err != nil || len(list.rows) == 0 {
		t.Fatalf("no tables: %v", list.err)
	}
	for _, r := range list.rows {
		name := quote(string(r[0])) + "." + quote(string(r[1]))
		got := restored.run(modes[0], "SELECT * FROM "+name, nil)
		columns := make([]string, len(got.names))
		for i, n := range got.names {
			columns[i] = quote(n)
		}
		want := shown.run(modes[0], "SELECT "+strings.Join(columns, ", ")+" FROM "+name, nil)
		if got.err != nil || want.err != nil {
			t.Errorf("%s: %v, %v", name, got.err, want.err)
			continue
		}
		for i := range got.types {
			// Types of the database have OIDs of their own.
			if got.types[i] != want.types[i] && (got.types[i] < 16384 || want.types[i] < 16384) && !fields[name+"."+got.names[i]] {
				t.Errorf("%s.%s has type %d, and %d in the proxy", name, got.names[i], got.types[i], want.types[i])
			}
		}
		for i, n := range got.names {
			if fields[name+"."+n] {
				got.drop(i)
				want.drop(i)
			}
		}
		if g, w := rowSet(got), rowSet(want); !slices.Equal(g, w) {
			t.Errorf("%s: %d rows, and %d in the proxy; first that differ: %s", name, len(g), len(w), firstOther(g, w))
		}
	}
}

// fields are columns of which a dump shows less than the proxy: a condition of their rules
// is on rows of another table, or their rules are for fields of a record.
var fields = map[string]bool{`"clinic"."measures".value_text`: true, `"clinic"."measures".value`: true, `"clinic"."patients".address`: true}

// drop makes a column NULL.
func (a *answer) drop(column int) {
	for _, r := range a.rows {
		r[column] = nil
	}
}

// rowSet are the rows of a response as texts, in order.
func rowSet(a *answer) (out []string) {
	for _, r := range a.rows {
		var b strings.Builder
		for i, cell := range r {
			text := fmt.Sprintf("%q", cell)
			switch {
			case cell == nil:
				text = "NULL"
			case a.types[i] == 1009: // an array of texts, with quotes or without
				text = strings.ReplaceAll(text, `\"`, "")
			case a.types[i] == 3802: // jsonb has no order of members
				var v any
				if err := json.Unmarshal(cell, &v); err == nil {
					text = fmt.Sprint(v)
				}
			}
			b.WriteString(text + "\t")
		}
		out = append(out, b.String())
	}
	slices.Sort(out)
	return out
}

func firstOther(x, y []string) string {
	for i := range max(len(x), len(y)) {
		a, b := "", ""
		if i < len(x) {
			a = x[i]
		}
		if i < len(y) {
			b = y[i]
		}
		if cmp.Compare(a, b) != 0 {
			return a + "\n" + b
		}
	}
	return ""
}
