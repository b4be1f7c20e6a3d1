package fhir_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

const (
	patientXML = `<Patient xmlns="http://hl7.org/fhir">`
	secretXML  = `<name><family value="SECRET"/></name>`
)

// TestXMLTricks: whatever an XML text tries, it is refused or masked, and no error
// shows a value. The next resource is masked as if nothing had been.
func TestXMLTricks(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	active := patientXML + `<active value="true"/></Patient>`
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	nested := func(n int, name string) string {
		return strings.Repeat("<"+name+">", n) + strings.Repeat("</"+name+">", n)
	}
	for _, tc := range []struct{ name, src, want string }{
		// Refused, with what the error says.
		{"document type", `<!DOCTYPE Patient>` + active, "!declarations are refused"},
		{"external entity", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + patientXML + `<language value="&e;"/></Patient>`, "!declarations are refused"},
		{"billion laughs", `<!DOCTYPE x [<!ENTITY a "SECRET"><!ENTITY b "&a;&a;">]>` + patientXML + `<language value="&b;"/></Patient>`, "!declarations are refused"},
		{"document type in lower case", `<!doctype x>` + active, "!declarations are refused"},
		{"document type inside", patientXML + `<!DOCTYPE x></Patient>`, "!declarations are refused"},
		{"entity of HTML", patientXML + `<language value="&nbsp;"/></Patient>`, "!not well-formed"},
		{"entity of nobody", patientXML + `<language value="&SECRET;"/></Patient>`, "!not well-formed"},
		{"bare ampersand", patientXML + `<language value="SECRET & son"/></Patient>`, "!not well-formed"},
		{"UTF-16", "\xff\xfe<\x00P\x00", "!invalid UTF-8"},
		{"UTF-16 without a mark", "<\x00P\x00a\x00/\x00>\x00", "!control character"},
		{"encoding UTF-16 declared", `<?xml version="1.0" encoding="UTF-16"?>` + active, "!XML declaration"},
		{"encoding ISO-8859-1 declared", `<?xml version="1.0" encoding="ISO-8859-1"?>` + active, "!XML declaration"},
		{"UTF-7 by a second encoding", `<?xml version="1.0" encoding="UTF-7" encoding="UTF-8"?>` + active, "!XML declaration"},
		{"XML 1.1", `<?xml version="1.1"?>` + active, "!XML declaration"},
		{"declaration behind a space", ` <?xml version="1.0"?>` + active, "!XML declaration"},
		{"declaration inside", patientXML + `<?xml version="1.0" encoding="UTF-16"?></Patient>`, "!XML declaration"},
		{"declaration in capitals", `<?XML version="1.0" encoding="UTF-16"?>` + active, "!XML declaration"},
		{"invalid UTF-8", patientXML + "<language value=\"SECRET\xff\"/></Patient>", "!invalid UTF-8"},
		{"overlong UTF-8", patientXML + "<language value=\"SECRET\xc0\xaf\"/></Patient>", "!invalid UTF-8"},
		{"NUL", patientXML + "<language value=\"SECRET\x00\"/></Patient>", "!control character"},
		{"NUL by reference", patientXML + `<language value="&#0;"/></Patient>`, "!not well-formed"},
		{"control character by reference", patientXML + `<language value="&#x1;"/></Patient>`, "!a reference to a character"},
		{"reference that is not closed", patientXML + `<language value="&#65"/></Patient>`, "!a reference to a character"},
		{"reference beyond Unicode", patientXML + `<language value="&#x110000;"/></Patient>`, "!a reference to a character"},
		{"control character", patientXML + "<language value=\"SECRET\x01\"/></Patient>", "!not well-formed"},
		{"no namespace", `<Patient><active value="true"/></Patient>`, "!in the namespace"},
		{"another namespace", `<Patient xmlns="http://hl7.org/fhir/v5"><active value="true"/></Patient>`, "!in the namespace"},
		{"HTML", `<html><body>SECRET</body></html>`, "!in the namespace"},
		{"a prefix of nobody", `<f:Patient><f:active value="true"/></f:Patient>`, "!in the namespace"},
		{"two resources", active + active, "!unexpected data after"},
		{"text behind", active + ` SECRET`, "!unexpected data after"},
		{"text before", `SECRET` + active, "!expected an XML element"},
		{"CDATA behind", active + `<![CDATA[SECRET]]>`, "!unexpected data after"},
		{"nothing", ``, "!expected an XML element"},
		{"only a comment", `<!-- SECRET -->`, "!expected an XML element"},
		{"text between elements", patientXML + `SECRET<active value="true"/></Patient>`, "!text outside of a value"},
		{"CDATA between elements", patientXML + `<![CDATA[SECRET]]><active value="true"/></Patient>`, "!text outside of a value"},
		{"text in a primitive", patientXML + `<active value="true">SECRET</active></Patient>`, "!text outside of a value"},
		{"text in a complex element", patientXML + `<maritalStatus>SECRET</maritalStatus></Patient>`, "!text outside of a value"},
		{"text around a contained resource", patientXML + `<contained>SECRET<Patient/></contained></Patient>`, "!text outside of a value"},
		{"an element twice", patientXML + `<active value="true"/><active value="false"/></Patient>`, "!more than once"},
		{"an element twice, apart", patientXML + `<active value="true"/><gender value="male"/><active value="false"/></Patient>`, "!more than once"},
		{"an element twice by prefix", `<f:Patient xmlns:f="http://hl7.org/fhir"><f:active value="true"/><active xmlns="http://hl7.org/fhir" value="false"/></f:Patient>`, "!more than once"},
		{"an attribute twice", patientXML + `<active value="true" value="SECRET"/></Patient>`, "!attribute appears twice"},
		{"xmlns twice", `<Patient xmlns="http://hl7.org/fhir" xmlns="urn:x"><active value="true"/></Patient>`, "!attribute appears twice"},
		{"two contained in one", patientXML + `<contained><Patient/><Patient/></contained></Patient>`, "!more than one resource"},
		{"deep elements of nobody", patientXML + nested(10000, "x") + `</Patient>`, "!too deep"},
		{"deep known elements", `<Questionnaire xmlns="http://hl7.org/fhir">` + nested(150, "item") + `</Questionnaire>`, "!too deep"},
		{"deep narrative", patientXML + `<text><div xmlns="http://www.w3.org/1999/xhtml">` + nested(250, "b") + `</div></text></Patient>`, "!too deep"},
		{"many attributes", patientXML + `<active` + many(100, ` a%d=""`) + `/></Patient>`, "!too many attributes"},
		{"many prefixes", patientXML + `<active` + many(100, ` xmlns:a%d=""`) + `/></Patient>`, "!too many namespaces"},
		{"truncated in a tag", patientXML + `<name`, "!not closed"},
		{"truncated in a value", patientXML + `<name value="SECRET`, "!not closed"},
		{"truncated in an element", patientXML + secretXML, "!end of input inside"},
		{"truncated in a comment", patientXML + `<!-- SECRET`, "!not closed"},
		{"an end tag of another name", patientXML + `<SECRET></secret></Patient>`, "!end tag"},
		{"an end tag too many", active + `</Patient>`, "!unexpected data after"},
		{"no quotes", patientXML + `<active value=true/></Patient>`, "!not well-formed"},
		{"no value", patientXML + `<active value/></Patient>`, "!not well-formed"},
		{"a tag in a value", patientXML + `<active value="<SECRET>"/></Patient>`, "!not well-formed"},
		{"a comment with two hyphens", patientXML + `<!-- SECRET -- --></Patient>`, "!not well-formed"},

		// Masked, with what is left.
		{"surrogate by reference", patientXML + `<active value="true"/><language value="SECRET&#xD800;"/></Patient>`, active},
		{"declaration and white space", "\xef\xbb\xbf<?xml version='1.0' encoding='utf-8' standalone=\"yes\"?>\r\n<!-- SECRET -->\n" + active + "\n<!-- SECRET -->\n", active},
		{"a comment in a value's element", patientXML + `<active value="true"><!-- SECRET --></active></Patient>`, active},
		{"an instruction", `<?xml-stylesheet href="SECRET"?>` + patientXML + `<?SECRET x?><active value="true"/></Patient><?SECRET?>`, active},
		{"a prefix", `<f:Patient xmlns:f="http://hl7.org/fhir" xmlns="urn:SECRET"><f:active value="true"/><active value="SECRET"/><f:name><f:family value="SECRET"/></f:name></f:Patient>`, active},
		{"xmlns by references", `<Patient xmlns="http://hl7.org/fhi&#114;"><active value="true"/>` + secretXML + `</Patient>`, active},
		{"values by references", patientXML + `<active value="&#116;rue"/><name><family value="&#83;ECRET"/></name></Patient>`, active},
		{"elements of nobody", patientXML + `<SECRET value="SECRET"/><Active value="SECRET"/><active value="true"/><name2>SECRET</name2></Patient>`, active},
		{"elements of another namespace", patientXML + `<active value="true"/><gender xmlns="urn:x" value="SECRET"/><x:gender xmlns:x="urn:x" value="SECRET"/></Patient>`, active},
		{"resourceType as an element", patientXML + `<resourceType value="Person"/><active value="true"/></Patient>`, active},
		{"a sibling as an element", patientXML + `<active value="true"/><_birthDate><extension url="SECRET"/></_birthDate></Patient>`, active},
		{"our own name for the unknown", patientXML + `<active value="true"/><a1 value="SECRET"/><a2 value="SECRET"/></Patient>`, active},
		{"attributes of nobody", patientXML + `<active value="true" secret="SECRET" f:value="SECRET" xml:id="SECRET"/></Patient>`, active},
		{"attributes on the resource", `<Patient xmlns="http://hl7.org/fhir" id="SECRET" value="SECRET" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="SECRET"><active value="true"/></Patient>`, active},
		{"a value on a complex element", patientXML + `<active value="true"/><maritalStatus value="SECRET"/></Patient>`, active},
		{"a boolean that is none", patientXML + `<active value="SECRET"/><gender value="male"/></Patient>`, patientXML + `<gender value="male"/></Patient>`},
		{"a boolean of XML Schema", patientXML + `<active value="1"/><gender value="male"/></Patient>`, patientXML + `<gender value="male"/></Patient>`},
		{"a number that breaks out", patientXML + `<active value="true"/><multipleBirthInteger value="1,&quot;language&quot;:&quot;SECRET&quot;"/></Patient>`, active},
		{"a string that breaks out", patientXML + `<active value="true"/><language value="en&quot;,&quot;gender&quot;:&quot;SECRET"/></Patient>`, active},
		{"elements apart and out of order", patientXML + `<communication><preferred value="true"/></communication><active value="true"/><communication><preferred value="false"/></communication></Patient>`,
			patientXML + `<active value="true"/><communication><preferred value="true"/></communication><communication><preferred value="false"/></communication></Patient>`},
		{"empty elements", patientXML + `<active value="true"/><gender/><name/><name><given/></name><contained/></Patient>`, active},
		{"a contained resource of nobody", patientXML + `<active value="true"/><contained><SECRET/></contained><contained><Patient xmlns="urn:x"/></contained></Patient>`, active},
		{"an attribute as an element", patientXML + `<active value="true"/><extension><url value="http://hl7.org/fhir/StructureDefinition/condition-outcome"/><valueCode value="SECRET"/></extension></Patient>`, active},
		{"a narrative with a script", patientXML + `<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><![CDATA[<SECRET>]]><script>SECRET</script></div></text><active value="true"/></Patient>`, active},
		{"a resource for a div", patientXML + `<text><div><Patient xmlns="http://hl7.org/fhir">SECRET</Patient></div></text><active value="true"/></Patient>`, active},
		{"a value in a long name", patientXML + `<` + strings.Repeat("SECRET", 100) + `/><active value="true"/></Patient>`, active},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := m.MaskXML([]byte(tc.src))
			if what, refused := strings.CutPrefix(tc.want, "!"); refused {
				var se *fhirjson.SyntaxError
				if len(out) > 0 || !errors.As(err, &se) {
					t.Fatalf("got %s, %v", out, err)
				}
				if !strings.Contains(se.What, what) {
					t.Errorf("says %q, want %q", se.What, what)
				}
				if strings.Contains(err.Error(), "SECRET") || se.Offset < 0 || se.Offset > len(tc.src) {
					t.Errorf("the error is %v", err)
				}
			} else if got := withoutMeta(t, out); err != nil || got != tc.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, tc.want)
			}
			if bytes.Contains(out, []byte("SECRET")) {
				t.Errorf("shows a value: %s", out)
			}
			if good, err := m.MaskXML([]byte(active)); err != nil || string(good) != active {
				t.Errorf("the next resource: %s, %v", good, err)
			}
		})
	}
}

// withoutMeta takes the labels, which are tested elsewhere, out of XML.
func withoutMeta(t *testing.T, text []byte) string {
	before, rest, found := bytes.Cut(text, []byte("<meta>"))
	if !found {
		return string(text)
	}
	_, after, _ := bytes.Cut(rest, []byte("</meta>"))
	return string(before) + string(after)
}

// TestXMLWithoutJSONForm: what is read of XML that JSON cannot say.
func TestXMLWithoutJSONForm(t *testing.T) {
	for _, tc := range []struct{ name, xml, json string }{
		{"unknown elements", patientXML + `<shoe/><active value="true"/><sock xmlns="urn:x"/></Patient>`, `{"resourceType":"Patient","active":true,"~1":null,"~2":null}`},
		{"an unknown type", `<Shoe xmlns="http://hl7.org/fhir"><active value="true"/></Shoe>`, `{}`},
		{"an abstract type", `<DomainResource xmlns="http://hl7.org/fhir"><id value="1"/></DomainResource>`, `{}`},
		{"contained ones of unknown types", patientXML + `<contained><Shoe/></contained><contained/><contained><Patient xmlns="urn:x"/></contained></Patient>`, `{"resourceType":"Patient","contained":[{},{},{}]}`},
		{"attributes as elements", patientXML + `<name><id value="a"/></name><extension><url value="x"/></extension></Patient>`, `{"resourceType":"Patient","extension":[{"~1":null}],"name":[{"~1":null}]}`},
		{"attributes with a prefix", patientXML + `<name f:id="a"/><extension f:url="x" xml:id="b"/><active f:value="true" xml:value="true"/></Patient>`, `{"resourceType":"Patient","extension":[{}],"name":[{}]}`},
		{"attributes that are another's", patientXML + `<name url="x" value="y" a="z"/><active url="x" value="true"/></Patient>`, `{"resourceType":"Patient","active":true,"name":[{}]}`},
		{"a div of FHIR", patientXML + `<text><div>a</div></text></Patient>`, `{"resourceType":"Patient","text":{"~1":null}}`},
		{"an element of XHTML", patientXML + `<active xmlns="http://www.w3.org/1999/xhtml" value="true"/></Patient>`, `{"resourceType":"Patient","~1":null}`},
		{"empty primitives", patientXML + `<active/><name><given/><given value="a"/><given/></name></Patient>`, `{"resourceType":"Patient","name":[{"given":["a"]}]}`},
		{"no number, no boolean", patientXML + `<active value="True"/><multipleBirthInteger value="+1"/></Patient>`, `{"resourceType":"Patient","active":"True","multipleBirthInteger":"+1"}`},
		{"line ends and tabs in values", patientXML + "<language value='a\r\nb\tc\rd&#10;\"\n'/></Patient>", `{"resourceType":"Patient","language":"a b c d\n\" "}`},
		{"line ends in a narrative", patientXML + "<text><div xmlns='http://www.w3.org/1999/xhtml' title='a\nb'>\r\n&#13;</div></text></Patient>", `{"resourceType":"Patient","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\" title=\"a b\">\n&#13;</div>"}}`},
		{"foreign parts of a narrative", `<Patient xmlns="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><text><h:div h:a="b" c="d"><!-- x --><?y z?><h:b>e</h:b><i>f</i><svg xmlns="urn:x">g</svg><![CDATA[<h>]]></h:div></text></Patient>`,
			`{"resourceType":"Patient","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\" c=\"d\"><b>e</b>&lt;h&gt;</div>"}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := toJSON(t, []byte(tc.xml)); string(got) != tc.json {
				t.Errorf("got  %s\nwant %s", got, tc.json)
			}
		})
	}
	deep := `<Questionnaire xmlns="http://hl7.org/fhir">` + strings.Repeat("<item>", 100) + strings.Repeat("</item>", 100) + `</Questionnaire>`
	if _, err := fhirxml.AppendJSON(schema.R4(), nil, []byte(deep)); err == nil || !strings.Contains(err.Error(), "too deep") {
		t.Errorf("JSON of over 200 levels: %v", err)
	}
}

const bundleXML = `<Bundle xmlns="http://hl7.org/fhir">`

// TestXMLBundles: entries are read some at a time, and come out as if the Bundle
// had been read whole.
func TestXMLBundles(t *testing.T) {
	const patient, id = `<resource><Patient><id value="1"/></Patient></resource>`, `{"resource":{"resourceType":"Patient","id":"1"}}`
	long := `<Bundle xmlns="http://hl7.org/fhir" id="` + strings.Repeat("x", 1<<16) + `">`
	n := 5000
	for _, tc := range []struct{ name, xml, json string }{
		{"no entry", bundleXML + `<type value="x"/></Bundle>`, `"type":"x"`},
		{"empty entries", bundleXML + `<entry/><entry></entry></Bundle>`, `"entry":[{},{}]`},
		{"many parts", bundleXML + strings.Repeat("<entry>"+patient+"</entry>\n", n) + `</Bundle>`, `"entry":[` + strings.Repeat(id+",", n-1) + id + `]`},
		{"one long part", bundleXML + "<entry><link><url value='" + strings.Repeat("x", 1<<20) + "'/></link></entry><entry/></Bundle>", `"entry":[{"link":[{"url":"` + strings.Repeat("x", 1<<20) + `"}]},{}]`},
		{"members before, between and behind", bundleXML + `<signature/><entry/><type value="x"/><entry>` + patient + `</entry><!-- <entry> --><entry/><total value="1"/></Bundle>`,
			`"type":"x","total":1,"entry":[{},` + id + `,{}],"signature":{}`},
		{"prefixes", `<f:Bundle xmlns:f="http://hl7.org/fhir" xmlns="urn:x"><f:entry>` + strings.NewReplacer("</", "</f:", "<", "<f:").Replace(patient) + `</f:entry></f:Bundle>`, `"entry":[` + id + `]`},
		{"a namespace of its own", `<f:Bundle xmlns:f="http://hl7.org/fhir"><entry xmlns="http://hl7.org/fhir">` + patient + `</entry></f:Bundle>`, `"entry":[` + id + `]`},
		{"entries of others", bundleXML + `<entry xmlns="urn:x"><a/></entry><x:entry xmlns:x="urn:x"/><y/><entry/></Bundle>`, `"entry":[{}],"~1":null,"~2":null,"~3":null`},
		{"only entries of others", bundleXML + `<entry xmlns="urn:x"/></Bundle>`, `"entry":[],"~1":null`},
		{"entries inside", bundleXML + `<entry><resource>` + bundleXML + `<entry>` + patient + `</entry></Bundle></resource></entry></Bundle>`, `"entry":[{"resource":{"resourceType":"Bundle","entry":[` + id + `]}}]`},
		{"values on many lines", bundleXML + "<entry><fullUrl value='a\r\nb'/></entry></Bundle>", `"entry":[{"fullUrl":"a b"}]`},
		{"a long tag of the root", long + strings.Repeat("<entry/><!-- -->", n) + `</Bundle>`, `"entry":[` + strings.Repeat("{},", n-1) + `{}]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, want := string(toJSON(t, []byte(tc.xml))), `{"resourceType":"Bundle",`+tc.json+`}`; got != want {
				t.Errorf("got  %.1000s\nwant %.1000s", got, want)
			}
		})
	}
}

// TestXMLAgreesOnWhatIsOdd: the JSON and the XML of what no rule or schema knows
// are masked and counted alike.
func TestXMLAgreesOnWhatIsOdd(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	for _, tc := range []struct{ name, json, xml string }{
		{"unknown elements", `{"resourceType":"Patient","active":true,"shoe":"SECRET","sock":[{}]}`, patientXML + `<active value="true"/><shoe value="SECRET"/><sock/></Patient>`},
		{"an unknown element under a primitive", `{"resourceType":"Patient","active":true,"_active":{"shoe":"SECRET"}}`, patientXML + `<active value="true"><shoe value="SECRET"/></active></Patient>`},
		{"a wrong boolean", `{"resourceType":"Patient","active":"SECRET","gender":"male"}`, patientXML + `<active value="SECRET"/><gender value="male"/></Patient>`},
		{"unknown modifier", `{"resourceType":"Patient","active":true,"modifierExtension":[{"url":"http://SECRET"}]}`, patientXML + `<active value="true"/><modifierExtension url="http://SECRET"/></Patient>`},
		{"an empty modifier", `{"resourceType":"Patient","active":true,"modifierExtension":[{}]}`, patientXML + `<active value="true"/><modifierExtension/></Patient>`},
		{"implicit rules", `{"resourceType":"Patient","active":true,"implicitRules":"http://SECRET"}`, patientXML + `<active value="true"/><implicitRules value="http://SECRET"/></Patient>`},
		{"unknown type", `{"resourceType":"SECRET","active":true}`, `<SECRET xmlns="http://hl7.org/fhir"><active value="true"/></SECRET>`},
		{"a data type for a resource", `{"resourceType":"HumanName","family":"SECRET"}`, `<HumanName xmlns="http://hl7.org/fhir"><family value="SECRET"/></HumanName>`},
		{"withheld type", `{"resourceType":"Person","name":[{"family":"SECRET"}]}`, `<Person xmlns="http://hl7.org/fhir">` + secretXML + `</Person>`},
		{"nothing left", `{"resourceType":"Patient","name":[{"family":"SECRET"}]}`, patientXML + secretXML + `</Patient>`},
		{"unknown type in a Bundle", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"SECRET"}},{"resource":{"resourceType":"Patient","active":true}}]}`,
			`<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/><entry><resource><SECRET/></resource></entry><entry><resource><Patient><active value="true"/></Patient></resource></entry></Bundle>`},
		{"array siblings", `{"resourceType":"Patient","active":true,"name":[{"given":["SECRET",null],"_given":[null,{"id":"SECRET","extension":[{"url":"SECRET","valueCode":"SECRET"}]}]}]}`,
			patientXML + `<active value="true"/><name><given value="SECRET"/><given id="SECRET"><extension url="SECRET"><valueCode value="SECRET"/></extension></given></name></Patient>`},
	} {
		t.Run(tc.name, func(t *testing.T) { checkAgree(t, m, tc.name, []byte(tc.json), []byte(tc.xml)) })
	}
}

// TestXMLPlaces: an error names the element and the byte where its tag begins.
func TestXMLPlaces(t *testing.T) {
	for _, tc := range []struct{ name, src, path, at string }{
		{"twice", patientXML + "\n<contact><gender value='male'/>\n<gender value='female'/></contact></Patient>", "Patient.contact.gender", "<gender value='female'"},
		{"text", patientXML + "<contact>\n<gender>SECRET</gender></contact></Patient>", "Patient.contact.gender", "<gender>"},
		{"in a contained resource", patientXML + "<!-- <a> --><contained><Patient><name><x/><text a='' a=''/></name></Patient></contained></Patient>", "Patient.contained.name", "<text a"},
		{"in a narrative", patientXML + "<text><div xmlns='http://www.w3.org/1999/xhtml'><a b='' b=''/></div></text></Patient>", "Patient.text.div", "<a b"},
		{"behind entries", bundleXML + "<entry/> <type value=''/><entry/><type value='a'/></Bundle>", "Bundle.type", "<type value='a'"},
		{"before entries", bundleXML + "<type value=''/><type value='a'/><entry/></Bundle>", "Bundle.type", "<type value='a'"},
		{"text between entries", "<!-- -->" + bundleXML + "<entry/>SECRET<entry/></Bundle>", "Bundle", "<Bundle"},
		{"in an entry", bundleXML + "<entry/><entry/><type/><entry/> <entry><fullUrl value='1'/><fullUrl value='2'/></entry></Bundle>", "Bundle.entry.fullUrl", "<fullUrl value='2'"},
		{"an entry itself", bundleXML + "<entry/><entry a='' a=''/></Bundle>", "Bundle.entry", "<entry a"},
		{"an entry that is not XML", bundleXML + "<entry/><entry>&SECRET;</entry></Bundle>", "Bundle.entry", "&SECRET;"},
		{"not XML", patientXML + "\n<a b='\n'/><x>&SECRET;</x></Patient>", "", "&SECRET;"},
		{"end tag", patientXML + "<a></b></Patient>", "", "</b>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := fhirxml.AppendJSON(schema.R4(), nil, []byte(tc.src))
			var se *fhirjson.SyntaxError
			if !errors.As(err, &se) || se.Path != tc.path {
				t.Fatalf("got %v, want %q", err, tc.path)
			}
			if want := strings.Index(tc.src, tc.at); se.Offset < want || se.Offset > want+len("&SECRET;") {
				t.Errorf("byte %d, want %d", se.Offset, want)
			}
		})
	}
}

// TestManyInXML: what comes a hundred thousand times takes no quadratic time; this
// would not end otherwise.
func TestManyInXML(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	const n = 100000
	scopes := `<Patient xmlns="http://hl7.org/fhir" `
	for i := range 30 {
		scopes += fmt.Sprintf(`xmlns:p%d="urn:x" `, i)
	}
	for _, tc := range []struct{ name, before, each, after string }{
		{"entries", `<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/>`, `<entry><resource><Patient><active value="true"/>` + secretXML + `</Patient></resource></entry>`, `</Bundle>`},
		{"unknown elements", patientXML + `<active value="true"/>`, `<x value="SECRET"/>`, `</Patient>`},
		{"prefixes", scopes + `><active value="true"/>`, `<p0:x value="SECRET"/>`, `</Patient>`},
		{"out of order", patientXML + `<active value="true"/>`, `<communication><preferred value="true"/></communication><identifier><value value="SECRET"/></identifier>`, `</Patient>`},
		{"wrapped values", patientXML + `<active value="true"/>`, "<name><text value=\"SECRET\n\"/></name>", `</Patient>`},
		{"comments", patientXML + `<active value="true"/>`, `<!-- SECRET -->`, `</Patient>`},
		{"a long comment", patientXML + `<active value="true"/><!-- `, `<SECRET ! [`, `--></Patient>`},
		{"narrative", patientXML + `<text><div xmlns="http://www.w3.org/1999/xhtml">`, `<b>SECRET</b>`, `</div></text><active value="true"/></Patient>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := m.MaskXML([]byte(tc.before + strings.Repeat(tc.each, n) + tc.after))
			if err != nil || bytes.Contains(out, []byte("SECRET")) || !bytes.Contains(out, []byte(`<active value="true"/>`)) {
				t.Errorf("%d bytes, %v", len(out), err)
			}
		})
	}
}

// FuzzXML: whatever comes in, reading it neither panics nor hangs; what is taken
// is JSON, converts back, and is stable from then on; masking it shows no string
// that stands at a path that does not pass.
func FuzzXML(f *testing.F) {
	for i, src := range examples(f) {
		if i%9 == 0 && len(src) < 5000 {
			f.Add(toXML(f, src))
		}
	}
	for _, s := range []string{
		`<?xml version="1.0"?><f:Patient xmlns:f="http://hl7.org/fhir"><f:active value="1"><!-- x --></f:active></f:Patient>`,
		patientXML + `<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml" xml:lang="de">a&#13;<b x="&#9;
"/><![CDATA[<]]></div></text><name><given/><given value="a"><extension url="x"/></given></name><shoe/></Patient>`,
		`<f:Bundle xmlns:f="http://hl7.org/fhir"><f:entry/><!-- x --><entry/><f:type value="x"/><entry xmlns="http://hl7.org/fhir"><resource><Patient/></resource></entry></f:Bundle>`,
		`<Parameters xmlns="http://hl7.org/fhir"><parameter><resource><Patient/></resource></parameter></Parameters>`,
	} {
		f.Add([]byte(s))
	}
	a := masktest.Shipped(f, "safe-harbor")
	m, passing := masktest.NewMasker(a, fhir.RememberAlways), passingPaths(a)
	f.Fuzz(func(t *testing.T, src []byte) {
		first, err := fhirxml.AppendJSON(schema.R4(), []byte("kept"), src)
		if err != nil {
			var se *fhirjson.SyntaxError
			if string(first) != "kept" || !errors.As(err, &se) || se.Offset < 0 || se.Offset > len(src) {
				t.Fatalf("%q beside %v", first, err)
			}
			return
		}
		first = first[len("kept"):]
		if string(first) == "{}" {
			return // a resource of an unknown type
		}
		if !json.Valid(first) {
			t.Fatalf("not JSON: %s", first)
		}
		xml1 := toXML(t, first)
		if d := xml.NewDecoder(bytes.NewReader(xml1)); true {
			for err = nil; err == nil; {
				_, err = d.Token()
			}
			if !errors.Is(err, io.EOF) {
				t.Fatalf("not XML: %v: %s", err, xml1)
			}
		}
		second := toJSON(t, xml1)
		if xml2 := toXML(t, second); !bytes.Equal(xml1, xml2) || !bytes.Equal(second, toJSON(t, xml2)) {
			t.Fatalf("the second trip changes its bytes:\n%s\n%s", xml1, xml2)
		}
		masked, err := m.MaskXML(src)
		if err != nil {
			return
		}
		var v map[string]any
		if err := json.Unmarshal(first, &v); err != nil {
			t.Fatal(err)
		}
		w := &twin{schema.R4(), passing, map[string]bool{}, map[string]bool{}}
		rt, _ := v["resourceType"].(string)
		w.walk(schema.R4().Type(rt), v)
		if s := w.shown(t, toJSON(t, masked)); s != "" {
			t.Errorf("shows %q", s)
		}
	})
}
