package rulesetimport

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

var update = flag.Bool("update", false, "write golden files anew")

// TestImport imports a configuration of each tool.
func TestImport(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		tool, ext, _ := strings.Cut(filepath.Base(file), ".")
		if ext == "golden" {
			continue
		}
		seen++
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Import(library(t), tool, "imported", append([]byte("\ufeff"), text...), false)
			if err != nil {
				t.Fatal(err)
			}
			var report strings.Builder
			if err := r.WriteText(&report); err != nil {
				t.Fatal(err)
			}
			got := string(r.Ruleset) + "---\n" + report.String()
			veiltest.Golden(t, "testdata/"+tool+".golden", got, *update)
			if strings.Contains(got, "not-taken-over") {
				t.Error("a key is in the ruleset")
			}
		})
	}
	if want := len(Tools()); seen != want {
		t.Errorf("%d configurations, want one of each of the %d tools", seen, want)
	}
}

// TestImportErrors gives each tool what is not its configuration.
func TestImportErrors(t *testing.T) {
	t.Parallel()
	lib := library(t)
	for _, c := range []struct{ tool, text, want string }{
		{"microsoft", "", "not JSON"},
		{"microsoft", "fhirPathRules: []", "not JSON"},
		{"microsoft", "{}", "no fhirPathRules"},
		{"microsoft", `{"fhirPathRules": 5}`, "not JSON"},
		{"microsoft", `{"fhirPathRules": [{"path": "Patient.name", "method": "generalize", "cases": [1]}]}`, "not JSON"},
		{"cumulus", "{ /* no end", "not JSON"},
		{"miracum", "a: [", "not YAML"},
		{"miracum", "fhirPathRules: []", "no fhirPathRules"},
		{"miracum", "fhirPathRules: text", "not JSON of the expected form"},
		{"datamasque", "tasks: 1", "not YAML"},
		{"datamasque", "version: '1.0'", "no tasks"},
		{"datamasque", "{", "not YAML"},
	} {
		if _, err := Import(lib, c.tool, "imported", []byte(c.text), false); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %q: %v, want %s", c.tool, c.text, err, c.want)
		}
	}
}

// TestImportedMasks masks a patient with what is imported for FHIR: nothing of what the
// configurations remove or replace passes.
func TestImportedMasks(t *testing.T) {
	t.Parallel()
	lib := library(t)
	for _, tool := range []string{"microsoft.json", "miracum.yaml", "cumulus.json"} {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("testdata/" + tool)
			if err != nil {
				t.Fatal(err)
			}
			name, _, _ := strings.Cut(tool, ".")
			r, err := Import(lib, name, "imported", text, false)
			if err != nil {
				t.Fatal(err)
			}
			a, err := lib.PublicText("imported.yaml", r.Ruleset)
			if err != nil {
				t.Fatal(err)
			}
			out, err := masktest.NewMasker(a, fhir.RememberNothing).Mask([]byte(`{"resourceType":"Patient","id":"p1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"MRN-SECRET"}],` +
				`"name":[{"family":"SECRET"}],"gender":"female","birthDate":"1980-05-06","address":[{"line":["SECRET Street"],"state":"IL","country":"US"}],` +
				`"extension":[{"url":"http://x.example/SECRET","valueString":"SECRET"}],"contact":[{"address":{"city":"SECRET","country":"US"}}]}`))
			if err != nil {
				t.Fatal(err)
			}
			for _, gone := range []string{"SECRET", `"p1"`, "1980-05-06", "Street"} {
				if strings.Contains(string(out), gone) {
					t.Errorf("%s passes: %s", gone, out)
				}
			}
			if !strings.Contains(string(out), `"gender":"female"`) {
				t.Errorf("the gender is gone: %s", out)
			}
		})
	}
}

// TestGeneralized carries over cases of Microsoft's generalize that have a counterpart,
// and removes where there is none.
func TestGeneralized(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, cases, want string }{
		{"values", `{"$this in ('es-AR' | 'es-ES')": "'es'", "$this = 'en-US' or $this='en-GB'": "'en'"}`, "generalize map[cases:map[en-GB:en en-US:en es-AR:es es-ES:es]]"},
		{"the first decides", `{"$this = 'a'": "'x'", "$this in ('a' | 'b')": "'y'"}`, "generalize map[cases:map[a:x b:y]]"},
		{"numbers", `{"$this = 1": "10"}`, "generalize map[cases:map[1:10]]"},
		{"multiples", `{"true": "($this div 10)*10"}`, "bucket map[width:10]"},
		{"other multiples", `{"true": "($this div 10)*20"}`, "remove map[]"},
		{"multiples of nothing", `{"true": "($this div 0)*0"}`, "remove map[]"},
		{"beginning", `{"true": "$this.subString(0, 2)"}`, "substring map[length:2]"},
		{"beginning and more", `{"true": "$this.substring(0,2)+'****'"}`, "remove map[]"},
		{"range", `{"$this>=0 and $this<20": "20"}`, "remove map[]"},
		{"date", `{"$this >= @1990-01-01": "@1990"}`, "remove map[]"},
		{"value as result", `{"$this = 'a'": "$this"}`, "remove map[]"},
		{"a bar in a text", `{"$this in ('a|b' | 'c')": "'x'"}`, "remove map[]"},
		{"nothing", `{}`, "remove map[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var r microsoftRule
			if err := r.Cases.UnmarshalJSON([]byte(c.cases)); err != nil {
				t.Fatal(err)
			}
			name, args, _ := r.generalized()
			if got := strings.TrimSpace(name + " " + fmt.Sprint(args)); got != c.want {
				t.Errorf("%s: %s, want %s", c.cases, got, c.want)
			}
		})
	}
}
