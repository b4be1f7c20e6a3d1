package sqltest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

// randomColumn is a type of column of random schemas: values of it in SQL, over the row's number
// g and with a marker, and methods that rules can give it.
type randomColumn struct {
	typ, value string
	methods    []string
}

var (
	anyMethods    = []string{"keep", "remove", "hide", "pseudonym"}
	textMethods   = []string{"keep", "remove", "pseudonym", "seal, domain: Other", "zip3", "fixed, value: x", "substring, from: 0, length: 3", "surrogate, kind: family, entity: id"}
	timeMethods   = []string{"keep", "remove", "year", "date, mode: month", "date, mode: shift, window: 30, entity: id", "pseudonym", "year, as: number"}
	numberMethods = []string{"keep", "remove", "pseudonym", "round, to: 10", "ageCap, unit: a", "noise, within: '3'"}
)

// randomColumns are the types. A marker is a text that no rule but keep lets pass.
var randomColumns = []randomColumn{
	{"text", "'MARKERTEXT' || g", textMethods},
	{"character varying(40)", "'MARKERVARCHAR' || g", textMethods},
	{"character(24)", "'MARKERCHAR' || g", []string{"keep", "pseudonym", "zip3", "fixed, value: x", "substring, from: 0, length: 3"}},
	{"text", "lpad((g * 37)::text, 5, '0')", textMethods},
	{"gen.code", "'MARKERDOMAIN' || g", textMethods},
	{"integer", "770000 + g", append([]string{"seal, domain: Other", "pseudonym, shape: int"}, numberMethods...)},
	{"bigint", "88000000000 + g", append([]string{"seal, domain: Other", "pseudonym, shape: int"}, numberMethods...)},
	{"smallint", "g % 120", numberMethods},
	{"numeric(10,2)", "g * 1.25", numberMethods},
	{"real", "g * 0.1", []string{"keep", "remove", "pseudonym", "round, to: 10"}},
	{"double precision", "g / 3.0", []string{"keep", "remove", "pseudonym", "ageCap, unit: a"}},
	{"boolean", "g % 2 = 0", anyMethods},
	{"date", "DATE '1950-02-03' + g * 97", timeMethods},
	{"gen.day", "DATE '1950-02-03' + g * 97", timeMethods},
	{"timestamp without time zone", "TIMESTAMP '1960-12-31 23:30:00.25' + g * INTERVAL '31 days 1 hour'", timeMethods},
	{"timestamp(0) with time zone", "TIMESTAMPTZ '1960-12-31 23:30:00+00' + g * INTERVAL '31 days 1 hour'", timeMethods},
	{"uuid", "('0000000' || (g % 10) || '-0000-4000-8000-00000000beef')::uuid", []string{"keep", "remove", "seal, domain: Other", "pseudonym, shape: uuid", "pseudonym"}},
	{"json", "json_build_object('MARKERJSON', g)", []string{"keep", "remove", "hide"}},
	{"jsonb", "jsonb_build_object('a', g, 'b', 'MARKERJSONB')", []string{"keep", "remove", "json, keep: [a]"}},
	{"bytea", "('MARKERBYTEA' || g)::bytea", anyMethods},
	{"text[]", "ARRAY['MARKERARRAY' || g, NULL, 'b \"c\" \\ d']", []string{"keep", "remove", "pseudonym"}},
	{"integer[]", "ARRAY[g, NULL, 3]", []string{"keep", "remove", "pseudonym"}},
	{"date[]", "ARRAY[DATE '1999-09-09' + g, NULL]", timeMethods},
	{"timestamp(3) with time zone[]", "ARRAY[[TIMESTAMPTZ '1960-12-31 23:30:00+00' + g * INTERVAL '31 days 1 hour'], ['infinity'::timestamptz]]", timeMethods},
	{"gen.day[]", "ARRAY[DATE '1999-09-09' + g]::gen.day[]", []string{"keep", "year", "date, mode: month", "date, mode: shift, window: 30, entity: id"}},
	{"gen.mood", "(ARRAY['MARKERLABELONE', 'MARKERLABELTWO'])[1 + g % 2]::gen.mood", anyMethods},
	{"gen.mood[]", "ARRAY['MARKERLABELONE']::gen.mood[]", []string{"keep", "remove", "hide"}},
	{"gen.pair", "ROW('MARKERPAIR' || g, g)::gen.pair", []string{"keep", "hide"}},
	{"int4range", "int4range(g, g + 5)", anyMethods},
	{"interval", "g * INTERVAL '1 day 02:03:04'", anyMethods},
	{"inet", "('10.0.0.' || g)::inet", anyMethods},
	{`"char"`, "chr(65 + g)", []string{"keep", "remove"}},
	{"bit(4)", "B'1010'", []string{"keep", "remove"}},
	{"time without time zone", "TIME '01:02:03' + g * INTERVAL '1 minute'", anyMethods},
	{"money", "g::text::money", []string{"keep", "remove"}},
	{"point", "point(g, g)", []string{"keep", "remove"}},
	{"tsvector", "to_tsvector('simple', 'MARKERVECTOR' || g)", []string{"keep", "remove"}},
}

// randomSchema makes the statements of a database and a ruleset for it.
func randomSchema(seed uint64) (ddl, rules string, kept map[string]bool) {
	r := rand.New(rand.NewPCG(seed, 17))
	var b, y strings.Builder
	kept = map[string]bool{}
	b.WriteString(`CREATE SCHEMA gen;
CREATE TYPE gen.mood AS ENUM ('MARKERLABELONE', 'MARKERLABELTWO', 'MARKERLABELTHREE');
CREATE DOMAIN gen.code AS character varying(40) DEFAULT 'MARKERDEFAULT' CHECK (VALUE <> 'MARKERCHECK');
CREATE DOMAIN gen.day AS date;
CREATE TYPE gen.pair AS (a text, n integer);
CREATE FUNCTION gen.f(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'MARKERFUNCTION' || t; $$;
`)
	y.WriteString("veil: 1\nname: random\nreferenceDate: 2025-06-30\ntables:\n  rules:\n")
	rule := func(table, column, method string) {
		fmt.Fprintf(&y, "    - {id: %s-%s, match: {schema: gen, table: %s, column: %s}, method: %s}\n", table, column, table, column, method)
	}
	fill := func(table string, columns []string, values []string, rows int) {
		fmt.Fprintf(&b, "INSERT INTO gen.%s (%s) SELECT %s FROM generate_series(1, %d) g;\n", table, strings.Join(columns, ", "), strings.Join(values, ", "), rows)
	}
	for n := range 4 {
		name := fmt.Sprintf("t%d", n)
		ids := []string{"seal, domain: Patient", "pseudonym, shape: int", "keep"}[r.IntN(3)]
		columns, values := []string{"id"}, []string{"g"}
		identity := []string{"", " GENERATED BY DEFAULT AS IDENTITY"}[r.IntN(2)]
		fmt.Fprintf(&b, "CREATE TABLE gen.%s (id integer%s PRIMARY KEY", name, identity)
		rule(name, "id", ids)
		for i := range 12 {
			c := randomColumns[r.IntN(len(randomColumns))]
			column := fmt.Sprintf("c%d", i)
			method := c.methods[r.IntN(len(c.methods))]
			b.WriteString(", " + column + " " + c.typ)
			switch r.IntN(6) {
			case 0:
				b.WriteString(" NOT NULL")
				values = append(values, c.value)
			default:
				values = append(values, "CASE WHEN g % 7 <> 3 THEN "+c.value+" END")
			}
			columns = append(columns, column)
			rule(name, column, method)
			if method == "keep" {
				kept[c.typ] = true
			}
		}
		b.WriteString(", k integer DEFAULT 7, twice integer GENERATED ALWAYS AS (k * 2) STORED, note text DEFAULT 'MARKERDEFAULT' CHECK (note <> 'MARKERCHECK'));\n")
		rule(name, "k", "keep")
		rule(name, "twice", "keep")
		fill(name, columns, values, 20)
		// A table that refers to it, whose column is masked alike or otherwise.
		other := []string{ids, "remove"}[r.IntN(2)]
		fmt.Fprintf(&b, "CREATE TABLE gen.%s_ref (n integer PRIMARY KEY, owner integer REFERENCES gen.%[1]s (id), UNIQUE (owner, n));\nCREATE INDEX ON gen.%[1]s_ref (owner);\n", name)
		rule(name+"_ref", "n", "keep")
		rule(name+"_ref", "owner", other)
		fill(name+"_ref", []string{"n", "owner"}, []string{"g", "1 + g % 20"}, 30)
		fmt.Fprintf(&b, "CREATE VIEW gen.%s_v AS SELECT r.n, t.k FROM gen.%[1]s_ref r JOIN gen.%[1]s t ON t.id = r.owner;\nCREATE VIEW gen.%[1]s_w AS SELECT id FROM gen.%[1]s WHERE note = 'MARKERVIEW';\n", name)
		fmt.Fprintf(&b, "COMMENT ON TABLE gen.%s IS 'MARKERCOMMENT';\nCREATE INDEX ON gen.%[1]s ((gen.f(note)));\n", name)
	}
	// Partitions by a column that is kept, and by one that is not; a child by inheritance.
	for i, method := range []string{"keep", "year"} {
		name := fmt.Sprintf("p%d", i)
		fmt.Fprintf(&b, `CREATE TABLE gen.%s (id integer NOT NULL, d date NOT NULL, s text, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
CREATE TABLE gen.%[1]s_a PARTITION OF gen.%[1]s FOR VALUES FROM ('1977-07-01') TO ('1978-07-01');
CREATE TABLE gen.%[1]s_b PARTITION OF gen.%[1]s DEFAULT;
`, name)
		rule(name, "id", "seal, domain: Patient")
		rule(name, "d", method)
		rule(name, "s", "pseudonym")
		fill(name, []string{"id", "d", "s"}, []string{"g", "DATE '1977-06-15' + g * 30", "'MARKERPART' || g"}, 20)
	}
	// Keys and indexes of partitions, of all kinds, over columns that are kept or masked one to one.
	for i, by := range []string{
		"RANGE (id); CREATE TABLE gen.%[1]s_a PARTITION OF gen.%[1]s FOR VALUES FROM (0) TO (7) PARTITION BY HASH (id); CREATE TABLE gen.%[1]s_c PARTITION OF gen.%[1]s_a FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
		"LIST (s); CREATE TABLE gen.%[1]s_a PARTITION OF gen.%[1]s FOR VALUES IN ('MARKERPART1', 'MARKERPART2')",
		"HASH (id); CREATE TABLE gen.%[1]s_a PARTITION OF gen.%[1]s FOR VALUES WITH (MODULUS 2, REMAINDER 1); CREATE TABLE gen.%[1]s_c PARTITION OF gen.%[1]s FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
	} {
		for j, method := range []string{"seal, domain: Patient", "keep", "remove"} {
			name := fmt.Sprintf("q%d%d", i, j)
			fmt.Fprintf(&b, "CREATE TABLE gen.%[1]s (id integer NOT NULL, s text NOT NULL, k integer, PRIMARY KEY (id, s), UNIQUE (s, id)) PARTITION BY "+by+";\n", name)
			if !strings.HasPrefix(by, "HASH") {
				fmt.Fprintf(&b, "CREATE TABLE gen.%[1]s_b PARTITION OF gen.%[1]s DEFAULT;\n", name)
			}
			fmt.Fprintf(&b, "CREATE INDEX ON gen.%[1]s (k); CREATE INDEX ON gen.%[1]s (id) WHERE s = 'MARKERVIEW';\nCREATE TABLE gen.%[1]s_r (i integer, s text, FOREIGN KEY (i, s) REFERENCES gen.%[1]s);\n", name)
			rule(name, "id", method)
			rule(name, "s", "pseudonym")
			rule(name, "k", "keep")
			rule(name+"_r", "i", method)
			rule(name+"_r", "s", "pseudonym")
			fill(name, []string{"id", "s", "k"}, []string{"g", "'MARKERPART' || g", "g % 3"}, 20)
			fill(name+"_r", []string{"i", "s"}, []string{"g", "'MARKERPART' || g"}, 9)
		}
	}
	b.WriteString("CREATE TABLE gen.kid (extra text) INHERITS (gen.t0);\n")
	rule("kid", "extra", "pseudonym")
	return b.String(), y.String(), kept
}

// TestDumpOfRandomSchemas: a dump of any schema restores, shows what the proxy shows, and
// has no original but those that a rule keeps.
func TestDumpOfRandomSchemas(t *testing.T) {
	h := start(t)
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			ddl, rules, kept := randomSchema(seed)
			from := h.pg.CreateDatabase(t, fmt.Sprintf("random_%d", seed))
			from.Exec(t, ddl)
			p := masktest.Policy(t, rules)
			listener := openListener(t, from.DSN(pgtest.Owner), p, nil)
			args := [][]string{nil, {"--inserts", "--quote-all-identifiers"}, {"--rows-per-insert=9"}}[seed%3]
			masked, reports := maskDump(t, dump(t, from, args...), p, nil, 2)
			checkMarkers(t, masked, kept)
			checkMarkers(t, []byte(strings.Join(reports, "\n")), nil)
			to := h.pg.CreateDatabase(t, fmt.Sprintf("restored_%d", seed))
			restore(t, to, masked)
			compareDatabases(t, listener.dsn(), to, "gen")
		})
	}
}

// checkMarkers fails where a marker stands in a text whose column no rule keeps.
func checkMarkers(t *testing.T, text []byte, kept map[string]bool) {
	t.Helper()
	for marker, typ := range map[string]string{
		"MARKERTEXT": "text", "MARKERVARCHAR": "character varying(40)", "MARKERCHAR": "character(24)", "MARKERDOMAIN": "gen.code",
		"MARKERJSON": "json", "MARKERJSONB": "jsonb", "4d41524b4552": "bytea", "MARKERARRAY": "text[]", "MARKERPAIR": "gen.pair", "MARKERVECTOR": "tsvector",
		"MARKERDEFAULT": "", "MARKERCHECK": "", "MARKERFUNCTION": "", "MARKERVIEW": "", "MARKERCOMMENT": "", "MARKERPART": "",
	} {
		if marker == "MARKERJSON" && kept["jsonb"] || kept[typ] {
			continue
		}
		if bytes.Contains(text, []byte(marker)) {
			t.Errorf("%s is in the output", marker)
		}
	}
	if !kept["gen.mood"] && !kept["gen.mood[]"] && bytes.Contains(text, []byte("MARKERLABEL")) {
		t.Error("a label is in the output")
	}
}
