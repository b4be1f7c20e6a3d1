package rulesetimport

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"
)

var update = flag.Bool("update", false, "write golden files anew")

func library(t testing.TB) *rules.Library {
	t.Helper()
	lib, err := rules.New(nil, general.Methods(), safeharbor.Methods(), table.Methods(), fhir.Methods())
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// TestMicrosoft imports a configuration with every method, and masks with the result.
func TestMicrosoft(t *testing.T) {
	lib := library(t)
	text, err := os.ReadFile("testdata/microsoft.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Microsoft(lib, "imported", append([]byte("\ufeff"), text...))
	if err != nil {
		t.Fatal(err)
	}
	var report strings.Builder
	if err := r.WriteText(&report); err != nil {
		t.Fatal(err)
	}
	got := string(r.Ruleset) + "---\n" + report.String()
	if *update {
		if err := os.WriteFile("testdata/microsoft.golden", []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/microsoft.golden")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if strings.Contains(got, "not-taken-over") {
		t.Error("a key is in the ruleset")
	}

	a, err := lib.PublicText("imported.yaml", r.Ruleset)
	if err != nil {
		t.Fatal(err)
	}
	w, pass := fhir.NewWalker(a, fhir.RememberNothing), mask.NewPass(a.Plan)
	pass.Begin(mask.Origin{Door: "file", Operation: "test"})
	out, err := w.AppendJSON(nil, []byte(`{"resourceType":"Patient","id":"p1","identifier":[{"value":"MRN-SECRET"}],"name":[{"family":"SECRET"}],`+
		`"gender":"female","birthDate":"1980-05-06","address":[{"line":["SECRET Street"],"state":"IL","country":"US"}],"extension":[{"url":"http://x.example/SECRET","valueString":"SECRET"}],`+
		`"contact":[{"address":{"city":"SECRET","country":"US"}}]}`), pass, nil)
	if err != nil {
		t.Fatal(err)
	}
	masked := string(out)
	for _, gone := range []string{"SECRET", `"p1"`, "1980-05-06", `"IL"`} {
		if strings.Contains(masked, gone) {
			t.Errorf("%s passes: %s", gone, masked)
		}
	}
	for _, stays := range []string{`"gender":"female"`, `"country":"US"`, `"birthDate":"19`} {
		if !strings.Contains(masked, stays) {
			t.Errorf("%s is gone: %s", stays, masked)
		}
	}
}

func TestMicrosoftErrors(t *testing.T) {
	lib := library(t)
	for text, want := range map[string]string{
		"":                     "not JSON",
		"fhirPathRules: []":    "not JSON",
		"{}":                   "no fhirPathRules",
		`{"fhirPathRules": 5}`: "not JSON",
	} {
		if _, err := Microsoft(lib, "imported", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
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
		r, err := Microsoft(lib, "imported", text)
		if err != nil {
			return
		}
		if _, err := lib.PublicText("imported.yaml", r.Ruleset); err != nil {
			t.Errorf("%s\n%v", r.Ruleset, err)
		}
	})
}
