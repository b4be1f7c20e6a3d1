package pgdump_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/pgdump"
)

const clinic = `
veil: 1
name: test
referenceDate: 2025-06-30
tables:
  rules:
    - {id: ids, match: [{column: id}, {column: patient_id}], method: seal, domain: Patient}
    - {id: name, match: {column: name}, method: pseudonym}
    - {id: born, match: {column: born}, method: year}
    - {id: gone, match: {column: notes}, method: remove}
    - {id: facts, match: [{column: sex}, {column: "free*"}, {table: facts}], method: keep}
`

// rules returns the rules of a ruleset, with the key of the tests.
func rules(t testing.TB, text string) *table.Rules {
	t.Helper()
	return masktest.Rules(t, text)
}

// sealed is the pseudonym of an id.
func sealed(r *table.Rules, id string) string {
	ring := r.Policy().Keys
	out, _ := ring.NewPseudonymizer().AppendSealed(nil, ring.SealSlot("Patient"), []byte(id))
	return string(out)
}

const (
	begin = "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\n"
	end   = "--\n-- PostgreSQL database dump complete\n--\n\n"
	// patients is a table of the rules.
	patients = "CREATE TABLE public.patients (\n    id integer NOT NULL,\n    name text,\n    born date,\n    notes text,\n    sex text,\n    free text\n);\n"
)

// run masks a text.
func run(t testing.TB, r *table.Rules, text string, workers int) (out string, counts file.Counts, reports string) {
	t.Helper()
	var b bytes.Buffer
	var said []string
	job := &file.Job{
		Inputs: []string{"-"}, Stdin: strings.NewReader(text), Stdout: &b, Plan: r.Policy().NewPlan(), Keys: r.Policy().Keys, Workers: workers,
		Formats: []file.Format{pgdump.New(pgdump.Config{Rules: r})}, Report: func(p file.Problem) { said = append(said, p.Error()) },
	}
	counts, err := job.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), counts, strings.Join(said, "\n")
}

// contains fails where a text lacks one of several.
func contains(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in %s", w, text)
		}
	}
}

// TestRowForms: each form in which pg_dump writes rows gives the same masked values.
func TestRowForms(t *testing.T) {
	t.Parallel()
	r := rules(t, clinic)
	id := sealed(r, "17")
	name := pseudonym(t, r, `O'Hara \ Co`)
	for form, tc := range map[string]struct{ rows, want string }{
		"COPY": {
			"COPY public.patients (id, name, born, notes, sex, free) FROM stdin;\n17\tO'Hara \\\\ Co\t1980-03-05\tsecret\tf\ta\\tb\\N\n\\.\n\n",
			"",
		},
		"COPY with NULL": {
			"COPY public.patients (id, name, born, notes, sex, free) FROM stdin;\n17\tO'Hara \\\\ Co\t1980-03-05\tsecret\tf\t\\N\n\\.\n\n",
			"COPY \"public\".\"patients\" (\"id\", \"name\", \"born\", \"notes\", \"sex\", \"free\") FROM stdin;\n" + id + "\t" + name + "\t1980-01-01\t\\N\tf\t\\N\n\\.\n",
		},
		"INSERT": {
			"INSERT INTO public.patients VALUES (17, 'O''Hara \\ Co', '1980-03-05', 'secret; );', 'f', NULL);\n",
			"INSERT INTO \"public\".\"patients\" (\"id\", \"name\", \"born\", \"notes\", \"sex\", \"free\") VALUES ('" + id + "', '" + name + "', '1980-01-01', NULL, 'f', NULL);\n",
		},
		"INSERT with columns in another order": {
			"INSERT INTO public.patients (sex, id, name) VALUES ('f', 17, 'O''Hara \\ Co');\n",
			"INSERT INTO \"public\".\"patients\" (\"sex\", \"id\", \"name\") VALUES ('f', '" + id + "', '" + name + "');\n",
		},
		"rows and conflicts": {
			"INSERT INTO public.patients (id, sex) OVERRIDING SYSTEM VALUE VALUES\n\t(17, 'f'),\n\t(17, 'm') ON CONFLICT DO NOTHING;\n",
			"INSERT INTO \"public\".\"patients\" (\"id\", \"sex\") OVERRIDING SYSTEM VALUE VALUES ('" + id + "', 'f'),\n\t('" + id + "', 'm') ON CONFLICT DO NOTHING;\n",
		},
		"escapes": {
			"INSERT INTO public.patients (id, name, free) VALUES (17, E'O\\'Hara \\\\ Co', E'a\\nb''c');\n",
			"('" + id + "', '" + name + "', 'a\nb''c');\n",
		},
		"strings with escapes": {
			"SET standard_conforming_strings = off;\nINSERT INTO public.patients (id, name, free) VALUES (17, 'O\\'Hara \\\\ Co', 'x\\\\y');\n",
			"('" + id + "', '" + name + "', 'x\\y');\n",
		},
		"dollars, casts and bits": {
			"INSERT INTO public.patients (id, name, free, free2, free3, free4) VALUES ('17'::integer, $q$O'Hara \\ Co$q$, $$it's$$, B'101'::bit(3), -1.5e3, true);\n",
			"('" + id + "', '" + name + "', 'it''s', B'101', -1.5e3, true);\n",
		},
	} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			schema := strings.Replace(patients, "free text", "free text,\n free2 bit(3),\n free3 numeric,\n free4 boolean", 1)
			if !strings.Contains(tc.rows, "free2") {
				schema = patients
			}
			out, counts, reports := run(t, r, begin+schema+tc.rows+end, 2)
			if strings.Contains(out, "Hara") || strings.Contains(out, "secret") || strings.Contains(out, "03-05") {
				t.Errorf("an original is in %s", out)
			}
			if tc.want == "" {
				if counts.Bad != 1 || counts.Masked != 0 {
					t.Errorf("%+v: a part of a field is NULL: %s", counts, reports)
				}
				return
			}
			if counts.Bad+counts.Failed != 0 {
				t.Errorf("%+v %s", counts, reports)
			}
			contains(t, out, tc.want)
		})
	}
}

// pseudonym is the masked form of a name.
func pseudonym(t testing.TB, r *table.Rules, value string) string {
	t.Helper()
	plan, err := r.Plan(table.Source{Name: table.Name{Schema: "public", Table: "patients"}, Columns: []table.Column{{Name: "name", Type: table.Text}}}, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := plan.Masker(mask.NewPass(plan.Actions))
	m.Begin(table.Cells{[]byte(value)})
	out, _, err := m.AppendCell(nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestAttacks: what hides data or commands in a dump does not pass.
func TestAttacks(t *testing.T) {
	t.Parallel()
	const marker = "MARKERMARKERMARKER"
	r := rules(t, clinic)
	rows := "COPY public.patients (id, name, born, notes, sex, free) FROM stdin;\n"
	for name, text := range map[string]string{
		"comment":                        patients + "-- " + marker + "\n",
		"comment within a statement":     strings.Replace(patients, "name text", "name /* "+marker+" */ text -- "+marker+"\n", 1),
		"comment within a comment":       "/* a /* b */ " + marker + " */\n" + patients,
		"shell command":                  patients + "\\! echo " + marker + "\n",
		"command within a statement":     patients + "SELECT 1 \\! echo " + marker + "\n;\n",
		"included file":                  patients + "\\i " + marker + "\n",
		"copy of psql":                   patients + "\\copy patients from '" + marker + "'\n",
		"restrict":                       "\\restrict " + marker + "\n" + patients,
		"connect":                        "\\connect " + marker + "\n" + patients,
		"COPY to a program":              patients + "COPY public.patients TO PROGRAM '" + marker + "';\n",
		"COPY from a file":               patients + "COPY public.patients FROM '" + marker + "';\n",
		"COPY with options":              patients + "COPY public.patients FROM stdin WITH (NULL '" + marker + "');\n\\.\n",
		"end of rows within a row":       patients + rows + "1\tn\t\\N\t\\N\t\\.\t" + marker + "\n\\.\n",
		"end of rows in the first field": "CREATE TABLE public.t (free text, hidden text);\nCOPY public.t (free, hidden) FROM stdin;\n\\.\t" + marker + "\n\\.\n",
		"escaped delimiter":              patients + rows + "1\t" + marker + "\\\tx\tf\tg\n\\.\n",
		"escaped line end":               patients + rows + "1\tn\t\\N\t\\N\tf\tfree\\\n" + marker + "\n\\.\n",
		"carriage return":                patients + rows + "1\tn\t\\N\t\\N\tf\tfree\rx" + marker + "\n\\.\n",
		"more fields":                    patients + rows + "1\tn\t\\N\t\\N\tf\tfree\t" + marker + "\n\\.\n",
		"SQL behind the values":          patients + "INSERT INTO public.patients (id) VALUES (1) RETURNING '" + marker + "';\n",
		"SELECT instead of values":       patients + "INSERT INTO public.patients SELECT 1, '" + marker + "';\n",
		"expression as a value":          patients + "INSERT INTO public.patients (sex) VALUES ('f' || '" + marker + "');\n",
		"function as a value":            patients + "INSERT INTO public.patients (sex) VALUES (lower('" + marker + "'));\n",
		"default":                        strings.Replace(patients, "sex text", "sex text DEFAULT '"+marker+"'::text", 1),
		"default in dollars":             strings.Replace(patients, "sex text", "sex text DEFAULT $x$"+marker+"$x$", 1),
		"check":                          strings.Replace(patients, "free text\n", "free text,\n CONSTRAINT c CHECK ((free <> '"+marker+"'::text))\n", 1),
		"check as a constraint":          patients + "ALTER TABLE public.patients ADD CONSTRAINT c CHECK (free = '" + marker + "') NOT VALID;\n",
		"generated column":               strings.Replace(patients, "free text\n", "free text,\n free2 text GENERATED ALWAYS AS ((free || '"+marker+"'::text)) STORED\n", 1),
		"storage option":                 strings.Replace(patients, ");\n", ")\nWITH (x='"+marker+"');\n", 1),
		"label of an enum":               "CREATE TYPE public.e AS ENUM ('a', '" + marker + "');\n" + strings.Replace(patients, "notes text", "notes public.e", 1),
		"check of a domain":              "CREATE DOMAIN public.d AS text CONSTRAINT c CHECK (VALUE <> '" + marker + "');\n" + strings.Replace(patients, "free text", "free public.d", 1),
		"default of a domain":            "CREATE DOMAIN public.d AS text DEFAULT '" + marker + "'::text;\n" + strings.Replace(patients, "free text", "free public.d", 1),
		"comment on a table":             patients + "COMMENT ON TABLE public.patients IS '" + marker + "';\n",
		"security label":                 patients + "SECURITY LABEL ON TABLE public.patients IS '" + marker + "';\n",
		"view":                           patients + "CREATE VIEW public.v AS\n SELECT patients.sex\n   FROM public.patients\n  WHERE (patients.sex = '" + marker + "'::text);\n",
		"view with a number":             patients + "CREATE VIEW public.v AS\n SELECT patients.sex AS " + marker + "\n   FROM public.patients\n  WHERE (patients.id = 4711);\n",
		"materialized view":              patients + "CREATE MATERIALIZED VIEW public.v AS\n SELECT '" + marker + "'::text AS x\n  WITH NO DATA;\n",
		"function":                       "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $_$ SELECT '" + marker + "'; $_$;\n" + patients,
		"function of statements":         "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT '" + marker + "'; END;\n" + patients,
		"procedure":                      "CREATE PROCEDURE public.f() LANGUAGE plpgsql AS $$ BEGIN PERFORM '" + marker + "'; END $$;\n" + patients,
		"trigger":                        patients + "CREATE TRIGGER t BEFORE INSERT ON public.patients FOR EACH ROW WHEN ((new.sex = '" + marker + "'::text)) EXECUTE FUNCTION public.f();\n",
		"rule":                           patients + "CREATE RULE r AS ON INSERT TO public.patients DO ( SELECT '" + marker + "'; SELECT 2; );\n",
		"policy":                         patients + "CREATE POLICY p ON public.patients USING ((sex = '" + marker + "'::text));\n",
		"index expression":               patients + "CREATE INDEX i ON public.patients USING btree (((sex || '" + marker + "'::text)));\n",
		"index condition":                patients + "CREATE INDEX i ON public.patients USING btree (sex) WHERE (sex = '" + marker + "'::text);\n",
		"exclusion":                      patients + "ALTER TABLE ONLY public.patients ADD CONSTRAINT x EXCLUDE USING gist (sex WITH =) WHERE ((sex <> '" + marker + "'::text));\n",
		"statistics":                     patients + "CREATE STATISTICS public.s (mcv) ON ((sex || '" + marker + "')), free FROM public.patients;\n",
		"values of statistics":           patients + "SELECT * FROM pg_catalog.pg_restore_attribute_stats('most_common_vals', '{" + marker + "}'::text);\n",
		"large object":                   patients + "BEGIN;\nSELECT pg_catalog.lo_open('1', 131072);\nSELECT pg_catalog.lowrite(0, '" + marker + "');\nCOMMIT;\n",
		"user mapping":                   "CREATE USER MAPPING FOR u SERVER s OPTIONS (password '" + marker + "');\n" + patients,
		"server":                         "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host '" + marker + "');\n" + patients,
		"subscription":                   "CREATE SUBSCRIPTION s CONNECTION 'password=" + marker + "' PUBLICATION p;\n" + patients,
		"role":                           "CREATE ROLE u;\nALTER ROLE u WITH LOGIN PASSWORD '" + marker + "';\n" + patients,
		"event trigger":                  "CREATE EVENT TRIGGER e ON ddl_command_start WHEN TAG IN ('" + marker + "') EXECUTE FUNCTION f();\n" + patients,
		"setting":                        "SET myapp.secret = '" + marker + "';\n" + patients,
		"setting of a database":          "ALTER DATABASE d SET x TO '" + marker + "';\n" + patients,
		"anything else":                  "DO $$ BEGIN RAISE '" + marker + "'; END $$;\n" + patients,
		"bound of a masked partition":    "CREATE TABLE public.p (born date) PARTITION BY RANGE (born);\nCREATE TABLE public.p1 (born date);\nALTER TABLE ONLY public.p ATTACH PARTITION public.p1 FOR VALUES FROM ('" + marker + "') TO (MAXVALUE);\n",
		"position of a sequence":         "CREATE TABLE public.p (id integer);\nCREATE SEQUENCE public.s START WITH 1;\nALTER SEQUENCE public.s OWNED BY public.p.id;\nSELECT pg_catalog.setval('public.s', 4711, true);\n",
		"hidden column":                  "CREATE TABLE public.p (sex text, " + marker + " text);\nCOPY public.p (sex, " + marker + ") FROM stdin;\nf\t" + marker + "\n\\.\n",
		"table without a rule":           "CREATE TABLE public.p (" + marker + " text);\nCOPY public.p (" + marker + ") FROM stdin;\n" + marker + "\n\\.\n",
		"table that is not understood":   "CREATE TABLE public.p (sex text) WOBBLE '" + marker + "';\nCOPY public.p (sex) FROM stdin;\n" + marker + "\n\\.\n",
		"rows of an unknown table":       patients + "COPY public.other (sex) FROM stdin;\n" + marker + "\n\\.\n",
		"type that is not understood":    "CREATE TABLE public.p (sex text COLLATE \"x\" '" + marker + "');\n",
		"broken string":                  patients + "COMMENT ON TABLE public.patients IS '" + marker + ";\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, counts, reports := run(t, r, begin+text+end, 2)
			if counts.Failed+counts.Bad == 0 && !strings.Contains(out, "CREATE TABLE") {
				t.Errorf("neither an output nor an error: %s", reports)
			}
			if i := strings.Index(out, marker); i >= 0 {
				t.Errorf("the marker is in the output: %q", out[max(0, i-100):i+len(marker)])
			}
			if strings.Contains(strings.ReplaceAll(reports, "public."+marker, ""), marker) || strings.Contains(out, "4711") {
				t.Errorf("an original is in the reports or the output: %s", reports)
			}
		})
	}
}

// TestZones: a timestamp with a time zone is masked as the moment that it is, in whatever
// zone the session of pg_dump was.
func TestZones(t *testing.T) {
	t.Parallel()
	r := rules(t, strings.Replace(clinic, "{column: name}", "[{column: name}, {column: seen}]", 1))
	schema := "CREATE TABLE public.visits (\n    seen timestamp with time zone\n);\n"
	want := ""
	for _, moment := range []string{"1890-01-01 00:00:00.5+00", "1890-01-01 05:41:16.5+05:41:16", "1889-12-31 19:30:00.5-04:30", "1890-01-01 14:00:00.5+14"} {
		out, counts, reports := run(t, r, begin+schema+"COPY public.visits (seen) FROM stdin;\n"+moment+"\n\\.\n"+end, 1)
		if counts.Masked != 1 || counts.Bad != 0 {
			t.Fatalf("%+v %s", counts, reports)
		}
		if want == "" {
			want = out
		} else if out != want {
			t.Errorf("%s is masked as another moment", moment)
		}
	}
}
