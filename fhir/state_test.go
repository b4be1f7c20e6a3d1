package fhir_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

// nested returns resources that have the same extension in every kind of place,
// and beside it what must not be decided by it or decide it.
func nested(ext string) []string {
	observation := `{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2093-3","display":"Cholesterol"}],"extension":[%s],"text":"Cholesterol"},"valueQuantity":{"value":%s,"unit":"years","system":"http://unitsofmeasure.org","code":"a","extension":[%s]}}`
	condition := `{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/x"},"onsetAge":{"value":%s,"unit":"years","system":"http://unitsofmeasure.org","code":"a","extension":[%s]}}`
	labelled := `"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED","extension":[` + ext + `]}]`
	return []string{
		fmt.Sprintf(condition, "40", ext),
		fmt.Sprintf(condition, "97", ext),
		fmt.Sprintf(condition, "89.5", ext),
		fmt.Sprintf(observation, ext, "7", ext),
		fmt.Sprintf(observation, ext, "97", ext),
		`{"resourceType":"Patient","id":"p","birthDate":"1980-03-04","extension":[` + ext + `]}`,
		`{"resourceType":"Patient","id":"p","meta":{"versionId":"7","extension":[` + ext + `]},"birthDate":"1980-03-04"}`,
		`{"resourceType":"Patient","id":"p","meta":{"versionId":"7","extension":[` + ext + `],` + labelled + `},"birthDate":"1980-03-04","contained":[{"resourceType":"Organization","id":"g","extension":[` + ext + `],"active":true}]}`,
		`{"resourceType":"Group","id":"g","type":"person","actual":true,"contained":[{"resourceType":"Patient","id":"q","meta":{"versionId":"7",` + labelled + `},"extension":[` + ext + `]}]}`,
		`{"resourceType":"Bundle","type":"searchset","link":[{"relation":"next","url":"http://x/y","extension":[` + ext + `]}],"entry":[{"extension":[` + ext + `],"resource":{"resourceType":"AuditEvent"}},{"resource":` + fmt.Sprintf(condition, "97", ext) + `},{"extension":[` + ext + `],"resource":{"resourceType":"Patient","id":"p","gender":"male"}}]}`,
		`{"resourceType":"Parameters","parameter":[{"name":"value","extension":[` + ext + `],"valueQuantity":{"value":97,"unit":"years","extension":[` + ext + `]}},{"name":"resource","resource":` + fmt.Sprintf(condition, "12", ext) + `}]}`,
	}
}

// TestWhatIsRememberedDecidesNothing: a resource is masked the same whatever was
// masked before it, for every type of value in an extension, in both orders.
func TestWhatIsRememberedDecidesNothing(t *testing.T) {
	value := extensionValue(schema.R4())
	for _, ruleset := range []string{"safe-harbor", "research"} {
		t.Run(ruleset, func(t *testing.T) {
			t.Parallel()
			a := masktest.Shipped(t, ruleset)
			fresh, warm := masktest.NewMasker(a, fhir.RememberNothing), masktest.NewMasker(a, fhir.RememberAlways)
			for variant, et := range value.Types {
				b := &instanceBuilder{schema: schema.R4(), variant: variant}
				b.knownExtension(1)
				extensions := []string{b.b.String(), strings.Replace(b.b.String(), "condition-outcome", "iso21090-PQ-translation", 1)}
				if et.Code == "Meta" || et.Code == "Quantity" {
					extensions = append(extensions,
						`{"url":"http://hl7.org/fhir/StructureDefinition/condition-outcome","valueMeta":{"versionId":"9","security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"PSEUDED"},{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]}}`,
						`{"url":"http://hl7.org/fhir/StructureDefinition/condition-outcome","valueQuantity":{"value":1,"unit":"mg"}}`,
						`{"url":"http://hl7.org/fhir/StructureDefinition/condition-outcome","valueCodeableConcept":{"coding":[{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}],"text":"Heart rate"}}`)
				}
				for _, ext := range extensions {
					var resources, want []string
					for _, r := range nested(ext) {
						out, err := fresh.Mask([]byte(r))
						if err != nil {
							t.Fatalf("%s: %v", et.Code, err)
						}
						resources, want = append(resources, r), append(want, string(out))
					}
					warm.Walker.Forget()
					for round := range 4 {
						for k := range resources {
							if round%2 == 1 {
								k = len(resources) - 1 - k
							}
							out, err := warm.Mask([]byte(resources[k]))
							if err != nil || string(out) != want[k] {
								t.Fatalf("%s, round %d: %s\nbecomes %s\n  alone %s (%v)", et.Code, round, resources[k], out, want[k], err)
							}
						}
					}
				}
			}
		})
	}
}

// TestLabelsAreTheResourcesOwn: labels stand in the meta of the resource whose
// they are, and a label that some other meta has does not stand for one.
func TestLabelsAreTheResourcesOwn(t *testing.T) {
	t.Parallel()
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	const label = `{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED"}`
	const ext = `{"url":"http://hl7.org/fhir/StructureDefinition/condition-outcome","valueMeta":{"security":[` + label + `]}}`
	for _, src := range nested(ext) {
		out, err := m.Mask([]byte(src))
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(out, &v); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		checkLabels(t, v, false)
	}
	for _, tc := range []struct{ name, src, want string }{
		{"own", `{"resourceType":"Patient","birthDate":"x","gender":"male","meta":{"security":[` + label + `]}}`, `{"resourceType":"Patient","gender":"male","meta":{"security":[` + label + `]}}`},
		{"empty array inside", `{"resourceType":"Patient","birthDate":"x","gender":"male","meta":{"security":[{"extension":[],"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED"}]}}`, `{"resourceType":"Patient","gender":"male","meta":{"security":[` + label + `]}}`},
	} {
		if out, err := m.Mask([]byte(tc.src)); err != nil || string(out) != tc.want {
			t.Errorf("%s: got %s (%v), want %s", tc.name, out, err, tc.want)
		}
	}
}

// checkLabels holds that each resource that none contains has at most one label
// of each kind in its own meta, and that no other object got one.
func checkLabels(t *testing.T, v any, contained bool) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			checkLabels(t, x, contained)
		}
	case map[string]any:
		if _, ok := v["resourceType"]; ok {
			meta, _ := v["meta"].(map[string]any)
			seen := map[any]bool{}
			codings, _ := meta["security"].([]any)
			for _, c := range codings {
				c := c.(map[string]any)
				if c["display"] != nil && contained {
					t.Errorf("a contained resource has labels: %v", v)
				}
				if seen[c["code"]] {
					t.Errorf("%v stands twice in %v", c["code"], meta)
				}
				seen[c["code"]] = true
			}
			if !contained && v["resourceType"] != "Bundle" && v["resourceType"] != "Parameters" && v["id"] != nil && !seen["PSEUDED"] {
				t.Errorf("no label in %v", v)
			}
		}
		for name, x := range v {
			checkLabels(t, x, contained || name == "contained")
		}
	}
}

// TestNestedObjectsDecideNothingOutside: what is in an extension of a coded object
// leaves no trace in that object.
func TestNestedObjectsDecideNothingOutside(t *testing.T) {
	t.Parallel()
	const url = `"url":"http://hl7.org/fhir/StructureDefinition/condition-outcome"`
	inner := []string{
		`{` + url + `,"valueQuantity":{"value":97,"unit":"years","system":"http://unitsofmeasure.org","code":"mg{x}/dL"}}`,
		`{` + url + `,"valueQuantity":{"value":7,"unit":"mg","code":"SECRET"}}`,
		`{` + url + `,"valueAge":{"value":97}}`,
		`{` + url + `,"valueCoding":{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}}`,
		`{` + url + `,"valueCodeableConcept":{"coding":[{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}],"text":"Heart rate"}}`,
	}
	outer := []string{
		`{"resourceType":"Observation","status":"final","code":{},"valueQuantity":{%s"value":4,"unit":"ng{FEU}/mL","system":"http://unitsofmeasure.org","code":"ng{y}/mL"}}`,
		`{"resourceType":"Observation","status":"final","code":{},"valueQuantity":{"value":97,%s"unit":"years","system":"http://unitsofmeasure.org","code":"a"}}`,
		`{"resourceType":"Observation","status":"final","code":{},"valueQuantity":{"value":97,%s"comparator":"<","unit":"mg"}}`,
		`{"resourceType":"Observation","status":"final","valueBoolean":true,"code":{"coding":[{"system":"http://loinc.org","code":"2093-3"}],%s"text":"Heart rate"}}`,
		`{"resourceType":"Observation","status":"final","valueBoolean":true,"code":{"coding":[{%s"system":"http://loinc.org","code":"2093-3"}],"text":"Heart rate"}}`,
	}
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	for _, form := range outer {
		want, err := m.Mask([]byte(fmt.Sprintf(form, "")))
		if err != nil {
			t.Fatal(err)
		}
		for _, ext := range inner {
			out, err := m.Mask([]byte(fmt.Sprintf(form, `"extension":[`+ext+`],`)))
			if err != nil {
				t.Fatal(err)
			}
			got, plain := decode(t, out), decode(t, want)
			for _, whole := range []object{got, plain} {
				delete(whole, "meta") // labels tell of the inner object too
				for _, name := range []string{"valueQuantity", "code"} {
					if o, ok := whole[name].(object); ok {
						delete(o, "extension")
						for _, c := range list(o["coding"]) {
							delete(c.(object), "extension")
						}
					}
				}
			}
			g, _ := json.Marshal(got)
			p, _ := json.Marshal(plain)
			if string(g) != string(p) {
				t.Errorf("with %s\n%s, without\n%s", ext, g, p)
			}
		}
	}
}

var indexes = regexp.MustCompile(`\[\d+\]`)

// checkPath reports what is wrong with the path of an application of a rule.
func checkPath(sch *schema.Schema, path string) string {
	if path == "(unknown resource type)" {
		return ""
	}
	steps := strings.Split(indexes.ReplaceAllString(path, ""), ".")
	typ := sch.Type(steps[0])
	if typ == nil || typ.Kind != schema.ResourceKind {
		return "does not begin with a resource type"
	}
	for _, name := range steps[1:] {
		if name == "resourceType" {
			continue
		}
		sibling := strings.HasPrefix(name, "_")
		e, et := element(typ, strings.TrimPrefix(name, "_"))
		if e == nil {
			return typ.Name + " has no " + name
		}
		if typ = et.Type; sibling {
			typ = sch.Type("Element")
		}
	}
	return ""
}

// TestDetailHasThePathsOfTheElements masks HL7's examples and nested resources in
// detail: the bytes are those without it, and each path leads from the type of its
// resource to an element.
func TestDetailHasThePathsOfTheElements(t *testing.T) {
	t.Parallel()
	a := masktest.Shipped(t, "safe-harbor")
	m, plain := masktest.NewMasker(a, fhir.RememberAlways), masktest.NewMasker(a, fhir.RememberAlways)
	m.Pass.Detail = true
	sources := examples(t)
	for _, r := range nested(`{"url":"http://hl7.org/fhir/StructureDefinition/condition-outcome","valueQuantity":{"value":1,"unit":"mg"}}`) {
		sources = append(sources, []byte(r))
	}
	seen := map[string]bool{}
	for _, src := range sources {
		out, err := m.Mask(src)
		want, wantErr := plain.Mask(src)
		if !bytes.Equal(out, want) || (err == nil) != (wantErr == nil) {
			t.Fatalf("in detail %s (%v)\n without %s (%v)", out, err, want, wantErr)
		}
		for _, d := range m.Pass.Details {
			seen[d.Path] = true
			typ, _, _ := strings.Cut(d.Path, ".")
			if wrong := checkPath(schema.R4(), d.Path); wrong != "" || !strings.HasPrefix(d.Resource, typ) {
				t.Fatalf("%s of %s: %s", d.Path, d.Resource, wrong)
			}
		}
	}
	for _, path := range []string{"Patient.gender", "Bundle.entry[0].fullUrl", "Bundle.entry[1].fullUrl", "Organization.extension[0]", "Bundle.entry[0].extension[0]"} {
		if !seen[path] {
			t.Errorf("no application at %s", path)
		}
	}
	// What stands behind a contained resource has the path of its own resource.
	for _, src := range []string{
		`{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"X"}],"gender":"male"}`,
		`{"resourceType":"MedicationAdministration","contained":[{"resourceType":"Medication","id":"a","batch":{"expirationDate":"2020-01-01"}}],"status":"completed"}`,
	} {
		if _, err := m.Mask([]byte(src)); err != nil {
			t.Fatal(err)
		}
		last := m.Pass.Details[len(m.Pass.Details)-1]
		if typ, _, _ := strings.Cut(src[len(`{"resourceType":"`):], `"`); !strings.HasPrefix(last.Path, typ) {
			t.Errorf("the last application is at %s", last.Path)
		}
	}
}

// TestLifeIsOfTheResourceItself: a date is judged by the birth and death of the
// resource that has it, wherever that stands and whatever is around it.
func TestLifeIsOfTheResourceItself(t *testing.T) {
	t.Parallel()
	a := masktest.Shipped(t, "safe-harbor")
	relative := `{"resourceType":"RelatedPerson","id":"rp","patient":{"reference":"Patient/p"},"birthDate":"1915-02-02"}`
	dead := `{"resourceType":"Patient","id":"q","birthDate":"1930-01-01","deceasedDateTime":"1990-01-01"}`
	history := `{"resourceType":"FamilyMemberHistory","id":"f","status":"completed","patient":{"reference":"Patient/p"},"relationship":{},"bornDate":"1930-01-01","deceasedDate":"1990-01-01"}`
	places := []struct{ name, form string }{
		{"alone", `%s`},
		{"in a living patient", `{"resourceType":"Patient","id":"p","contained":[%s],"birthDate":"1980-05-05"}`},
		{"in a dead patient", `{"resourceType":"Patient","id":"p","birthDate":"1940-05-05","deceasedDateTime":"2000-01-01","contained":[%s]}`},
		{"in one who died without a date", `{"resourceType":"Patient","id":"p","deceasedBoolean":true,"contained":[%s],"birthDate":"1900-05-05"}`},
		{"beside one", `{"resourceType":"Patient","id":"p","contained":[{"resourceType":"Patient","id":"z","birthDate":"1950-05-05","deceasedDateTime":"1960-01-01"},%s],"birthDate":"1980-05-05"}`},
		{"in a Bundle", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"p","birthDate":"1940-05-05","deceasedDateTime":"2000-01-01"}},{"resource":%s}]}`},
		{"in Parameters", `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":%s}]}`},
		{"in a Bundle in Parameters", `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Bundle","type":"collection","entry":[{"resource":%s}]}}]}`},
	}
	for _, place := range places {
		for _, tc := range []struct{ inner, shown, hidden string }{
			{relative, `"_birthDate"`, "1915"},
			{dead, `"birthDate":"1930"`, "1930-"},
			{history, `"bornDate":"1930"`, "1930-"},
		} {
			m := masktest.NewMasker(a, fhir.RememberAlways)
			out, err := m.Mask([]byte(fmt.Sprintf(place.form, tc.inner)))
			if err != nil || !strings.Contains(string(out), tc.shown) || strings.Contains(string(out), tc.hidden) {
				t.Errorf("%s: %s (%v), want %s", place.name, out, err, tc.shown)
			}
		}
	}
	// What is contained changes nothing of what contains it.
	m := masktest.NewMasker(a, fhir.RememberAlways)
	out, err := m.Mask([]byte(`{"resourceType":"Patient","id":"p","contained":[` + dead + `,` + relative + `],"birthDate":"1920-05-05"}`))
	if err != nil || !strings.Contains(string(out), `"_birthDate":{"extension":[{"url":"`+fhir.AgeCategory) || strings.Contains(string(out), `"birthDate":"1920"`) {
		t.Errorf("got %s (%v)", out, err)
	}
}

// TestShiftIsOfTheNearestPatient: dates of a contained resource shift with the
// patient that it names itself, and else with the one of what contains it.
func TestShiftIsOfTheNearestPatient(t *testing.T) {
	t.Parallel()
	a := masktest.Shipped(t, "research")
	shifted := func(src string) string {
		m := masktest.NewMasker(a, fhir.RememberAlways)
		out, err := m.Mask([]byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if _, rest, ok := strings.Cut(string(out), `"effectiveDateTime":"`); ok {
			return rest[:strings.IndexByte(rest, '"')]
		}
		return "none"
	}
	observation := func(subject string) string {
		return `{"resourceType":"Observation","id":"o","status":"final","code":{},` + subject + `"effectiveDateTime":"2021-06-15"}`
	}
	report := func(contained string) string {
		return `{"resourceType":"DiagnosticReport","id":"r","status":"final","code":{},"contained":[` + contained + `],"subject":{"reference":"Patient/a"}}`
	}
	ofA, ofB := shifted(observation(`"subject":{"reference":"Patient/a"},`)), shifted(observation(`"subject":{"reference":"Patient/b"},`))
	if ofA == ofB || len(ofA) != 10 || len(ofB) != 10 {
		t.Fatalf("the shifts are %s and %s", ofA, ofB)
	}
	for _, tc := range []struct{ name, src, want string }{
		{"its own patient", report(observation(`"subject":{"reference":"Patient/b"},`)), ofB},
		{"that of its container", report(observation("")), ofA},
		{"the container's, by a local reference", report(observation(`"subject":{"reference":"#p"},`)), ofA},
		{"the container itself", `{"resourceType":"Patient","id":"b","contained":[` + observation(`"subject":{"reference":"#"},`) + `]}`, ofB},
		{"the patient that contains it", `{"resourceType":"Patient","id":"b","contained":[` + observation("") + `]}`, ofB},
		{"two patients", report(observation(`"subject":{"reference":"Patient/b"},"focus":[{"reference":"Patient/a"}],`)), ofB},
		{"of a new patient", `{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:b","resource":{"resourceType":"Patient","contained":[` + observation("") + `]}}]}`, ofB},
	} {
		if got := shifted(tc.src); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// TestNoiseOnAQuantityIsThePatients: what a method may know of the patient is of
// the resource at hand, also for the value of a quantity.
func TestNoiseOnAQuantityIsThePatients(t *testing.T) {
	t.Parallel()
	a, err := masktest.Compile(t, "veil: 1\nname: test\nextends: safe-harbor\nfhir:\n  rules:\n    - {id: x, match: Observation.value.ofType(Quantity).value, method: noise, within: \"5.00\"}\n")
	if err != nil {
		t.Fatal(err)
	}
	observation := func(patient string) string {
		return `{"resourceType":"Observation","id":"o","status":"final","code":{},"subject":{"reference":"Patient/` + patient + `"},"valueQuantity":{"value":70.25,"unit":"kg"}}`
	}
	alone, values := map[string]string{}, map[string]bool{}
	for _, patient := range []string{"a", "b", "c"} {
		out, err := masktest.NewMasker(a, fhir.RememberNothing).Mask([]byte(observation(patient)))
		if err != nil {
			t.Fatal(err)
		}
		alone[patient] = string(out)
		_, value, _ := strings.Cut(alone[patient], `"valueQuantity":`)
		values[value] = true
	}
	if len(values) != 3 {
		t.Errorf("three patients get the noise of %d", len(values))
	}
	m := masktest.NewMasker(a, fhir.RememberAlways)
	for _, patient := range strings.Split("abcacbba", "") {
		if out, err := m.Mask([]byte(observation(patient))); err != nil || string(out) != alone[patient] {
			t.Errorf("got %s (%v), alone %s", out, err, alone[patient])
		}
	}
	all, err := m.Mask([]byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + observation("a") + `},{"resource":` + observation("b") + `}]}`))
	if err != nil || !bytes.Contains(all, []byte(alone["a"])) || !bytes.Contains(all, []byte(alone["b"])) {
		t.Errorf("in a Bundle: %s (%v)", all, err)
	}
}
