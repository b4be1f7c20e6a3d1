package fhir

// judgedCodes are codes that were judged lately in the text being masked, with the display
// that stood beside each: a Bundle says the same few codes thousands of times, and the tables
// of the terminology are larger than the processor's caches.
type judgedCodes struct {
	generation uint32
	table      []judgedCode
}

type judgedCode struct {
	system        *codeSystem
	generation    uint32
	size, display uint8
	passes        bool
	seen, shows   bool // the display was judged, and passes
	text          [longestJudged]byte
}

const (
	longestJudged = 100 // bytes of a code and its display
	judgedSlots   = 1 << 8
)

func (j *judgedCodes) at(code []byte) *judgedCode {
	if j.table == nil {
		j.table = make([]judgedCode, judgedSlots)
	}
	return &j.table[hashOfEnds(code)>>56%judgedSlots]
}

// has reports whether a code of a system was judged.
func (c *judgedCode) has(generation uint32, s *codeSystem, code []byte) bool {
	return c.generation == generation && c.system == s && string(c.text[:c.size]) == string(code)
}

// codeMayPass is the function of this name for what the text says.
func (w *Walker) codeMayPass(s *codeSystem, system, code []byte) bool {
	c := w.judged.at(code)
	if c.has(w.judged.generation, s, code) {
		return c.passes
	}
	passes := w.a.codes.codeMayPass(s, system, code)
	if len(code) <= longestJudged {
		c.system, c.generation, c.passes, c.seen = s, w.judged.generation, passes, false
		c.size = uint8(copy(c.text[:], code))
	}
	return passes
}

// displayMayPass is the function of this name for what the text says.
func (w *Walker) displayMayPass(s *codeSystem, system, code, display []byte) bool {
	if s.display != displayVerify {
		return s.display == displayTrust
	}
	c := w.judged.at(code)
	known := c.has(w.judged.generation, s, code)
	if known && c.seen && string(c.text[c.size:c.size+c.display]) == string(display) {
		return c.shows
	}
	shows := w.a.codes.displayMayPass(s, system, code, display)
	if known && len(code)+len(display) <= longestJudged {
		c.seen, c.shows = true, shows
		c.display = uint8(copy(c.text[c.size:], display))
	}
	return shows
}
