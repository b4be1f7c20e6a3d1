package fhirtest

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestAttachmentsHoldNotes(t *testing.T) {
	p := Generate(1, 8)
	notes := map[string]int{}
	eachObject(t, p, func(r Resource, o map[string]any) {
		data, ok := o["data"].(string)
		if !ok || r.Type == "Provenance" || r.Type == "Patient" {
			return // a signature, a photo
		}
		text, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			t.Fatalf("%s: %v", r.Type, err)
		}
		if size, ok := o["size"].(float64); ok && int(size) != len(text) {
			t.Errorf("%s: size is not that of the data", r.Type)
		}
		if len(p.Find(text)) == 0 {
			t.Errorf("%s: an attachment names nobody", r.Type)
		}
		if pdf := strings.HasPrefix(string(text), "%PDF-"); pdf != (o["contentType"] == "application/pdf") {
			t.Errorf("%s: the type of the content is another", r.Type)
		}
		notes[r.Type]++
	})
	for _, typ := range []string{"DiagnosticReport", "DocumentReference", "Communication", "Binary"} {
		if notes[typ] == 0 {
			t.Errorf("no %s has a note", typ)
		}
	}
}
