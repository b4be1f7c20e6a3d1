package fhir

import "errors"

var errXML = errors.New("FHIR XML is not read yet")

// AppendXML appends the XML form of a resource in JSON.
func (s *Schema) AppendXML(dst, src []byte, pretty bool) ([]byte, error) { return dst, errXML }

// AppendJSONFromXML appends the JSON form of a resource in XML.
func (s *Schema) AppendJSONFromXML(dst, src []byte) ([]byte, error) { return dst, errXML }
