package sqltest

import (
	"slices"
	"strconv"
	"testing"
)

// TestOrderTellsNothing holds that what groups, compares and numbers sealed values
// does not bring them in the order of their originals. PostgreSQL sorts for much of
// this, and the place of a pseudonym among the others would be the place of its
// original.
//
// Each query has a patient's id first; the place of a row is its second column
// where there is one that is called place, and the order of arrival otherwise. The
// test opens the ids and counts how often a neighbour's original is greater: half
// the time, if the order tells nothing.
func TestOrderTellsNothing(t *testing.T) {
	h := start(t)
	s := connect(t, h.strong.dsn())
	defer s.close()
	keys, slot := h.policy.Keys.NewPseudonymizer(), h.policy.Keys.SealSlot("Patient")
	for _, tt := range []struct{ name, query string }{
		{"distinct", "SELECT DISTINCT patient_id FROM clinic.encounters"},
		{"distinct of two", "SELECT DISTINCT patient_id, class FROM clinic.encounters"},
		{"group by", "SELECT patient_id FROM clinic.encounters GROUP BY patient_id"},
		{"group by, sorted for a distinct count", "SELECT patient_id, count(DISTINCT class) FROM clinic.encounters GROUP BY patient_id"},
		{"group by two", "SELECT patient_id, class FROM clinic.encounters GROUP BY patient_id, class"},
		{"rollup", "SELECT patient_id, class FROM clinic.encounters GROUP BY ROLLUP (patient_id, class) HAVING grouping(class) = 0"},
		{"ties of another order", "SELECT patient_id, count(*) FROM clinic.encounters GROUP BY patient_id ORDER BY 2"},
		{"union", "SELECT patient_id FROM clinic.encounters UNION SELECT patient_id FROM clinic.claims"},
		{"intersect", "SELECT patient_id FROM clinic.encounters INTERSECT SELECT patient_id FROM clinic.claims"},
		{"except", "SELECT patient_id FROM clinic.claims EXCEPT SELECT patient_id FROM clinic.encounters WHERE class = 'EMER'"},
		{"distinct in a sub-select", "SELECT patient_id FROM (SELECT DISTINCT patient_id FROM clinic.encounters OFFSET 0) x"},
		{"distinct in a CTE", "WITH x AS MATERIALIZED (SELECT DISTINCT patient_id FROM clinic.encounters) SELECT patient_id FROM x"},
		{"recursive CTE", "WITH RECURSIVE r AS (SELECT patient_id FROM clinic.encounters UNION SELECT patient_id FROM r WHERE false) SELECT patient_id FROM r"},
		{"window partition", "SELECT patient_id, count(*) OVER (PARTITION BY patient_id) FROM clinic.encounters"},
		{"two windows", "SELECT patient_id, count(*) OVER (PARTITION BY patient_id), count(*) OVER (PARTITION BY class) FROM clinic.encounters"},
		{"numbered groups", "SELECT patient_id, row_number() OVER () AS place FROM clinic.encounters GROUP BY patient_id"},
		{"numbered groups, sorted", "SELECT patient_id, row_number() OVER () AS place, count(DISTINCT class) FROM clinic.encounters GROUP BY patient_id"},
		{"numbered beside a partition", "SELECT patient_id, row_number() OVER () AS place, count(*) OVER (PARTITION BY patient_id) FROM clinic.encounters"},
		{"numbered beside another's partition", "SELECT patient_id, row_number() OVER () AS place, count(*) OVER (PARTITION BY member_no) FROM clinic.claims"},
		{"numbered distinct", "SELECT patient_id, row_number() OVER () AS place FROM (SELECT DISTINCT patient_id FROM clinic.encounters) x"},
		{"numbered union", "SELECT patient_id, row_number() OVER () AS place FROM (SELECT patient_id FROM clinic.encounters UNION SELECT patient_id FROM clinic.claims) x"},
		{"counted rows before", "SELECT patient_id, count(*) OVER (ROWS UNBOUNDED PRECEDING) AS place FROM (SELECT patient_id, count(DISTINCT class) FROM clinic.encounters GROUP BY patient_id) x"},
		{"join on the id", "SELECT p.id FROM clinic.patients p JOIN clinic.claims c ON c.patient_id = p.id GROUP BY p.id"},
		{"in a sub-select", "SELECT DISTINCT patient_id FROM clinic.claims WHERE patient_id IN (SELECT patient_id FROM clinic.encounters)"},
		{"numbered by ctid's order of a sort", "SELECT patient_id, rank() OVER (ORDER BY class) AS place FROM clinic.encounters GROUP BY patient_id, class"},
		{"limit of distinct", "SELECT DISTINCT patient_id FROM clinic.encounters LIMIT 100"},
		{"by the id", "SELECT id FROM clinic.patients ORDER BY id"},
		{"by the id, backwards, NULLs first", "SELECT p.id FROM clinic.patients p LEFT JOIN clinic.encounters e ON e.patient_id = p.id ORDER BY e.patient_id DESC NULLS FIRST, p.id"},
		{"by a text made of the id", "SELECT id FROM clinic.patients ORDER BY id || ''"},
		{"by a text made of the id in a sub-select", "SELECT id FROM (SELECT id, 'P:' || id AS made FROM clinic.patients) p ORDER BY made"},
		{"ranked by a text made of the id", "SELECT id, rank() OVER (ORDER BY concat('P', id)) AS place FROM clinic.patients"},
		{"grouped by a text made of the id", "SELECT max(patient_id) FROM clinic.encounters GROUP BY 'P:' || patient_id"},
		{"distinct by a text made of the id", "SELECT DISTINCT patient_id, 'P:' || patient_id FROM clinic.encounters"},
		{"by the id under a collation", `SELECT id FROM clinic.patients ORDER BY id COLLATE "C"`},
		{"numbered by the id", "SELECT id, row_number() OVER (ORDER BY id) AS place FROM clinic.patients"},
		{"ranked by the id in groups", "SELECT patient_id, rank() OVER (ORDER BY patient_id) AS place FROM clinic.encounters GROUP BY patient_id"},
		{"counted up to the id", "SELECT p.id, (SELECT count(*) FROM clinic.patients q WHERE q.id <= p.id) AS place FROM clinic.patients p"},
		{"between two ids", "SELECT p.id, (SELECT count(*) FROM clinic.patients q WHERE q.id BETWEEN (SELECT min(id) FROM clinic.patients) AND p.id) AS place FROM clinic.patients p"},
		{"counted up to rows", "SELECT p.id, (SELECT count(*) FROM clinic.patients q WHERE (q.id, 1) <= (p.id, 1)) AS place FROM clinic.patients p"},
		{"the least of those after", "SELECT max(p.id) OVER (ORDER BY p.height_cm, p.weight_kg ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) FROM clinic.patients p"},
		{"the greatest of each", "SELECT max(patient_id), height_cm AS place FROM clinic.encounters JOIN clinic.patients p ON p.id = patient_id WHERE height_cm IS NOT NULL GROUP BY height_cm"},
		{"the first of each", "SELECT DISTINCT ON (patient_id) patient_id, department FROM clinic.encounters"},
		{"the first of each, by more", "SELECT DISTINCT ON (patient_id) patient_id, department FROM clinic.encounters ORDER BY patient_id DESC, department"},
	} {
		for _, set := range []string{"", "enable_hashagg", "enable_hashjoin", "enable_sort"} {
			name := tt.name
			if set != "" {
				name += " without " + set
			}
			t.Run(name, func(t *testing.T) {
				if set != "" {
					// Where the planner may be told how, the attacker tells it.
					s.run(modes[0], "SET "+set+" = off", nil)
					defer s.run(modes[0], "RESET "+set, nil)
				}
				a := s.run(modes[0], tt.query, nil)
				if a.err != nil {
					if refusals.MatchString(a.code()) {
						return
					}
					t.Fatal(a.said())
				}
				places := make([]int, 0, len(a.rows))
				byPlace := map[int]uint64{}
				for i, row := range a.rows {
					if row[0] == nil {
						continue
					}
					id, ok := keys.AppendOpened(nil, slot, row[0])
					if !ok {
						t.Fatalf("%s does not open", row[0])
					}
					n, err := strconv.ParseUint(string(id), 10, 64)
					if err != nil {
						t.Fatal("what opens is no id of a patient")
					}
					place := i
					if len(a.names) > 1 && a.names[1] == "place" {
						if place, err = strconv.Atoi(string(row[1])); err != nil {
							t.Fatal(err)
						}
					}
					if _, twice := byPlace[place]; !twice {
						places = append(places, place)
					}
					byPlace[place] = n
				}
				if len(places) < 50 {
					return // too few places to tell anything
				}
				if share := ascents(places, byPlace); share < 0.3 || share > 0.7 {
					t.Errorf("the original grows in %.0f%% of %d steps: its order shows", 100*share, len(places)-1)
				}
			})
		}
	}
}

// ascents is the share of steps, from place to place, in which the value grows.
func ascents(places []int, values map[int]uint64) float64 {
	sorted := slices.Sorted(slices.Values(places))
	up, steps := 0, 0
	for i := 1; i < len(sorted); i++ {
		a, b := values[sorted[i-1]], values[sorted[i]]
		if a == b {
			continue
		}
		steps++
		if a < b {
			up++
		}
	}
	return float64(up) / float64(max(1, steps))
}
