// Package inparts masks a Bundle while it arrives, entry by entry.
//
//	r := inparts.NewRules(automaton)                      // once
//	m, ok := r.Begin(source, text)                       // as much as has arrived
//	out, err := m.Next(nil)                              // what can be sent
//	err := m.Feed(more)
//	…
//	out, err := m.Finish(nil) // the end
//
// The output and the counts are those of fhir.Walker.AppendJSON or AppendXML. Memory is bounded by
// the largest entry, plus the full URLs of the entries, unless
//
//   - an entry refers to another by an absolute URL that is not of the FHIR server: from
//     there on the entries wait until all have arrived, in memory or in a file;
//   - the rules need the patient of each resource: then the ids and the references that can
//     lead to a patient are kept (fhir.Others), and entries behind one that names its patient
//     only through another entry wait;
//   - the Bundle's security labels come before its entries: what was masked waits until
//     they can no longer change, which the first few entries mostly decide.
//
// The package does not know where walkers come from, what the text is about, or how it
// is sent.
package inparts

import (
	"bytes"
	"errors"
	"io"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/mask"
)

var (
	// ErrTooLarge says that more than the limit would have to be kept.
	ErrTooLarge = errors.New("a part of the Bundle is too large")
	// ErrChanged says that output that was already sent would have to change: a rule makes
	// members before the entries depend on members after them.
	ErrChanged = errors.New("the beginning of the Bundle depends on its end")
)

// A Lender calls f with a walker and a pass that has begun. The counts of the pass belong
// to the Bundle if counts is set, and are discarded otherwise. It may call f again with
// another walker, if the first one needs something that must be looked up.
type Lender func(counts bool, f func(w *fhir.Walker, pass *mask.Pass, site *fhir.Site) error) error

// Rules are the rules of an automaton for Bundles.
type Rules struct {
	a       *fhir.Automaton
	inParts bool
	every   bool // entries are kept for those that lead to their patient through them
}

// NewRules returns the rules of an automaton. They are safe for concurrent use.
func NewRules(a *fhir.Automaton) *Rules { return &Rules{a, a.InParts(), a.PerPatient()} }

// Masker masks one Bundle.
type Masker struct {
	r    *Rules
	in   Source
	xml  *fhirxml.BundleReader // of what arrives, or nil
	json []byte                // what it has read last

	head []byte // the text up to the bracket that opens the entries
	// text is BundleHead and what has arrived of the entries and is not masked, with the
	// gap before it.
	text []byte
	scan scanner // of text
	tail []byte  // from the bracket that closes the entries on
	gap  []byte  // between the last entry and that
	base int     // where text[len(BundleHead)] is in the Bundle

	parts fhir.Parts
	form  form
	apart bool   // the head comes at the end
	sent  []byte // the masked head
	held  []byte // masked entries that wait for it

	// others are the entries before, as far as those to come can refer to them.
	others *fhir.Others
	whole  bool    // entries wait until all have arrived
	waits  waiting // those that do
}

// Source says how a Bundle arrives, and how the masked one leaves.
type Source struct {
	Limit int // bytes that may have to be kept
	Lend  Lender
	XML   bool // it arrives as XML
	// LargestXML bounds the XML that is kept: an entry can take many times its size.
	LargestXML int
	Writer     *fhirxml.Writer // it leaves as XML; nil for JSON
	// Waiting returns a file for unmasked entries that wait for the others. If it is nil,
	// they are kept in memory.
	Waiting func() (io.ReadWriteSeeker, error)
}

// Begin starts with as much of a Bundle as has arrived. It reports false if the text
// does not reach the entries or is not a Bundle, or if the rules do not allow masking in
// parts.
func (r *Rules) Begin(in Source, text []byte) (*Masker, bool) {
	if !r.inParts {
		return nil, false
	}
	m := &Masker{r: r, in: in, form: form{xml: in.Writer}}
	if in.XML {
		m.xml = fhirxml.NewBundleReader(r.a.Schema())
		m.xml.Feed(text)
		var err error
		if text, err = m.xml.Next(nil); err != nil {
			return nil, false
		}
	}
	n := headOf(text)
	if n < 0 {
		return nil, false
	}
	m.head, m.base = bytes.Clone(text[:n]), n
	m.text = append(make([]byte, 0, len(text)+len(text)/4), fhir.BundleHead...) // and some of what comes
	m.others, m.waits.block = r.a.NewOthers(), waitingBlock
	m.scan.at = len(m.text)
	m.feed(text[n:])
	return m, true
}

// HeadHas reports whether a member of the Bundle precedes its entries.
func (m *Masker) HeadHas(name string) bool {
	_, _, ok := edit.Member(append(bytes.Clone(m.head), "]}"...), name)
	return ok
}

// headOf returns the index behind the bracket that opens the entries of a Bundle, or -1.
func headOf(text []byte) int {
	var f fhirjson.Fault
	i := fhirjson.SkipSpace(text, len(text)-len(bytes.TrimPrefix(text, fhirjson.ByteOrderMark)))
	if i >= len(text) || text[i] != '{' {
		return -1
	}
	is := false
	for i = fhirjson.SkipSpace(text, i+1); i < len(text) && text[i] == '"'; i = fhirjson.SkipSpace(text, i+1) {
		end, escaped := fhirjson.ScanString(text, i, &f)
		if end < 0 || escaped {
			return -1
		}
		name := string(text[i+1 : end-1])
		if i = fhirjson.ScanColon(text, end, &f); i < 0 || i >= len(text) {
			return -1
		}
		switch {
		case name == "entry" && (!is || text[i] != '['):
			return -1
		case name == "entry":
			return i + 1
		case name == "resourceType":
			is = bytes.HasPrefix(text[i:], []byte(`"Bundle"`))
		}
		if i = fhirjson.SkipValue(text, i, 1, &f); i < 0 {
			return -1
		}
		if i = fhirjson.SkipSpace(text, i); i >= len(text) || text[i] != ',' {
			return -1
		}
	}
	return -1
}

// Feed adds what has arrived.
func (m *Masker) Feed(b []byte) (err error) {
	if m.xml != nil {
		m.xml.Feed(b)
		if m.json, err = m.xml.Next(m.json[:0]); err == nil && m.xml.Waiting() > m.in.LargestXML {
			err = ErrTooLarge
		}
		b = m.json
	}
	m.feed(b)
	return err
}

// end notes that all of the Bundle has arrived.
func (m *Masker) end() (err error) {
	if m.xml != nil {
		m.json, err = m.xml.Finish(m.json[:0])
		m.feed(m.json)
	}
	return err
}

func (m *Masker) feed(b []byte) {
	if m.scan.ended {
		m.tail = append(m.tail, b...)
		return
	}
	m.text = append(m.text, b...)
	if m.scan.run(m.text); m.scan.ended {
		m.tail = append(m.tail, m.text[m.scan.cut:]...)
		m.text = m.text[:m.scan.cut]
	}
}

// Next masks as much as it can and appends it.
func (m *Masker) Next(dst []byte) ([]byte, error) {
	if len(m.text)+m.others.Size()+len(m.waits.text)+len(m.tail)+len(m.held) > m.in.Limit {
		return dst, ErrTooLarge
	}
	if m.scan.cut <= fhirjson.SkipSpace(m.text, len(fhir.BundleHead)) {
		return dst, nil // no entry
	}
	if m.whole {
		return dst, m.wait()
	}
	before := len(dst)
	dst, end, err := m.entries(dst, m.text[:m.scan.cut])
	switch {
	case errors.Is(err, fhir.ErrNeedsBundle):
		if end > len(fhir.BundleHead) {
			if dst, end, err = m.entries(dst, m.text[:end]); err != nil {
				return dst, err
			}
		}
		m.pass(end)
		m.whole, m.waits.base = true, m.base
		if m.in.Waiting != nil {
			if m.waits.file, err = m.in.Waiting(); err != nil {
				return dst, err
			}
		}
		if err := m.wait(); err != nil {
			return dst, err
		}
	case err != nil:
		return dst, err
	default:
		m.pass(end)
	}
	return m.begin(dst, before)
}

// entries masks entries, which stand behind BundleHead.
func (m *Masker) entries(dst, src []byte) (out []byte, end int, err error) {
	into := m.form.into(dst)
	out = into
	err = m.in.Lend(true, func(w *fhir.Walker, pass *mask.Pass, site *fhir.Site) error {
		parts := m.parts
		var err error
		if out, end, err = w.AppendEntries(into, src, len(fhir.BundleHead), &parts, pass, site); err == nil {
			m.parts = parts
		}
		return err
	})
	if err != nil {
		return dst, end, m.placed(err, m.base-len(fhir.BundleHead))
	}
	out, err = m.form.entries(dst, out)
	return out, end, err
}

// placed moves the offset of an error from a text to the Bundle.
func (m *Masker) placed(err error, by int) error {
	var syntax *fhirjson.SyntaxError
	switch {
	case !errors.As(err, &syntax):
	case m.xml != nil: // a place in the JSON form means nothing in the XML form
		syntax.Offset = 0
	default:
		syntax.Offset += by
	}
	return err
}

// pass notes that text[:end] is masked.
func (m *Masker) pass(end int) {
	m.others.Add(m.text[len(fhir.BundleHead):end], m.r.every)
	m.drop(end)
}

// wait keeps what has arrived until the whole Bundle has.
func (m *Masker) wait() error {
	arrived := m.text[len(fhir.BundleHead):m.scan.cut]
	m.others.Add(arrived, m.r.every)
	err := m.waits.put(arrived)
	m.drop(m.scan.cut)
	return err
}

// drop takes text[:end] off.
func (m *Masker) drop(end int) {
	n := end - len(fhir.BundleHead)
	m.base += n
	m.text = append(m.text[:len(fhir.BundleHead)], m.text[end:]...)
	m.scan.at -= n
	m.scan.cut -= n
}

// begin puts the masked head before the first entries that stay, in dst from an index on,
// or holds them until it is decided.
func (m *Masker) begin(dst []byte, from int) ([]byte, error) {
	if m.apart || m.sent != nil || !m.parts.Kept() {
		return dst, nil
	}
	head, err := m.headWith("]}", m.parts)
	if err != nil {
		return dst[:from], err
	}
	other, err := m.headWith(m.otherTail(), m.parts.WithAllLabels(m.r.a))
	if err != nil {
		return dst[:from], err
	}
	if head != nil && bytes.Equal(head, other) {
		m.sent = head
		held := append(append(m.sent[:len(head):len(head)], m.held...), dst[from:]...)
		m.held = nil
		return append(dst[:from], held...), nil
	}
	m.held = append(m.held, dst[from:]...)
	return dst[:from], nil
}

// headWith is what would precede the entries of the masked Bundle; nil if nothing would.
func (m *Masker) headWith(tail string, parts fhir.Parts) ([]byte, error) {
	frame, err := m.frame(false, tail, parts)
	if err != nil {
		return nil, err
	}
	head, _, err := m.form.split(frame)
	return head, err
}

// otherTail is an end of the Bundle that has what the beginning may depend on: an id, by
// which dates of the Bundle itself can be shifted. In XML one that comes so late changes
// what precedes the entries in any case.
func (m *Masker) otherTail() string {
	if m.form.xml != nil || m.HeadHas("id") {
		return "]}"
	}
	return `],"id":"x"}`
}

// frame masks the Bundle without its entries.
func (m *Masker) frame(counts bool, tail string, parts fhir.Parts) (out []byte, err error) {
	text := append(append([]byte(nil), m.head...), tail...)
	err = m.in.Lend(counts, func(w *fhir.Walker, pass *mask.Pass, site *fhir.Site) error {
		var err error
		out, err = w.AppendFrame(nil, text, &parts, pass, site)
		return err
	})
	return out, err
}

// Frame returns the text of the Bundle without its entries, when all of it has arrived.
func (m *Masker) Frame() []byte { return append(append([]byte(nil), m.head...), m.tail...) }

// Apart makes Next append only entries, for a caller that can store them until
// FinishApart returns what precedes them. It must be called before Next.
func (m *Masker) Apart() { m.apart = true }

// Finish masks the end of the Bundle, when all of it has arrived, and appends it.
func (m *Masker) Finish(dst []byte) ([]byte, error) {
	from := len(dst)
	dst, err := m.rest(dst, func(masked []byte) ([]byte, error) { return masked, nil })
	if err != nil {
		return dst, err
	}
	head, tail, err := m.around()
	switch {
	case err != nil:
		return dst, err
	case !m.parts.Kept():
		return append(dst[:from], head...), nil
	case head == nil:
		return dst, ErrChanged
	case m.sent == nil:
		rest := append(m.held, dst[from:]...)
		dst = append(append(dst[:from], head...), rest...)
	case !bytes.Equal(head, m.sent):
		return dst, ErrChanged
	}
	return append(dst, tail...), nil
}

// FinishApart masks the end of the Bundle, when all of it has arrived. It hands entries to
// out, and returns what precedes and follows all of them.
func (m *Masker) FinishApart(out func(entries []byte) error) (head, tail []byte, err error) {
	last, err := m.rest(nil, func(masked []byte) ([]byte, error) { return masked[:0], out(masked) })
	if err == nil {
		err = out(last)
	}
	if err != nil {
		return nil, nil, err
	}
	if head, tail, err = m.around(); err == nil && head == nil {
		err = ErrChanged
	}
	return head, tail, err
}

// rest masks the entries that were not masked yet, and the gap behind the last one. It hands
// them to out, which returns what of them it has not taken.
func (m *Masker) rest(dst []byte, out func(masked []byte) (kept []byte, err error)) ([]byte, error) {
	if err := m.end(); err != nil {
		return dst, err
	}
	if !m.scan.ended {
		return dst, m.cutShort()
	}
	dst, err := m.Next(dst)
	if err != nil {
		return dst, err
	}
	gap := m.text[len(fhir.BundleHead):]
	if m.whole {
		if gap, err = m.drain(gap, func(masked []byte) error {
			dst, err = out(append(dst, masked...))
			return err
		}); err != nil {
			return dst, err
		}
	}
	if m.form.xml == nil && m.parts.Kept() {
		m.gap = append(m.gap[:0], gap...)
	}
	return dst, nil
}

func (m *Masker) cutShort() error {
	return &fhirjson.SyntaxError{Offset: m.base + len(m.text) - len(fhir.BundleHead), Path: "Bundle.entry", What: "unexpected end of input inside an array"}
}

// around masks the Bundle without its entries, and returns what precedes and follows them;
// all of it precedes where no entry stays.
func (m *Masker) around() (head, tail []byte, err error) {
	frame, err := m.frame(true, string(m.tail), m.parts)
	if err != nil {
		return nil, nil, err
	}
	if !m.parts.Kept() {
		head, err = m.form.frame(nil, frame)
		return head, nil, err
	}
	head, tail, err = m.form.split(frame)
	if len(m.gap) > 0 {
		tail = append(bytes.Clone(m.gap), tail...)
	}
	return head, tail, err
}
