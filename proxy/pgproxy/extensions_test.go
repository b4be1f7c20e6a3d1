package pgproxy

import (
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/pgtest"
)

// extensionSchema has two extensions that declare casts for built-in types, a type with
// the casts of PostGIS's, and types of an application's with casts by request.
const extensionSchema = `
CREATE EXTENSION citext; CREATE EXTENSION hstore;
CREATE SCHEMA clinic;
CREATE TYPE public.place AS (x float8, y float8);
CREATE FUNCTION public.place(text) RETURNS public.place LANGUAGE sql IMMUTABLE AS 'SELECT ROW(1, 2)::public.place';
CREATE FUNCTION public.place_text(public.place) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''CANARYCAST''::text';
CREATE CAST (text AS public.place) WITH FUNCTION public.place(text) AS IMPLICIT;
CREATE CAST (public.place AS text) WITH FUNCTION public.place_text(public.place) AS IMPLICIT;
CREATE TYPE clinic.mood AS ENUM ('sad', 'glad');
CREATE FUNCTION public.mood_int(clinic.mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 4711';
CREATE CAST (clinic.mood AS int) WITH FUNCTION public.mood_int(clinic.mood);
CREATE FUNCTION public.bool_date(boolean) RETURNS date LANGUAGE sql IMMUTABLE AS 'SELECT date ''4711-01-01''';
CREATE CAST (boolean AS date) WITH FUNCTION public.bool_date(boolean) AS ASSIGNMENT;
CREATE TABLE clinic.patients (id int PRIMARY KEY, name text, vip boolean, tags text[], code char(4), address inet, nick citext, extra hstore,
  spot public.place, mood clinic.mood, meta jsonb);
INSERT INTO clinic.patients VALUES (1, 'Ann', true, '{a,b}', 'x', '10.0.0.1', 'CNRYnick', 'k=>v', ROW(1, 2), 'glad', '{"a": 1}'),
  (2, 'Bob', false, '{c}', 'y', NULL, 'bb', NULL, NULL, 'sad', NULL);
`

// TestExtensionsLeaveBuiltInTypesAlone: a database that has casts of an extension's is
// asked as any other: what takes built-in types gives what PostgreSQL gives.
func TestExtensionsLeaveBuiltInTypesAlone(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "extensions")
	db.Exec(t, extensionSchema)
	db.GrantRead(t, "clinic", "public")
	d := startListenerOver(t, db.DSN(pgtest.Reader), func(c *Config) {
		c.SearchPath = []string{"clinic", "public"}
		policy := policyOf(t, []byte("veil: 1\nname: extensions\nextends: safe-harbor\ntables:\n  default: keep\n"))
		c.Policy.Views = map[string]View{"plain": {Policy: policy}, "few": {Policy: policy}}
	})
	conn := d.connect(t).PgConn()
	direct, err := pgconn.Connect(t.Context(), db.DSN(pgtest.Reader)+"&search_path=clinic,public")
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"SELECT id FROM patients WHERE vip ORDER BY id",
		"SELECT id FROM patients WHERE NOT vip AND vip IS NOT NULL",
		"SELECT vip::text, vip::int, name::varchar(2), code::text, address::text FROM patients ORDER BY id",
		"SELECT CASE WHEN vip THEN 'y' ELSE 'n' END, coalesce(vip, false), bool_and(vip) OVER () FROM patients ORDER BY id",
		"SELECT id FROM patients WHERE 'a' = ANY(tags)",
		"SELECT id, array_length(tags, 1), tags || '{z}', array_to_string(tags, ',') FROM patients WHERE tags @> '{c}' ORDER BY id",
		"SELECT lower(name), name || 'x', length(name), name LIKE 'A%', upper(code), host(address) FROM patients ORDER BY id",
		"SELECT name FROM patients UNION SELECT code FROM patients ORDER BY 1",
		"SELECT name::date FROM patients WHERE false",
		"SELECT '2020-01-01'::date, (meta->>'a')::int, (meta->>'a')::jsonb, to_jsonb(p.name), to_json(p.vip), row_to_json(r) FROM patients p, LATERAL (SELECT p.name, p.vip) r ORDER BY p.id",
		"SELECT nick, extra, spot, mood FROM patients ORDER BY id",
		"SELECT mood, count(*) FROM patients GROUP BY mood ORDER BY mood",
		"SELECT id FROM patients WHERE mood = 'glad'",
		"SELECT upper(mood::text), coalesce(mood, 'sad'), to_jsonb(mood) FROM patients ORDER BY id",
		"SELECT count(*) FILTER (WHERE vip), max(name), min(address) FROM patients",
		"SELECT count(*) FROM patients WHERE nick = 'cnryNICK'", "SELECT count(*) FROM patients WHERE 'cnryNICK' = nick", "SELECT count(*) FROM patients WHERE nick <> 'cnrynick'",
		"SELECT count(*) FROM patients WHERE nick LIKE 'cnry%'", "SELECT count(*) FROM patients WHERE nick NOT LIKE 'cnry%'", "SELECT count(*) FROM patients WHERE nick ILIKE 'CNRY%'",
		"SELECT count(*) FROM patients WHERE nick ~ '^cnry'", "SELECT count(*) FROM patients WHERE nick !~ '^cnry'", "SELECT count(*) FROM patients WHERE nick IN ('CNRYNICK', 'x')",
		"SELECT count(*) FROM patients WHERE nick NOT IN ('CNRYNICK', 'x')", "SELECT count(*) FROM patients WHERE nick = ANY ('{CNRYNICK,BB}')", "SELECT count(*) FROM patients WHERE nick < 'CA'",
		"SELECT count(*) FROM patients WHERE nick = name", "SELECT count(*) FROM patients p JOIN patients q ON p.nick = q.nick", "SELECT count(*) FROM (SELECT nick AS n FROM patients) x WHERE n >= 'BB'",
		"SELECT count(*) FROM patients WHERE nick BETWEEN 'A' AND 'C'", "SELECT count(*) FROM patients WHERE nick NOT BETWEEN 'A' AND 'C'",
		"SELECT nick || 'x', lower(nick), length(nick), nick::text = 'CNRYNICK' FROM patients ORDER BY nick", "SELECT nick, count(*) FROM patients GROUP BY nick ORDER BY nick",
		"SELECT (SELECT vip FROM patients WHERE id = 1) = ALL (SELECT vip FROM patients WHERE id = 1)",
	} {
		got, err := cells(t, conn, sql)
		want, wanted := cells(t, direct, sql)
		if wanted != nil {
			t.Fatalf("%s: %v", sql, wanted)
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %q %v\nwant %q", sql, got, err, want)
		}
	}
	for _, sql := range []string{
		"SELECT mood::int FROM patients", "SELECT mood::int4 FROM patients", "SELECT CAST(mood AS integer) FROM patients", "SELECT (array_agg(mood))[1]::int FROM patients",
		"SELECT coalesce(mood, 'sad')::int FROM patients", "SELECT max(mood)::int FROM patients", "SELECT (SELECT mood FROM patients LIMIT 1)::int", "SELECT array_agg(mood)::int[] FROM patients",
		"SELECT m::int FROM (SELECT mood AS m FROM patients) x",
		"PREPARE p (mood) AS SELECT $1::int", "PREPARE p (clinic.mood) AS SELECT coalesce($1, $1)::int", "PREPARE p (boolean) AS SELECT $1::date", "SELECT 'glad'::mood::int",
		"SELECT r.m::int FROM json_to_record('{\"m\": \"sad\"}') AS r(m mood)",
		"SELECT vip::date FROM patients", "SELECT (vip AND true)::date FROM patients", "SELECT array_agg(vip)::date[] FROM patients",
		"SELECT lower(spot) FROM patients", "SELECT spot || 'x' FROM patients", "SELECT to_json(extra) FROM patients", "SELECT extra::json FROM patients",
		"SELECT count(*) FROM patients WHERE coalesce(nick, 'x') = 'CNRYNICK'", "SELECT CASE nick WHEN 'CNRYNICK' THEN 1 END FROM patients", "SELECT replace(nick, 'N', 'x') FROM patients",
		"SELECT count(*) FROM patients WHERE nick IS DISTINCT FROM 'CNRYNICK'", "SELECT count(*) FROM patients p JOIN patients q USING (nick)", "SELECT max(nick) FROM patients",
		"SELECT count(*) FROM patients WHERE nick IN (SELECT nick FROM patients)", "SELECT count(*) FROM patients WHERE (nick, id) = ('CNRYNICK', 1)",
		"SELECT nullif(nick, 'CNRYNICK') FROM patients",
		"SELECT coalesce(spot, name) FROM patients", "SELECT spot FROM patients UNION SELECT name FROM patients",
	} {
		if got, err := cells(t, conn, sql); code(err) != "42501" && code(err) != "42804" {
			t.Errorf("%s: got %q, %v", sql, got, err)
		}
	}
}

// TestTypesOfVisibleColumnsAreFound: what drivers look up of a type is there for each type
// that a visible column has, in whatever schema, and for what it consists of; types that no
// visible column has stay hidden, and so do their schemas.
func TestTypesOfVisibleColumnsAreFound(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "types")
	db.Exec(t, `CREATE SCHEMA ext; CREATE SCHEMA parts; CREATE SCHEMA hidden; CREATE SCHEMA clinic;
CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext;
CREATE TYPE parts.unit AS ENUM ('mg', 'g'); CREATE DOMAIN parts.amount AS numeric CHECK (VALUE > 0);
CREATE TYPE ext.dose AS (amount parts.amount, unit parts.unit); CREATE DOMAIN ext.nick AS ext.citext;
CREATE TYPE ext.span AS RANGE (subtype = float8); CREATE TYPE hidden.secret AS ENUM ('CANARYLABEL'); CREATE DOMAIN ext.unused AS text;
CREATE TABLE clinic.patients (id int, nick ext.citext, nicks ext.citext[], alias ext.nick, extra ext.hstore, dose ext.dose, doses ext.dose[], span ext.span, gone hidden.secret, kept text);
CREATE VIEW clinic.nicks AS SELECT nick, alias FROM clinic.patients;
INSERT INTO clinic.patients VALUES (1, 'a', '{a}', 'b', 'k=>v', ROW(1, 'mg'), ARRAY[ROW(2, 'g')::ext.dose], '[1,2)', 'CANARYLABEL', 'x');`)
	db.GrantRead(t, "clinic", "ext", "parts", "hidden")
	d := startListenerOver(t, db.DSN(pgtest.Reader), func(c *Config) {
		c.SearchPath = []string{"clinic"}
		policy := policyOf(t, []byte("veil: 1\nname: types\nextends: safe-harbor\ntables:\n  default: keep\n  rules:\n    - {id: gone, match: {column: gone}, method: hide}\n"))
		c.Policy.Views = map[string]View{"plain": {Policy: policy}, "few": {Policy: policy}}
	})
	conn := d.connect(t).PgConn()
	direct, err := pgconn.Connect(t.Context(), db.DSN(pgtest.Reader)+"&search_path=clinic")
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), n.nspname, t.typname, t.typtype, e.typname, b.typname, r.rngsubtype
			FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace
			LEFT JOIN pg_type e ON e.oid = t.typelem LEFT JOIN pg_type b ON b.oid = t.typbasetype LEFT JOIN pg_range r ON r.rngtypid = t.oid
			WHERE a.attrelid = 'clinic.patients'::regclass AND a.attnum > 0 AND a.attname <> 'gone' ORDER BY a.attname`,
		`SELECT f.attname, t.typname, n.nspname FROM pg_type c JOIN pg_attribute f ON f.attrelid = c.typrelid JOIN pg_type t ON t.oid = f.atttypid
			JOIN pg_namespace n ON n.oid = t.typnamespace WHERE c.typname = 'dose' ORDER BY 1`,
		`SELECT t.typname, a.typname FROM pg_type t JOIN pg_type a ON a.oid = t.typarray WHERE t.typname IN ('citext', 'hstore', 'dose', 'unit', 'amount', 'nick') ORDER BY 1`,
		"SELECT enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = 'unit' ORDER BY enumsortorder",
		"SELECT 'ext.citext'::regtype::text, 'ext.dose[]'::regtype::text, has_schema_privilege('parts', 'USAGE')",
	} {
		got, err := cells(t, conn, sql)
		want, wanted := cells(t, direct, sql)
		if wanted != nil || len(want) == 0 {
			t.Fatalf("%s: %q %v", sql, want, wanted)
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %q %v\nwant %q", sql, got, err, want)
		}
	}
	for _, sql := range []string{
		"SELECT 1 FROM pg_type WHERE typname IN ('secret', '_secret', 'unused')", "SELECT 1 FROM pg_namespace WHERE nspname = 'hidden'",
		"SELECT 1 FROM pg_enum WHERE enumlabel LIKE 'CANARY%'", "SELECT 1 FROM information_schema.schemata WHERE schema_name = 'hidden'",
		"SELECT 1 FROM information_schema.domains WHERE domain_name = 'unused'", "SELECT 1 FROM pg_proc WHERE pronamespace = 'ext'::regnamespace",
	} {
		if got, err := cells(t, conn, sql); err != nil || !reflect.DeepEqual(got, []string{"SELECT 0"}) {
			t.Errorf("%s: got %q, %v", sql, got, err)
		}
	}
}
