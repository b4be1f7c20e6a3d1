package fhir_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestBadInput: what is not the JSON of a FHIR resource is refused, with a place
// and without a value, and the next resource is masked as if nothing had been.
func TestBadInput(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	deep := func(n int) string {
		return `{"resourceType":"Patient","x":` + strings.Repeat(`[`, n) + strings.Repeat(`]`, n) + `}`
	}
	for _, tc := range []struct{ name, src, what string }{
		{"empty", ``, "JSON object"},
		{"not an object", `[{"resourceType":"Patient"}]`, "JSON object"},
		{"a string", `"SECRET"`, "JSON object"},
		{"truncated in a string", `{"resourceType":"Patient","id":"SECR`, "not closed"},
		{"truncated in an object", `{"resourceType":"Patient","active":true`, "end of input inside"},
		{"truncated behind a name", `{"resourceType":"Patient","active":`, "expected a value"},
		{"truncated in a removed value", `{"resourceType":"Patient","name":[{"family":"SECRET"`, "end of input inside"},
		{"text behind", `{"resourceType":"Patient","active":true} SECRET`, "unexpected data"},
		{"two resources", `{"resourceType":"Patient","active":true}{"resourceType":"Patient"}`, "unexpected data"},
		{"a name twice", `{"resourceType":"Patient","active":true,"active":false}`, "twice"},
		{"a name twice, once escaped", `{"resourceType":"Patient","active":true,"\u0061ctive":false}`, "twice"},
		{"an unknown name twice", `{"resourceType":"Patient","SECRET":1,"SECRET":2}`, "twice"},
		{"a name twice inside", `{"resourceType":"Patient","contact":[{"gender":"male","gender":"female"}]}`, "twice"},
		{"resourceType twice", `{"resourceType":"Patient","active":true,"resourceType":"Person"}`, "twice"},
		{"deep arrays", deep(10000), "too deep"},
		{"deep objects", `{"resourceType":"Patient","x":` + strings.Repeat(`{"a":`, 10000) + `1` + strings.Repeat(`}`, 10001), "too deep"},
		{"deep known objects", `{"resourceType":"Questionnaire","status":"active","item":` + strings.Repeat(`[{"linkId":"a","item":`, 5000) + `[]` + strings.Repeat(`}]`, 5000) + `}`, "too deep"},
		{"invalid UTF-8", "{\"resourceType\":\"Patient\",\"language\":\"SECRET\xff\"}", "invalid UTF-8"},
		{"invalid UTF-8 in a removed value", "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"SECRET\xc0\xaf\"}]}", "invalid UTF-8"},
		{"encoded surrogate", "{\"resourceType\":\"Patient\",\"x\":\"\xed\xa0\x80\"}", "invalid UTF-8"},
		{"lone surrogate escape", `{"resourceType":"Patient","x":"\ud800"}`, "surrogate"},
		{"second half alone", `{"resourceType":"Patient","x":"\udc00"}`, "surrogate"},
		{"control character", "{\"resourceType\":\"Patient\",\"x\":\"SECRET\n\"}", "control character"},
		{"NUL", "{\"resourceType\":\"Patient\",\"x\":\"\x00\"}", "control character"},
		{"unknown escape", `{"resourceType":"Patient","x":"\x41"}`, "unknown escape"},
		{"UTF-16", "\xff\xfe{\x00\"\x00", "JSON object"},
		{"leading zero", `{"resourceType":"Patient","x":007}`, "comma"},
		{"plus sign", `{"resourceType":"Patient","x":+1}`, "JSON value"},
		{"no digits behind the point", `{"resourceType":"Patient","x":1.}`, "point"},
		{"no exponent", `{"resourceType":"Patient","x":1e}`, "exponent"},
		{"NaN", `{"resourceType":"Patient","x":NaN}`, "JSON value"},
		{"single quotes", `{'resourceType':'Patient'}`, "name of a member"},
		{"a comment", `{"resourceType":"Patient",/* SECRET */"active":true}`, "name of a member"},
		{"trailing comma", `{"resourceType":"Patient","active":true,}`, "name of a member"},
		{"trailing comma in an array", `{"resourceType":"Patient","photo":[{},]}`, "JSON value"},
		{"no colon", `{"resourceType":"Patient","active" true}`, "colon"},
		{"no comma", `{"resourceType":"Patient","active":true "gender":"male"}`, "comma"},
		{"bracket for brace", `{"resourceType":"Patient","active":true]`, "comma"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := m.Mask([]byte(tc.src))
			var se *fhirjson.SyntaxError
			if len(out) > 0 || !errors.As(err, &se) {
				t.Fatalf("got %d bytes, %v", len(out), err)
			}
			if !strings.Contains(se.What, tc.what) {
				t.Errorf("says %q, want %q", se.What, tc.what)
			}
			if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("shows a value: %v", err)
			}
			if se.Offset < 0 || se.Offset > len(tc.src) {
				t.Errorf("offset %d of %d", se.Offset, len(tc.src))
			}
			good, err := m.Mask([]byte(`{"resourceType":"Patient","active":true}`))
			if err != nil || string(good) != `{"resourceType":"Patient","active":true}` {
				t.Errorf("the next resource: %s, %v", good, err)
			}
		})
	}
}

// TestOddInput: what is odd but valid is masked, and what is of a wrong JSON type
// goes.
func TestOddInput(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	for _, tc := range []struct{ name, src, want string }{
		{"byte order mark and spaces", "\xef\xbb\xbf \n{\"resourceType\":\"Patient\",\"active\":true}\r\n ", `{"resourceType":"Patient","active":true}`},
		{"resourceType last", `{"name":[{"family":"SECRET"}],"active":true,"resourceType":"Patient"}`, `{"active":true,"resourceType":"Patient"}`},
		{"escaped names", `{"resourceTyp\u0065":"Patient","na\u006de":[{"family":"SECRET"}],"\u0061ctive":true}`, `{"resourceType":"Patient","active":true}`},
		{"escaped type", `{"resourceType":"\u0050atient","name":[{"family":"SECRET"}],"active":true}`, `{"resourceType":"\u0050atient","active":true}`},
		{"unknown elements", `{"resourceType":"Patient","shoe":{"a":[1,"SECRET"]},"active":true,"Name":"SECRET"}`, `{"resourceType":"Patient","active":true}`},
		{"elements of R5", `{"resourceType":"Encounter","status":"planned","class":[{"text":"SECRET"}],"subjectStatus":{"text":"SECRET"}}`, ``},
		{"an object for a primitive", `{"resourceType":"Patient","active":{"a":"SECRET"},"gender":"male"}`, `{"resourceType":"Patient","gender":"male"}`},
		{"a primitive for an object", `{"resourceType":"Patient","maritalStatus":"SECRET","gender":"male"}`, `{"resourceType":"Patient","gender":"male"}`},
		{"a string for a boolean", `{"resourceType":"Patient","active":"SECRET","gender":"male"}`, `{"resourceType":"Patient","gender":"male"}`},
		{"an object for an array", `{"resourceType":"Patient","communication":{"language":{"text":"SECRET"}},"gender":"male"}`, `{"resourceType":"Patient","gender":"male"}`},
		{"an array for an object", `{"resourceType":"Patient","maritalStatus":[{"text":"SECRET"}],"gender":"male"}`, `{"resourceType":"Patient","gender":"male"}`},
		{"arrays in arrays", `{"resourceType":"Patient","communication":[[{"language":{"text":"SECRET"}}]],"gender":"male"}`, `{"resourceType":"Patient","gender":"male"}`},
		{"nulls", `{"resourceType":"Patient","active":null,"name":null,"gender":"male","address":[null]}`, `{"resourceType":"Patient","gender":"male"}`},
		{"nulls beside siblings", `{"resourceType":"Patient","address":[{"line":[null,"SECRET"],"_line":[{"extension":[{"url":"http://x","valueString":"SECRET"}]},null],"state":"MA"}]}`, `{"resourceType":"Patient","address":[{"state":"MA"}]}`},
		{"empty objects and arrays", `{"resourceType":"Patient","contact":[{}],"address":[],"maritalStatus":{},"gender":"male"}`, `{"resourceType":"Patient","gender":"male"}`},
		{"numbers of any length", `{"resourceType":"Observation","status":"final","valueQuantity":{"value":1234567890.123456789012345678901234567890e-10}}`, ``},
		{"no leftover commas", `{"resourceType":"Patient","id":"","text":{"div":"SECRET"},"active":true,"name":[],"photo":[]}`, `{"resourceType":"Patient","active":true}`},
		{"a choice of an unknown type", `{"resourceType":"Observation","status":"final","valueSecret":"SECRET"}`, `{"resourceType":"Observation","status":"final"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := m.Mask([]byte(tc.src))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(out), "SECRET") || !json.Valid(out) {
				t.Errorf("got %s", out)
			}
			if i := bytes.Index(out, []byte(`,"meta":`)); i > 0 { // labels are tested elsewhere
				out = append(out[:i:i], '}')
			}
			if tc.want != "" && string(out) != tc.want {
				t.Errorf("got  %s\nwant %s", out, tc.want)
			}
		})
	}
}

// TestLongString: a string of 100 MB is read in one piece and goes.
func TestLongString(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	src := append([]byte(`{"resourceType":"Patient","active":true,"text":{"status":"generated","div":"`), bytes.Repeat([]byte("SECRET "), 100<<20/7)...)
	src = append(src, `"}}`...)
	out, err := m.Walker.AppendJSON(nil, src, m.Pass, nil)
	if err != nil || bytes.Contains(out, []byte("SECRET")) || len(out) > 1000 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}

// TestManyOfAKind: what comes a hundred thousand times takes no quadratic time;
// this would not end otherwise.
func TestManyOfAKind(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	const n = 200000
	var unknown strings.Builder
	for i := range n {
		fmt.Fprintf(&unknown, `"SECRET%d":1,`, i)
	}
	out, err := m.Mask([]byte(`{` + unknown.String() + `"resourceType":"Patient","active":true}`))
	if err != nil || bytes.Contains(out, []byte("SECRET")) {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	if _, err = m.Mask([]byte(`{` + unknown.String() + `"SECRET7":1,"resourceType":"Patient","active":true}`)); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("a name twice among many: %v", err)
	}
	out, err = m.Mask([]byte(`{"resourceType":"List","status":"current","mode":"working","note":[{"text":"` + strings.Repeat("SECRET ", 100000) + `"}],"source":{"reference":"#p1"},"entry":[` + strings.Repeat(`{"item":{"reference":"#p1"}},`, n) + `{"item":{"reference":"#p2"}}],"contained":[{"resourceType":"Patient","id":"p1","active":true}]}`))
	if err != nil || bytes.Contains(out, []byte("SECRET")) || bytes.Count(out, []byte(`"#`)) != n+1 {
		t.Errorf("%d references left, %v", bytes.Count(out, []byte(`"#`)), err)
	}
}

// TestRulesetProblems: what cannot be compiled is refused with its place.
func TestRulesetProblems(t *testing.T) {
	for _, tc := range []struct{ name, rule, want string }{
		{"unknown type", `{id: a, match: Patieent.name, method: remove}`, `test.yaml:6:22: rule "a": match: unknown type "Patieent" (did you mean "Patient"?)`},
		{"unknown element", `{id: a, match: Patient.birthdate, method: year}`, `Patient has no element "birthdate" (did you mean "birthDate"?)`},
		{"a choice by its JSON name", `{id: a, match: Observation.valueQuantity, method: remove}`, `"valueQuantity" is a choice: write value.ofType(Quantity)`},
		{"a type that a choice does not have", `{id: a, match: Observation.value.ofType(HumanName), method: remove}`, `value is never a "HumanName"`},
		{"FHIRPath that is not part of it", `{id: a, match: "Patient.name.first()", method: remove}`, `FHIRPath function first() is not part of the rule language`},
		{"descendants", `{id: a, match: "Patient.descendants()", method: remove}`, `use nodesByType() or nodesByName()`},
		{"no quotes", `{id: a, match: "nodesByType(HumanName)", method: remove}`, `expected a text in single quotes`},
		{"where above a Bundle's entries", `{id: a, match: "Bundle.where(type='document').entry.fullUrl", method: remove}`, `other than Bundle`},
		{"keep on an object", `{id: a, match: Patient.name, method: keep}`, `method "keep" acts on single values and Patient.name is a HumanName`},
		{"a method of another type", `{id: a, match: Patient.gender, method: coding}`, `method "coding": fits [Coding], not code`},
		{"two rules of one rank", "{id: a, match: Patient.gender, method: remove}\n    - {id: b, match: Patient.gender, method: keep}", `rules "a" and "b" match Patient.gender equally well`},
		{"a rule that never applies", "{id: a, match: Patient.name, method: remove}\n    - {id: b, match: Patient.name.family, method: keep}", `rule "b" never applies`},
		{"an element nobody has", `{id: a, match: nodesByName('nonsense'), method: remove}`, `no type has an element "nonsense"`},
		{"an extension method", `{id: a, match: "extension('http://x')", method: keep}`, `an extension takes remove, descend or withhold`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := masktest.Compile(t, "veil: 1\nname: test\nreferenceDate: 2026-12-31\nfhir:\n  rules:\n    - "+tc.rule+"\n")
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v\nwant %s", err, tc.want)
			}
		})
	}
}

// TestWhatNoRuleCoversGoes: under a ruleset of one rule nothing else passes.
func TestWhatNoRuleCoversGoes(t *testing.T) {
	a, err := masktest.Compile(t, "veil: 1\nname: test\nreferenceDate: 2026-12-31\nfhir:\n  rules:\n    - {id: a, match: Patient.active, method: keep}\n")
	if err != nil {
		t.Fatal(err)
	}
	out, err := masktest.NewMasker(a, fhir.RememberAlways).Mask([]byte(`{"resourceType":"Patient","id":"SECRET","meta":{"versionId":"SECRET"},"active":true,"gender":"male","birthDate":"1980","multipleBirthInteger":2,"maritalStatus":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"generalPractitioner":[{"reference":"Practitioner/SECRET"}],"extension":[{"url":"http://x","valueBoolean":true}]}`))
	if err != nil || !strings.HasPrefix(string(out), `{"resourceType":"Patient","active":true,"meta":{"security":`) {
		t.Errorf("got %s, %v", out, err)
	}
}

func TestReferences(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	m.Site = &fhir.Site{Upstream: []string{"http://ehr.example/fhir"}, Base: "http://veil/fhir"}
	get := func(ref string) string {
		out, err := m.Mask(fmt.Appendf(nil, `{"resourceType":"Observation","status":"final","contained":[{"resourceType":"Patient","id":"p-smith","active":true},{"resourceType":"Person","id":"q"}],"subject":{"reference":%q,"display":"SECRET"}}`, ref))
		if err != nil {
			t.Fatal(err)
		}
		var v struct{ Subject struct{ Reference string } }
		if err := json.Unmarshal(out, &v); err != nil {
			t.Fatal(err)
		}
		return v.Subject.Reference
	}
	plain := get("Patient/123")
	if !strings.HasPrefix(plain, "Patient/") || strings.Contains(plain, "123") {
		t.Errorf("relative: %q", plain)
	}
	for _, same := range []string{"Patient/123/_history/7", "http://ehr.example/fhir/Patient/123"} {
		if got := get(same); got != plain {
			t.Errorf("%s: %q, want %q", same, got, plain)
		}
	}
	if a, b := get("urn:uuid:f8cb2d52-c53d-4585-8417-7a1cc1a74377"), get("urn:uuid:F8CB2D52-c53d-4585-8417-7a1cc1a74377"); a == b || !strings.HasPrefix(a, "urn:uuid:") || strings.Contains(a, "f8cb2d52") {
		t.Errorf("urn: %q, %q", a, b)
	}
	if got := get("urn:oid:1.2.3.4"); !strings.HasPrefix(got, "urn:uuid:") {
		t.Errorf("oid: %q", got)
	}
	if got := get("#p-smith"); !strings.HasPrefix(got, "#") || len(got) < 20 || strings.Contains(got, "smith") {
		t.Errorf("contained: %q", got)
	}
	for _, gone := range []string{"#q", "#nobody", "http://other.example/fhir/Patient/123", "Patient?name=smith", "Patient/123#frag", "Nobody/1", "Patient/a b", "Patient/", "123", "mailto:smith@example.org", "/Patient/1", "Patient/123/_history/a b"} {
		if got := get(gone); got != "" {
			t.Errorf("%s: %q, want nothing", gone, got)
		}
	}
}

// TestContainedCanonicals: a canonical that leads to a contained resource still
// does, if that stays.
func TestContainedCanonicals(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	for _, tc := range []struct {
		name, canonical string
		leads           bool
	}{
		{"contained", "#smiths-answers", true},
		{"withheld", "#q", false},
		{"not there", "#nobody-smith", false},
		{"bare", "#", false},
		{"with a version", "#smiths-answers|1", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := m.Mask(fmt.Appendf(nil, `{"resourceType":"Questionnaire","status":"active","contained":[{"resourceType":"ValueSet","id":"smiths-answers","status":"active"},{"resourceType":"Person","id":"q"}],
				"item":[{"linkId":"1","type":"choice","answerValueSet":%q}]}`, tc.canonical))
			if err != nil {
				t.Fatal(err)
			}
			var v struct {
				Contained []struct{ ID string }
				Item      []struct{ AnswerValueSet string }
			}
			if err := json.Unmarshal(out, &v); err != nil || len(v.Contained) != 1 {
				t.Fatalf("%s: %v", out, err)
			}
			want := ""
			if tc.leads {
				want = "#" + v.Contained[0].ID
			}
			if got := v.Item[0].AnswerValueSet; got != want || strings.Contains(string(out), "smith") {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// FuzzMask: whatever comes in, the walker neither panics nor lets a string pass
// that stands at a path that does not; what comes out is JSON and the same with
// and without memory.
func FuzzMask(f *testing.F) {
	a := masktest.Shipped(f, "safe-harbor")
	for i, src := range examples(f) {
		if i%9 == 0 && len(src) < 5000 {
			f.Add(src)
		}
	}
	f.Add([]byte(`{"resourceType":"Patient","birthDate":"1920-01-01","_birthDate":{"extension":[]},"deceasedDateTime":"2015"}`))
	m, passing := masktest.NewMasker(a, fhir.RememberAlways), passingPaths(a)
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := m.Mask(src)
		if err != nil {
			if len(out) > 0 {
				t.Error("output beside an error")
			}
			return
		}
		cold, err := masktest.NewMasker(a, fhir.RememberNothing).Mask(src)
		if err != nil || !bytes.Equal(cold, out) {
			t.Fatalf("without memory it differs: %v", err)
		}
		var v map[string]any
		if err := json.Unmarshal(src, &v); err != nil {
			t.Fatalf("masked what is not JSON: %v", err)
		}
		rt, _ := v["resourceType"].(string)
		typ := schema.R4().Type(rt)
		if typ == nil {
			return
		}
		w := &twin{schema.R4(), passing, map[string]bool{}, map[string]bool{}}
		w.walk(typ, v)
		if s := w.shown(t, out); s != "" {
			t.Errorf("shows %q", s)
		}
	})
}
