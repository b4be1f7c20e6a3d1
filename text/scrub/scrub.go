// Package scrub has the masking method scrub. It removes identifiers from a text: the
// known values of the people it may name, and whatever detectors find (package text).
//
// Scrubbing is not Safe Harbor: it cannot be guaranteed to find everything
// (docs/text.md). A ruleset that scrubs needs the review of an expert (45 CFR
// 164.514(b)(1)).
package scrub

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"runtime"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/text"
	"github.com/veil-proxy/veil/text/markup"
)

// Methods returns the methods of this package. They call an external recognizer if x has
// one; x may be nil.
func Methods(x *External) []mask.Definition {
	kept := func(name, doc string) mask.Param {
		return mask.Param{Name: name, Type: mask.StringParam, OneOf: []string{"keep", "remove"}, Doc: doc + "; keep by default"}
	}
	return []mask.Definition{{
		Name: "scrub", Label: mask.LabelScrubbed, PerKnown: true, PerEntity: true, EntityFor: putsSurrogates, Like: likeFields,
		Summary: "takes identifiers out of a text: known ones, and those that detectors find; not Safe Harbor",
		Params: []mask.Param{
			{Name: "as", Type: mask.StringParam, OneOf: []string{"text", "xhtml", "html", "rtf"}, Doc: "what the text is; text by default"},
			{Name: "encoding", Type: mask.StringParam, OneOf: []string{"base64"}, Doc: "how the text is encoded; not at all by default"},
			kept("times", "times of day"), kept("years", "years that stand alone"), kept("ages", "ages under 90"), kept("professions", "professions"),
			{Name: "replace", Type: mask.StringParam, OneOf: []string{"label", "surrogate"}, Doc: "by a label such as [NAME] (default), or by what structured fields get"},
			{Name: "locale", Type: mask.StringParam, Doc: "of surrogates, as of the method surrogate; en-US by default"},
			{Name: "window", Type: mask.IntParam, Min: 1, Max: 3660, Doc: "of shifted dates, as of the method date; 365 by default"},
			{Name: "weekday", Type: mask.BoolParam, Doc: "of shifted dates, as of the method date"},
			{Name: "domain", Type: mask.StringParam, Doc: "of shifted dates, as of the method date"},
			{Name: "idDomain", Type: mask.StringParam, Doc: "of numbers, as the domain of the method pseudonym; identifier by default"},
			{Name: "dates", Type: mask.StringParam, OneOf: []string{"month-first", "day-first"}, Doc: "how 3/4/2020 is read; by default month-first for the locale en-US, day-first for others"},
		},
		Form: func(args mask.Args) mask.Form {
			return forms.Scrub{Always: args.String("as", "text") == "text" && args.String("encoding", "") == ""}
		},
		New: func(env mask.Env, args mask.Args) (mask.Method, error) { return newMethod(env, args, x) },
	}}
}

func putsSurrogates(args mask.Args) bool { return args.String("replace", "label") == "surrogate" }

// method scrubs a text. The text is Removed if it is not UTF-8, is not valid in its format,
// or if its people are not available (Input.Known is nil). A text in which nothing is found
// is Replaced by itself, so that its label says how it was processed.
type method struct {
	base64     bool
	scrub      func(s *markup.Scrubber, dst, src []byte) ([]byte, error)
	surrogates *surrogates // nil for labels
	external   *External
	key        [32]byte // of digests; it never leaves the process
	workers    sync.Pool
}

// job is a text and the data that it is scrubbed with.
type job struct {
	src    []byte
	known  *text.Known
	entity []byte // for surrogates
}

// worker has the state for scrubbing one text.
type worker struct {
	markup.Scrubber
	replacer     *replacer // nil for labels
	decoded, out []byte
	digest       hash.Hash
	number       []byte
	found        []spanCount
	silent       bool // the recognizer gave no valid response
}

// spanCount counts the spans of a detector and a label.
type spanCount struct {
	rule  string
	label text.Label
	n     uint64
}

func newMethod(env mask.Env, args mask.Args, x *External) (mask.Method, error) {
	removes := func(name string) bool { return args.String(name, "keep") == "remove" }
	options := text.Options{Times: removes("times"), Years: removes("years"), Ages: removes("ages"), Professions: removes("professions")}
	finder := sync.OnceValue(func() *text.Finder { return text.New(options) }) // loads the dictionaries with the first text
	m := &method{external: x, base64: args.String("encoding", "") == "base64", scrub: markups[args.String("as", "text")]}
	if env.Trial {
		m.external = nil
	}
	if putsSurrogates(args) {
		var err error
		if m.surrogates, err = newSurrogates(env, args); err != nil {
			return nil, err
		}
	}
	_, _ = rand.Read(m.key[:]) // never fails
	m.workers.New = func() any {
		w := &worker{Scrubber: markup.Scrubber{Scanner: finder().Scanner()}, digest: hmac.New(sha256.New, m.key[:])}
		w.Found = w.count
		if m.surrogates != nil {
			w.replacer = &replacer{surrogates: m.surrogates, in: mask.Input{Keys: env.Keys.NewPseudonymizer()}}
			w.Replacer = w.replacer
		}
		return w
	}
	return m, nil
}

// markups has the ways to read a text.
var markups = map[string]func(s *markup.Scrubber, dst, src []byte) ([]byte, error){
	"text": (*markup.Scrubber).AppendText, "xhtml": (*markup.Scrubber).AppendHTML, "html": (*markup.Scrubber).AppendHTML, "rtf": (*markup.Scrubber).AppendRTF,
}

const (
	// rememberedFrom is the minimum length of texts that are remembered, in bytes: shorter
	// ones are scrubbed just as quickly.
	rememberedFrom = 64
	// leftFrom is the minimum length of texts whose scrubbing is deferred, so that
	// processors can do it in parallel. Texts for a recognizer are always deferred.
	leftFrom = 1024
)

// Append implements mask.Method.
func (m *method) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	if in.Known == nil {
		return dst, mask.Removed, nil
	}
	j := job{src: src, known: in.Known}
	if m.surrogates != nil {
		j.entity = in.Entity
	}
	w := m.workers.Get().(*worker)
	dst, outcome := m.append(w, dst, &j, in)
	m.workers.Put(w) // not after a panic: its state is unknown then
	return dst, outcome, nil
}

func (m *method) append(w *worker, dst []byte, j *job, in *mask.Input) ([]byte, mask.Outcome) {
	slow := m.external.current() != nil
	if len(j.src) < rememberedFrom && !slow {
		r := m.result(w, j)
		return r.append(dst, in)
	}
	key := w.keyOf(j)
	if r := recall(key); r != nil {
		return r.append(dst, in)
	}
	if in.Later != nil && (slow || len(j.src) >= leftFrom && runtime.GOMAXPROCS(0) > 1) {
		if r, ok := in.Later.Result(key).(*result); ok {
			return r.append(dst, in)
		}
		left := &job{slices.Clone(j.src), j.known, slices.Clone(j.entity)}
		if in.Later.Leave(key, func() any { return m.later(key, left) }) {
			return dst, mask.Removed
		}
	}
	r := m.result(w, j).clone()
	remember(key, r)
	return r.append(dst, in)
}

// later scrubs a deferred text.
func (m *method) later(key [32]byte, j *job) any {
	w := m.workers.Get().(*worker)
	r := m.result(w, j).clone()
	m.workers.Put(w)
	remember(key, r)
	return r
}

// keyOf returns the key under which a scrubbed text is remembered: a keyed digest of
// everything that the result depends on.
func (w *worker) keyOf(j *job) (key [32]byte) {
	w.digest.Reset()
	known := j.known.Digest()
	w.digest.Write(known[:])
	w.number = binary.BigEndian.AppendUint64(w.number[:0], uint64(len(j.entity)))
	w.number = append(w.number, j.entity...)
	w.digest.Write(w.number)
	w.digest.Write(j.src)
	w.number = w.digest.Sum(w.number[:0])
	copy(key[:], w.number)
	return key
}

// result scrubs a text. The result is valid until the worker is used again.
func (m *method) result(w *worker, j *job) result {
	w.Known, w.found = j.known, w.found[:0]
	defer func() { w.Known = nil }() // originals
	if w.replacer != nil {
		w.replacer.known, w.replacer.in.Entity = j.known, j.entity
		defer func() { w.replacer.known, w.replacer.in.Entity = nil, nil }()
	}
	w.silent, w.More = false, nil
	if x := m.external.current(); x != nil {
		w.More = func(plain []byte) ([]text.Span, error) {
			spans, err := x.find(plain)
			w.silent = err != nil
			return spans, err
		}
	}
	src := j.src
	if m.base64 {
		decoded, err := base64.StdEncoding.AppendDecode(w.decoded[:0], src)
		w.decoded = decoded
		if err != nil {
			return result{removed: true}
		}
		src = decoded
	}
	if !utf8.Valid(src) {
		return result{removed: true}
	}
	out, err := m.scrub(&w.Scrubber, w.out[:0], src)
	w.out = out
	switch {
	case w.silent:
		return result{removed: true, silent: true, found: []spanCount{{silentDetector, silentLabel, 1}}}
	case err != nil:
		return result{removed: true}
	case m.base64:
		w.decoded = base64.StdEncoding.AppendEncode(w.decoded[:0], out)
		out = w.decoded
	}
	return result{text: out, found: w.found}
}

// count counts a span that is replaced.
func (w *worker) count(span text.Span) {
	for i := range w.found {
		if c := &w.found[i]; c.label == span.Label && c.rule == span.Rule {
			c.n++
			return
		}
	}
	w.found = append(w.found, spanCount{span.Rule, span.Label, 1})
}
