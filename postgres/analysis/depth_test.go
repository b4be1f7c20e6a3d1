package analysis

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestDeepStatements holds that no statement overflows the parser's stack, after which
// the parser would answer no one any more, and that long ones that are flat pass.
func TestDeepStatements(t *testing.T) {
	if !veiltest.Alone(t) {
		return
	}
	many := strings.Repeat
	for _, c := range []struct {
		name, sql string
		refused   bool
	}{
		{"sum", "SELECT 1" + many("+1", 6000), true},
		{"sum of constants", "SELECT 'a'" + many("||'a'", 6000), true},
		{"sum with spaces", "SELECT 1" + many(" + 1", 30000), true},
		{"sum around strings with brackets", "SELECT 1" + many("+1", 900) + many(" + length(')') + length(',') + length('(')", 1900), true},
		{"sum around comments", "SELECT 1" + many("/*)*/+/*,*/1", 6000), true},
		{"sum around quoted names", `SELECT 1` + many(`+"a,b)"`, 6000), true},
		{"sum in brackets, again and again", "SELECT " + many("(", 250) + "1" + many("+1+1+1+1+1+1+1+1+1+1+1+1+1)", 250), true},
		{"signs", "SELECT " + many("- ", 6000) + "1", true},
		{"negations", "SELECT " + many("NOT ", 6000) + "true", true},
		{"casts", "SELECT 1" + many("::int", 6000), true},
		{"collations", "SELECT 'a'" + many(` COLLATE "C"`, 6000), true},
		{"time zones", "SELECT now()" + many(" AT TIME ZONE 'UTC'", 6000), true},
		{"tests", "SELECT true" + many(" IS TRUE IS NULL", 6000), true},
		{"cases", "SELECT " + many("CASE WHEN true THEN ", 3000) + "1" + many(" END", 3000), true},
		{"unions", "SELECT 1" + many(" UNION ALL SELECT 1, 2", 3000), true},
		{"joins", "SELECT 1 FROM a" + many(" JOIN a ON b = 1 AND c = 2", 3000), true},
		{"brackets", "SELECT " + many("(", 5000) + "1" + many(")", 5000), true},
		{"list", "SELECT 1 WHERE a IN ('x'" + many(", 'y-z'", 20000) + ")", false},
		{"conditions", "SELECT 1 WHERE a = 1" + many(" OR a = 1 AND NOT b = 2", 10000), false},
		{"targets", "SELECT a.b" + many(", x.y + 1", 10000), false},
		{"rows", "VALUES (1 + 1)" + many(", (1 + 1)", 10000), false},
		{"statements", "SELECT 1 + 1" + many("; SELECT 1 + 1", 10000), false},
		{"a long text", "SELECT '" + many("+ ( [ , ", 20000) + "'", false},
		// Deep ones come last: after them the parser is slow.
		{"short and as deep as can be", "SELECT 1" + many("+1", 2000), false},
		{"short signs", "SELECT " + many("- ", 2000) + "1", false},
		{"short negations", "SELECT " + many("NOT ", 1000) + "true", false},
		{"sum at the limit", "SELECT 1" + many("  +1", 2980), false},
		{"signs at the limit", "SELECT " + many("-  ", 2980) + "1", false},
		{"negations at the limit", "SELECT " + many("NOT ", 2980) + "true", false},
		{"casts at the limit", "SELECT 1" + many("::int", 2980), false},
		{"collations at the limit", "SELECT 'a'" + many(` COLLATE "C"`, 2980), false},
		{"time zones at the limit", "SELECT now()" + many(" AT TIME ZONE 'UTC'", 2980), false},
		{"tests at the limit", "SELECT (true" + many(" IS TRUE", 1) + ")" + many("::bool::text COLLATE a", 990), false},
		{"cases at the limit", "SELECT " + many("CASE WHEN x THEN ", 980) + "1" + many(" END", 980), false},
		{"unions at the limit", "SELECT 1" + many(" UNION ALL SELECT 1", 980), false},
		{"joins at the limit", "SELECT 1 FROM a" + many(" JOIN a ON b", 980), false},
		{"comparisons in a case", "SELECT CASE" + many(" WHEN a.b = 1 THEN 2", 1400) + " END", false},
		{"deep and long", "SELECT 1" + many(" + 1", 990) + " /* " + many("x", 8000) + " */", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, refusal := parse(c.sql)
			if got := refusal != nil && refusal.Code == codeLimit; got != c.refused || refusal != nil && refusal.Reason == "internal" {
				t.Errorf("refused: %v (%+v), want %v", got, refusal, c.refused)
			}
			// The analysis has the parser read the text again, for its fingerprint.
			if _, refusal := analyze(c.sql, clinicCatalog(t), clinicPolicy(t, Options{}), clinicSession()); refusal != nil && (refusal.Reason == "internal" || refusal.Code == "XX000") {
				t.Errorf("analysis: %+v", refusal)
			}
			if _, refusal := parse("SELECT id, sex FROM patients WHERE a = 1 AND (b = 'x' OR c)"); refusal != nil {
				t.Fatalf("the parser is broken: %+v", refusal)
			}
		})
	}
}
