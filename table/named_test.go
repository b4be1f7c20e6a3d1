package table_test

import (
	"slices"
	"testing"

	"github.com/veil-proxy/veil/table"
)

// TestNamed: columns that rules name for a table and that it does not have are found at
// once, those of any table at the end; patterns and other tables are no mistake.
func TestNamed(t *testing.T) {
	t.Parallel()
	r := rules(t, `
tables:
  classes:
    SSN: [{table: patients, column: ssn}, {table: staff, column: ssn}]
  rules:
    - {id: ids, match: [{table: patients, column: id}, {table: patients, column: person_id}], method: pseudonym}
    - {id: ssn, match: {class: SSN}, method: remove}
    - {id: name, match: [{column: nmae}, {column: surnmae}], method: remove}
    - {id: phone, match: [{column: phone}, {column: telephone}], method: remove}
    - {id: notes, match: {table: "pat*", column: "note*"}, method: remove}
    - {id: elsewhere, match: [{table: visits, column: id}, {column: visit_id}], method: remove}
    - {id: other, match: {table: visits, column: ward}, method: keep}
    - {id: rest, match: {column: "*"}, method: keep}
`)
	source := func(name string, columns ...string) *table.Source {
		s := &table.Source{Name: table.Name{Table: name}}
		for _, c := range columns {
			s.Columns = append(s.Columns, table.Column{Name: c, Type: table.Text})
		}
		return s
	}
	n := table.NewNamed(r)
	if rest := n.Rest(); rest != nil {
		t.Errorf("without a table: %q", rest)
	}
	for _, tc := range []struct {
		s    *table.Source
		want []string
	}{
		{source("patients", "id", "name", "phone", "sn"), []string{
			`rule "ids" names column person_id, which table patients does not have`,
			`rule "ssn" names column ssn, which table patients does not have (did you mean "sn"?)`,
		}},
		{source("staff", "ssn"), nil},
		{source("wards", "x"), nil},
	} {
		if got := n.Add(tc.s); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.s.Table, got, tc.want)
		}
	}
	if got, want := n.Rest(), []string{`rule "name" names column nmae, which no table has (did you mean "name"?)`}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
