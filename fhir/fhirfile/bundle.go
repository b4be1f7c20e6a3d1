package fhirfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/inparts"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/stack"
	"github.com/veil-proxy/veil/mask"
)

// A large Bundle is masked entry by entry (package inparts), with the bytes that it would
// have in one piece. What precedes its entries depends on all of them, so they are kept in
// a temporary file until it is known. Entries that need others wait in another one, as they
// arrived.

const (
	// largeBundle is the largest size of a Bundle that is masked in one piece.
	largeBundle = 4 << 20
	// headSize is how much may precede the entries of a larger one.
	headSize = 256 << 10
)

var _ file.Sequential = (*document)(nil)

// MaskAll implements file.Sequential. In NDJSON it masks the first line, if that is a large
// Bundle, and the others behind it.
func (d *document) MaskAll(ctx context.Context, fm file.Masker, out io.Writer) (r file.Result, done bool, err error) {
	m, ok := fm.(*masker)
	if !ok || m.pass.Detail || d.in.Temporary == nil {
		return r, false, nil
	}
	start, err := io.ReadAll(io.LimitReader(d.in, largeBundle))
	rest := d.in.Reader
	d.in.Reader = io.MultiReader(bytes.NewReader(start), rest)
	if err != nil || len(start) < largeBundle || d.form == fhirjson.NDJSON && bytes.IndexByte(start, '\n') >= 0 {
		return r, err != nil, err
	}
	b := bundle{d: d, m: m, scratch: mask.NewPass(d.automaton.Plan)}
	if !b.begin(start[:headSize]) {
		return r, false, nil
	}
	b.in = io.MultiReader(bytes.NewReader(start[headSize:]), rest)
	d.in.Reader = b.in
	m.tally.add(m.pass, nil) // a new file begins with counts of 0
	err = b.run(ctx, out)
	var withheld *fhir.WithheldError
	var output *file.OutputError
	switch {
	case errors.As(err, &output), b.readErr != nil, ctx.Err() != nil:
		return r, true, err
	case errors.As(err, &withheld):
		r.Withheld++
		m.tally.add(m.pass, &r)
	case err != nil:
		m.tally.add(m.pass, nil)
		r.Bad = append(r.Bad, file.Bad{Line: 1, Column: 1, What: b.explain(err)})
	default:
		r.Masked++
		m.tally.add(m.pass, &r)
	}
	return r, true, b.otherLines(ctx, out, &r)
}

// bundle is a large Bundle that is being masked.
type bundle struct {
	d       *document
	m       *masker
	scratch *mask.Pass // the counts of a part, until it is masked
	in      io.Reader
	readErr error
	others  []byte // what was read of the lines after it
	ended   bool   // all of it was read
	parts   *inparts.Masker
}

// begin reads up to the entries. It reports false if the Bundle must be masked whole, for
// instance because it is invalid.
func (b *bundle) begin(text []byte) (ok bool) {
	in := inparts.Source{Limit: maxResource, Lend: b.lend, XML: b.d.form == fhirjson.OneXMLResource, LargestXML: maxXMLResource, Waiting: b.waiting}
	if in.XML {
		in.Writer = fhirxml.NewWriter(b.d.automaton.Schema(), false)
	}
	if b.parts, ok = b.d.bundles.Begin(in, text); ok {
		b.parts.Apart()
	}
	return ok
}

// lend implements inparts.Lender. A panic is an error of the file alone: the walker, whose
// state is unknown then, is replaced.
func (b *bundle) lend(counts bool, f func(*fhir.Walker, *mask.Pass, *fhir.Site) error) (err error) {
	defer func() {
		if recover() != nil { // its text can contain a value
			b.m.renew()
			err = errors.New("masking failed: internal error in " + stack.OfPanic())
		}
	}()
	b.scratch.Begin(mask.Origin{})
	if err = f(b.m.walker, b.scratch, b.m.site); err == nil && counts {
		b.m.pass.Merge(b.scratch)
	}
	return err
}

// run masks the Bundle into out.
func (b *bundle) run(ctx context.Context, out io.Writer) error {
	entries, err := b.d.in.Temporary()
	if err != nil {
		return &file.OutputError{Err: err}
	}
	head, tail, err := b.entries(ctx, entries)
	if err != nil {
		return err
	}
	if _, err := entries.Seek(0, io.SeekStart); err != nil {
		return &file.OutputError{Err: err}
	}
	for _, part := range []func() error{
		func() error { _, err := out.Write(head); return err },
		func() error { _, err := io.Copy(out, entries); return err },
		func() error { _, err := out.Write(append(tail, '\n')); return err },
	} {
		if err := part(); err != nil {
			return &file.OutputError{Err: err}
		}
	}
	return nil
}

// entries masks the entries into a file, and returns what precedes and follows them.
func (b *bundle) entries(ctx context.Context, to *os.File) (head, tail []byte, err error) {
	var masked []byte
	in := make([]byte, file.BlockBytes)
	for !b.ended {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if masked, err = b.parts.Next(masked[:0]); err != nil {
			return nil, nil, err
		}
		if err := write(to, masked); err != nil {
			return nil, nil, err
		}
		if err := b.parts.Feed(b.read(in)); err != nil {
			return nil, nil, err
		}
	}
	if b.readErr != nil {
		return nil, nil, b.readErr
	}
	return b.parts.FinishApart(func(masked []byte) error { return write(to, masked) })
}

// waiting is a file for entries that wait for the others of the Bundle.
type waiting struct{ *os.File }

func (w waiting) Write(text []byte) (int, error) {
	if err := write(w.File, text); err != nil {
		return 0, err
	}
	return len(text), nil
}

func (b *bundle) waiting() (io.ReadWriteSeeker, error) {
	f, err := b.d.in.Temporary()
	if err != nil {
		return nil, &file.OutputError{Err: err}
	}
	return waiting{f}, nil
}

// read reads more of the Bundle.
func (b *bundle) read(in []byte) []byte {
	n, err := b.in.Read(in)
	if err != nil {
		b.ended = true
		if !errors.Is(err, io.EOF) {
			b.readErr = err
		}
	}
	in = in[:n]
	if end := bytes.IndexByte(in, '\n'); b.d.form == fhirjson.NDJSON && end >= 0 {
		in, b.others, b.ended = in[:end], bytes.Clone(in[end+1:]), true
	}
	return in
}

// otherLines masks the lines after a Bundle in NDJSON.
func (b *bundle) otherLines(ctx context.Context, out io.Writer, r *file.Result) error {
	if b.d.form != fhirjson.NDJSON {
		return nil
	}
	for in := make([]byte, file.BlockBytes); !b.ended; {
		b.read(in) // what is left of an invalid Bundle
	}
	if b.readErr != nil {
		return b.readErr
	}
	var buf, masked []byte
	lines := io.MultiReader(bytes.NewReader(b.others), b.in)
	return fhirjson.SplitNDJSON(lines, file.BlockBytes, maxResource, func() []byte { return buf[:0] }, func(text []byte, line int) error {
		buf = text
		masked = b.m.AppendMasked(masked[:0], file.Block{Text: text, Line: line + 1}, r)
		if _, err := out.Write(masked); err != nil {
			return &file.OutputError{Err: err}
		}
		return ctx.Err()
	})
}

func write(to *os.File, text []byte) error {
	if _, err := to.Write(text); err != nil {
		return &file.OutputError{Err: err}
	}
	return nil
}

// explain says what is wrong and, where possible, what to do about it.
func (b *bundle) explain(err error) string {
	var syntax *fhirjson.SyntaxError
	switch {
	case errors.Is(err, inparts.ErrTooLarge):
		return fmt.Sprintf("an entry of the Bundle, or what its entries refer to each other by, is larger than %d bytes (an entry in XML, %d)", maxResource, maxXMLResource)
	case errors.As(err, &syntax) && syntax.Offset == 0: // XML has no position for it
		return syntax.Path + ": " + syntax.What
	}
	return err.Error()
}
