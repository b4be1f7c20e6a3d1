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

// agreeing has a patient and a doctor of the same family name, and a note that names both.
const agreeing = `{"resourceType":"Bundle","type":"collection","entry":[
{"resource":{"resourceType":"Practitioner","id":"d1","name":[{"family":"Quarrington","given":["Bartholomew"]}]}},
{"resource":{"resourceType":"Patient","id":"p1","name":[{"family":"Quarrington","given":["Ottoline","Mae"]}],"birthDate":"1950-03-04","deceasedDateTime":"2024-02-29",
"identifier":[{"system":"http://x.example/mrn","value":"ZQ884412"}],"telecom":[{"system":"phone","value":"(555) 201-7788"},{"system":"email","value":"o.quarrington@x.example"}],"address":[{"line":["12 Elm Court"],"city":"Fernhollow"}]}},
{"resource":{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/p1"},"recordedDate":"2024-01-15","note":[{"text":"NOTE"}]}}]}`

// agreement is what the masked Bundle has in its fields, and its note.
type agreement struct {
	Entry []struct {
		Resource struct {
			ResourceType, DeceasedDateTime, RecordedDate string
			Name                                         []struct {
				Family string
				Given  []string
			}
			Identifier []struct{ Value string }
			Telecom    []struct{ Value string }
			Address    []struct {
				Line []string
				City string
			}
			Note []struct{ Text string }
		}
	}
}

// TestArgumentsAgree: a rule that puts surrogates into texts has the arguments of the rules
// of fields, or the ruleset is refused.
func TestArgumentsAgree(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"window: 182, weekday: true":                        "",
		"weekday: true":                                     `test.yaml:7:8: rule "notes": window is 365, but the method date of rule "dates" has window 182: a text and its record would not agree`,
		"window: 182":                                       `weekday is false, but the method date of rule "dates" has weekday true`,
		"window: 182, weekday: true, locale: de-DE":         `locale is "de-DE", but the method surrogate of rule`,
		"window: 182, weekday: true, idDomain: x":           `idDomain is "x", but the method pseudonym of rule`,
		"window: 182, weekday: true, domain: other":         `domain is "other", but the method date of rule "dates" has domain ""`,
		"replace: label, window: 5, idDomain: x, domain: y": "",
	} {
		if !strings.Contains(args, "replace") {
			args += ", replace: surrogate"
		}
		_, err := masktest.Compile(t, `
veil: 1
name: agreeing
extends: research
fhir:
  rules:
    - {id: notes, match: Annotation.text, method: scrub, `+args+`}
`)
		if got := fmt.Sprint(err); (err != nil) != (want != "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", args, got, want)
		}
	}
}

// TestNoteAndRecordAgree: with surrogates a note says of people what the fields say, written
// as the note is, in JSON and in XML, whoever else is in the Bundle.
func TestNoteAndRecordAgree(t *testing.T) {
	t.Parallel()
	a, err := masktest.Compile(t, `
veil: 1
name: agreeing
extends: research
fhir:
  rules:
    - {id: notes, match: Annotation.text, method: scrub, replace: surrogate, window: 182, weekday: true}
`)
	if err != nil {
		t.Fatal(err)
	}
	m := masktest.NewMasker(a, fhir.RememberAlways)
	mask := func(note string) (a agreement, inXML string) {
		t.Helper()
		quoted, _ := json.Marshal(note)
		bundle := []byte(strings.Replace(agreeing, `"NOTE"`, string(quoted), 1))
		out, err := m.Mask(bundle)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &a); err != nil {
			t.Fatal(err)
		}
		x, err := fhirxml.AppendXML(schema.R4(), nil, bundle)
		if err != nil {
			t.Fatal(err)
		}
		if x, err = m.MaskXML(x); err != nil {
			t.Fatal(err)
		}
		back, err := fhirxml.AppendJSON(schema.R4(), nil, x)
		if err != nil {
			t.Fatal(err)
		}
		var b agreement
		if err := json.Unmarshal(back, &b); err != nil {
			t.Fatal(err)
		}
		return a, b.Entry[2].Resource.Note[0].Text
	}
	first, _ := mask("x")
	doctor, patient, condition := first.Entry[0].Resource, first.Entry[1].Resource, first.Entry[2].Resource
	family, given, middle := patient.Name[0].Family, patient.Name[0].Given[0], patient.Name[0].Given[1]
	phone := strings.NewReplacer("(", "", ")", "", " ", "-").Replace(patient.Telecom[0].Value)
	for note, want := range map[string]string{
		"Saw Ottoline Quarrington, who is well.":        "Saw " + given + " " + family + ", who is well.",
		"Mrs. QUARRINGTON, OTTOLINE M. is well.":        "Mrs. " + strings.ToUpper(family+", "+given) + " " + middle[:1] + ". is well.",
		"Ottoline Mae Quarrington's leg hurts.":         given + " " + middle + " " + family + "'s leg hurts.",
		"Record ZQ884412 and ZQ-884-412.":               "Record " + patient.Identifier[0].Value + " and " + regroup(patient.Identifier[0].Value, 2, 5) + ".",
		"Call 555-201-7788 or (555) 201-7788.":          "Call " + phone + " or " + patient.Telecom[0].Value + ".",
		"Mail: o.quarrington@x.example today.":          "Mail: " + patient.Telecom[1].Value + " today.",
		"Lives at 12 Elm Court, Fernhollow, with a cat": "Lives at " + patient.Address[0].Line[0] + ", " + patient.Address[0].City + ", with a cat",
		"Recorded on 2024-01-15.":                       "Recorded on " + condition.RecordedDate + ".",
		"She died on 2024-02-29.":                       "She died on [DATE].",
		"Bartholomew Quarrington signed.":               doctor.Name[0].Given[0] + " " + family + " signed.",
		"Born 4 March 1950.":                            "Born [DATE].",
	} {
		got, inXML := mask(note)
		if text := got.Entry[2].Resource.Note[0].Text; text != want {
			t.Errorf("%s\n got %s\nwant %s", note, text, want)
		} else if inXML != text {
			t.Errorf("in XML %s, in JSON %s", inXML, text)
		}
	}
}

// regroup puts hyphens into a number.
func regroup(s string, at ...int) string {
	for i, n := range at {
		s = s[:n+i] + "-" + s[n+i:]
	}
	return s
}
