package analysis

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// clinicRules has a column of every treatment.
const clinicRules = `
veil: 1
name: clinic
referenceDate: 2025-06-30
tables:
  default: refuse
  classes:
    SSN: [{table: patients, column: ssn}]
  rules:
    - {id: ids, match: [{table: patients, column: id}, {column: patient_id}], method: seal, domain: Patient}
    - {id: uids, match: {column: uid}, method: seal, domain: Visit}
    - {id: codes, match: {table: visits, column: patient_code}, method: seal, domain: Patient}
    - {id: mrn, match: [{column: mrn}], method: pseudonym, shape: same, domain: mrn}
    - {id: ssn, match: {class: SSN}, method: imitate, kind: ssn}
    - {id: name, match: {table: patients, column: name}, method: surrogate, kind: family, entity: id}
    - {id: seen, match: {table: visits, column: seen}, method: date, mode: shift, entity: patient_id}
    - {id: born, match: {column: born}, method: birthYear, death: died}
    - {id: zip, match: {column: zip}, method: zip3}
    - {id: state, match: {column: state}, method: state}
    - {id: gone, match: {column: notes}, method: remove}
    - {id: cost, match: {column: cost}, method: round, to: "10"}
    - {id: hidden, match: {table: patients, column: vip}, method: hide}
    - {id: clear, match: [{table: patients, column: sex}, {table: patients, column: height}, {table: visits, column: ward},
        {table: visits, column: days}, {table: visits, column: kind}, {table: wards}, {table: mv_wards}], method: keep}
    - {id: documents, match: {column: doc}, method: fhir}
    - {id: aliases, match: {column: aliases}, method: pseudonym}
    - {id: reading, match: {column: pressure}, method: keep}
    - {id: address, match: {column: address.zip}, method: zip3}
`

// Types of the clinic.
const (
	oidKind    = 20001
	oidReading = 20002
	oidAddress = 20003
)

func clinicCatalog(t testing.TB) *catalog.Catalog {
	t.Helper()
	columns := func(list string) (out []catalog.Attribute) {
		types := map[string]uint32{"int8": catalog.OIDInt8, "int4": catalog.OIDInt4, "text": catalog.OIDText, "date": catalog.OIDDate, "timestamptz": catalog.OIDTimestamptz, "uuid": catalog.OIDUUID,
			"numeric": catalog.OIDNumeric, "jsonb": catalog.OIDJSONB, "text[]": catalog.OIDTextArray, "bool": catalog.OIDBool, "kind": oidKind, "reading": oidReading, "address": oidAddress,
			"oid": catalog.OIDOID, "name": catalog.OIDName, "int2": catalog.OIDInt2, "bpchar": catalog.OIDBpchar}
		for i, f := range strings.Split(list, ", ") {
			name, typ, _ := strings.Cut(f, " ")
			a := catalog.Attribute{Name: strings.ReplaceAll(name, "~", " "), Number: int16(i + 1), Type: types[typ], Modifier: -1}
			if a.Type == 0 {
				t.Fatalf("unknown type %q", typ)
			}
			if catalog.IsText(a.Type) {
				a.Collation = catalog.CollationDefault
			}
			out = append(out, a)
		}
		return out
	}
	c, err := catalog.New("1", []catalog.Relation{
		{OID: 30001, Schema: "clinic", Name: "patients", Kind: 'r', Row: 7, Columns: columns("id int8, mrn text, ssn bpchar, name text, born date, died date, sex text, height int4, zip text, state text, notes text, vip bool, aliases text[], address address, secret text")},
		{OID: 30002, Schema: "clinic", Name: "visits", Kind: 'p', Row: 8, Columns: columns("uid uuid, patient_id int8, patient_code text, seen timestamptz, ward text, days int4, kind kind, cost numeric, doc jsonb, pressure reading")},
		{OID: 30003, Schema: "clinic", Name: "visits_2024", Kind: 'r', Row: 9, Parents: []uint32{30002}, Columns: columns("uid uuid, patient_id int8, patient_code text, seen timestamptz, ward text, days int4, kind kind, cost numeric, doc jsonb, pressure reading")},
		{OID: 30004, Schema: "clinic", Name: "wards", Kind: 'r', Row: 10, Columns: columns("ward text, floor int4, Größe~2 int4")},
		{OID: 30005, Schema: "vault", Name: "secrets", Kind: 'r', Row: 11, Columns: columns("k text, v text")},
		{OID: 30006, Schema: "clinic", Name: "v_patients", Kind: 'v', Row: 12, Columns: columns("id int8, shout text, secret text, sex text"),
			Definition: "SELECT patients.id, upper(patients.name) AS shout, patients.secret, patients.sex FROM clinic.patients WHERE patients.height > 100;"},
		{OID: 30007, Schema: "clinic", Name: "v_women", Kind: 'v', Row: 13, Columns: columns("id int8"),
			Definition: "SELECT v.id FROM clinic.v_patients v WHERE v.sex = 'female'::text;"},
		{OID: 30008, Schema: "clinic", Name: "mv_patients", Kind: 'm', Row: 14, Columns: columns("id int8, name text")},
		{OID: 30009, Schema: "clinic", Name: "v_leak", Kind: 'v', Row: 15, Columns: columns("sex text"),
			Definition: "SELECT patients.sex FROM clinic.patients WHERE patients.name = 'x'::text;"},
		{OID: 1259, Schema: "pg_catalog", Name: "pg_class", Kind: 'r', Columns: columns("oid oid, relname name, relnamespace oid, relkind text, relacl text, reltuples int4")},
		{OID: 2619, Schema: "pg_catalog", Name: "pg_statistic", Kind: 'r', Columns: columns("starelid oid, stavalues1 text")},
	}, []catalog.Type{
		{OID: oidKind, Schema: "clinic", Name: "kind", Kind: 'e', Size: 4, Casts: []catalog.Cast{{Target: catalog.OIDInt8, Implicit: true}}},
		{OID: oidReading, Schema: "clinic", Name: "reading", Kind: 'c', Size: -1, Fields: []catalog.Attribute{{Name: "systolic", Number: 1, Type: catalog.OIDInt4}, {Name: "diastolic", Number: 2, Type: catalog.OIDInt4}}},
		{OID: oidAddress, Schema: "clinic", Name: "address", Kind: 'c', Size: -1, Fields: []catalog.Attribute{{Name: "street", Number: 1, Type: catalog.OIDText}, {Name: "zip", Number: 2, Type: catalog.OIDText}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func testKeys(t testing.TB) *keys.Keyring {
	t.Helper()
	return masktest.Keyring(t, "test")
}

func clinicPolicy(t testing.TB, o Options) *Policy {
	t.Helper()
	return policyOf(t, clinicRules, o)
}

// policyOf is a ruleset given as text, with options.
func policyOf(t testing.TB, src string, o Options) *Policy {
	t.Helper()
	p, err := NewPolicy(masktest.Policy(t, src), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// upper is a document method that can be seen.
type upper struct{}

func (upper) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	return append(dst, strings.ToUpper(string(src))...), mask.Replaced, nil
}

func clinicSession() *Session {
	return &Session{SearchPath: []string{"clinic"}, User: "ann", Database: "db"}
}

// keyed is an id's pseudonym.
func sealed(t testing.TB, domain, id string) string {
	t.Helper()
	keys := testKeys(t)
	out, ok := keys.NewPseudonymizer().AppendSealed(nil, keys.SealSlot(domain), []byte(id))
	if !ok {
		t.Fatalf("%s cannot be sealed", domain)
	}
	return string(out)
}

// planOf analyses a statement that must pass.
func planOf(t testing.TB, sql string) *Plan {
	t.Helper()
	p, r := analyze(sql, clinicCatalog(t), clinicPolicy(t, Options{Explain: true, Document: upper{}}), clinicSession())
	if r != nil {
		t.Fatalf("%s: refused: %v (%s)", sql, r, r.Hint)
	}
	return p
}
