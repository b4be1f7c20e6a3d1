package fhir_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
)

// TestXMLForms: each pair is one resource in both forms, and each becomes the
// other: XML byte for byte, JSON but for its order and escapes.
func TestXMLForms(t *testing.T) {
	for _, tc := range []struct{ name, json, xml string }{
		{"nothing in it", `{"resourceType":"Patient"}`, `<Patient xmlns="http://hl7.org/fhir"/>`},
		{"order of the schema", `{"resourceType":"Patient","id":"1","active":true,"gender":"male","birthDate":"1980-03-05"}`,
			patientXML + `<id value="1"/><active value="true"/><gender value="male"/><birthDate value="1980-03-05"/></Patient>`},
		{"arrays of one", `{"resourceType":"Patient","name":[{"given":["A"]}]}`, patientXML + `<name><given value="A"/></name></Patient>`},
		{"ids and extensions of primitives", `{"resourceType":"Patient","_active":{"id":"a","extension":[{"url":"http://x","valueCode":"masked"}]},"birthDate":"1980","_birthDate":{"id":"b"}}`,
			patientXML + `<active id="a"><extension url="http://x"><valueCode value="masked"/></extension></active><birthDate id="b" value="1980"/></Patient>`},
		{"nulls in arrays of primitives", `{"resourceType":"Patient","name":[{"given":["A",null,"C"],"_given":[null,{"id":"b"},{"extension":[{"url":"http://x","valueBoolean":false}]}]}]}`,
			patientXML + `<name><given value="A"/><given id="b"/><given value="C"><extension url="http://x"><valueBoolean value="false"/></extension></given></name></Patient>`},
		{"only siblings in an array", `{"resourceType":"Patient","name":[{"_given":[{"id":"a"}]}]}`, patientXML + `<name><given id="a"/></name></Patient>`},
		{"ids of data types", `{"resourceType":"Patient","name":[{"id":"n","text":"A"}],"contact":[{"id":"c"}]}`, patientXML + `<name id="n"><text value="A"/></name><contact id="c"/></Patient>`},
		{"extensions in extensions", `{"resourceType":"Patient","extension":[{"id":"e","url":"http://x","extension":[{"url":"y","valueQuantity":{"value":1}}]}],"modifierExtension":[{"url":"http://m"}]}`,
			patientXML + `<extension id="e" url="http://x"><extension url="y"><valueQuantity><value value="1"/></valueQuantity></extension></extension><modifierExtension url="http://m"/></Patient>`},
		{"decimals as written", `{"resourceType":"Observation","component":[{"valueQuantity":{"value":1.0}},{"valueQuantity":{"value":-0.00}},{"valueQuantity":{"value":1.50E-3}},{"valueQuantity":{"value":123456789012345678901234567890.1234567890}}]}`,
			`<Observation xmlns="http://hl7.org/fhir"><component><valueQuantity><value value="1.0"/></valueQuantity></component><component><valueQuantity><value value="-0.00"/></valueQuantity></component><component><valueQuantity><value value="1.50E-3"/></valueQuantity></component><component><valueQuantity><value value="123456789012345678901234567890.1234567890"/></valueQuantity></component></Observation>`},
		{"choices", `{"resourceType":"Observation","effectivePeriod":{"start":"2000"},"valueString":"1"}`,
			`<Observation xmlns="http://hl7.org/fhir"><effectivePeriod><start value="2000"/></effectivePeriod><valueString value="1"/></Observation>`},
		{"contained", `{"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"p"},{"resourceType":"Device"}]}`,
			`<Observation xmlns="http://hl7.org/fhir"><contained><Patient><id value="p"/></Patient></contained><contained><Device/></contained></Observation>`},
		{"Bundle", `{"resourceType":"Bundle","type":"batch-response","entry":[{"fullUrl":"urn:x","resource":{"resourceType":"Patient","active":true},"response":{"status":"200","outcome":{"resourceType":"OperationOutcome","issue":[{"code":"x"}]}}}]}`,
			`<Bundle xmlns="http://hl7.org/fhir"><type value="batch-response"/><entry><fullUrl value="urn:x"/><resource><Patient><active value="true"/></Patient></resource><response><status value="200"/><outcome><OperationOutcome><issue><code value="x"/></issue></OperationOutcome></outcome></response></entry></Bundle>`},
		{"Parameters", `{"resourceType":"Parameters","parameter":[{"name":"a","resource":{"resourceType":"Patient"}},{"name":"b","part":[{"name":"c","valueInteger":-7}]}]}`,
			`<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="a"/><resource><Patient/></resource></parameter><parameter><name value="b"/><part><name value="c"/><valueInteger value="-7"/></part></parameter></Parameters>`},
		{"elements that repeat others", `{"resourceType":"Questionnaire","item":[{"linkId":"1","item":[{"linkId":"1.1","item":[{"linkId":"1.1.1"}]}]}]}`,
			`<Questionnaire xmlns="http://hl7.org/fhir"><item><linkId value="1"/><item><linkId value="1.1"/><item><linkId value="1.1.1"/></item></item></item></Questionnaire>`},
		{"an element called resourceType", `{"resourceType":"ExampleScenario","instance":[{"resourceId":"a","resourceType":"Patient"}]}`,
			`<ExampleScenario xmlns="http://hl7.org/fhir"><instance><resourceId value="a"/><resourceType value="Patient"/></instance></ExampleScenario>`},
		{"narrative", `{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"de\">a &amp; b<br/>\n <a href=\"?x&amp;y\">\"c\"</a></div>"}}`,
			patientXML + "<text><status value=\"generated\"/><div xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"de\">a &amp; b<br/>\n <a href=\"?x&amp;y\">\"c\"</a></div></text></Patient>"},
		{"what must be escaped", `{"resourceType":"Patient","language":"\"&<>'\\\n\r\té\ud83d\ude00\u2028"}`,
			patientXML + `<language value="&quot;&amp;&lt;>'\&#10;&#13;&#9;é😀` + "\u2028" + `"/></Patient>`},
		{"an empty string", `{"resourceType":"Patient","language":""}`, patientXML + `<language value=""/></Patient>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := toXML(t, []byte(tc.json)); string(got) != tc.xml {
				t.Errorf("got  %s\nwant %s", got, tc.xml)
			}
			back := toJSON(t, []byte(tc.xml))
			if d := difference(decoded(t, []byte(tc.json)), decoded(t, back), ""); d != "" {
				t.Errorf("%s: %s", d, back)
			}
			if again := toXML(t, back); string(again) != tc.xml {
				t.Errorf("the second trip changes its bytes: %s", again)
			}
		})
	}
}

// TestJSONWithoutXMLForm: what XML cannot say, or should not, is left out.
func TestJSONWithoutXMLForm(t *testing.T) {
	for _, tc := range []struct{ name, json, xml string }{
		{"another order", `{"birthDate":"1980","active":true,"resourceType":"Patient","_active":{"id":"a"},"id":"1"}`, patientXML + `<id value="1"/><active id="a" value="true"/><birthDate value="1980"/></Patient>`},
		{"escaped names", `{"resourceTyp\u0065":"P\u0061tient","na\u006de":[{"\u0074ext":"\u0041"}],"\u005factive":{"id":"\u0061"},"activ\u0065":true}`, patientXML + `<active id="a" value="true"/><name><text value="A"/></name></Patient>`},
		{"unknown members", `{"resourceType":"Patient","shoe":{"a":[1]},"~1":null,"active":true,"":1,"_":2,"_name":[{}],"_shoe":{}}`, patientXML + `<active value="true"/></Patient>`},
		{"nulls", `{"resourceType":"Patient","active":null,"_active":null,"name":null,"photo":[null],"address":[{"line":[null,null],"_line":[null]}]}`, `<Patient xmlns="http://hl7.org/fhir"/>`},
		{"empty objects and arrays", `{"resourceType":"Patient","name":[],"contact":[{"name":{}}],"maritalStatus":{},"_active":{"extension":[]}}`, `<Patient xmlns="http://hl7.org/fhir"/>`},
		{"another JSON type", `{"resourceType":"Patient","active":"true","gender":true,"birthDate":1980,"name":{"text":"A"},"maritalStatus":[{"text":"A"}],"photo":["A"],"multipleBirthInteger":"1","language":{"a":1}}`, `<Patient xmlns="http://hl7.org/fhir"/>`},
		{"siblings of what is an attribute", `{"resourceType":"Patient","extension":[{"url":"x","_url":{"id":"a"},"_id":{"id":"b"}}]}`, patientXML + `<extension url="x"/></Patient>`},
		{"resources of unknown types", `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Shoe"}},{"resource":{"id":"1"}},{"resource":{"resourceType":"Resource"}},{"resource":{"resourceType":"HumanName"}},{"resource":5}]}`, `<Bundle xmlns="http://hl7.org/fhir"/>`},
		{"characters that XML has not", `{"resourceType":"Patient","language":"a\u0001\u000b\uffffb"}`, patientXML + "<language value=\"a\ufffd\ufffd\ufffdb\"/></Patient>"},
		{"a div without a namespace", `{"resourceType":"Patient","text":{"div":"<!-- x --><div onclick=\"y\"><b xmlns=\"urn:x\">z</b><!-- x -->a</div>"}}`, patientXML + `<text><div xmlns="http://www.w3.org/1999/xhtml" onclick="y">a</div></text></Patient>`},
		{"a div with a prefix", `{"resourceType":"Patient","text":{"div":"<h:div xmlns:h='http://www.w3.org/1999/xhtml'><h:b h:c='d' e='f'>a</h:b></h:div>"}}`, patientXML + `<text><div xmlns="http://www.w3.org/1999/xhtml"><b e="f">a</b></div></text></Patient>`},
		{"more siblings than values", `{"resourceType":"Patient","name":[{"given":["A"],"_given":[null,{"id":"b"},5]}]}`, patientXML + `<name><given value="A"/><given id="b"/></name></Patient>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := toXML(t, []byte(tc.json)); string(got) != tc.xml {
				t.Errorf("got  %s\nwant %s", got, tc.xml)
			}
		})
	}
}

// TestBadJSONForXML: what is refused is refused with a place, without a value.
func TestBadJSONForXML(t *testing.T) {
	deep := strings.Repeat(`[{"item":`, 150) + `[]` + strings.Repeat(`}]`, 150)
	for _, tc := range []struct{ name, json, path, what string }{
		{"nothing", ``, "", "JSON object"},
		{"an array", `[]`, "", "JSON object"},
		{"truncated", `{"resourceType":"Patient","id":"SECRET`, "", "not closed"},
		{"text behind", `{"resourceType":"Patient"} SECRET`, "", "unexpected data"},
		{"no type", `{"id":"SECRET"}`, "", "no type"},
		{"unknown type", `{"resourceType":"SECRET"}`, "", "no type"},
		{"a data type", `{"resourceType":"HumanName","text":"SECRET"}`, "", "no type"},
		{"a name twice", `{"resourceType":"Patient","contact":[{"gender":"SECRET","gender":"SECRET"}]}`, "Patient.contact.gender", "twice"},
		{"a name twice, apart and escaped", `{"resourceType":"Patient","gender":"SECRET","active":true,"\u0067ender":"SECRET"}`, "Patient.gender", "twice"},
		{"a sibling twice", `{"resourceType":"Patient","_gender":{},"gender":"SECRET","_gender":{"id":"SECRET"}}`, "Patient.gender", "twice"},
		{"resourceType twice", `{"resourceType":"Patient","id":"SECRET","resourceType":"Person"}`, "Patient", "twice"},
		{"nested too deep", `{"resourceType":"Questionnaire","item":` + deep + `}`, "", "too deep"},
		{"a div that is not XML", `{"resourceType":"Patient","text":{"div":"<div>SECRET<br></div>"}}`, "Patient.text.div", "narrative"},
		{"a div with an entity", `{"resourceType":"Patient","text":{"div":"<div>SECRET&nbsp;</div>"}}`, "Patient.text.div", "narrative"},
		{"a div with a document type", `{"resourceType":"Patient","text":{"div":"<!DOCTYPE div><div>SECRET</div>"}}`, "Patient.text.div", "narrative"},
		{"two divs", `{"resourceType":"Patient","text":{"div":"<div>SECRET</div><div/>"}}`, "Patient.text.div", "narrative"},
		{"a div that closes its element", `{"resourceType":"Patient","text":{"div":"<div/></text><active value='true'/><text>"}}`, "Patient.text.div", "narrative"},
		{"another element for a div", `{"resourceType":"Patient","text":{"div":"<p>SECRET</p>"}}`, "Patient.text.div", "narrative"},
		{"a div of FHIR", `{"resourceType":"Patient","text":{"div":"<div xmlns='http://hl7.org/fhir'>SECRET</div>"}}`, "Patient.text.div", "narrative"},
		{"a deep div", `{"resourceType":"Patient","text":{"div":"` + strings.Repeat("<div>", 300) + strings.Repeat("</div>", 300) + `"}}`, "Patient.text.div", "narrative"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := fhirxml.AppendXML(schema.R4(), []byte("kept"), []byte(tc.json))
			var se *fhirjson.SyntaxError
			if string(out) != "kept" || !errors.As(err, &se) {
				t.Fatalf("got %s, %v", out, err)
			}
			if se.Path != tc.path || !strings.Contains(se.What, tc.what) || strings.Contains(err.Error(), "SECRET") || se.Offset < 0 || se.Offset > len(tc.json) {
				t.Errorf("got %v, want %s: %s", err, tc.path, tc.what)
			}
		})
	}
}

// shuffled returns JSON with the members of every object in another order.
func shuffled(t testing.TB, r *rand.Rand, text []byte) []byte {
	t.Helper()
	v := decoded(t, text)
	var b bytes.Buffer
	var write func(v any)
	write = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			names := make([]string, 0, len(v))
			for k := range v {
				names = append(names, k)
			}
			slices.Sort(names)
			r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
			b.WriteByte('{')
			for i, k := range names {
				if i > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, "%q:", k)
				write(v[k])
			}
			b.WriteByte('}')
		case []any:
			b.WriteByte('[')
			for i, x := range v {
				if i > 0 {
					b.WriteByte(',')
				}
				write(x)
			}
			b.WriteByte(']')
		default:
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(text)
		}
	}
	write(v)
	return b.Bytes()
}

// TestXMLDoesNotDependOnMemberOrder: JSON members in any order give the same XML,
// byte for byte.
func TestXMLDoesNotDependOnMemberOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, src := range examples(t) {
		if !bytes.Equal(toXML(t, src), toXML(t, shuffled(t, r, src))) {
			t.Errorf("%.60s…: another order gives other XML", src)
		}
	}
}
