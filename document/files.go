package document

import "fmt"

// Files says which files hold documents, and which rules apply to them. The formats of
// documents share it.
type Files struct {
	Rules *Rules
	// Document is the name of the document that every file holds; empty for those that
	// Rules.ofFile names.
	Document string
	// Any accepts every file, whatever its name.
	Any bool
	// Inspect also accepts files that no rule covers, in order to show that.
	Inspect bool
	// Names shows names that no rule spells out, even though they can be data.
	Names bool
	// Foreign reports whether a file, by its beginning, belongs to another format, such as
	// a FHIR resource. Nil means never.
	Foreign func(beginning []byte) bool
}

// of names the document in a file, and reports whether rules cover it.
func (f *Files) of(name string) (document string, covered bool) {
	if f.Document != "" {
		return f.Document, f.Rules.Covers(f.Document)
	}
	return f.Rules.ofFile(name)
}

// Takes reports whether a file holds documents.
func (f *Files) Takes(name string, beginning []byte) bool {
	if f.Any {
		return true
	}
	if f.Foreign != nil && f.Foreign(beginning) {
		return false
	}
	_, covered := f.of(name)
	return covered || f.Inspect || f.Document != ""
}

// Plan returns the plan of the document that a file holds.
func (f *Files) Plan(name string) (*Plan, error) {
	document, covered := f.of(name)
	if !covered && !f.Inspect {
		return nil, fmt.Errorf("no rule covers document %q%s: see veil mask --check", document, f.Rules.Nearest(document))
	}
	return f.Rules.Plan(document)
}
