package analysis

import (
	"strings"
	"testing"
)

// TestBracketsAroundAnyExpression holds that each kind of expression can have subscripts,
// fields and operators around it: what the rewritten text loses is put back.
func TestBracketsAroundAnyExpression(t *testing.T) {
	t.Parallel()
	arrays := []string{
		"ARRAY[1, 2]", "CASE WHEN true THEN ARRAY[1] END", "coalesce(ARRAY[1], ARRAY[2])", "greatest(ARRAY[1], ARRAY[2])", "ARRAY(SELECT 1)", "(SELECT ARRAY[1])", "array_agg(ward)",
		"'{1,2}'::int[]", "ARRAY[1] || 2", "nullif(ARRAY[1], ARRAY[2])", "$1::int[]", "ARRAY[[1,2],[3,4]][1:1]", "CASE 1 WHEN 1 THEN ARRAY[1] ELSE ARRAY[2] END", "string_to_array('a,b', ',')",
		"ARRAY[NULL::regclass, 1::oid]", "CASE WHEN true THEN ARRAY[NULL::regtype] ELSE ARRAY[1::oid] END", "least(ARRAY[1])", "max(ARRAY[1]) OVER ()", "count(*) FILTER (WHERE true) || ARRAY[1]",
	}
	for _, e := range arrays {
		for _, form := range []string{"(%)[1]", "(%)[1:2]", "((%)[1])::text", "cardinality(%)", "(%) IS NULL", "NOT (%) IS NOT NULL", "(%) = ANY (ARRAY[%])", "- (%)[1]", "(%)::text COLLATE \"C\"", "((%)[1] IS NULL) IS TRUE", "CASE (%)[1] WHEN NULL THEN 1 END", "(%) IS DISTINCT FROM (%)", "((%)[1], (%)[2])", "(%)[(ARRAY[1, 2])[1]]"} {
			sql := "SELECT " + strings.ReplaceAll(form, "%", e) + " FROM wards"
			if _, r := analyze(sql, clinicCatalog(t), clinicPolicy(t, Options{}), clinicSession()); r != nil && r.Code == "XX000" {
				t.Errorf("%s: %v", sql, r)
			}
		}
	}
	_, r := analyze("SELECT (ARRAY[NULL::regclass, g::oid])[2] FROM generate_series(1, 9) g", clinicCatalog(t), clinicPolicy(t, Options{}), clinicSession())
	if r != nil {
		t.Error(r)
	}
}
