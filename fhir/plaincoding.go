package fhir

import (
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/mask"
)

// Most codings are written as {"system":"…","code":"…","display":"…"}, and the rules treat
// them like any other. Such a one is masked as a whole, without a walk over its members.

// plainCoding has the members of a node of codings that no rule treats apart.
type plainCoding struct {
	system, code, display *decision
}

// plainCodingOf returns the members of a node for codings, or nil.
func plainCodingOf(n *node) *plainCoding {
	if n.coded == nil || n.typ.Name != "Coding" {
		return nil
	}
	p := &plainCoding{n.plainPart("system", partSystem), n.plainPart("code", partCode), n.plainPart("display", partDisplay)}
	if p.system == nil || p.code == nil || p.display == nil {
		return nil
	}
	return p
}

// plainPart returns the decision on a member that is a part of a coded object, and that no
// rule treats apart; or nil.
func (n *node) plainPart(name string, part codedPart) *decision {
	if d := n.plainMember(name); d != nil && d.op == opCoded && d.part == part {
		return d
	}
	return nil
}

const displayHead = `,"display":"`

// wholeCoding masks the coding of n at src[i], whose system and code were read up to
// src[at]. It reports false where it is to be walked: it has other members, or more becomes
// of it than that its display goes.
func (w *Walker) wholeCoding(n *node, i, at int) (end int, done bool) {
	c, src, p := &w.coded, w.src, n.plain
	if p == nil || at < 0 || at >= len(src) || w.detail || c.known == nil || c.mended || c.known.rollUp != 0 || i == w.res.labelAt || w.depth >= fhirjson.MaxDepth {
		return 0, false
	}
	if src[at] == '}' {
		w.countMembers(p, at, at, false)
		return at + 1, true
	}
	if len(src)-at < len(displayHead) || string(src[at:at+len(displayHead)]) != displayHead {
		return 0, false
	}
	from := at + len(displayHead)
	end, escaped := w.stops.ScanString(src, from-1, &w.fault)
	if end < 0 || escaped || end >= len(src) || src[end] != '}' {
		return 0, false
	}
	display := src[from : end-1]
	shows := w.displayMayPass(c.known, c.system, c.code, display)
	w.countMembers(p, at, end, shows)
	if shows && c.inConcept {
		w.shown = append(w.shown, display)
	}
	return end + 1, true
}

// countMembers counts the members of a coding whose system and code stay and end at
// src[codeEnd]. Its display, if it has one, ends at src[end], and is taken out if it does not
// pass.
func (w *Walker) countMembers(p *plainCoding, codeEnd, end int, shows bool) {
	w.count(p.system.action, mask.LabelNone, mask.Kept)
	w.count(p.code.action, mask.LabelNone, mask.Kept)
	switch {
	case end == codeEnd:
	case shows:
		w.count(p.display.action, mask.LabelNone, mask.Kept)
	default:
		w.count(p.display.action, mask.LabelRedacted, mask.Removed)
		w.flush(codeEnd)
		w.last = end
	}
}
