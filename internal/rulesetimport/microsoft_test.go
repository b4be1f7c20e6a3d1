package rulesetimport

import (
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"
)

func library(t testing.TB) *rules.Library {
	t.Helper()
	lib, err := rules.New(nil, general.Methods(), safeharbor.Methods(), table.Methods(), fhir.Methods())
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// FuzzMicrosoft: whatever the rules are, what comes out is an error or a ruleset that
// compiles.
func FuzzMicrosoft(f *testing.F) {
	methods := []string{"redact", "keep", "dateShift", "cryptoHash", "substitute", "perturb", "other"}
	for i, path := range []string{"Patient.name", "nodesByType('Address').city | Patient.photo", "(Observation.value as Quantity).value", "nodesByName('x')", "Resource", "a || b)(", "Patient.where(active = true).name"} {
		f.Add(path, methods[i%len(methods)])
	}
	lib := library(f)
	f.Fuzz(func(t *testing.T, path, method string) {
		text := []byte(`{"fhirPathRules":[{"path":` + quote(path) + `,"method":` + quote(method) + `,"replaceWith":"x","span":3}]}`)
		r, err := Import(lib, "microsoft", "imported", text, false)
		if err != nil {
			return
		}
		if _, err := lib.PublicText("imported.yaml", r.Ruleset); err != nil {
			t.Errorf("%s\n%v", r.Ruleset, err)
		}
	})
}

// FuzzDataMasque: the same of rulesets of DataMasque.
func FuzzDataMasque(f *testing.F) {
	f.Add("clinic.patients", "id", "{type: imitate}")
	f.Add(`"A.b"."c*"`, `"?"`, "{type: from_file, seed_file: firstNames.csv}")
	f.Add("", "x", "{type: numeric_bucket, buckets: [0, 10]}")
	f.Add("t", "c", "{type: take_substring, start_index: -1, end_index: 2}")
	lib := library(f)
	f.Fuzz(func(t *testing.T, table, column, masks string) {
		text := []byte("tasks: [{type: mask_table, table: " + quote(table) + ", hash_columns: [id], rules: [{column: " + quote(column) + ", masks: [" + masks + "]}]}]")
		r, err := Import(lib, "datamasque", "imported", text, false)
		if err != nil {
			return
		}
		if _, err := lib.PublicText("imported.yaml", r.Ruleset); err != nil {
			t.Errorf("%s\n%v", r.Ruleset, err)
		}
	})
}
