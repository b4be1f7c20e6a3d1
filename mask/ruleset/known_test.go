package ruleset

import (
	"fmt"
	"strings"
	"testing"
)

func TestRelatedRows(t *testing.T) {
	t.Parallel()
	rs, err := whereRuleset(t, "{id: a, match: {column: x}, method: keep, known: {names: author, related: [{table: p, schema: s, on: {k: id}, family: f, phones: [g, h]}, {table: q, on: {l: id}, names: n}]}}")
	if err != nil {
		t.Fatal(err)
	}
	r := rs.Tables.Rules[0]
	want := "[{s p k id [{family f} {phones g} {phones h}]} { q l id [{names n}]}]"
	if got := fmt.Sprint(r.Related); got != want || len(r.Known) != 1 {
		t.Errorf("got %s and %v, want %s", got, r.Known, want)
	}
}

func TestRelatedRowMistakes(t *testing.T) {
	t.Parallel()
	row := "{table: p, on: {k: id}, names: n}"
	for _, c := range []struct{ related, want string }{
		{"{on: {k: id}, names: n}", `a related row has "table"`},
		{"{table: p, names: n}", `a related row has "table"`},
		{"{table: p, on: {k: id}}", `a related row has "table"`},
		{"{table: p, on: {k: id, l: m}, names: n}", "expected one pair of columns"},
		{"{table: p, on: {k: id}, name: n}", `did you mean "names"`},
		{"{tabel: p, on: {k: id}, names: n}", `did you mean "table"`},
		{"patients", "w.yaml:6"},
		{"[" + strings.Repeat(row+", ", MostRelated) + row + "]", "a rule can name 4 related rows, not 5"},
		{"{table: p, on: {k: id}, names: [" + strings.Repeat("n, ", MostKnown) + "n]}", "a rule can name 24 columns, not 25"},
	} {
		_, err := whereRuleset(t, "{id: a, match: {column: x}, method: keep, known: {related: "+c.related+"}}")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.related, err, c.want)
		}
	}
}
