package text

// run is a run of letters and digits with marks between, the usual form of identifiers.
type run struct {
	from, to                int
	digits, letters, uppers int
	changes                 int // between letters and digits
}

// runAt reads the run that begins at a token and has no blanks.
func (s *Scanner) runAt(i int) (r run) {
	r.from, r.to = i, i
	last := mark
	for j := i; j < len(s.toks) && j-i < 40; j++ {
		t := s.at(j)
		if j > i && t.gap != joined || s.taken[j] != 0 {
			break
		}
		if t.kind == mark {
			if !joinsCode(t.char) || s.at(j+1).gap != joined || s.at(j+1).kind == mark {
				break
			}
			continue
		}
		if last != mark && t.kind != last {
			r.changes++
		}
		last = t.kind
		if t.kind == number {
			r.digits += t.len()
		} else {
			r.letters += t.len()
			if t.shape == upper || t.shape == initial {
				r.uppers += t.len()
			}
		}
		r.to = j + 1
	}
	return r
}

func joinsCode(c byte) bool {
	return c == '-' || c == '_' || c == '.' || c == '/' || c == '#'
}

// labelledID finds the identifier after its label: MRN 123456, Policy no. W12-3.
func (s *Scanner) labelledID(i int) bool {
	t := s.at(i)
	if s.lang == spanish && s.at(i-1).kind == mark && s.at(i-2).hash == hashN && s.is(i-3, '/') {
		return false // sin número
	}
	lead := i
	if p := s.at(i - 1); t.kind == number && t.gap == space && p.kind == word && (p.shape == upper && p.len() >= 2 && p.len() <= 4 || p.shape == initial) && p.gap == space && s.free(i-1) && p.flags&^(fNothing|fFamily|fGiven|fState|fMedical) == 0 && p.ends&fKeyword == 0 {
		lead-- // policy UPH 339 021 77
	}
	if t.kind == mark || !s.labelBefore(lead, fIDLabel) || t.gap == joined && s.at(i-1).kind != mark && s.at(i-1).ends&fIDLabel == 0 {
		return false
	}
	r := s.runAt(i)
	// Groups of digits with blanks between: 71 33043712 35, ES91 2100 0418.
	for r.digits > 0 && s.at(r.to).gap == space && s.at(r.to).kind != mark && s.taken[r.to] == 0 {
		n := s.runAt(r.to)
		if n.digits == 0 && !(n.letters <= 4 && n.uppers == n.letters && n.letters > 1 && s.at(n.from).flags&(fKeyword|fMedical|fSuffix|fTitle) == 0) || n.letters > 4 || r.digits < 2 || s.at(n.from).kind == word && n.uppers != n.letters || n.to-r.from > 30 {
			break
		}
		if n.digits == 0 && !(s.at(n.to).kind == number && s.at(n.to).gap == space) {
			break
		}
		// A number with its unit is not an identifier: 40 mg.
		if u := s.at(n.to); u.gap <= space && u.kind == word && u.flags&(fUnit|fAgeWord) != 0 {
			break
		}
		if s.at(n.from).len() == 1 && n.letters == 0 && n.to-n.from == 1 && r.digits >= 6 && s.at(n.to).gap != space {
			break
		}
		r.digits, r.letters, r.to = r.digits+n.digits, r.letters+n.letters, n.to
	}
	if r.digits == 0 {
		return s.letterCode(&r)
	}
	if r.letters == 0 && r.digits <= 6 && (s.isRange(&r) || s.isPressure(&r)) {
		return false
	}
	if r.digits+r.letters < 4 || r.digits < 2 || r.digits < 4 && r.letters == 0 {
		return false
	}
	if u := s.at(r.to); u.gap == space && u.flags&(fUnit|fAgeWord) != 0 && u.len() > 1 && r.letters == 0 && r.digits < 6 {
		return false
	}
	from := lead
	if p := s.at(from - 1); p.hash == hashSN && p.shape == upper && s.at(from).gap == space {
		from--
	}
	s.add(from, r.to, ID, "id-labelled")
	return true
}

// isRange reports whether a run is a range of decimal numbers: 3.5-5.1.
func (s *Scanner) isRange(r *run) bool {
	for j := r.from + 1; j < r.to; j++ {
		if s.is(j, '.') && s.at(j-1).len() <= 2 && s.at(j+1).len() <= 2 {
			return true
		}
	}
	return false
}

// isPressure reports whether a run is two short numbers: 118/64, 70-99.
func (s *Scanner) isPressure(r *run) bool {
	a, b := s.at(r.from), s.at(r.to-1)
	return r.to-r.from == 3 && a.len() <= 3 && b.len() <= 3 && (s.is(r.from+1, '/') || s.is(r.from+1, '-') && r.digits < 6 && a.value < b.value)
}

var hashSN = hashOf("sn")

// letterCode finds codes of capitals only, such as a SWIFT code.
func (s *Scanner) letterCode(r *run) bool {
	if r.uppers != r.letters || !isLetterCode(r.letters) || r.to-r.from != 1 || s.at(r.from).flags&^fAnchor != 0 {
		return false
	}
	if p := s.at(r.from - 1); p.hash != hashSwift && p.hash != hashBIC && s.at(r.from-2).hash != hashSwift && s.at(r.from-2).hash != hashBIC {
		return false
	}
	s.add(r.from, r.to, ID, "id-labelled")
	return true
}

// isLetterCode reports whether n is a possible length of a code of capitals.
func isLetterCode(n int) bool { return n == 8 || n == 11 }

var hashSwift, hashBIC = hashOf("swift"), hashOf("bic")

// notCodes has words that begin codes of things: studies, genes, products, standards.
var notCodes = hashSet("nct", "isrctn", "pmid", "pmc", "doi", "iso", "ce", "en", "din", "astm", "rs", "cpt", "icd", "hcpcs", "loinc", "snomed", "rxcui", "ndc", "covid", "vitamin", "omega",
	"chr", "nm", "np", "enst", "cas", "ec", "hg", "grch", "version", "v", "model", "page", "x")

// code finds runs that look like an identifier without a label: letters with at least five
// digits, postal codes of letters and digits, bank account numbers.
func (s *Scanner) code(i int) {
	t := s.at(i)
	if t.gap == joined && i > 0 && (s.at(i-1).kind != mark || joinsCode(s.at(i-1).char) && s.at(i-1).char != '#' && s.at(i-1).char != '/') {
		return
	}
	if s.postalCode(i) {
		return
	}
	r := s.runAt(i)
	switch {
	case r.digits+r.letters >= 20 && r.digits >= 4 && r.changes >= 6:
		s.add(r.from, r.to, ID, "code-long")
		return
	case r.uppers == r.letters && r.letters >= 4 && r.digits == 4 && r.to-r.from == 5 && s.is(r.from+1, '-') && s.is(r.from+3, '-') && !notCodes.has(t.hash):
		s.add(r.from, r.to, ID, "code") // GXTR-KLMP-2291
		return
	case r.letters == 0 || r.digits < 5 || t.kind == word && notCodes.has(t.hash):
		if s.at(i-1).char == '#' && s.at(i).gap == joined && r.digits >= 4 {
			s.add(r.from, r.to, ID, "number-sign")
		}
		return
	case r.letters > 12 && r.uppers < r.letters || s.hasUnit(&r):
		return
	case t.kind == word && t.shape == lower && r.letters > 4:
		return
	}
	s.add(r.from, r.to, ID, "code")
}

// hasUnit reports whether a run is a number with its unit: 50000IU, 100000U/mL.
func (s *Scanner) hasUnit(r *run) bool {
	for j := r.from; j < r.to; j++ {
		t := s.at(j)
		if t.kind == word && t.flags&(fUnit|fAgeWord) != 0 && j > r.from && s.at(j-1).kind == number {
			return r.letters <= 6 && r.uppers < 2 || t.len() > 1
		}
	}
	return false
}

// maskedNumber finds the end of a number whose beginning is masked: xxx-xx-1234.
func (s *Scanner) maskedNumber(i int) bool {
	t := s.at(i)
	if t.kind != number || t.len() < 3 || t.gap != joined {
		return false
	}
	from := i
	for from > 0 && i-from < 24 && s.at(from).gap == joined && (s.at(from-1).char == '*' || s.at(from-1).char == '-' || s.at(from-1).char == '#' || s.isMask(from-1)) {
		from--
	}
	for from < i && s.at(from).char == '-' {
		from++
	}
	if from >= i-1 {
		return false
	}
	s.add(from, i+1, ID, "number-masked")
	return true
}

// isMask reports whether a word consists only of x.
func (s *Scanner) isMask(i int) bool {
	t := s.at(i)
	if t.kind != word || t.len() < 2 || t.len() > 12 {
		return false
	}
	for _, c := range s.text[t.start:t.end] {
		if c != 'x' && c != 'X' {
			return false
		}
	}
	return true
}

// postalCode finds postal codes of letters and digits: SW1A 1AA, K1A 0B1, 1012 AB.
func (s *Scanner) postalCode(i int) bool {
	shape, to := s.shapeOf(i)
	switch {
	case to == 0:
		return false
	case britishCodes[shape]:
		s.add(i, to, Location, "postal-code")
	case shape == "9999 AA" && s.lang == dutch && s.at(i).text0(s) != '0':
		s.add(i, to, Location, "postal-code")
	default:
		return false
	}
	return true
}

func (t *token) text0(s *Scanner) byte { return s.text[t.start] }

var britishCodes = map[string]bool{
	"A9 9AA": true, "A99 9AA": true, "AA9 9AA": true, "AA99 9AA": true, "A9A 9AA": true, "AA9A 9AA": true, "A9A 9A9": true,
}

// shapeOf returns the shape of two short codes with a blank between, A for a capital and 9
// for a digit, and their end.
func (s *Scanner) shapeOf(i int) (shape string, to int) {
	var buf [10]byte
	n, blanks := 0, 0
	j := i
	for ; j < len(s.toks) && j < i+7; j++ {
		t := s.at(j)
		if t.kind == mark || t.kind == word && t.shape != upper && t.shape != initial || t.gap > space && j > i {
			break
		}
		if j > i && t.gap == space {
			if blanks++; blanks > 1 {
				break
			}
			if n < len(buf) {
				buf[n] = ' '
				n++
			}
		}
		for range t.len() {
			if n == len(buf) {
				return "", 0
			}
			buf[n] = 'A'
			if t.kind == number {
				buf[n] = '9'
			}
			n++
		}
	}
	if blanks == 0 || n < 6 || n > 8 {
		return "", 0
	}
	return string(buf[:n]), j
}
