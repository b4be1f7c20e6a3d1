package sqltest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

const idListRules = `
veil: 1
name: lists
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: patients, match: {schema: s, column: patient}, method: seal, domain: Patient}
    - {id: visits, match: [{schema: s, column: visit}, {schema: s, column: visit4}], method: seal, domain: Encounter}
    - {id: units, match: {schema: s, column: unit}, method: seal, domain: unit}
    - {id: badges, match: {schema: s, column: badge}, method: seal, domain: badge}
    - {id: mrns, match: {schema: s, column: mrn}, method: pseudonym, shape: hex, domain: mrn}
`

// idListSchema has ids of each type that compares in another way, with NULLs.
const idListSchema = `CREATE SCHEMA s;
CREATE TABLE s.facts (n int, g int, patient varchar(20), visit bigint, visit4 int, unit uuid, badge char(9), mrn text);
INSERT INTO s.facts SELECT n, n % 6, CASE WHEN n % 7 > 0 THEN 'ZQORIGINAL' || n % 5 END, CASE WHEN n % 9 > 0 THEN 880000000 + n % 4 END, 880000000 + n % 3,
CASE WHEN n % 8 > 0 THEN md5((n % 3)::text)::uuid END, CASE WHEN n % 5 > 0 THEN 'B' || n % 4 END, CASE WHEN n % 6 > 0 THEN 'ZQORIGINAL ' || n % 4 END FROM generate_series(1, 60) n;
CREATE TABLE s.others AS SELECT * FROM s.facts WHERE n % 4 = 0 OR n > 40;`

const idListView = `CREATE VIEW s.lists AS SELECT g, array_agg(patient ORDER BY n) AS patients FROM s.facts GROUP BY g;`

var (
	// idLists collect, and readLists read what is collected as l.ids of group l.g.
	idLists = []string{
		"array_agg({c})", "array_agg({c} ORDER BY n DESC)", "array_agg(DISTINCT {c})", "array_agg(DISTINCT {c} ORDER BY {c} DESC)", "array_agg({c} ORDER BY {c})",
		"array_agg({c}) FILTER (WHERE n % 3 > 0)", "array_agg({c} ORDER BY n % 2, n) FILTER (WHERE {c} IS NOT NULL)",
	}
	readLists = []string{
		"SELECT l.g, o.n FROM {l} l JOIN s.others o ON o.{c} = ANY (l.ids)",
		"SELECT l.g, o.n FROM {l} l LEFT JOIN s.others o ON o.{c} = ANY (l.ids) AND o.n > 30",
		"SELECT o.n, l.g, o.{c} <> ALL (l.ids), NOT (o.{c} = ANY (l.ids)) FROM {l} l, s.others o WHERE l.g < 3",
		"WITH l AS {l} SELECT count(*) FROM s.others o, l WHERE o.{c} = ANY (l.ids)",
		"WITH l AS MATERIALIZED {l} SELECT a.g, b.g, o.n FROM l a, l b, s.others o WHERE o.{c} = ANY (a.ids) AND o.{c} = ANY (b.ids)",
		"SELECT o.n FROM s.others o WHERE EXISTS (SELECT 1 FROM {l} l WHERE o.{c} = ANY (l.ids) AND l.g = o.g)",
		"SELECT g, id FROM {l} l, unnest(l.ids) AS u(id)",
		"SELECT g, count(*), count(u), count(DISTINCT u) FROM {l} l CROSS JOIN LATERAL unnest(l.ids) AS u GROUP BY g",
		"SELECT id, count(*) FROM {l} l, unnest(ids) AS u(id) WHERE id IS NOT NULL GROUP BY id",
		"SELECT l.g, o.n, id FROM {l} l CROSS JOIN unnest(l.ids) AS u(id) JOIN s.others o ON o.{c} = u.id",
		"SELECT l.g, o.n FROM {l} l, unnest(l.ids) AS u(id), s.others o WHERE o.{c} = u.id AND o.g = l.g",
		"SELECT id FROM {l} l, unnest(l.ids) AS u(id) UNION SELECT {c} FROM s.others WHERE g = 1",
		"SELECT DISTINCT id FROM {l} l, unnest(l.ids) AS u(id)",
		"SELECT o.n FROM s.others o WHERE o.{c} IN (SELECT u.id FROM {l} l, unnest(l.ids) AS u(id) WHERE l.g = 2)",
		"SELECT g, array_length(ids, 1), cardinality(l.ids), array_upper(ids, 1) FROM {l} l",
		"SELECT g, ids IS NULL, n FROM (SELECT g, ids, cardinality(ids) AS n FROM {l} l) x",
		"SELECT count(ids), count(*) FILTER (WHERE ids IS NOT NULL) FROM {l} l",
		"SELECT x.g, o.n FROM (SELECT g, ids FROM {l} l WHERE g > 1) x JOIN s.others o ON o.{c} = ANY (x.ids)",
	}
	// placedLists tell places, which lists that are sorted in Veil do not have.
	placedLists = []string{
		"SELECT g, id, i FROM {l} l, unnest(l.ids) WITH ORDINALITY AS u(id, i)",
		"SELECT l.g, o.n, array_position(l.ids, o.{c}), array_positions(l.ids, o.{c}) FROM {l} l, s.others o WHERE o.{c} IS NOT NULL",
		"SELECT l.g, o.n FROM {l} l, unnest(l.ids) WITH ORDINALITY AS u(id, i) JOIN s.others o ON o.{c} = u.id WHERE i < 4",
	}
	// unreadLists would compute with originals.
	unreadLists = []string{
		"SELECT g, u.id::int FROM {l} l, unnest(l.ids) AS u(id)", "SELECT count(*) FROM {l} l, unnest(l.ids) AS u(id) WHERE u.id LIKE 'ZQ%'",
		"SELECT to_jsonb(l) FROM {l} l, unnest(l.ids) AS u(id)", "SELECT l FROM {l} l JOIN s.others o ON o.{c} = ANY (l.ids)",
		"SELECT g FROM {l} l WHERE l.ids @> ARRAY['ZQORIGINAL1']", "SELECT g FROM {l} l WHERE 'ZQORIGINAL1' = ANY (l.ids)",
		"SELECT g FROM {l} l WHERE 'ZQORIGINAL1' < ANY (l.ids)", "SELECT o.n FROM {l} l JOIN s.others o ON o.{c} < ANY (l.ids)", "SELECT o.n FROM {l} l JOIN s.others o ON o.{c} > ALL (l.ids)",
		"SELECT g, array_position(l.ids, 'ZQORIGINAL1') FROM {l} l", "SELECT g FROM {l} l, generate_series(880000000, 880000009) k WHERE k = ANY (l.ids)",
		"SELECT g, ids[1]::text FROM {l} l JOIN s.others o ON o.{c} = ANY (l.ids) WHERE ids[1] > '5'", "SELECT array_sort(l.ids) FROM {l} l",
		"SELECT l.g FROM {l} l ORDER BY l.ids", "SELECT unnest(l.ids) FROM {l} l", "SELECT width_bucket('ZQORIGINAL1'::text, l.ids) FROM {l} l",
		"SELECT a.g FROM {l} a JOIN {l} b ON a.ids && b.ids", "SELECT a.g FROM {l} a JOIN {l} b ON a.ids < b.ids", "SELECT hashtext(u.id) FROM {l} l, unnest(l.ids) AS u(id)",
		"SELECT array_remove(l.ids, 'ZQORIGINAL1') FROM {l} l", "SELECT array_to_json(l.ids)::text LIKE '%ZQ%' FROM {l} l, unnest(l.ids) u", "SELECT string_to_array(l.ids::text, ',') FROM {l} l",
	}
)

// TestIDLists holds that ids that are collected in an array can be compared with it, taken out
// of it and counted as in the masked copy, and that nothing can be computed with the array that
// PostgreSQL compares with.
func TestIDLists(t *testing.T) {
	t.Parallel()
	p := masktest.Policy(t, idListRules)
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "lists")
	db.Exec(t, idListSchema+idListView)
	listener := openListener(t, db.DSN(pgtest.Owner), p, nil)
	copied := dumpedCopy(t, db, p, "lists_masked")
	copied.Exec(t, idListView)
	veil, want := connect(t, listener.dsn()), connect(t, copied.DSN(pgtest.Owner))
	defer veil.close()
	defer want.close()
	turn := 0
	check := func(sql string, refused bool) {
		turn++
		m := modes[turn%len(modes)]
		got := veil.run(m, sql, nil)
		if refused {
			if got.err == nil {
				t.Errorf("%s: %s: not refused", m.name, sql)
			}
			return
		}
		if copied := want.run(m, sql, nil); got.err != nil || copied.err != nil {
			t.Errorf("%s: %s: %s; over the copy: %s", m.name, sql, got.said(), copied.said())
		} else if d := got.diff(copied, false, nil); d != "" {
			t.Errorf("%s: %s: %s", m.name, sql, d)
		}
	}
	for _, c := range []string{"patient", "visit", "visit4", "unit", "badge", "mrn"} {
		for i, list := range idLists {
			if c != "patient" && i%2 == 1 {
				continue
			}
			l := strings.ReplaceAll("(SELECT g, "+list+" AS ids FROM s.facts GROUP BY g)", "{c}", c)
			fill := func(use string) string { return strings.NewReplacer("{l}", l, "{c}", c).Replace(use) }
			for _, use := range readLists {
				check(fill(use), false)
			}
			inVeil := i >= 2 && i <= 4
			for _, use := range placedLists {
				if inVeil || strings.Contains(list, "n DESC") || strings.Contains(list, "n % 2") {
					check(fill(use), inVeil && c != "mrn")
				}
			}
			if c == "mrn" {
				continue // an ordinary array
			}
			for _, use := range unreadLists {
				check(fill(use), true)
			}
		}
	}
	check("SELECT o.n, l.g FROM s.lists l JOIN s.others o ON o.patient = ANY (l.patients)", false)
	check("SELECT g, id, i FROM s.lists l, unnest(l.patients) WITH ORDINALITY AS u(id, i)", false)
	check("SELECT o.n FROM s.others o JOIN (SELECT array_agg(visit4) AS ids FROM s.facts WHERE g = 1) l ON o.visit = ANY (l.ids)", false)
	check("SELECT o.n FROM s.others o JOIN (SELECT array_agg(patient) AS ids FROM s.facts) l ON o.visit = ANY (l.ids)", true)
	if strings.Contains(strings.ToUpper(string(veil.received())), "ZQORIGINAL") {
		t.Error("an original was received")
	}
}

// TestPlacesInIDLists holds that the places that are told are those of the array that is shown,
// where nothing but Veil's own order decides them.
func TestPlacesInIDLists(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "list_places")
	db.Exec(t, idListSchema+"INSERT INTO s.facts (n, g, patient) SELECT n, n % 6, 'ZQORIGINAL' || n % 97 FROM generate_series(61, 400) n; ANALYZE")
	veil := connect(t, openListener(t, db.DSN(pgtest.Owner), masktest.Policy(t, idListRules), nil).dsn())
	defer veil.close()
	for _, sql := range []string{
		"SELECT l.ids, array_position(l.ids, o.patient), o.patient FROM (SELECT g, array_agg(patient) AS ids FROM s.facts GROUP BY g) l, s.others o WHERE o.patient = ANY (l.ids)",
		"SELECT l.ids, u.i, u.id FROM (SELECT g, array_agg(patient ORDER BY g) AS ids FROM s.facts WHERE patient IS NOT NULL GROUP BY g) l, unnest(l.ids) WITH ORDINALITY AS u(id, i)",
	} {
		a := veil.run(modes[0], sql, nil)
		if a.err != nil || len(a.rows) < 30 {
			t.Fatalf("%s: %s, %d rows", sql, a.said(), len(a.rows))
		}
		for _, r := range a.rows {
			i, err := strconv.Atoi(string(r[1]))
			ids := strings.Split(strings.Trim(string(r[0]), "{}"), ",")
			if err != nil || ids[i-1] != string(r[2]) {
				t.Fatalf("%s: %s at %d is not %s", sql, ids[i-1], i, r[2])
			}
		}
	}
}
