package ddl

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/postgres/catalog"
)

func TestCatalog(t *testing.T) {
	t.Parallel()
	c, err := Catalog(`
-- the clinic
create schema clinic;
create table clinic.patients (
  id bigserial primary key, "Mrn" varchar(20) not null, born date, seen timestamp with time zone default now(),
  weight numeric(5,1), notes text, doc jsonb, tags text[], code char(3), uid uuid, vip boolean);
create table visits (patient_id bigint references clinic.patients(id), n int, primary key (patient_id, n));
`)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Named("clinic", "patients")
	for name, want := range map[string]uint32{"id": catalog.OIDInt8, "Mrn": catalog.OIDVarchar, "born": catalog.OIDDate, "seen": catalog.OIDTimestamptz,
		"weight": catalog.OIDNumeric, "notes": catalog.OIDText, "doc": catalog.OIDJSONB, "tags": catalog.OIDTextArray, "code": catalog.OIDBpchar, "uid": catalog.OIDUUID, "vip": catalog.OIDBool} {
		if got := p.Column(name); got == nil || got.Type != want {
			t.Errorf("column %s is %+v, want type %d", name, got, want)
		}
	}
	if len(p.Key) != 1 || p.Key[0] != "id" {
		t.Errorf("the key of patients is %q", p.Key)
	}
	v := c.Find([]string{"public"}, "", "visits")
	if v == nil || strings.Join(v.Key, ",") != "patient_id,n" {
		t.Errorf("visits is %+v", v)
	}
}

// TestRefused: what a definition says beyond tables is not left out in silence, and no
// error repeats a literal.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", "", "expected CREATE TABLE"},
		{"a query", "select 'Zebulon'", "line 1: expected CREATE TABLE"},
		{"a view", "create table a (b int);\n\ncreate view v as select * from a", "line 3: expected CREATE TABLE"},
		{"a type", "create table a (\n b mood)", "line 1: column b of table a: its type is not built in"},
		{"an array", "create table a (b int[])", "arrays of this type"},
		{"a partition", "create table a (b int) partition by range (b)", "inheritance"},
		{"like", "create table a (like b)", "LIKE can be resolved only"},
		{"two columns", "create table a (b int, b text)", "two columns b"},
		{"two tables", "create table a (b int); create table a (b int)", "twice"},
		{"no columns", "create table a ()", "no columns"},
		{"syntax", "create table a (b int);\ncreate table 'Zebulon' (c int)", "line 2: syntax error"},
		{"bytes", "create table a (b int) -- \xff", "UTF-8"},
		{"deep", strings.Repeat("(", 5000), "nests too deep"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Catalog(tc.text)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "Zebulon") {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
