package sqltest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/postgres/analysis"
)

// knownRowsRules scrub a note of what is known of its patient: notes.flat has it in the row,
// the other relations in rows of notes.people and notes.kin.
const knownRowsRules = `
veil: 1
name: known-rows
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: hidden, match: [{column: family}, {column: given}, {column: mrn}, {column: born}, {column: kin}], method: remove}
    - {id: people, match: {table: people, column: id}, method: hide}
    - id: flat
      match: {table: flat, column: note}
      method: scrub
      known: {family: family, given: given, ids: mrn, birthDates: born, names: [kin, author]}
    - id: notes
      match: [{table: by_int, column: note}, {table: by_text, column: note}, {table: by_uuid, column: note}, {table: parts, column: note}, {table: short, column: note}]
      method: scrub
      known:
        names: author
        related:
          - {table: people, on: {person: id}, family: family, given: given, ids: mrn, birthDates: born}
          - {table: kin, on: {person: of}, names: kin}
`

// knownPeople are names that no list has, in lower case: a note that is not scrubbed of what
// is known shows them.
var knownPeople = []struct{ family, given, mrn, born, kin string }{
	{"zorvexquill", "plimbertine", "77-4421-9", "1950-03-04", "bramquister olvenholm"},
	{"brondwexel", "quorrabine", "77-4422-8", "1961-12-31", "o'dravenmoor, tilly"},
	{"drexolämber", `vinto"quessa`, "77-4423-7", "1977-07-07", "pellandrine yost"},
}

// knownNotes makes people, their kin, and notes of them in every form of a key.
func knownNotes(t *testing.T) (*pgtest.Database, int) {
	t.Helper()
	db := pgtest.Start(t).SharedDatabase(t, "known_rows")
	ddl := `DROP SCHEMA IF EXISTS notes CASCADE; CREATE SCHEMA notes;`
	var inserts strings.Builder
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	const copies = 40
	for _, key := range []struct{ table, here, there, value string }{
		{"by_int", "bigint", "int", "%d"}, {"by_text", "varchar(30)", "text", "'pat %d'"}, {"by_uuid", "uuid", "text", "'0f8fad5b-d9cb-469f-a165-70867728950%d'"},
	} {
		ddl += fmt.Sprintf(`CREATE SCHEMA notes_%[1]s; CREATE TABLE notes_%[1]s.people (id %[3]s, family text, given varchar(40), mrn text, born date);
			CREATE TABLE notes_%[1]s.kin (of %[3]s, kin text); CREATE TABLE notes_%[1]s.%[1]s (n int, person %[2]s, author text, note text);`, key.table, key.here, key.there)
		ddl = strings.Replace(ddl, "CREATE SCHEMA notes_"+key.table, "DROP SCHEMA IF EXISTS notes_"+key.table+" CASCADE; CREATE SCHEMA notes_"+key.table, 1)
		for i, p := range knownPeople {
			id := fmt.Sprintf(key.value, i)
			fmt.Fprintf(&inserts, "INSERT INTO notes_%s.people VALUES (%s, %s, %s, %s, %s);\n", key.table, id, quote(p.family), quote(p.given), quote(p.mrn), quote(p.born))
			fmt.Fprintf(&inserts, "INSERT INTO notes_%s.kin VALUES (%s, %s), (%s, NULL);\n", key.table, id, quote(p.kin), id)
			for k := range copies {
				note := fmt.Sprintf("Heard by glanterwood; then %s %s with %s and %s spoke, and %s too. Stable, visit %d.", p.given, p.family, p.mrn, p.born, p.kin, k)
				fmt.Fprintf(&inserts, "INSERT INTO notes_%[1]s.%[1]s VALUES (%[2]d, %[3]s, 'glanterwood', %[4]s);\n", key.table, i*copies+k, id, quote(note))
			}
		}
		fmt.Fprintf(&inserts, "INSERT INTO notes_%[1]s.%[1]s VALUES (1000, NULL, 'glanterwood', 'zorvexquill without a key'), (1001, %[2]s, 'glanterwood', 'zorvexquill of nobody'), (1002, %[3]s, NULL, NULL);\n", key.table, fmt.Sprintf(key.value, 9), fmt.Sprintf(key.value, 0))
	}
	ddl += `CREATE TABLE notes.flat (n int, family text, given text, mrn text, born date, kin text, author text, note text);`
	inserts.WriteString("INSERT INTO notes.flat SELECT v.n, p.family, p.given, p.mrn, p.born, k.kin, v.author, v.note FROM notes_by_int.by_int v JOIN notes_by_int.people p ON p.id = v.person JOIN notes_by_int.kin k ON k.of = p.id AND k.kin IS NOT NULL WHERE v.note IS NOT NULL;\n")
	db.Exec(t, ddl)
	db.Exec(t, inserts.String())
	db.Exec(t, `CREATE TABLE notes_by_int.parts (n int, person int, author text, note text) PARTITION BY RANGE (n);
		CREATE TABLE notes_by_int.parts_1 PARTITION OF notes_by_int.parts FOR VALUES FROM (0) TO (50);
		CREATE TABLE notes_by_int.parts_2 PARTITION OF notes_by_int.parts DEFAULT;
		INSERT INTO notes_by_int.parts SELECT * FROM notes_by_int.by_int;
		CREATE VIEW notes_by_int.seen AS SELECT n, note, person FROM notes_by_int.by_int;
		CREATE INDEX ON notes_by_int.people (id); ANALYZE`)
	return db, len(knownPeople) * copies
}

// TestTextIsScrubbedOfRelatedRows: rows of other tables say the same of a text's people as
// columns of its own row, whatever the type of the key and wherever a statement carries it.
func TestTextIsScrubbedOfRelatedRows(t *testing.T) {
	t.Parallel()
	db, n := knownNotes(t)
	masked := direct(t, openListener(t, db.DSN(pgtest.Owner), masktest.Policy(t, knownRowsRules), nil).dsn())
	want := map[string]string{}
	for _, row := range rowsOf(t, masked, "SELECT n, note FROM notes.flat") {
		want[string(row[0])] = string(row[1])
	}
	if len(want) != n || strings.Contains(fmt.Sprint(want), "zorvexquill") || !strings.Contains(want["7"], "Stable, visit 7.") {
		t.Fatalf("%d texts of %d, one of them %q", len(want), n, want["7"])
	}
	for _, query := range []string{
		"SELECT n, note FROM notes_by_int.by_int",
		"SELECT n, note FROM notes_by_text.by_text",
		"SELECT n, note FROM notes_by_uuid.by_uuid",
		"SELECT n, note FROM notes_by_int.parts",
		"SELECT n, note FROM notes_by_int.parts_1 UNION ALL SELECT n, note FROM notes_by_int.parts_2",
		"SELECT n, note FROM notes_by_int.seen",
		"SELECT veil_other.n, veil_other.note FROM notes_by_int.by_int AS veil_other",
		"WITH v AS (SELECT * FROM notes_by_int.by_int) SELECT a.n, b.note FROM v a JOIN v b USING (n)",
		"SELECT a.n, a.note FROM notes_by_int.by_int a JOIN notes_by_int.by_int b ON b.n = a.n AND b.person = a.person UNION ALL SELECT n, note FROM notes_by_int.by_int WHERE n = 1000",
		"SELECT v.n, (SELECT w.note FROM notes_by_int.by_int w WHERE w.n = v.n) FROM notes_by_int.by_int v ORDER BY v.n DESC",
		"SELECT v.n, l.note FROM notes_by_int.by_int v, LATERAL (SELECT w.note FROM notes_by_int.by_int w WHERE w.n = v.n LIMIT 1) l",
	} {
		rows := rowsOf(t, masked, query)
		if len(rows) != n+3 {
			t.Errorf("%s: %d rows, want %d", query, len(rows), n+3)
		}
		for _, row := range rows {
			text, known := want[string(row[0])]
			if (row[1] != nil) != known || string(row[1]) != text {
				t.Errorf("%s, row %s: %q, want %q", query, row[0], row[1], text)
			}
		}
	}
	for query, want := range map[string]string{
		"SELECT count(*), count(note) FROM notes_by_int.by_int":                                                 fmt.Sprint(n+3, " ", n),
		"SELECT count(*), count(note) FROM notes_by_text.by_text WHERE note IS NOT NULL":                        fmt.Sprint(n, " ", n),
		"SELECT min(n), max(n) FROM notes_by_uuid.by_uuid WHERE note IS NULL":                                   "1000 1002",
		"SELECT count(*), count(v.note) FROM notes_by_int.by_int w LEFT JOIN notes_by_int.parts v USING (n)":    fmt.Sprint(n+3, " ", n),
		"SELECT count(*), count(*) FILTER (WHERE note IS NOT NULL) FROM notes_by_int.seen WHERE person IS NULL": "1 0",
	} {
		if row := rowsOf(t, masked, query)[0]; string(row[0])+" "+string(row[1]) != want {
			t.Errorf("%s: %q, want %s", query, row, want)
		}
	}
	rows := rowsOf(t, masked, "SELECT n, note FROM notes_by_int.by_int ORDER BY n LIMIT 5 OFFSET 50")
	if len(rows) != 5 || string(rows[2][1]) != want["52"] {
		t.Errorf("%q", rows)
	}
	out := rowsOf(t, masked, "SELECT note || ' (' || n || ')' FROM notes_by_int.by_int WHERE n = 3")
	if string(out[0][0]) != want["3"]+" (3)" {
		t.Errorf("%q", out)
	}
}

// TestExplainShowsNoRelatedTable: a plan does not name the tables that Veil reads on its own.
func TestExplainShowsNoRelatedTable(t *testing.T) {
	t.Parallel()
	db := pgtest.Start(t).SharedDatabase(t, "explained_rows")
	db.Exec(t, `DROP SCHEMA IF EXISTS xr CASCADE; CREATE SCHEMA xr; CREATE TABLE xr.hiddenpeople (id int PRIMARY KEY, name text, kept text); CREATE TABLE xr.visits (n int, person int, note text, kept text)`)
	policy := masktest.Policy(t, `
veil: 1
name: explained
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: people, match: {table: hiddenpeople}, method: hide}
    - {id: note, match: {column: note}, method: scrub, known: {related: {table: hiddenpeople, on: {person: id}, names: name}}}
    - {id: kept, match: {table: visits, column: kept}, method: keep, where: {table: hiddenpeople, on: {person: id}, column: kept, equals: x}}
    - {id: others, match: {table: visits, column: kept}, method: remove}
`)
	s := connect(t, openListener(t, db.DSN(pgtest.Owner), policy, nil, func(o *analysis.Options) { o.Explain = true }).dsn())
	defer s.close()
	for _, m := range modes {
		for _, sql := range []string{"EXPLAIN SELECT note FROM xr.visits", "EXPLAIN SELECT kept FROM xr.visits", "EXPLAIN SELECT note, kept FROM xr.visits WHERE n = 1", "EXPLAIN (COSTS off) SELECT note FROM xr.visits"} {
			a := s.run(m, sql, nil)
			lines := string(flatten(a))
			if a.err != nil || !strings.Contains(lines, "on visits") || strings.Contains(lines, "hidden") || strings.Contains(lines, "veil_row") || strings.Contains(lines, "veil_other") {
				t.Errorf("%s: %s: %s", sql, lines, a.said())
			}
		}
	}
}

// TestRelatedRowsThatCannotBeHad: the text is NULL.
func TestRelatedRowsThatCannotBeHad(t *testing.T) {
	t.Parallel()
	db := pgtest.Start(t).SharedDatabase(t, "no_known_rows")
	db.Exec(t, `DROP SCHEMA IF EXISTS kr CASCADE; CREATE SCHEMA kr; CREATE TABLE kr.people (id int, name text, key text, photo bytea, other json);
		CREATE TABLE kr.visits (n int, person int, key text, note text);
		INSERT INTO kr.people VALUES (1, 'zorvexquill', '', '', '{}'), (2, repeat('zorvexquill ', 7000), ' ', '', '{}');
		INSERT INTO kr.people SELECT 3, 'zorvexquill', 'k' || i, '', '{}' FROM generate_series(1, 4097) i;
		INSERT INTO kr.people SELECT 4, 'zorvexquill', 'm' || i, '', '{}' FROM generate_series(1, 4096) i;
		INSERT INTO kr.visits VALUES (1, 1, 'k1', 'zorvexquill: stable.'), (2, 2, '', 'zorvexquill: stable.'), (3, 3, ' ', 'zorvexquill: stable.'), (4, 4, NULL, 'zorvexquill: stable.'), (5, NULL, 'x', 'zorvexquill: stable.')`)
	for _, tc := range []struct{ name, related, shown string }{
		{"by number", "{table: people, on: {person: id}, names: name}", "1 4"},
		{"by text", "{table: people, on: {key: key}, names: name}", "1"},
		{"no table", "{table: peopel, on: {person: id}, names: name}", ""},
		{"a table of the system", "{schema: pg_catalog, table: pg_class, on: {person: oid}, names: relname}", ""},
		{"no column here", "{table: people, on: {persn: id}, names: name}", ""},
		{"no column there", "{table: people, on: {person: idd}, names: name}", ""},
		{"no column of a name", "{table: people, on: {person: id}, names: nam}", ""},
		{"keys of two kinds", "{table: people, on: {person: other}, names: name}", ""},
		{"no texts", "{table: people, on: {person: id}, names: photo}", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			policy := masktest.Policy(t, "veil: 1\nname: related\nreferenceDate: 2025-06-30\ntables:\n  default: keep\n  rules:\n"+
				"    - {id: people, match: {table: people}, method: hide}\n    - {id: note, match: {column: note}, method: scrub, known: {related: "+tc.related+"}}\n")
			l := openListener(t, db.DSN(pgtest.Owner), policy, nil)
			var shown []string
			for _, row := range rowsOf(t, direct(t, l.dsn()), "SELECT n, note FROM kr.visits ORDER BY n") {
				if row[1] == nil {
					continue
				}
				shown = append(shown, string(row[0]))
				if !strings.Contains(string(row[1]), ": stable.") || strings.Contains(string(row[1]), "zorvexquill") {
					t.Errorf("row %s: %q", row[0], row[1])
				}
			}
			if strings.Join(shown, " ") != tc.shown {
				t.Errorf("texts of rows %v, want %s", shown, tc.shown)
			}
		})
	}
}
