package file

import (
	"errors"
	"fmt"
	"slices"
)

// survey reads the inputs whose formats want that before any is masked. A file that cannot
// be read is reported when its turn comes.
func (r *run) survey() error {
	surveys := func(f Format) bool {
		s, ok := f.(Surveyor)
		return ok && s.Survey() != nil
	}
	if !slices.ContainsFunc(r.Formats, surveys) {
		return nil
	}
	opened := r.Opened
	r.Opened = nil // documents are opened for masking once
	defer func() { r.Opened = opened }()
	for _, in := range r.paths.inputs {
		if in.name == "-" || !in.object && (in.info == nil || !in.info.Mode().IsRegular()) {
			continue
		}
		if err := r.surveyFile(in, surveys); err != nil {
			return err
		}
	}
	r.read.Store(0)
	return nil
}

func (r *run) surveyFile(in *input, surveys func(Format) bool) error {
	f, err := r.open(in, false)
	if err != nil {
		return nil //nolint:nilerr // reported when its turn comes
	}
	defer f.close()
	format, doc, err := r.document(in, f)
	var unreadable unreadable
	if errors.As(err, &unreadable) {
		return nil
	}
	if err != nil || !surveys(format) {
		return err
	}
	if err := format.(Surveyor).Survey()(doc); err != nil {
		return fmt.Errorf("%s: %w", in.display, err)
	}
	return nil
}
