package fhirproxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/veil-proxy/veil/fhir"
)

// errRequestBody is returned for a request body that could be read in two ways,
// or in none.
var errRequestBody = errors.New("the body is not one JSON object with each name once")

// requestJSON returns the body of a request as JSON: FHIR XML is turned into it.
func requestJSON(body []byte) ([]byte, error) {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '<' {
		return fhir.R4().AppendJSONFromXML(nil, body)
	}
	return body, nil
}

// members reads a JSON object strictly: names are compared as they are, each may
// stand once, and nothing may stand behind. encoding/json alone takes names in
// any case and the last of several.
func members(src []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(src))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errRequestBody
	}
	found := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errRequestBody
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil || found[name.(string)] != nil {
			return nil, errRequestBody
		}
		found[name.(string)] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errRequestBody
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errRequestBody
	}
	return found, nil
}

// texts reads members that are strings. Others than those listed, and values of
// another kind, are refused.
func texts(src []byte, into map[string]*string) error {
	found, err := members(src)
	for name, value := range found {
		if into[name] == nil || value[0] != '"' || json.Unmarshal(value, into[name]) != nil {
			return errRequestBody
		}
	}
	return err
}
