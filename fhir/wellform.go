package fhir

import (
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
)

// formOf returns the check of what an element's values must be: a code that R4
// requires to be in a value set is one of it.
func formOf(e *schema.Element, et schema.ElementType) func(text []byte) bool {
	if et.Code == "code" && e.Binding.Strength == "required" && e.Binding.ValueSet != nil {
		return e.Binding.ValueSet.Contains
	}
	return formOfType(et.Code)
}

// formOfType returns the check of a primitive type's values, or nil.
func formOfType(typ string) func(text []byte) bool {
	if typ == "xhtml" {
		return fhirxml.IsXHTML
	}
	return lexical.Form(typ)
}
