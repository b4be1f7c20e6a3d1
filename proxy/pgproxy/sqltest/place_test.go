package sqltest

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/mask/ruleset"
)

const placesRuleset = `veil: 1
name: places
extends: safe-harbor
tables:
  default: keep
  rules:
    - id: ids
      match: [{table: "*", column: id}, {table: "*", column: patient_id}]
      method: seal
      domain: Patient
    - id: births
      match: {table: "*", column: born}
      method: year
`

// placesPeople is how many rows each table has: enough that the planner weighs its
// ways. placesKinds is how many kinds they are spread over.
const (
	placesPeople = 101_000
	placesKinds  = 400
)

// placesTables hold the same people: in random order, in that of their ids, clustered
// by an index, and in parts by ranges of their ids. The tag is a name that is kept: the
// test knows whose it is.
var placesTables = []string{"shuffled", "dense", "clustered", "parts"}

func placesSchema() string {
	const columns = "(id bigint, patient_id bigint, kind int, born date, v float8, tag text)"
	const rows = ` SELECT i, i, ('x' || substr(md5(i || 'kind'), 1, 6))::bit(24)::int %% %d, date '1900-01-01' + i / 3, 1e16 / (i + 7), 't' || substr(md5(i::text), 1, 12)
		FROM generate_series(1, %d) i`
	var b strings.Builder
	b.WriteString("CREATE SCHEMA s;")
	for _, t := range placesTables {
		parts := ""
		if t == "parts" {
			parts = " PARTITION BY RANGE (id)"
		}
		fmt.Fprintf(&b, "CREATE TABLE s.%s %s%s;", t, columns, parts)
		if t == "parts" {
			for i := range 4 {
				fmt.Fprintf(&b, "CREATE TABLE s.part%d PARTITION OF s.parts FOR VALUES FROM (%d) TO (%d);", i, i*placesPeople/4+min(i, 1), (i+1)*placesPeople/4+1)
			}
		}
		fmt.Fprintf(&b, "INSERT INTO s.%s"+rows, t, placesKinds, placesPeople)
		if t != "dense" && t != "parts" {
			b.WriteString(" ORDER BY md5(i || 'load')")
		}
		fmt.Fprintf(&b, "; CREATE INDEX ON s.%s (kind, patient_id); CREATE INDEX %[1]s_by_patient ON s.%[1]s (patient_id, tag); CREATE INDEX ON s.%[1]s (born, tag); CREATE INDEX ON s.%[1]s (id);", t)
		fmt.Fprintf(&b, "CREATE VIEW s.v_%s AS SELECT kind, tag FROM s.%[1]s WHERE kind < 300; CREATE VIEW s.u_%[1]s AS SELECT kind, tag FROM s.%[1]s UNION ALL SELECT kind, tag FROM s.%[1]s;", t)
	}
	b.WriteString("CLUSTER s.clustered USING clustered_by_patient;")
	for _, t := range placesTables {
		fmt.Fprintf(&b, "ANALYZE s.%s;", t)
	}
	return b.String()
}

// placesQueries give tags in some order. {t} is the table. Where a column is called
// place it tells a row's place.
var placesQueries = []string{
	"SELECT tag FROM s.{t}",
	"SELECT patient_id, tag FROM s.{t} WHERE kind < 40",
	"SELECT born, tag FROM s.{t} WHERE kind < 40",
	"SELECT tag FROM s.{t} LIMIT 900",
	"SELECT tag FROM s.{t} LIMIT 250",
	"SELECT x.tag FROM (SELECT kind, tag, patient_id FROM s.{t}) x LIMIT 200 OFFSET 50",
	"SELECT tag FROM s.{t} LIMIT 300 OFFSET 500",
	"SELECT tag FROM s.{t} LIMIT 400 OFFSET 1900",
	"SELECT tag FROM s.{t} OFFSET 3000 LIMIT 900",
	"SELECT tag FROM s.{t} LIMIT 2500",
	"SELECT x.tag FROM (SELECT kind, tag, patient_id FROM s.{t}) x LIMIT 900",
	"SELECT tag FROM s.{t} ORDER BY kind OFFSET 300 FETCH FIRST 900 ROWS ONLY",
	"SELECT tag FROM s.{t} WHERE kind BETWEEN 3 AND 4 ORDER BY kind",
	"SELECT tag FROM s.{t} WHERE kind = 3 ORDER BY kind FETCH FIRST 1 ROWS WITH TIES",
	"SELECT tag, row_number() OVER () AS place FROM s.{t} WHERE kind < 20",
	"SELECT tag, row_number() OVER (ORDER BY kind) AS place FROM s.{t} WHERE kind < 20",
	"SELECT tag, count(*) OVER (PARTITION BY kind ROWS UNBOUNDED PRECEDING) AS place FROM s.{t} WHERE kind = 20",
	"SELECT tag, ntile(100000) OVER w AS place FROM s.{t} WHERE kind < 20 WINDOW w AS (ORDER BY kind)",
	"SELECT count(*) OVER (PARTITION BY kind), tag FROM s.{t} WHERE kind < 20",
	"SELECT array_agg(tag) FROM s.{t} WHERE kind < 20",
	"SELECT string_agg(tag, ',') FILTER (WHERE kind > 3) FROM s.{t} WHERE kind < 20 GROUP BY kind",
	"SELECT json_agg(tag ORDER BY kind) FROM s.{t} WHERE kind < 20",
	"SELECT kind, (SELECT string_agg(b.tag, ',') FROM s.{t} b WHERE b.kind = k.kind) FROM generate_series(1, 9) AS k (kind)",
	"SELECT ARRAY(SELECT tag FROM s.{t} WHERE kind < 20)",
	"SELECT tag, place FROM (SELECT tag, row_number() OVER () AS place FROM (SELECT tag FROM s.{t} WHERE kind < 20 OFFSET 0) x) y",
	"WITH c AS MATERIALIZED (SELECT tag, kind FROM s.{t} WHERE kind < 20) SELECT tag FROM c",
	"WITH c AS (SELECT tag, kind FROM s.{t} WHERE kind < 40 LIMIT 900) SELECT tag FROM c",
	"WITH RECURSIVE r (tag, n) AS (SELECT tag, 1 FROM s.{t} WHERE kind < 20 UNION ALL SELECT tag, n + 1 FROM r WHERE n < 2) SELECT tag FROM r WHERE n = 2",
	"SELECT l.tag FROM generate_series(0, 399) AS k, LATERAL (SELECT tag FROM s.{t} WHERE kind = k LIMIT 2) l",
	"SELECT p.tag FROM s.{t} v JOIN s.shuffled p ON p.id = v.patient_id WHERE v.kind IN (7, 9) LIMIT 200",
	"SELECT p.tag FROM s.{t} v LEFT JOIN s.{t} p ON p.id = v.patient_id WHERE v.kind < 10",
	"SELECT p.tag FROM s.shuffled p WHERE p.id IN (SELECT patient_id FROM s.{t} WHERE kind < 5)",
	"SELECT tag FROM s.{t} WHERE kind < 10 UNION ALL SELECT tag FROM s.{t} WHERE kind > 390",
	"SELECT tag FROM (SELECT tag, kind FROM s.{t} WHERE kind < 10 UNION ALL SELECT tag, kind FROM s.{t} WHERE kind > 390) u ORDER BY kind % 2",
	"SELECT tag FROM s.v_{t} WHERE kind < 20",
	"SELECT tag FROM s.v_{t} ORDER BY kind LIMIT 900",
	"SELECT tag FROM s.u_{t} WHERE kind < 10",
	"SELECT tag, row_number() OVER (ORDER BY kind % 2) AS place FROM s.u_{t} WHERE kind < 10",
	"BEGIN; DECLARE c CURSOR FOR SELECT tag FROM s.{t} WHERE kind < 100; FETCH 900 FROM c; COMMIT",
	"COPY (SELECT tag FROM s.{t} WHERE kind < 20) TO STDOUT",
	"SELECT tag FROM s.{t} TABLESAMPLE BERNOULLI (2)",
	"SELECT tag FROM s.{t} TABLESAMPLE SYSTEM (2) REPEATABLE (7)",
	"SELECT tag FROM s.{t} TABLESAMPLE SYSTEM (3)",
	"SELECT tag, (extract(epoch FROM clock_timestamp()) * 1000000)::int8 AS place FROM s.{t} WHERE kind < 20",
	"SELECT x.tag FROM s.v_{t} x, s.v_{t} y WHERE x.kind < 4 AND y.kind < 4 AND to_jsonb(y)->>'tag' = x.tag",
	"SELECT DISTINCT ON (kind) tag FROM s.{t} ORDER BY kind",
	"SELECT DISTINCT ON (kind % 2, kind) tag FROM s.{t} ORDER BY kind % 2",
	"SELECT kind, (array_agg(tag))[1] FROM s.{t} GROUP BY kind",
	"SELECT DISTINCT kind, first_value(tag) OVER (PARTITION BY kind) FROM s.{t}",
	"SELECT (SELECT tag FROM s.{t} WHERE kind = k LIMIT 1) FROM generate_series(0, 399) k",
	"SELECT tag FROM (SELECT tag, row_number() OVER (PARTITION BY kind ORDER BY kind % 2) AS n FROM s.{t}) x WHERE n = 1",
}

// placesPlans are ways to plan that the upstream's role may have.
var placesPlans = []string{
	"", "enable_seqscan=off", "enable_seqscan=off enable_bitmapscan=off", "enable_indexscan=off enable_indexonlyscan=off",
	"enable_hashjoin=off enable_nestloop=off", "enable_hashjoin=off", "enable_hashagg=off", "enable_sort=off enable_incremental_sort=off", "enable_material=off work_mem=64kB",
	"parallel_setup_cost=0 parallel_tuple_cost=0 min_parallel_table_scan_size=0 min_parallel_index_scan_size=0 debug_parallel_query=on",
}

var placesTag = regexp.MustCompile(`t[0-9a-f]{12}`)

// TestPlacesTellNothing holds that neither the order in which rows come, nor which of
// them come, depends on the order of their originals: rank correlation and mean rank
// are what chance gives, whatever the table, the statement and the plan.
func TestPlacesTellNothing(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "places")
	db.Exec(t, placesSchema())
	policy := masktest.Policy(t, placesRuleset)
	d := openListener(t, db.DSN(pgtest.Owner), policy, nil)
	ids := map[string]int{}
	for i := 1; i <= placesPeople; i++ {
		sum := md5.Sum([]byte(strconv.Itoa(i)))
		ids["t"+hex.EncodeToString(sum[:6])] = i
	}
	for i, plan := range placesPlans {
		for _, set := range strings.Fields(plan) {
			name, value, _ := strings.Cut(set, "=")
			if name == "debug_parallel_query" && pg.Major < 16 {
				name = "force_parallel_mode"
			}
			db.Exec(t, fmt.Sprintf("ALTER DATABASE places SET %s = '%s'", name, value))
		}
		s := connect(t, d.dsn())
		for k, q := range placesQueries {
			tables := placesTables
			if i > 0 && (i+k)%3 > 0 {
				continue
			}
			if i > 0 {
				tables = []string{placesTables[(i+k)%len(placesTables)]}
			}
			for _, table := range tables {
				sql := strings.ReplaceAll(q, "{t}", table)
				a := s.run(modes[0], sql, nil)
				if a.err != nil {
					t.Fatalf("%s: %s", sql, a.said())
				}
				found := placesOf(a, ids)
				if len(found) < 150 {
					t.Errorf("only %d tags\n  %s", len(found), sql)
				}
				if r, bound := correlation(found), 5/math.Sqrt(float64(len(found))); math.Abs(r) > bound {
					t.Errorf("the order shows: rank correlation %.3f of %d rows, chance gives up to %.3f\n  %s\n  with %q", r, len(found), bound, sql, plan)
				}
				if n, most := neighbours(found); n > most {
					t.Errorf("rows come with their neighbours: %d gaps are small, chance gives up to %d\n  %s\n  with %q", n, most, sql, plan)
				}
				if r, bound := meanRank(found), 1.5/math.Sqrt(float64(len(found))); math.Abs(r-0.5) > bound {
					t.Errorf("what comes shows the order: mean rank %.3f of %d rows, chance gives 0.5 within %.3f\n  %s\n  with %q", r, len(found), bound, sql, plan)
				}
			}
		}
		testPairs(t, s, placesTables[i%len(placesTables)], policy)
		s.close()
		db.Exec(t, "ALTER DATABASE places RESET ALL")
	}
}

// placesOf are the ids of the people of a response, in the order of their places.
func placesOf(a *answer, ids map[string]int) (out []int) {
	rows := a.rows
	if place := slices.Index(a.names, "place"); place >= 0 {
		number := func(row [][]byte) int { n, _ := strconv.Atoi(string(row[place])); return n }
		slices.SortStableFunc(rows, func(x, y [][]byte) int { return number(x) - number(y) })
	}
	text := append([]byte{}, a.copy...)
	for _, row := range rows {
		for _, cell := range row {
			text = append(append(text, cell...), ' ')
		}
	}
	for _, tag := range placesTag.FindAll(text, -1) {
		if id := ids[string(tag)]; id > 0 {
			out = append(out, id)
		}
	}
	return out
}

// testPairs asks for one of two people: it must not be the one with the smaller id.
func testPairs(t *testing.T, s *session, table string, p *ruleset.Policy) {
	t.Helper()
	keys, slot := p.Keys.NewPseudonymizer(), p.Keys.SealSlot("Patient")
	open := func(pseudonym []byte) int {
		id, _ := keys.AppendOpened(nil, slot, pseudonym)
		n, err := strconv.Atoi(string(id))
		if err != nil {
			t.Fatal("a pseudonym does not open")
		}
		return n
	}
	people := s.run(modes[0], "SELECT patient_id FROM s."+table+" WHERE kind < 10", nil).rows
	for _, q := range []string{
		"SELECT patient_id FROM s.%s WHERE patient_id IN ('%s', '%s') LIMIT 1",
		"SELECT patient_id, min(kind) FROM s.%s WHERE patient_id = ANY ('{%s,%s}') GROUP BY 1 LIMIT 1",
		"SELECT DISTINCT ON (tag > '') patient_id FROM s.%s WHERE patient_id IN ('%s', '%s')",
	} {
		smaller, n := 0, 120
		for i := range n {
			x, y := people[2*i][0], people[2*i+1][0]
			a := s.run(modes[0], fmt.Sprintf(q, table, x, y), nil)
			if a.err != nil || len(a.rows) != 1 {
				t.Fatalf("%s: %s", q, a.said())
			}
			if open(a.rows[0][0]) == min(open(x), open(y)) {
				smaller++
			}
		}
		if smaller < n*3/10 || smaller > n*7/10 {
			t.Errorf("the smaller of two originals comes in %d of %d: %s of %s", smaller, n, q, table)
		}
	}
}

// correlation is Spearman's, of values with their places.
func correlation(values []int) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	n := float64(len(values))
	var sum, squares float64
	for i, v := range values {
		rank, _ := slices.BinarySearch(sorted, v)
		x, y := float64(i)-(n-1)/2, float64(rank)-(n-1)/2
		sum += x * y
		squares += x * x
	}
	return sum / squares
}

// neighbours counts the ids that are nearly the next one, and the most that chance gives.
// Of many rows it says nothing.
func neighbours(values []int) (n, most int) {
	sorted := slices.Compact(slices.Sorted(slices.Values(values)))
	gap := placesPeople / len(sorted)
	if gap < 40 {
		return 0, 0
	}
	for i := range len(sorted) - 1 {
		if sorted[i+1]-sorted[i] <= gap/20 {
			n++
		}
	}
	chance := float64(len(sorted)) / 20
	return n, int(chance + 5*math.Sqrt(chance) + 1)
}

// meanRank is 0 where the least come, and 1 where the greatest do.
func meanRank(values []int) float64 {
	sum := 0.0
	for _, v := range values {
		sum += float64(v)
	}
	return sum / float64(len(values)) / placesPeople
}
