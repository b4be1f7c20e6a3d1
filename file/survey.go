package file

import (
	"errors"
	"fmt"
	"slices"
)

// survey reads the inputs whose formats require it before any is masked. A file that
// cannot be read is reported when its turn comes.
func (r *run) survey() error {
	if !slices.ContainsFunc(r.Formats, func(f Format) bool { return surveyOf(f) != nil }) {
		return nil
	}
	opened := r.Opened
	r.Opened, r.surveys = nil, true // documents are opened for masking once
	defer func() { r.Opened, r.surveys = opened, false }()
	for _, in := range r.paths.inputs {
		if in.name == "-" || !in.object && (in.info == nil || !in.info.Mode().IsRegular()) {
			continue
		}
		if err := r.surveyFile(in); err != nil {
			return err
		}
	}
	r.read.Store(0)
	return nil
}

func (r *run) surveyFile(in *input) error {
	f, err := r.open(in, false)
	if err != nil {
		r.unread()
		return nil //nolint:nilerr // reported when its turn comes
	}
	defer f.close()
	format, doc, err := r.document(in, f)
	var unreadable unreadable
	if errors.As(err, &unreadable) {
		if format == nil {
			r.unread()
		}
		return nil
	}
	survey := surveyOf(format)
	if err != nil || survey == nil {
		return err
	}
	if err := survey.Read(doc); err != nil {
		return fmt.Errorf("%s: %w", in.display, err)
	}
	return nil
}

// unread tells all surveys about a file whose format is unknown.
func (r *run) unread() {
	for _, f := range r.Formats {
		if s := surveyOf(f); s != nil {
			s.Unread()
		}
	}
}

// surveyOf is the survey of a format, or nil.
func surveyOf(f Format) Survey {
	if s, ok := f.(Surveyor); ok {
		return s.Survey()
	}
	return nil
}

// missed reports what surveys did not find.
func (r *run) missed() {
	for _, f := range r.Formats {
		if s := surveyOf(f); s != nil {
			for _, what := range s.Missed() {
				r.report(Problem{What: what})
			}
		}
	}
}
