package fhirjson

import "fmt"

// SyntaxError says where a text is not a FHIR resource in JSON or XML. It never
// contains a value.
type SyntaxError struct {
	// Offset is the position of the fault in bytes, from 0.
	Offset int
	// Path is the element that was being read, such as "Patient.name".
	Path string
	What string
}

func (e *SyntaxError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("byte %d: %s", e.Offset, e.What)
	}
	return fmt.Sprintf("%s (byte %d): %s", e.Path, e.Offset, e.What)
}
