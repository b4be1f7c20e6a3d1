package analysis

import (
	"strings"
	"testing"
)

// TestNullsOfMadeValues holds that a value which Veil makes can be tested for NULL and counted
// by its parts, and only where PostgreSQL has what decides.
func TestNullsOfMadeValues(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"SELECT 1 FROM patients WHERE ('p' || id) IS NULL":                                    ".id IS NULL THEN ROW(",
		"SELECT count(lower(id::text)) FROM patients":                                         "CASE WHEN NOT ",
		"SELECT 1 FROM patients WHERE concat(id, 'x') IS NULL":                                " WHERE ROW(",
		"SELECT 1 FROM (SELECT 'p' || id AS ref FROM patients) x WHERE ref IS NULL":           ".id IS NULL THEN ROW(",
		"SELECT count(DISTINCT 'p' || id) FROM patients":                                      "count(DISTINCT CASE WHEN NOT ",
		"SELECT ward FROM visits GROUP BY 1 HAVING array_agg(patient_id) IS NOT NULL":         "array_agg",
		"SELECT string_agg(patient_id::text, ',') IS NULL FROM visits":                        "array_remove",
		"SELECT 1 FROM (SELECT array_agg(patient_id) AS ids FROM visits) x WHERE ids IS NULL": "array_agg",
	} {
		if p := planOf(t, sql); !strings.Contains(p.SQL, want) {
			t.Errorf("%s: no %s in %s", sql, want, p.SQL)
		}
	}
	for _, sql := range []string{
		"SELECT 1 FROM (SELECT string_agg(patient_id::text, ',') AS ids FROM visits) x WHERE ids IS NULL", // it was made elsewhere
		"SELECT count(DISTINCT lower(id::text)) FROM patients",
		"SELECT 1 FROM patients WHERE (aliases || 'x') IS NULL",
	} {
		if p, r := analyze(sql, clinicCatalog(t), clinicPolicy(t, Options{}), clinicSession()); r == nil {
			t.Errorf("accepted: %s", p.SQL)
		}
	}
}
