package text

// isFinding reports whether a run is a sign, a scale, a device or a product that is named
// after somebody, not a person, by the words around it: Zarit 38, Romberg negative, Gracey
// curettes, Mandard 3, Fontana-Masson +, Bovie, Balfour, Heaney clamps.
func (s *Scanner) isFinding(c *candidate) bool {
	first := s.at(c.from)
	if first.shape == initial && s.at(c.from-1).flags&fEponymHead != 0 && s.at(c.from-1).shape == lower && grades.has(first.hash) {
		return true // grade I.
	}
	if m := s.at(c.from + 1); c.words == 2 && c.initials == 1 && m.shape == initial && (grades.has(m.hash) || gradeLetters.has(m.hash)) && s.is(c.from+2, '.') {
		return first.flags&(fEponym|fCommon) != 0 && first.flags&fGiven == 0 || s.resultBehind(c.to) || s.thingBehind(c.to) // Weber B. Kleinert splint
	}
	if c.initials > 0 && !(c.words == 1 && s.at(c.from+1).shape == initial && gradeLetters.has(s.at(c.from+1).hash)) || c.words > 2 || c.words == 2 && !s.is(c.from+1, '-') && c.given > 0 {
		return false
	}
	// A word that is also a given name may be a person with an age.
	mostly := c.given == 0 || s.at(c.from).flags&fEponym != 0
	switch {
	case c.initials > 0:
		return c.to-c.from <= 3 && s.endsPhrase(c.to) && (mostly && s.at(c.to).char != '.' && s.at(c.from-1).kind == mark || first.shape == upper && first.len() <= 5 && first.flags&(fGiven|fFamily) == 0) ||
			first.flags&(fEponym|fCommon) != 0 && first.flags&fGiven == 0 && s.at(c.from).gap <= space && s.at(c.from+1).shape == initial && !s.isCapital(c.from-1)
	case s.resultIs(c):
		return true
	case s.resultBehind(c.to):
		return mostly
	case s.thingBehind(c.to):
		return mostly || s.at(c.from).gap < line && s.at(c.to).flags&fEponymHead == 0
	}
	return (mostly || s.isMeasure(c.to) || grades.has(s.at(c.to).hash) && s.at(c.to).len() > 1) && (c.words == 1 || c.family == 0) && (s.scoreBehind(c) || s.amongThings(c))
}

// gradeLetters has grades that are letters.
var gradeLetters = hashSet("a", "b", "c", "d")

// resultBehind reports whether a result begins at a token: negative, +ve, o. B., n.a.
func (s *Scanner) resultBehind(i int) bool {
	t := s.at(i)
	switch {
	case t.gap > space:
		return false
	case t.char == '+' || t.char == '-':
		n := s.at(i + 1)
		return t.gap == space && (n.gap == joined && n.shape == lower && n.len() == 2 || n.char == '.' || n.char == ',' || n.char == ';' || n.gap >= line || n.kind == number && n.gap == joined)
	case t.kind != word || t.gap != space || t.shape != lower:
		return false
	case t.len() == 1:
		n := s.at(i + 2) // o.B., n.a.
		return s.is(i+1, '.') && n.gap <= space && (t.hash == hashO && n.hash == hashB || t.hash == hashN && (n.hash == hashA || n.hash == hashD))
	}
	return results.has(t.hash) && !(s.is(i+1, '-'))
}

var hashB = hashOf("b")

// results has words for the result of a test.
var results = hashSet("neg", "negative", "pos", "positive", "normal", "abnormal", "equivocal", "unremarkable", "intact", "excluded", "inconclusive", "elicited", "reactive", "nonreactive", "bilaterally", "patent", "absent", "present", "confirmed", "borderline", "suspected", "equivocal", "absente", "ausente", "assente", "afwezig", "fehlt", "bestätigt",
	"negativ", "negativer", "positiv", "unauffällig", "auffällig", "ausgeschlossen", "verneint", "frei", "zart", "angedeutet", "fraglich", "links", "rechts", "bds", "nein",
	"négatif", "négative", "positif", "positive", "normale", "écarté", "écartée", "exclu", "exclue", "bilatéral", "posée", "refaite",
	"negativo", "negativa", "positivo", "positiva", "descartado", "descartada", "dudoso", "bilateral", "regolare", "escluso", "esclusa", "dubbio", "bilaterale",
	"negatief", "positief", "normaal", "uitgesloten", "dubieus", "beiderzijds")

// thingBehind reports whether a word in lower case at a token is a thing, a procedure or a
// part of the body that is named after somebody: sign, clamps, Faszie, fascia.
func (s *Scanner) thingBehind(i int) bool {
	t := s.at(i)
	if t.kind != word || t.gap != space || t.shape != lower {
		return false
	}
	next := s.at(i + 1)
	return t.flags&fEponymHead != 0 && t.flags&(fNameVerb|fRelation|fDateLabel|fNameBefore|fEnglish) == 0 && !s.is(i+1, '-') || things.has(t.hash) || next.kind == word && next.gap == space && t.flags&(fNameVerb|fFunction) == 0 && things.has(next.hash)
}

// isMeasure reports whether a number with a unit begins at a token: 38 kg.
func (s *Scanner) isMeasure(i int) bool {
	u := s.at(i + 1)
	return s.isNumber(i) && s.at(i).gap == space && u.kind == word && u.flags&fUnit != 0
}

// resultIs reports whether a verb and a result follow an eponym: Romberg was negative.
func (s *Scanner) resultIs(c *candidate) bool {
	v := s.at(c.to)
	return c.words == 1 && s.at(c.from).flags&fEponym != 0 && v.kind == word && v.gap == space && auxiliaries.has(v.hash) && s.resultBehind(c.to+1)
}

var auxiliaries = hashSet("was", "were", "is", "are", "ist", "war", "sind", "waren", "est", "était", "es", "fue", "era", "è", "sign", "test")

// things has words of this kind that the eponyms of the lexicon do not need.
var things = hashSet("sheet", "sheets", "gauge", "gauges", "pegboard", "retainer", "curette", "curettes", "clamp", "stocking", "stockings", "hose", "wrap", "wraps", "pad", "pads", "brush", "elevator", "elevators", "speculum", "dilator", "dilators", "burr", "burrs", "bur", "drill", "screws", "plate", "plates", "rod", "rods", "wires", "staples", "stapler", "sutures", "patch", "patches", "foam", "gel", "ointment", "cream", "spray",
	"inhaler", "inhalers", "lozenges", "syrup", "hoist", "cushion", "mattress", "crutches", "stick", "sticks", "trolley", "harness", "sling", "slings", "halo", "orthosis", "orthoses", "insoles", "plugs", "balloon", "balloons", "port", "ports", "mask", "masks", "stockinette", "tape", "strips", "swab", "swabs", "pipelle", "sensor", "gait", "hump", "lymphoma", "naevus", "nevus", "nodes",
	"pendulums", "incision", "scale",
	"pinza", "pinzas", "férula", "sonda", "clavo", "aguja", "vendaje", "malla", "catéter", "separador", "cánula", "fili", "filo", "pinza", "catetere", "rete", "placca", "vite", "acquedotto", "cavo", "corpi", "fascia", "legamento", "poligono", "tessuto",
	"pince", "sonde", "aiguille", "attelle", "broche", "broches", "clou", "plaque", "écarteur", "drain", "bandage", "fl", "fiala", "fiale", "cpr", "cp", "amp", "tab", "tabs", "caps", "gtt", "supp", "vial", "naald", "klem", "katheter", "spalk", "verband", "pleister", "draad", "haak")

// scoreBehind reports whether a score or a grade follows a word between two marks: Zarit
// 38.
func (s *Scanner) scoreBehind(c *candidate) bool {
	p, t := s.at(c.from-1), s.at(c.to)
	listed := s.at(c.from).gap >= line || p.kind == mark && (p.char == '.' || p.char == ',' || p.char == ';' || p.char == ':') || s.at(c.from).flags&fEponym != 0
	switch {
	case !listed || t.gap != space:
		return false
	case t.kind == word && grades.has(t.hash) && (t.shape == upper || t.shape == initial || t.shape == mixed):
		return s.endsPhrase(c.to+1) && s.at(c.from).gap < line
	case t.kind != number || t.len() > 3 || t.value > 200 || t.value < 0:
		return false
	}
	to := c.to + 1
	if (s.is(to, '/') || s.is(to, '.') || s.is(to, '-')) && s.isNumber(to+1) && s.at(to+1).gap == joined {
		to += 2
	}
	e := s.at(to)
	if e.char == '%' || e.kind == word && (e.flags&fUnit != 0 || e.shape == lower && e.gap == space && e.flags&fFunction == 0 && e.flags&fAgeWord == 0) {
		return true
	}
	// After the name of a person the number would be an age, followed by a comma or a
	// letter.
	return e.kind == mark && (e.char == '.' || e.char == ';' || e.char == ',' && p.char == ',' && to == c.to+1) && (s.at(c.from).flags&fGiven == 0 || s.at(c.from).flags&fEponym != 0)
}

// amongThings reports whether a word is in a list whose other words are things: Bovie,
// Balfour, Heaney clamps, Monocryl.
func (s *Scanner) amongThings(c *candidate) bool {
	p, n := s.at(c.from-2), s.at(c.to+1)
	thing := fEponym | fDrug | fMedical
	return s.is(c.from-1, ',') && s.at(c.to).char == ',' && s.at(c.to).gap == joined && s.at(c.from).gap == space && n.gap == space && s.free(c.from-2) && s.free(c.to+1) &&
		p.flags&thing != 0 && n.flags&thing != 0 && (p.flags&(fGiven|fFamily) == 0 || n.flags&(fGiven|fFamily) == 0)
}

// isScored reports whether the name of a place is a scale with its score, between two
// marks: Oswestry 40.
func (s *Scanner) isScored(i, to int) bool {
	t, e := s.at(to), s.at(to+1)
	return to == i+1 && t.kind == number && t.gap == space && t.len() <= 2 && (e.char == '.' || e.char == ',') && e.gap == joined && !s.decimalAfter(to) && s.at(i).gap <= space && s.at(i-1).kind == mark && s.at(i-2).kind == number
}
