// Package fhirfile masks files of FHIR resources: NDJSON, and single resources or
// Bundles in JSON and XML.
//
//	job := file.Job{Formats: fhirfile.Formats(automaton, site), …}
//
// The formats are values of file.Format; this package knows nothing of where files
// come from and where they go.
package fhirfile

import (
	"fmt"
	"io"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/file"
)

// The largest resource, Bundle or line that is masked. XML takes a tree of many
// times its size.
const (
	maxResource    = 256 << 20
	maxXMLResource = 64 << 20
)

// Formats returns the formats of FHIR, masked by a compiled ruleset. site may be nil.
func Formats(a *fhir.Automaton, site *fhir.Site) []file.Format {
	e := &engine{a, site, lossesOf(a)}
	return []file.Format{
		&format{engine: e, form: fhirjson.NDJSON, name: "FHIR NDJSON", extension: ".ndjson"},
		&format{engine: e, form: fhirjson.OneResource, name: "FHIR JSON", extension: ".ndjson"},
		&format{engine: e, form: fhirjson.OneXMLResource, name: "FHIR XML", extension: ".xml"},
	}
}

// engine is what the formats share.
type engine struct {
	automaton *fhir.Automaton
	site      *fhir.Site
	losses    []loss
}

// format is one form of FHIR.
type format struct {
	*engine
	form            fhirjson.Form
	name, extension string
}

// Info implements file.Format.
func (f *format) Info() file.Info {
	info := file.Info{Name: f.name, Unit: "resource", Extension: f.extension, Empty: "the file contains no FHIR resource", Plan: f.automaton.Plan}
	for _, l := range f.losses {
		info.Losses = append(info.Losses, l.what)
	}
	return info
}

// Detect implements file.Format. The name of a file says nothing.
func (f *format) Detect(_ string, beginning []byte) bool {
	return fhirjson.DetectForm(beginning) == f.form
}

// Split implements file.Format: blocks of NDJSON are of whole lines, any other file
// is one block.
func (f *format) Split(in file.Source, buffer func() []byte, emit func(file.Block) error) error {
	if f.form == fhirjson.NDJSON {
		return fhirjson.SplitNDJSON(in, file.BlockBytes, maxResource, buffer, func(block []byte, line int) error {
			return emit(file.Block{Text: block, Line: line})
		})
	}
	limit := maxResource
	if f.form == fhirjson.OneXMLResource {
		limit = maxXMLResource
	}
	text, err := io.ReadAll(io.LimitReader(in, int64(limit)+1))
	if err != nil {
		return err
	}
	if len(text) > limit {
		return fmt.Errorf("the resource is larger than %d bytes", limit)
	}
	return emit(file.Block{Text: text, Line: 1})
}

// NewMasker implements file.Format.
func (f *format) NewMasker(detail bool) file.Masker { return newMasker(f, detail) }

// NewMerger implements file.Format.
func (f *format) NewMerger(out io.Writer) file.Merger { return file.Concatenate(out) }
