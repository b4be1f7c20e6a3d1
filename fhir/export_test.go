package fhir

// SubjectTypes returns the resource types that are about a patient, and those
// that are not.
func SubjectTypes(s *Schema) (about, none []string) {
	ways := leadsOf(s)
	for _, t := range s.Types() {
		switch {
		case t.Kind != ResourceKind || t.Abstract:
		case t.Name == "Patient" || len(ways[t.Name].direct) > 0:
			about = append(about, t.Name)
		default:
			none = append(none, t.Name)
		}
	}
	return about, none
}

var IsInstant = isInstant

// Probes returns the values that methods are tried on.
func Probes() map[string][]string { return probes }

var FormOf = formOf
