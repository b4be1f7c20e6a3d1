package fhir_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestCodesOfTerminology: a code beside a system that passes is judged like a
// Coding, wherever the system stands; what is local shows nothing.
func TestCodesOfTerminology(t *testing.T) {
	t.Parallel()
	a := masktest.Shipped(t, "safe-harbor")
	w := fhir.NewWalker(a, fhir.RememberAlways)
	const known, local = "http://loinc.org", "http://local.example/SECRET"
	concepts := `"concept":[{"code":"8867-4","display":"Heart rate","concept":[{"code":"8867-4","display":"Heart rate","concept":[{"code":"8867-4","display":"Heart rate"}]}]}]`
	for _, c := range []struct {
		name, src string
		codes     int // how many show where the system passes
	}{
		{"expansion", `{"resourceType":"ValueSet","status":"active","expansion":{"timestamp":"2024-01-01","contains":[{"system":"SYSTEM","code":"8867-4","display":"Heart rate","contains":[{"contains":[{"code":"8867-4","display":"Heart rate","system":"SYSTEM"}]}]}]}}`, 2},
		{"compose", `{"resourceType":"ValueSet","status":"active","compose":{"include":[{"concept":[{"code":"8867-4","display":"Heart rate"}],"system":"SYSTEM"}],"exclude":[{"system":"SYSTEM","concept":[{"display":"Heart rate","code":"8867-4"}]}]}}`, 2},
		{"code system", `{"resourceType":"CodeSystem",` + concepts + `,"status":"active","content":"complete","url":"SYSTEM"}`, 3},
		{"concept map", `{"resourceType":"ConceptMap","status":"active","group":[{"element":[{"code":"8867-4","display":"Heart rate","target":[{"code":"8867-4","display":"Heart rate","equivalence":"equal"}]}],"source":"SYSTEM","target":"SYSTEM"}]}`, 2},
		{"contained", `{"resourceType":"Observation","status":"final","contained":[{"resourceType":"CodeSystem","id":"c","url":"SYSTEM","status":"active","content":"complete",` + concepts + `}]}`, 3},
	} {
		for _, system := range []string{known, local, ""} {
			out, _ := maskAt(t, a, w, strings.ReplaceAll(c.src, "SYSTEM", system), nil)
			want := 0
			if system == known {
				want = c.codes
			}
			if strings.Count(out, `"8867-4"`) != want || strings.Count(out, "Heart rate") != want || strings.Contains(out, "SECRET") {
				t.Errorf("%s of %q: want %d codes with displays: %s", c.name, system, want, out)
			}
			if system == local && strings.Contains(out, `"code":`) != strings.Contains(c.src, `"code":`) {
				t.Errorf("%s: local codes have no pseudonyms: %s", c.name, out)
			}
		}
		out, _ := maskAt(t, a, w, strings.NewReplacer("SYSTEM", known, "8867-4", "SECRET", "Heart rate", "SECRET").Replace(c.src), nil)
		if strings.Contains(out, "SECRET") {
			t.Errorf("%s: what is no code of the system passes: %s", c.name, out)
		}
	}
	out, _ := maskAt(t, a, w, `{"resourceType":"ConceptMap","status":"active","group":[{"source":"http://loinc.org","target":"http://local.example/SECRET","element":[{"code":"8867-4","target":[{"code":"8867-4","equivalence":"equal"}]}]},{"source":"http://loinc.org","element":[{"code":"8867-4"}]}]}`, nil)
	if strings.Count(out, `"8867-4"`) != 2 || !strings.Contains(out, `"source":"http://loinc.org"`) {
		t.Errorf("source and target have one system: %s", out)
	}
}

// TestParametersKeepNoBareNames: a parameter that loses its value goes (inv-1).
func TestParametersKeepNoBareNames(t *testing.T) {
	t.Parallel()
	a := masktest.Shipped(t, "safe-harbor")
	w := fhir.NewWalker(a, fhir.RememberAlways)
	out, _ := maskAt(t, a, w, `{"resourceType":"Parameters","parameter":[{"name":"name","valueString":"SECRET"},{"valueString":"SECRET","name":"display"},{"name":"property","part":[{"name":"code","valueString":"SECRET"},{"name":"value","valueString":"SECRET"}]},
{"name":"resource","resource":{"resourceType":"Person","id":"SECRET"}},{"name":"result","valueBoolean":true},{"name":"match","part":[{"name":"result","valueBoolean":true},{"name":"display","valueString":"SECRET"}]}]}`, nil)
	var p struct{ Parameter []map[string]any }
	if err := json.Unmarshal([]byte(out), &p); err != nil || len(p.Parameter) != 2 || strings.Contains(out, "SECRET") {
		t.Fatalf("%v: %s", err, out)
	}
	for _, one := range p.Parameter {
		if len(one) != 2 {
			t.Errorf("%v", one)
		}
	}
}
