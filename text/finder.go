package text

// Options lists what is found in addition to the identifiers of Safe Harbor.
type Options struct {
	// Times finds times of day.
	Times bool
	// Professions finds professions and trades.
	Professions bool
	// Years finds years without month or day.
	Years bool
	// Ages also finds ages under 90.
	Ages bool
}

// A Finder holds dictionaries and options. It is immutable and safe for concurrent use.
type Finder struct {
	options Options
	dict    *dictionary
}

// New returns a Finder. The first call loads the dictionaries.
func New(options Options) *Finder {
	return &Finder{options: options, dict: loaded()}
}

// Scanner returns a Scanner for one goroutine.
func (f *Finder) Scanner() *Scanner { return &Scanner{f: f, near: near, words: new(wordMemo)} }

// A Scanner finds identifiers in one text after the other. It reuses its memory between
// texts, but its results never depend on earlier texts. It is not safe for concurrent
// use.
type Scanner struct {
	f    *Finder
	text []byte // the block
	tokens
	anchors
	lang     language
	counts   languageCounts
	told     bool // the language is given, not detected
	caseless bool // no word has a capital
	hits     []hit
	spans    []Span
	// order and sorted are used to sort the spans of a block.
	order  []uint64
	sorted []Span
	// knownAt records for each token whether it is a word of a known name, and values the
	// number of that value.
	knownAt []uint8
	values  []int
	taken   []Label // the label for which an earlier detector has taken a token, or None
	// byKnown records for each token whether a known value covers it; empty without known
	// values.
	byKnown []uint8
	folded  []byte
	// places has the offsets in the folded text at which known strings may begin.
	places []int32
	// months has the known dates of a block whose month is a word, and dates those of the
	// text, whatever the detectors have found there.
	months []hit
	dates  []Span
	// runs has the offsets in the text of words that can be part of base64.
	runs []int
	// words has the words that were looked up last.
	words *wordMemo
	// depth is the nesting depth of encodings that the text is in, and in the scanner of
	// content encoded in it.
	depth int
	in    *inner
	// near is the number of bytes around encoded content that are read with it.
	near int
	// knownOnly disables all detectors.
	knownOnly bool
}

const (
	// near is the number of bytes around encoded content on which results in it may depend.
	near = 512
	// blockSize is the size of the parts in which a text is read.
	blockSize = 64 << 10
	// blockOverlap is the size of the part of a block that is read again with the next, so
	// that nothing is lost at their boundary.
	blockOverlap = 2 << 10
)

// Find appends the spans of a text to dst, sorted and disjoint. known may be nil. The
// text need not be valid UTF-8.
func (s *Scanner) Find(dst []Span, text []byte, known *Known) []Span {
	s.spans, s.runs, s.dates = s.spans[:0], s.runs[:0], s.dates[:0]
	s.findPart(text, 0, known)
	return s.findInside(dst, text, known)
}

// findPart finds identifiers in a text from an offset on, except in encoded content.
func (s *Scanner) findPart(text []byte, from int, known *Known) {
	for begin := from; from < len(text); {
		to := cutBlock(text, from, blockSize)
		n, dates := len(s.spans), len(s.dates)
		s.findBlock(text[from:to], known)
		s.sortBlock(n)
		move(s.spans[n:], from)
		s.addDates(dates, from)
		s.addRuns(from)
		for n > 0 && s.spans[n-1].Start >= from {
			n-- // also found in the previous block
		}
		if from > begin {
			sortSpans(s.spans[n:])
		}
		if to == len(text) {
			break
		}
		from = max(cutBlock(text, from, to-from-blockOverlap), from+1)
	}
	s.text = nil
}

// addDates converts the dates of a block, from number n on, to offsets in the text, and
// leaves out those also found in the previous block.
func (s *Scanner) addDates(n, by int) {
	found := s.dates[n:]
	s.dates = s.dates[:n]
	move(found, by)
	for _, d := range found {
		if n := len(s.dates); n == 0 || d.Start > s.dates[n-1].Start {
			s.dates = append(s.dates, d)
		}
	}
}

// move moves spans by a number of bytes.
func move(spans []Span, by int) {
	for i := range spans {
		spans[i].Start += by
		spans[i].End += by
	}
}

// findInside finds identifiers in encoded content of a text, and appends all spans to dst.
func (s *Scanner) findInside(dst []Span, text []byte, known *Known) []Span {
	if n := len(s.spans); s.depth < deepest {
		s.findViews(text, known)
		s.findBase64(text, known)
		if len(s.spans) > n {
			sortSpans(s.spans)
		}
	}
	return merge(dst, s.spans)
}

// cutBlock returns the end of a block of at most size bytes: at the end of a line, after a
// space, or between characters.
func cutBlock(text []byte, from, size int) int {
	end := from + size
	if end >= len(text) {
		return len(text)
	}
	low := max(from+size/2, end-blockOverlap)
	for i := end; i > low; i-- {
		if text[i-1] == '\n' {
			return i
		}
	}
	for i := end; i > low; i-- {
		if text[i-1] == ' ' {
			return i
		}
	}
	for i := end; i > end-4; i-- {
		if text[i]&0xc0 != 0x80 {
			return i
		}
	}
	return end
}

// findBlock finds identifiers in a part of the text.
func (s *Scanner) findBlock(block []byte, known *Known) {
	s.text = block
	s.cut(block)
	s.hits = s.hits[:0]
	s.taken = grown(s.taken, len(s.toks))
	s.knownAt = grown(s.knownAt, len(s.toks))
	if len(s.values) < len(s.toks) {
		s.values = make([]int, len(s.toks)+len(s.toks)/2)
	}
	s.lookUp()
	s.setAnchors()
	s.find(known)
	for _, h := range s.hits {
		s.spans = append(s.spans, s.spanOf(&h))
	}
}

// spanOf returns the span of a hit in the block.
func (s *Scanner) spanOf(h *hit) Span {
	return Span{Start: int(s.toks[h.from].start), End: int(s.toks[h.to-1].end), Label: h.label, Rule: h.rule, Value: h.value}
}

// find finds the known values, and runs the detectors.
func (s *Scanner) find(known *Known) {
	has := known != nil && known.count > 0
	s.months, s.byKnown = s.months[:0], s.byKnown[:0]
	if has {
		s.findKnown(known)
		s.markKnown()
		s.matchMonths(known)
	}
	if !s.knownOnly {
		s.detect()
	}
	s.addMonths()
}
