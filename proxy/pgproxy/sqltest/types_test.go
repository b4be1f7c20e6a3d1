package sqltest

import (
	"context"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/pgtest"
)

// TestParameterTypesOfTheDatabase holds that a client that declares a parameter to be
// of a type of the database, or of one that looks names up, gets no cast, constraint or
// name of the database by it: the response is the same for what is there and what is not.
func TestParameterTypesOfTheDatabase(t *testing.T) {
	h := start(t)
	ctx := context.Background()
	owner, err := pgconn.Connect(ctx, h.originals.DSN(pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(ctx)
	for _, c := range []struct{ name, typ, sql, there, not string }{
		{"cast of an enum", "clinic.sex_t", "SELECT $1::bigint", "female", "nobody"},
		{"cast of a composite", "clinic.reading_t", "SELECT abs($1)", "(1,2)", "(1,x)"},
		{"cast in a limit", "clinic.reading_t", "SELECT 1 LIMIT $1", "(1,2)", "(1,x)"},
		{"label of an enum", "clinic.vip_t", "SELECT $1 IS NULL", "CANARYVIP-MAYOR", "CANARYVIP-NOBODY"},
		{"labels of an enum", "clinic.vip_t[]", "SELECT $1 IS NULL", "{CANARYVIP-MAYOR}", "{CANARYVIP-NOBODY}"},
		{"constraint of a domain", "clinic.mrn_t", "SELECT $1 IS NULL", "MRNCANARY00001", "MRNCANARY99999"},
		{"row of a table", "clinic.icd10_codes", "SELECT $1::text IS NULL", "(a,b,1)", "(a,b,x)"},
		{"relation", "regclass", "SELECT $1 IS NULL", "vault.secrets", "vault.nothing"},
		{"relations", "regclass[]", "SELECT $1 IS NULL", "{vault.secrets}", "{vault.nothing}"},
		{"schema", "regnamespace", "SELECT $1 IS NULL", "vault", "nothing"},
		{"function", "regproc", "SELECT $1 IS NULL", "clinic.run", "clinic.walk"},
		{"type", "regtype", "SELECT $1 IS NULL", "clinic.vip_t", "clinic.nip_t"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := owner.ExecParams(ctx, "SELECT (($1::text)::regtype)::oid::text", [][]byte{[]byte(c.typ)}, []uint32{25}, nil, nil).Read()
			if found.Err != nil {
				t.Fatal(found.Err)
			}
			oid, err := strconv.ParseUint(string(found.Rows[0][0]), 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			ask := func(value string) string {
				s := connect(t, h.strong.dsn())
				defer s.close()
				a := &answer{}
				a.read(s.conn.ExecParams(ctx, c.sql, [][]byte{[]byte(value)}, []uint32{uint32(oid)}, nil, nil))
				if leaked := Canary(s.received()); leaked != nil {
					t.Errorf("%q was received", leaked)
				}
				if a.err != nil {
					return a.code()
				}
				return a.lines(nil)[0]
			}
			if there, not := ask(c.there), ask(c.not); there != not {
				t.Errorf("got %q for what is there, %q for what is not", there, not)
			}
			h.strong.quiet(t)
		})
	}
}
