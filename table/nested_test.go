package table_test

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// nestedSource has the leaves of nested columns.
func nestedSource() table.Source {
	leaf := func(name string, repeated bool) table.Column {
		c := table.Column{Name: name, Type: table.Text, Repeated: repeated}
		for i, r := range name {
			if r == '.' {
				c.Within = append(c.Within, name[:i])
			}
		}
		return c
	}
	return table.Source{Name: table.Name{Table: "visits"}, Columns: []table.Column{
		leaf("id", false), leaf("address.city", false), leaf("address.zip", false), leaf("names.family", true), leaf("names.given", true),
		leaf("tags.key", true), leaf("tags.value", true), leaf("a.b.c", false), leaf("free.text", false),
	}}
}

// TestRulesOfNestedColumns holds that rules name leaves, and records where no rule names
// the leaf.
func TestRulesOfNestedColumns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, rules, want string }{
		{"leaves", `{id: a, match: {column: address.city}, method: keep}, {id: b, match: {column: "names.*"}, method: pseudonym}`,
			"address.city clear, names.family masked, names.given masked"},
		{"a record", `{id: a, match: {column: address}, method: keep}, {id: b, match: {column: a}, method: remove}`,
			"address.city clear, address.zip clear, a.b.c removed"},
		{"a leaf before its record", `{id: a, match: {column: address}, method: keep}, {id: b, match: {column: "*.zip"}, method: remove}`,
			"address.city clear, address.zip removed"},
		{"a record before all", `{id: a, match: {column: "*"}, method: keep}, {id: b, match: {column: a.b}, method: hide}, {id: c, match: {column: names}, method: remove}`,
			"id clear, address.city clear, address.zip clear, names.family removed, names.given removed, tags.key clear, tags.value clear, free.text clear"},
		{"a method cannot mask a record", `{id: a, match: {column: address}, method: pseudonym}`, "address.city removed, address.zip removed"},
	} {
		plan := planOf(t, nestedSource(), c.rules)
		var got []string
		for _, i := range plan.Out {
			got = append(got, plan.Columns[i].Name+" "+plan.Columns[i].Treatment.String())
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, s, c.want)
		}
	}
}

// TestRepeatedColumnsAreNoNeighbours holds that no column takes a neighbour that has
// several values in a row, and says which columns it needs.
func TestRepeatedColumnsAreNoNeighbours(t *testing.T) {
	t.Parallel()
	plan := planOf(t, nestedSource(), `{id: a, match: {column: names.family}, method: surrogate, kind: family, entity: [names.given, id]},
		{id: b, match: {column: names.given}, method: keep, where: {column: address.city, equals: x}},
		{id: c, match: {column: tags.value}, method: keep, where: {column: tags.key, equals: x}},
		{id: d, match: {column: id}, method: pseudonym}, {id: e, match: {column: free.text}, method: surrogate, kind: family, entity: names.given}`)
	m := plan.Masker(mask.NewPass(plan.Actions))
	cell := func(row table.Cells, column int) string {
		m.Begin(row)
		out, ok, err := m.AppendCell(nil, column)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return "-"
		}
		return string(out)
	}
	text := func(s ...string) (row table.Cells) {
		for _, v := range s {
			row = append(row, []byte(v))
		}
		return row
	}
	one := text("p1", "x", "z", "Doe", "Jane", "x", "v", "c", "t")
	other := text("p1", "y", "z", "Doe", "Ann", "x", "v", "c", "t")
	if a, b := cell(one, 3), cell(other, 3); a != b || a == "-" || a == "Doe" {
		t.Errorf("the family name depends on a repeated column: %q, %q", a, b)
	}
	if a, b := cell(one, 4), cell(other, 4); a != "Jane" || b != "-" {
		t.Errorf("the condition is not judged: %q, %q", a, b)
	}
	if a := cell(one, 6); a != "-" {
		t.Errorf("a condition on a repeated column holds: %q", a)
	}
	if c := &plan.Columns[8]; c.Treatment != table.Removed {
		t.Errorf("a surrogate keyed by a repeated column is %v", c.Treatment)
	}
	for column, want := range map[int]bool{0: true, 3: false, 4: false, 8: true} {
		if got := plan.Columns[column].Alone(); got != want {
			t.Errorf("column %d alone: %v", column, got)
		}
	}
	if n := plan.Columns[3].Needs(); len(n) != 1 || n[0] != 0 {
		t.Error(n)
	}
	if n := plan.Columns[4].Needs(); len(n) != 1 || n[0] != 1 {
		t.Error(n)
	}
}

// TestAppendAlone holds that a value masked alone is masked as in its row.
func TestAppendAlone(t *testing.T) {
	t.Parallel()
	plan := planOf(t, nestedSource(), `{id: a, match: {column: id}, method: pseudonym}`)
	pass := mask.NewPass(plan.Actions)
	m := plan.Masker(pass)
	alone, ok, err := m.AppendAlone(nil, []byte("p1"), 0)
	m.Begin(table.Cells{[]byte("p1")})
	inRow, ok2, err2 := m.AppendCell(nil, 0)
	if string(alone) != string(inRow) || !ok || !ok2 || err != nil || err2 != nil {
		t.Errorf("%q and %q", alone, inRow)
	}
	if m.Count(0, 6); pass.Counts[0] != 7 {
		t.Error(pass.Counts)
	}
}

// TestTypesOfNumbers holds what a format needs to know to write masked numbers.
func TestTypesOfNumbers(t *testing.T) {
	t.Parallel()
	s := table.Source{Name: table.Name{Table: "t"}, Columns: []table.Column{{Name: "n", Type: table.Integer}, {Name: "d", Type: table.Decimal}, {Name: "t", Type: table.Date}}}
	for _, c := range []struct {
		rules  string
		column int
		typ    table.Type
		own    bool
		scale  int
	}{
		{`{id: a, match: {column: n}, method: keep}`, 0, table.Integer, true, 0},
		{`{id: a, match: {column: n}, method: keep}`, 1, table.Decimal, true, 0}, // by default
		{`{id: a, match: {column: n}, method: round, to: "0.25"}`, 0, table.Decimal, false, 2},
		{`{id: a, match: {column: d}, method: noise, within: "0.125"}`, 1, table.Decimal, false, 3},
		{`{id: a, match: {column: n}, method: pseudonym, shape: int}`, 0, table.Integer, false, 0},
		{`{id: a, match: {column: n}, method: ageCap, unit: a}`, 0, table.Integer, true, 0},
		{`{id: a, match: {column: t}, method: year}`, 2, table.Date, true, 0},
		{`{id: a, match: {column: t}, method: year, as: number}`, 2, table.Integer, false, 0},
		{`{id: a, match: {column: n}, method: bucket, width: "5", where: {column: d, equals: "1"}}, {id: b, match: {column: n}, method: keep}`, 0, table.Decimal, false, 0},
	} {
		got := planOf(t, s, c.rules).Columns[c.column]
		if got.Masked != c.typ || got.Own != c.own || got.Scale != c.scale {
			t.Errorf("%s: type %v, own %v, scale %d", c.rules, got.Masked, got.Own, got.Scale)
		}
	}
}

// planOf lays rules over a source.
func planOf(t *testing.T, s table.Source, list string) *table.Plan {
	t.Helper()
	return plan(t, rules(t, "tables:\n  rules: ["+list+"]\n"), s)
}
