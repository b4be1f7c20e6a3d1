package fhir_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

func toXML(t testing.TB, src []byte) []byte {
	t.Helper()
	out, err := fhirxml.AppendXML(schema.R4(), nil, src)
	if err != nil {
		t.Fatalf("to XML: %v", err)
	}
	return out
}

func toJSON(t testing.TB, src []byte) []byte {
	t.Helper()
	out, err := fhirxml.AppendJSON(schema.R4(), nil, src)
	if err != nil {
		t.Fatalf("to JSON: %v", err)
	}
	return out
}

// meaning is what a resource says, for comparison: members without a value are
// left out, numbers are texts, a narrative is its elements and words.
func meaning(t testing.TB, text []byte) any {
	t.Helper()
	return meaningOf("", decoded(t, text))
}

func decoded(t testing.TB, text []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("not JSON: %v", err)
	}
	return v
}

func meaningOf(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if v[k] = meaningOf(k, x); v[k] == nil {
				delete(v, k)
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		empty := true
		for i, x := range v {
			v[i] = meaningOf("", x)
			empty = empty && v[i] == nil
		}
		if empty {
			return nil
		}
	case string:
		if name == "div" {
			return narrativeTokens(v)
		}
	}
	return v
}

// narrativeTokens reads XHTML by another parser than the code does.
func narrativeTokens(div string) string {
	d := xml.NewDecoder(strings.NewReader(div))
	var b strings.Builder
	for {
		tok, err := d.Token()
		if err != nil {
			return b.String()
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			var attrs []string
			for _, a := range tok.Attr {
				if a.Name.Local != "xmlns" {
					attrs = append(attrs, fmt.Sprintf(" %s=%q", a.Name.Local, strings.Join(strings.Fields(a.Value), " ")))
				}
			}
			slices.Sort(attrs)
			fmt.Fprintf(&b, "<%s%s>", tok.Name.Local, strings.Join(attrs, ""))
		case xml.EndElement:
			fmt.Fprintf(&b, "</%s>", tok.Name.Local)
		case xml.CharData:
			b.WriteString(strings.Join(strings.Fields(string(tok)), ""))
		}
	}
}

// difference returns the path and the values at which two meanings differ.
func difference(a, b any, path string) string {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		for k := range y {
			if _, ok := x[k]; !ok {
				return path + "." + k + " is only in the second"
			}
		}
		for k := range x {
			if d := difference(x[k], y[k], path+"."+k); d != "" {
				return d
			}
		}
		return ""
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			break
		}
		for i := range x {
			if d := difference(x[i], y[i], fmt.Sprintf("%s[%d]", path, i)); d != "" {
				return d
			}
		}
		return ""
	}
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return fmt.Sprintf("%s: %.100q and %.100q", path, fmt.Sprint(a), fmt.Sprint(b))
}

// checkAgree compares what masking leaves of the two forms of one resource.
func checkAgree(t testing.TB, m *masktest.Masker, label string, jsonForm, xmlForm []byte) {
	t.Helper()
	fromJSON, jsonErr := m.Mask(jsonForm)
	counts := slices.Clone(m.Pass.Counts)
	fromXML, xmlErr := m.MaskXML(xmlForm)
	if jsonErr != nil || xmlErr != nil {
		if fmt.Sprint(jsonErr) != fmt.Sprint(xmlErr) || len(fromXML) > 0 {
			t.Errorf("%s: JSON gives %v, XML %v", label, jsonErr, xmlErr)
		}
		return
	}
	if d := difference(meaning(t, fromJSON), meaning(t, toJSON(t, fromXML)), ""); d != "" {
		t.Errorf("%s: masked JSON and masked XML differ: %s", label, d)
	}
	if !slices.Equal(counts, m.Pass.Counts) {
		t.Errorf("%s: the audit counts differ", label)
	}
}

// TestHL7ExamplesInXML: HL7's examples keep their meaning on the way to XML and
// back, and their bytes on the second; masking leaves the same of both forms.
func TestHL7ExamplesInXML(t *testing.T) {
	safe, research := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways), masktest.NewMasker(masktest.Shipped(t, "research"), fhir.RememberAlways)
	for _, src := range examples(t) {
		var head struct{ ResourceType, ID string }
		if err := json.Unmarshal(src, &head); err != nil {
			t.Fatal(err)
		}
		label := head.ResourceType + "/" + head.ID
		first := toXML(t, src)
		back := toJSON(t, first)
		if d := difference(meaning(t, src), meaning(t, back), ""); d != "" {
			t.Errorf("%s: %s", label, d)
		}
		second := toXML(t, back)
		if !bytes.Equal(first, second) || !bytes.Equal(back, toJSON(t, second)) {
			t.Errorf("%s: the second trip changes its bytes", label)
		}
		for _, m := range []*masktest.Masker{safe, research} {
			checkAgree(t, m, label, src, first)
		}
	}
}

// TestMaskingXMLLeavesNoMarker does what TestMaskingLeavesNoMarker does, in XML.
func TestMaskingXMLLeavesNoMarker(t *testing.T) {
	sources := 0
	maskMaximal(t, []string{"safe-harbor"}, func(m *masktest.Masker, src []byte, l leak) ([]byte, error) {
		xmlForm := toXML(t, src)
		if sources++; sources%10 == 0 {
			inJSON, inXML := 0, 0
			l.find(t, src, func(string, string) { inJSON++ })
			l.findXML(t, xmlForm, func(string, string) { inXML++ })
			if inXML < inJSON*95/100 { // the sibling of a div has no XML form
				t.Errorf("only %d of %d planted values are in the XML form", inXML, inJSON)
			}
		}
		return m.MaskXML(xmlForm)
	}, leak.findXML)
}

// TestNarrativeInXML: a narrative is in the output where a ruleset keeps it, in
// either form, and nowhere else.
func TestNarrativeInXML(t *testing.T) {
	a, err := masktest.Compile(t, `veil: 1
name: test
referenceDate: 2026-12-31
fhir:
  rules:
    - {id: flag, match: Patient.active, method: keep}
    - {id: narrative, match: Patient.text.div, method: keep}
`)
	if err != nil {
		t.Fatal(err)
	}
	src := patientXML + `<text><status value="SECRET"/><div xmlns="http://www.w3.org/1999/xhtml"><!-- SECRET --><p class="x">a &lt; b</p><x:y xmlns:x="urn:x">SECRET</x:y></div></text><contained><Organization><text><div xmlns="http://www.w3.org/1999/xhtml">SECRET</div></text></Organization></contained></Patient>`
	m := masktest.NewMasker(a, fhir.RememberAlways)
	out, err := m.MaskXML([]byte(src))
	if err != nil || strings.Contains(string(out), "SECRET") || !strings.Contains(string(out), `<div xmlns="http://www.w3.org/1999/xhtml"><p class="x">a &lt; b</p></div></text>`) {
		t.Errorf("got %s, %v", out, err)
	}
	checkAgree(t, m, "narrative", toJSON(t, []byte(src)), []byte(src))
}

// FuzzJSONAndXMLAgree: what JSON and its XML form say alike is masked alike.
func FuzzJSONAndXMLAgree(f *testing.F) {
	for i, src := range examples(f) {
		if i%9 == 0 && len(src) < 5000 {
			f.Add(src)
		}
	}
	f.Add([]byte(`{"resourceType":"Patient","birthDate":"1920-01-01","_birthDate":{"extension":[]},"deceasedDateTime":"2015","name":[{"given":["a",null],"_given":[null,{"id":"b"}]}]}`))
	f.Add([]byte(`{"resourceType":"Observation","valueQuantity":{"value":1.50e-3,"unit":"\u0001"},"status":"final","text":{"div":"<div>a &amp; b</div>"}}`))
	m := masktest.NewMasker(masktest.Shipped(f, "safe-harbor"), fhir.RememberAlways)
	f.Fuzz(func(t *testing.T, src []byte) {
		xmlForm, err := fhirxml.AppendXML(schema.R4(), nil, src)
		if err != nil {
			return
		}
		back := toJSON(t, xmlForm)
		checkAgree(t, m, "as read back", back, xmlForm)
		if !bytes.Equal(xmlForm, toXML(t, back)) {
			t.Fatalf("the second trip changes its bytes: %s", xmlForm)
		}
		if reflect.DeepEqual(decoded(t, src), decoded(t, back)) { // nothing odd was left out
			checkAgree(t, m, "as given", src, xmlForm)
		}
	})
}
