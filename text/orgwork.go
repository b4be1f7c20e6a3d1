package text

import "bytes"

// orgHeads has words for organisations that also make a name in lower case, after "the" or
// in a text without capitals: the Hartwell clinic, truro community hospital.
var orgHeads = hashSet("hospital", "clinic", "surgery", "practice", "pharmacy", "school", "college", "academy", "church", "hospice", "centre", "center", "manor", "lodge", "infirmary", "hostel", "university", "nursery", "medical", "dental", "garage", "bakery",
	"klinik", "klinikum", "praxis", "apotheke", "krankenhaus", "pflegeheim", "seniorenheim", "schule", "zentrum", "clínica", "centro", "farmacia", "colegio", "residencia", "panadería", "taller", "clinique", "pharmacie", "école", "résidence", "boulangerie", "garage", "hôpital", "ehpad", "foyer",
	"ziekenhuis", "apotheek", "school", "kliniek", "praktijk", "verpleeghuis", "bakkerij", "ospedale", "clinica", "scuola", "istituto", "officina", "polyclinique", "lycée", "collège", "liceo", "escuela", "gymnasium", "kindergarten", "kita")

// capitalOrgs gives the words around such a head the shape of capitalised words, in a text
// without capitals.
func (s *Scanner) capitalOrgs() {
	for i := range s.toks {
		t := &s.toks[i]
		if t.kind != word || t.shape != lower || t.ends&fOrgHead == 0 && (t.len() < 9 || t.flags&(fCommon|fEnglish) != 0 || s.lang == english) || !orgHeads.has(t.hash) && !compoundHead(s.foldOf(i)) {
			continue
		}
		for j := i - 1; j >= i-3 && s.at(j+1).gap == space && s.at(j).kind == word; j-- {
			if s.at(j).shape == title && s.at(j).flags&(fTitle|fRelation) == 0 {
				for k := j; k <= i; k++ {
					s.capital(k)
				}
				break
			}
			if !orgWords.has(s.at(j).hash) && !specialities.has(s.at(j).hash) {
				break
			}
		}
		j := i + 1
		for n := 0; n < 3 && nameParticles.has(s.at(j).hash) && s.at(j).gap == space; n++ {
			j++
		}
		if s.lang != english && s.at(j).shape == title && s.at(j).gap == space {
			s.capital(i)
		}
	}
}

// compoundHead reports whether a folded word is a German or Dutch compound that ends with a
// word for an institution: Gerinnungszentrum, streekziekenhuis.
func compoundHead(folded []byte) bool {
	if len(folded) < 9 {
		return false
	}
	for _, tail := range compoundTails {
		if bytes.HasSuffix(folded, tail) && len(folded) > len(tail)+2 {
			return true
		}
	}
	return false
}

var compoundTails = [][]byte{[]byte("klinik"), []byte("klinikum"), []byte("zentrum"), []byte("krankenhaus"), []byte("spital"), []byte("heim"), []byte("stift"), []byte("praxis"), []byte("apotheke"), []byte("schule"), []byte("kirche"), []byte("hospiz"), []byte("verein"), []byte("brauerei"), []byte("backerei"), []byte("werkstatt"), []byte("garten"), []byte("residenz"),
	[]byte("ziekenhuis"), []byte("kliniek"), []byte("praktijk"), []byte("centrum"), []byte("apotheek"), []byte("school"), []byte("tehuis"), []byte("bedrijf"), []byte("huisarts"), []byte("pflegedienst"), []byte("bauunternehmung")}

// compoundOrg finds the name after such a compound: Rehazentrum Bad Eilsen.
func (s *Scanner) compoundOrg(i int) bool {
	t := s.at(i)
	if s.lang == english || s.lang == spanish || s.lang == french || s.lang == italian || s.lang == portuguese || t.shape != title || t.len() < 9 || t.ends&fOrgHead != 0 || !s.isCapital(i+1) && !nameParticles.has(s.at(i+1).hash) || s.at(i+1).gap != space || !compoundHead(s.foldOf(i)) {
		return false
	}
	s.orgHead(i)
	return s.taken[i] != 0
}

// sureTails has such endings that hardly occur in other words.
var sureTails = hashSet("krankenhaus", "spital", "klinik", "klinikum", "stift", "apotheke", "ziekenhuis", "apotheek")

// namedCompound finds an institution in one word that begins with a name or a place: im
// Marienhospital, Elisabethkrankenhaus, Lindenheim.
func (s *Scanner) namedCompound(i int) bool {
	t := s.at(i)
	if s.lang != german && s.lang != dutch || t.shape != title || t.len() < 9 || t.flags&(fCommon|fMedical|fKeyword) != 0 {
		return false
	}
	folded := s.foldOf(i)
	for _, tail := range compoundTails {
		if n := len(folded) - len(tail); n >= 4 && bytes.HasSuffix(folded, tail) {
			head := folded[:n]
			f := s.f.dict.get(hashOf(head))
			if last := head[n-1]; f&(fGiven|fFamily|fCity) == 0 && n > 4 && (last == 's' || last == 'n') {
				f = s.f.dict.get(hashOf(head[:n-1]))
			}
			if f&^(fNothing|fGiven|fFamily|fCity) == 0 && (f&(fGiven|fCity) != 0 || sureTails.has(hashOf(tail)) && n >= 5) {
				s.add(i, i+1, Org, "org-compound")
				return true
			}
			return false
		}
	}
	return false
}

// houseOrg finds homes that are called houses: Haus Isarblick, Villa Sonnenschein.
func (s *Scanner) houseOrg(i int) bool {
	n := s.at(i + 1)
	if n.shape != title || !s.isCapital(i) || !houseNames.has(s.at(i).hash) || n.gap != space || n.len() < 5 || !s.isCompanyWord(i+1) && n.flags&(fGiven|fFamily) == 0 || n.flags&(fTitle|fMedical|fKeyword) != 0 || s.isNumber(i-1) || s.lang == english {
		return false
	}
	s.add(i, i+2, Org, "org-house")
	return true
}

var houseNames = hashSet("haus", "villa", "huize", "residenz", "seniorenresidenz", "domizil", "maison", "casa", "huis", "pension", "camping")

// workplace finds the employer, school or club after the role of a person there: driver for
// Go North East, étudiante à l'IUT de Roanne, vrachtwagenchauffeur DHL Zwolle, attends
// Cromer Methodist.
func (s *Scanner) workplace(i int) bool {
	t := s.at(i)
	if t.flags&(fAnchor|fProfession) == 0 {
		return false
	}
	works, learns, attends := t.flags&fProfession != 0 || workers.has(t.hash), learners.has(t.hash), attendVerbs.has(t.hash)
	if !works && !learns && !attends {
		return false
	}
	j, led := i+1, false
	for n := 0; n < 3 && s.at(j).kind == word && s.at(j).gap == space && s.at(j).shape == lower && workPrepositions.has(s.at(j).hash); n++ {
		if s.lang == english && !englishLeads.has(s.at(j).hash) && !led {
			return false
		}
		j++
		led = true
	}
	if s.at(j).char == '\'' && s.at(j).gap == joined {
		j++
	}
	n := s.at(j)
	if !led && (works || s.lang == english && learns) && (t.shape != lower || n.shape != upper && s.lang != dutch) || !s.isCapital(j) || !s.free(j) || n.gap > space || n.shape == initial ||
		n.flags&(fTitle|fRelation|fMonth|fWeekday|fNameLabel|fProfession|fRoom|fEnglish|fDrug|fEponym) != 0 || n.flags&fMedical != 0 && n.flags&(fFamily|fCity) == 0 && n.shape != upper || notOrgs.has(n.hash) || n.flags&fGiven != 0 && !s.isCapital(j+1) && !s.is(j+1, '\'') {
		return false
	}
	to := s.orgGoesOn(s.nameForward(j))
	if n.flags&fPlace != 0 && to == j+1 || to == j+1 && n.flags&(fCommon|fWord) != 0 && n.shape != upper || n.flags&fGiven != 0 && s.at(to-1).flags&fFamily != 0 && to == j+2 {
		return false
	}
	s.add(j, to, Org, "org-work")
	return true
}

var (
	workers = hashSet("driver", "fitter", "manager", "labourer", "laborer", "apprentice", "trainee", "worker", "receptionist", "porter", "operator", "supervisor", "steward", "caretaker", "assistant", "volunteer", "curator", "technician", "chaplain", "employee", "employed", "docker", "picker", "packer", "painter", "joiner", "plasterer", "bricklayer", "tutor", "lecturer",
		"fahrer", "arbeiter", "arbeiterin", "erzieherin", "erzieher", "laborantin", "mitarbeiter", "mitarbeiterin", "azubi", "lagerist", "polier", "sachbearbeiterin", "sachbearbeiter", "kassiererin", "angestellte", "angestellter",
		"employé", "employée", "ouvrier", "ouvrière", "comptable", "aide-soignante", "caissière", "chauffeur", "salarié", "salariée", "vendeuse", "vendeur", "apprenti", "éboueur", "soudeur", "cuisinier", "agent",
		"repartidor", "operario", "operaria", "obrero", "empleado", "empleada", "limpiadora", "dependienta", "exmaestra", "chófer", "cajera", "peón", "soldador", "reponedor",
		"chauffeur", "vrachtwagenchauffeur", "medewerker", "medewerkster", "lasser", "verkoopster", "schoonmaakster", "monteur", "kok", "leerling-verpleegkundige",
		"operaio", "operaia", "impiegato", "impiegata", "insegnante", "commessa", "commesso", "autista", "magazziniere", "saldatore", "cuoca", "cuoco", "bidella", "dipendente")
	learners         = hashSet("student", "studentin", "étudiant", "étudiante", "estudiante", "alumno", "alumna", "studente", "studentessa", "studente", "leerling", "leerlinge", "lycéen", "lycéenne", "collégien", "schülerin", "schüler", "pupil", "pompiers", "bombero")
	attendVerbs      = hashSet("attends", "attended", "attend", "attending", "fréquente", "besucht", "bezoekt", "frequenta")
	workPrepositions = hashSet("for", "with", "at", "of", "the", "bei", "beim", "in", "im", "der", "dem", "den", "am", "an", "chez", "à", "au", "aux", "la", "le", "les", "l", "dans", "de", "du", "en", "el", "los", "las", "del", "bij", "het", "van", "op", "voor", "presso", "alla", "al", "della", "dell", "nella", "di", "da")
	englishLeads     = hashSet("for", "with", "at", "of", "the")
)
