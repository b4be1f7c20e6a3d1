package fhirxml

import (
	"bytes"
	"testing"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// written are texts around what is written as it is read, and what is gathered first.
var written = []string{
	`{"resourceType":"Patient","id":"1","active":true}`,
	` { "resourceType" : "Patient" , "id" : "1" , "name" : [ { "given" : [ "a" , null , "b&<" ] } , null ] } `,
	`{"resourceType":"Patient","birthDate":"1950","_birthDate":{"id":"b\u0041","extension":[{"extension":[{"url":"v","valueDecimal":1.50}],"url":"\"u\""}]},"gender":"male"}`,
	`{"resourceType":"Patient","_birthDate":{"extension":[{"url":"x","valueString":""}]},"multipleBirthBoolean":null}`,
	`{"resourceType":"Patient","name":[{"given":["a"],"_given":[{"id":"x"}]}]}`,
	`{"resourceType":"Patient","name":{},"contact":[{}],"shoe":[{"a":[1]}],"gender":5}`,
	`{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a<br/>&amp; b</div>"}}`,
	`{"resourceType":"Patient","active":true,"active":false}`,
	`{"resourceType":"Patient","gender":"male","extension":[{"extension":[{"valueCode":"x","url":"v","id":"i"}],"_valueString":{"id":"y"},"url":"u"}],"id":"1","birthDate":"1950","meta":{"tag":[{"code":"a"}],"profile":["p"]}}`,
	`{"resourceType":"Patient","gender":"male","id":"1","gender":"male","extension":[{"id":"a","url":"b","id":"c"}]}`,
	`{"resourceType":"Patient","link":[],"communication":[],"contact":[],"photo":[],"maritalStatus":{},"address":[],"deceasedBoolean":true,"birthDate":"1950","gender":"male","telecom":[],"name":[],"active":true,"identifier":[]}`,
	`{"resourceType":"Patient","active":true,"id":"1","resourceType":"Patient"}`,
	`{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"u","resource":{"resourceType":"Patient","active":true}},{"resource":{"resourceType":"Patient","gender":"male","active":true}},{"resource":{"resourceType":"Shoe"}},{"resource":{"id":"1","resourceType":"Patient"}}]}`,
	`{"resourceType":"Patient",}`,
	`{"resourceType":"Patient","active":true}x`,
	"{\"resourceType\":\"Patient\",\"language\":\"\xff\"}",
}

// holdWritten compares what is written as it is read with what is gathered first, and
// reports whether the text was written so.
func holdWritten(t *testing.T, text []byte) bool {
	t.Helper()
	s := writeStream{schema: schema.R4(), memory: newMemory(true)}
	got, ok := s.append([]byte("kept"), text)
	for range 3 { // written, remembered, recalled
		if again, okAgain := s.append([]byte("kept"), text); okAgain != ok || !bytes.Equal(got, again) {
			t.Fatalf("%s\nis written as %s, then %s", text, got, again)
		}
	}
	if !ok {
		return false
	}
	if i := bytes.Index(text, []byte(`"entry":[`)); i > 0 && bytes.HasPrefix(text, []byte(`{"resourceType":"Bundle"`)) && len(text)-i < entriesLargest && s.memory.entries.Len() != 1 {
		t.Errorf("the entries of %.200s are not remembered", text)
	}
	want, err := appendGathered(schema.R4(), []byte("kept"), text)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s\nis written as %s\n    gathered %s (%v)", text, got, want, err)
	}
	return true
}

// TestWrittenIsGathered: what is written of HL7's examples as they are read is what is
// written of gathered members, and most are.
func TestWrittenIsGathered(t *testing.T) {
	t.Parallel()
	for _, text := range written {
		holdWritten(t, []byte(text))
	}
	lines := bytes.Split(bytes.TrimSpace(veiltest.Gunzip(t, "../../testdata/hl7-r4-examples.ndjson.gz")), []byte("\n"))
	n := 0
	for _, line := range lines {
		text, err := AppendXML(schema.R4(), nil, line)
		if err != nil {
			t.Fatal(err)
		}
		if line, err = AppendJSON(schema.R4(), nil, text); err != nil {
			t.Fatal(err)
		}
		if holdWritten(t, line) {
			n++
		}
	}
	if n < len(lines)*3/4 {
		t.Errorf("only %d of %d examples are written as they are read", n, len(lines))
	}
}

// FuzzWrittenIsGathered holds the two together, whatever the text.
func FuzzWrittenIsGathered(f *testing.F) {
	for _, text := range written {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { holdWritten(t, text) })
}
