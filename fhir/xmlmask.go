package fhir

import (
	"errors"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/mask"
)

// maxKept is how large the buffers are that a walker keeps for the next resource.
const maxKept = 4 << 20

// AppendXML masks the one resource in src, which is in the XML form, and appends it to
// dst in the same form. It converts the resource to JSON and back, so that both forms
// are masked alike: see AppendJSON for the rest, and fhirxml.AppendJSON for what is not
// read and how much memory it takes.
func (w *Walker) AppendXML(dst, src []byte, pass *mask.Pass, site *Site) ([]byte, error) {
	if w.reader == nil {
		remember := w.memo.objects != nil
		w.reader, w.writer = fhirxml.NewReader(w.a.schema, remember), fhirxml.NewWriter(w.a.schema, remember)
	}
	read, err := w.reader.AppendJSON(w.read[:0], src)
	w.read = keepable(read)
	if err != nil {
		return dst, err
	}
	w.entriesRead.at, w.entriesRead.serial = w.reader.Entries()
	masked, err := w.AppendJSON(w.masked[:0], read, pass, site)
	w.entriesRead = entriesRead{}
	w.masked = keepable(masked)
	if err == nil {
		dst, err = w.writer.AppendXML(dst, masked)
	}
	// A place in the JSON form means nothing in the XML form.
	if se := (*fhirjson.SyntaxError)(nil); errors.As(err, &se) {
		se.Offset = 0
	}
	return dst, err
}

func keepable(b []byte) []byte {
	if cap(b) > maxKept {
		return nil
	}
	return b
}
