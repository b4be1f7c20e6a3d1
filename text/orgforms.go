package text

// orgAcronym finds the name after an acronym of rescue services, insurers, schools and
// clubs: ASB Wunstorf, SMUR Arles, TuS Flintbek.
func (s *Scanner) orgAcronym(i int) bool {
	t := s.at(i)
	if t.shape != upper && t.shape != mixed || !orgAcronyms.has(t.hash) || !s.isCapital(i+1) && !nameParticles.has(s.at(i+1).hash) || s.at(i+1).gap != space || s.at(i+1).shape == upper {
		return false
	}
	to := s.nameForward(i)
	if to == i+1 || s.at(i+1).flags&(fTitle|fMedical|fDrug) != 0 && s.at(i+1).flags&(fCity|fFamily) == 0 {
		return false
	}
	s.add(i, to, Org, "org-acronym")
	return true
}

var orgAcronyms = hashSet("asb", "drk", "brk", "dlrg", "smur", "samu", "sdis", "admr", "ssiad", "bkk", "aok", "ikk", "ehpad", "esat", "ies", "ceip", "cras", "tsv", "tus", "vfl", "vfb", "ymca", "ywca", "vfw", "mvz", "awo", "chic", "chru", "chr", "hdj", "sessad", "rsa", "asl", "asst", "ausl", "ggz", "ggd", "rav", "suap", "pws", "obs", "bsb", "pmi", "cmp", "cattp", "cis", "had", "cpam", "caf", "mdph", "udaf", "ccas", "ssr", "mas", "fam", "ime", "itep", "iut", "ens", "cfa", "ufr", "csapa", "caarud", "camsp", "chs", "cic", "pia", "vhs", "ffw", "thw", "tk", "biz", "kbo", "lwl", "lvr", "roc", "cjg", "uwv", "mbo", "hbo", "zgt", "umc", "spdc", "csm", "sert", "ats", "aps", "ulss", "usl", "caps", "cs", "cap", "cad", "casal", "ampa", "sas", "uss", "hms", "raf", "fc", "afc", "rfc", "sc", "sv", "fsv", "asv", "as", "vv", "rc", "cf", "sd", "cd", "nhs", "ccg", "va")

// orgLabel finds the name after a label for an organisation: Employer: Brack Tile.
func (s *Scanner) orgLabel(i int) bool {
	w := s.at(i)
	j := i + 1
	colon := s.at(j).char == ':'
	bare := !colon && orgLabels.has(w.hash) && s.bareLabel(i)
	if !ownerLabels.has(w.hash) && !(colon && orgLabels.has(w.hash)) && !bare {
		return false
	}
	if colon || s.is(j, '.') && w.len() <= 5 && ownerLabels.has(w.hash) {
		j++
	}
	t := s.at(j)
	if t.gap > space || !s.isCapital(j) || t.shape == initial || !s.free(j) || t.flags&(fTitle|fRelation|fMedical|fDrug|fProfession|fNameLabel|fDateLabel|fPhoneLabel|fIDLabel|fMonth|fWeekday) != 0 || generic.has(t.hash) {
		return false
	}
	to := s.nameForward(j)
	end := s.orgGoesOn(to)
	if s.suffixAfter(to) {
		return false // Care team: Ann Reyes NP
	}
	if s.at(j).shape == upper && w.shape == upper || end == j+1 && t.flags&(fWord|fCommon|fKeyword) != 0 && t.flags&fFamily == 0 && !(colon && t.flags&(fCommon|fKeyword) == 0 && s.lang != english && s.lang != german) || s.at(to-1).flags&(fIDLabel|fPhoneLabel|fProfession) != 0 {
		return false
	}
	s.add(j, end, Org, "org-label")
	return true
}

// bareLabel reports whether the word after a label without a colon can only be a name: Ins
// Wellmark, pharmacy Osco.
func (s *Scanner) bareLabel(i int) bool {
	t := s.at(i + 1)
	if t.gap != space || s.at(i).shape == upper && t.shape == upper || s.at(i).ends&fOrgHead != 0 && s.at(i).shape != lower && !s.startsSentence(i) {
		return false
	}
	return t.flags&fOrg != 0 || s.isCompanyWord(i+1) && (t.shape == title || t.shape == mixed) && t.flags&fGiven == 0
}

var (
	ownerLabels = hashSet("employer", "insurer", "arbeitgeber", "krankenkasse", "pflegekasse", "employeur", "werkgever", "patrono", "empleador", "aseguradora", "empresa", "verzekeraar", "zorgverzekeraar", "fa", "firma", "gebr", "gebrüder", "ditta", "ets", "établissements", "constructora", "pompes")
	// orgLabels has labels that precede a name only with a colon.
	orgLabels = hashSet("union", "plano", "convenio", "convênio", "prepaga", "seguradora", "bank", "banco", "banque", "counsel", "solicitors", "solicitor", "firm", "chemist", "optician", "daycare", "landlord", "company", "business", "trust", "kostenträger", "krankenversicherung", "versicherung", "kk", "caisse", "lycée", "collège", "liceo", "universidad", "university", "college", "insurance", "ins", "payer", "payor", "carrier", "pharmacy", "job", "sponsor", "school", "church", "parish", "facility", "hospice", "agency", "kasse", "verein", "schule", "apotheke", "mutuelle", "assurance", "mutua", "seguro", "colegio", "lavoro", "datore", "assicurazione", "werk", "club", "gym", "dme", "vendor", "practice", "clinic", "referrer", "lab", "curatelle", "tutelle", "housing", "team", "cabinet", "nursery", "hospital", "spital", "klinik", "hausarztpraxis", "pflegedienst", "heim", "betreuung", "träger", "employment", "occupation", "workplace", "farmacia", "pharmacie", "apotheek", "école", "scuola", "residencia", "residenza", "empleo", "trabajo", "iglesia", "parroquia", "parrocchia", "paroisse", "kerk", "kirche", "gemeinde")
)

// ourLady finds churches, convents and schools that are named after Mary: Our Lady of the
// Snows, Notre-Dame de Bon Secours, Nuestra Señora del Pilar.
func (s *Scanner) ourLady(i int) bool {
	j := i + 1
	if s.is(j, '-') {
		j++
	}
	if !ourWords.has(s.at(i).hash) || !ladyWords.has(s.at(j).hash) || !s.isCapital(i) || !s.isCapital(j) || s.at(j).gap > space {
		return false
	}
	s.add(i, s.orgGoesOn(s.nameForward(j)), Org, "org-mary")
	return true
}

var (
	ourWords  = hashSet("our", "notre", "nuestra", "nossa", "nostra", "sacred", "holy", "sagrado", "sacro", "sacré", "immaculate")
	ladyWords = hashSet("lady", "dame", "señora", "senhora", "signora", "heart", "cross", "spirit", "redeemer", "trinity", "corazón", "cuore", "coeur", "cœur", "conception", "saviour", "savior")
)

// orgGoesOn returns the end of the name of an organisation that continues after the part
// found: & Tackle, of the Plains, di Lastra, Home Hospice.
func (s *Scanner) orgGoesOn(to int) int {
	for range 4 {
		t := s.at(to)
		switch {
		case t.char == '\'' && t.gap == joined && s.at(to+1).hash == hashS && s.at(to+1).gap == joined:
			to += 2
			if n := s.at(to); s.isCapital(to) && n.gap == space && n.shape == title && s.free(to) && n.flags&(fMedical|fDrug|fTitle|fEponymHead) == 0 {
				to++ // Herdsmen's Fund
			}
			continue
		case t.gap != space:
			return to
		case s.free(to) && s.isCapital(to) && (t.ends&fOrgHead != 0 || t.flags&fOrgSuffix != 0) && t.len() > 2:
			to++
			continue
		case !s.free(to) || t.char != '&' && !(t.kind == word && t.shape == lower && orgJoins.has(t.hash)):
			return to
		}
		j := to + 1
		for s.at(j).kind == word && s.at(j).shape == lower && orgArticles.has(s.at(j).hash) && s.at(j).gap == space && j < to+3 {
			j++
		}
		if n := s.at(j); t.hash == hashOn && s.at(j+1).flags&fStreetAfter != 0 || t.hash == hashUnd && n.flags&(fCommon|fWord) != 0 || !s.isCapital(j) || n.shape == initial || n.gap != space || n.flags&(fMedical|fDrug|fTitle|fMonth|fWeekday) != 0 || !s.free(j) && s.labelAt(j) != Location && s.labelAt(j) != Name {
			return to
		}
		to = j + 1
		for to < j+3 && s.isCapital(to) && s.at(to).gap == space && s.at(to).shape == title && s.free(to) && s.at(to).flags&(fMedical|fDrug|fTitle|fKeyword) == 0 {
			to++
		}
	}
	return to
}

var (
	hashOn, hashUnd = hashOf("on"), hashOf("und")
	orgJoins        = hashSet("of", "de", "du", "del", "della", "di", "des", "d", "dei", "delle", "do", "da", "van", "on", "und")
	orgArticles     = hashSet("the", "la", "las", "los", "el", "le", "les", "der", "de", "het")
)

// widenOrg extends the name of an organisation by the words that belong to it, and makes
// one of a place or an unknown name before a word for organisations: Crow Agency clinic.
func (s *Scanner) widenOrg(h *hit) {
	to := h.to
	if h.label == Location && h.rule == "place" || h.label == Name && h.to-h.from == 1 {
		t := s.at(to)
		if t.gap != space || !s.free(to) || t.ends&fOrgHead == 0 || t.flags&(fMedical|fProfession|fKeyword)&^fOrgHead != 0 || t.shape == lower && (h.label == Name || !s.caseless) || !s.isCapital(to) && !s.caseless {
			return
		}
		h.label, to = Org, to+1
	}
	if end := s.orgRun(h); end > to {
		h.label, to = Org, end
	}
	if h.label != Org {
		return
	}
	end := s.orgGoesOn(to)
	if t := s.at(end); s.lang == english && end == h.to && s.free(end) && t.gap == space && t.shape == lower && orgHeads.has(t.hash) && s.at(h.from-1).hash == hashThe {
		end++ // the Hartwell clinic
	}
	if end > h.to {
		for i := h.to; i < end; i++ {
			if s.free(i) {
				s.taken[i] = Org
			}
		}
		h.to = end
	}
}

// orgRun returns the end of the capitalised words after a place or an organisation that
// follows a preposition: to Tema Tile, from Lincare West. In English only names have
// capitals.
func (s *Scanner) orgRun(h *hit) int {
	if s.lang != english || s.caseless || h.label == Location && h.rule != "place" || h.label == Name || !runLeads.has(s.at(h.from-1).hash) || s.at(h.from).gap != space || s.at(h.from).shape != title {
		return h.to
	}
	to := h.to
	for ; to < h.to+3; to++ {
		t := s.at(to)
		if !s.free(to) || t.gap != space || t.shape != title || t.len() < 3 || t.flags&(fMedical|fDrug|fTitle|fEponym|fMonth|fWeekday|fRelation|fProfession|fNameLabel|fIDLabel|fPhoneLabel|fDateLabel|fRoom|fUnitNo) != 0 {
			break
		}
	}
	if t := s.at(to); t.gap <= space && (t.kind == number || s.isCapital(to) || t.char == ':') {
		return h.to
	}
	return to
}

var runLeads = hashSet("at", "from", "to", "by", "for", "with", "w", "via", "the", "of")
