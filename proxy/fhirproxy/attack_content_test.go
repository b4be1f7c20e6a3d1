package fhirproxy

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
)

// careless is an upstream that answers everything with one resource, alone, in a
// searchset, in a history or as a file of an export, in JSON or XML.
type careless struct {
	mu       sync.Mutex
	typ      string
	json     []byte // the resource
	xml      []byte
	asXML    bool
	status   int
	mimeType string
}

func (c *careless) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	mime, body := "application/fhir+json", c.json
	if c.asXML {
		mime, body = "application/fhir+xml", c.xml
	}
	if c.mimeType != "" {
		mime = c.mimeType
	}
	switch path := q.URL.Path; {
	case path == "/file":
		mime, body = ndjson, append(bytes.Clone(c.json), '\n')
	case path == "/"+c.typ, strings.HasSuffix(path, "/_history"), strings.HasSuffix(path, "$everything"):
		if c.asXML {
			body = fmt.Appendf(nil, `<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/><entry><fullUrl value="urn:SECRET"/><resource>%s</resource></entry></Bundle>`, body)
		} else {
			body = fmt.Appendf(nil, `{"resourceType":"Bundle","type":"searchset","entry":[{"fullUrl":"urn:SECRET","resource":%s}]}`, body)
		}
	}
	w.Header().Set("Content-Type", mime)
	w.WriteHeader(max(c.status, 200))
	_, _ = w.Write(body)
}

// attack is a resource with what must not pass in it.
type attack struct {
	row  int
	name string
	// json is the resource; xml where it is not what becomes of the JSON.
	json, xml string
	// gone are texts that must not pass, beside SECRET and the id zq-1.
	gone []string
	// cut: the response must not be a resource. Otherwise it must have the kept
	// element of its type in it.
	cut bool
}

// kept are elements that the attacks' resources keep, in JSON and XML.
var kept = map[string][2]string{
	"Patient":               {`"active":true`, `<active value="true"/>`},
	"Observation":           {`"status":"final"`, `<status value="final"/>`},
	"Condition":             {`"resourceType":"Condition"`, `<Condition`},
	"Task":                  {`"intent":"order"`, `<intent value="order"/>`},
	"Location":              {`"status":"active"`, `<status value="active"/>`},
	"QuestionnaireResponse": {`"status":"completed"`, `<status value="completed"/>`},
	"FamilyMemberHistory":   {`"status":"completed"`, `<status value="completed"/>`},
	"DocumentReference":     {`"status":"current"`, `<status value="current"/>`},
	"MedicationRequest":     {`"intent":"order"`, `<intent value="order"/>`},
}

func of(typ, members string) string {
	head := map[string]string{
		"Patient": `"active":true`, "Observation": `"status":"final"`, "Condition": `"recordedDate":"2020"`, "Task": `"status":"ready","intent":"order"`, "Location": `"status":"active"`,
		"QuestionnaireResponse": `"status":"completed"`, "FamilyMemberHistory": `"status":"completed"`, "DocumentReference": `"status":"current"`, "MedicationRequest": `"status":"active","intent":"order"`,
	}[typ]
	return `{"resourceType":"` + typ + `","id":"zq-1",` + head + `,` + members + `}`
}

func attacks() []attack {
	const in = ` xmlns="http://hl7.org/fhir"`
	wide := func(s string) string { // UTF-16 with a mark
		b := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	}
	plainXML := `<Patient` + in + `><id value="zq-1"/><active value="true"/><name><family value="SECRET"/></name></Patient>`
	list := []attack{
		// 24: how it is written.
		{row: 24, name: "escaped names", json: `{"resourceTyp\u0065":"Patient","id":"zq-1","na\u006de":[{"famil\u0079":"SECRET"}],"active":true}`, xml: `<Patient xmlns="http://hl7.org/fhi&#114;"><id value="z&#113;-1"/><name><family value="&#83;ECRET"/></name><active value="true"/></Patient>`},
		{row: 24, name: "resourceType last", json: `{"id":"zq-1","name":[{"family":"SECRET"}],"active":true,"resourceType":"Patient"}`},
		{row: 24, name: "resourceType twice", json: `{"resourceType":"Patient","id":"zq-1","active":true,"name":[{"family":"SECRET"}],"resourceType":"Organization"}`, cut: true},
		{row: 24, name: "a name twice", json: `{"resourceType":"Patient","id":"zq-1","active":true,"gender":"male","gender":"SECRET"}`, xml: `<Patient` + in + `><id value="zq-1"/><gender value="male"/><gender value="SECRET"/></Patient>`, cut: true},
		{row: 24, name: "a name twice, once escaped", json: `{"resourceType":"Patient","id":"zq-1","active":true,"\u0061ctive":"SECRET"}`, xml: `<f:Patient xmlns:f="http://hl7.org/fhir"><f:active value="true"/><active` + in + ` value="SECRET"/></f:Patient>`, cut: true},
		{row: 24, name: "UTF-16", json: wide(of("Patient", `"name":[{"family":"SECRET"}]`)), xml: wide(plainXML), cut: true},
		{row: 24, name: "invalid UTF-8", json: of("Patient", "\"language\":\"SECRET\xff\""), xml: strings.ReplaceAll(plainXML, "SECRET", "SECRET\xff"), cut: true},
		{row: 24, name: "NUL", json: of("Patient", "\"language\":\"SECRET\x00\""), xml: strings.ReplaceAll(plainXML, "SECRET", "SECRET\x00"), cut: true},
		{row: 24, name: "lone surrogate", json: of("Patient", `"language":"SECRET\ud800"`), xml: `<!DOCTYPE x [<!ENTITY e "SECRET">]>` + strings.ReplaceAll(plainXML, "SECRET", "&e;"), cut: true},
		{row: 24, name: "cut off", json: `{"resourceType":"Patient","active":true,"name":[{"family":"SECRET`, xml: `<Patient` + in + `><active value="true"/><name><family value="SECRET`, cut: true},
		{row: 24, name: "another encoding declared", json: `{"resourceType":"Patient",/*SECRET*/"active":true}`, xml: `<?xml version="1.0" encoding="UTF-7"?>` + plainXML, cut: true},

		// 25: what the schema does not know, or knows as something else.
		{row: 25, name: "unknown elements", json: of("Patient", `"shoe":{"size":["SECRET"]},"Name":"SECRET"`), xml: `<Patient` + in + `><id value="zq-1"/><active value="true"/><shoe><size value="SECRET"/></shoe><Name value="SECRET"/><name xmlns="urn:x">SECRET</name></Patient>`},
		{row: 25, name: "unknown type", json: `{"resourceType":"SECRET","id":"zq-1","active":true}`, xml: `<SECRET` + in + `><active value="true"/></SECRET>`, cut: true},
		{row: 25, name: "type of R5", json: `{"resourceType":"Transport","id":"zq-1","status":"SECRET"}`, xml: `<Transport` + in + `><status value="SECRET"/></Transport>`, cut: true},
		{row: 25, name: "element of R5", json: of("Observation", `"instantiatesCanonical":"http://hl7.org/fhir/SECRET","bodyStructure":{"reference":"SECRET"}`)},
		{row: 25, name: "choice of an unknown type", json: of("Observation", `"valueSecret":"SECRET","valueMoney":{"value":1,"currency":"SECRET"}`), xml: `<Observation` + in + `><status value="final"/><valueSecret value="SECRET"/><valueMoney><currency value="SECRET"/></valueMoney></Observation>`},
		{row: 25, name: "primitive for an object", json: of("Patient", `"maritalStatus":"SECRET","contact":"SECRET"`), xml: `<Patient` + in + `><active value="true"/><maritalStatus value="SECRET"/></Patient>`},
		{row: 25, name: "object for a primitive", json: of("Patient", `"gender":{"value":"SECRET"},"birthDate":["SECRET"]`), xml: `<Patient` + in + `><active value="true"/><gender><value value="SECRET"/></gender></Patient>`},
		{row: 25, name: "text for a number", json: of("Patient", `"multipleBirthInteger":"SECRET"`)},
		{row: 25, name: "text for a code", json: of("Patient", `"gender":"SECRET","language":"SECRET"`)},

		// 26: where values hide.
		{row: 26, name: "extensions", json: of("Patient", `"extension":[{"url":"http://hospital.example/SECRET","valueString":"SECRET"},{"url":"http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName","valueString":"SECRET"},{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":{"city":"SECRET"}}]`)},
		{row: 26, name: "extensions of primitives", json: of("Patient", `"birthDate":"1980-07-23","_birthDate":{"id":"SECRET","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1980-07-23T01:02:03Z"},{"url":"http://x/SECRET","valueCode":"SECRET"}]}`), gone: []string{"07-23", "01:02"}},
		{row: 26, name: "modifier", json: of("Patient", `"modifierExtension":[{"url":"http://x/SECRET","valueBoolean":true}]`), cut: true},
		{row: 26, name: "implicit rules", json: of("Patient", `"implicitRules":"http://x/SECRET"`), cut: true},
		{row: 26, name: "contained", json: of("Observation", `"contained":[{"resourceType":"Patient","id":"SECRET","name":[{"family":"SECRET"}],"active":true},{"resourceType":"Person","id":"p","name":[{"family":"SECRET"}]},{"resourceType":"SECRET","id":"q"}],"subject":{"reference":"#SECRET"}`)},
		{row: 26, name: "displays and texts", json: of("Observation", `"code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"SECRET","version":"SECRET"}],"text":"SECRET"}`)},
		{row: 26, name: "codes of local systems", json: of("Observation", `"code":{"coding":[{"system":"urn:oid:1.2.840.114350.1.13.SECRET","code":"SECRET","display":"SECRET"},{"system":"http://loinc.org","code":"SECRET"},{"code":"SECRET"}]},"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"SECRET"}]}]`)},
		{row: 26, name: "meta", json: of("Patient", `"meta":{"id":"SECRET","versionId":"SECRET","source":"urn:SECRET","profile":["http://hospital.example/SECRET"],"tag":[{"system":"urn:x","code":"SECRET","display":"SECRET"}],"security":[{"system":"urn:x","code":"SECRET","display":"SECRET"}],"extension":[{"url":"urn:SECRET"}]}`)},
		{row: 26, name: "narrative", json: of("Patient", `"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\" title=\"SECRET\"><!-- SECRET --><p id=\"SECRET\">SECRET</p></div>"}`)},
		{row: 26, name: "comments", json: of("Patient", `"fhir_comments":["SECRET"]`), xml: `<!-- SECRET --><?SECRET?><Patient` + in + `><!-- SECRET --><active value="true"><!-- SECRET --></active></Patient><!-- SECRET -->`},
		{row: 26, name: "ids of data types", json: of("Patient", `"maritalStatus":{"id":"SECRET","coding":[{"id":"SECRET","system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M"}]},"address":[{"id":"SECRET","state":"MA"}]`)},
		{row: 26, name: "canonicals", json: of("QuestionnaireResponse", `"questionnaire":"http://hospital.example/Questionnaire/SECRET|1","item":[{"linkId":"SECRET","definition":"http://x/SECRET","text":"SECRET"}]`)},
		{row: 26, name: "identifiers", json: of("Patient", `"identifier":[{"use":"usual","system":"urn:oid:1.2.3.SECRET","value":"SECRET","type":{"text":"SECRET"},"assigner":{"display":"SECRET"}}]`)},
		{row: 26, name: "references", json: of("Observation", `"subject":{"reference":"Patient?identifier=SECRET","display":"SECRET","identifier":{"value":"SECRET"}},"encounter":{"reference":"http://elsewhere.example/fhir/Encounter/SECRET"},"focus":[{"reference":"urn:oid:1.2.3.SECRET"},{"reference":"SECRET"}],"device":{"type":"SECRET","reference":"Device/zq-1/_history/SECRET"}`)},
		{row: 26, name: "addresses of documents", json: of("DocumentReference", `"content":[{"attachment":{"contentType":"text/plain; name=SECRET","language":"SECRET","url":"https://files.example/a?patient=SECRET","title":"SECRET","data":"U0VDUkVU","hash":"U0VDUkVU"},"format":{"system":"urn:SECRET","code":"SECRET"}}]`), gone: []string{"U0VDUkVU"}},
		{row: 26, name: "notes and units", json: of("Observation", `"note":[{"authorString":"SECRET","text":"SECRET"}],"valueQuantity":{"value":5,"unit":"SECRET","system":"urn:SECRET","code":"SECRET"},"interpretation":[{"text":"SECRET"}],"referenceRange":[{"text":"SECRET"}]`)},
		{row: 26, name: "dosage", json: of("MedicationRequest", `"dosageInstruction":[{"text":"SECRET","patientInstruction":"SECRET","timing":{"code":{"text":"SECRET"}},"route":{"coding":[{"system":"urn:SECRET","code":"SECRET"}]}}],"groupIdentifier":{"value":"SECRET"}`)},

		// 27: ids inside other texts.
		{row: 27, name: "of a task", json: of("Task", `"input":[{"type":{"text":"x"},"valueString":"Patient/zq-1"},{"type":{"text":"x"},"valueUri":"urn:zq-1"},{"type":{"text":"x"},"valueUrl":"https://x/zq-1"},{"type":{"text":"x"},"valueId":"zq-1"},{"type":{"text":"x"},"valueReference":{"reference":"Patient/zq-1"}}],"focus":{"reference":"Patient/zq-1/_history/2"},"instantiatesUri":"https://x/zq-1"`)},
		{row: 27, name: "of a document", json: of("DocumentReference", `"masterIdentifier":{"value":"zq-1"},"content":[{"attachment":{"url":"Binary/zq-1"}}],"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"Patient/zq-1\">x</a></div>"}`)},

		// 28: numbers.
		{row: 28, name: "position", json: of("Location", `"position":{"longitude":-71.0589125,"latitude":42.3601125,"altitude":43.125}`), gone: []string{"71.05", "42.36", "43.125"}},
		{row: 28, name: "age in years", json: of("Observation", `"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":93.125,"system":"http://unitsofmeasure.org","code":"a"}`), gone: []string{"93.125"}},
		{row: 28, name: "age in months", json: of("Observation", `"valueQuantity":{"value":1130.125,"system":"http://unitsofmeasure.org","code":"mo"}`), gone: []string{"1130.125"}},
		{row: 28, name: "age in days", json: of("Observation", `"valueQuantity":{"value":34005.125,"unit":"days","system":"http://unitsofmeasure.org","code":"d"}`), gone: []string{"34005.125"}},
		{row: 28, name: "age by its code, without a unit", json: of("Observation", `"code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]},"valueQuantity":{"value":93.125}`), gone: []string{"93.125"}},
		{row: 28, name: "age by its code, as an integer", json: of("Observation", `"code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]},"valueInteger":93125`), gone: []string{"93125"}},
		{row: 28, name: "age in a component", json: of("Observation", `"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]},"valueQuantity":{"value":93.125,"unit":"SECRET"}}]`), gone: []string{"93.125"}},
		{row: 28, name: "age in a range", json: of("Observation", `"valueRange":{"low":{"value":92.125,"system":"http://unitsofmeasure.org","code":"a"},"high":{"value":93.125,"system":"http://unitsofmeasure.org","code":"a"}}`), gone: []string{"92.125", "93.125"}},
		{row: 28, name: "age of onset", json: of("Condition", `"onsetAge":{"value":93.125,"unit":"SECRET","system":"http://unitsofmeasure.org","code":"a"},"abatementAge":{"value":94.125}`), gone: []string{"93.125", "94.125"}},
		{row: 28, name: "age as text", json: of("Condition", `"onsetString":"age 93.125","abatementString":"93.125 years"`), gone: []string{"93.125"}},
		{row: 28, name: "ages of a family", json: of("FamilyMemberHistory", `"ageAge":{"value":93.125,"system":"http://unitsofmeasure.org","code":"a"},"deceasedAge":{"value":94.125,"system":"http://unitsofmeasure.org","code":"a"},"name":"SECRET"`), gone: []string{"93.125", "94.125"}},
		{row: 28, name: "answers", json: of("QuestionnaireResponse", `"item":[{"linkId":"1","answer":[{"valueInteger":4155550},{"valueDecimal":94110.5},{"valueString":"SECRET"},{"valueDate":"1980-07-23"}]}]`), gone: []string{"4155550", "94110.5", "07-23"}},
		{row: 28, name: "age over 89 by birth", json: of("Patient", `"birthDate":"1930-07-23"`), gone: []string{"1930", "07-23"}},

		// 29: dates.
		{row: 29, name: "in texts", json: of("Observation", `"valueString":"born 1980-07-23","note":[{"text":"1980-07-23","time":"1980-07-23T01:02:03Z"}]`), gone: []string{"07-23", "01:02"}},
		{row: 29, name: "time of day", json: of("Observation", `"valueTime":"11:22:33"`), gone: []string{"11:22"}},
		{row: 29, name: "dateTime, instant, period", json: of("Observation", `"effectivePeriod":{"start":"2024-07-23","end":"2023-07-23T11:22:33+02:00"},"issued":"2024-07-23T11:22:33.125Z","valueDateTime":"2020-07-23"`), gone: []string{"07-23", "11:22"}},
		{row: 29, name: "timing", json: of("Observation", `"effectiveTiming":{"event":["2024-07-23","2024-07-24T11:22:33Z"],"repeat":{"boundsPeriod":{"start":"2024-07-23"}},"code":{"text":"SECRET"}}`), gone: []string{"07-23", "07-24", "11:22"}},
		{row: 29, name: "month", json: of("Patient", `"birthDate":"1987-07"`), gone: []string{"1987-07"}},
		{row: 29, name: "leap second", json: of("Observation", `"effectiveDateTime":"2016-12-31T23:59:60Z"`), gone: []string{"12-31", "23:59"}},
		{row: 29, name: "24 hours", json: of("Observation", `"effectiveDateTime":"2016-12-31T24:00:00Z"`), gone: []string{"12-31", "24:00"}},
		{row: 29, name: "long ago", json: of("Observation", `"effectiveDateTime":"1899-07-23","issued":"1850-07-23T00:00:01Z"`), gone: []string{"1899", "1850", "07-23"}},
		{row: 29, name: "no date", json: of("Observation", `"effectiveDateTime":"SECRET","issued":"2024-13-45T99:99:99Z"`), gone: []string{"13-45", "99:99"}},
		{row: 29, name: "day on another day in UTC", json: of("Observation", `"effectiveDateTime":"2020-01-01T00:30:00+14:00"`), gone: []string{"01-01", "00:30"}},
	}
	return list
}

// TestAttackContent sends every attack through the listener: as a resource, in a
// search, a history and an $everything, as a version, and as a file; from an
// upstream that speaks JSON and one that speaks XML; asked for in either. Rows 20
// and 24 to 29.
func TestAttackContent(t *testing.T) {
	t.Parallel()
	up := &careless{}
	r := newRig(t, newHandler(t, up), nil)
	a := safeHarbor(t)
	keys := a.Policy.Keys.NewPseudonymizer()
	version, _ := keys.AppendSealed(nil, a.Policy.Keys.SealSlot("_history"), []byte("7"))
	for _, c := range attacks() {
		t.Run(fmt.Sprintf("%d %s", c.row, c.name), func(t *testing.T) {
			typ := "Patient"
			for name := range kept {
				if strings.HasPrefix(c.json, `{"resourceType":"`+name+`"`) {
					typ = name
				}
			}
			inXML := []byte(c.xml)
			if c.xml == "" {
				var err error
				if inXML, err = fhirxml.AppendXML(schema.R4(), nil, []byte(c.json)); err != nil {
					inXML = []byte("<SECRET/>") // what has no XML form
				}
			}
			id := pseudonym(t, a, typ, "zq-1")
			base := "/" + typ + "/" + id
			paths := []string{base, base + "/_history/" + string(version), "/" + typ, base + "/_history", "/" + typ + "/_history"}
			if typ == "Patient" {
				paths = append(paths, base+"/$everything")
			}
			for _, asXML := range []bool{false, true} {
				up.mu.Lock()
				up.typ, up.json, up.xml, up.asXML = typ, []byte(c.json), inXML, asXML
				up.mu.Unlock()
				if asXML && string(inXML) == "<SECRET/>" {
					continue
				}
				for i, path := range paths {
					for k, accept := range []string{"application/fhir+json", "application/fhir+xml"} {
						got := r.get(t, path, "Accept", accept)
						header := got.header.Clone()
						header.Del("Content-Length") // any number
						where := fmt.Sprintf("%s, upstream in XML: %v, asked for %s", path, asXML, accept)
						for _, never := range append([]string{"SECRET", "zq-1"}, c.gone...) {
							if shows(string(got.body), never) || shows(fmt.Sprint(header), never) {
								t.Errorf("%s: %q passes: %s", where, never, got.body)
							}
						}
						has := bytes.Contains(got.body, []byte(kept[typ][k]))
						switch {
						case c.cut && has:
							t.Errorf("%s: what could not be masked passes: %s", where, got.body)
						case c.cut && i < 2 && got.status < 400:
							t.Errorf("%s: status %d", where, got.status)
						case !c.cut && (got.status != 200 || !has):
							t.Errorf("%s: status %d: %s", where, got.status, got.body)
						}
					}
				}
			}
			m := r.listener.newMasker(r.view())
			x := r.exchange(r.anybody(t), m.pass.Keys)
			file := r.base + "?_file=" + string(m.appendToken(nil, &link{at: typ + " $export", path: "/file"}, x.scope(linkFile)))
			body, broken := r.broken(t, file)
			for _, never := range append([]string{"SECRET", "zq-1"}, c.gone...) {
				if bytes.Contains(body, []byte(never)) {
					t.Errorf("a file: %q passes: %s", never, body)
				}
			}
			if has := bytes.Contains(body, []byte(kept[typ][0])); has == c.cut || broken && !c.cut {
				t.Errorf("a file: broken %v: %s", broken, body)
			}
			if log := r.log.String(); strings.Contains(log, "SECRET") || strings.Contains(log, "zq-1") {
				t.Error("a value is in the log")
			}
		})
	}
}

// Row 30: of an OperationOutcome of the upstream only severities and codes pass,
// whatever its status, form and place.
func TestAttackOutcomes(t *testing.T) {
	t.Parallel()
	const outcome = `{"resourceType":"OperationOutcome","id":"SECRET","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">SECRET</div>"},"extension":[{"url":"urn:SECRET","valueString":"SECRET"}],"contained":[{"resourceType":"Patient","id":"zq-1","active":true}],"issue":[{"severity":"error","code":"invalid","details":{"coding":[{"system":"urn:SECRET","code":"SECRET","display":"SECRET"}],"text":"SECRET"},"diagnostics":"SECRET","location":["Patient.name = SECRET"],"expression":["Patient.where(id='SECRET')"],"extension":[{"url":"urn:SECRET","valueString":"SECRET"}]},{"severity":"SECRET","code":"SECRET"},{"severity":"fatal","code":"SECRET"}]}`
	inXML, err := fhirxml.AppendXML(schema.R4(), nil, []byte(outcome))
	if err != nil {
		t.Fatal(err)
	}
	up := &careless{typ: "Patient", json: []byte(outcome), xml: inXML}
	r := newRig(t, newHandler(t, up), nil)
	base := "/Patient/" + pseudonym(t, safeHarbor(t), "Patient", "zq-1")
	for _, status := range []int{200, 201, 202, 400, 401, 403, 404, 405, 409, 410, 412, 422, 429, 500, 501, 503} {
		for _, asXML := range []bool{false, true} {
			up.mu.Lock()
			up.status, up.asXML = status, asXML
			up.mu.Unlock()
			for _, accept := range []string{"application/fhir+json", "application/fhir+xml"} {
				for _, path := range []string{base, "/Patient", base + "/_history", base + "/$everything", "/metadata", "/Observation/$lastn", "/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/observation-status"} {
					got := r.get(t, path, "Accept", accept, "Prefer", "respond-async")
					if bytes.Contains(got.body, []byte("SECRET")) || bytes.Contains(got.body, []byte("zq-1")) {
						t.Errorf("%d %s, XML %v: %s", status, path, asXML, got.body)
					}
					if got.status < 400 && !bytes.Contains(got.body, []byte("Bundle")) {
						t.Errorf("%d %s, XML %v: status %d: %s", status, path, asXML, got.status, got.body)
					}
					if status == 422 && (got.status != 400 && path != "/metadata" || path == base && !bytes.Contains(got.body, []byte("invalid"))) {
						t.Errorf("%s: %d %s", path, got.status, got.body)
					}
				}
			}
		}
	}
	if log := r.log.String(); strings.Contains(log, "SECRET") {
		t.Error("a value is in the log")
	}
}

// Row 32: of the upstream's headers none passes, in responses, errors, export
// answers and files, nor its trailers and early hints.
func TestAttackHeaders(t *testing.T) {
	t.Parallel()
	var status int
	headers := map[string]string{
		"Location": "http://up/Patient/zq-1/_history/SECRET", "Content-Location": "http://up/SECRET", "Etag": `W/"SECRET"`, "Last-Modified": "Mon, 23 Jul 1951 00:00:00 GMT", "Link": "<http://up/SECRET>; rel=next", "Set-Cookie": "JSESSIONID=SECRET", "Server": "SECRET", "Via": "1.1 SECRET",
		"X-Request-Id": "SECRET", "X-Correlation-Id": "SECRET", "Content-Disposition": "attachment; filename=SECRET.pdf", "Content-Language": "SECRET", "Warning": `199 - "SECRET"`, "Www-Authenticate": `Basic realm="SECRET"`, "X-Powered-By": "SECRET", "Retry-After": "SECRET", "X-Progress": "SECRET",
		"Access-Control-Allow-Origin": "http://SECRET.example", "Vary": "SECRET", "Cache-Control": "public, max-age=99999", "Age": "12345", "Expires": "Mon, 23 Jul 2051 00:00:00 GMT", "Refresh": "0; url=http://SECRET", "Content-Security-Policy": "SECRET", "Alt-Svc": `h2="SECRET:443"`, "Connection": "X-Hop", "X-Hop": "SECRET",
	}
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		w.Header().Set("Content-Type", `application/fhir+json; charset=utf-8; name="SECRET"`)
		w.Header().Set("Trailer", "X-Trailer, Etag")
		if q.URL.Path == "/file" {
			w.Header().Set("Content-Type", `application/fhir+ndjson; name="SECRET"`)
		}
		w.Header().Add("Link", "</SECRET>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(status)
		if status != 204 && status != 304 {
			fmt.Fprint(w, `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"SECRET","url":"`+"http://up/SECRET"+`"}]}`)
		}
		w.Header().Set("X-Trailer", "SECRET")
		w.Header().Set("Etag", "SECRET")
	}))
	r := newRig(t, up, nil)
	allowed := map[string]bool{"Content-Type": true, "Content-Length": true, "Date": true, "X-Request-Id": true, "X-Veil-Ruleset": true, "Cache-Control": true, "X-Content-Type-Options": true, "Transfer-Encoding": true}
	m := r.listener.newMasker(r.view())
	x := r.exchange(r.anybody(t), m.pass.Keys)
	token := func(kind linkKind, l *link) string { return string(m.appendToken(nil, l, x.scope(kind))) }
	file := "?_file=" + token(linkFile, &link{at: "Bundle $export", path: "/file"})
	poll := "?_export=" + token(linkStatus, &link{at: "$export", path: "/poll"})
	for _, status = range []int{200, 202, 204, 206, 302, 304, 401, 404, 422, 429, 500, 503} {
		for _, path := range []string{"/Bundle", "/Bundle/" + pseudonym(t, safeHarbor(t), "Bundle", "zq-1"), "/Patient/_history", file, poll, "/$export"} {
			got := r.get(t, path, "Prefer", "respond-async", "If-None-Match", `W/"SECRET"`, "If-Modified-Since", "Mon, 23 Jul 1951 00:00:00 GMT")
			for name, values := range got.header {
				extra := name == "Content-Location" && strings.HasPrefix(values[0], r.base+"?_export=") || name == "Retry-After" && (values[0] == "5") || name == "X-Progress" && values[0] == "in progress"
				if !allowed[name] && !extra || len(values) != 1 || strings.Contains(fmt.Sprint(values), "SECRET") || strings.Contains(fmt.Sprint(values), "public") {
					t.Errorf("%d %s: %s: %v", status, path, name, values)
				}
			}
			if status == 200 && (path == "/Bundle" || path == file) && got.status != 200 {
				t.Errorf("%s: %d %s", path, got.status, got.body)
			}
			if bytes.Contains(got.body, []byte("SECRET")) || got.status == 304 || got.status == 206 || got.status == 302 {
				t.Errorf("%d %s: %d %s", status, path, got.status, got.body)
			}
		}
	}
	r.checkClean(t)
}

// shows reports whether a text has a value. Digits can be a part of any pseudonym or
// UUID by chance, so they count only where they stand by themselves.
func shows(text, value string) bool {
	if strings.Trim(value, "0123456789-") != "" {
		return strings.Contains(text, value)
	}
	joins := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '_' || c == '.'
	}
	for at := 0; ; {
		i := strings.Index(text[at:], value)
		if i < 0 {
			return false
		}
		at += i + 1
		if i := at - 1; i == 0 || !joins(text[i-1]) || strings.HasPrefix(value, "0") && text[i-1] == '-' {
			return true
		}
	}
}
