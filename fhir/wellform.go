package fhir

// formOf returns the check of what an element's values must be: a code that R4
// requires to be in a value set is one of it.
func formOf(e *Element, et ElementType) func(text []byte) bool {
	if et.Code == "code" && e.Binding.Strength == "required" && e.Binding.ValueSet != nil {
		return e.Binding.ValueSet.Contains
	}
	return lexicalForms[et.Code]
}
