// Package scrub has the masking method scrub: it takes out of a text what identifies
// somebody, by what is known of the people it may name and by detectors (package text).
//
// Scrubbing is not Safe Harbor: nobody can promise that nothing is missed
// (docs/text.md). A ruleset that scrubs needs the review of an expert
// (45 CFR 164.514(b)(1)).
package scrub

import (
	"encoding/base64"
	"sync"
	"unicode/utf8"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/text"
	"github.com/veil-proxy/veil/text/markup"
)

// Methods returns the methods of this package.
func Methods() []mask.Definition {
	return []mask.Definition{{
		Name: "scrub", Label: mask.LabelScrubbed, PerKnown: true,
		Summary: "takes identifiers out of a text: known ones, and those that detectors find; not Safe Harbor",
		Params: []mask.Param{
			{Name: "as", Type: mask.StringParam, OneOf: []string{"text", "xhtml", "html", "rtf"}, Doc: "what the text is; text by default"},
			{Name: "encoding", Type: mask.StringParam, OneOf: []string{"base64"}, Doc: "how the text is encoded; not at all by default"},
			{Name: "times", Type: mask.StringParam, OneOf: []string{"keep", "remove"}, Doc: "times of day; keep by default"},
			{Name: "years", Type: mask.StringParam, OneOf: []string{"keep", "remove"}, Doc: "years that stand alone; keep by default"},
			{Name: "ages", Type: mask.StringParam, OneOf: []string{"keep", "remove"}, Doc: "ages under 90; keep by default"},
			{Name: "professions", Type: mask.StringParam, OneOf: []string{"keep", "remove"}, Doc: "professions; keep by default"},
		},
		New: func(_ mask.Env, args mask.Args) (mask.Method, error) { return newMethod(args), nil },
	}}
}

// method scrubs a text. A text that is not UTF-8, is not what it should be, or whose people
// could not be had (Input.Known is nil), is Removed. A text in which nothing is found is
// Replaced by itself, so that its label says what it went through.
type method struct {
	base64  bool
	scrub   func(s *markup.Scrubber, dst, src []byte) ([]byte, error)
	workers sync.Pool
}

// worker is what scrubbing one text needs.
type worker struct {
	markup.Scrubber
	decoded, out []byte
}

func newMethod(args mask.Args) *method {
	removes := func(name string) bool { return args.String(name, "keep") == "remove" }
	options := text.Options{Times: removes("times"), Years: removes("years"), Ages: removes("ages"), Professions: removes("professions")}
	finder := sync.OnceValue(func() *text.Finder { return text.New(options) }) // dictionaries are loaded when the first text comes
	m := &method{base64: args.String("encoding", "") == "base64", scrub: markups[args.String("as", "text")]}
	m.workers.New = func() any {
		return &worker{Scrubber: markup.Scrubber{Scanner: finder().Scanner()}}
	}
	return m
}

// markups are the ways to read a text.
var markups = map[string]func(s *markup.Scrubber, dst, src []byte) ([]byte, error){
	"text": (*markup.Scrubber).AppendText, "xhtml": (*markup.Scrubber).AppendHTML, "html": (*markup.Scrubber).AppendHTML, "rtf": (*markup.Scrubber).AppendRTF,
}

// Append implements mask.Method.
func (m *method) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	if in.Known == nil {
		return dst, mask.Removed, nil
	}
	w := m.workers.Get().(*worker)
	w.Known = in.Known
	out, outcome := m.append(w, dst, src)
	w.Known = nil    // originals
	m.workers.Put(w) // not after a panic: then its state is not known
	return out, outcome, nil
}

func (m *method) append(w *worker, dst, src []byte) ([]byte, mask.Outcome) {
	if m.base64 {
		decoded, err := base64.StdEncoding.AppendDecode(w.decoded[:0], src)
		w.decoded = decoded
		if err != nil {
			return dst, mask.Removed
		}
		src = decoded
	}
	if !utf8.Valid(src) {
		return dst, mask.Removed
	}
	out, err := m.scrub(&w.Scrubber, w.out[:0], src)
	w.out = out
	switch {
	case err != nil:
		return dst, mask.Removed
	case m.base64:
		return base64.StdEncoding.AppendEncode(dst, out), mask.Replaced
	}
	return append(dst, out...), mask.Replaced
}
