package analysis

import (
	"regexp"
	"testing"
)

// TestRowsInSelect holds that rows of ids are looked for by the bare originals, which
// PostgreSQL can hash, and not by records.
func TestRowsInSelect(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"SELECT count(*) FROM visits v WHERE (v.patient_id, v.ward) IN (SELECT p.id, p.sex FROM patients p)",
		"SELECT count(*) FROM visits WHERE (patient_id, patient_id) NOT IN (SELECT id, id FROM patients)",
		"SELECT count(*) FROM visits WHERE (ward, patient_id) IN (SELECT sex, id FROM patients UNION ALL SELECT ward, patient_id FROM visits)",
	} {
		if p := planOf(t, sql); regexp.MustCompile(`\.(patient_id|id)\b`).MatchString(p.SQL) {
			t.Errorf("%s: records are compared: %s", sql, p.SQL)
		}
	}
}
