package table_test

import (
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/table"
)

// agreeing puts surrogates into notes, with the arguments that the columns have.
const agreeing = `
tables:
  default: refuse
  rules:
    - {id: ids, match: {column: patient_id}, method: seal, domain: Patient}
    - {id: first, match: {column: first}, method: surrogate, kind: given, entity: patient_id}
    - {id: last, match: {column: last}, method: surrogate, kind: family, entity: patient_id}
    - {id: full, match: {column: full}, method: surrogate, kind: person, entity: patient_id}
    - {id: mrn, match: {column: mrn}, method: pseudonym, shape: same, domain: identifier}
    - {id: seen, match: {column: seen}, method: date, mode: shift, entity: patient_id}
    - id: note
      match: {column: note}
      method: scrub
      replace: surrogate
      entity: patient_id
      known: {given: first, family: last, names: full, ids: mrn, dates: seen}
`

// TestNoteAndRowAgree: with surrogates a note says of a person what the columns of its row
// say, and of a person without an id nothing but labels.
func TestNoteAndRowAgree(t *testing.T) {
	t.Parallel()
	source := table.Source{Name: table.Name{Table: "visits"}}
	for _, name := range []string{"patient_id", "first", "last", "full", "mrn", "seen", "note"} {
		source.Columns = append(source.Columns, table.Column{Name: name, Type: table.Text})
	}
	p := plan(t, rules(t, agreeing), source)
	const note = "OTTOLINE Quarrington (ZQ-884412) came on 2024-01-15 with Bartholomew Blytheson; seen again on January 16, 2024."
	row := masked(t, p, cells("7", "Ottoline", "Quarrington", "Bartholomew Blytheson", "ZQ884412", "2024-01-15", note))
	other := masked(t, p, cells("7", "-", "-", "-", "-", "2024-01-16", "Came on 2024-01-16."))
	want := strings.ToUpper(row[1]) + " " + row[2] + " (" + row[4][:2] + "-" + row[4][2:] + ") came on " + row[5] + " with " + row[3] + "; seen again on " + long(t, other[5]) + "."
	if got := row[6]; got != want || row[1] == "Ottoline" {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	if want := "Came on " + other[5] + "."; other[6] != want {
		t.Errorf("got %s, want %s", other[6], want)
	}
	nobody := masked(t, p, cells("-", "Ottoline", "Quarrington", "-", "-", "-", "Ottoline Quarrington came on 2024-01-15."))
	if nobody[6] != "[NAME] came on [DATE]." {
		t.Errorf("of a person without an id: %s", nobody[6])
	}
}

// long writes a date with the name of its month.
func long(t *testing.T, iso string) string {
	t.Helper()
	d, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		t.Fatal(err)
	}
	return d.Format("January 2, 2006")
}
