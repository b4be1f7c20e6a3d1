package fhir_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

// members lists the names of an object's members as they stand, also those that
// come twice.
func members(t *testing.T, object []byte) (names []string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(object)))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, tok.(string))
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// checkMembers holds that no member stands twice in an object and that of each
// choice there is one type, and does so for the objects inside.
func checkMembers(t *testing.T, typ *schema.Type, object []byte) (wrong string) {
	t.Helper()
	seen, chosen := map[string]bool{}, map[string]string{}
	for _, name := range members(t, object) {
		if seen[name] {
			return name + " stands twice"
		}
		seen[name] = true
		e, _ := element(typ, strings.TrimPrefix(name, "_"))
		if e == nil || !e.Choice {
			continue
		}
		if old := chosen[e.Name]; old != "" && old != strings.TrimPrefix(name, "_") {
			return old + " and " + name + " are two types of one choice"
		}
		chosen[e.Name] = strings.TrimPrefix(name, "_")
	}
	return ""
}

// TestStandInsStandAlone tries each required element, each date and deceased with
// every combination of value and sibling, in both orders: what stands in for a
// masked value is no second member of the element, a required element stays, and
// JSON and XML of one resource are masked alike.
func TestStandInsStandAlone(t *testing.T) {
	const known = `{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}`
	values := map[string][]string{
		"date": {`"1900-01-01"`, `"2020-01-01"`, `"x"`}, "dateTime": {`"1900-01-01"`, `"2020-01-01"`, `"x"`}, "instant": {`"1900-01-01T00:00:00Z"`, `"2020-01-01T00:00:00Z"`, `"x"`},
		"boolean": {`true`}, "code": {`"zzz"`, `"final"`}, "id": {`"a"`}, "decimal": {`1.5`}, "integer": {`3`}, "positiveInt": {`3`}, "unsignedInt": {`3`},
		"uri": {`"http://x/y"`}, "url": {`"http://x/y"`}, "canonical": {`"http://x/y"`}, "base64Binary": {`"AAAA"`}, "time": {`"10:00:00"`},
		"oid": {`"urn:oid:1.2"`}, "uuid": {`"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"`},
	}
	siblings := []string{"", `{"id":"x1"}`, known, `{"extension":[{"url":"http://x/unknown","valueString":"y"}]}`, `{"id":"x1","extension":[{"url":"http://x/unknown","valueString":"y"}]}`, `null`, `{}`}
	for _, ruleset := range []string{"safe-harbor", "research"} {
		t.Run(ruleset, func(t *testing.T) {
			t.Parallel()
			m := masktest.NewMasker(masktest.Shipped(t, ruleset), fhir.RememberAlways)
			tried := 0
			for _, typ := range schema.R4().Types() {
				if typ.Kind != schema.ResourceKind || typ.Abstract || typ.Name == "Bundle" {
					continue
				}
				for i := range typ.Elements {
					e := &typ.Elements[i]
					for _, et := range e.Types {
						date := et.Code == "date" || et.Code == "dateTime" || et.Code == "instant"
						if et.Type.Kind != schema.PrimitiveKind || e.Max != 1 || e.Min == 0 && !date && e.Name != "deceased" {
							continue
						}
						vs := values[et.Code]
						if vs == nil {
							vs = []string{`"SECRET text"`}
						}
						for _, v := range append(append([]string(nil), vs...), "", "null") {
							for _, s := range siblings {
								for _, first := range []bool{true, false} {
									tried++
									tryStandIn(t, m, typ, e, et, v, s, first)
								}
							}
						}
					}
				}
			}
			if tried < 5000 {
				t.Errorf("only %d combinations", tried)
			}
		})
	}
}

func tryStandIn(t *testing.T, m *masktest.Masker, typ *schema.Type, e *schema.Element, et schema.ElementType, value, sibling string, valueFirst bool) {
	t.Helper()
	name := e.JSONName(et)
	var parts []string
	if value != "" {
		parts = append(parts, fmt.Sprintf("%q:%s", name, value))
	}
	if sibling != "" {
		parts = append(parts, fmt.Sprintf("%q:%s", "_"+name, sibling))
	}
	if len(parts) == 2 && !valueFirst {
		parts[0], parts[1] = parts[1], parts[0]
	}
	head := ""
	if typ.Name == "Patient" && name != "birthDate" {
		head = `"birthDate":"1910-01-01",`
	}
	src := fmt.Sprintf(`{"resourceType":%q,%s"language":"en"`, typ.Name, head)
	if len(parts) > 0 {
		src += "," + strings.Join(parts, ",")
	}
	src += "}"
	out, err := m.Mask([]byte(src))
	if err != nil {
		if !strings.Contains(err.Error(), "withheld") {
			t.Fatalf("%s: %v", src, err)
		}
		return
	}
	if wrong := checkMembers(t, typ, out); wrong != "" {
		t.Errorf("%s\nbecomes %s: %s", src, out, wrong)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	there := false
	for n := range got {
		if f, _ := element(typ, strings.TrimPrefix(n, "_")); f == e {
			there = true
		}
	}
	had := value != "" && value != "null" || strings.Contains(sibling, "extension") // an element that says something
	if e.Min > 0 && had && !there {
		t.Errorf("%s\nbecomes %s: %s is not there", src, out, name)
	}
	// XML has no null and no members in another order.
	if !valueFirst || strings.Contains(src, "null") || sibling == "{}" {
		return
	}
	xml, err := fhirxml.AppendXML(schema.R4(), nil, []byte(src))
	if err != nil {
		return // it has no form in XML
	}
	masked, err := m.Walker.AppendXML(nil, xml, m.Pass, m.Site)
	if err != nil {
		t.Fatalf("%s: %v", xml, err)
	}
	want, err := fhirxml.AppendXML(schema.R4(), nil, out)
	if err != nil || string(want) != string(masked) {
		t.Errorf("%s\nis masked as XML to %s\n      and as JSON to %s (%v)", src, masked, want, err)
	}
}

// TestStandInsThatClientsRead: what a client without data-absent-reason reads.
func TestStandInsThatClientsRead(t *testing.T) {
	t.Parallel()
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	category := `{"extension":[{"url":"` + fhir.AgeCategory + `","valueCode":"90+"}]}`
	for _, tc := range []struct{ name, src, want string }{
		{"over 89", `{"resourceType":"Immunization","status":"completed","occurrenceDateTime":"1900-01-01"}`,
			`{"resourceType":"Immunization","status":"completed","occurrenceString":"Masked","_occurrenceString":` + category},
		{"over 89, with an id", `{"resourceType":"Immunization","status":"completed","occurrenceDateTime":"1900-01-01","_occurrenceDateTime":{"id":"x1"}}`,
			`{"resourceType":"Immunization","status":"completed","occurrenceString":"Masked","_occurrenceString":` + category},
		{"a text", `{"resourceType":"Immunization","status":"completed","occurrenceString":"SECRET"}`,
			`{"resourceType":"Immunization","status":"completed","occurrenceString":"Masked"`},
		{"a payload", `{"resourceType":"Communication","status":"completed","payload":[{"contentString":"SECRET","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/flag-priority","valueBoolean":true}]}]}`,
			`{"resourceType":"Communication","status":"completed","payload":[{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/flag-priority","valueBoolean":true}],"contentString":"Masked"}]`},
		{"an onset, which is not required", `{"resourceType":"Condition","onsetDateTime":"1900-01-01"}`,
			`{"resourceType":"Condition","_onsetDateTime":` + category},
		{"a death whose time is not known", `{"resourceType":"Patient","birthDate":"1910-01-01","deceasedDateTime":"2001-01-01","_deceasedDateTime":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}`,
			`{"resourceType":"Patient","_deceasedDateTime":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]},"_birthDate":` + category},
		{"a death", `{"resourceType":"Patient","birthDate":"1910-01-01","deceasedDateTime":"2001-01-01","_deceasedDateTime":{"id":"x"},"active":true}`,
			`{"resourceType":"Patient","active":true,"_birthDate":` + category + `,"deceasedBoolean":true`},
		{"two types of death", `{"resourceType":"FamilyMemberHistory","deceasedDate":"2001-01-01","deceasedString":"SECRET","status":"completed"}`,
			`{"resourceType":"FamilyMemberHistory","status":"completed","deceasedBoolean":true`},
		{"no death", `{"resourceType":"Patient","deceasedDateTime":null,"active":true}`, `{"resourceType":"Patient","active":true`},
	} {
		out, err := m.Mask([]byte(tc.src))
		if err != nil || !strings.HasPrefix(string(out), tc.want+"}") && !strings.HasPrefix(string(out), tc.want+`,"meta"`) {
			t.Errorf("%s: %s (%v)\nwant %s", tc.name, out, err, tc.want)
		}
		if again, err := m.Mask(out); err != nil || shape(t, again) != shape(t, out) {
			t.Errorf("%s: masked again %s (%v)\nwas %s", tc.name, again, err, out)
		}
	}
}
