package analysis

import (
	"fmt"
	"strings"
	"testing"
)

// computedRules are the clinic's with pseudonyms and noise that SQL can mask.
var computedRules = strings.NewReplacer("shape: same, domain: mrn", "domain: mrn", "method: round, to: \"10\"", "method: noise, within: \"10\", entity: patient_id").Replace(clinicRules)

// TestComputedInSQL holds that what a keyed pseudonym or number with noise does not allow
// is done with it as SQL masks it, and that nothing else is hashed.
func TestComputedInSQL(t *testing.T) {
	t.Parallel()
	for _, rules := range []string{computedRules, strings.Replace(computedRules, "domain: mrn", "shape: same, domain: mrn", 1)} {
		computedUnder(t, policyOf(t, rules, Options{}))
	}
}

func computedUnder(t *testing.T, policy *Policy) {
	t.Helper()
	for sql, hashed := range map[string]bool{
		"SELECT 1 FROM patients WHERE mrn LIKE 'a%'":                                       true,
		"SELECT 1 FROM patients WHERE mrn = $1":                                            true,
		"SELECT 1 FROM patients WHERE mrn > 'x' ORDER BY mrn LIMIT 10":                     true,
		"SELECT mrn FROM patients ORDER BY mrn":                                            true,
		"SELECT min(mrn), string_agg(mrn, ',') FROM patients":                              true,
		"SELECT upper(mrn), to_jsonb(mrn) FROM patients":                                   true,
		"SELECT mrn::varchar AS m FROM patients ORDER BY 1":                                true,
		"SELECT max(m) FROM (SELECT mrn::varchar AS m FROM patients) AS t":                 true,
		"SELECT m FROM (SELECT mrn::varchar AS m FROM patients) AS t WHERE m LIKE 'a%'":    true,
		"SELECT avg(cost) FROM visits":                                                     true,
		"SELECT cost + 1 FROM visits WHERE cost > 10":                                      true,
		"SELECT mrn, count(*) FROM patients GROUP BY mrn":                                  false,
		"SELECT count(DISTINCT mrn) FROM patients":                                         false,
		"SELECT a.sex FROM patients a JOIN patients b ON a.mrn = b.mrn":                    false,
		"SELECT mrn FROM patients WHERE mrn IS NOT NULL":                                   false,
		"SELECT cost FROM visits WHERE cost IS NOT NULL":                                   false,
		"SELECT mrn FROM patients UNION ALL SELECT mrn FROM patients WHERE sex = 'female'": false,
	} {
		p, refusal := analyze(sql, clinicCatalog(t), policy, clinicSession())
		if refusal != nil {
			t.Errorf("%s: %s", sql, refusal.Message)
			continue
		}
		if got := strings.Contains(p.SQL, "sha512"); got != hashed {
			t.Errorf("%s: hashed is %t, want %t: %s", sql, got, hashed, p.SQL)
		}
	}
}

// TestMostKeysOfHashes holds that a session has a bounded number of keys, those of dates and
// numbers first.
func TestMostKeysOfHashes(t *testing.T) {
	t.Parallel()
	var more strings.Builder
	for i := range mostHashKeys + 3 {
		fmt.Fprintf(&more, "    - {id: more-%[1]d, match: {table: more, column: c%[1]d}, method: pseudonym, domain: more-%[1]d}\n", i)
	}
	p := policyOf(t, strings.Replace(computedRules, "  rules:\n", "  rules:\n"+more.String(), 1), Options{})
	if got := len(p.SessionKeys()); got != 2*mostHashKeys+1 {
		t.Errorf("%d settings, want %d", got, 2*mostHashKeys+1)
	}
	for _, sql := range []string{"SELECT avg(cost) FROM visits", "SELECT date_trunc('day', seen) FROM visits"} {
		if _, refusal := analyze(sql, clinicCatalog(t), p, clinicSession()); refusal != nil {
			t.Errorf("%s: %s", sql, refusal.Message)
		}
	}
	if _, refusal := analyze("SELECT 1 FROM patients WHERE mrn LIKE 'a%'", clinicCatalog(t), p, clinicSession()); refusal == nil {
		t.Error("a pseudonym without a key is computed")
	}
}
