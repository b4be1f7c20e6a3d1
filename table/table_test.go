package table_test

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// rules has a table's rules, and the rules of methods that every test may use.
func rules(t testing.TB, tables string) *table.Rules {
	t.Helper()
	return masktest.Rules(t, "veil: 1\nname: test\nreferenceDate: 2025-06-30\n"+tables)
}

func plan(t testing.TB, r *table.Rules, s table.Source) *table.Plan {
	t.Helper()
	p, err := r.Plan(s, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// cells makes a row of texts; "-" is NULL.
func cells(texts ...string) table.Cells {
	var out table.Cells
	for _, s := range texts {
		if s == "-" {
			out = append(out, nil)
		} else {
			out = append(out, []byte(s))
		}
	}
	return out
}

// masked masks one row and returns its cells; NULL is "-".
func masked(t testing.TB, p *table.Plan, row table.Row) (out []string) {
	t.Helper()
	var b table.Batch
	b.Reset(len(p.Out))
	if err := p.Masker(mask.NewPass(p.Actions)).AppendRow(&b, row); err != nil {
		t.Fatal(err)
	}
	for i := range p.Out {
		if v := b.Cell(0, i); v != nil {
			out = append(out, string(v))
		} else {
			out = append(out, "-")
		}
	}
	return out
}

const clinic = `
tables:
  default: refuse
  classes:
    SSN: [{table: patients, column: ssn}]
  rules:
    - {id: ids, match: [{table: patients, column: id}, {column: patient_id}], method: seal, domain: Patient}
    - {id: ssn, match: {class: SSN}, method: imitate, kind: ssn}
    - {id: name, match: {table: patients, column: name}, method: surrogate, kind: family, entity: id}
    - {id: born, match: {column: born}, method: birthYear, death: died}
    - {id: admitted, match: {column: admitted}, method: date, mode: month}
    - {id: seen, match: {column: seen}, method: date, mode: shift, entity: id}
    - {id: zip, match: {column: zip}, method: zip3}
    - {id: cost, match: {column: cost}, method: round, to: "10"}
    - {id: gone, match: {column: notes}, method: remove}
    - {id: vip, match: {column: vip}, method: hide}
    - {id: sex, match: {column: sex}, method: keep}
    - {id: doc, match: {column: doc}, method: json, keep: [status, code.text]}
    - {id: old, match: {column: result}, where: {column: code, like: "age*"}, method: ageCap, unit: a}
    - {id: result, match: {column: result}, method: keep}
`

func patients() table.Source {
	return table.Source{Name: table.Name{Schema: "clinic", Table: "patients"}, Columns: []table.Column{
		{Name: "id", Type: table.Integer}, {Name: "ssn", Type: table.Text}, {Name: "name", Type: table.Text}, {Name: "born", Type: table.Date},
		{Name: "died", Type: table.Date}, {Name: "admitted", Type: table.TimestampTZ}, {Name: "zip", Type: table.Text}, {Name: "cost", Type: table.Decimal},
		{Name: "notes", Type: table.Text}, {Name: "vip", Type: table.Bool}, {Name: "sex", Type: table.Text}, {Name: "doc", Type: table.JSON},
		{Name: "code", Type: table.Text}, {Name: "result", Type: table.Decimal}, {Name: "photo", Type: table.Opaque},
	}}
}

// TestPlan holds what becomes of each column, and why.
func TestPlan(t *testing.T) {
	t.Parallel()
	p := plan(t, rules(t, clinic), patients())
	want := map[string]string{
		"id": "masked ids seal", "ssn": "masked ssn imitate", "name": "masked name surrogate", "born": "masked born birthYear", "died": "hidden  ",
		"admitted": "masked admitted date", "zip": "masked zip zip3", "cost": "masked cost round", "notes": "removed gone remove", "vip": "hidden vip hide",
		"sex": "clear sex keep", "doc": "masked doc json", "code": "hidden  ", "result": "by row old, result ageCap, keep", "photo": "hidden  ",
	}
	for _, c := range p.Columns {
		if got := c.Treatment.String() + " " + c.Action.Rule + " " + c.Action.Method; got != want[c.Name] {
			t.Errorf("%s is %q, want %q", c.Name, got, want[c.Name])
		}
		if c.Treatment == table.Hidden && c.Note == "" {
			t.Errorf("%s is hidden without a reason", c.Name)
		}
	}
	if len(p.Out) != 11 {
		t.Errorf("%d columns are shown", len(p.Out))
	}
}

// TestRows masks rows of Go slices.
func TestRows(t *testing.T) {
	t.Parallel()
	r := rules(t, clinic)
	p := plan(t, r, patients())
	ring := r.Policy().Keys
	id, _ := ring.NewPseudonymizer().AppendSealed(nil, ring.SealSlot("Patient"), []byte("7"))
	row := cells("7", "123-45-6789", "Chalmers", "1980-05-06", "-", "2024-05-17 10:11:12+00", "90210", "123.45", "secret", "true", "f",
		`{"status": "final", "code": {"text": "x", "id": 1}, "n": 1e2}`, "age at onset", "93", "\\x00")
	got := masked(t, p, row)
	if got[0] != string(id) || len(got[1]) != len("123-45-6789") || got[1] == "123-45-6789" || got[2] == "Chalmers" || got[2] == "-" {
		t.Errorf("keyed cells are %q", got[:3])
	}
	want := []string{"1980-01-01", "2024-05-01 00:00:00+00", "902", "120", "-", "f", `{"code": {"text": "x"}, "status": "final"}`, "90"}
	if strings.Join(got[3:], "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got[3:], want)
	}
	for _, c := range []struct {
		name     string
		column   int // of row
		value    string
		out      int // of the masked row
		want     string
		original bool // the value passes
	}{
		{"another code", 12, "weight", 10, "93", true},
		{"no code: the stricter rule", 12, "-", 10, "90", false},
		{"no birth date", 3, "-", 3, "-", false},
		{"a birth date of who is old", 3, "1920-01-01", 3, "-", false},
		{"a name without a patient", 0, "-", 2, "-", false},
		{"no object", 11, "[1]", 9, "-", false},
	} {
		other := append(table.Cells(nil), row...)
		other[c.column] = cells(c.value)[0]
		if got := masked(t, p, other); got[c.out] != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got[c.out], c.want)
		}
	}
}

// TestUnsuitedColumnsAreRemoved holds that a method which cannot act on a column lets
// nothing of it pass.
func TestUnsuitedColumnsAreRemoved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule   string
		column table.Column
	}{
		{"{id: a, match: {column: c}, method: pseudonym}", table.Column{Name: "c", Type: table.Opaque}},
		{"{id: a, match: {column: c}, method: fhir}", table.Column{Name: "c", Type: table.JSON}},
		{"{id: a, match: {column: c}, method: json, keep: [a]}", table.Column{Name: "c", Type: table.Text}},
		{"{id: a, match: {column: c}, method: surrogate, kind: family, entity: none}", table.Column{Name: "c", Type: table.Text}},
		{"{id: a, match: {column: c}, method: ageCap}", table.Column{Name: "c", Type: table.Integer}},
		{"{id: a, match: {column: c}, method: deathYear, birth: none}", table.Column{Name: "c", Type: table.Date}},
		{"{id: a, match: {column: c.zip}, method: zip3}", table.Column{Name: "c", Type: table.Opaque}},
	} {
		p := plan(t, rules(t, "tables:\n  rules:\n    - "+c.rule+"\n"), table.Source{Name: table.Name{Table: "t"}, Columns: []table.Column{c.column}})
		if got := p.Columns[0]; got.Treatment != table.Removed || got.Note == "" {
			t.Errorf("%s: %v %q", c.rule, got.Treatment, got.Note)
		}
		if got := masked(t, p, cells("an original")); got[0] != "-" {
			t.Errorf("%s: %q passes", c.rule, got[0])
		}
	}
}

// TestSourcesThatCannotBe holds that a plan needs columns with names of their own.
func TestSourcesThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, s := range []table.Source{{}, {Columns: []table.Column{{Name: "a"}, {Name: "a"}}}} {
		if _, err := rules(t, "").Plan(s, table.Options{}); err == nil {
			t.Errorf("%+v passes", s)
		}
	}
}

// TestBatch holds that a batch gives back what rows it was given, NULLs and empty texts
// among them.
func TestBatch(t *testing.T) {
	t.Parallel()
	p := plan(t, rules(t, "tables:\n  default: keep\n"), table.Source{Columns: []table.Column{{Name: "a"}, {Name: "b"}, {Name: "c"}}})
	m := p.Masker(mask.NewPass(p.Actions))
	var b table.Batch
	for range 2 {
		b.Reset(3)
		rows := []table.Cells{cells("-", "x", ""), cells("", "-", "-"), cells("-", "-", "yz")}
		for _, r := range rows {
			if err := m.AppendRow(&b, r); err != nil {
				t.Fatal(err)
			}
		}
		if b.Rows() != len(rows) {
			t.Fatalf("%d rows", b.Rows())
		}
		for i, r := range rows {
			for k, want := range r {
				if got := b.Cell(i, k); (got == nil) != (want == nil) || string(got) != string(want) {
					t.Errorf("row %d, column %d: %q, want %q", i, k, got, want)
				}
			}
		}
	}
}

// TestRowsAllocateNothing holds that masking a row allocates nothing once buffers have
// grown, where its methods do not.
func TestRowsAllocateNothing(t *testing.T) {
	s := patients()
	s.Columns = append(s.Columns[2:7:7], s.Columns[8:]...)
	s.Columns = append([]table.Column{{Name: "id", Type: table.Integer}}, s.Columns...)
	p := plan(t, rules(t, clinic), s)
	m := p.Masker(mask.NewPass(p.Actions))
	var row table.Row = cells("7", "Chalmers", "1980-05-06", "-", "2024-05-17 10:11:12+00", "90210", "secret", "true", "f", "-", "weight", "93", "x")
	var b table.Batch
	n := testing.AllocsPerRun(100, func() {
		b.Reset(len(p.Out))
		if err := m.AppendRow(&b, row); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations a row", n)
	}
}

func BenchmarkRow(b *testing.B) {
	p := plan(b, rules(b, clinic), patients())
	m := p.Masker(mask.NewPass(p.Actions))
	row := cells("7", "123-45-6789", "Chalmers", "1980-05-06", "-", "2024-05-17 10:11:12+00", "90210", "123.45", "secret", "true", "f", "{}", "age", "93", "x")
	var batch table.Batch
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset(len(p.Out))
		if err := m.AppendRow(&batch, row); err != nil {
			b.Fatal(err)
		}
	}
}
