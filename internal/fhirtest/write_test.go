package fhirtest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWriterTakesNoteOfSecrets(t *testing.T) {
	var planted, plain []string
	w := writer{
		plant: func(path []byte, kind, value, raw string) {
			planted = append(planted, string(path)+" "+kind+" "+value+" "+raw)
		},
		plain: func(s string) { plain = append(plain, s) },
		ascii: true,
	}
	w.value(obj{
		"resourceType", "Patient",
		"id", own{"Patient", "p-1"},
		"active", true,
		"multipleBirthInteger", 2,
		"name", arr{obj{"family", secret{"name", "Nuñez"}, "given", nil}},
		"extension", arr{obj{"valueDecimal", secretNum{"geo", "4.50"}, "valueString", mix{"at ", mix{secret{"note", `"x"`}}, hidden("T10")}}},
		"link", arr{obj{"other", obj{"reference", ref{"Patient", "p-2", versioned}}}},
		"managingOrganization", obj{"reference", ref{id: "o", form: fragment}},
	})
	const want = `{"resourceType":"Patient","id":"p-1","active":true,"multipleBirthInteger":2,"name":[{"family":"Nu\u00f1ez"}],` +
		`"extension":[{"valueDecimal":4.50,"valueString":"at \"x\"T10"}],"link":[{"other":{"reference":"Patient/p-2/_history/1"}}],` +
		`"managingOrganization":{"reference":"#o"}}`
	if string(w.buf) != want {
		t.Errorf("wrote %s", w.buf)
	}
	wantPlanted := []string{
		"Patient.id id p-1 p-1",
		`Patient.name.family name Nuñez Nu\u00f1ez`,
		"Patient.extension.valueDecimal geo 4.50 4.50",
		`Patient.extension.valueString note "x" \"x\"`,
		"Patient.link.other.reference id p-2 p-2",
	}
	if !slices.Equal(planted, wantPlanted) {
		t.Errorf("planted %q", planted)
	}
	if !slices.Equal(plain, []string{"Patient", "at "}) {
		t.Errorf("plain strings are %q", plain)
	}
	for _, s := range w.spans {
		if id := string(w.buf[s.idStart:s.idEnd]); s.target != "Patient/"+id {
			t.Errorf("the span of %s has %s", s.target, id)
		}
	}
	if len(w.spans) != 2 || !w.spans[0].own || w.spans[1].own || string(w.buf[w.spans[1].start:w.spans[1].end]) != "Patient/p-2/_history/1" {
		t.Errorf("spans are %+v", w.spans)
	}
}

func FuzzAppendEscaped(f *testing.F) {
	for _, s := range []string{"", "José", `a"b\c`, "美玲\n\x00", "𝄞"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, ascii bool) {
		if !utf8.ValidString(s) {
			return // the generator has no such text
		}
		b := append(appendEscaped([]byte{'"'}, s, ascii), '"')
		var got string
		if err := json.Unmarshal(b, &got); err != nil || got != s {
			t.Errorf("reads as %q (%v)", got, err)
		}
		if ascii && strings.ContainsFunc(string(b), func(r rune) bool { return r >= utf8.RuneSelf }) {
			t.Error("not ASCII")
		}
	})
}
