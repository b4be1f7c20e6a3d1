package fhirxml

import (
	"bytes"
	"testing"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// streamed are texts around what the stream reads, and what it leaves to the tree.
var streamed = []string{
	`<Patient xmlns="http://hl7.org/fhir"><id value="1"/><active value="true"/></Patient>`,
	`<?xml version="1.0" encoding="UTF-8"?><!-- x --><Patient xmlns='http://hl7.org/fhir'> <name id="n"><given value="a"/><given id="b"/><given value="c"><extension url="u"><valueString value="&lt;&#10;&#x41;&quot;\"/></extension></given><given value="d"/></name><birthDate value="1950"><extension id="e" url="u"><valueBoolean value="maybe"/></extension></birthDate></Patient> <!-- y -->`,
	`<Observation xmlns="http://hl7.org/fhir"><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">a &amp; <b class="x">b</b><br/></div></text><contained><Patient xmlns="http://hl7.org/fhir"><gender value="male"></gender></Patient></contained><valueQuantity><value value="1.50"/></valueQuantity></Observation>`,
	`<Bundle xmlns="http://hl7.org/fhir"><type value="x"/><entry><fullUrl value="u"/><resource><Patient/></resource></entry><entry/></Bundle>`,
	`<Patient xmlns="http://hl7.org/fhir"><active value="true"/><id value="late"/></Patient>`,
	`<Patient xmlns="http://hl7.org/fhir"><active value="a` + "\t" + `b"/></Patient>`,
	`<Patient xmlns="http://hl7.org/fhir"><active/><gender></gender><name/><shoe/></Patient>`,
	`<Patient xmlns="http://hl7.org/fhir"><active value="true" value="x"/></Patient>`,
	`<Patient xmlns="http://hl7.org/fhir"><text><div xmlns="http://www.w3.org/1999/xhtml" xml:lang="en"><p class='a"b&#9;'>]]&gt; > &#xe9;é</p><i></i><!-- x --></div></text></Patient>`,
	`<Patient xmlns="http://hl7.org/fhir"><text><div xmlns="http://www.w3.org/1999/xhtml" id="1" id="2"/></text><name><given value="a"/><!-- x --><given value="\é"/><given id="x"/></name></Patient>`,
	`<Patient xmlns="http://hl7.org/fhir"><active value="&#xd800;"/><x:y xmlns:x="urn:x"/></Patient>`,
}

// hold compares the stream with the tree, and reports whether the text was streamed.
func hold(t *testing.T, text []byte) bool {
	t.Helper()
	s := stream{schema: schema.R4(), memory: newMemory(true)}
	got, ok := s.append([]byte("kept"), text)
	for range 3 { // read, remembered, recalled
		if again, okAgain := s.append([]byte("kept"), text); okAgain != ok || !bytes.Equal(got, again) {
			t.Fatalf("%s\nis streamed as %s, then %s", text, got, again)
		}
	}
	if !ok {
		return false
	}
	want, err := appendByTree(schema.R4(), []byte("kept"), text)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s\nis streamed as %s\n      the tree %s (%v)", text, got, want, err)
	}
	return true
}

// TestStreamIsTheTree: what is streamed of HL7's examples is what the tree gives, and
// most are.
func TestStreamIsTheTree(t *testing.T) {
	t.Parallel()
	for _, text := range streamed {
		hold(t, []byte(text))
	}
	lines := bytes.Split(bytes.TrimSpace(veiltest.Gunzip(t, "../../testdata/hl7-r4-examples.ndjson.gz")), []byte("\n"))
	n := 0
	for _, line := range lines {
		text, err := AppendXML(schema.R4(), nil, line)
		if err != nil {
			t.Fatal(err)
		}
		if hold(t, text) {
			n++
		}
	}
	if n < len(lines)*3/4 {
		t.Errorf("only %d of %d examples are streamed", n, len(lines))
	}
}

// FuzzStreamIsTheTree holds the stream to the tree, whatever the text.
func FuzzStreamIsTheTree(f *testing.F) {
	for _, text := range streamed {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { hold(t, text) })
}
