package sqltest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/planttest"
)

const scrubRules = `
veil: 1
name: scrubbed
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: hidden, match: [{column: first}, {column: last}, {column: mrn}], method: remove}
    - {id: note, match: {column: note}, method: scrub, known: {names: [first, last], ids: [mrn]}}
    - {id: bare, match: {column: bare}, method: scrub}
`

// TestTextIsScrubbedOfTheRow: a text column is scrubbed of what hidden columns of its row
// say, wherever a statement carries it.
func TestTextIsScrubbedOfTheRow(t *testing.T) {
	t.Parallel()
	db := pgtest.Start(t).SharedDatabase(t, "scrub")
	db.Exec(t, `DROP SCHEMA IF EXISTS sc CASCADE; CREATE SCHEMA sc; CREATE TABLE sc.visits (n int, first text, last varchar(40), mrn bigint, note text, bare text);
		INSERT INTO sc.visits VALUES (1, 'Ottoline', 'Quarrington', 88441256, 'Seen: Quarrington, Ottoline, record 88441256. Stable.', 'On 3/4/2020, stable.'),
			(2, NULL, 'Blytheson "B"', NULL, 'Seen: BLYTHESON. Stable.', NULL), (3, '', '', 0, NULL, ''), (4, 'Mae', 'Oddly, (x)', 5, 'Oddly stable.', 'x'); CREATE VIEW sc.seen AS SELECT n, bare FROM sc.visits`)
	masked := direct(t, openListener(t, db.DSN(pgtest.Owner), masktest.Policy(t, scrubRules), nil).dsn())
	for _, query := range []string{
		"SELECT n, note FROM sc.visits ORDER BY n",
		"SELECT n, note FROM (SELECT * FROM sc.visits) v ORDER BY n",
		"WITH v AS (SELECT n, note FROM sc.visits) SELECT n, note FROM v ORDER BY n",
		"SELECT n, note FROM sc.visits WHERE n < 3 UNION ALL SELECT n, note FROM sc.visits WHERE n >= 3 ORDER BY n",
	} {
		rows := rowsOf(t, masked, query)
		want := []string{"Seen: [NAME], [NAME], record [ID]. Stable.", "Seen: [NAME]. Stable.", "", "[NAME] stable."}
		if len(rows) != len(want) {
			t.Fatalf("%s: %d rows", query, len(rows))
		}
		for i, row := range rows {
			got := strings.ReplaceAll(string(row[1]), "[NAME], [NAME]", "[NAME]")
			if got != strings.ReplaceAll(want[i], "[NAME], [NAME]", "[NAME]") {
				t.Errorf("%s, row %d: %q, want %q", query, i+1, row[1], want[i])
			}
		}
	}
	if rows := rowsOf(t, masked, "SELECT bare FROM sc.visits WHERE n = 1"); string(rows[0][0]) != "On [DATE], stable." {
		t.Errorf("%q", rows[0][0])
	}
	if rows := rowsOf(t, masked, "SELECT length(note) FROM sc.visits WHERE n = 2"); string(rows[0][0]) != fmt.Sprint(len("Seen: [NAME]. Stable.")) {
		t.Errorf("the length is %s, want that of the scrubbed text", rows[0][0])
	}
	for query, want := range map[string]string{ // of row 3, note is NULL and bare is empty
		"SELECT n FROM sc.visits WHERE bare = ''":                                                                    "3",
		"SELECT n FROM sc.visits WHERE '' <> bare":                                                                   "1 4",
		"SELECT n FROM sc.visits WHERE bare IS DISTINCT FROM ''":                                                     "1 2 4",
		"SELECT n FROM sc.visits WHERE bare IS NOT DISTINCT FROM ''::text":                                           "3",
		"SELECT n FROM sc.visits WHERE nullif(bare, '') IS NOT NULL":                                                 "1 4",
		"SELECT n FROM sc.visits WHERE note IS NOT NULL AND note <> ''":                                              "1 2 4",
		"SELECT n FROM (SELECT * FROM sc.visits OFFSET 0) v WHERE bare <> ''":                                        "1 4",
		"WITH v AS (SELECT n, bare AS text FROM sc.visits), w AS (SELECT * FROM v) SELECT n FROM w WHERE text <> ''": "1 4",
		"SELECT v.n FROM sc.visits v JOIN sc.visits w ON w.n = v.n AND w.bare <> '' WHERE v.bare <> ''":              "1 4",
		"SELECT n FROM sc.seen WHERE bare = ''":                                                                      "3",
		"SELECT count(*) FILTER (WHERE bare <> '') FROM sc.visits":                                                   "2",
		"SELECT n FROM sc.visits GROUP BY n HAVING bool_or(bare = '')":                                               "3",
	} {
		var got []string
		for _, row := range rowsOf(t, masked, query+" ORDER BY 1") {
			got = append(got, string(row[0]))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %s", query, got, want)
		}
	}
	for _, query := range []string{
		"SELECT n FROM sc.visits WHERE note LIKE '%Quarrington%'", "SELECT n FROM sc.visits WHERE note = 'x'", "SELECT n FROM sc.visits WHERE note > ''", "SELECT n FROM sc.visits WHERE note = ' '", "SELECT n FROM sc.visits WHERE note IN ('')", "SELECT n FROM (SELECT DISTINCT n, note FROM sc.visits) v WHERE note = ''", "SELECT max(note) FROM sc.visits", "SELECT n FROM sc.visits ORDER BY note", "SELECT DISTINCT note FROM sc.visits", "SELECT count(DISTINCT note) FROM sc.visits",
	} {
		if _, err := masked.Exec(t.Context(), query).ReadAll(); err == nil || strings.Contains(err.Error(), "Quarrington") || !strings.Contains(err.Error(), ` is scrubbed by rule "note" and cannot be `) {
			t.Errorf("%s: %v, want a refusal that names nobody", query, err)
		}
	}
}

const agreeingRules = `
veil: 1
name: agreeing
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: ids, match: {column: patient_id}, method: seal, domain: Patient}
    - {id: first, match: {column: first}, method: surrogate, kind: given, entity: patient_id}
    - {id: last, match: {column: last}, method: surrogate, kind: family, entity: patient_id}
    - {id: seen, match: {column: seen}, method: date, mode: shift, entity: patient_id}
    - {id: note, match: {column: note}, method: scrub, replace: surrogate, entity: patient_id, known: {given: first, family: last, dates: seen}}
`

// TestTextAgreesWithItsRow: with surrogates a note says what the columns of its row say,
// whether these are selected or not.
func TestTextAgreesWithItsRow(t *testing.T) {
	t.Parallel()
	db := pgtest.Start(t).SharedDatabase(t, "agree")
	db.Exec(t, `DROP SCHEMA IF EXISTS ag CASCADE; CREATE SCHEMA ag; CREATE TABLE ag.visits (patient_id int, first text, last text, seen date, note text);
		INSERT INTO ag.visits VALUES (1, 'Ottoline', 'Quarrington', '2024-01-15', 'QUARRINGTON, Ottoline seen 2024-01-15.'), (2, 'Ottoline', 'Quarrington', '2024-01-15', 'QUARRINGTON, Ottoline seen 2024-01-15.')`)
	masked := direct(t, openListener(t, db.DSN(pgtest.Owner), masktest.Policy(t, agreeingRules), nil).dsn())
	rows := rowsOf(t, masked, "SELECT note, last, first, seen FROM ag.visits ORDER BY patient_id")
	var notes []string
	for _, row := range rows {
		want := strings.ToUpper(string(row[1])) + ", " + string(row[2]) + " seen " + string(row[3]) + "."
		if string(row[0]) != want || string(row[1]) == "Quarrington" {
			t.Errorf("got %s, want %s", row[0], want)
		}
		notes = append(notes, string(row[0]))
	}
	if len(notes) != 2 || notes[0] == notes[1] {
		t.Errorf("two persons of one name have %q", notes)
	}
	for i, row := range rowsOf(t, masked, "SELECT note FROM ag.visits ORDER BY patient_id") {
		if string(row[0]) != notes[i] {
			t.Errorf("alone: %s, want %s", row[0], notes[i])
		}
	}
}

const plantedRules = `
veil: 1
name: planted
referenceDate: 2025-06-30
tables:
  default: remove
  rules:
    - {id: ids, match: {column: id}, method: keep}
    - id: notes
      match: {column: note}
      method: scrub
      known: {given: given, family: family, ids: mrn, phones: phone, emails: email, streets: street, cities: city, birthDates: birth}
    - id: apart
      match: {table: apart, column: note}
      method: scrub
      known: {related: {table: visits, on: {id: id}, given: given, family: family, ids: mrn, phones: phone, emails: email, streets: street, cities: city, birthDates: birth}}
`

// TestNothingPlantedIsLeft: of known values that stand in notes, exactly and in other ways,
// nothing is left in rows, whether their own or related ones have the values. VEIL_PLANTED=100000 plants so many values.
func TestNothingPlantedIsLeft(t *testing.T) {
	t.Parallel()
	db := pgtest.Start(t).SharedDatabase(t, "planted")
	n := planttest.Count(t, 1)
	r := rand.New(rand.NewPCG(20, 26))
	var people []planttest.Person
	var rows []string
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	for i := range n {
		p := planttest.New(r, i)
		people = append(people, p)
		rows = append(rows, fmt.Sprintf("(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)", p.ID, quote(p.Given), quote(p.Family), quote(p.MRN), quote(p.Phone), quote(p.Email), quote(p.Street), quote(p.City), quote(p.Birth), quote(p.Note(r))))
	}
	db.Exec(t, "DROP SCHEMA IF EXISTS planted CASCADE; CREATE SCHEMA planted; CREATE TABLE planted.visits (id int, given text, family varchar(40), mrn text, phone text, email text, street text, city text, birth date, note text); INSERT INTO planted.visits VALUES "+strings.Join(rows, ","))
	db.Exec(t, "CREATE TABLE planted.apart AS SELECT id, note FROM planted.visits; CREATE INDEX ON planted.visits (id); ANALYZE")
	masked := direct(t, openListener(t, db.DSN(pgtest.Owner), masktest.Policy(t, plantedRules), nil).dsn())
	for _, from := range []string{"visits", "apart"} {
		got := rowsOf(t, masked, "SELECT id, note FROM planted."+from+" ORDER BY id")
		if len(got) != n {
			t.Fatalf("%d rows of %s, want %d", len(got), from, n)
		}
		left := 0
		for i, row := range got {
			if found := people[i].Left(string(row[1])); len(found) > 0 || !strings.Contains(string(row[1]), "Stable.") {
				if left++; left < 10 {
					t.Errorf("%s: %q is left: %s", from, found, row[1])
				}
			}
		}
	}
}
