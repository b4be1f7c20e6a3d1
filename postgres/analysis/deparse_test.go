package analysis

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestDeepRewrites holds that no statement, however deep, leaves the parser broken for
// those that follow once it is written anew.
func TestDeepRewrites(t *testing.T) {
	if !veiltest.Alone(t) {
		return
	}
	many := strings.Repeat
	c, p := clinicCatalog(t), clinicPolicy(t, Options{})
	for name, sql := range map[string]func(n int) string{
		"sum":         func(n int) string { return "SELECT " + many("1 + ", n) + "1" },
		"negations":   func(n int) string { return "SELECT " + many("NOT ", n) + "true" },
		"calls":       func(n int) string { return "SELECT " + many("abs(", n) + "1" + many(")", n) },
		"casts":       func(n int) string { return "SELECT 1" + many("::int::text", n) },
		"unions":      func(n int) string { return "SELECT 1" + many(" UNION ALL SELECT 1", n) },
		"joins":       func(n int) string { return "SELECT 1 FROM wards" + many(" CROSS JOIN (SELECT 1) b", n) },
		"sub-selects": func(n int) string { return many("SELECT * FROM (", n) + "SELECT ward FROM wards" + many(") a", n) },
		"cases":       func(n int) string { return many("SELECT CASE WHEN true THEN (", n) + "SELECT 1" + many(") END", n) },
		"arrays":      func(n int) string { return "SELECT " + many("ARRAY[", n) + "1" + many("]", n) },
	} {
		for _, n := range []int{5, 12, 18, 25, 40, 60, 90, 120, 190} {
			_, r := analyze(sql(n), c, p, clinicSession())
			if r != nil && (r.Code == codeSyntax || r.Code == "XX000") || n == 5 && r != nil && r.Code == codeLimit {
				t.Errorf("%d %s: %v", n, name, r)
			}
			if _, r := analyze("SELECT ward FROM wards WHERE NOT floor + 1 > 2 OR EXISTS (SELECT 1 UNION ALL SELECT 2)", c, p, clinicSession()); r != nil {
				t.Fatalf("after %d %s: %v", n, name, r)
			}
		}
	}
}
