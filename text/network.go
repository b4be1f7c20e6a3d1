package text

// findNetwork finds e-mail addresses, URLs and IP addresses. Each is found by a mark that
// it must contain, so that other text costs nothing.
func (s *Scanner) findNetwork() {
	for i := s.networks.next(0); i < len(s.toks); i = s.networks.next(i + 1) {
		switch s.toks[i].char {
		case '@':
			if !s.findEmail(i) {
				s.findHandle(i)
			}
		case ':':
			if s.is(i+1, '/') && s.is(i+2, '/') {
				s.findURL(i)
			} else if s.at(i+1).gap == joined {
				if p := s.at(i - 1); p.hash == hashData && s.at(i).gap == joined {
					s.findDataURL(i)
				}
				s.findIPv6(i)
			}
		case '.':
			switch t := s.at(i - 1); {
			case s.toks[i].gap != joined:
			case t.kind == word && t.hash == hashWWW:
				s.addURL(i-1, i-1)
			case t.kind == word && s.at(i+1).gap == joined:
				s.findDomain(i - 1)
			case t.kind == number:
				s.findIPv4(i - 1)
			}
		}
	}
}

var hashWWW = hashOf("www")

// topLevels has the top-level domains that identify a domain without a scheme.
var topLevels = func() map[uint64]bool {
	m := map[uint64]bool{}
	for _, d := range []string{"com", "org", "net", "edu", "gov", "io", "info", "biz", "mil", "int", "dev", "app", "health", "care", "clinic",
		"de", "es", "fr", "nl", "uk", "eu", "ch", "at", "it", "pt", "be", "ca", "au", "jp", "cn", "in", "br", "mx", "pl", "se", "dk", "fi", "ie", "nz", "us", "co", "example", "test", "invalid", "local"} {
		m[hashOf(d)] = true
	}
	return m
}()

// maxAddress is the maximum number of tokens of a network address to either side.
const maxAddress = 60

// findEmail finds the address around an at sign.
func (s *Scanner) findEmail(at int) bool {
	if s.at(at).gap != joined || s.at(at+1).gap != joined || s.at(at+1).kind == mark {
		return false
	}
	from := at
	for from > 0 && at-from < maxAddress {
		p := s.at(from - 1)
		if p.kind == mark && !isLocalPart(p.char) || s.at(from).gap != joined {
			break
		}
		from--
	}
	for from < at && s.at(from).kind == mark && s.at(from).char != '_' {
		from++
	}
	if from == at {
		return false
	}
	to := at + 1
	for to < len(s.toks) && to-at < maxAddress && s.at(to).gap == joined && (s.at(to).kind != mark || s.at(to).char == '.' || s.at(to).char == '-') {
		to++
	}
	for to > at+1 && s.at(to-1).kind == mark {
		to--
	}
	s.add(from, to, Email, "email")
	return true
}

func isLocalPart(c byte) bool {
	switch c {
	case '.', '_', '-', '+', '%', '!', '#', '$', '&', '\'', '*', '/', '=', '?', '^', '{', '}', '|', '~':
		return true
	}
	return false
}

// findURL finds the URL whose "://" begins at a token.
func (s *Scanner) findURL(colon int) {
	if p := s.at(colon - 1); p.kind == word && s.at(colon).gap == joined {
		s.addURL(colon-1, colon+3)
	}
}

// addURL adds a URL from a token on, up to the next blank or mark that cannot be in it.
func (s *Scanner) addURL(from, to int) {
	for ; to < len(s.toks); to++ {
		t := s.at(to)
		if to > from && t.gap != joined || t.kind == mark && (t.char == 0 || t.char == '"' || t.char == '<' || t.char == '>' || t.char == '|' || t.char == ')' || t.char == ']') {
			break
		}
	}
	for to > from && s.at(to-1).kind == mark && s.at(to-1).char != '/' {
		to--
	}
	if to > from {
		s.add(from, to, URL, "url")
	}
}

// findDomain finds a domain without a scheme: example.org, portal.example.co.uk/x.
func (s *Scanner) findDomain(from int) {
	if from > 0 && s.at(from).gap == joined && (s.is(from-1, '.') || s.at(from-1).char == '@' || s.is(from-1, '-')) || s.taken[from] != 0 {
		return
	}
	last := from
	for to := from; to-from < maxAddress; {
		next := to + 1
		if c := s.at(next).char; (c != '.' && c != '-') || s.at(next).gap != joined || s.at(next+1).gap != joined || s.at(next+1).kind == mark {
			break
		}
		to += 2
		if s.at(to-1).char == '.' && topLevels[s.at(to).hash] && s.at(to).shape == lower {
			last = to
		}
	}
	if last == from || s.at(last+1).gap == joined && s.at(last+1).kind != mark {
		return
	}
	if last+1 < len(s.toks) && s.is(last+1, '/') {
		s.addURL(from, last+1)
		return
	}
	s.add(from, last+1, URL, "domain")
}

// findIPv4 finds four numbers under 256.
func (s *Scanner) findIPv4(from int) {
	if from > 0 && s.at(from).gap == joined && (s.is(from-1, '.') || s.at(from-1).kind != mark) {
		return
	}
	i := from
	for n := 0; ; n++ {
		t := s.at(i)
		if t.kind != number || t.value < 0 || t.value > 255 || t.len() > 3 || n > 0 && t.gap != joined {
			return
		}
		if n == 3 {
			break
		}
		if !s.is(i+1, '.') {
			return
		}
		i += 2
	}
	to := i + 1
	if s.is(to, '.') && s.at(to+1).gap == joined && s.isNumber(to+1) {
		return
	}
	if s.at(to).gap == joined && s.at(to).char == '/' && s.isNumber(to+1) && s.at(to+1).gap == joined {
		to += 2
	}
	s.add(from, to, IP, "ipv4")
}

// findIPv6 finds groups of up to four hexadecimal digits between colons: at least six
// groups, or a double colon; and MAC addresses.
func (s *Scanner) findIPv6(colon int) {
	if s.taken[colon] != 0 {
		return
	}
	from := colon
	for from > 0 && colon-from < 4 && s.at(from).gap == joined && s.isHex(from-1) {
		from--
	}
	if from == colon && !s.is(colon+1, ':') {
		return
	}
	colons, groups, to, double := 0, 0, from, false
scan:
	for length := 0; to < len(s.toks) && to-from < 48 && (to == from || s.at(to).gap == joined); to++ {
		switch {
		case s.at(to).char == ':':
			colons++
			double = double || s.is(to+1, ':')
			length = 0
		case s.isHex(to):
			if length == 0 {
				groups++
			}
			if length += s.at(to).len(); length > 4 {
				return
			}
		default:
			break scan
		}
	}
	for to > from && s.at(to-1).char == ':' && !s.is(to-2, ':') {
		to--
		colons--
	}
	switch {
	case colons >= 6 && groups >= 7 || double && colons >= 2 && groups >= 1:
		s.add(from, to, IP, "ipv6")
	case colons == 5 && groups == 6:
		s.add(from, to, ID, "mac-address")
	}
}

// isHex reports whether a token consists of hexadecimal digits.
func (s *Scanner) isHex(i int) bool {
	t := s.at(i)
	if t.kind == mark || t.len() > 4 {
		return false
	}
	for _, c := range s.text[t.start:t.end] {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return true
}
