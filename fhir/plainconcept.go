package fhir

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/fhir/termhash"
	"github.com/veil-proxy/veil/mask"
)

// Most concepts are written as {"coding":[{"system":…,"code":…,"display":…}],"text":"…"}, and
// all of their codes pass. Such a one is masked as a whole, like a coding in plaincoding.go.

// plainConcept has the members of a node of concepts that no rule treats apart.
type plainConcept struct {
	coding  *decision
	members *plainCoding // of the codings
	text    *decision
}

// plainConceptOf returns the members of a node for concepts, or nil.
func plainConceptOf(n *node) *plainConcept {
	k := n.keys.Find([]byte("coding"))
	if n.decided != asConcept || k < 0 {
		return nil
	}
	f := &n.fields[k]
	d := &f.decision
	usual := f.array && !f.takesHolder && !f.weak && !f.security && d.otherwise == nil && d.op == opDescend && d.kind == schema.JSONObject
	text := n.plainPart("text", partText)
	if !usual || text == nil || d.child.plain == nil {
		return nil
	}
	return &plainConcept{d, d.child.plain, text}
}

// usualConcept is a concept that is written as most are, in the text being masked.
type usualConcept struct {
	start, end int // end is 0 if it is written in another way
	size       int // how many codings it has
	codings    [mostCodings]usualCoding
	codingsEnd int    // the index behind them
	text       []byte // nil if there is none
}

// usualCoding is a coding of it.
type usualCoding struct {
	system, code, display []byte      // display is nil if there is none
	codeEnd, end          int         // the indexes behind code and display
	known                 *codeSystem // which passes, as the code does
	shows                 bool        // the display passes
}

const (
	mostCodings = 4
	conceptHead = `{"coding":[`
	textHead    = `],"text":"`
)

// readConcept reads the concept at src[i], which was often read already, to know whether it
// says an age.
func (w *Walker) readConcept(i int) *usualConcept {
	c, src := &w.concept, w.src
	if c.end != 0 && c.start == i {
		return c
	}
	c.start, c.end, c.size, c.text = i, 0, 0, nil
	if len(src)-i < len(conceptHead) || string(src[i:i+len(conceptHead)]) != conceptHead {
		return c
	}
	var f fhirjson.Fault // the walk finds it again
	at := i + len(conceptHead)
	for {
		coding := &c.codings[c.size]
		if coding.system, coding.code, coding.codeEnd = w.readCoding(at); coding.codeEnd < 0 {
			return c
		}
		at = coding.codeEnd
		coding.display = nil
		if len(src)-at >= len(displayHead) && string(src[at:at+len(displayHead)]) == displayHead {
			end, escaped := w.stops.ScanString(src, at+len(displayHead)-1, &f)
			if end < 0 || escaped {
				return c
			}
			coding.display, at = src[at+len(displayHead):end-1], end
		}
		coding.end = at
		if c.size++; len(src)-at < 2 || src[at] != '}' {
			return c
		}
		if at++; src[at] != ',' || c.size == mostCodings {
			break
		}
		at++
	}
	c.codingsEnd = at
	switch {
	case len(src)-at >= 2 && src[at] == ']' && src[at+1] == '}':
		c.end = at + 2
	case len(src)-at >= len(textHead) && string(src[at:at+len(textHead)]) == textHead:
		end, escaped := w.stops.ScanString(src, at+len(textHead)-1, &f)
		if end > 0 && !escaped && end < len(src) && src[end] == '}' {
			c.text, c.end = src[at+len(textHead):end-1], end+1
		}
	}
	return c
}

// wholeConcept masks the concept of n at src[i]. It reports false where it is to be walked:
// more becomes of it than that displays and the text go.
func (w *Walker) wholeConcept(p *plainConcept, i int) (end int, done bool) {
	if p == nil || w.detail || w.depth+2 >= fhirjson.MaxDepth {
		return 0, false
	}
	c := w.readConcept(i)
	if c.end == 0 {
		return 0, false
	}
	for k := range c.codings[:c.size] {
		coding := &c.codings[k]
		s := w.system(coding.system)
		if s == nil || s.rollUp != 0 || !w.codeMayPass(s, coding.system, coding.code) {
			return 0, false
		}
		coding.known = s
		coding.shows = coding.display != nil && w.displayMayPass(s, coding.system, coding.code, coding.display)
	}
	for k := range c.codings[:c.size] {
		if p.coding.rule != nil {
			w.count(p.coding.action, mask.LabelNone, mask.Kept)
		}
		coding := &c.codings[k]
		w.countMembers(p.members, coding.codeEnd, coding.end, coding.shows)
	}
	switch {
	case c.text == nil:
	case w.saysConcept(c):
		w.count(p.text.action, mask.LabelNone, mask.Kept)
	default:
		w.count(p.text.action, mask.LabelRedacted, mask.Removed)
		w.flush(c.codingsEnd + 1)
		w.last = c.end - 1
	}
	return c.end, true
}

// saysConcept reports whether the text of a concept whose codes pass is what one of them is
// called, as wasShown and hasDisplay do.
func (w *Walker) saysConcept(c *usualConcept) bool {
	for k := range c.codings[:c.size] {
		if of := &c.codings[k]; of.shows && bytes.Equal(of.display, c.text) {
			return true
		}
	}
	for k := range c.codings[:c.size] {
		of := &c.codings[k]
		same := termhash.Same(of.display, c.text)
		if of.shows && same {
			return true
		}
		if len(of.code) == 0 {
			continue
		}
		if of.known.display == displayVerify && w.displayMayPass(of.known, of.system, of.code, c.text) ||
			same && w.displayMayPass(of.known, of.system, of.code, of.display) {
			return true
		}
	}
	return false
}
