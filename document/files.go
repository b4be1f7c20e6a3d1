package document

import "fmt"

// Files say which files hold documents, and of which rules. It is what the formats of
// documents have in common.
type Files struct {
	Rules *Rules
	// Document is the name of the document that every file holds; empty for those that
	// Rules.ofFile names.
	Document string
	// Any takes every file, whatever its name is.
	Any bool
	// Inspect takes files that no rule covers as well, to show that.
	Inspect bool
	// Names shows names that no rule spells out, though they can be data.
	Names bool
	// Foreign reports whether the beginning of a file is one that another format masks,
	// such as a FHIR resource; nil for never.
	Foreign func(beginning []byte) bool
}

// of names the document that a file holds, and reports whether rules are about it.
func (f *Files) of(name string) (document string, covered bool) {
	if f.Document != "" {
		return f.Document, f.Rules.Covers(f.Document)
	}
	return f.Rules.ofFile(name)
}

// Takes reports whether a file is one of documents.
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
