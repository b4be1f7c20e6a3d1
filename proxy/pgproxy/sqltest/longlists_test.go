package sqltest

import (
	"fmt"
	"strings"
	"testing"
)

// TestLongLists holds that cohorts are as long as the protocol and the limit on messages
// let them be, in each way to write one.
func TestLongLists(t *testing.T) {
	t.Parallel()
	h := start(t)
	s := connect(t, h.modest.dsn())
	defer s.close()
	const most, literals = 100_000, 20_000
	seal := h.value(t, h.originals)
	ids, numbers := make([]string, most), make([]string, 65_535)
	for i := range ids {
		ids[i] = seal("seal", fmt.Sprint("Patient/", 770000001+i))
	}
	for i := range numbers {
		numbers[i] = fmt.Sprint("$", i+1)
	}
	array := "{" + strings.Join(ids, ",") + "}"
	written := strings.Join(ids[:literals], "', '")
	for name, tt := range map[string]struct {
		sql    string
		params []string
	}{
		"an array parameter":    {"SELECT count(*) FROM clinic.patients WHERE id = ANY ($1)", []string{array}},
		"an array that is not":  {"SELECT 300 - count(*) FROM clinic.patients WHERE id <> ALL ($1)", []string{array}},
		"an unnested parameter": {"SELECT count(*) FROM clinic.patients p JOIN unnest($1::text[]) c(pid) ON c.pid = p.id", []string{array}},
		"parameters":            {"SELECT count(*) FROM clinic.patients WHERE id IN (" + strings.Join(numbers, ", ") + ")", ids[:65_535]},
		"literals":              {"SELECT count(*) FROM clinic.patients WHERE id IN ('" + written + "')", nil},
		"literals that are not": {"SELECT 300 - count(*) FROM clinic.patients WHERE id NOT IN ('" + written + "')", nil},
		"an array literal":      {"SELECT count(*) FROM clinic.patients WHERE id = ANY ('{" + strings.Join(ids[:literals], ",") + "}')", nil},
		"VALUES":                {"SELECT count(*) FROM clinic.patients p JOIN (VALUES ('" + strings.ReplaceAll(strings.Join(ids[:4000], "', '"), "', '", "'), ('") + "')) c(pid) ON c.pid = p.id", nil},
	} {
		a := s.run(modes[1], tt.sql, tt.params)
		if a.err != nil || string(a.rows[0][0]) != "300" {
			t.Errorf("%s: %s %q, want 300 rows", name, a.said(), a.rows)
		}
		s.received()
	}
}
