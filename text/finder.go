package text

// Options say what is found in addition to the identifiers of Safe Harbor.
type Options struct {
	// Times finds times of day.
	Times bool
	// Professions finds professions and trades.
	Professions bool
	// Years finds years that stand alone.
	Years bool
	// Ages finds ages under 90 too.
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
	told     bool // the language is told, and not found
	caseless bool // no word has a capital
	hits     []hit
	spans    []Span
	// order and sorted are what a block's spans are sorted with.
	order  []uint64
	sorted []Span
	// knownAt and values say of each token whether it is a word of a known name, and if so
	// of which value.
	knownAt []uint8
	values  []int
	taken   []Label // what an earlier detector has taken a token for, or None
	// byKnown says of each token whether a known value covers it; empty without known values.
	byKnown []uint8
	folded  []byte
	// places are where in the folded text known strings may begin.
	places []int32
	// months are the known dates of a block whose month is a word, and dates those of the text,
	// whatever the detectors have found there.
	months []hit
	dates  []Span
	// runs are where words begin that can be a part of base64, in the text.
	runs []int
	// words are the last words that were looked up.
	words *wordMemo
	// depth is how deep in encodings the text is, and in the scanner of what is encoded in it.
	depth int
	in    *inner
	// near is how much beside what is encoded is read with it.
	near int
	// knownOnly leaves out all detectors.
	knownOnly bool
}

const (
	// near is how many bytes beside what is encoded what is found there may depend on.
	near = 512
	// blockSize is how much of a text is read at once.
	blockSize = 64 << 10
	// blockOverlap is how much of a block is read again with the next, so that nothing
	// is lost where they meet.
	blockOverlap = 2 << 10
)

// Find appends the spans of a text to dst, sorted and disjoint. known may be nil. The
// text need not be valid UTF-8.
func (s *Scanner) Find(dst []Span, text []byte, known *Known) []Span {
	s.spans, s.runs, s.dates = s.spans[:0], s.runs[:0], s.dates[:0]
	s.findPart(text, 0, known)
	return s.findInside(dst, text, known)
}

// findPart finds what is in a text from an offset on, without what is encoded.
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
			n-- // found in the block before too
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

// addDates moves the dates of a block, which are those from a number on, to where they are in
// the text, and leaves out those that were found in the block before too.
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

// findInside finds what is encoded in a text, and appends all spans to dst.
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

// cutBlock returns where a block of at most size bytes ends: at the end of a line, after
// a space, or between characters.
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

// findBlock finds what is in a part of the text.
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

// spanOf is where a hit is in the block.
func (s *Scanner) spanOf(h *hit) Span {
	return Span{Start: int(s.toks[h.from].start), End: int(s.toks[h.to-1].end), Label: h.label, Rule: h.rule, Value: h.value}
}

// find finds the known values, and what detectors find.
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
