package sqltest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

// computedRules mask numbers by noise and texts by pseudonyms, in tables whose columns are
// of different types.
const computedRules = `
veil: 1
name: computed
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: patients, match: {schema: s, column: patient}, method: seal, domain: Patient}
    - {id: near, match: {schema: s, column: near}, method: noise, within: "5", entity: patient}
    - {id: fine, match: {schema: s, column: fine}, method: noise, within: "0.25", domain: fine, entity: patient}
    - {id: wide, match: {schema: s, column: wide}, method: noise, within: "100000.0"}
    - {id: hex, match: {schema: s, column: hex}, method: pseudonym, shape: hex, domain: a}
    - {id: odd, match: {schema: s, column: odd}, method: pseudonym, shape: hex, length: 13, domain: a}
    - {id: base32, match: {schema: s, column: base32}, method: pseudonym, domain: b}
    - {id: long, match: {schema: s, column: long}, method: pseudonym, length: 64, domain: b}
    - {id: digits, match: {schema: s, column: digits}, method: pseudonym, shape: digits, domain: a}
    - {id: many, match: {schema: s, column: many}, method: pseudonym, shape: digits, length: 64, domain: a}
    - {id: uuid, match: {schema: s, column: uuid}, method: pseudonym, shape: uuid, domain: u}
    - {id: short, match: {schema: s, column: short}, method: pseudonym, shape: digits, length: 4, domain: a}
    - {id: same, match: {schema: s, column: same}, method: pseudonym, shape: same, domain: a}
`

var (
	// noisyTypes and namedTypes are the types of columns with noise and pseudonyms, each
	// with values.
	noisyTypes = map[string][]string{
		"int2":          {"0", "-1", "32767", "-32768", "70"},
		"int4":          {"0", "1", "-2147483648", "70"},
		"int8":          {"0", "9223372036854775807", "-9223372036854775808"},
		"numeric":       {"0", "0.00", "-0.005", "70", "70.0", "70.25", "-70.249999", "NaN", "1e30", "123456789012345678901234567890123456789012345678901234567890.12", "1e80", "1e-70"},
		"numeric(10,3)": {"0", "70.125", "-70.500", "9999999.999"},
	}
	namedTypes = map[string][]string{
		"text":        {"a", "A", "é", "", " ", "a b", "x'y\\z", "日本語", "AZaz-09.x", "zzzz", "0000000000", "a long name of more than one block of the hash, which has one hundred and twenty-eight bytes, and so it goes on and on and on until here"},
		"varchar(12)": {"a", "b ", ""},
		"char(6)":     {"a", "ab", ""},
		"int8":        {"0", "-7", "9223372036854775807"},
		"numeric":     {"7", "7.0", "NaN"},
		"uuid":        {"0f3c9d1e-6a50-4b7e-9d0f-000000000001", "0f3c9d1e-6a50-4b7e-9d0f-000000000002"},
		"date":        {"2020-02-29", "infinity", "0044-03-15 BC"},
		"s.color":     {"red", "blue"},
		"s.code":      {"MRN1", "MRN2", "MRN-00017"},
	}
	namedColumns = []string{"hex", "odd", "base32", "long", "digits", "many", "uuid", "short", "same"}
)

// typedTable is the name of the table whose columns are of a type.
func typedTable(prefix, typ string) string {
	return prefix + strings.NewReplacer("(", "_", ")", "", ",", "_", ".", "_").Replace(typ)
}

// computedSchema makes a table for each type, with several rows of each value.
func computedSchema() string {
	var sql strings.Builder
	sql.WriteString(`DROP SCHEMA IF EXISTS s CASCADE; CREATE SCHEMA s; CREATE TYPE s.color AS ENUM ('red', 'blue'); CREATE DOMAIN s.code AS varchar(9) CHECK (VALUE ~ 'MRN');`)
	insert := func(table, columns, value string, times int) {
		for range times {
			fmt.Fprintf(&sql, "INSERT INTO %s (patient, ward, %s) SELECT nullif('p' || n %% 5, 'p0'), 'w' || n %% 3, %s FROM generate_series(1, 7) n;", table, columns, value)
		}
	}
	for _, typ := range slices.Sorted(keysOf(noisyTypes)) {
		table := typedTable("s.near_", typ)
		fmt.Fprintf(&sql, "CREATE TABLE %s (n serial, patient text, near %s, fine %[2]s, wide %[2]s, ward text);", table, typ)
		insert(table, "near, fine, wide", "NULL, NULL, NULL", 1)
		for _, v := range noisyTypes[typ] {
			insert(table, "near, fine, wide", strings.Repeat("'"+v+"'::"+typ+", ", 2)+"'"+v+"'", 1)
		}
		fmt.Fprintf(&sql, "UPDATE %s SET patient = '' WHERE n %% 11 = 0;", table)
	}
	for _, typ := range slices.Sorted(keysOf(namedTypes)) {
		table := typedTable("s.of_", typ)
		fmt.Fprintf(&sql, "CREATE TABLE %s (n serial, patient text, ward text, %s %s);", table, strings.Join(namedColumns, " "+typ+", "), typ)
		insert(table, "hex", "NULL", 1)
		for _, v := range namedTypes[typ] {
			insert(table, strings.Join(namedColumns, ", "), strings.TrimSuffix(strings.Repeat(literal(v)+"::"+typ+", ", len(namedColumns)), ", "), 1)
		}
	}
	return sql.String()
}

// noisyStatements do with numbers with noise what SQL does with numbers.
var noisyStatements = []string{
	"SELECT n, near, fine, wide FROM {t} ORDER BY n",
	"SELECT n, near IS NULL, fine IS NULL, wide IS NULL FROM {t} ORDER BY n",
	"SELECT n, near + 0, fine + 0, wide + 0 FROM {t} ORDER BY n",
	"SELECT n FROM {t} WHERE near > 66 ORDER BY n",
	"SELECT n, near FROM {t} WHERE near BETWEEN 60 AND 75 OR fine < 0 ORDER BY near DESC, n LIMIT 9",
	"SELECT ward, sum(near), avg(fine), min(wide), max(near), stddev(near), count(DISTINCT fine) FROM {t} GROUP BY ward ORDER BY ward",
	"SELECT width_bucket(near, 0, 100, 10) AS b, count(*) FROM {t} WHERE near < 1000 GROUP BY 1 ORDER BY 1",
	"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY near::float8) FROM {t} WHERE near < 1e15",
	"SELECT n, near - lag(near) OVER (PARTITION BY ward ORDER BY n), rank() OVER (ORDER BY near) FROM {t} ORDER BY n",
	"SELECT near, count(*) FROM {t} GROUP BY near ORDER BY near",
	"SELECT DISTINCT fine FROM {t} ORDER BY 1",
	"SELECT n, round(near, -1), near::text, near % 7, greatest(near, wide), CASE WHEN near > 70 THEN 'high' ELSE 'low' END FROM {t} ORDER BY n",
	"SELECT a.n, b.n FROM {t} a JOIN {t} b ON a.near = b.fine ORDER BY 1, 2",
	"SELECT n, near / nullif(fine, 0) FROM {t} ORDER BY n",
	"SELECT near FROM {t} UNION SELECT fine FROM {t} ORDER BY 1",
	"SELECT json_agg(near ORDER BY n), array_agg(fine ORDER BY n) FROM {t} WHERE near IS NOT NULL",
	"COPY (SELECT n, near * 2, wide FROM {t} ORDER BY n) TO STDOUT",
}

// namedStatements do with pseudonyms what SQL does with texts. {c} is a column.
var namedStatements = []string{
	"SELECT n, {c} FROM {t} ORDER BY n",
	"SELECT n, {c}::text || '', {c} IS NULL FROM {t} ORDER BY n",
	"SELECT n, {c} FROM {t} ORDER BY {c}, n",
	"SELECT n, {c} FROM {t} WHERE {c} IS NOT NULL ORDER BY {c} DESC, n LIMIT 5 OFFSET 2",
	"SELECT n FROM {t} WHERE {c}::text LIKE '%a%' OR {c}::text ~ '^[0-4]' ORDER BY n",
	"SELECT n, upper({c}::text), left({c}::text, 4), length({c}::text), md5({c}::text), concat('x-', {c}) FROM {t} ORDER BY n",
	"SELECT {c}, count(*) FROM {t} GROUP BY {c} ORDER BY {c}",
	"SELECT {c}, count(*) FROM {t} GROUP BY {c} HAVING {c} > '5' OR count(*) > 3 ORDER BY 1",
	"SELECT ward, string_agg({c}::text, ',' ORDER BY n), min({c}::text), count(DISTINCT {c}) FROM {t} GROUP BY ward ORDER BY ward",
	"SELECT a.n, b.n FROM {t} a JOIN {t} b ON a.{c} = b.{c} AND a.n < b.n WHERE left(a.{c}::text, 1) < '9' ORDER BY 1, 2",
	"SELECT n, row_number() OVER (ORDER BY {c}, n) FROM {t} ORDER BY n",
	"SELECT n FROM {t} WHERE {c} IN (SELECT b.{c} FROM {t} b WHERE b.{c} > '4') ORDER BY n",
	"SELECT n FROM {t} WHERE {c} = (SELECT min(b.{c}::text) FROM {t} b)::{type} ORDER BY n",
	"SELECT DISTINCT {c} FROM {t} ORDER BY 1",
	"SELECT {c} FROM {t} UNION SELECT {c} FROM {t} ORDER BY 1",
	"SELECT n, to_jsonb({c}), CASE {c} WHEN NULL THEN 'none' ELSE coalesce({c}::text, '-') END FROM {t} ORDER BY n",
	"COPY (SELECT n, lower({c}::text) FROM {t} ORDER BY n) TO STDOUT",
}

// TestComputedValues holds that PostgreSQL computes with noise and pseudonyms as if the
// table had them: each statement has the rows that it has over a masked dump.
func TestComputedValues(t *testing.T) {
	t.Parallel()
	p := masktest.Policy(t, computedRules)
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "computed")
	db.Exec(t, computedSchema())
	listener := openListener(t, db.DSN(pgtest.Owner), p, nil)
	copied := dumpedCopy(t, db, p, "computed_masked")
	var all []string
	for typ := range noisyTypes {
		for k, sql := range noisyStatements {
			if k < 4 || typ == "numeric" || (k+len(typ))%3 == 0 {
				all = append(all, strings.ReplaceAll(sql, "{t}", typedTable("s.near_", typ)))
			}
		}
	}
	for typ := range namedTypes {
		table := typedTable("s.of_", typ)
		for k, sql := range namedStatements {
			for j, c := range namedColumns {
				if typ != "text" && (j+k+len(typ))%len(namedColumns) > 0 || typ == "text" && k > 1 && (j+k)%2 > 0 {
					continue
				}
				shown := "text"
				if c == "uuid" && typ == "uuid" {
					shown = "uuid"
				}
				all = append(all, strings.NewReplacer("{t}", table, "{c}", c, "{type}", shown).Replace(sql))
			}
		}
	}
	compareAll(t, listener, copied, all)
	listener.quiet(t)
}

// compareAll runs statements over a listener and over the masked copy, several at a time,
// each in one mode. Errors of data are those of the copy.
func compareAll(t *testing.T, l *listener, copied *pgtest.Database, statements []string) {
	t.Helper()
	var wait sync.WaitGroup
	for w := range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			veil, want := connect(t, l.dsn()), connect(t, copied.DSN(pgtest.Owner))
			defer veil.close()
			defer want.close()
			for i := w; i < len(statements); i += workers {
				sql, m := statements[i], modes[i%len(modes)]
				got, copied := veil.run(m, sql, nil), want.run(m, sql, nil)
				if got.code() != copied.code() || copied.err != nil && !dataErrors.MatchString(copied.code()) {
					t.Errorf("%s: %s: %s; over the copy: %s", m.name, sql, got.said(), copied.said())
				} else if got.err == nil {
					if d := got.diff(copied, true, nil); d != "" {
						t.Errorf("%s: %s: %s", m.name, sql, d)
					}
				}
			}
		}()
	}
	wait.Wait()
}
