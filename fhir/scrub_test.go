package fhir_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/people"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

// plantings are Bundles in which a person or a number (WHO) stands somewhere, and NOTE in a
// text elsewhere.
var plantings = map[string]string{
	"patient": `{"resourceType":"Patient","id":"1","name":[{"family":"WHO"}]} {"resourceType":"Condition","id":"2","subject":{"reference":"Patient/1"},"note":[{"text":"NOTE"}]}`,
	"maiden name": `{"resourceType":"Patient","id":"1","name":[{"family":"Other"},{"use":"maiden","family":"WHO"}]} ` +
		`{"resourceType":"Condition","id":"2","subject":{"reference":"Patient/1"},"note":[{"text":"NOTE"}]}`,
	"record number":    `{"resourceType":"Patient","id":"1","identifier":[{"value":"WHO"}]} {"resourceType":"DiagnosticReport","id":"2","status":"final","code":{},"conclusion":"NOTE"}`,
	"contact":          `{"resourceType":"Patient","id":"1","contact":[{"name":{"text":"WHO"}}]} {"resourceType":"DocumentReference","id":"2","status":"current","content":[{"attachment":{"contentType":"text/plain","data":"BASE64"}}]}`,
	"relative":         `{"resourceType":"RelatedPerson","id":"1","patient":{"reference":"Patient/3"},"name":[{"given":["WHO"]}]} {"resourceType":"Observation","id":"2","status":"final","code":{},"valueString":"NOTE"}`,
	"practitioner":     `{"resourceType":"Encounter","id":"1","status":"finished","class":{"code":"AMB"},"participant":[{"individual":{"reference":"Practitioner/9","display":"WHO"}}]} {"resourceType":"Composition","id":"2","status":"final","type":{},"date":"2020","author":[],"title":"NOTE"}`,
	"organisation":     `{"resourceType":"Organization","id":"1","name":"WHO"} {"resourceType":"Observation","id":"2","status":"final","code":{},"note":[{"text":"NOTE"}]}`,
	"logical":          `{"resourceType":"Encounter","id":"1","status":"finished","class":{"code":"AMB"},"serviceProvider":{"type":"Organization","display":"WHO"}} {"resourceType":"Observation","id":"2","status":"final","code":{},"note":[{"text":"NOTE"}]}`,
	"contained":        `{"resourceType":"Observation","id":"2","status":"final","code":{},"contained":[{"resourceType":"Practitioner","id":"p","name":[{"family":"WHO"}]}],"note":[{"text":"NOTE"}]}`,
	"extension":        `{"resourceType":"Patient","id":"1","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName","valueHumanName":{"family":"WHO"}}]} {"resourceType":"Observation","id":"2","status":"final","code":{},"note":[{"text":"NOTE"}]}`,
	"note's author":    `{"resourceType":"Observation","id":"2","status":"final","code":{},"note":[{"authorString":"WHO","text":"NOTE"}]}`,
	"telephone":        `{"resourceType":"Patient","id":"1","telecom":[{"system":"phone","value":"WHO"}]} {"resourceType":"CarePlan","id":"2","status":"active","intent":"plan","subject":{},"description":"NOTE"}`,
	"street":           `{"resourceType":"Patient","id":"1","address":[{"line":["WHO"]}]} {"resourceType":"Communication","id":"2","status":"completed","payload":[{"contentString":"NOTE"}]}`,
	"device":           `{"resourceType":"Device","id":"1","serialNumber":"WHO"} {"resourceType":"QuestionnaireResponse","id":"2","status":"completed","item":[{"linkId":"1","answer":[{"valueString":"NOTE"}]}]}`,
	"member number":    `{"resourceType":"Coverage","id":"1","status":"active","beneficiary":{},"payor":[],"subscriberId":"WHO"} {"resourceType":"Task","id":"2","status":"draft","intent":"order","description":"NOTE"}`,
	"escaped member":   `{"resourceType":"Patient","id":"1","n\u0061me":[{"f\u0061mily":"WHO"}]} {"resourceType":"Condition","id":"2","subject":{"reference":"Patient/1"},"note":[{"text":"NOTE"}]}`,
	"narrative":        `{"resourceType":"Patient","id":"1","name":[{"family":"WHO"}]} {"resourceType":"Condition","id":"2","subject":{"reference":"Patient/1"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">NOTE</div>"}}`,
	"of its own entry": `{"resourceType":"Patient","id":"1","name":[{"family":"WHO"}],"contact":[{"relationship":[{"text":"x"}]}],"link":[]} {"resourceType":"MedicationRequest","id":"2","status":"active","intent":"order","medicationCodeableConcept":{},"subject":{},"dosageInstruction":[{"text":"NOTE"}]}`,
}

// TestScrubbedTextsNameNobody: what stands anywhere in a Bundle as a name, a number or an
// address is in no text of the masked Bundle, in JSON and in XML.
func TestScrubbedTextsNameNobody(t *testing.T) {
	t.Parallel()
	a := masktest.Shipped(t, "safe-harbor-text")
	if !a.ScrubsTexts() || a.InParts() {
		t.Fatal("the ruleset scrubs no texts, or Bundles in parts")
	}
	for name, planted := range plantings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := masktest.NewMasker(a, fhir.RememberAlways)
			rng := rand.New(rand.NewPCG(1, uint64(len(planted))))
			for range 20 {
				who := invent(rng, name)
				note := fmt.Sprintf("Seen today: %s, who is well.\nCalled %s again.", who, strings.ToUpper(who))
				bundle := bundleOf(planted, who, note)
				out, err := m.Mask([]byte(bundle))
				if err != nil {
					t.Fatal(err)
				}
				checkScrubbed(t, who, out)
				x, err := fhirxml.AppendXML(schema.R4(), nil, []byte(bundle))
				if err != nil {
					t.Fatal(err)
				}
				if x, err = m.MaskXML(x); err != nil {
					t.Fatal(err)
				}
				checkScrubbed(t, who, x)
			}
		})
	}
}

// invent makes a word, or a number where one stands.
func invent(rng *rand.Rand, name string) string {
	switch name {
	case "record number", "device", "member number":
		return fmt.Sprintf("%c%07d", 'A'+rng.IntN(26), rng.IntN(1e7))
	case "telephone":
		return fmt.Sprintf("555-%03d-%04d", 200+rng.IntN(700), rng.IntN(1e4))
	case "street":
		return fmt.Sprintf("%d %s Lane", 1+rng.IntN(900), word(rng))
	case "organisation", "logical":
		return word(rng) + " Clinic"
	}
	return word(rng)
}

func word(rng *rand.Rand) string {
	b := []byte{byte('A' + rng.IntN(26))}
	for i := range 7 {
		b = append(b, []string{"aeiou", "bcdfghklmnprstvz"}[i%2][rng.IntN(5)])
	}
	return string(b)
}

// bundleOf makes a Bundle of the resources of a planting.
func bundleOf(planted, who, note string) string {
	quoted, _ := json.Marshal(note)
	planted = strings.NewReplacer("WHO", who, "NOTE", strings.Trim(string(quoted), `"`), "BASE64", base64.StdEncoding.EncodeToString([]byte(note)), "} {", "}},\n"+`{"resource":{`).Replace(planted)
	return `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + planted + `}]}`
}

// checkScrubbed looks for somebody in a masked Bundle, in its attachments too.
func checkScrubbed(t *testing.T, who string, out []byte) {
	t.Helper()
	text := string(out)
	for _, quoted := range strings.FieldsFunc(text, func(r rune) bool { return r == '"' }) {
		if decoded, err := base64.StdEncoding.DecodeString(quoted); err == nil {
			text += string(decoded)
		}
	}
	if strings.Contains(strings.ToLower(text), strings.ToLower(who)) {
		t.Errorf("%s is named: %s", who, text)
	}
	if !strings.Contains(text, "SCRUBBED") || !strings.Contains(text, "Seen today: [") {
		t.Errorf("the text, or its label, is gone: %s", text)
	}
}

// TestScrubAsksForPeople: people whom only a reference names are looked up. Where that
// fails, the text goes.
func TestScrubAsksForPeople(t *testing.T) {
	t.Parallel()
	const note = `{"resourceType":"Condition","id":"2","subject":{"reference":"Patient/1"},"recorder":{"reference":"http://ehr.example/fhir/PractitionerRole/5/_history/2"},` +
		`"evidence":[{"detail":[{"reference":"Observation/4"},{"reference":"http://other.example/Patient/8"}]}],"note":[{"text":"Quarrington met Dr. Blytheson. Stable."}]}`
	server := map[string]string{
		"Patient/1":          `{"resourceType":"Patient","id":"1","name":[{"family":"Quarrington"}]}`,
		"PractitionerRole/5": `{"resourceType":"PractitionerRole","id":"5","practitioner":{"reference":"Practitioner/6"}}`,
		"Practitioner/6":     `{"resourceType":"Practitioner","id":"6","name":[{"family":"Blytheson"}]}`,
	}
	asked := map[string]int{}
	broken := ""
	site := &fhir.Site{Upstream: []string{"http://ehr.example/fhir"}, People: func(typ, id string) (people.Facts, error) {
		asked[typ+"/"+id]++
		if broken == typ+"/"+id {
			return nil, errors.New("the server does not respond")
		}
		return people.FactsOf(schema.R4(), []byte(server[typ+"/"+id]), nil), nil
	}}
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor-text"), fhir.RememberAlways)
	m.Site = site
	out, err := m.Mask([]byte(note))
	if err != nil {
		t.Fatal(err)
	}
	if s := string(out); strings.Contains(s, "Quarrington") || strings.Contains(s, "Blytheson") || !strings.Contains(s, "Stable.") {
		t.Errorf("got %s", s)
	}
	if len(asked) != len(server) || asked["Patient/1"] != 1 {
		t.Errorf("asked for %v, want each of %d once", asked, len(server))
	}
	for ref := range server {
		broken = ref
		out, err := m.Mask([]byte(note))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(out), "Stable.") {
			t.Errorf("without %s the text passes: %s", ref, out)
		}
	}
}

// TestScrubLimits: a resource that refers to too many people loses its texts.
func TestScrubLimits(t *testing.T) {
	t.Parallel()
	var refs []string
	for i := range 1001 {
		refs = append(refs, fmt.Sprintf(`{"individual":{"reference":"Practitioner/%d"}}`, i))
	}
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor-text"), fhir.RememberNothing)
	for n, passes := range map[int]bool{1000: true, 1001: false} {
		m.Site = &fhir.Site{People: func(string, string) (people.Facts, error) { return nil, nil }}
		out, err := m.Mask([]byte(`{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"text":{},"participant":[` + strings.Join(refs[:n], ",") +
			`],"contained":[{"resourceType":"Observation","id":"o","status":"final","code":{},"note":[{"text":"Stable."}]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(out), "Stable."); got != passes {
			t.Errorf("%d people: the text passes: %v", n, got)
		}
	}
}

// BenchmarkScrubbedPage masks a page of 20 DocumentReferences of one patient with notes of
// 4 KB: removed, scrubbed for the first time, and scrubbed again.
func BenchmarkScrubbedPage(b *testing.B) {
	for _, c := range []struct {
		name, ruleset string
		fresh         bool
	}{{"removed", "safe-harbor", true}, {"new", "safe-harbor-text", true}, {"again", "safe-harbor-text", false}} {
		b.Run(c.name, func(b *testing.B) {
			m := masktest.NewMasker(masktest.Shipped(b, c.ruleset), fhir.RememberNothing)
			page, notes := notesPage()
			mask := func() {
				if _, err := m.Mask(page); err != nil {
					b.Fatal(err)
				}
			}
			mask()
			b.SetBytes(int64(len(page)))
			n := 0
			for b.Loop() {
				if c.fresh {
					n++
					for _, at := range notes {
						base64.StdEncoding.Encode(page[at:], fmt.Appendf(nil, "On page %09d ", n))
					}
				}
				mask()
			}
		})
	}
}

// notesPage returns a page of notes, and where their base64 begins.
func notesPage() (page []byte, notes []int) {
	rng := rand.New(rand.NewPCG(1, 2))
	page = []byte(`{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"1","name":[{"family":"Quarrington","given":["Ottoline"]}],"birthDate":"1950-03-04"}}`)
	for i := range 20 {
		note := []byte("On page 000000000 ")
		for len(note) < 4096 {
			note = fmt.Appendf(note, "Seen %d/%d/2024 by Dr. %s for chest pain; BP 120/%d, Lantus %d units. Mrs. Quarrington is stable, %s.\n", 1+rng.IntN(12), 1+rng.IntN(28), word(rng), 60+rng.IntN(30), rng.IntN(40), word(rng))
		}
		page = fmt.Appendf(page, `,{"resource":{"resourceType":"DocumentReference","id":"d%d","status":"current","subject":{"reference":"Patient/1"},"content":[{"attachment":{"contentType":"text/plain","data":"`, i)
		notes = append(notes, len(page))
		page = fmt.Appendf(page, `%s"}}]}}`, base64.StdEncoding.EncodeToString(note))
	}
	return append(page, "]}"...), notes
}
