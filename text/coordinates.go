package text

// leastDecimals is the minimum number of decimal places of a pair of numbers that is a
// location: it is then accurate to eleven metres.
const leastDecimals = 4

// findCoordinates finds locations in degrees: 42.3601, -71.0589; 42°21'36"N 71°3'32"W.
func (s *Scanner) findCoordinates() {
	for i := s.anchors.numbers.next(0); i < len(s.toks); i = s.anchors.numbers.next(i + 1) {
		if s.taken[i] != None {
			continue
		}
		next := s.at(i + 1)
		switch {
		case next.char == '.' && next.gap == joined:
			s.findDecimalPair(i)
		case s.isDegree(i + 1):
			s.findDegrees(i)
		}
	}
}

// findDecimalPair finds a decimal latitude and longitude, the first of which begins at a
// token.
func (s *Scanner) findDecimalPair(i int) {
	to, ok := s.decimalDegrees(i, 90)
	if !ok {
		return
	}
	from := s.signBefore(i)
	switch c := s.at(to).char; {
	case (c == ',' || c == ';' || c == '/') && s.at(to).gap <= space:
		to++
	case s.at(to).gap == joined || s.at(to).gap > space:
		return
	}
	if s.at(to).char == '-' || s.at(to).char == '+' {
		to++
	}
	if s.at(to).gap > space {
		return
	}
	if to, ok = s.decimalDegrees(to, 180); ok {
		s.add(from, to, Location, "coordinates")
	}
}

// decimalDegrees reads decimal degrees, and a sign or a direction after them.
func (s *Scanner) decimalDegrees(i int, most int32) (to int, ok bool) {
	whole, fraction := s.at(i), s.at(i+2)
	if whole.kind != number || whole.value < 0 || whole.value > most || !s.is(i+1, '.') || fraction.kind != number || fraction.gap != joined || fraction.len() < leastDecimals {
		return i, false
	}
	to = i + 3
	if s.isDegree(to) {
		to++
	}
	if s.isDirection(to) {
		to++
	}
	next := s.at(to)
	return to, next.gap != joined || next.kind == mark && !(next.char == '.' && s.at(to+1).gap == joined)
}

// findDegrees finds degrees with minutes and a direction, whose number is at a token, and
// those that follow.
func (s *Scanner) findDegrees(i int) {
	to := i + 2
	minutes := false
	for n := 0; n < 2 && s.isNumber(to) && s.at(to).gap <= space; n++ {
		to++
		if s.is(to, '.') && s.isNumber(to+1) && s.at(to+1).gap == joined {
			to += 2
		}
		for s.isPrime(to) {
			minutes = true
			to++
		}
	}
	if minutes && s.isDirection(to) {
		s.add(i, to+1, Location, "coordinates")
	}
}

func (s *Scanner) signBefore(i int) int {
	if c := s.at(i - 1).char; (c == '-' || c == '+') && s.at(i).gap == joined && s.at(i-1).gap != joined {
		return i - 1
	}
	return i
}

func (s *Scanner) isDegree(i int) bool {
	return s.at(i).kind == mark && s.at(i).hash == '°' && s.at(i).gap <= space
}

func (s *Scanner) isPrime(i int) bool {
	t := s.at(i)
	return t.kind == mark && t.gap <= space && (t.char == '\'' || t.char == '"' || t.hash == '′' || t.hash == '″')
}

var compass = hashSet("n", "s", "e", "w", "o")

func (s *Scanner) isDirection(i int) bool {
	t := s.at(i)
	return t.shape == initial && t.gap <= space && compass.has(t.hash)
}
