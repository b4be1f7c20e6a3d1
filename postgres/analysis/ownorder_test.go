package analysis

import (
	"strings"
	"testing"
)

// TestOrderBySealedIDs holds that an order by a sealed id never has the original as its key, and
// is the same for every statement about ids of one class.
func TestOrderBySealedIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, sql := range []string{
		"SELECT id FROM patients ORDER BY id", "SELECT id FROM patients ORDER BY 1 DESC", "SELECT id AS x, sex FROM patients ORDER BY x",
		"SELECT DISTINCT id FROM patients ORDER BY id", "SELECT id FROM patients UNION SELECT patient_id FROM visits ORDER BY 1",
		"SELECT id::text FROM patients ORDER BY id::text",
	} {
		p := planOf(t, sql)
		_, order, found := strings.Cut(p.SQL, " ORDER BY ")
		if !found || !strings.HasPrefix(order, "pg_catalog.hashtextextended(") {
			t.Errorf("%s: ordered by %s", sql, order)
		}
		_, seed, found := strings.Cut(order, "::pg_catalog.text, (SELECT pg_catalog.hashtextextended(pg_catalog.current_setting(")
		if !found {
			t.Fatalf("%s: no seed in %s", sql, order)
		}
		seed, _, _ = strings.Cut(seed, "))")
		seen[seed] = true
	}
	if len(seen) != 1 {
		t.Errorf("seeds differ: %v", seen)
	}
}

// TestParameterTestedForNull holds that IS NULL of a parameter neither settles what it
// is, nor reads it as another type than it arrives with.
func TestParameterTestedForNull(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"SELECT 1 FROM patients WHERE $1::int8 IS NULL OR id = $1", "SELECT 1 FROM patients WHERE id = $1 OR $1 IS NULL",
	} {
		p := planOf(t, sql)
		if !p.Params[0].Sealed || strings.Contains(p.SQL, "$1::bigint") || strings.Contains(p.SQL, "$1::int8") {
			t.Errorf("%s: %+v in %s", sql, p.Params, p.SQL)
		}
	}
	if p := planOf(t, "SELECT 1 FROM wards WHERE $1::text IS NULL OR ward = $1"); p.Params[0].Sealed || !strings.Contains(p.SQL, "$1::text") {
		t.Errorf("%+v in %s", p.Params, p.SQL)
	}
}

// TestOrderOfValuesWithoutOne holds that what has no order of Veil's own, or would show
// where in it a value lies, is refused.
func TestOrderOfValuesWithoutOne(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"SELECT min(name) FROM patients", "SELECT max(ssn) FROM patients", "SELECT rank() OVER (ORDER BY name) FROM patients",
		"SELECT mode() WITHIN GROUP (ORDER BY id) FROM patients", "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM patients",
		"SELECT sum(1) OVER (ORDER BY id RANGE BETWEEN 5 PRECEDING AND CURRENT ROW) FROM patients",
		"SELECT 1 FROM patients WHERE id > 5", "SELECT 1 FROM patients WHERE (name, 1) > ('x', 1)",
		"SELECT 1 FROM patients p, visits v WHERE p.id < p.mrn", "SELECT DISTINCT ON (name) sex FROM patients",
	} {
		if p, r := analyze(sql, clinicCatalog(t), clinicPolicy(t, Options{}), clinicSession()); r == nil {
			t.Errorf("accepted: %s", p.SQL)
		}
	}
}
