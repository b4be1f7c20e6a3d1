package fhir

import (
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/mask"
)

// Most references are written as {"reference":"…"} or {"reference":"…","display":"…"}, and
// the rules translate the one and remove the other. Such an object is masked as a whole,
// like a coding in plaincoding.go.

// plainReference has the members of a node of references that no rule treats apart.
type plainReference struct {
	reference, display *decision
}

// plainReferenceOf returns the members of a node for references, or nil.
func plainReferenceOf(n *node) *plainReference {
	if n.typ.Name != "Reference" || n.coded != nil {
		return nil
	}
	p := &plainReference{reference: n.plainMember("reference"), display: n.plainMember("display")}
	if p.reference == nil || p.reference.op != opReference || p.display == nil || p.display.op != opRemove {
		return nil
	}
	return p
}

// plainMember returns the decision on a member that has one value, which is treated the same
// whatever stands beside it, and for which nothing stands in; or else nil.
func (n *node) plainMember(name string) *decision {
	k := n.keys.Find([]byte(name))
	if k < 0 {
		return nil
	}
	f := &n.fields[k]
	stoodIn := f.standIn || f.orTrueName != "" || f.slot >= 0 && (n.required|n.needed)>>f.slot&1 != 0
	if f.decision.otherwise != nil || f.tested || f.array || f.takesHolder || f.weak || stoodIn {
		return nil
	}
	return &f.decision
}

const referenceHead = `{"reference":"`

// wholeReference masks the reference of n at src[i]. It reports false where it is to be walked.
func (w *Walker) wholeReference(p *plainReference, i int) (end int, kept, done bool) {
	src := w.src
	if w.detail || w.depth >= fhirjson.MaxDepth || len(src)-i < len(referenceHead) || string(src[i:i+len(referenceHead)]) != referenceHead {
		return 0, false, false
	}
	var f fhirjson.Fault // the walk finds it again
	from := i + len(referenceHead) - 1
	at, escaped := w.stops.ScanString(src, from, &f)
	if at < 0 || escaped || at >= len(src) {
		return 0, false, false
	}
	end = at
	if src[at] != '}' {
		if len(src)-at < len(displayHead) || string(src[at:at+len(displayHead)]) != displayHead {
			return 0, false, false
		}
		if end, _ = w.stops.ScanString(src, at+len(displayHead)-1, &f); end < 0 || end >= len(src) || src[end] != '}' {
			return 0, false, false
		}
	}
	_, kept = w.reference(p.reference, from, at, src[from+1:at-1])
	if end > at {
		w.count(p.display.action, mask.LabelRedacted, mask.Removed)
		if kept {
			w.flush(at)
			w.last = end
		}
	}
	return end + 1, kept, true
}
