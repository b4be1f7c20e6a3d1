// Package fhirfile masks files of FHIR resources: NDJSON, and single resources or
// Bundles in JSON and XML.
//
//	job := file.Job{Formats: fhirfile.Formats(automaton, site), …}
//
// The formats are values of file.Format; this package does not know where files come
// from or go to.
package fhirfile

import (
	"fmt"
	"io"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/inparts"
	"github.com/veil-proxy/veil/fhir/people"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
)

// The largest resource or line that is masked, and the largest Bundle that needs more
// than one entry at a time in memory. XML can need a tree many times its size.
const (
	maxResource    = 256 << 20
	maxXMLResource = 64 << 20
)

// Formats returns the FHIR formats, masked by a compiled ruleset. site may be nil.
func Formats(a *fhir.Automaton, site *fhir.Site) []file.Format {
	e := &engine{automaton: a, site: site, losses: lossesOf(a)}
	if a.ScrubsTexts() {
		own := fhir.Site{}
		if site != nil {
			own = *site
		}
		e.people = people.NewIndex(a.Schema(), own.Relative())
		own.People = e.people.People
		e.site = &own
	}
	e.bundles = inparts.NewRules(a)
	return []file.Format{
		&format{engine: e, form: fhirjson.NDJSON, name: "FHIR NDJSON", extension: ".ndjson"},
		&format{engine: e, form: fhirjson.OneResource, name: "FHIR JSON", extension: ".ndjson"},
		&format{engine: e, form: fhirjson.OneXMLResource, name: "FHIR XML", extension: ".xml"},
	}
}

// engine has what the formats share.
type engine struct {
	automaton *fhir.Automaton
	site      *fhir.Site
	losses    []loss
	people    *people.Index // of all files, for texts; or nil
	bundles   *inparts.Rules
}

// format is one form of FHIR.
type format struct {
	*engine
	form            fhirjson.Form
	name, extension string
}

// Info implements file.Format.
func (f *format) Info() file.Info {
	info := file.Info{Name: f.name, Unit: "resource", Extension: f.extension, Empty: "the file contains no FHIR resource"}
	for _, l := range f.losses {
		info.Losses = append(info.Losses, l.what)
	}
	return info
}

// Open implements file.Format. What is wrong with a file shows when it is masked.
func (f *format) Open(in file.Source) (file.Document, error) {
	return &document{f, in}, nil
}

// document is a file of resources.
type document struct {
	*format
	in file.Source
}

// Plan implements file.Document.
func (d *document) Plan() *mask.Plan { return d.automaton.Plan }

// Split implements file.Document: blocks of NDJSON are of whole lines, any other file
// is one block.
func (d *document) Split(buffer func() []byte, emit func(file.Block) error) error {
	if d.form == fhirjson.NDJSON {
		return fhirjson.SplitNDJSON(d.in, file.BlockBytes, maxResource, buffer, func(block []byte, line int) error {
			return emit(file.Block{Text: block, Line: line})
		})
	}
	limit := maxResource
	if d.form == fhirjson.OneXMLResource {
		limit = maxXMLResource
	}
	text, err := io.ReadAll(io.LimitReader(d.in, int64(limit)+1))
	if err != nil {
		return err
	}
	if len(text) > limit {
		return fmt.Errorf("the resource is larger than %d bytes, and is not a Bundle whose entries can be masked one by one", limit)
	}
	return emit(file.Block{Text: text, Line: 1})
}

// NewMasker implements file.Document.
func (d *document) NewMasker(detail bool) file.Masker { return newMasker(d.format, detail) }

// NewMerger implements file.Document.
func (d *document) NewMerger(out io.Writer) file.Merger { return file.Concatenate(out) }
