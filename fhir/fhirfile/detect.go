package fhirfile

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/file"
)

// Detect implements file.Format. The text says what form it has; what does not begin as
// one is only taken if its name says that it is to be one, or if it has no name and another
// line begins as one: the first may be damaged.
func (f *format) Detect(name string, beginning []byte) bool {
	text := bytes.TrimPrefix(beginning, fhirjson.ByteOrderMark)
	i := fhirjson.SkipSpace(text, 0)
	if i < len(text) && text[i] == '[' || file.IsUTF16(beginning) { // an array is not a resource, and neither are its lines
		return false
	}
	begins := i == len(text) || text[i] == '{' || text[i] == '<'
	named := name == "stdin" && bytes.Contains(text, []byte("\n{")) || slices.Contains([]string{".json", ".ndjson", ".jsonl", ".xml"}, strings.ToLower(filepath.Ext(name)))
	return (begins || named) && fhirjson.DetectForm(beginning) == f.form
}

// fhirRoot matches the beginning of an XML document whose root is in FHIR's namespace.
var fhirRoot = regexp.MustCompile(`^\s*(<\?[^>]*\?>\s*|<!--(?:[^-]|-[^-])*-->\s*)*<[^<>]*\sxmlns(:[^<>=\s]+)?\s*=\s*["']http://hl7\.org/fhir["']`)

// IsResource reports whether a file begins like a FHIR resource of a known type, in
// JSON, NDJSON or XML.
func IsResource(a *fhir.Automaton, beginning []byte) bool {
	text := bytes.TrimPrefix(beginning, fhirjson.ByteOrderMark)
	i := fhirjson.SkipSpace(text, 0)
	if i < len(text) && text[i] == '<' {
		return fhirRoot.Match(text)
	}
	typ, ok := resourceType(text, i)
	return ok && a.Schema().ShapeOf(typ) != nil
}

// resourceType returns the resourceType of the object at text[i], as far as text has it.
func resourceType(text []byte, i int) ([]byte, bool) {
	if i >= len(text) || text[i] != '{' {
		return nil, false
	}
	var f fhirjson.Fault
	for i = fhirjson.SkipSpace(text, i+1); i < len(text) && text[i] == '"'; i = fhirjson.SkipSpace(text, i+1) {
		end, _ := fhirjson.ScanString(text, i, &f)
		if end < 0 {
			return nil, false
		}
		name := fhirjson.AppendUnescaped(nil, text[i+1:end-1])
		value := fhirjson.ScanColon(text, end, &f)
		if value < 0 {
			return nil, false
		}
		if i = fhirjson.SkipValue(text, value, 0, &f); i < 0 {
			return nil, false
		}
		if string(name) == "resourceType" && text[value] == '"' {
			return fhirjson.AppendUnescaped(nil, text[value+1:i-1]), true
		}
		if i = fhirjson.SkipSpace(text, i); i >= len(text) || text[i] != ',' {
			return nil, false
		}
	}
	return nil, false
}
