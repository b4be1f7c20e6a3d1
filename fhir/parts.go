package fhir

import (
	"bytes"
	"errors"
	"slices"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/mask"
)

// A Bundle can be masked in parts while it arrives: its entries in groups (AppendEntries),
// and the Bundle without them, its frame, at the end (AppendFrame). Together they have
// the bytes and the counts of AppendJSON. What a part cannot know of the others is the
// Bundle's labels, which Parts carries along, and what an entry refers to in another:
// AppendEntries stops before an entry that needs the whole Bundle.

// BundleHead is how the src of Walker.AppendEntries begins.
const BundleHead = `{"resourceType":"Bundle","entry":[`

// Parts is the state of a Bundle after the parts masked so far. To return to an earlier
// part, use a copy.
type Parts struct {
	begun  bool // there was an entry
	kept   bool // one stays
	labels labelSet
}

// ErrNeedsBundle says that an entry cannot be masked without the other entries of its
// Bundle.
var ErrNeedsBundle = errors.New("the entry refers to others of its Bundle")

// Kept reports whether any entry has been kept.
func (p *Parts) Kept() bool { return p.kept }

// WithAllLabels returns p as if the rules had done everything they can do to the
// Bundle.
func (p Parts) WithAllLabels(a *Automaton) Parts {
	for i := range a.Actions {
		p.labels |= labelBit(a.Actions[i].Label)
	}
	return p
}

// PerPatient reports whether a value's masking can depend on the patient, so that other
// entries of a Bundle may have to be read to find out who that is.
func (a *Automaton) PerPatient() bool {
	return slices.ContainsFunc(a.nodes, func(n *node) bool {
		for i := range n.fields {
			for d := &n.fields[i].decision; d != nil; d = d.otherwise {
				if d.perEntity {
					return true
				}
			}
		}
		for _, d := range n.extensions { // in no order: thousands of nodes share hundreds of them
			if d.perEntity {
				return true
			}
		}
		return false
	})
}

// InParts reports whether Bundles can be masked in parts. They cannot if a rule for
// their entries depends on other members of the Bundle, or if texts are searched for
// what other entries say about people.
func (a *Automaton) InParts() bool {
	n := a.roots["Bundle"]
	if n == nil || n.withheld != nil || a.ScrubsTexts() {
		return false
	}
	f := n.entries()
	return f != nil && f.decision.op == opDescend && f.decision.otherwise == nil && f.decision.when == nil
}

// entries is the field of a Bundle's entries.
func (n *node) entries() *field {
	for i := range n.fields {
		if f := &n.fields[i]; f.name == "entry" {
			return f
		}
	}
	return nil
}

// bundlePart is what a walker has to know of the Bundle when it has a part of it.
type bundlePart struct {
	is      bool // the text is a part of the Bundle's entries
	missed  bool // and what another entry says was needed
	frame   bool // the text is the Bundle without its entries
	carried labelSet
}

// lacks reports whether the text has not all entries of the outermost Bundle, and notes
// that they were needed.
func (w *Walker) lacks() bool {
	if !w.part.is {
		return false
	}
	w.part.missed, w.volatile, w.outside = true, true, true
	return true
}

// AppendEntries masks entries of a Bundle and appends them as the items of its array. src
// begins with BundleHead. The entries to mask begin at src[at], with the separator from
// the previous entry, and extend to the end of src or of the array. end is the index
// after the last entry. With ErrNeedsBundle, it is the index of the separator before the
// entry that needs the others, so that everything before it can be masked as a part. On
// an error, p is unchanged, but pass is not.
func (w *Walker) AppendEntries(dst, src []byte, at int, p *Parts, pass *mask.Pass, site *Site) (out []byte, end int, err error) {
	w.begin(dst, src, pass, site)
	w.part = bundlePart{is: true}
	return w.appendEntries(dst, at, p, func() {})
}

// appendEntries masks the entries from src[at] on. It calls done behind the last one, before
// it forgets what it knows of the text.
func (w *Walker) appendEntries(dst []byte, at int, p *Parts, done func()) (out []byte, end int, err error) {
	w.first = 0
	n := w.a.roots["Bundle"]
	w.pushResource(n, 0, -1, false)
	w.depth = 2 // the Bundle and the array
	now := *p
	end = w.entries(n, n.entries(), at, &now)
	missed := w.part.missed
	now.labels |= w.res.labels
	w.popResource()
	out = w.dst
	w.dst = nil
	done()
	w.forgetInput()
	switch {
	case missed:
		return dst, end, ErrNeedsBundle
	case end < 0:
		return dst, at, w.err()
	}
	*p = now
	return out, end, nil
}

// entries walks the items of the array from src[at] on, as array does. It returns the
// index behind the last one, and before one that needs the whole Bundle.
func (w *Walker) entries(n *node, f *field, at int, p *Parts) int {
	src := w.src
	for gap := at; ; gap = at {
		w.last = gap
		i := fhirjson.SkipSpace(src, gap)
		if i < len(src) && src[i] == ',' && p.begun {
			if i++; !p.kept {
				w.last = i
			}
		}
		before := w.mark()
		if i = fhirjson.SkipSpace(src, i); i >= len(src) {
			return w.failEntries(f, i, "unexpected end of input inside an array")
		}
		stays := false
		switch src[i] {
		case 'n':
			i = fhirjson.ScanLiteral(src, i, &w.fault)
		case '[':
			i, _ = w.misshapen(f, i)
		default:
			i, stays = w.value(n, f, &f.decision, 0, i)
		}
		switch {
		case w.part.missed:
			return gap
		case i < 0:
			return w.failIn(f.path)
		case stays:
			w.flush(i)
			p.kept = true
		default:
			w.reset(before)
		}
		w.capped, p.begun = false, true
		at = i
		if i = fhirjson.SkipSpace(src, i); i == len(src) || src[i] == ']' {
			return at
		}
		if src[i] != ',' {
			return w.failEntries(f, i, "expected a comma or the end of the array")
		}
	}
}

func (w *Walker) failEntries(f *field, i int, what string) int {
	w.at = f.path
	return w.fail(i, what)
}

// AppendFrame masks a Bundle whose array of entries is empty in src. The masked Bundle
// has an empty array, too, if any entry was kept.
func (w *Walker) AppendFrame(dst, src []byte, p *Parts, pass *mask.Pass, site *Site) ([]byte, error) {
	src = bytes.TrimPrefix(src, fhirjson.ByteOrderMark)
	w.begin(dst, src, pass, site)
	w.part = bundlePart{frame: p.kept, carried: p.labels}
	return w.appendResource(dst, src)
}
