package analysis

import (
	"strings"
	"testing"

	pgquery "github.com/wasilibs/go-pgquery"
	"google.golang.org/protobuf/proto"
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

// TestBracketsBetweenOperators: an expression in brackets stays one, inside any other.
func TestBracketsBetweenOperators(t *testing.T) {
	t.Parallel()
	forms := []string{
		"%s = 'a'", "'a' = %s", "%s <> 'a'", "%s < 'a'", "%s || 'a'", "'a' || %s", "- %s", "%s + 1", "1 - %s", "2 ^ %s", "%s IS NULL", "%s IS NOT NULL", "%s IS TRUE", "%s IS NOT UNKNOWN", "%s IS DISTINCT FROM 'a'", "'a' IS NOT DISTINCT FROM %s",
		"NOT %s", "%s AND true", "true OR %s", "%s LIKE 'a'", "'a' LIKE %s", "%s NOT ILIKE 'a' ESCAPE '!'", "%s SIMILAR TO 'a'", "%s ~ 'a'", "%s BETWEEN 'a' AND 'b'", "'a' BETWEEN %s AND 'b'", "'a' NOT BETWEEN 'b' AND %s", "%s BETWEEN SYMMETRIC 1 AND 2", "%s IN ('a', 'b')", "'a' NOT IN (%s, 'b')", "%s = ANY (ARRAY['a'])", "'a' = ALL (ARRAY[%s])",
		"%s::text", "CAST(%s AS text)", "%s COLLATE \"C\"", "%s AT TIME ZONE 'UTC'", "CASE %s WHEN true THEN 1 ELSE 2 END", "CASE WHEN %s THEN 1 END", "CASE WHEN true THEN %s END", "ROW(%s, 1) = ROW('a', 1)", "(%s, 1) < ('a', 2)", "ROW(%s)", "ARRAY[%s]", "coalesce(%s, true)", "nullif(%s, true)", "%s IN (SELECT ward FROM wards)", "%s = ANY (SELECT ward FROM wards)", "EXISTS (SELECT %s)", "extract(year FROM %s)", "overlay(%s PLACING 'a' FROM 1)", "substring(%s FROM 1 FOR 2)", "position(%s IN 'a')", "%s IS DOCUMENT", "(%s, true) OVERLAPS (true, true)",
	}
	c, p := clinicCatalog(t), clinicPolicy(t, Options{})
	for _, outer := range forms {
		for _, inner := range forms {
			x := "(" + strings.ReplaceAll(inner, "%s", "ward") + ")"
			sql := "SELECT " + strings.ReplaceAll(outer, "%s", x) + " FROM wards"
			if _, r := analyze(sql, c, p, clinicSession()); r != nil && r.Code == "XX000" {
				t.Errorf("%s: %v", sql, r)
			}
		}
	}
}

// TestBracketsChangeNoTree: statements that are written at the same time share parts of their
// trees, so that brackets are put into a copy.
func TestBracketsChangeNoTree(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{"SELECT (NOT a) IS NULL", "SELECT (CASE WHEN a THEN b END)[1]", "SELECT (a = b) BETWEEN (NOT c) AND (d OR e)", "SELECT (a IS NULL) = ANY (SELECT b)", "SELECT - (a AT TIME ZONE 'UTC')"} {
		tree, err := withParser(pgquery.Parse, sql)
		if err != nil {
			t.Fatal(err)
		}
		n := tree.Stmts[0].Stmt
		before := proto.Clone(n)
		a := &analysis{tag: "t"}
		if own := a.bracket(n); proto.Equal(own, before) || !proto.Equal(n, before) {
			t.Errorf("%s: %v", sql, n)
		}
	}
}
