package fhirjson_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir/fhirjson"
)

func TestDetectForm(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       fhirjson.Form
	}{
		{"one compact line", `{"resourceType":"Patient"}`, fhirjson.NDJSON},
		{"two lines", "{\"a\":1}\n{\"b\":2}\n", fhirjson.NDJSON},
		{"carriage returns", "{\"a\":1}\r\n{\"b\":2}\r\n", fhirjson.NDJSON},
		{"empty lines first", "\n\n{\"a\":1}\n{\"b\":2}", fhirjson.NDJSON},
		{"a byte order mark", "\xef\xbb\xbf{\"a\":1}\n{\"b\":2}", fhirjson.NDJSON},
		{"a broken first line", "{broken\n{\"b\":2}\n", fhirjson.NDJSON},
		{"pretty", "{\n  \"resourceType\": \"Patient\"\n}\n", fhirjson.OneResource},
		{"pretty, without indent", "{\n\"resourceType\": \"Patient\",\n\"contact\":\n[{}]}\n", fhirjson.OneResource},
		{"XML", "<Patient xmlns=\"http://hl7.org/fhir\"/>", fhirjson.OneXMLResource},
		{"XML behind a mark and space", "\xef\xbb\xbf\r\n <?xml version=\"1.0\"?>\n<Patient/>", fhirjson.OneXMLResource},
		{"one pretty line too many", "{\"resourceType\":\n\"Patient\"}", fhirjson.OneResource},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := fhirjson.DetectForm([]byte(tc.text)); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// TestSplitNDJSON: blocks end at line ends, nothing is lost, lines are numbered.
func TestSplitNDJSON(t *testing.T) {
	var in strings.Builder
	for i := range 1000 {
		in.WriteString(strings.Repeat("x", i%97) + "\n")
	}
	in.WriteString("no line feed at the end")
	var out bytes.Buffer
	next := 1
	err := fhirjson.SplitNDJSON(strings.NewReader(in.String()), 500, 1000, func() []byte { return nil }, func(block []byte, line int) error {
		if line != next {
			t.Fatalf("block begins at line %d, want %d", line, next)
		}
		next += bytes.Count(block, []byte("\n"))
		out.Write(block)
		return nil
	})
	if err != nil || out.String() != in.String() {
		t.Errorf("%d bytes of %d, %v", out.Len(), in.Len(), err)
	}
	err = fhirjson.SplitNDJSON(strings.NewReader("a\n"+strings.Repeat("x", 2000)), 500, 1000, func() []byte { return nil }, func(block []byte, _ int) error {
		if string(block) != "a\n" {
			t.Errorf("block is %d bytes", len(block))
		}
		return nil
	})
	if !errors.Is(err, fhirjson.ErrLineTooLong) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v", err)
	}
}
