package fhir_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

// withRules compiles safe-harbor with further rules.
func withRules(t *testing.T, rules ...string) *fhir.Automaton {
	t.Helper()
	a, err := masktest.Compile(t, "veil: 1\nname: test\nextends: safe-harbor\nfhir:\n  rules:\n    - "+strings.Join(rules, "\n    - ")+"\n")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestKeptValuesHaveTheFormOfTheirType: whatever a rule keeps, it keeps no text
// that is not of the element's type. Every type is tried as an extension's value,
// and the values of all other types and plain texts in it.
func TestKeptValuesHaveTheFormOfTheirType(t *testing.T) {
	t.Parallel()
	const url = "http://example.org/any"
	a := withRules(t, "{id: any-ext, match: \"extension('"+url+"')\", method: descend}",
		"{id: any, match: ["+strings.Join(keepEverything(), ", ")+"], method: keep}")
	m := masktest.NewMasker(a, fhir.RememberAlways)
	texts := []string{`"John Smith 123-45-6789"`, `"John\u0020Smith"`, `"2020-03-05T10:11:12Z"`, `"10:11:12"`, `"10:11:12.123456789012"`, `"2020"`, `"x"`, `"urn:oid:1.2.3"`,
		`"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"`, `"AAAA"`, `""`, `"a\u0001b"`, `1`, `-1`, `0`, `1.5`, `1e2`, `1e999999999999`, `99999999999`, `5e-400`, `true`, `null`}
	kept := 0
	for _, et := range extensionValue(schema.R4()).Types {
		if et.Type.Kind != schema.PrimitiveKind {
			continue
		}
		for _, text := range texts {
			name := "value" + strings.ToUpper(et.Code[:1]) + et.Code[1:]
			out, err := m.Mask([]byte(fmt.Sprintf(`{"resourceType":"Patient","extension":[{"url":%q,%q:%s}]}`, url, name, text)))
			if err != nil {
				t.Fatal(err)
			}
			stays := strings.Contains(string(out), name)
			if want := hasType(t, et.Code, text); stays != want {
				t.Errorf("%s %s: kept is %v", et.Code, text, stays)
			}
			if stays {
				kept++
			}
		}
	}
	if kept < 50 {
		t.Errorf("only %d values are kept", kept)
	}
}

func keepEverything() (matches []string) {
	for _, et := range extensionValue(schema.R4()).Types {
		if et.Type.Kind == schema.PrimitiveKind {
			matches = append(matches, fmt.Sprintf("\"extension('http://example.org/any').value.ofType(%s)\"", et.Code))
		}
	}
	return matches
}

// hasType says by the JSON type and FHIR's own words whether a JSON value is of a
// primitive type.
func hasType(t *testing.T, code, text string) bool {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	switch v := v.(type) {
	case bool:
		return code == "boolean"
	case json.Number:
		small := v == "1" || v == "0" || v == "-1"
		switch code {
		case "decimal":
			return v != "1e999999999999"
		case "integer":
			return small
		case "unsignedInt":
			return v == "1" || v == "0"
		case "positiveInt":
			return v == "1"
		}
		return false
	case string:
		switch code {
		case "boolean", "decimal", "integer", "unsignedInt", "positiveInt":
			return false
		case "string", "markdown":
			return v != "" && v != "a\x01b"
		case "code":
			return v != "" && v != "a\x01b"
		case "uri", "url", "canonical":
			return v != "" && v != "a\x01b" && !strings.Contains(v, " ")
		case "oid":
			return v == "urn:oid:1.2.3"
		case "uuid":
			return strings.HasPrefix(v, "urn:uuid:")
		case "id":
			return v == "2020" || v == "x" || v == "AAAA"
		case "base64Binary":
			return v == "2020" || v == "AAAA"
		case "date":
			return v == "2020"
		case "dateTime":
			return v == "2020" || v == "2020-03-05T10:11:12Z"
		case "instant":
			return v == "2020-03-05T10:11:12Z"
		case "time":
			return v == "10:11:12"
		}
	}
	return false
}

// TestKeptTextsOfShippedRulesets: what the shipped rulesets keep.
func TestKeptTextsOfShippedRulesets(t *testing.T) {
	t.Parallel()
	for _, ruleset := range []string{"safe-harbor", "research"} {
		m := masktest.NewMasker(masktest.Shipped(t, ruleset), fhir.RememberAlways)
		for _, tc := range []struct{ src, hidden string }{
			{`{"resourceType":"MedicationRequest","status":"active","intent":"order","subject":{},"dosageInstruction":[{"timing":{"repeat":{"timeOfDay":["John Smith 123-45-6789","10:11:12"]}}}]}`, "Smith"},
			{`{"resourceType":"Location","id":"l","hoursOfOperation":[{"openingTime":"2020-03-05T10:11:12Z","closingTime":"17:00:00"}]}`, "03-05"},
			{`{"resourceType":"Patient","multipleBirthInteger":1e999999999999}`, "1e9"},
			{`{"resourceType":"Patient","multipleBirthInteger":5550104471}`, "5550104471"},
			{`{"resourceType":"Observation","status":"final","code":{},"valueQuantity":{"value":1e99999,"unit":"mg"}}`, "1e9"},
			{`{"resourceType":"Observation","status":"final","code":{},"valueQuantity":{"value":5550104471555010447155501044715550104471555,"unit":"mg"}}`, "5550104471"},
		} {
			out, err := m.Mask([]byte(tc.src))
			if err != nil || strings.Contains(string(out), tc.hidden) {
				t.Errorf("%s: %s (%v)", ruleset, out, err)
			}
		}
		out, _ := m.Mask([]byte(`{"resourceType":"MedicationRequest","dosageInstruction":[{"timing":{"repeat":{"timeOfDay":["10:11:12"]}}}],"status":"active"}`))
		if !strings.Contains(string(out), `"10:11:12"`) {
			t.Errorf("%s: the hours go: %s", ruleset, out)
		}
	}
}

// TestComparatorsBelongToTheAgeCap: a method on the value of a quantity leaves the
// comparator as it is, present or not, before the value or behind it; the age cap
// alone says "or more".
func TestComparatorsBelongToTheAgeCap(t *testing.T) {
	t.Parallel()
	elements := []string{"Observation.value.ofType(Quantity)", "Condition.onset.ofType(Age)"}
	compiled := map[string]*fhir.Automaton{} // by method
	for _, tc := range []struct{ method, in, want string }{
		{`bucket, width: "5"`, `"value":7.3,"comparator":"<"`, `"value":5,"comparator":"<"`},
		{`bucket, width: "5"`, `"comparator":"<","value":7.3`, `"comparator":"<","value":5`},
		{`bucket, width: "5"`, `"value":7.3`, `"value":5`},
		{`round, to: "10"`, `"value":43`, `"value":40`},
		{`round, to: "10"`, `"comparator":">","value":43`, `"comparator":">","value":40`},
		{`fixed, value: "1"`, `"value":43,"comparator":"<="`, `"value":1,"comparator":"<="`},
		{`ageCap`, `"value":97,"comparator":"<"`, `"value":90,"comparator":">="`},
		{`ageCap`, `"comparator":"<","value":97`, `"value":90,"comparator":">="`},
		{`ageCap`, `"value":43,"comparator":"<"`, `"value":43,"comparator":"<"`},
	} {
		for _, element := range elements {
			a := compiled[tc.method]
			if a == nil {
				a = withRules(t, "{id: x, match: ["+elements[0]+".value, "+elements[1]+".value], method: "+tc.method+"}")
				compiled[tc.method] = a
			}
			src := `{"resourceType":"Observation","status":"final","code":{},"valueQuantity":{%s,"unit":"a"}}`
			if strings.HasPrefix(element, "Condition") {
				src = `{"resourceType":"Condition","subject":{},"onsetAge":{%s,"unit":"a"}}`
			}
			m := masktest.NewMasker(a, fhir.RememberAlways)
			for range 3 { // the last ones by what is remembered
				out, err := m.Mask([]byte(fmt.Sprintf(src, tc.in)))
				if err != nil || !strings.Contains(string(out), "{"+tc.want+`,"unit":"a"}`) {
					t.Errorf("%s by %s, %s: %s (%v), want %s", element, tc.method, tc.in, out, err, tc.want)
				}
			}
		}
	}
}

// TestInstantsStayInstants: whatever a ruleset does to dates, an instant comes out
// as one.
func TestInstantsStayInstants(t *testing.T) {
	t.Parallel()
	sources := []string{"2021-02-03T10:00:00Z", "2021-02-03T10:00:00.123+02:00", "2021", "2021-02", "2021-02-03", "2021-02-03 10:00:00", "2021-02-03T10:00", "John Smith"}
	compiled := map[string]*fhir.Automaton{"safe-harbor": masktest.Shipped(t, "safe-harbor"), "research": masktest.Shipped(t, "research")}
	for _, method := range []string{"date, mode: year", "date, mode: quarter", "date, mode: month", "date, mode: shift", "year", "year, as: instant", "keep", "substring, length: 4", "substring, length: 10"} {
		compiled[method] = withRules(t, "{id: instants, match: nodesByType('instant'), method: "+method+"}")
	}
	for name, a := range compiled {
		m := masktest.NewMasker(a, fhir.RememberAlways)
		kept := 0
		for _, subject := range []string{"", `,"subject":{"reference":"Patient/a"}`} {
			for _, text := range sources {
				out, err := m.Mask([]byte(fmt.Sprintf(`{"resourceType":"Observation","status":"final","code":{}%s,"issued":%q}`, subject, text)))
				if err != nil {
					t.Fatal(err)
				}
				var v struct{ Issued *string }
				if err := json.Unmarshal(out, &v); err != nil {
					t.Fatal(err)
				}
				if v.Issued != nil {
					kept++
					if !fhir.IsInstant([]byte(*v.Issued)) {
						t.Errorf("%s: %q becomes %q", name, text, *v.Issued)
					}
				}
			}
		}
		if kept < 4 {
			t.Errorf("%s: only %d instants stay", name, kept)
		}
	}
}
