package json

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
)

// maxDocument is the size of the largest document, line or element that is masked.
const maxDocument = 256 << 20

// NewFormat returns the format of JSON files, masked by rules for documents.
func NewFormat(f document.Files) file.Format { return &format{f} }

type format struct{ document.Files }

// Info implements file.Format.
func (f *format) Info() file.Info {
	return file.Info{Name: "JSON", Unit: "record", Extension: ".json", Empty: "the file contains no records"}
}

// Detect implements file.Format.
func (f *format) Detect(name string, beginning []byte) bool {
	text := bytes.TrimPrefix(beginning, fhirjson.ByteOrderMark)
	i := fhirjson.SkipSpace(text, 0)
	return f.Takes(name, beginning) && (i == len(text) || text[i] != '<')
}

// form is how records are arranged in a file.
type form uint8

const (
	one   form = iota // the file is one
	lines             // each line is one
	array             // each element of the array that the file is
)

// jsonFile is a file of documents.
type jsonFile struct {
	plan   *document.Plan
	in     io.Reader
	names  bool // Shapes have them
	form   form
	before []byte // the text before the first record: a byte order mark, a bracket
	after  []byte // the text after the last record; Split finds it
}

// sampleBytes is how much of a file is read to find its form.
const sampleBytes = 64 << 10

// Open implements file.Format.
func (f *format) Open(in file.Source) (file.Document, error) {
	plan, err := f.Plan(in.Name)
	if err != nil {
		return nil, err
	}
	d := &jsonFile{plan: plan, names: f.Names}
	sample := make([]byte, sampleBytes)
	n, err := io.ReadFull(in, sample)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	sample = sample[:n]
	if bytes.HasPrefix(sample, []byte("\xff\xfe")) || bytes.HasPrefix(sample, []byte("\xfe\xff")) || bytes.IndexByte(sample, 0) >= 0 {
		return nil, errors.New("the file is not UTF-8, which JSON must be: convert it first")
	}
	if rest, ok := bytes.CutPrefix(sample, fhirjson.ByteOrderMark); ok {
		d.before, sample = fhirjson.ByteOrderMark, rest
	}
	d.form = formOf(in.Name, sample)
	d.in = io.MultiReader(bytes.NewReader(sample), in)
	return d, nil
}

// formOf finds the form of a file, by its name and its beginning.
func formOf(name string, beginning []byte) form {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".ndjson", ".jsonl":
		return lines
	}
	i := fhirjson.SkipSpace(beginning, 0)
	if i == len(beginning) || beginning[i] != '[' {
		if fhirjson.DetectForm(beginning) == fhirjson.NDJSON {
			return lines
		}
		return one
	}
	// An array that ends on its line, with more after it, is a record in a file of one per
	// line.
	var f fhirjson.Fault
	end := fhirjson.SkipValue(beginning, i, 0, &f)
	if end >= 0 && fhirjson.SkipSpace(beginning, end) < len(beginning) && bytes.IndexByte(beginning[i:end], '\n') < 0 {
		return lines
	}
	return array
}

// Plan implements file.Document.
func (d *jsonFile) Plan() *mask.Plan { return d.plan.Actions }

// Split implements file.Document.
func (d *jsonFile) Split(buffer func() []byte, emit func(file.Block) error) error {
	switch d.form {
	case lines:
		return fhirjson.SplitNDJSON(d.in, file.BlockBytes, maxDocument, buffer, func(block []byte, line int) error {
			return emit(file.Block{Text: block, Line: line, Head: part{form: lines}})
		})
	case array:
		return d.splitArray(buffer, emit)
	}
	text, err := io.ReadAll(io.LimitReader(d.in, maxDocument+1))
	if err != nil {
		return err
	}
	if len(text) > maxDocument {
		return fmt.Errorf("the document is larger than %d bytes: write it as an array, or as one record per line, which is masked record by record", maxDocument)
	}
	if fhirjson.SkipSpace(text, 0) == len(text) {
		return nil
	}
	return emit(file.Block{Text: text, Line: 1, Head: part{}})
}

// part describes a block.
type part struct {
	form  form
	place int // of the first element in the array
	// column is how many bytes of its line stand before the block.
	column int
}

// NewMerger implements file.Document.
func (d *jsonFile) NewMerger(out io.Writer) file.Merger { return &merger{d: d, out: out} }

type merger struct {
	d     *jsonFile
	out   io.Writer
	begun bool // before is written
	any   bool // a record is
}

// Append implements file.Merger.
func (m *merger) Append(masked []byte) error {
	if len(masked) == 0 {
		return nil
	}
	if err := m.begin(); err != nil {
		return err
	}
	if m.any && m.d.form == array {
		if _, err := io.WriteString(m.out, ","); err != nil {
			return err
		}
	}
	m.any = true
	_, err := m.out.Write(masked)
	return err
}

func (m *merger) begin() error {
	if m.begun {
		return nil
	}
	m.begun = true
	_, err := m.out.Write(m.d.before)
	return err
}

// Close implements file.Merger.
func (m *merger) Close() error {
	if err := m.begin(); err != nil {
		return err
	}
	_, err := m.out.Write(m.d.after)
	return err
}
