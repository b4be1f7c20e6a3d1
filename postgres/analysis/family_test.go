package analysis

import (
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/postgres/catalog"
)

// familyCatalog has tables that inherit: staff from people, mixc from mixa and mixb, and
// a partition.
func familyCatalog(t *testing.T) *catalog.Catalog {
	t.Helper()
	columns := func(names ...string) (out []catalog.Attribute) {
		for i, name := range names {
			out = append(out, catalog.Attribute{Name: name, Number: int16(i + 1), Type: catalog.OIDText, Modifier: -1, Collation: catalog.CollationDefault})
		}
		return out
	}
	c, err := catalog.New("1", []catalog.Relation{
		{OID: 30001, Schema: "w", Name: "people", Kind: 'r', Columns: columns("id", "born", "name")},
		{OID: 30002, Schema: "w", Name: "staff", Kind: 'r', Parents: []uint32{30001}, Columns: columns("id", "born", "name", "grade")},
		{OID: 30003, Schema: "w", Name: "mixa", Kind: 'r', Columns: columns("name")},
		{OID: 30004, Schema: "w", Name: "mixb", Kind: 'r', Columns: columns("name")},
		{OID: 30005, Schema: "w", Name: "mixc", Kind: 'r', Parents: []uint32{30003, 30004}, Columns: columns("name")},
		{OID: 30006, Schema: "w", Name: "visits", Kind: 'p', Columns: columns("id", "seen")},
		{OID: 30007, Schema: "w", Name: "visits_2024", Kind: 'r', Parents: []uint32{30006}, Columns: columns("id", "seen")},
		{OID: 30008, Schema: "w", Name: "flags", Kind: 'r', Columns: columns("status")},
		{OID: 30009, Schema: "rep", Name: "flags", Kind: 'v', Columns: columns("status"), Definition: "SELECT people.name AS status FROM w.people;"},
		{OID: 30010, Schema: "rep", Name: "kept", Kind: 'm', Columns: columns("status")},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func treatmentsOf(p *Policy, c *catalog.Catalog) map[string]string {
	out := map[string]string{}
	for _, x := range p.Treatments(c) {
		out[strings.TrimSuffix(x.Schema+"."+x.Relation+"."+x.Column, ".")] = x.Treatment.String()
	}
	return out
}

// TestOneCellHasOneTreatment holds that a cell that is reached by two names has by both
// the stricter treatment of the two.
func TestOneCellHasOneTreatment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, rules string
		want        map[string]string
	}{
		{"a child hides", "    - {id: a, match: {table: people}, method: keep}\n    - {id: b, match: {schema: w, table: staff, column: born}, method: hide}",
			map[string]string{"w.people.born": "hidden", "w.staff.born": "hidden", "w.people.name": "clear", "w.staff.name": "clear"}},
		{"a child removes", "    - {id: a, match: {table: people}, method: keep}\n    - {id: b, match: {table: staff, column: born}, method: remove}",
			map[string]string{"w.people.born": "pushed down", "w.staff.born": "pushed down"}},
		{"a child keeps", "    - {id: a, match: {table: people}, method: pseudonym}\n    - {id: b, match: {table: staff}, method: keep}",
			map[string]string{"w.people.born": "keyed", "w.staff.born": "keyed", "w.staff.grade": "clear"}},
		{"two methods", "    - {id: a, match: {table: people}, method: pseudonym}\n    - {id: b, match: {table: staff, column: name}, method: zip3}",
			map[string]string{"w.people.name": "hidden", "w.staff.name": "hidden", "w.people.born": "keyed"}},
		{"two parents", "    - {id: a, match: {table: mixa}, method: keep}\n    - {id: b, match: {table: mixb}, method: pseudonym}",
			map[string]string{"w.mixa.name": "keyed", "w.mixb.name": "keyed", "w.mixc.name": "keyed"}},
		{"a rule for both that the parent's precedes", "    - {id: a, match: {table: visits, column: seen}, method: pseudonym}\n    - {id: b, match: {column: \"*\"}, method: keep}",
			map[string]string{"w.visits.seen": "keyed", "w.visits_2024.seen": "keyed", "w.visits.id": "clear"}},
		{"a rule with a condition", "    - {id: a, match: {table: people}, method: keep}\n    - {id: b, match: {table: staff, column: name}, method: remove, where: {column: grade, equals: x}}",
			map[string]string{"w.people.name": "pushed down"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := treatmentsOf(onePolicy(t, "refuse", c.rules), familyCatalog(t))
			for column, want := range c.want {
				if got[column] != want {
					t.Errorf("%s is %s, want %s", column, got[column], want)
				}
			}
		})
	}
}

// TestRulesWithoutSchemaOpenNoView holds that a view or materialised view that somebody
// makes under the name of a table is not shown by the table's rule.
func TestRulesWithoutSchemaOpenNoView(t *testing.T) {
	t.Parallel()
	c := familyCatalog(t)
	got := treatmentsOf(onePolicy(t, "refuse", "    - {id: a, match: [{table: flags, column: status}, {table: kept, column: status}], method: keep}"), c)
	if got["w.flags.status"] != "clear" || got["rep.flags"] == "" || got["rep.flags.status"] != "" || got["rep.kept.status"] == "clear" {
		t.Errorf("got %v", got)
	}
	got = treatmentsOf(onePolicy(t, "refuse", "    - {id: a, match: [{schema: rep, table: flags, column: status}, {schema: rep, table: kept}], method: keep}"), c)
	if got["rep.flags.status"] != "clear" || got["rep.kept.status"] != "clear" {
		t.Errorf("got %v", got)
	}
}

// knowing is a rule that scrubs with related rows.
func knowing(related string) string {
	return "    - {id: a, match: {table: people, column: name}, method: scrub, known: {related: " + related + "}}"
}

func TestFindings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rules, want string }{
		{"    - {id: a, match: {table: peple, column: born}, method: hide}", `{table: peple, column: born} fits no column (did you mean "people"?)`},
		{"    - {id: a, match: {table: people, column: bron}, method: hide}", `fits no column (did you mean "born"?)`},
		{"    - {id: a, match: {schema: ww, table: people}, method: hide}", `fits no column`},
		{"    - {id: a, match: {schema: w, table: people}, method: hide}\n    - {id: b, match: {table: people}, method: keep}", `it never applies: more specific or stricter is rule "a"`},
		{"    - {id: a, match: {schema: w, table: people}, method: hide}\n    - {id: b, match: {table: staff, column: name}, method: keep}", `it never applies: more specific or stricter is rule "a"`},
		{"    - {id: a, match: {table: people, column: name}, method: surrogate, kind: family, entity: idd}", `entity: w.people has no column "idd" (did you mean "id"?)`},
		{knowing("{table: flag, on: {id: id}, names: status}"), `known: in SQL the columns of w.people are NULL: there is no table w.flag (did you mean "flags"?)`},
		{knowing("{schema: pg_catalog, table: pg_class, on: {id: oid}, names: relname}"), "there is no table pg_catalog.pg_class"},
		{knowing("{table: flags, on: {idd: id}, names: status}"), `table w.people has no column idd (did you mean "id"?)`},
		{knowing("{table: flags, on: {id: idd}, names: status}"), "table w.flags has no column idd"},
		{knowing("{table: flags, on: {id: status}, names: stats}"), `table w.flags has no column stats (did you mean "status"?)`},
		{"    - {id: a, match: {table: people, column: name}, method: remove, where: {column: bron, equals: x}}", `where: w.people has no column "bron" (did you mean "born"?)`},
		{"    - {id: a, match: {table: people, column: name}, method: remove, where: {table: flag, on: {id: status}, column: status, equals: x}}", `(did you mean "flags"?)`},
	} {
		var said []string
		p := onePolicy(t, "refuse", c.rules)
		for _, f := range p.Findings(familyCatalog(t)) {
			said = append(said, f.Message)
		}
		if !strings.Contains(strings.Join(said, "\n"), c.want) {
			t.Errorf("%s: got %q, want %q", c.rules, said, c.want)
		}
	}
	if got := onePolicy(t, "refuse", "    - {id: a, match: {table: people}, method: keep}\n    - {id: b, match: {column: name}, method: pseudonym}").Findings(familyCatalog(t)); len(got) > 0 {
		t.Errorf("rules that act: %v", got)
	}
	years := onePolicy(t, "refuse", "    - {id: a, match: [{column: born}, {column: died}], method: year}")
	if got := years.Findings(clinicCatalog(t)); len(got) != 1 || !got[0].Note || got[0].Relation != "clinic.patients" {
		t.Errorf("two years of one row: %v", got)
	}
	numbers := onePolicy(t, "refuse", "    - {id: a, match: [{column: born}, {column: died}], method: year, as: number}")
	if got := numbers.Findings(clinicCatalog(t)); len(got) != 0 {
		t.Errorf("years as numbers: %v", got)
	}
	plan, r := analyze("SELECT died - born FROM patients", clinicCatalog(t), numbers, clinicSession())
	if r != nil || !strings.Contains(plan.SQL, "::int THEN") && !strings.Contains(plan.SQL, "::int ") {
		t.Errorf("%v %v", r, plan)
	}
}

// TestManyPartitions holds the work over a family to its size: ten times the partitions
// take no more than some twenty times the allocations.
func TestManyPartitions(t *testing.T) {
	columns := []catalog.Attribute{{Name: "id", Number: 1, Type: catalog.OIDInt8}, {Name: "seen", Number: 2, Type: catalog.OIDDate}}
	p := onePolicy(t, "refuse", "    - {id: a, match: {table: visits}, method: keep}\n    - {id: b, match: {column: seen}, method: year}")
	cost := func(n int) float64 {
		relations := []catalog.Relation{{OID: 30000, Schema: "w", Name: "visits", Kind: 'p', Columns: columns}}
		for i := range n {
			relations = append(relations, catalog.Relation{OID: uint32(30001 + i), Schema: "w", Name: fmt.Sprint("visits_", i), Kind: 'r', Parents: []uint32{30000}, Columns: columns})
		}
		c, err := catalog.New("1", relations, nil)
		if err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(1, func() { newOverlay(p, c) })
	}
	if few, many := cost(300), cost(3000); many > 20*few {
		t.Errorf("300 partitions take %.0f allocations, 3000 take %.0f", few, many)
	}
}
