package analysis

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/postgres/catalog"
)

// TestHints holds that a refusal says what to do instead, and that what it says works.
func TestHints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ refused, hint, instead string }{
		{"SELECT ward, json_object_agg(DISTINCT patient_id, 1) FROM visits GROUP BY ward", "Select a row for each value", "SELECT ward, patient_id FROM visits GROUP BY ward, patient_id ORDER BY ward"},
		{"SELECT sha256(id::text) FROM patients", "Select the pseudonym", "SELECT id FROM patients"},
		{"SELECT (jsonb_each('{}')).* FROM wards", "Call the function in FROM", "SELECT w.ward, f.* FROM wards w, jsonb_each('{}') AS f"},
		{"SET synchronize_seqscans TO off", "COPY … TO STDOUT", "COPY wards TO STDOUT"},
		{"SELECT 1 FROM wards WHERE rank() OVER (ORDER BY floor) = 1", "Filter outside", "SELECT ward FROM (SELECT ward, rank() OVER (ORDER BY floor) AS r FROM wards) x WHERE r = 1"},
		{"SELECT 1 FROM wards WHERE ward OPERATOR(public.%) 'x'", "Call the operator's function", "SELECT 1 FROM wards WHERE length(ward) > 0"},
	} {
		_, r := analyze(c.refused, clinicCatalog(t), clinicPolicy(t, Options{}), clinicSession())
		if r == nil || !strings.Contains(r.Hint, c.hint) {
			t.Errorf("%s: got %v, want the hint %q", c.refused, r, c.hint)
			continue
		}
		planOf(t, c.instead)
	}
}

// TestViewOverRetypedColumn holds that a view which computes with a number that comes as
// a text loses that column, and no other.
func TestViewOverRetypedColumn(t *testing.T) {
	t.Parallel()
	columns := []catalog.Attribute{{Name: "sex", Number: 1, Type: catalog.OIDText, Modifier: -1}, {Name: "income", Number: 2, Type: catalog.OIDNumeric, Modifier: -1}}
	c, err := catalog.New("1", []catalog.Relation{
		{OID: 30001, Schema: "w", Name: "people", Kind: 'r', Columns: columns},
		{OID: 30002, Schema: "w", Name: "v", Kind: 'v', Columns: []catalog.Attribute{{Name: "sex", Number: 1, Type: catalog.OIDText}, {Name: "mean", Number: 2, Type: catalog.OIDNumeric}, {Name: "n", Number: 3, Type: catalog.OIDInt8}},
			Definition: "SELECT people.sex, avg(people.income) AS mean, count(people.income) AS n FROM w.people GROUP BY people.sex;"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := onePolicy(t, "refuse", "    - {id: a, match: {table: people, column: sex}, method: keep}\n    - {id: b, match: {column: income}, method: generalize, bands: [0-9, 10+]}")
	if _, r := analyze("SELECT sex, n FROM w.v", c, p, clinicSession()); r != nil {
		t.Error(r)
	}
	if _, r := analyze("SELECT mean FROM w.v", c, p, clinicSession()); r == nil || !strings.Contains(r.Message, `column "mean" of view "v" cannot be used: column w.people.income is returned as text`) {
		t.Errorf("got %v", r)
	}
}
