// Package viewstest provides views in force, for tests of what operators see.
package viewstest

import (
	"context"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/internal/views"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/ddl"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/text/scrub"
)

// Tables are the definitions of the tables that the PostgreSQL listener knows.
const Tables = `create table patients (id bigint primary key, family_name text, birth_date date, zip text, phone text);
create table visits (id bigint primary key, patient_id bigint, started timestamptz, ward text);
`

// Clinic is a ruleset with a rule of each kind for Tables.
const Clinic = `
veil: 1
name: clinic
extends: safe-harbor
tables:
  default: refuse
  rules:
    - {id: ids, match: [{table: patients, column: id}, {column: patient_id}], method: seal, domain: Patient, category: R, why: keys join}
    - {id: visits, match: {table: visits, column: id}, method: seal, domain: Visit}
    - {id: family, match: {column: family_name}, method: surrogate, kind: family, entity: id, category: A}
    - {id: born, match: {column: birth_date}, method: birthYear, category: C, why: the year of birth remains}
    - {id: started, match: {column: started}, method: year, category: C}
    - {id: zip, match: {column: zip}, method: zip3, category: B}
    - {id: ward, match: {column: ward}, method: keep}
    - {id: phone, match: {column: phone}, method: hide, category: D}
`

// Library returns a library with the ruleset Clinic besides the shipped ones.
func Library(t testing.TB) *rules.Library {
	t.Helper()
	l, err := rules.New(map[string][]byte{"clinic": []byte(Clinic)}, general.Methods(), safeharbor.Methods(), table.Methods(), fhir.Methods(), scrub.Methods(nil))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// State returns a state with the views of two projects, and of a ruleset for research.
func State(t testing.TB) *views.State {
	t.Helper()
	l := Library(t)
	s := &views.State{Library: l, Site: fhir.Site{Base: "https://veil.example/fhir", Upstream: []string{"https://upstream.example/r4"}}, SearchPath: []string{"public"}, Database: "clinic"}
	s.Catalog = func(context.Context) (*catalog.Catalog, error) { return ddl.Catalog(Tables) }
	for _, v := range []struct{ name, ruleset, project string }{{"", "clinic", "one"}, {"two", "clinic", "two"}, {"research", "research", "one"}} {
		rs, err := l.Load(v.ruleset)
		if err != nil {
			t.Fatal(err)
		}
		a, err := l.Compile(rs, masktest.Keyring(t, v.project))
		if err != nil {
			t.Fatal(err)
		}
		flow, err := analysis.NewPolicy(a.Policy, analysis.Options{Document: fhir.NewDocuments(a)})
		if err != nil {
			t.Fatal(err)
		}
		s.Views = append(s.Views, views.View{Name: v.name, Ruleset: v.ruleset, Automaton: a, SQL: flow, Consumers: []string{"ann-of-" + v.ruleset}})
	}
	return s
}
