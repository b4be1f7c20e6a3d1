package fhir

import (
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
)

// SubjectTypes returns the resource types that are about a patient, and those
// that are not.
func SubjectTypes(s *schema.Schema) (about, none []string) {
	ways := s.PatientPaths()
	for _, t := range s.Types() {
		switch {
		case t.Kind != schema.ResourceKind || t.Abstract:
		case t.Name == "Patient" || len(ways[t.Name].Direct) > 0:
			about = append(about, t.Name)
		default:
			none = append(none, t.Name)
		}
	}
	return about, none
}

// AgeCategory is the extension of dates that would reveal an age over 89.
const AgeCategory = ageCategoryURL

var IsInstant = lexical.IsInstant

// Probes returns the values that methods are tried on.
func Probes() map[string][]string { return probes }

// Forget clears what the walker remembers.
func (w *Walker) Forget() { w.memo.reset() }

var FormOf = formOf

// ForgetResources clears the whole resources and entries that the walker remembers, and keeps objects.
func (w *Walker) ForgetResources() {
	w.memo.resources.Reset()
	w.memo.entries.reset()
	if w.reader != nil {
		w.reader.Forget()
		w.writer.Forget()
	}
}

// RememberedEntries returns of how many Bundles the walker remembers the entries.
func (w *Walker) RememberedEntries() int {
	if w.memo.entries.table == nil {
		return 0
	}
	return w.memo.entries.table.Len()
}

// RememberedResources returns how many whole resources the walker remembers.
func (w *Walker) RememberedResources() int { return w.memo.resources.Len() }

// KnewEntries reports whether the entries of the Bundle in XML that was masked last are known.
func (w *Walker) KnewEntries() bool {
	_, serial := w.reader.Entries()
	return serial != 0
}
