package propose_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/propose"
	"github.com/veil-proxy/veil/discover/words"
)

// plain is a table whose first column is its primary key.
func plain(name string, columns ...discover.Column) discover.Table {
	columns[0].Key = true
	return discover.Table{Schema: "c", Name: name, Kind: discover.Plain, Columns: columns}
}

// to makes a column a foreign key.
func to(c discover.Column, table, column string) discover.Column {
	c.References = &discover.Reference{Schema: "c", Table: table, Column: column}
	return c
}

func text(form string) func(int) string {
	return func(i int) string { return fmt.Sprintf(form, 10300+7*i) }
}

// TestColumnsThatJoin: columns that join have one method and one domain, whatever their
// type, whether a foreign key, the values or only names say that they join.
func TestColumnsThatJoin(t *testing.T) {
	t.Parallel()
	date := column("visit_date", "date", day(2015, 0))
	all := []discover.Table{
		plain("clinics", column("id", "uuid", text("00000000-0000-4000-a000-0000000%05d")), column("clinic_name", "text", text("Clinic %d Hospital"))),
		plain("patients", column("patient_id", "numeric(9,0)", number(10000)), column("ssn", "text", text("%[1]d-1-%[1]d")), column("birth_date", "date", day(1930, 7)),
			to(column("clinic", "uuid", text("00000000-0000-4000-a000-0000000%05d")), "clinics", "id")),
		plain("visits", column("visit_no", "character varying(20)", text("V/%d_A")), to(column("patient_id", "numeric(9,0)", number(10000)), "patients", "patient_id"), date),
		plain("charges", column("charge_id", "integer", number(500000)), column("related_visit_no", "character varying(20)", text("V/9%d_A")), column("amount", "numeric(9,2)", text("%d.25"))),
		plain("kinds", column("kind_id", "integer", number(1)), column("label", "text", one("one", "two", "three"))),
		plain("facts", column("fact_id", "bigint", number(700000)), to(column("sex_kind_id", "integer", number(1)), "kinds", "kind_id"), column("subject_no", "text", text("S%d")), date),
		plain("links", column("link_id", "bigint", number(900000)), column("subject_no", "text", text("S9%d")), date),
	}
	findings := discover.Judge(all, words.Default())
	made := propose.Ruleset("proposed", all, findings)
	how := func(where string) string {
		table, column, _ := strings.Cut(where, ".")
		for _, r := range compile(t, made).Ruleset.Tables.Rules {
			for _, m := range r.Match {
				if m.Table == table && m.Column == column {
					return fmt.Sprint(r.Method, r.Args)
				}
			}
		}
		return "none"
	}
	for _, c := range []struct{ one, other, method string }{
		{"clinics.id", "patients.clinic", "seal"},                    // of nobody, but hidden otherwise
		{"patients.patient_id", "visits.patient_id", "seal"},         // numeric
		{"visits.visit_no", "charges.related_visit_no", "pseudonym"}, // by name; "/" and "_" are in no FHIR id
		{"kinds.kind_id", "facts.sex_kind_id", "keep"},               // codes
		{"facts.subject_no", "links.subject_no", "seal"},             // the same name
	} {
		if one, other := how(c.one), how(c.other); one != other || !strings.HasPrefix(one, c.method) {
			t.Errorf("%s is %s, %s is %s, want %s\n%s", c.one, one, c.other, other, c.method, made)
		}
	}
	if how("facts.fact_id") == how("links.link_id") {
		t.Error("keys that do not join have one domain")
	}
}
