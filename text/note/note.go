// Package note masks files of plain text: notes, letters, reports. The whole file is one
// text, masked by the method of the ruleset's text section.
package note

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/text"
)

// maxText is the maximum size of a file that is masked, in bytes.
const maxText = 64 << 20

// extensions has the file name extensions of text for people.
var extensions = []string{".txt", ".text", ".md", ".rst"}

// Formats returns the format of plain text, or none if the ruleset has no method for it.
// anyName accepts files of any name. known has the known values of the people that the
// files may name; it may be nil.
func Formats(p *ruleset.Policy, anyName bool, known *text.Known) ([]file.Format, error) {
	method, def, ok := p.TextMethod()
	if !ok {
		return nil, nil
	}
	plan := p.NewPlan()
	if _, err := plan.Add(mask.Action{Rule: "text", Path: "text", Method: def.Name, Label: def.Label}); err != nil {
		return nil, err
	}
	if known == nil {
		known = new(text.KnownBuilder).Build()
	}
	return []file.Format{&format{plan, method, anyName, known}}, nil
}

type format struct {
	plan    *mask.Plan
	method  mask.Method
	anyName bool
	known   *text.Known
}

// Info implements file.Format.
func (f *format) Info() file.Info {
	return file.Info{Name: "text", Unit: "text", Extension: ".txt", Empty: "the file contains no text"}
}

// Detect implements file.Format.
func (f *format) Detect(name string, beginning []byte) bool {
	return (f.anyName || slices.Contains(extensions, strings.ToLower(filepath.Ext(name)))) && !bytes.Contains(beginning, []byte{0})
}

// Open implements file.Format.
func (f *format) Open(in file.Source) (file.Document, error) { return &document{f, in}, nil }

type document struct {
	*format
	in file.Source
}

// Plan implements file.Document.
func (d *document) Plan() *mask.Plan { return d.plan }

// Split implements file.Document: the file is one block.
func (d *document) Split(_ func() []byte, emit func(file.Block) error) error {
	all, err := io.ReadAll(io.LimitReader(d.in, maxText+1))
	switch {
	case err != nil:
		return err
	case len(all) > maxText:
		return fmt.Errorf("the text is larger than %d bytes", maxText)
	}
	return emit(file.Block{Text: all, Line: 1})
}

// NewMasker implements file.Document.
func (d *document) NewMasker(detail bool) file.Masker {
	m := &masker{method: d.method, pass: mask.NewPass(d.plan)}
	m.pass.Detail = detail
	m.in = mask.Input{Keys: m.pass.Keys, Found: &m.pass.Found, Known: d.known}
	return m
}

// NewMerger implements file.Document.
func (d *document) NewMerger(out io.Writer) file.Merger { return file.Concatenate(out) }

type masker struct {
	method mask.Method
	pass   *mask.Pass
	in     mask.Input
}

// Pass implements file.Masker.
func (m *masker) Pass() *mask.Pass { return m.pass }

// AppendMasked implements file.Masker.
func (m *masker) AppendMasked(dst []byte, b file.Block, r *file.Result) []byte {
	src := bytes.TrimPrefix(b.Text, []byte("\ufeff"))
	bad := func(what string) []byte {
		r.Bad = append(r.Bad, file.Bad{Line: 1, Column: 1, What: what, Text: b.Text})
		return dst
	}
	if !utf8.Valid(src) {
		return bad("the text is not UTF-8: save it as UTF-8")
	}
	out, outcome, err := m.method.Append(dst, src, &m.in)
	switch {
	case err != nil, outcome != mask.Kept && outcome != mask.Replaced:
		return bad("the text cannot be masked")
	case outcome == mask.Kept:
		out = append(dst, src...)
	}
	m.pass.Counts[0]++
	m.pass.CountResource("text")
	r.Masked++
	return out
}
