package fhir

import "github.com/veil-proxy/veil/fhir/terminology"

// judgedCodes are codes and displays that were judged lately in the text being masked: a
// Bundle repeats the same few codes thousands of times, and the tables of the terminology
// are larger than the processor's caches.
type judgedCodes struct {
	generation uint32
	table      []judgedCode
}

// judgedCode is a code of a system, or a display beside it.
type judgedCode struct {
	system        *codeSystem
	generation    uint32
	size, display uint8 // of the code and the display in text
	isDisplay     bool
	passes        bool
	text          [longestJudged]byte
}

const (
	longestJudged = 112     // bytes of a code and its display
	judgedSlots   = 1 << 11 // several times what a text has: two that share a place are judged each time
)

// find returns the place of a code or a display, and whether it is there.
func (j *judgedCodes) find(s *codeSystem, code, display []byte, isDisplay bool) (c *judgedCode, found bool) {
	if j.table == nil {
		j.table = make([]judgedCode, judgedSlots)
	}
	c = &j.table[(hashOfEnds(code)+hashOfEnds(display)*3)>>53%judgedSlots]
	return c, c.generation == j.generation && c.system == s && c.isDisplay == isDisplay &&
		string(c.text[:c.size]) == string(code) && string(c.text[c.size:c.size+c.display]) == string(display)
}

// keep puts a code or a display in its place.
func (j *judgedCodes) keep(c *judgedCode, s *codeSystem, code, display []byte, isDisplay, passes bool) {
	if len(code)+len(display) > longestJudged {
		return
	}
	c.system, c.generation, c.isDisplay, c.passes = s, j.generation, isDisplay, passes
	c.size = uint8(copy(c.text[:], code))
	c.display = uint8(copy(c.text[c.size:], display))
}

// codeMayPass is the function of this name for what the text says.
func (w *Walker) codeMayPass(s *codeSystem, system, code []byte) bool {
	c, found := w.judged.find(s, code, nil, false)
	if found {
		return c.passes
	}
	passes := w.a.codes.codeMayPass(s, system, code)
	w.judged.keep(c, s, code, nil, false, passes)
	return passes
}

// canonicals takes the place of a code system for canonical URLs.
var canonicals = &codeSystem{}

// canonicalMayPass is the function of this name for what the text says.
func (w *Walker) canonicalMayPass(url []byte) bool {
	c, found := w.judged.find(canonicals, url, nil, false)
	if found {
		return c.passes
	}
	passes := w.a.canonicalMayPass(url)
	w.judged.keep(c, canonicals, url, nil, false, passes)
	return passes
}

// ageTexts takes the place of a code system for texts that may name an age.
var ageTexts = &codeSystem{}

// isAgeText is terminology.IsAgeText for what the text says.
func (w *Walker) isAgeText(text []byte) bool {
	c, found := w.judged.find(ageTexts, text, nil, false)
	if found {
		return c.passes
	}
	is := terminology.IsAgeText(text)
	w.judged.keep(c, ageTexts, text, nil, false, is)
	return is
}

// displayMayPass is the function of this name for what the text says.
func (w *Walker) displayMayPass(s *codeSystem, system, code, display []byte) bool {
	if s.display != displayVerify {
		return s.display == displayTrust
	}
	c, found := w.judged.find(s, code, display, true)
	if found {
		return c.passes
	}
	passes := w.a.codes.displayMayPass(s, system, code, display)
	w.judged.keep(c, s, code, display, true, passes)
	return passes
}
