package analysis

import (
	"regexp"
	"strings"
	"testing"
)

// seeds are the sub-selects that compute a seed.
var seeds = regexp.MustCompile(`\(SELECT pg_catalog\.hashtextextended\(pg_catalog\.current_setting\('[a-z0-9_.]+'\), '-?[0-9]+'\)\)`)

// TestOwnOrder holds where an order of Veil's own is put, and where it must not be.
func TestOwnOrder(t *testing.T) {
	const hash = `pg_catalog\.hashtextextended\(`
	const record = hash + `pg_catalog\.replace\(`
	const column = `[a-z0-9_]+\.[a-z0-9_]+`
	for _, c := range []struct {
		name, sql string
		want      []string
		none      bool
	}{
		{"groups", "SELECT patient_id FROM visits GROUP BY patient_id", []string{"ORDER BY " + hash}, false},
		{"ties of another order", "SELECT patient_id, count(*) FROM visits GROUP BY 1 ORDER BY 2 LIMIT 3", []string{"ORDER BY 2, " + hash}, false},
		{"distinct", "SELECT DISTINCT patient_id FROM visits", []string{"SELECT DISTINCT", "ORDER BY " + record}, false},
		{"union", "SELECT patient_id FROM visits UNION SELECT id FROM patients", []string{"ORDER BY " + record}, false},
		{"partitions", "SELECT count(*) OVER (PARTITION BY patient_id) FROM visits", []string{"ORDER BY " + hash}, false},
		{"numbered groups", "SELECT patient_id, row_number() OVER () FROM visits GROUP BY patient_id", []string{`OVER \(ORDER BY ` + hash}, false},
		{"numbered beside a partition", "SELECT row_number() OVER (ORDER BY days), count(*) OVER (PARTITION BY patient_id) FROM visits", []string{`OVER \(ORDER BY ` + column + ", " + hash}, false},
		{"a named window", "SELECT row_number() OVER w, count(*) OVER (PARTITION BY patient_id) FROM visits WINDOW w AS (ORDER BY days)", []string{`OVER \(ORDER BY ` + column + ", " + hash}, false},
		{"within the partition itself", "SELECT patient_id, lag(days) OVER (PARTITION BY patient_id ORDER BY days) FROM visits", []string{` ORDER BY ` + column + `\) AS lag`}, false},
		{"limited in a sub-select", "SELECT count(*) FROM (SELECT DISTINCT patient_id FROM visits LIMIT 3) x", []string{"ORDER BY " + record, "LIMIT 3"}, false},
		{"limited in IN", "SELECT sex FROM patients WHERE id IN (SELECT patient_id FROM visits GROUP BY 1 LIMIT 3)", []string{"ORDER BY " + hash}, false},
		{"IN needs none", "SELECT sex FROM patients WHERE id IN (SELECT patient_id FROM visits GROUP BY 1)", nil, true},
		{"clear groups need none", "SELECT ward, count(*) FROM visits GROUP BY 1", nil, true},
		{"UNION ALL needs none", "SELECT patient_id FROM visits UNION ALL SELECT id FROM patients", nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := planOf(t, c.sql)
			sql := seeds.ReplaceAllString(p.SQL, "seed")
			for _, w := range c.want {
				if !regexp.MustCompile(w).MatchString(sql) {
					t.Errorf("want %s in\n%s", w, sql)
				}
			}
			if c.none && regexp.MustCompile(hash).MatchString(sql) {
				t.Errorf("an order that no one needs:\n%s", p.SQL)
			}
		})
	}
	for _, sql := range []string{
		"SELECT patient_id, first_value(patient_id) OVER () FROM visits GROUP BY patient_id",
		"SELECT array_agg(days) OVER (), count(*) OVER (PARTITION BY patient_id) FROM visits",
		"SELECT DISTINCT patient_id FROM visits ORDER BY days",
		"SELECT patient_id, count(*) AS n FROM visits GROUP BY 1 ORDER BY n FETCH FIRST 3 ROWS WITH TIES",
	} {
		if p, r := analyze(sql, clinicCatalog(t), clinicPolicy(t, Options{}), clinicSession()); r == nil {
			t.Errorf("accepted: %s", p.SQL)
		}
	}
}

// TestScansShowNoOrder holds that a wrapper keeps PostgreSQL from an index-only scan,
// whose rows come in the originals' order.
func TestScansShowNoOrder(t *testing.T) {
	if p := planOf(t, "SELECT id FROM patients"); !strings.Contains(p.SQL, "tableoid IS NOT NULL") {
		t.Error(p.SQL)
	}
}

// TestNamesAreVeilsOwn holds that no alias or WITH name of the statement reaches
// PostgreSQL.
func TestNamesAreVeilsOwn(t *testing.T) {
	p := planOf(t, "WITH mine AS (SELECT id AS theirs FROM patients his) SELECT hers.theirs, g FROM mine hers, LATERAL (SELECT 1 AS one) its, generate_series(1, 2) g")
	for _, name := range []string{"mine", "his", "hers.", "its"} {
		if strings.Contains(p.SQL, name) && name != "his" || strings.Contains(p.SQL, " his ") {
			t.Errorf("%s is in\n%s", name, p.SQL)
		}
	}
	if p.Columns[0].Name != "theirs" || p.Columns[1].Name != "g" {
		t.Errorf("%+v", p.Columns)
	}
}
