package text

// hashData is the scheme of URLs that contain their content.
var hashData = hashOf("data")

const (
	// leastEncoded is the minimum length of letters and digits without a blank that are
	// encoded content, if they alternate as it does.
	leastEncoded = 24
	// leastPiece is the minimum length of one piece between marks that shows this.
	leastPiece = 12
	// leastPadded is the minimum length of encoded content with the padding of base64.
	leastPadded = 12
	// fullLine is the minimum length of a line that continues on the next.
	fullLine = 56
)

// findEncoded finds encoded content: base64, alone or in a data URL, in one line or
// several. Nothing is known about the content, so all of it is removed: it can be a picture
// of a face.
func (s *Scanner) findEncoded() {
	for i := s.encoded.next(0); i < len(s.toks); i = s.encoded.next(i) {
		if s.toks[i].kind == mark {
			s.findMarked(i)
		}
		if !s.isEncoded(i) {
			i++
			continue
		}
		to := s.encodedRun(i)
		if run := s.text[s.toks[i].start:s.toks[to-1].end]; looksEncoded(run) {
			if len(run) >= fullLine {
				to = s.encodedLines(to)
			}
			s.add(i, to, ID, "encoded")
		}
		i = to
	}
}

// findMarked finds encoded content that begins with a mark at a token.
func (s *Scanner) findMarked(i int) {
	switch s.toks[i].char {
	case '=':
		if s.is(i+1, '?') {
			s.findEncodedWord(i)
		}
	case '<':
		if s.is(i+1, '<') {
			s.findMachineLine(i)
		}
	case '/', '\\':
		s.findAccount(i)
	}
}

// isEncoded reports whether a token can be part of base64.
func (s *Scanner) isEncoded(i int) bool {
	t := &s.toks[i]
	if t.kind == mark {
		return t.char == '+' || t.char == '/' || t.char == '-' || t.char == '_'
	}
	return t.plain && s.taken[i] == None
}

// encodedRun returns the end of a run of such tokens without a blank, with its padding.
func (s *Scanner) encodedRun(i int) int {
	to := i + 1
	for to < len(s.toks) && s.toks[to].gap == joined && s.isEncoded(to) {
		to++
	}
	for n := 0; n < 2 && s.is(to, '='); n++ {
		to++
	}
	return to
}

// encodedLines returns the end of the lines that continue encoded content.
func (s *Scanner) encodedLines(to int) int {
	for to < len(s.toks) && s.toks[to].gap == line && s.isEncoded(to) {
		end := s.encodedRun(to)
		if t := s.at(end); t.gap < line && !(t.gap == joined && closesURL(t.char)) {
			break // plain text
		}
		to = end
	}
	return to
}

// closesURL reports whether a mark ends a data URL before it.
func closesURL(c byte) bool {
	return c == '"' || c == '<' || c == '>' || c == ')' || c == ']' || c == '\''
}

// looksEncoded reports whether a run alternates between capitals, other letters and digits
// more often than codes, or words joined by marks or capitals, do.
func looksEncoded(run []byte) bool {
	padded := run[len(run)-1] == '=' && len(run)%4 == 0
	if len(run) < leastEncoded && !(padded && len(run) >= leastPadded) {
		return false
	}
	var last, seen uint8
	length, changes := 0, 0
	for i := 0; i <= len(run); i++ {
		var class uint8
		if i < len(run) {
			class = classes[run[i]]
		}
		if class&(classLetter|classDigit) == 0 {
			if length >= leastPiece && changes*3 >= length && seen&classLetter == classLetter {
				return true
			}
			length, changes, seen = 0, 0, 0
			continue
		}
		if length > 0 && class != last {
			changes++
		}
		last = class
		seen |= class
		length++
	}
	return false
}

// findDataURL finds a URL that contains its content, whose colon is at a token:
// data:image/png;base64,iVBORw0K.
func (s *Scanner) findDataURL(colon int) {
	to := colon + 1
	for n := 0; s.at(to).char != ','; n++ {
		if t := s.at(to); n == maxAddress || t.gap != joined || t.kind == mark && t.char != '/' && t.char != ';' && t.char != '=' && t.char != '-' && t.char != '+' && t.char != '.' {
			return
		}
		to++
	}
	if s.at(to).gap != joined || s.at(to+1).gap != joined {
		return
	}
	to++
	for to < len(s.toks) && s.toks[to].gap == joined && !closesURL(s.toks[to].char) {
		to++
	}
	if int(s.toks[to-1].end-s.toks[colon].start) >= fullLine {
		to = s.encodedLines(to)
	}
	s.add(colon-1, to, URL, "data-url")
}

// findEncodedWord finds an encoded word of a mail header, whose "=?" begins at a token:
// =?utf-8?B?Sm9obg==?=.
func (s *Scanner) findEncodedWord(from int) {
	marks := 0
	for to := from + 1; to < len(s.toks) && to-from < 4*maxAddress && s.at(to).gap == joined; to++ {
		if s.at(to).char != '?' {
			continue
		}
		if marks++; marks >= 4 && s.is(to+1, '=') {
			s.add(from, to+2, ID, "encoded-word")
			return
		}
	}
}

// leastMachineLine is the minimum length of a run with fillers that is a line of a
// passport.
const leastMachineLine = 20

// findMachineLine finds the machine-readable line of a passport or an identity card, two
// fillers of which begin at a token: P<UTOSMITH<<JOHN<<<<.
func (s *Scanner) findMachineLine(i int) {
	if s.taken[i] != None {
		return
	}
	from, to := i, i+1
	for from > 0 && s.toks[from].gap == joined && s.isMachineRead(from-1) {
		from--
	}
	for to < len(s.toks) && s.toks[to].gap == joined && s.isMachineRead(to) {
		to++
	}
	if s.toks[to-1].end-s.toks[from].start >= leastMachineLine {
		s.add(from, to, ID, "machine-line")
	}
}

func (s *Scanner) isMachineRead(i int) bool {
	t := &s.toks[i]
	return t.char == '<' || t.kind == number || t.kind == word && (t.shape == upper || t.shape == initial)
}
