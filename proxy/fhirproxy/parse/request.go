package parse

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
)

// ErrBody is returned for a request body that is ambiguous or malformed.
var ErrBody = errors.New("the body is not a single JSON object without duplicate names")

// JSON returns the body of a request as JSON. It converts FHIR XML.
func JSON(s *schema.Schema, body []byte) ([]byte, error) {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '<' {
		return fhirxml.AppendJSON(s, nil, body)
	}
	return body, nil
}

// Members reads a JSON object strictly: names are case-sensitive, each may occur once,
// and nothing may follow the object. encoding/json alone ignores case and takes the
// last of several.
func Members(src []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(src))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, ErrBody
	}
	found := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, ErrBody
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil || found[name.(string)] != nil {
			return nil, ErrBody
		}
		found[name.(string)] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, ErrBody
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrBody
	}
	return found, nil
}

// Texts reads members that are strings. It refuses members that are not listed and
// values of other types.
func Texts(src []byte, into map[string]*string) error {
	found, err := Members(src)
	for name, value := range found {
		if into[name] == nil || value[0] != '"' || json.Unmarshal(value, into[name]) != nil {
			return ErrBody
		}
	}
	return err
}
