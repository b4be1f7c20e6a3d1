package text

// findOrgs finds organisations by the word for their kind: Mercy Hospital, Klinikum
// Südstadt, Acme Ltd.; and by words for being treated there: at Mt. Sinai.
func (s *Scanner) findOrgs() {
	for i := nextOf(s.capitals, s.lowers, s.lowers, 0); i < len(s.toks); i = nextOf(s.capitals, s.lowers, s.lowers, i+1) {
		t := &s.toks[i]
		if s.taken[i] != 0 {
			continue
		}
		leads := t.flags&(fAnchor|fProfession) != 0
		switch {
		case s.firm(i), s.companyAround(i), leads && (s.orgAcronym(i) || s.orgLabel(i) || s.ourLady(i) || s.workplace(i)), s.compoundOrg(i), s.namedCompound(i), leads && s.houseOrg(i):
		case t.phraseIs&fOrg != 0 && s.isCapital(i), t.flags&fOrg != 0 && s.isCapital(i) && t.flags&(fGiven|fFamily|fCommon) == 0:
			s.knownOrg(i)
		case t.ends&fOrgHead != 0:
			s.orgHead(i)
		case t.flags&fOrgSuffix != 0 && s.isCapital(i):
			s.orgSuffix(i)
		case t.flags&fAnchor != 0 && (orgVerbs.has(t.hash) || orgAt.has(t.hash)):
			s.orgAfter(i)
		}
	}
}

// companyAround finds an unknown word by the words typical of organisations: the Oxbrune
// office, the address of Oxbrune is, joined Oxbrune.
func (s *Scanner) companyAround(i int) bool {
	if s.at(i).gap != space || s.lang != english || !s.isCompanyWord(i) {
		return false
	}
	to := i + 1
	for n := 0; n < 3 && s.at(to).gap == space && s.isCompanyWord(to); n++ {
		to++
	}
	p, next := s.at(i-1), s.at(to)
	owned := p.hash == hashThe && next.kind == word && next.gap == space && next.shape == lower && companyThings.has(next.hash)
	named := p.hash == hashOf2[0] && companyParts.has(s.at(i-2).hash) && next.shape == lower
	if !(owned || named || companyVerbs.has(p.hash) && s.at(i).shape != upper) {
		return false
	}
	s.add(i, to, Org, "org-context")
	return true
}

// isCompanyWord reports whether a capitalised word is neither a word of the language nor a
// medical one.
func (s *Scanner) isCompanyWord(i int) bool {
	t := s.at(i)
	return t.kind == word && s.free(i) && (t.shape == title || t.shape == mixed || t.shape == upper) && t.len() >= 3 &&
		t.flags&(fCommon|fWord|fMedical|fDrug|fKeyword|fPlace|fEponym) == 0 && t.phraseIs == 0 && s.at(i+1).char != '-' && !(s.at(i+1).gap == joined && s.at(i+1).kind == number)
}

var (
	companyThings = hashSet("office", "offices", "website", "site", "headquarters", "store", "shop", "branch", "plant", "factory", "campus", "employee", "employees", "ceo", "founder", "founders", "representative", "staff", "team", "building", "warehouse", "app", "account", "board", "shareholders", "subsidiary")
	companyParts  = hashSet("address", "office", "offices", "headquarters", "ceo", "founder", "employee", "employees", "director", "branch", "website", "shares", "subsidiary", "division", "acquisition")
	companyVerbs  = hashSet("joined", "join", "joining", "founded", "acquired", "became", "bought", "sued", "supporting", "support")
)

// firm finds a name that consists of the names of partners: Boyd, Kruse and Ferrari.
func (s *Scanner) firm(i int) bool {
	if s.at(i+1).char != ',' || s.at(i+3).hash != hashAnd || s.at(i+4).gap != space || s.at(i-1).char == ',' && s.at(i).gap <= space && s.at(i-2).char != '.' || s.at(i+5).char == ',' || s.is(i+5, '-') {
		return false
	}
	for _, j := range [...]int{i, i + 2, i + 4} {
		if t := s.at(j); t.kind != word || t.shape != title || t.flags&fFamily == 0 || t.flags&fDrug != 0 || !s.free(j) || j > i && t.gap != space {
			return false
		}
	}
	s.add(i, i+5, Org, "org-partners")
	return true
}

// knownOrg finds an organisation in the lexicon, with the words after it: Mount Sinai
// Hospital.
func (s *Scanner) knownOrg(i int) {
	to := i + 1
	if s.at(i).phraseIs&fOrg != 0 {
		to = i + int(s.at(i).phrase)
	}
	if s.isEponym(i, to-1) {
		return
	}
	for s.at(to).kind == word && s.at(to).gap == space && s.isCapital(to) && s.at(to).ends&fOrgHead|s.at(to).phraseIs&fOrgHead != 0 {
		to += max(1, int(s.at(to).phrase))
	}
	if t := s.at(to); t.shape == title && t.gap == space && t.len() > 3 && t.flags&^fNothing == 0 && t.phraseIs == 0 && s.free(to) {
		to++ // Tesla Gigafactory
	}
	s.add(i, to, Org, "org-known")
}

// phraseFrom returns the start of the entry that ends at a token.
func (s *Scanner) phraseFrom(i int) int {
	for j := i - 1; j >= 0 && j >= i-6; j-- {
		if p := int(s.at(j).phrase); p > 0 && j+p-1 == i {
			return j
		}
	}
	return i
}

// generic has words that are not enough for the name of an organisation.
var generic = hashSet("the", "this", "our", "a", "an", "your", "my", "his", "her", "their", "local", "outside", "another", "other", "same", "home", "any", "each", "no", "new", "prior",
	"at", "to", "from", "in", "for", "with", "by", "of", "and", "or", "via", "per", "see", "seen", "hospital", "clinic", "outpatient", "inpatient", "emergency", "department", "name",
	"el", "la", "un", "una", "del", "al", "en", "der", "die", "das", "dem", "den", "im", "am", "unsere", "unser", "unserer", "ins", "zum", "zur", "le", "les", "une", "het", "een")

// orgHead finds the name around a word such as hospital.
func (s *Scanner) orgHead(i int) {
	head := s.phraseFrom(i)
	t := s.at(head)
	if t.shape == lower && !(s.lang != german && s.isCapital(head-1)) && !s.isCapital(i+1) && s.afterAdjective(i) == i {
		return
	}
	if p := s.at(head - 1); s.lang != english && p.kind == word && p.ends&fStreetBefore != 0 && t.gap == space {
		return // Rua Igreja
	}
	from := s.nameBack(head)
	to := i + 1
	if from == head || s.lang != english {
		to = s.nameForward(s.afterAdjective(i))
	}
	for s.at(to).kind == word && s.at(to).gap == space && (s.at(to).ends&fOrgHead != 0 || s.at(to).flags&fOrgSuffix != 0) && s.isCapital(to) {
		to++ // Mercy Hospital Imaging
	}
	if from == i-1 && t.shape == lower && s.startsSentence(from) && s.at(from).flags&(fWord|fCommon) != 0 {
		return // Attends school
	}
	if from == head && to == i+1 {
		if end := s.ofPlace(to); end > to && t.shape != lower {
			s.add(from, end, Org, "org")
			return
		}
		s.germanHead(i)
		return
	}
	if t.shape == lower && (from == head || s.at(from).flags&(fMedical|fTitle) != 0 || s.lang == spanish || s.lang == portuguese) && to == i+1 {
		return
	}
	if t.shape == lower && to > i+1 && (s.lang == english || s.lang == german || s.lang == otherLanguage) {
		return
	}
	if !s.properName(from, head, to, i+1) || s.at(to-1).flags&fStreetAfter != 0 && (s.isNumber(from-1) || strongStreets.has(s.at(to-1).hash) && to-1 > i) {
		return
	}
	if end := s.ofPlace(to); end > to {
		to = end
	}
	s.add(from, to, Org, "org")
}

// germanHead finds names in one word: Universitätsklinikum alone is not one, but
// St.-Josefs-Krankenhaus is.
func (s *Scanner) germanHead(i int) {
	from := i
	for s.at(from).gap == joined && s.is(from-1, '-') && (s.at(from-2).kind == word || s.is(from-2, '.') && s.at(from-3).kind == word) {
		from -= 2
		if s.is(from, '.') {
			from--
		}
	}
	if from < i && s.at(from).flags&fMedical == 0 {
		s.add(from, i+1, Org, "org")
	}
}

// ofPlace returns the end of "of Springfield" after a name.
func (s *Scanner) ofPlace(to int) int {
	t := s.at(to)
	if t.kind != word || t.gap != space || t.hash != hashOf2[0] && t.hash != hashOf2[1] && t.hash != hashAt && !(t.hash == hashIn && s.at(to+1).flags&fPlace|s.at(to+1).phraseIs&fPlace != 0) {
		return to
	}
	i := to + 1
	if s.at(i).hash == hashThe {
		i++
	}
	if !s.isCapital(i) || s.at(i).gap != space || s.at(i).flags&fMedical != 0 {
		return to
	}
	return s.nameForward(i - 1)
}

var hashAt, hashIn = hashOf("at"), hashOf("in")

// nameBack returns the start of the capitalised words before a word.
func (s *Scanner) nameBack(i int) int {
	from := i
	for range 6 {
		j := from - 1
		if s.at(from).gap > space {
			break
		}
		switch c := s.at(j).char; {
		case c == '\'' && s.at(j).gap == joined: // a plural: Veterans' Hospital
			j--
		case c == '.' && s.at(j-1).len() <= 3 && s.at(j).gap == joined:
			j--
		case c == '-' && s.at(from).gap == joined && s.at(j).gap == joined:
			j--
		case c == '&' && s.at(from).gap == space:
			j--
		}
		if j < 0 || s.taken[j] != 0 || s.at(j).kind != word {
			break
		}
		t := s.at(j)
		if t.len() == 1 && t.shape == lower && s.is(j-1, '\'') {
			from = j
			continue // the s of St. Mary's
		}
		switch {
		case s.at(j+1).gap > space:
		case s.isCapital(j) && !(generic.has(t.hash) && t.shape != upper) && !(t.flags&(fNameLabel|fTitle|fDateLabel|fMonth) != 0 && t.flags&(fGiven|fFamily|fCity|fParticle) == 0 && !orgWords.has(t.hash)):
			from = j
			continue
		case (t.flags&fParticle != 0 || t.hash == hashAnd || t.hash == hashOf2[0]) && t.shape == lower && s.isCapital(j-1) && s.at(j).gap == space && s.taken[max(0, j-1)] == 0 && !s.hasTitle(j-1) && !(generic.has(s.at(j-1).hash) && t.hash != hashOf2[0]):
			from = j
			continue
		}
		break
	}
	for from < i && (s.at(from).kind == mark || s.at(from).shape == lower || s.is(from-1, '\'') && s.at(from).len() == 1) {
		from++
	}
	return from
}

// orgWords has words that are labels elsewhere, but occur in names of organisations.
var orgWords = hashSet("memorial", "university", "children", "childrens", "community", "county", "state", "national", "veterans", "patients", "physicians", "st", "sr", "good", "family", "city", "country")

// nameForward returns the end of the capitalised words after a word.
func (s *Scanner) nameForward(i int) int {
	to := i + 1
	for n := range 7 {
		j := to
		if s.is(j, '.') && s.at(j-1).len() <= 5 && (s.at(j-1).flags&(fTitle|fParticle) != 0 || s.at(j-1).shape == initial && s.at(j+1).shape == title) || s.is(j, '-') || s.is(j, '\'') {
			j++
		}
		t := s.at(j)
		particles := 0
		for t.kind == word && (t.shape == lower || t.shape == upper && s.at(j-1).shape == upper) && t.gap == space && t.flags&(fParticle|fSpanish|fFrench|fGerman) != 0 && t.len() <= 4 && particles < 3 && nameParticles.has(t.hash) {
			j++
			particles++
			t = s.at(j)
		}
		if !s.isCapital(j) || t.gap > space || t.flags&fStreetBefore != 0 && to > i+1 && s.lang != english && (t.len() > 2 || s.is(j+1, '/') || s.is(j+1, '.') || s.at(j+1).hash == 'º' && s.at(j+1).gap == joined) || s.taken[min(j, len(s.taken)-1)] != 0 || t.flags&(fMedical|fNameLabel|fIDLabel|fPhoneLabel) != 0 && t.flags&(fGiven|fFamily|fCity) == 0 && t.shape == upper ||
			s.lang == german && (t.flags&fTitle != 0 || t.flags&(fWord|fCommon) != 0 && particles == 0 && t.flags&(fCity|fGiven|fFamily) == 0 && !(n == 0 && t.flags&(fCommon|fMedical) == 0 && t.flags&fForeign != 0 && s.at(i).ends&fOrgHead != 0) && !(n <= 1 && s.endsPhrase(j+1)) && !(n == 0 && s.isCapital(j+1) && s.at(j+1).gap == space && s.endsPhrase(j+2)) && !(n == 0 && nameParticles.has(s.at(j+1).hash) && s.at(j+1).shape == lower && s.isCapital(j+2) && s.at(j+2).gap == space)) {
			break
		}
		to = j + 1
	}
	return to
}

// endsPhrase reports whether a token ends the phrase before it: a mark or a line end.
func (s *Scanner) endsPhrase(i int) bool { return s.at(i).gap >= line || s.at(i).kind == mark }

var nameParticles = hashSet("de", "del", "la", "las", "los", "el", "am", "an", "der", "dem", "im", "in", "zum", "zur", "von", "du", "des", "y", "e", "i", "di", "da", "do", "dos", "van", "den")

// properName reports whether a name of an organisation is more than a generic term:
// Oncology Clinic is not.
func (s *Scanner) properName(from, head, to, headTo int) bool {
	upperLine := true
	named := 0
	for j := from; j < to; j++ {
		t := s.at(j)
		if t.kind != word || j >= head && j < headTo {
			continue
		}
		upperLine = upperLine && t.shape == upper
		switch {
		case t.flags&(fMedical|fEnglish|fParticle) != 0 && t.flags&(fGiven|fFamily|fCity) == 0 || generic.has(t.hash), t.len() == 1:
		case t.flags&fProfession != 0 && t.flags&(fGiven|fFamily) == 0:
		case t.ends&fOrgHead != 0 && !orgWords.has(t.hash), specialities.has(t.hash):
		default:
			named++
		}
	}
	if named == 0 {
		return orgWords.has(s.at(from).hash) && from < head && s.at(from).shape == title
	}
	if !upperLine {
		return true
	}
	// Headings are also in capitals: a name has a word that is in no word list.
	for j := from; j < to; j++ {
		if t := s.at(j); t.kind == word && !(j >= head && j < headTo) && (t.flags&(fCommon|fWord|fKeyword|fDrug|fMedical) == 0 || t.flags&(fGiven|fFamily|fCity) != 0 || orgWords.has(t.hash)) {
			return true
		}
	}
	return false
}

// specialities has words in the names of departments.
var specialities = hashSet("pain", "wound", "sleep", "memory", "stroke", "diabetes", "eye", "heart", "hand", "spine", "breast", "foot", "skin", "vein", "sports", "walk", "day", "follow", "primary", "ambulatory",
	"surgical", "medical", "clinical", "cardiac", "general", "internal", "behavioral", "mental", "health", "dental", "vascular", "thoracic", "fertility", "women", "womens", "mens", "travel", "burn", "trauma", "acute", "intensive",
	"critical", "long", "term", "skilled", "preop", "infectious", "interventional", "nuclear", "allergy", "obesity", "weight", "anticoagulation", "coumadin", "hypertension", "lipid", "movement", "headache", "asthma", "transplant",
	"retail", "mail", "specialty", "compounding", "teaching", "hospital", "clinic", "research", "regional", "rural", "urban", "public", "private", "online", "street")

var hashCo = hashOf("co")

// orgSuffix finds the name before a legal form: Acme Ltd.
func (s *Scanner) orgSuffix(i int) {
	if s.at(i).gap > space || s.at(i).len() == 2 && s.at(i).shape == upper && s.lang == english && s.at(i).flags&fMedical != 0 {
		return
	}
	j := i
	if s.is(i-1, ',') {
		j = i - 1
	}
	from := s.nameBack(j)
	if from == j {
		return
	}
	to := i + 1
	if s.is(to, '.') {
		to++
	}
	if s.at(i).len() <= 2 && s.at(from).flags&(fCommon|fMedical|fKeyword) != 0 {
		return
	}
	if s.at(i).hash == hashCo && j < i && s.isCapital(to) && s.at(to).gap == space && s.at(to).shape == title {
		s.add(from, to+1, Location, "place-county") // Bunbeg, Co. Donegal
		return
	}
	for s.at(to).gap == space && s.isCapital(to) && s.at(to).ends&fOrgHead != 0 && s.free(to) {
		to++ // Grimsby & Sons Foundry
	}
	s.add(from, to, Org, "org-suffix")
}

var (
	// orgVerbs has verbs before a place of treatment, with a preposition: treated at.
	orgVerbs = hashSet("seen", "work", "treated", "admitted", "evaluated", "operated", "hospitalized", "hospitalised", "presented", "presenting", "visited", "examined", "diagnosed", "transferred", "referred", "followed", "cared",
		"consulted", "surgery", "managed", "discharged", "underwent", "checked", "monitored", "scheduled", "appointment", "visit", "transported", "transfer", "brought", "taken", "sent", "airlifted", "rushed", "records", "films", "care", "admission", "referral", "attended", "works", "worked", "working", "employed", "employee", "retired", "born", "enrolled", "studied", "studies",
		"attends", "coaches", "plays", "volunteers", "teaches", "behandelt",
		"arbeitet", "beschäftigt", "angestellt", "travaille", "trabaja", "lavora", "werkt", "studiert", "étudie", "estudia", "studia", "spielt", "joue", "juega", "gioca", "speelt", "employé", "employée", "empleado", "empleada", "ingresado", "ingresada", "atendido", "atendida")
	// bareWork has verbs after which short notes omit the preposition: works Optus.
	bareWork  = hashSet("works", "worked", "employed")
	workVerbs = hashSet("works", "worked", "working", "work", "plays", "coaches", "volunteers")
	orgAt     = hashSet("at", "@", "bei", "chez", "presso", "bij")
	// foreignWork and workAt have words for activities at an employer, school or club:
	// trabaja en.
	foreignWork = hashSet("arbeitet", "beschäftigt", "angestellt", "travaille", "trabaja", "lavora", "werkt", "studiert", "étudie", "estudia", "studia", "spielt", "joue", "juega", "gioca", "speelt", "employé", "employée", "empleado", "empleada")
	workAt      = hashSet("en", "à", "au", "aux", "alla", "al", "da", "nella", "nel", "voor", "para", "dans", "im", "in", "para")
	// notOrgs has capitalised words after "at" that are not organisations.
	notOrgs = hashSet("ed", "er", "icu", "or", "home", "bedside", "rest", "baseline", "discharge", "admission", "risk", "least", "present", "times", "night", "noon", "midnight", "triage", "work", "school", "snf", "pcp", "opd", "gp")
)

// orgAfter finds a name after a verb and a preposition, or after "at".
func (s *Scanner) orgAfter(i int) {
	j := i + 1
	if !orgAt.has(s.at(i).hash) {
		words := 0
		for ; words < 4 && s.at(j).kind == word && s.at(j).shape == lower && !orgAt.has(s.at(j).hash); words++ {
			j++
		}
		bare := words == 0 && s.lang == english && bareWork.has(s.at(i).hash) && s.isCompanyWord(j) && s.at(j).gap == space && s.at(j).shape != upper
		if !orgAt.has(s.at(j).hash) && !bare && !(s.at(j-1).hash == hashTo || s.at(j-1).hash == hashFrom || s.at(j-1).hash == hashOur || s.at(j-1).hash == hashBy2 || s.at(j-1).hash == hashFor && workVerbs.has(s.at(i).hash) || workAt.has(s.at(j-1).hash) && foreignWork.has(s.at(i).hash)) {
			return
		}
		if orgAt.has(s.at(j).hash) {
			return // it is examined separately
		}
	} else if s.at(j).hash == hashThe || s.at(j).hash == hashOur || s.lang != english && slotArticles.has(s.at(j).hash) && s.at(j).shape == lower && s.at(j).gap == space && s.isCompanyWord(j+1) {
		j++
	}
	if !s.isCapital(j) || s.at(j).gap > space || s.taken[min(j, len(s.taken)-1)] != 0 || notOrgs.has(s.at(j).hash) || s.at(j).flags&(fTitle|fRelation|fMonth|fWeekday|fRoom|fUnitNo|fNameLabel) != 0 && s.at(j).flags&fParticle == 0 ||
		s.at(j).flags&(fMedical|fDrug) != 0 && s.at(j).flags&(fGiven|fFamily|fCity) == 0 {
		return
	}
	if s.firm(j) {
		return
	}
	s.orgName(i, j)
}

// orgName finds the name that begins at a token after a verb or preposition.
func (s *Scanner) orgName(i, j int) {
	if s.at(j).shape == upper && (s.at(i).shape == upper || s.at(j).len() < 3) || s.at(j).shape == initial && (!s.is(j+1, '.') || s.lang != english || !orgAt.has(s.at(i).hash)) {
		return
	}
	to := s.nameForward(j)
	if s.at(j).shape == initial && s.is(j+1, '.') {
		to = s.nameForward(j + 1)
	}
	for s.is(to, '\'') && s.at(to+1).gap == joined && s.at(to+1).len() == 1 {
		to += 2
		if s.isCapital(to) && s.at(to).gap == space {
			to = s.nameForward(to)
		}
	}
	if end := s.ofPlace(to); end > to {
		to = end
	}
	if t := s.at(to); s.lang == english && t.kind == word && t.gap == space && t.shape == lower && t.ends&fOrgHead != 0 && t.flags&(fMedical|fProfession) == 0 {
		to++ // Inouye airport
	}
	// Names of persons or places are found elsewhere, except places of treatment.
	t := s.at(j)
	if s.isNumber(to) && s.at(to).gap <= space && to == j+1 && s.taken[min(to, len(s.taken)-1)] == 0 {
		return // at T12
	}
	if orgAt.has(s.at(i).hash) || s.at(j-1).hash == hashTo || to > j+1 && t.flags&fGiven == 0 || t.flags&(fGiven|fFamily) == 0 || s.at(to-1).flags&(fOrgHead) != 0 {
		if t.flags&fPlace != 0 && to == j+1 && t.shape != upper {
			s.add(j, to, Location, "place")
			return
		}
		if to == j+1 && t.flags&fCommon != 0 && t.shape != upper || s.isEponym(j, to-1) {
			return
		}
		s.add(j, to, Org, "org-at")
	}
}

var hashTo, hashFrom, hashOur, hashBy2 = hashOf("to"), hashOf("from"), hashOf("our"), hashOf("by")
