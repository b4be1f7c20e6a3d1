package fhirproxy

import (
	"bytes"
	"strings"
	"testing"
)

// $lookup tells the displays that the terminology has; what it can not tell it
// refuses, and no response is a shell. $expand has the codes.
func TestTerminologyOperations(t *testing.T) {
	t.Parallel()
	const at = "/CodeSystem/$lookup?system=http%3A%2F%2Floinc.org&code="
	up := newCanned(t, map[string]string{
		at + "8867-4":  `{"resourceType":"Parameters","parameter":[{"name":"name","valueString":"SECRET"},{"name":"display","valueString":"Heart rate"},{"name":"property","part":[{"name":"code","valueCode":"x"},{"name":"value","valueString":"SECRET"}]}]}`,
		at + "8480-6":  `{"resourceType":"Parameters","parameter":[{"name":"display","valueString":"SECRET"}]}`,
		at + "39156-5": `{"resourceType":"Patient","id":"zq-1"}`,
		"/ValueSet/$expand?url=http%3A%2F%2Fhl7.org%2Ffhir%2FValueSet%2Fx": `{"resourceType":"ValueSet","status":"active","expansion":{"timestamp":"2024-01-01","contains":[{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}]}}`,
	})
	r := newRig(t, up.url, nil)
	got := r.get(t, at+"8867-4")
	if want := `{"resourceType":"Parameters","parameter":[{"name":"name","valueString":"http://loinc.org"},{"name":"display","valueString":"Heart rate"}]}`; got.status != 200 || string(got.body) != want {
		t.Errorf("%d %s", got.status, got.body)
	}
	if text := r.get(t, at+"8480-6").outcome(t, 403); !strings.Contains(text, "display: trust") || strings.Contains(text, "SECRET") {
		t.Error(text)
	}
	r.get(t, at+"39156-5").outcome(t, 502)
	r.get(t, "/CodeSystem/$lookup?code=8867-4").outcome(t, 403)
	if got := r.get(t, "/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/x"); got.status != 200 || !strings.Contains(string(got.body), `{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	r.checkClean(t)
}

// $validate-code tells of codes and displays that the consumer could see, however it
// is called; nothing else reaches the upstream, and none of its texts comes back.
func TestValidateCode(t *testing.T) {
	t.Parallel()
	const (
		set    = "/ValueSet/$validate-code?url=http%3A%2F%2Fhl7.org%2Ffhir%2FValueSet%2Fobservation-vitalsignresult&system=http%3A%2F%2Floinc.org&code="
		system = "/CodeSystem/$validate-code?url=http%3A%2F%2Floinc.org&code="
		yes    = `{"resourceType":"Parameters","parameter":[{"name":"result","valueBoolean":true},{"name":"message","valueString":"SECRET"},{"name":"display","valueString":"Heart rate"}]}`
		no     = `{"resourceType":"Parameters","parameter":[{"name":"result","valueBoolean":false},{"name":"message","valueString":"SECRET"},{"name":"display","valueString":"SECRET"}]}`
		wantY  = `{"resourceType":"Parameters","parameter":[{"name":"result","valueBoolean":true},{"name":"display","valueString":"Heart rate"}]}`
		wantN  = `{"resourceType":"Parameters","parameter":[{"name":"result","valueBoolean":false}]}`
	)
	up := newCanned(t, map[string]string{
		set + "8867-4":                           yes,
		set + "8867-4&display=Heart+rate":        yes,
		set + "8867-4&display=Heart%20rate":      yes,
		set + "8480-6":                           no,
		system + "8867-4":                        yes,
		system + "8867-4&version=2.74":           yes,
		system + "8867-4&version=2.74&display=x": no,
		system + "8480-6":                        no,
		system + "39156-5":                       `{"resourceType":"Parameters","parameter":[{"name":"message","valueString":"SECRET"}]}`,
		"/ValueSet/zq-1/$validate-code?system=http%3A%2F%2Floinc.org&code=8867-4": yes,
	})
	r := newRig(t, up.url, nil)
	keys := r.view().automaton.Policy.Keys
	sealed, ok := keys.NewPseudonymizer().AppendSealed(nil, keys.SealSlot("ValueSet"), []byte("zq-1"))
	if !ok {
		t.Fatal("the id cannot be sealed")
	}
	post := func(typ, parameters string) reply {
		return r.do(t, "POST", "/"+typ+"/$validate-code", `{"resourceType":"Parameters","parameter":[`+parameters+`]}`, "Content-Type", "application/fhir+json")
	}
	const vs, loinc = `{"name":"url","valueUri":"http://hl7.org/fhir/ValueSet/observation-vitalsignresult"}`, `"system":"http://loinc.org"`
	for name, tc := range map[string]struct {
		got  reply
		want string
	}{
		"by GET":                     {r.get(t, set+"8867-4"), wantY},
		"with a display that it has": {r.get(t, set+"8867-4&display=Heart%20rate"), wantY},
		"no":                         {r.get(t, set+"8480-6"), wantN},
		"of a code system":           {r.get(t, system+"8867-4&version=2.74"), wantY},
		"no code of a code system":   {r.get(t, system+"8480-6"), wantN},
		"by the id of the value set": {r.get(t, "/ValueSet/"+string(sealed)+"/$validate-code?system=http://loinc.org&code=8867-4"), wantY},
		"by POST":                    {post("ValueSet", vs+`,{"name":"system","valueUri":"http://loinc.org"},{"name":"code","valueCode":"8867-4"}`), wantY},
		"by POST with a coding":      {post("ValueSet", vs+`,{"name":"coding","valueCoding":{`+loinc+`,"code":"8867-4","display":"Heart rate","userSelected":true}}`), wantY},
		"by POST with a concept":     {post("ValueSet", vs+`,{"name":"codeableConcept","valueCodeableConcept":{"coding":[{`+loinc+`,"code":"8867-4"}],"text":"SECRET"}}`), wantY},
		"of a code system by POST":   {post("CodeSystem", `{"name":"coding","valueCoding":{`+loinc+`,"code":"8867-4","version":"2.74"}}`), wantY},
		"by POST in XML":             {r.do(t, "POST", "/ValueSet/$validate-code", `<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="url"/><valueUri value="http://hl7.org/fhir/ValueSet/observation-vitalsignresult"/></parameter><parameter><name value="coding"/><valueCoding><system value="http://loinc.org"/><code value="8867-4"/></valueCoding></parameter></Parameters>`, "Content-Type", "application/fhir+xml", "Accept", "application/fhir+json"), wantY},
	} {
		if tc.got.status != 200 || string(tc.got.body) != tc.want {
			t.Errorf("%s: %d %s", name, tc.got.status, tc.got.body)
		}
	}
	got := r.get(t, set+"8867-4", "Accept", "application/fhir+xml")
	if want := `<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="result"/><valueBoolean value="true"/></parameter><parameter><name value="display"/><valueString value="Heart rate"/></parameter></Parameters>`; !strings.HasSuffix(string(got.body), want) {
		t.Errorf("in XML: %d %s", got.status, got.body)
	}
	requested := len(up.take())
	for path, status := range map[string]int{
		"/ValueSet/$validate-code?url=http://hospital/ValueSet/doctors&system=http://loinc.org&code=8867-4": 403,
		set + "SMITH":                        403, // no code of LOINC
		set + "8867-4&display=John%20Smith":  403, // tests a display that is not shown
		set + "8867-4&context=x":             403,
		set + "8867-4&systemVersion=1951-07": 403,
		system + "8867-4&date=2024":          403,
		"/CodeSystem/$validate-code?url=http://hospital/codes&code=SMITH":                          403,
		"/ValueSet/$validate-code?system=http://loinc.org&code=8867-4":                             400, // no value set
		"/ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/observation-vitalsignresult":    400, // no code
		"/CodeSystem/" + string(sealed) + "/$validate-code?url=http%3A%2F%2Floinc.org&code=8867-4": 400,
		"/ConceptMap/$validate-code?url=http://hl7.org/fhir/ValueSet/x":                            400,
	} {
		if text := r.get(t, path).outcome(t, status); strings.Contains(text, "SMITH") || strings.Contains(text, "Smith") {
			t.Errorf("%s: %s", path, text)
		}
	}
	for _, parameters := range []string{
		vs + `,{"name":"coding","valueCoding":{` + loinc + `,"code":"8867-4","id":"x"}}`,
		vs + `,{"name":"coding","valueCoding":{` + loinc + `,"code":88674}}`,
		vs + `,{"name":"codeableConcept","valueCodeableConcept":{"coding":[{` + loinc + `,"code":"8867-4"},{` + loinc + `,"code":"8480-6"}]}}`,
		vs + `,{"name":"coding","valueString":{}}`,
		`{"name":"valueSet","resource":{"resourceType":"ValueSet"}}`,
	} {
		post("ValueSet", parameters).outcome(t, 400)
	}
	if more := up.take(); len(more) != 0 {
		t.Errorf("after %d: the upstream was asked %q", requested, more)
	}
	r.get(t, system+"39156-5").outcome(t, 502)
	if bytes.Contains(r.sent, []byte("SECRET")) {
		t.Error("a text of the upstream came back")
	}
	r.checkClean(t)
}

// A ruleset that shows no displays offers no operation that would only tell those, and
// none that tests them.
func TestTerminologyWithoutDisplays(t *testing.T) {
	t.Parallel()
	const metadata = `{"resourceType":"CapabilityStatement","status":"active","rest":[{"mode":"server","resource":[{"type":"CodeSystem","operation":[{"name":"lookup"},{"name":"validate-code"}]},{"type":"ValueSet","operation":[{"name":"expand"},{"name":"$validate-code"}]}]}]}`
	const validate = "/CodeSystem/$validate-code?url=http%3A%2F%2Floinc.org&code=8867-4"
	up := newCanned(t, map[string]string{"/metadata": metadata,
		validate: `{"resourceType":"Parameters","parameter":[{"name":"result","valueBoolean":true},{"name":"display","valueString":"Heart rate"}]}`})
	offered := func(r *rig) string { return string(r.get(t, "/metadata").body) }
	with := offered(newRig(t, up.url, nil))
	for _, want := range []string{"OperationDefinition/CodeSystem-lookup", "OperationDefinition/CodeSystem-validate-code", "OperationDefinition/ValueSet-validate-code", "OperationDefinition/ValueSet-expand"} {
		if !strings.Contains(with, want) {
			t.Errorf("%s is not offered: %s", want, with)
		}
	}
	for name, sections := range map[string]string{
		"displays of codings":      "fhir:\n  rules:\n    - {id: displays, match: Coding.display, method: remove}\n",
		"displays of code systems": "fhir:\n  rules:\n    - {id: displays, match: CodeSystem.concept.display, method: remove}\n",
		"codings in parameters":    "fhir:\n  rules:\n    - {id: displays, match: Parameters, method: remove}\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, up.url, func(c *Config) { c.Policy = policyOf(t, extend(t, sections), "anonymous") })
			if got := offered(r); strings.Contains(got, "lookup") || !strings.Contains(got, "CodeSystem-validate-code") {
				t.Error(got)
			}
			for _, path := range []string{"/CodeSystem/$lookup?system=http://loinc.org&code=8867-4", "/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/x&filter=heart", validate + "&display=Heart%20rate"} {
				if text := r.get(t, path).outcome(t, 403); !strings.Contains(text, "display") {
					t.Error(text)
				}
			}
			if got := r.get(t, validate); string(got.body) != `{"resourceType":"Parameters","parameter":[{"name":"result","valueBoolean":true}]}` {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
}
