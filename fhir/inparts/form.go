package inparts

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/fhirxml"
)

// form is how the masked Bundle is written: as JSON, or by xml.
type form struct {
	xml    *fhirxml.Writer
	masked []byte // entries in JSON
	text   []byte // a Bundle to be written
	out    []byte // as XML
}

// into is what masked entries are appended to: to what has been sent, or to nothing.
func (f *form) into(dst []byte) []byte {
	if f.xml == nil {
		return dst
	}
	return f.masked[:0]
}

// entries appends masked entries, which were appended to into(dst).
func (f *form) entries(dst, masked []byte) ([]byte, error) {
	if f.xml == nil {
		return masked, nil
	}
	f.masked = masked
	i := fhirjson.SkipSpace(masked, 0)
	if i < len(masked) && masked[i] == ',' {
		i++
	}
	f.text = append(append(append(f.text[:0], fhir.BundleHead...), masked[i:]...), "]}"...)
	out, err := f.xml.AppendXML(f.out[:0], f.text)
	if err != nil {
		return dst, err
	}
	f.out = out
	start := bytes.IndexByte(out, '>') + 1
	return append(dst, bytes.TrimSuffix(out[start:], []byte(bundleEnd))...), nil
}

const (
	bundleEnd = "</Bundle>"
	anyEntry  = `<entry><fullUrl value="urn:x"/></entry>`
)

// split returns what precedes and follows the entries of a masked frame. There is no head
// if the frame has no entries.
func (f *form) split(frame []byte) (head, tail []byte, err error) {
	from, to, ok := edit.Member(frame, "entry")
	switch {
	case !ok:
		return nil, nil, nil
	case f.xml == nil:
		return frame[: from+1 : from+1], frame[from+1:], nil
	}
	text := append(append(bytes.Clone(frame[:from]), `[{"fullUrl":"urn:x"}]`...), frame[to:]...)
	out, err := f.xml.AppendXML(nil, text)
	if err != nil {
		return nil, nil, err
	}
	// Nothing of a Bundle but its entries has this as an element, and no text a tag.
	head, tail, ok = bytes.Cut(out, []byte(anyEntry))
	if !ok {
		return nil, nil, nil
	}
	return head[:len(head):len(head)], tail, nil
}

// frame appends a masked Bundle that has no entries.
func (f *form) frame(dst, frame []byte) ([]byte, error) {
	if f.xml == nil {
		return append(dst, frame...), nil
	}
	return f.xml.AppendXML(dst, frame)
}
