package text

// findSignatures finds signatures of any form: hz: KrM, Signed hjones, Relu par SG, Ta,
// Mags; names after a role that needs no title, and after a sex and age: MLS Wind, 61M
// Stavros.
func (s *Scanner) findSignatures() {
	for i := nextOf(s.anchored, s.initials, s.initials, 0); i < len(s.toks); i = nextOf(s.anchored, s.initials, s.initials, i+1) {
		t := &s.toks[i]
		if t.kind != word {
			continue
		}
		if t.gap == joined && t.shape == initial && s.free(i) && sexes.has(t.hash) && s.isNumber(i-1) && s.at(i-1).len() <= 2 && s.at(i-1).gap != joined {
			s.roleName(i + 1)
			continue
		}
		if t.flags&fAnchor == 0 {
			continue
		}
		switch {
		case !s.free(i) && !doneBy.has(t.hash):
		case doneBy.has(t.hash) && byWords.has(s.at(i+1).hash) && s.at(i+1).gap == space:
			s.signature(i + 2)
		case signers.has(t.hash) && (t.shape != lower && s.startsSentence(i) || s.at(i+1).char == ':' || s.is(i+1, '.') && t.shape == title || s.caseless):
			s.signature(i + 1)
		case closings.has(t.hash) && s.startsClosing(i):
			s.closingName(i + 1)
		case roles.has(t.hash) && (t.shape != lower || t.len() > 3):
			s.roleName(i + 1)
		}
	}
}

var (
	// signers has words before the initials, the login or the name of a signer.
	signers = hashSet("signed", "sgd", "referto", "befund", "sig", "signature", "initials", "hz", "handzeichen", "kürzel", "gez", "paraaf", "par", "firmato", "firmado", "firma", "fdo", "sigle", "visa", "paraphe", "sign", "author", "scribe", "typed", "dictated")
	// byWords has words that precede a person, after a verb.
	byWords  = hashSet("by", "par", "por", "durch", "door", "da")
	doneBy   = hashSet("reported", "read", "signed", "reviewed", "dictated", "typed", "checked", "entered", "verified", "authorised", "authorized", "relu", "lu", "validé", "signé", "saisi", "rédigé", "dicté", "realizado", "informado", "firmado", "validado", "visto", "befundet", "diktiert", "erstellt", "freigegeben", "gezien", "geautoriseerd", "getekend", "refertato", "firmato", "validato", "redatto")
	closings = hashSet("ta", "cheers", "bises", "bisous", "lg", "vg", "mfg", "mvg", "grt", "gr", "groetjes", "saludos", "besos", "abrazo", "baci", "ciao", "grazie", "merci", "thx", "thanks", "danke", "cordialmente", "cordialement")
	// roles has roles that precede a name without a title.
	roles = hashSet("tech", "mls", "rrt", "rep", "keyworker", "cons", "cns", "amhp", "spr", "sho", "fy1", "fy2", "st3", "reg", "hca", "sna", "ssn", "odp", "hv", "ot", "slt", "cpn", "dn", "pn", "tvn", "gc", "rph", "cma", "lcsw", "pta", "cota", "crna", "aprn",
		"na", "notarzt", "mfa", "pfk", "pdl", "wbl", "ass", "assistenzarzt", "psych", "therapeut", "therapeutin", "logopädin", "ergotherapeutin", "ha", "vpk", "aios", "anios", "spv", "poh", "pa", "ide", "iade", "ibode", "ash", "interne", "externe", "kiné", "smur", "mmg", "oss", "ip", "due", "tcae", "mir", "ts", "tso", "child", "girl", "boy", "baby", "toddler", "infant", "proband", "bewoner", "bewoonster", "bewohner", "bewohnerin")
	sexes = hashSet("m", "f", "w", "v", "h")
)

// signature finds the initials, the login or the name at a token.
func (s *Scanner) signature(i int) {
	if c := s.at(i); (c.char == ':' || c.char == '.') && c.gap <= space {
		i++
	}
	if s.at(i).char == '/' && s.at(i+1).kind == word && s.is(i+2, '/') {
		i += 3 // /es/
	}
	t := s.at(i)
	if t.kind != word || !s.free(i) || t.gap > wide {
		return
	}
	if t.len() < 2 {
		s.roleName(i)
		return
	}
	ordinary := t.flags&(fCommon|fWord|fKeyword|fMedical|fDrug|fProfession) != 0
	switch end := s.endsPhrase(i+1) && s.at(i+1).gap != joined || s.at(i+1).kind == mark && s.at(i+1).char != '@' && s.at(i+1).char != '-' && s.at(i+1).char != '\''; {
	case t.shape == title && (!ordinary || t.flags&fFamily != 0):
		s.roleName(i)
	case end && (t.shape == upper || t.shape == mixed) && t.len() <= 4 && t.flags&(fTitle|fSuffix|fIDLabel|fDateLabel) == 0:
		s.add(i, i+1, Name, "signature")
	case end && t.shape == lower && t.len() >= 4 && !ordinary:
		s.add(i, i+1, Name, "signature")
	}
}

// startsClosing reports whether a word begins a sentence with a capital, as a closing does.
func (s *Scanner) startsClosing(i int) bool {
	return s.startsSentence(i) && s.isCapital(i)
}

// closingName finds the short name after a closing at the end of a line or a text.
func (s *Scanner) closingName(i int) {
	if s.at(i).char == ',' && s.at(i).gap == joined || s.at(i).char == '!' {
		i++
	}
	t := s.at(i)
	if t.shape == title && s.free(i) && t.gap <= line && t.flags&(fMedical|fDrug|fTitle|fRelation|fEnglish|fMonth|fWeekday) == 0 && (s.at(i+1).gap >= line || i+1 >= len(s.toks) || s.isNumber(i+2) && s.at(i+1).len() == 1) {
		s.add(i, i+1, Name, "signature")
	}
}

// roleName finds the name at a token after a role: one or two non-medical words before a
// mark, a line end or a small word.
func (s *Scanner) roleName(i int) {
	if c := s.at(i); c.char == ':' || c.char == '.' && c.gap == joined {
		i++
	}
	from := i
	for s.at(i).shape == initial && s.is(i+1, '.') && s.free(i) && s.at(i).gap <= space {
		i += 2
	}
	last := i
	if t := s.at(i); i > from && t.shape == title && s.free(i) && t.flags&(fMedical|fDrug|fKeyword|fCommon) == 0 && t.gap <= space {
		last++ // F. Achterberg
	}
	for n := 0; n < 3 && s.personal(last) && s.at(last).gap <= space; n++ {
		last++
		if s.is(last, '-') && s.personal(last+1) && s.at(last+1).gap == joined {
			last += 2
		}
	}
	t := s.at(last)
	if last == i || s.at(i-1).len() > 1 && s.isEponym(i, last-1) || s.resultBehind(last) || s.thingBehind(last) || t.gap == space && (t.kind == number || s.isCapital(last)) || t.gap == joined && t.kind != mark || s.at(i).ends&fOrgHead != 0 || s.at(last-1).ends&fOrgHead != 0 {
		return
	}
	s.add(from, last, Name, "name-role")
}

// personal reports whether a word can be a person's name where one must follow.
func (s *Scanner) personal(i int) bool {
	t := s.at(i)
	return t.kind == word && s.free(i) && t.shape == title && t.len() >= 2 && t.phraseIs == 0 &&
		(t.flags&(fGiven|fFamily) != 0 && t.flags&(fDrug|fMonth|fWeekday|fTitle|fRelation|fEnglish) == 0 || t.flags&(fCommon|fKeyword|fMedical|fDrug|fEponym|fPlace|fProfession) == 0 && (t.flags&fWord == 0 || t.flags&fForeign == 0 && s.lang != english))
}
