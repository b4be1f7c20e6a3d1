package text

// findHandle finds a user name on a network, whose at sign is at a token: @jsmith99. A time
// or a dose after an at sign is not a user name, nor is a common word.
func (s *Scanner) findHandle(at int) {
	first := s.at(at + 1)
	if first.kind != word || first.gap != joined || s.at(at).gap == joined && s.at(at-1).char != '(' && s.at(at-1).char != '"' {
		return
	}
	to := s.nameOfAccount(at + 1)
	if to == at+2 && first.flags&(fCommon|fWord|fMedical|fDrug|fUnit|fRoom|fOrgHead|fWeekday|fMonth) != 0 {
		return
	}
	s.add(at, to, ID, "handle")
}

// nameOfAccount returns the end of the user name that begins at a token: letters, digits,
// and marks between them.
func (s *Scanner) nameOfAccount(i int) int {
	to := i + 1
	for to < len(s.toks) && to-i < maxAddress && s.toks[to].gap == joined {
		if t := s.toks[to]; t.kind == mark && !(t.char == '_' || t.char == '.' || t.char == '-') {
			break
		}
		to++
	}
	for to > i+1 && s.toks[to-1].kind == mark && s.toks[to-1].char != '_' {
		to--
	}
	return to
}

// accountDirs has directories that contain one for each user.
var accountDirs = hashSet("home", "users", "profiles")

// findAccount finds the user name in a path, in which a separator is at a token:
// /home/jsmith, C:\Users\jsmith.
func (s *Scanner) findAccount(i int) {
	if s.at(i+1).gap != joined || !accountDirs.has(s.at(i+1).hash) {
		return
	}
	for i += 2; (s.at(i).char == '/' || s.at(i).char == '\\') && s.at(i).gap == joined; i++ {
		if next := s.at(i + 1); next.kind != mark && next.gap == joined && s.taken[i+1] == None {
			s.add(i+1, s.nameOfAccount(i+1), ID, "account")
			return
		}
	}
}
