package fhirxml

import (
	"bytes"
	"errors"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/markup"
	"github.com/veil-proxy/veil/fhir/schema"
)

// BundleReader converts a Bundle in XML to JSON while it arrives, entry by entry:
//
//	r := fhirxml.NewBundleReader(schema)
//	r.Feed(more)
//	json, err := r.Next(json) // the JSON form of what has arrived
//	…
//	json, err := r.Finish(json)
//
// In total, it appends what AppendJSON would. It keeps the unread text: an entry that has
// not arrived completely. It is not safe for concurrent use.
type BundleReader struct {
	s     stream
	shape *schema.Shape
	entry int // the member of that name

	buf   []byte // what has arrived and has not been read
	base  int    // where that begins in the text
	worth int    // how much must have arrived for another try
	root  []byte // the root's start tag
	at    bundleState
	any   bool // there was an entry
}

type bundleState uint8

const (
	beforeEntries bundleState = iota
	inEntries
	afterEntries
)

// errNotInParts says that a text cannot be read in parts: it is not a Bundle, has no
// entries, or has something unusual before them.
var errNotInParts = errors.New("the text cannot be read in parts")

// longestHead is how much may precede the entries.
const longestHead = 256 << 10

// NewBundleReader returns a reader for one Bundle.
func NewBundleReader(s *schema.Schema) *BundleReader {
	sh := s.ShapeOf([]byte("Bundle"))
	return &BundleReader{s: stream{schema: s}, shape: sh, entry: sh.Keys.Find([]byte("entry"))}
}

// Feed adds text that has arrived.
func (r *BundleReader) Feed(b []byte) { r.buf = append(r.buf, b...) }

// Waiting returns the number of bytes that have arrived but have not been read.
func (r *BundleReader) Waiting() int { return len(r.buf) }

// Next reads as much as it can. A *fhirjson.SyntaxError has its offset in the whole
// text.
func (r *BundleReader) Next(dst []byte) ([]byte, error) {
	if r.at == beforeEntries {
		out, ok := r.head(dst)
		switch {
		case ok:
			dst = out
		case len(r.buf) > longestHead:
			return dst, errNotInParts
		}
	}
	if r.at != inEntries || len(r.buf) < r.worth {
		return dst, nil
	}
	return r.entries(dst, false)
}

// Finish reads the end, once all text has arrived.
func (r *BundleReader) Finish(dst []byte) ([]byte, error) {
	if r.at == beforeEntries {
		var ok bool
		if dst, ok = r.head(dst); !ok {
			return dst, errNotInParts
		}
	}
	if r.at == inEntries {
		var err error
		if dst, err = r.entries(dst, true); err != nil {
			return dst, err
		}
	}
	r.begin(append(dst, ']'))
	if ok := r.s.members(r.shape, r.entry, -1) && r.s.end("Bundle") && r.s.between() && r.s.i == len(r.buf); !ok {
		r.done()
		return dst, r.fault(0, "what follows the entries of the Bundle is not in FHIR's order, or not well-formed")
	}
	return append(r.done(), '}'), nil
}

// begin makes the stream read buf.
func (r *BundleReader) begin(dst []byte) {
	r.s.src, r.s.i, r.s.dst, r.s.depth, r.s.side = r.buf, 0, dst, 0, r.s.side[:0]
}

// done ends that, and returns what was written.
func (r *BundleReader) done() []byte {
	out := r.s.dst
	r.s.src, r.s.dst = nil, nil
	return out
}

// drop removes buf[:n].
func (r *BundleReader) drop(n int) {
	r.base += n
	r.buf = append(r.buf[:0], r.buf[n:]...)
}

func (r *BundleReader) fault(at int, what string) error {
	return &fhirjson.SyntaxError{Offset: r.base + at, Path: "Bundle", What: what}
}

// head writes what precedes the entries, if it has arrived.
func (r *BundleReader) head(dst []byte) ([]byte, bool) {
	if n := len(bytes.TrimPrefix(r.buf, fhirjson.ByteOrderMark)); r.base == 0 && n < len(r.buf) {
		r.drop(len(r.buf) - n)
	}
	r.begin(append(dst, `{"resourceType":"Bundle"`...))
	start, ok := r.toEntries()
	end, out := r.s.i, r.done()
	if !ok {
		return dst, false
	}
	r.root = bytes.Clone(r.buf[start[0]:start[1]])
	r.drop(end)
	r.at = inEntries
	return append(out, `,"entry":[`...), true
}

// toEntries reads up to the first entry, and returns where the root's tag is.
func (r *BundleReader) toEntries() (root [2]int, ok bool) {
	s := &r.s
	if !s.declaration() || !s.between() {
		return root, false
	}
	root[0] = s.i
	if string(s.tag()) != "Bundle" {
		return root, false
	}
	a, ok := s.attributes()
	root[1] = s.i
	if !ok || !a.spaced || a.empty || !s.members(r.shape, -1, r.entry) {
		return root, false
	}
	return root, bytes.HasPrefix(s.src[s.i:], []byte("<entry"))
}

// entries writes the entries that have arrived completely; all says that nothing more
// will come.
func (r *BundleReader) entries(dst []byte, all bool) ([]byte, error) {
	r.worth = 0
	read := 0
	for {
		r.begin(dst)
		r.s.i = read
		if !r.s.between() || !all && len(r.buf)-r.s.i <= len("<entry") {
			break
		}
		start := r.s.i
		if !r.s.again("entry") {
			r.at = afterEntries
			break
		}
		before := len(dst)
		if r.any {
			r.s.dst = append(r.s.dst, ',')
		}
		from := len(r.s.dst)
		if r.s.item(&r.shape.Members[r.entry]) {
			read = r.s.i
			dst, r.any = r.done(), true
			continue
		}
		dst = r.done()[:from]
		end, err := r.endOf(start, all)
		if err == nil && end > 0 {
			dst, err = r.byTree(dst, start, end)
		}
		if err != nil {
			return dst[:before], err
		}
		if end == 0 { // not all of it is there; the next time there must be much more
			dst = dst[:before]
			r.worth = (len(r.buf) - read) * 3 / 2
			break
		}
		read, r.any = end, true
	}
	r.s.src, r.s.dst = nil, nil
	r.drop(read)
	return dst, nil
}

// endOf returns the index after the element that begins at buf[start], or 0 if that has
// not arrived.
func (r *BundleReader) endOf(start int, all bool) (int, error) {
	var f fhirjson.Fault
	depth := 0
	for i := start; ; {
		m, ok := markup.Next(r.buf, i, &f)
		switch {
		case !ok && markup.IsCut(r.buf, &f) || ok && m.Kind == markup.None:
			if all {
				return 0, r.fault(len(r.buf), "the text ends within an entry")
			}
			return 0, nil
		case !ok:
			return 0, r.fault(f.Offset, f.What)
		case m.Kind == markup.StartTag:
			depth++
		case m.Kind == markup.EndTag:
			depth--
		}
		i = m.End
		if depth == 0 && m.Kind != markup.Comment {
			return i, nil
		}
	}
}

// byTree writes the entry buf[start:end] through a tree.
func (r *BundleReader) byTree(dst []byte, start, end int) ([]byte, error) {
	text := append(append(bytes.Clone(r.root), r.buf[start:end]...), "</Bundle>"...)
	bundle, err := appendByTree(r.s.schema, nil, text)
	if err != nil {
		if se := (*fhirjson.SyntaxError)(nil); errors.As(err, &se) {
			se.Offset += r.base + start - len(r.root)
		}
		return dst, err
	}
	entry, begins := bytes.CutPrefix(bundle, []byte(`{"resourceType":"Bundle","entry":[`))
	entry, ends := bytes.CutSuffix(entry, []byte("]}"))
	if !begins || !ends || len(entry) == 0 {
		return dst, r.fault(start, "an entry of the Bundle is not in the namespace of FHIR")
	}
	return append(dst, entry...), nil
}
