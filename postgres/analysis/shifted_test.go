package analysis

import (
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
)

// TestShiftedInSQL holds that what a keyed date does not allow is done with the date as SQL
// masks it, and that no statement has a key.
func TestShiftedInSQL(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"SELECT 1 FROM visits WHERE seen > '2024-01-01'",
		"SELECT 1 FROM visits WHERE seen BETWEEN $1 AND $2",
		"SELECT a.seen::date - b.seen::date FROM visits a JOIN visits b ON a.patient_id = b.patient_id",
		"SELECT 1 FROM visits a JOIN visits b ON a.patient_id = b.patient_id AND b.seen < a.seen + interval '1 month'",
		"SELECT ward FROM visits ORDER BY seen",
		"SELECT date_trunc('month', seen), count(*) FROM visits GROUP BY 1",
		"SELECT min(seen), max(age(seen)) FROM visits",
		"SELECT seen FROM visits",
		"SELECT DISTINCT seen FROM visits",
		"SELECT seen FROM visits UNION SELECT now()",
		"SELECT lead(seen) OVER (ORDER BY seen) FROM visits TABLESAMPLE SYSTEM (10)",
		"SELECT seen IN (SELECT seen FROM visits_2024) FROM visits LIMIT 5",
		"WITH v AS (SELECT * FROM visits) SELECT coalesce(seen, now()), patient_id FROM v",
		"COPY (SELECT seen FROM visits ORDER BY seen) TO STDOUT",
		"DECLARE c CURSOR FOR SELECT seen FROM visits WHERE seen > now()",
		"PREPARE p AS SELECT seen FROM visits WHERE seen > $1",
	} {
		p := planOf(t, sql)
		if !strings.Contains(p.SQL, "sha512") {
			t.Errorf("%s: the date is not masked in SQL: %s", sql, p.SQL)
		}
		for name, value := range clinicPolicy(t, Options{}).SessionKeys() {
			secret, err := hex.DecodeString(strings.TrimPrefix(value, `\x`))
			if err != nil || len(secret) != hashBlock && name != orderSetting {
				t.Fatalf("%s is no block of a hash", name)
			}
			if strings.Contains(p.SQL, value[2:20]) || strings.Contains(p.SQL, string(secret[:8])) {
				t.Errorf("%s: a key is in the statement", sql)
			}
		}
		if bare := regexp.MustCompile(`[^.\w]seen (AS|>|<|IN)`).FindString(reaches.ReplaceAllString(p.SQL, "")); bare != "" {
			t.Errorf("%s: the original is used: %q in %s", sql, bare, p.SQL)
		}
	}
	for _, sql := range []string{
		"SELECT seen - lag(seen) OVER (PARTITION BY patient_id ORDER BY seen) FROM visits",
		"SELECT count(seen) FROM visits",
		"SELECT 1 FROM visits a JOIN visits b ON a.patient_id = b.patient_id AND b.seen < a.seen + interval '30 days'",
	} {
		if p := planOf(t, sql); strings.Contains(p.SQL, "sha512") {
			t.Errorf("%s: a hash is computed for what is the same of the originals: %s", sql, p.SQL)
		}
	}
}

// reaches is how far an original may be from a bound.
var reaches = regexp.MustCompile(`seen [<>]= CASE WHEN [^%]* \+?-? '36[78] days'::interval ELSE '-?infinity'::timestamp with time zone END`)

// TestSettingsOfKeysAreHidden holds that a statement cannot read what the session has of
// keys, whatever it calls it.
func TestSettingsOfKeysAreHidden(t *testing.T) {
	t.Parallel()
	p := clinicPolicy(t, Options{Functions: []string{"clinic.age_years"}})
	if len(p.SessionKeys()) == 0 {
		t.Fatal("there are no keys")
	}
	// Where the name is computed, PostgreSQL reads settings of another prefix.
	plan, r := analyze("SELECT current_setting(ward) FROM visits", clinicCatalog(t), p, clinicSession())
	if r != nil || !strings.Contains(plan.SQL, "current_setting('veil.' || ") {
		t.Errorf("%v: %v", plan, r)
	}
	for name := range p.SessionKeys() {
		if !strings.HasPrefix(name, "veilkey.") {
			t.Errorf("a setting is called %s", name)
		}
		for _, sql := range []string{
			"SHOW " + name,
			"SHOW ALL",
			"SELECT current_setting('" + name + "')",
			"SELECT current_setting('" + strings.ToUpper(name) + "', true)",
			"SELECT set_config('" + name + "', '', false)",
			"SELECT set_config('application_name', current_setting('" + name + "'), false)",
			"SET " + name + " = ''",
			"SET LOCAL " + name + " TO DEFAULT",
			"RESET " + name,
			"SELECT query_to_xml('SHOW " + name + "', true, false, '')",
			"SELECT * FROM pg_show_all_settings()",
			"SELECT * FROM pg_file_settings",
			"SELECT setting FROM pg_catalog.pg_settings WHERE pg_settings_get_flags(name) IS NOT NULL",
			"CREATE FUNCTION f() RETURNS int LANGUAGE sql SET " + name + " FROM CURRENT AS 'SELECT 1'",
		} {
			plan, r := analyze(sql, clinicCatalog(t), p, clinicSession())
			if r == nil && (strings.Contains(strings.ToLower(plan.SQL), name) || strings.Contains(plan.SQL, "current_setting(")) {
				t.Errorf("%s: not refused: %s", sql, plan.SQL)
			}
		}
	}
}
