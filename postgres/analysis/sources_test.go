package analysis

import (
	"fmt"
	"strings"
	"testing"
)

// TestSourcesOfColumns says which column of a relation RowDescription names for each column of
// a result: the one that PostgreSQL would name if the tables were stored masked.
func TestSourcesOfColumns(t *testing.T) {
	t.Parallel()
	c := clinicCatalog(t)
	for sql, want := range map[string]string{
		"SELECT id, sex, zip FROM patients":                                                 "patients.1 patients.7 patients.9",
		"SELECT p.mrn AS m, (p.born) FROM patients p ORDER BY p.height LIMIT 3":             "patients.2 patients.5",
		"SELECT * FROM visits_2024 LIMIT 1":                                                 "visits_2024.1 visits_2024.2 visits_2024.3 visits_2024.4 visits_2024.5 visits_2024.6 visits_2024.7 visits_2024.8 visits_2024.9 visits_2024.10",
		"SELECT x.i FROM (SELECT id AS i FROM patients) x":                                  "patients.1",
		"WITH x AS (SELECT mrn, height FROM patients) SELECT * FROM x":                      "patients.2 patients.8",
		"WITH RECURSIVE x AS (SELECT floor FROM wards UNION SELECT floor FROM x) TABLE x":   "-",
		"SELECT ward FROM visits JOIN wards USING (ward)":                                   "visits.5",
		"SELECT ward FROM visits RIGHT JOIN wards USING (ward)":                             "wards.1",
		"SELECT ward FROM visits FULL JOIN wards USING (ward)":                              "-",
		"SELECT id FROM patients UNION ALL SELECT patient_id FROM visits":                   "-",
		"SELECT sex FROM patients INTERSECT SELECT ward FROM visits":                        "-",
		"SELECT sex, count(*), max(height) FROM patients GROUP BY sex":                      "patients.7 - -",
		"SELECT id::text, mrn::text, mrn::varchar, mrn::varchar(64) FROM patients":          "patients.1 patients.2 - -",
		"SELECT id, sex FROM v_patients":                                                    "v_patients.1 v_patients.4",
		"SELECT w.id FROM v_women w":                                                        "v_women.1",
		"SELECT (SELECT sex FROM patients LIMIT 1), coalesce(height, 0), 1 FROM patients":   "- - -",
		"SELECT ward || '', lower(ward) FROM wards":                                         "- -",
		"SELECT DISTINCT id FROM patients":                                                  "patients.1",
		"SELECT * FROM (VALUES (1)) v(x)":                                                   "-",
		"SELECT (pressure).systolic FROM visits":                                            "-",
		"SELECT p.id, v.uid FROM patients p LEFT JOIN visits v ON v.patient_id = p.id":      "patients.1 visits.1",
		"SELECT j.i FROM (patients p JOIN visits v ON v.patient_id = p.id) AS j(i)":         "patients.1",
		"SELECT relname FROM pg_class":                                                      "pg_class.2",
		"SELECT id FROM patients p WHERE EXISTS (SELECT FROM visits WHERE patient_id = id)": "patients.1",
	} {
		p := planOf(t, sql)
		var got []string
		for _, col := range p.Columns {
			name := "-"
			if r := c.Relation(col.Source.Table); r != nil {
				name = fmt.Sprintf("%s.%d", r.Name, col.Source.Column)
			}
			got = append(got, name)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s:\n got %s\nwant %s", sql, s, want)
		}
	}
}
