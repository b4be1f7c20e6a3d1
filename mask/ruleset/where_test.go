package ruleset

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
)

func whereRuleset(t *testing.T, rule string) (*Ruleset, error) {
	t.Helper()
	defs, err := mask.NewMethods([]mask.Definition{{Name: "keep"}, {Name: "remove"}, {Name: "hide", Kind: mask.ColumnMethod, Form: func(mask.Args) mask.Form { return forms.Hide{} }}, {Name: "cap", Params: []mask.Param{{Name: "unit"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return Parse("w.yaml", []byte("veil: 1\nname: w\nreferenceDate: 2025-06-30\ntables:\n  rules:\n    - "+rule+"\n"), defs, nil)
}

func TestConditionHolds(t *testing.T) {
	for _, c := range []struct {
		where, value string
		null         bool
		want         Truth
	}{
		{"in: [30525-0, B]", "30525-0", false, True},
		{"in: [30525-0, B]", " b\t", false, True},
		{"in: [30525-0, B]", "30525", false, False},
		{"in: [a]", "", true, Unknown},
		{"equals: 3013762", "3013762", false, True},
		{"notIn: [a]", "b", false, True},
		{"notIn: [a]", "A", false, False},
		{"notIn: [a]", "", true, Unknown},
		{"like: 'LOINC:*'", "loinc:1/2", false, True},
		{"like: '?-*-z'", "a-b\n-c-z", false, True},
		{"like: 'a*b'", "aXbX", false, False},
		{"like: '100%'", "100x", false, False},
		{"isNull: true", "", true, True},
		{"isNull: true", "x", false, False},
		{"isNull: false, in: [a]", "", true, False},
		{"isNull: true, in: [a]", "", true, Unknown},
		{"like: 'a*', notIn: [ab]", "ab", false, False},
		{"like: 'a*', notIn: [ab]", "ac", false, True},
	} {
		rs, err := whereRuleset(t, "{id: a, match: {column: x}, method: keep, where: {column: c, "+c.where+"}}")
		if err != nil {
			t.Errorf("%s: %v", c.where, err)
			continue
		}
		value := &c.value
		if c.null {
			value = nil
		}
		if got := rs.Tables.Rules[0].Where[0].Holds(value); got != c.want {
			t.Errorf("%s of %q (null: %v): got %d, want %d", c.where, c.value, c.null, got, c.want)
		}
	}
}

func TestConditionMistakes(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{"{id: a, match: {column: x}, method: keep, where: {column: c}}", "none of"},
		{"{id: a, match: {column: x}, method: keep, where: {in: [a]}}", `no "column"`},
		{"{id: a, match: {column: x}, method: keep, where: {column: c, in: []}}", "at least one"},
		{"{id: a, match: {column: x}, method: keep, where: {colum: c, in: [a]}}", `did you mean "column"`},
		{"{id: a, match: {column: x}, method: keep, where: {column: c, in: [a], table: t}}", "columns that join it"},
		{"{id: a, match: {column: x}, method: hide, where: {column: c, in: [a]}}", "in some rows alone"},
		{"{id: a, match: {column: x}, method: cap, unit: {default: a}}", `no "column"`},
	} {
		if _, err := whereRuleset(t, c.rule); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.rule, err, c.want)
		}
	}
	rs, err := whereRuleset(t, "{id: a, match: {column: x}, method: cap, unit: {column: u, default: a}, where: [{column: c, in: [a]}, {table: t, on: {k: id}, column: v, like: b*}]}")
	if err != nil {
		t.Fatal(err)
	}
	r := rs.Tables.Rules[0]
	if r.Args.String("unit", "") != "a" || r.Unit[0] != "u" || len(r.Where) != 2 || r.Where[1].On["k"] != "id" {
		t.Errorf("got %+v", r)
	}
}

func TestStrictest(t *testing.T) {
	keep, remove := &TableRule{Method: "k", Form: forms.Keep{}}, &TableRule{Method: "r", Form: forms.Remove{}}
	year, year2, round := &TableRule{Method: "year"}, &TableRule{Method: "year"}, &TableRule{Method: "round"}
	same := func(a, b *TableRule) bool { return a.Method == b.Method }
	for i, c := range []struct {
		rules []*TableRule
		want  int
	}{
		{[]*TableRule{year, keep}, 0}, {[]*TableRule{keep, year}, 1}, {[]*TableRule{keep, keep}, 1}, {[]*TableRule{year, year2, keep}, 0},
		{[]*TableRule{year, round}, -1}, {[]*TableRule{keep, remove}, -1}, {[]*TableRule{keep, nil}, -1}, {[]*TableRule{year, keep, round}, -1},
	} {
		if got := Strictest(c.rules, same); got != c.want {
			t.Errorf("%d: got %d, want %d", i, got, c.want)
		}
	}
}
