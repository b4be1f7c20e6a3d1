package table_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// TestMemoryChangesNothing: a masker that has seen many rows masks a row as a new one
// does, whatever its neighbours are.
func TestMemoryChangesNothing(t *testing.T) {
	t.Parallel()
	p := plan(t, rules(t, clinic), patients())
	r := rand.New(rand.NewPCG(3, 4))
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	old := p.Masker(mask.NewPass(p.Actions))
	var b table.Batch
	for range 3000 {
		row := cells(pick("1", "12", "2", "-"), pick("123-45-6789", "987654321", "x", "-"), pick("Smith", "Jones", "", "-"), pick("1980-02-03", "1920-01-01", "-"),
			pick("2010-01-01", "1999-12-31", "-"), pick("2020-01-02 03:04:05+00", "-"), pick("02139", "03602", "-"), pick("14.90", "15", "-"), "note", "t", "f",
			pick(`{"status":"x","a":1}`, "{}", "-"), pick("age-at", "hr", "-"), pick("92", "88", "-"), "-")
		b.Reset(len(p.Out))
		if err := old.AppendRow(&b, row); err != nil {
			t.Fatal(err)
		}
		want := masked(t, p, row)
		for i := range p.Out {
			got := "-"
			if v := b.Cell(0, i); v != nil {
				got = string(v)
			}
			if got != want[i] {
				t.Fatalf("%s of %q is %q, and %q by a new masker", p.Columns[p.Out[i]].Name, row, got, want[i])
			}
		}
	}
}

// calls is a method that counts.
type calls struct{ n *int }

func (c calls) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	*c.n++
	return append(append(dst, src...), '!'), mask.Replaced, nil
}

// TestRepeatedValuesAreMaskedOnce: a value that comes again is not computed again; long
// ones are, since they would fill the memory.
func TestRepeatedValuesAreMaskedOnce(t *testing.T) {
	t.Parallel()
	n := 0
	methods, err := mask.NewMethods([]mask.Definition{{Name: "counted", Summary: "counts", New: func(mask.Env, mask.Args) (mask.Method, error) { return calls{&n}, nil }}})
	if err != nil {
		t.Fatal(err)
	}
	const text = "veil: 1\nname: test\nreferenceDate: 2025-06-30\ntables:\n  rules:\n    - {id: all, match: {column: v}, method: counted}\n"
	policy, err := masktest.ParsePolicy(t, text, methods)
	if err != nil {
		t.Fatal(err)
	}
	p := plan(t, table.NewRules(policy), table.Source{Name: table.Name{Table: "t"}, Columns: []table.Column{{Name: "v", Type: table.Text}}})
	m := p.Masker(mask.NewPass(p.Actions))
	times := func(value string) int {
		n = 0
		for range 100 {
			m.Begin(cells(value))
			if out, ok, err := m.AppendCell([]byte("x"), 0); err != nil || !ok || string(out) != "x"+value+"!" {
				t.Fatalf("%q %v %v", out, ok, err)
			}
		}
		return n
	}
	got := []int{times("a"), times("b"), times(fmt.Sprintf("%0300d", 1)), times("a")}
	if !slices.Equal(got, []int{1, 1, 100, 0}) {
		t.Errorf("the method was called %v times", got)
	}
}
