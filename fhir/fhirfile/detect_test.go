package fhirfile

import (
	"testing"

	"golang.org/x/text/encoding/unicode"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/text/scrub"
)

// TestDetect: what is FHIR, or is damaged FHIR by its name or a line of it, and what is
// another format, for which the error says what to do.
func TestDetect(t *testing.T) {
	t.Parallel()
	const patient, xml = `{"resourceType":"Patient","id":"1"}` + "\n", `<Patient xmlns="http://hl7.org/fhir"><id value="1"/></Patient>`
	utf16 := func(order unicode.Endianness, s string) string {
		text, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	lib, err := rules.New(nil, general.Methods(), safeharbor.Methods(), fhir.Methods(), table.Methods(), scrub.Methods(nil))
	if err != nil {
		t.Fatal(err)
	}
	a, err := lib.Public("safe-harbor")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"stdin", patient, true}, {"stdin", "\ufeff\n " + patient, true}, {"stdin", xml, true}, {"stdin", "damaged\r\n" + patient, true}, {"a.ndjson", "damaged", true}, {"a", patient, true},
		{"stdin", "id,sex\n1,female\n", false}, {"stdin", "{\"a\"", true}, {"stdin", "[" + patient + "]", false}, {"a.json", "[" + patient + "]", false}, {"a.dat", "damaged\n" + patient, false},
		{"a.ndjson", utf16(unicode.LittleEndian, patient), false}, {"a.json", utf16(unicode.BigEndian, patient), false}, {"a.xml", utf16(unicode.LittleEndian, xml), false}, {"stdin", utf16(unicode.BigEndian, xml), false},
	} {
		got := false
		for _, f := range Formats(a, nil) {
			got = got || f.Detect(c.name, []byte(c.text))
		}
		if got != c.want {
			t.Errorf("%s: %.40q: %v, want %v", c.name, c.text, got, c.want)
		}
	}
}
