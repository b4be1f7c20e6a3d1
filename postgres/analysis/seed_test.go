package analysis

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/rulesets"
)

// TestNothingSecretInSQL holds that the SQL of a statement is the same under any key, but for
// the tag, which is another one each time: so nothing in it depends on a key.
func TestNothingSecretInSQL(t *testing.T) {
	t.Parallel()
	ring, err := keys.NewKeyring([]byte("another key than that of the tests"), "another")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := ruleset.Parse("test.yaml", []byte(clinicRules), masktest.Methods(t), rulesets.Open)
	if err != nil {
		t.Fatal(err)
	}
	masks, err := ruleset.NewPolicy(rules, masktest.Methods(t), ring)
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewPolicy(masks, Options{Explain: true, Document: upper{}})
	if err != nil {
		t.Fatal(err)
	}
	policy := clinicPolicy(t, Options{Explain: true, Document: upper{}})
	for name, value := range policy.SessionKeys() {
		if other.SessionKeys()[name] == value {
			t.Errorf("%s is the same under both keys", name)
		}
	}
	seeded := 0
	for _, sql := range []string{
		"SELECT * FROM patients", "SELECT * FROM visits", "TABLE patients",
		"SELECT id FROM patients LIMIT 10 OFFSET 20", "SELECT id FROM patients LIMIT $1", "SELECT * FROM visits TABLESAMPLE BERNOULLI (10) REPEATABLE (3)",
		"SELECT patient_id FROM visits GROUP BY 1", "SELECT DISTINCT patient_id, ward FROM visits ORDER BY ward", "SELECT id FROM patients UNION SELECT patient_id FROM visits",
		"SELECT patient_id FROM visits ORDER BY patient_id LIMIT 3", "SELECT min(id), max(mrn) FROM patients", "SELECT 1 FROM patients WHERE id > $1 ORDER BY id",
		"SELECT DISTINCT ON (patient_id) patient_id, days FROM visits ORDER BY patient_id, days", "SELECT row_number() OVER (PARTITION BY patient_id) FROM visits",
		"SELECT string_agg(ward, ',') FROM visits", "SELECT array_agg(patient_id) FROM visits", "SELECT count(*) FROM visits WHERE seen > now() - interval '1 year'",
		"SELECT p.sex, avg(v.days) FROM patients p LEFT JOIN visits v ON v.patient_id = p.id GROUP BY 1", "SELECT cost FROM visits WHERE cost > 10",
		"WITH RECURSIVE r AS (SELECT id, 1 AS n FROM patients UNION ALL SELECT id, n + 1 FROM r WHERE n < 3) SELECT * FROM r",
		"SELECT count(p.*), json_agg(p.sex) FROM patients p", "COPY patients TO STDOUT", "DECLARE c CURSOR FOR SELECT id FROM patients ORDER BY id",
		"PREPARE x AS SELECT id FROM patients LIMIT 3", "EXPLAIN SELECT id FROM patients LIMIT 3", "SELECT lower(mrn), doc FROM patients, visits",
	} {
		var texts []string
		for _, p := range []*Policy{policy, other} {
			plan, refusal := analyze(sql, clinicCatalog(t), p, clinicSession())
			if refusal != nil {
				t.Fatalf("%s: %v", sql, refusal)
			}
			texts = append(texts, strings.ReplaceAll(plan.SQL, string(plan.Tag), "tag"))
		}
		if texts[0] != texts[1] {
			t.Errorf("%s: the SQL depends on the key:\n%s\n%s", sql, texts[0], texts[1])
		}
		seeded += strings.Count(texts[0], orderSetting)
	}
	if seeded < 50 {
		t.Errorf("%d seeds in all: nothing was tested", seeded)
	}
}

// TestSeedsAreApart holds that each label, and each of its two seeds, has a number of its own,
// and that seeds of one label are alike in a tree and in a text.
func TestSeedsAreApart(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, label := range []string{"clinic.patients 1", "clinic.patients 2", "block of clinic.patients 1", "", "o'clock", `back\slash`} {
		for n := range 2 {
			if seen[seedFor(label, n)] {
				t.Errorf("%q: a number twice", label)
			}
			seen[seedFor(label, n)] = true
			if !sameTree(seed(label, n).ProtoReflect(), parseFragment(seedSQL(label, n)).ProtoReflect()) {
				t.Errorf("%q: another seed as a text", label)
			}
		}
	}
}
