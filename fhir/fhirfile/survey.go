package fhirfile

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/file"
)

var _ file.Surveyor = (*format)(nil)

// Survey implements file.Surveyor: where texts are scrubbed, the people of all files are
// known before the first text is.
func (f *format) Survey() file.Survey {
	if f.people == nil {
		return nil
	}
	return peopleSurvey{f}
}

// peopleSurvey reads files for the people in them.
type peopleSurvey struct{ *format }

// Open implements file.Survey.
func (f peopleSurvey) Open(in file.Source) (file.Document, error) {
	doc, err := f.format.Open(in)
	if err != nil {
		f.people.Unread()
	}
	return doc, err
}

// Unread implements file.Survey.
func (f peopleSurvey) Unread() { f.people.Unread() }

// Missed implements file.Survey.
func (f peopleSurvey) Missed() []string { return f.people.Missed() }

// Read implements file.Survey.
func (f peopleSurvey) Read(doc file.Document) error {
	var buf []byte
	return doc.Split(func() []byte { return buf[:0] }, func(b file.Block) error {
		buf = b.Text
		text := bytes.TrimPrefix(b.Text, fhirjson.ByteOrderMark)
		switch f.form {
		case fhirjson.OneResource:
			return f.people.Add(text)
		case fhirjson.OneXMLResource:
			resource, err := fhirxml.AppendJSON(f.automaton.Schema(), nil, text)
			if err != nil {
				return nil //nolint:nilerr // reported when the file is masked
			}
			return f.people.Add(resource)
		}
		for line := range bytes.SplitSeq(text, []byte{'\n'}) {
			if err := f.people.Add(line); err != nil {
				return err
			}
		}
		return nil
	})
}
