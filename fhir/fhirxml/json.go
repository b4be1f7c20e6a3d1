package fhirxml

import (
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
)

// appendName appends the name of a member, which needs no escapes, and its colon.
func appendName(dst []byte, prefix, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(append(append(append(dst, '"'), prefix...), name...), `":`...)
}

// appendQuoted appends a text as a string.
func appendQuoted(dst, text []byte) []byte {
	dst = append(dst, '"')
	if fhirjson.IsPlain(text) {
		dst = append(dst, text...)
	} else {
		dst = fhirjson.AppendEscaped(dst, text)
	}
	return append(dst, '"')
}

// appendLiteral appends a value as its type is written in JSON, or as a string if it does
// not have that form.
func appendLiteral(dst []byte, kind schema.JSONKind, value []byte) []byte {
	var f fhirjson.Fault
	if kind == schema.JSONNumber && len(value) > 0 && fhirjson.ScanNumber(value, 0, &f) == len(value) ||
		kind == schema.JSONBool && (string(value) == "true" || string(value) == "false") {
		return append(dst, value...)
	}
	return appendQuoted(dst, value)
}
