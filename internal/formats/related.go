package formats

import (
	"errors"
	"io"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table"
)

// surveying returns the format of tables that open makes. Where a rule names related rows,
// files are read for them first.
func (r *Rules) surveying(o table.Options, open func(table.Options) (file.Format, error)) ([]file.Format, error) {
	f, err := open(o)
	if err != nil || r.related == nil {
		return []file.Format{f}, err
	}
	o.Survey = true
	survey, err := open(o)
	return []file.Format{&surveyor{f, relatedSurvey{survey, r.related}}}, err
}

// surveyor is a format of tables whose files are read first, for related rows.
type surveyor struct {
	file.Format
	survey relatedSurvey
}

// Survey implements file.Surveyor.
func (s *surveyor) Survey() file.Survey { return s.survey }

// relatedSurvey collects related rows.
type relatedSurvey struct {
	file.Format // its plans collect the rows
	rows        *table.RelatedRows
}

// Open implements file.Survey. A table of which no rule names anything is not read.
func (s relatedSurvey) Open(in file.Source) (file.Document, error) {
	doc, err := s.Format.Open(in)
	if err != nil && !errors.Is(err, table.ErrUncovered) {
		s.rows.Unread()
	}
	return doc, err
}

// Read implements file.Survey. What cannot be read is reported when the file is masked.
func (s relatedSurvey) Read(doc file.Document) error {
	m, merger := doc.NewMasker(false), doc.NewMerger(io.Discard)
	var out []byte
	err := doc.Split(func() []byte { return nil }, func(b file.Block) error {
		var r file.Result
		if out = m.AppendMasked(out[:0], b, &r); len(r.Bad) > 0 {
			s.rows.Unread()
		}
		return merger.Append(out)
	})
	if err != nil {
		s.rows.Unread()
	}
	return nil
}

// Unread implements file.Survey.
func (s relatedSurvey) Unread() { s.rows.Unread() }

// Missed implements file.Survey.
func (s relatedSurvey) Missed() []string { return s.rows.Missed() }
