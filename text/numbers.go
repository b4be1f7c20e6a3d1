package text

import "bytes"

// digits is a run of groups of digits, the form of telephone and identity numbers: (503)
// 555-0142, 71 33043712 35, +49 30 1234567.
type digits struct {
	from, to int // tokens
	groups   [maxGroups]int
	n        int  // groups
	total    int  // digits
	plus     bool // begins with +
	parens   bool // begins with a group in parentheses
	spaces   int  // blanks between groups
	hyphens  int
	dots     int
	slashes  int
}

const maxGroups = 8

// digitsAt reads the run that begins at a token: a number, "+" or "(".
func (s *Scanner) digitsAt(i int) (d digits, ok bool) {
	d.from = i
	j := i
	if s.at(j).char == '+' && s.isNumber(j+1) && s.at(j+1).gap == joined {
		d.plus = true
		j++
	} else if s.at(j).char == '+' && s.is(j+1, '(') {
		d.plus = true
		j++
	}
	if s.at(j).char == '(' && s.at(j+1).gap <= space {
		k := j + 1
		if s.is(k, '+') {
			d.plus = true
			k++
		}
		for n := 0; n < 3 && s.isNumber(k) && s.isNumber(k+1) && s.at(k+1).gap == space && s.at(k).len() <= 3; n++ {
			d.add(s.at(k).len()) // (0 52 31)
			k++
		}
		if !s.isNumber(k) || s.at(k).gap > space || s.at(k+1).char != ')' || s.at(k+1).gap > space || s.at(k).len() > 5 {
			return d, false
		}
		d.parens = true
		d.add(s.at(k).len())
		j = k + 2
		d.to = j
		if c := s.at(j).char; (c == '-' || c == '.') && s.at(j).gap <= space && s.isNumber(j+1) && s.at(j+1).gap <= space {
			j++
		}
		if !s.isNumber(j) || s.at(j).gap > space {
			return d, true
		}
	}
	if !s.isNumber(j) {
		return d, false
	}
	for d.n < maxGroups && s.isNumber(j) && s.taken[j] == 0 {
		d.add(s.at(j).len())
		d.to = j + 1
		sep, next := s.at(j+1), s.at(j+2)
		switch {
		case sep.kind == number && sep.gap == space:
			d.spaces++
			j++
			continue
		case sep.char == '-' && sep.gap == joined && next.kind == number && next.gap == joined:
			d.hyphens++
		case sep.char == '-' && sep.gap == space && next.kind == number && next.gap == space && d.total >= 3:
			d.hyphens++
		case sep.char == '_' && sep.gap == joined && next.kind == number && next.gap == joined:
			d.hyphens++
		case sep.char == '.' && next.kind == number && (sep.gap == joined && next.gap == joined || sep.gap == space && next.gap == space && s.at(j).len() == 3 && (next.len() == 3 || next.len() == 4)):
			d.dots++
		case sep.char == '/' && sep.gap <= space && next.kind == number && next.gap <= space && !(d.total >= 10 && d.n >= 3 && d.slashes == 0 && next.gap == joined && next.len() <= 4):
			d.slashes++
		case sep.char == '(' && sep.gap <= space && next.kind == number && s.is(j+3, ')') && d.plus && s.isNumber(j+4):
			d.add(next.len())
			j += 4
			continue
		case sep.char == ')' && sep.gap == joined && next.kind == number && d.n == 1 && s.at(d.from-1).char == '(':
			d.from--
			d.parens = true
		case sep.char == ')' && sep.gap == joined && next.gap <= space && d.looks(3) && next.len() == 3 && s.at(j+4).kind == number && s.at(j+4).len() == 4 && s.at(j+4).gap <= space:
			d.parens = true // 360) 555-0193
		default:
			return d, true
		}
		j += 2
	}
	return d, true
}

func (d *digits) add(n int) {
	if d.n < maxGroups {
		d.groups[d.n] = n
		d.n++
		d.total += n
	}
}

// looks reports whether the groups have the given lengths.
func (d *digits) looks(groups ...int) bool {
	if d.n != len(groups) {
		return false
	}
	for i, g := range groups {
		if d.groups[i] != g {
			return false
		}
	}
	return true
}

// findNumbers finds telephone numbers and identifiers.
func (s *Scanner) findNumbers() {
	for i := nextOf(s.numbers, s.marks, s.codes, 0); i < len(s.toks); i = nextOf(s.numbers, s.marks, s.codes, i+1) {
		if s.taken[i] != 0 {
			continue
		}
		t := &s.toks[i]
		switch {
		case t.kind == number, t.char == '+', t.char == '(':
			if s.labelledID(i) || s.maskedNumber(i) {
				continue
			}
			if t.kind == number && t.gap == joined && s.codeBefore(i) {
				continue
			}
			d, ok := s.digitsAt(i)
			if ok && (s.phone(&d) || s.cardOrSSN(&d) || s.groupedID(&d)) {
				i = d.to - 1
				continue
			}
			if t.kind == number {
				s.code(i)
			}
		case t.kind == word:
			if !s.labelledID(i) {
				s.code(i)
			}
		}
	}
}

// codeBefore reports whether a number continues a code that was examined from its
// beginning.
func (s *Scanner) codeBefore(i int) bool {
	p := s.at(i - 1)
	return p.kind == word && p.flags&(fPhoneLabel|fIDLabel) == 0 && p.shape != lower
}

// phone finds telephone numbers.
func (s *Scanner) phone(d *digits) bool {
	labelled := s.labelBefore(d.from, fPhoneLabel) || d.total >= 6 && (s.phoneKindAfter(d.to) || s.reachedAt(d.from))
	first := byte(0)
	if j := d.from; s.isNumber(j) {
		first = s.text[s.at(j).start]
	}
	ok := false
	switch {
	case d.total < 4 || d.total > 16:
	case d.plus:
		ok = d.total >= 8 || labelled
	case labelled:
		ok = d.total >= 7 || d.n == 1 && d.total >= 4 && !isYear(s.at(d.from)) || d.looks(3, 4) || d.looks(1, 3, 4)
	case d.parens:
		ok = d.total >= 7
	case d.looks(3, 3, 4):
		ok = first >= '2' || first == '0' || d.hyphens+d.dots == 2
	case d.looks(1, 3, 3, 4), d.looks(3, 3, 3, 4), d.looks(2, 3, 3, 4):
		ok = d.spaces+d.hyphens+d.dots == 3
	case d.looks(3, 4):
		ok = d.hyphens == 1 && first >= '2' || d.dots == 1 && first >= '2'
	case d.slashes == 1 && d.n > 1 && s.lang != english && d.total >= 9 && d.total <= 11 && d.spaces+d.hyphens+d.dots == d.n-2:
		ok = first == '0' || first == '3' && d.looks(3, 7)
	case d.looks(3, 7), d.looks(3, 6):
		ok = d.hyphens == 1 || first == '0'
	case d.looks(3, 3, 3):
		ok = first >= '6' || first == '0'
	case d.looks(2, 2, 2, 2, 2):
		ok = first == '0'
	case d.looks(3, 3, 2, 2) && (d.spaces == 3 || d.dots == 3):
		ok = first >= '2' || first == '0'
	case s.lang == spanish && d.n > 1 && d.n <= 4 && d.total == 9 && d.spaces+d.dots == d.n-1:
		ok = first >= '6'
	case d.looks(3, 2, 2, 2), d.looks(2, 3, 2, 2), d.looks(4, 3, 3), d.looks(4, 3, 4), d.looks(5, 3, 3), d.looks(2, 4, 4), d.looks(5, 6), d.looks(5, 3, 4), d.looks(2, 3, 4), d.looks(4, 4):
		ok = first == '0' || d.n > 2 && first >= '6' || d.n > 2 && d.hyphens == 2
	case first == '0' && d.n >= 2 && d.total >= 7 && d.total <= 13:
		ok = (d.groups[0] >= 3 || d.groups[0] == 2 && d.total == 10 && s.lang != english) && d.dots == 0
	case d.n == 1 && d.total == 9 && s.lang == spanish:
		ok = first >= '6'
	case d.n == 1 && first == '0' && (d.total == 10 || d.total == 11):
		ok = true
	}
	if !ok || s.decimalAfter(d.to-1) && !s.is(d.to, '.') || !labelled && s.isShift(d) {
		return false
	}
	// A date of eight digits after "seen" is not a telephone number, nor is a measure.
	if !labelled && d.n == 1 && s.at(d.to).gap <= space && s.at(d.to).flags&fUnit != 0 {
		return false
	}
	d.to = s.extension(d.to)
	s.add(d.from, d.to, Phone, "phone")
	return true
}

// streetBehind reports whether the name of a street begins at a token.
func (s *Scanner) streetBehind(i int) bool {
	for n := 0; n < 4 && s.isCapital(i) && s.at(i).gap == space; n++ {
		if i++; s.at(i).flags&fStreetAfter != 0 && s.isCapital(i) && s.at(i).gap == space {
			return true
		}
	}
	return false
}

// isShift reports whether two groups are the hours of a shift, or a flat and a house before
// a street: 0700-1900, 204-1180 Falcon Dr.
func (s *Scanner) isShift(d *digits) bool {
	a, b := s.at(d.from), s.at(d.to-1)
	if d.looks(3, 4) && s.streetBehind(d.to) {
		return true
	}
	return d.looks(4, 4) && d.hyphens == 1 && a.value <= 2400 && b.value <= 2400 && a.value%100 < 60 && b.value%100 < 60
}

// phoneKindAfter reports whether the kind of a telephone number follows it: 9472 7916
// office; 481 7531-Fax.
func (s *Scanner) phoneKindAfter(i int) bool {
	if c := s.at(i).char; (c == '-' || c == '(') && s.at(i).gap <= space {
		i++
	}
	t := s.at(i)
	return t.kind == word && t.gap <= space && phoneKinds.has(t.hash)
}

// reachedAt reports whether a number follows words for reaching somebody: call Anna Berg
// on; ist unter ... erreichbar.
func (s *Scanner) reachedAt(i int) bool {
	if p := s.at(i - 1); p.kind != word || s.at(i).gap > space || !reachPrepositions.has(p.hash) {
		return false
	}
	for j := i - 2; j >= i-9 && j >= 0 && s.at(j+1).gap <= space; j-- {
		if t := s.at(j); t.kind == word && reachVerbs.has(t.hash) {
			return true
		}
	}
	return false
}

var (
	reachPrepositions = hashSet("on", "at", "unter", "au", "al", "op", "pod", "på", "allo", "no")
	reachVerbs        = hashSet("reach", "reached", "call", "called", "calling", "phone", "phoned", "text", "texted", "ring", "dial", "contact", "contacted", "answering", "joignable", "joindre", "appeler", "appelez", "llamar", "llame", "localizable", "bereikbaar", "bel", "erreichbar", "rufen", "anrufen", "ist", "reachable", "chiamare", "raggiungibile")
)

var phoneKinds = hashSet("office", "fax", "mobile", "cell", "home", "work", "desk", "direct", "pager", "tel", "phone", "privat", "dienstlich", "mobil", "handy", "móvil", "fijo", "portable", "mobiel")

// extension returns the end of an extension: x123, ext. 45.
func (s *Scanner) extension(to int) int {
	i := to
	if s.is(i, ',') {
		i++
	}
	t := s.at(i)
	if n := s.at(to + 1); s.is(to, '/') && n.kind == number && n.gap == joined && n.len() >= 2 && n.len() <= 4 && !(s.at(to+2).gap == joined && s.at(to+2).kind != mark) {
		return to + 2 // 555-0133/0134
	}
	if t.kind != word || t.gap > space || !extensions.has(t.hash) {
		return to
	}
	i++
	for s.at(i).gap <= space && (s.is(i, '.') || s.is(i, ':') || s.at(i).char == '#') {
		i++
	}
	if s.isNumber(i) && s.at(i).gap <= space && s.at(i).len() <= 6 {
		return i + 1
	}
	return to
}

var extensions = hashSet("x", "opt", "option", "int", "interno", "tst", "dw", "p", "ext", "extension", "extn", "anexo", "durchwahl", "poste", "toestel")

// labelBefore reports whether a label precedes a token, with little between: "MRN:", "Tel.
// privat", "pager (".
func (s *Scanner) labelBefore(i int, f flags) bool {
	words := 0
	for j := i - 1; j >= 0 && j >= i-6; j-- {
		t := s.at(j)
		if s.at(j+1).gap > line || t.gap >= line && words > 1 {
			return false
		}
		switch {
		case t.ends&f != 0:
			// x is a label only for a number that is joined to it.
			return t.len() > 1 || s.at(j+1).gap == joined && (j == i-1 || s.at(j+1).char == ':')
		case f == fIDLabel && t.kind == word && s.isNumberSign(j):
			return true
		case t.kind == word:
			if words++; words > 1 || t.flags&fFunction == 0 && !between.has(t.hash) {
				return false
			}
		case t.kind == number && t.gap == joined && s.at(j-1).hash == hashLast:
			j-- // SSN last4
		case t.kind == number:
			return false
		case t.char == '|' && j == i-1:
		case t.char == ';' || t.char == '|' || t.char == ',' && j < i-1:
			return false
		}
	}
	return false
}

var hashLast = hashOf("last")

// isNumberSign reports whether a word announces a number, whatever it counts: zaaknr,
// Vorgangsnummer, kindred no.
func (s *Scanner) isNumberSign(i int) bool {
	if s.at(i).len() < 4 {
		return s.is(i+1, '.') && numberSigns.has(s.at(i).hash) && s.at(i).len() > 1 && s.at(i-1).kind == word && s.at(i).gap == space
	}
	folded := s.foldOf(i)
	return bytes.HasSuffix(folded, []byte("nr")) || bytes.HasSuffix(folded, []byte("nummer"))
}

// between has words that may be between a label and its value.
var between = hashSet("number", "no", "nr", "num", "id", "code", "is", "was", "home", "work", "office", "direct", "private", "privat", "new", "old",
	"current", "ending", "fijo", "personal", "patient", "s", "unit", "reads", "listed", "shows", "called", "it", "at", "on", "file", "in")

// cardOrSSN finds payment cards and social security numbers.
func (s *Scanner) cardOrSSN(d *digits) bool {
	if d.plus || d.parens || d.slashes > 0 {
		return false
	}
	switch {
	case d.looks(1, 2, 2, 2, 3, 3, 2) && d.spaces >= 5, d.looks(3, 2, 4) && (d.hyphens == 2 || d.spaces == 2 || d.dots == 2):
		s.add(d.from, d.to, ID, "ssn")
	case d.total >= 12 && d.total <= 19 && d.n >= 3 && d.n <= 5 && d.groups[0] == 4:
		s.add(d.from, d.to, ID, "card")
	default:
		return false
	}
	return true
}

// groupedID finds other numbers of at least six digits in groups, and long numbers.
func (s *Scanner) groupedID(d *digits) bool {
	// Groups with blanks or only dots between them are not one number; the first one may
	// be.
	if d.spaces > 0 || d.n > 1 && d.dots > 0 && d.hyphens+d.slashes == 0 {
		return s.single(d)
	}
	if next := s.at(d.to); next.gap == joined && (next.kind == word && next.flags&fUnit == 0 || next.char == '-' && s.at(d.to+1).gap == joined && s.at(d.to+1).kind == word && s.at(d.to+1).flags&fAgeWord == 0) {
		return false // a code continues
	}
	ok := false
	switch {
	case d.n == 1:
		return s.single(d)
	case d.slashes == 1 && d.n == 2:
		long, short := max(d.groups[0], d.groups[1]), min(d.groups[0], d.groups[1])
		ok = d.groups[0] >= 6 && d.groups[1] >= 3 && d.groups[1] <= 4 || long >= 5 && long <= 8 && (short == 2 || short == 4) && s.at(d.to).flags&fUnit == 0 // 24/118827
	case d.slashes > 0:
	case d.n == 2:
		ok = d.total >= 8 && !(d.groups[0] == 4 && d.groups[1] == 4) || d.looks(5, 2) || d.looks(2, 5)
	case d.n >= 3:
		ok = d.total >= 6
	}
	if ok {
		s.add(d.from, d.to, ID, "number-grouped")
	}
	return ok
}

// single finds a long number.
func (s *Scanner) single(d *digits) bool {
	t := s.at(d.from)
	if t.kind == number && t.len() >= 5 && s.is(d.from-1, '(') && t.gap == joined && s.is(d.from+1, ')') && s.isName(d.from-2) {
		s.add(d.from, d.from+1, ID, "number-after-name")
		return true
	}
	if t.kind != number || t.len() < 7 || s.decimalAfter(d.from) && s.at(d.from+1).char != ':' || t.gap == joined && (s.is(d.from-1, '.') || s.is(d.from-1, ',')) && s.isNumber(d.from-2) {
		return false
	}
	if next := s.at(d.from + 1); next.gap <= space && next.flags&fUnit != 0 && t.len() < 9 && next.len() > 1 {
		return false
	}
	d.to = d.from + 1
	s.add(d.from, d.to, ID, "number-long")
	return true
}
