package pgproxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/internal/pgtest"
)

// scalar is the one cell of a query, by a parameter where one is given; NULL and errors
// are reported as such.
func scalar(t *testing.T, conn *pgconn.PgConn, sql string, params ...string) string {
	t.Helper()
	var values [][]byte
	for _, p := range params {
		values = append(values, []byte(p))
	}
	r := conn.ExecParams(t.Context(), sql, values, nil, nil, nil).Read()
	switch {
	case r.Err != nil:
		return "error " + code(r.Err)
	case len(r.Rows) == 0:
		return "no row"
	case r.Rows[0][0] == nil:
		return "NULL"
	}
	return string(r.Rows[0][0])
}

// TestEveryPathLeadsToTheSameObject: a relation and a type of the database are the same
// by OID, by a name as a literal, as a parameter and as an expression, quoted or not, in
// pg_catalog and the information schema; and what is hidden is there by none.
func TestEveryPathLeadsToTheSameObject(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t).PgConn()
	upstream, err := pgconn.Connect(t.Context(), pgtest.Start(t).Clinic(t).DSN(pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		schema, name string
		visible      bool
	}{{"clinic", "patients", true}, {"clinic", "encounters", true}, {"clinic", "icd10_codes", true}, {"vault", "secrets", false}, {"clinic", "nowhere", false}} {
		oid := scalar(t, upstream, fmt.Sprintf("SELECT to_regclass('%s.%s')::oid", tt.schema, tt.name))
		names := []string{tt.schema + "." + tt.name, `"` + tt.schema + `"."` + tt.name + `"`, tt.schema + `."` + tt.name + `"`, strings.ToUpper(tt.schema) + "." + tt.name}
		if tt.schema == "clinic" {
			names = append(names, tt.name, `"`+tt.name+`"`)
		}
		want := func(got, path string) {
			t.Helper()
			if tt.visible && got != oid || !tt.visible && got != "NULL" && got != "no row" && !strings.HasPrefix(got, "error 42") {
				t.Errorf("%s.%s by %s: got %s, want %s", tt.schema, tt.name, path, got, oid)
			}
		}
		for _, name := range names {
			literal := "'" + name + "'"
			for _, path := range []string{literal, "(" + literal + " || '')", "lower(" + literal + ")"} {
				want(scalar(t, conn, "SELECT to_regclass("+path+")::oid"), "to_regclass("+path+")")
				want(scalar(t, conn, "SELECT ("+path+")::regclass::oid"), path+"::regclass")
			}
			want(scalar(t, conn, "SELECT to_regclass($1)::oid", name), "to_regclass($1), "+name)
			want(scalar(t, conn, "SELECT $1::regclass::oid", name), "$1::regclass, "+name)
			for _, privilege := range []string{"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "INSERT, SELECT", "SELECT WITH GRANT OPTION"} {
				got := scalar(t, conn, "SELECT has_table_privilege($1, $2)", name, privilege)
				if may := map[bool]string{true: "t", false: "f"}[privilege == "SELECT" || privilege == "INSERT, SELECT"]; tt.visible && got != may || !tt.visible && got != "NULL" {
					t.Errorf("privilege %s on %s: got %s", privilege, name, got)
				}
			}
		}
		want(scalar(t, conn, fmt.Sprintf("SELECT (quote_ident('%s') || '.' || quote_ident('%s'))::regclass::oid", tt.schema, tt.name)), "quote_ident")
		want(scalar(t, conn, fmt.Sprintf("SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = '%s' AND relname = '%s'", tt.schema, tt.name)), "pg_class")
		want(scalar(t, conn, fmt.Sprintf("SELECT to_regclass(table_schema || '.' || table_name)::oid FROM information_schema.tables WHERE table_schema = '%s' AND table_name = '%s'", tt.schema, tt.name)), "information_schema")
		if oid != "NULL" {
			want(scalar(t, conn, "SELECT "+oid+"::regclass::oid"), "its OID")
			want(scalar(t, conn, "SELECT $1::oid::regclass::oid", oid), "its OID as a parameter")
			want(scalar(t, conn, "SELECT to_regclass($1)::oid", oid), "its OID as a text")
		}
		if tt.visible {
			if got := scalar(t, conn, fmt.Sprintf(`SELECT count(*) >= 0 FROM "clinic"."%s"."%s"`, tt.schema, tt.name)); got != "t" {
				t.Errorf("by its database's name: %s", got)
			}
		}
	}
}

// TestPrivilegesAndColumnsTellTheTruth: nothing may be written, and no catalog says
// otherwise; a masked column has one type in every catalog and on the wire.
func TestPrivilegesAndColumnsTellTheTruth(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t).PgConn()
	for sql, want := range map[string]string{
		"SELECT has_schema_privilege('clinic', 'USAGE')":                                                         "t",
		"SELECT has_schema_privilege('clinic', 'CREATE')":                                                        "f",
		"SELECT has_schema_privilege('vault', 'USAGE')":                                                          "NULL",
		"SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = 'clinic'":                  "f",
		"SELECT has_database_privilege(current_database(), 'CREATE')":                                            "f",
		"SELECT has_database_privilege(current_database(), 'CONNECT')":                                           "t",
		"SELECT has_column_privilege('clinic.patients', 'sex', 'SELECT')":                                        "t",
		"SELECT has_column_privilege('clinic.patients', 'sex', 'UPDATE')":                                        "f",
		"SELECT has_column_privilege('clinic.patients', 'nope', 'SELECT')":                                       "NULL",
		"SELECT has_any_column_privilege('clinic.patients', 'INSERT')":                                           "f",
		"SELECT has_table_privilege(current_user, 'clinic.patients', 'SELECT')":                                  "t",
		"SELECT bool_or(has_table_privilege(oid, 'INSERT')) FROM pg_class":                                       "f",
		"SELECT bool_and(has_table_privilege(oid, 'SELECT')) FROM pg_class WHERE relkind = 'r' AND oid >= 16384": "t",
		"SELECT count(*) FROM information_schema.tables WHERE is_insertable_into <> 'NO'":                        "0",
		"SELECT count(*) FROM information_schema.columns WHERE is_updatable <> 'NO'":                             "0",
		"SELECT count(*) FROM information_schema.table_privileges WHERE privilege_type <> 'SELECT'":              "0",
		"SELECT count(*) FROM information_schema.column_privileges WHERE privilege_type <> 'SELECT'":             "0",
		"SELECT bool_or(pg_has_role(relowner, 'USAGE')) FROM pg_class":                                           "f",
		"SELECT has_sequence_privilege('x', 'USAGE')":                                                            "f",
		"SELECT count(*) FROM pg_stat_activity":                                                                  "0",
		"SELECT count(*) FROM pg_replication_slots":                                                              "0",
		"SELECT count(*) FROM pg_locks":                                                                          "0",
		"SELECT '{int,int8}'::regtype[]::text":                                                                   "{integer,bigint}",
		"SELECT indexdef ~ '^CREATE UNIQUE INDEX' FROM pg_indexes WHERE indexname = 'patients_pkey'":             "t",
		"SELECT count(*) FROM pg_index i WHERE indrelid >= 16384 AND pg_get_indexdef(indexrelid) IS NULL":        "0",
		"SELECT count(*) FROM pg_indexes WHERE indexdef IS NULL":                                                 "0",
	} {
		if got := scalar(t, conn, sql); got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
	}
	raw := newRaw(t, d, "ann")
	raw.send("Q", "SELECT * FROM clinic.patients LIMIT 0")
	if got := raw.until('T'); got != "T" {
		t.Fatal(got)
	}
	var m pgproto3.RowDescription
	if err := m.Decode(raw.last); err != nil {
		t.Fatal(err)
	}
	for _, f := range m.Fields {
		oid := fmt.Sprint(f.DataTypeOID)
		at := " table_schema = 'clinic' AND table_name = 'patients' AND column_name = '" + string(f.Name) + "'"
		for path, sql := range map[string]string{
			"pg_attribute": "SELECT atttypid FROM pg_attribute WHERE attrelid = 'clinic.patients'::regclass AND attname = '" + string(f.Name) + "'",
			"udt_name":     "SELECT t.oid FROM information_schema.columns c JOIN pg_type t ON t.typname = c.udt_name JOIN pg_namespace n ON n.oid = t.typnamespace AND (n.nspname = c.udt_schema OR n.nspname = 'pg_catalog') WHERE" + at,
			"data_type":    "SELECT CASE WHEN data_type IN ('ARRAY', 'USER-DEFINED') OR domain_name IS NOT NULL THEN " + oid + " ELSE to_regtype(data_type::text)::oid END FROM information_schema.columns WHERE" + at,
		} {
			if got := scalar(t, conn, sql); got != oid && !(path == "udt_name" && f.DataTypeOID >= 16384) {
				t.Errorf("column %s by %s: type %s, and %s on the wire", f.Name, path, got, oid)
			}
		}
	}
}

// TestTypesByName: a type of the database is the same by each way to name it.
func TestTypesByName(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t).PgConn()
	oid := scalar(t, conn, "SELECT t.oid FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE nspname = 'clinic' AND typname = 'sex_t'")
	for _, name := range []string{"clinic.sex_t", "sex_t", `"clinic"."sex_t"`, `clinic."sex_t"`, "CLINIC.Sex_T"} {
		for _, got := range []string{
			scalar(t, conn, "SELECT to_regtype('"+name+"')::oid"), scalar(t, conn, "SELECT to_regtype($1)::oid", name),
			scalar(t, conn, "SELECT '"+name+"'::regtype::oid"), scalar(t, conn, "SELECT $1::regtype::oid", name),
			scalar(t, conn, "SELECT ('"+name+"' || '')::regtype::oid"), scalar(t, conn, "SELECT to_regtype(lower('"+name+"'))::oid"),
		} {
			if got != oid {
				t.Errorf("%s: got %s, want %s", name, got, oid)
			}
		}
	}
	for _, name := range []string{"int", "character varying", "int4", "pg_catalog.int4", "_int4"} {
		want := scalar(t, conn, "SELECT '"+strings.TrimPrefix(name, "pg_catalog.")+"'::regtype::oid")
		for _, got := range []string{scalar(t, conn, "SELECT (to_regtype('\"pg_catalog\".\"' || t.typname || '\"'))::oid FROM pg_type t WHERE oid = '"+name+"'::regtype"), scalar(t, conn, "SELECT to_regtype('"+name+"')::oid"), scalar(t, conn, "SELECT '"+name+"'::regtype::oid")} {
			if got != want && name != "pg_catalog.int4" {
				t.Errorf("%s: got %s, want %s", name, got, want)
			}
		}
	}
}

// TestSetConfigByParameter: the value of set_config is taken at Bind.
func TestSetConfigByParameter(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	conn := d.connect(t).PgConn()
	for _, path := range []string{"public", "billing, public", `"Straße"`, "clinic"} {
		if got := scalar(t, conn, "SELECT set_config('search_path', $1, false)", path); got != path {
			t.Errorf("got %s", got)
		}
		if got := scalar(t, conn, "SHOW search_path"); got != path {
			t.Errorf("search_path is %s, want %s", got, path)
		}
	}
	if got := scalar(t, conn, "SELECT set_config('search_path', $1, false)", "clinic, pg_catalog"); got != "error 42501" {
		t.Errorf("got %s", got)
	}
	if got := scalar(t, conn, "SELECT set_config('transaction_read_only', $1, false)", "off"); got != "error 42501" {
		t.Errorf("got %s", got)
	}
}

// TestMovingAPortal: SQL moves a portal that Bind named, as over PostgreSQL.
func TestMovingAPortal(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	r := newRaw(t, d, "ann")
	r.send("Q", "BEGIN")
	r.until('Z')
	r.send("P", "", "SELECT g FROM generate_series(1, 9) g")
	r.send("B", "c", "")
	r.execute("c", 2)
	r.sync()
	if got := r.until('Z'); got != "1 2 D D s Z" {
		t.Fatal(got)
	}
	r.send("Q", "MOVE 3 FROM c")
	if got := r.until('Z'); got != "C Z" {
		t.Fatal(got)
	}
	r.execute("c", 1)
	r.sync()
	if got := r.until('D'); got != "D" || !strings.HasSuffix(string(r.last), "6") {
		t.Errorf("got %q %q", got, r.last)
	}
}
