package fhirxml

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/fhirtest"
)

// bundles are Bundles to be read in parts, and what is not.
func bundles(t testing.TB) [][]byte {
	t.Helper()
	const start = `<Bundle xmlns="http://hl7.org/fhir">`
	all := [][]byte{
		[]byte(start + `<id value="b"/><type value="collection"/><entry><resource><Patient><active value="true"/></Patient></resource></entry> <!-- x --> <entry/><signature><who><display value="x"/></who></signature></Bundle> `),
		[]byte(`<?xml version="1.0"?><!-- <entry> -->` + strings.Replace(start, ">", ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://hl7.org/fhir x.xsd">`, 1) + `<type value="collection"/><entry><resource><Patient><name/><active value="true"/><!-- <![CDATA[ --><id value="1"/></Patient></resource></entry><entry><fullUrl value="&#x41;é"/></entry></Bundle>`),
		[]byte(start + `<entry><shoe/></entry><entry><x:shoe xmlns:x="urn:x"/><resource><List><entry><item><reference value="a"/></item></entry></List></resource></entry></Bundle>`),
		[]byte(start + `<entry/><type value="late"/></Bundle>`),
		[]byte(start + `<entry><resource><Patient></resource></entry></Bundle>`),
		[]byte(start + `<entry xmlns="urn:x"/><entry/></Bundle>`),
		[]byte(start + `<entry/>`),
		[]byte(start + `<type value="collection"/></Bundle>`),
		[]byte(`<Patient xmlns="http://hl7.org/fhir"/>`),
	}
	p := fhirtest.Generate(5, 1)
	text, err := AppendXML(schema.R4(), nil, p.PatientBundle(p.PatientIDs()[0], fhirtest.Collection))
	if err != nil {
		t.Fatal(err)
	}
	return append(all, text)
}

// readInParts reads a Bundle that arrives in parts of a size.
func readInParts(text []byte, size int) (out []byte, err error) {
	r := NewBundleReader(schema.R4())
	for len(text) > 0 && err == nil {
		n := min(size, len(text))
		r.Feed(text[:n])
		text = text[n:]
		out, err = r.Next(out)
	}
	if err == nil {
		out, err = r.Finish(out)
	}
	return out, err
}

// holdInParts compares what is read in parts with what is read whole, and reports whether
// it could be read in parts.
func holdInParts(t *testing.T, text []byte, size int) bool {
	t.Helper()
	got, err := readInParts(text, size)
	want, wantErr := AppendJSON(schema.R4(), nil, text)
	syntax := (*fhirjson.SyntaxError)(nil)
	switch {
	case errors.Is(err, errNotInParts):
		return false
	case err == nil && (wantErr != nil || !bytes.Equal(got, want)):
		t.Fatalf("%.2000s\nis in parts of %d %.2000s\n whole %.2000s (%v)", text, size, got, want, wantErr)
	case err != nil && (!errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(text)):
		t.Fatalf("%.2000s\nhas the error %v", text, err)
	}
	return err == nil
}

// TestBundleReader: a Bundle read in parts is what it is whole, whatever the parts.
func TestBundleReader(t *testing.T) {
	t.Parallel()
	for k, text := range bundles(t) {
		inParts := k < 3 || k == len(bundles(t))-1
		for _, size := range []int{1, 7, 100, 4096, 1 << 20} {
			if size == 1 && len(text) > 10_000 {
				continue
			}
			if got := holdInParts(t, text, size); got != inParts {
				t.Errorf("text %d is read in parts of %d: %v", k, size, got)
			}
		}
	}
}

// TestBundleReaderKeepsLittle: what has been read is not kept.
func TestBundleReaderKeepsLittle(t *testing.T) {
	t.Parallel()
	all := bundles(t)
	text := all[len(all)-1]
	end := bytes.LastIndex(text, []byte("</Bundle>"))
	entries := text[bytes.Index(text, []byte("<entry>")):end]
	r := NewBundleReader(schema.R4())
	r.Feed(text[:end])
	var out []byte
	for range 50 {
		r.Feed(entries[:len(entries)/2])
		r.Feed(entries[len(entries)/2:])
		var err error
		if out, err = r.Next(out[:0]); err != nil {
			t.Fatal(err)
		}
		if r.Waiting() > 0 || cap(r.buf) > 16*len(text) {
			t.Fatalf("%d bytes wait, of %d", r.Waiting(), cap(r.buf))
		}
	}
}

// FuzzBundleReader holds reading in parts to reading whole.
func FuzzBundleReader(f *testing.F) {
	for k, text := range bundles(f) {
		if len(text) < 2000 {
			f.Add(text, k*5+1)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, size int) { holdInParts(t, text, max(1, size)) })
}
