package text

// events has words for events on a day, in notes of all languages: a day and a month in
// numbers after one are a date.
var events = hashSet("eval", "evaluation", "reeval", "note", "mdt", "bloods", "lab", "xr", "cxr", "us", "uss", "echo", "scan", "biopsy", "adm", "admit", "disch", "dc", "d/c", "phone", "call", "handover", "consult", "round", "review", "recheck", "rpt", "repeat", "minutes",
	"study", "result", "results", "session", "appt", "appts", "clinic", "booking", "hv", "assessment", "entry", "crit", "rec", "fill", "refill", "report", "meeting", "panel", "triage", "op", "nurse", "sw", "ot", "slt", "physio", "proc", "procedure", "meds", "pcr", "refilled", "rescheduled",
	"anruf", "tn", "visite", "konsil", "befund", "labor", "ct", "mrt", "röntgen", "sono", "sonographie", "pflegebericht", "nachtbericht", "nachtdienst", "spätdienst", "frühdienst", "protokoll", "verlauf", "bericht", "untersuchung", "eingriff", "wv", "vorstellung", "wiedervorstellung", "voraufnahme", "vu",
	"consultation", "cs", "bilan", "écho", "échographie", "irm", "scanner", "appel", "transmissions", "entrée", "sortie", "visita", "consulta", "llamada", "llama", "triaje", "analítica", "eco", "ecografía", "ecografia", "rmn", "rm", "tac", "turno", "nota",
	"gesprek", "poli", "opname", "ontslag", "mri", "afspr", "overleg", "consegna", "telefonata", "ricovero", "dimissione", "esami", "rx", "tc", "ps", "tel", "rientro", "seduta")

// behindEvent reports whether a word for an event precedes a token, with or without a colon
// or full stop between them.
func (s *Scanner) behindEvent(i int) bool {
	j := i - 1
	if c := s.at(j); (c.char == ':' || c.char == '.') && c.gap == joined {
		j--
	}
	t := s.at(j)
	return t.kind == word && s.at(i).gap <= space && events.has(t.hash) && (t.hash != hashUS || t.shape == upper)
}

var hashUS = hashOf("us")

// inCell reports whether tokens fill a cell of a table whose columns are separated by
// marks: 3/1 | Hargreaves.
func (s *Scanner) inCell(from, to int) bool {
	b, a := s.at(from-1), s.at(to)
	left, right := b.char == '|' || b.char == ';', a.gap <= wide && (a.char == '|' || a.char == ';')
	return (left || s.at(from).gap >= line || from == 0) && (right || a.gap >= line || to >= len(s.toks)) && (left || right)
}

// dottedDay reports whether a day and a month with full stops begin at a token; the last
// full stop may be missing: am 4.3, |9.1.|, RM encefalo 20.06.
func (s *Scanner) dottedDay(i int) (to int, ok bool) {
	to = i + 3
	if s.is(to, '.') {
		to++
	}
	switch {
	case s.measured(i, to):
		return to, false
	case s.lang != english && to == i+4 && (s.dateContext(i) || s.lang == german && (s.at(i).gap >= line || s.at(to).gap != line || s.isNumber(to))):
		return to, true // 14.3. with its full stops, as in German
	case s.inCell(i, to), s.lang == german && to == i+3 && s.at(i).gap == space && dayArticles[german].has(s.at(i-1).hash) && s.endsDay(to):
		return to, true
	case to == i+3 && s.at(i+2).len() == 1:
		return to, false
	}
	return to, s.lang != english && s.behindEvent(i) && s.at(i+2).len() == 2
}

// dayBeforeMonth reports whether two numbers with a slash are a day over twelve and a
// month: as a fraction, a score or a pair of measures they would be unusual.
func (s *Scanner) dayBeforeMonth(i int) bool {
	a, b, p, after := s.at(i), s.at(i+2), s.at(i-1), s.at(i+3)
	if a.value <= 12 || b.value > 12 || b.value == 5 || s.lang == english && (b.value == 7 || b.value == 12) || p.kind == number || p.kind == word && (p.flags&(fUnit|fDrug|fEponym) != 0 || p.shape == upper && p.len() <= 5) || p.char == '<' || p.char == '>' || p.char == '-' {
		return false
	}
	return after.gap >= line || after.kind == mark && after.char != '%' && after.char != '/' || after.kind == word && after.gap == space && after.flags&fUnit == 0
}

// quarter finds a quarter of a year: Q3 2024, 4Q23, 2. Quartal 2022, 3e trimestre 2021.
func (s *Scanner) quarter(i int) bool {
	t := s.at(i)
	if t.len() != 1 || t.value < 1 || t.value > 4 {
		return false
	}
	from, to := i, i+1
	if p := s.at(i - 1); t.gap == joined && p.hash == hashQ && p.gap != joined && s.free(i-1) {
		from = i - 1
		if s.is(to, '/') || s.is(to, '-') {
			to++
		}
		end, ok := s.yearAt(to, to > i+1)
		if !ok || s.at(to).gap > space {
			return false
		}
		s.add(from, end, Date, "date-quarter")
		return true
	}
	if to = s.ordinalEnd(i); s.is(to, '.') {
		to++
	}
	if w := s.at(to); w.kind != word || w.gap > space || !quarterWords.has(w.hash) {
		return false
	}
	end, ok := s.yearAt(s.skipOf(to+1), false)
	if !ok {
		return false
	}
	s.add(from, end, Date, "date-quarter")
	return true
}

var (
	hashQ        = hashOf("q")
	quarterWords = hashSet("quartal", "quarter", "trimestre", "kwartaal", "halbjahr")
)

// partOfMonth returns the start of the words before a month that specify a part of it:
// early March 2021, Ende Juni, a finales de mayo, mid-October.
func (s *Scanner) partOfMonth(i int) int {
	j := i - 1
	if s.at(i).gap > space {
		return i
	}
	of := false
	switch t := s.at(j); {
	case t.char == '-' && t.gap == joined && s.at(i).gap == joined:
		j--
	case t.char == '\'' && s.at(j-1).hash == hashD:
		j, of = j-2, true
	case t.kind == word && t.gap == space && (t.hash == hashOf2[0] || t.hash == hashOf2[1] || orgJoins.has(t.hash)):
		j, of = j-1, true
	}
	w := s.at(j)
	if w.kind != word || !s.free(j) || s.at(j+1).gap > space || !(monthParts.has(w.hash) || of && monthEnds.has(w.hash)) {
		return i
	}
	return j
}

var (
	monthParts = hashSet("early", "mid", "late", "anfang", "mitte", "ende", "début", "mi", "fin", "courant", "begin", "eind", "half", "medio", "inizio", "metà", "fine", "principios", "finales", "mediados", "inicios", "comienzos", "primi", "início", "meados", "final")
	// monthEnds has such words that count only before "of".
	monthEnds = hashSet("end", "beginning", "start", "middle", "week", "half", "weekend")
)

// wordedDay returns the start of a day written in words before a month, in languages other
// than English: cinq mars, tres de abril, am dritten März, vingt-deux mai.
func (s *Scanner) wordedDay(month int) int {
	i := month - 1
	if s.lang == english || s.at(month).gap != space {
		return month
	}
	if h := s.at(i).hash; h == hashOf2[1] && s.at(i).gap == space {
		i--
	}
	if t := s.at(i); t.kind != word || !dayNumbers.has(t.hash) || !s.free(i) {
		return month
	}
	for range 2 { // vingt et un, treinta y uno
		j := i - 1
		if s.at(j).char == '-' && s.at(i).gap == joined || s.at(i).gap == space && isAnd.has(s.at(j).hash) {
			j--
		}
		if t := s.at(j); j == i-1 && s.at(i).gap != space || t.kind != word || !dayNumbers.has(t.hash) || !s.free(j) {
			break
		}
		i = j
	}
	return i
}

// dayNumbers has the numbers of days, or parts of them.
var dayNumbers = hashSet("premier", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "vingt", "trente",
	"primero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "trece", "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiuno", "veintidós", "veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve", "treinta",
	"primo", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci", "undici", "dodici", "tredici", "quattordici", "quindici", "sedici", "diciassette", "diciotto", "diciannove", "venti", "ventuno", "ventidue", "ventitré", "ventiquattro", "venticinque", "ventisei", "ventisette", "ventotto", "ventinove", "trenta", "trentuno",
	"ersten", "zweiten", "dritten", "vierten", "fünften", "sechsten", "siebten", "achten", "neunten", "zehnten", "elften", "zwölften", "dreizehnten", "vierzehnten", "fünfzehnten", "sechzehnten", "siebzehnten", "achtzehnten", "neunzehnten", "zwanzigsten", "einundzwanzigsten", "zweiundzwanzigsten", "dreiundzwanzigsten", "vierundzwanzigsten", "fünfundzwanzigsten", "sechsundzwanzigsten", "siebenundzwanzigsten", "achtundzwanzigsten", "neunundzwanzigsten", "dreißigsten", "einunddreißigsten",
	"eerste", "een", "twee", "tweede", "drie", "derde", "vier", "vierde", "vijf", "vijfde", "zes", "zesde", "zeven", "zevende", "acht", "achtste", "negen", "negende", "tien", "tiende", "elf", "elfde", "twaalf", "twaalfde", "dertien", "veertien", "vijftien", "zestien", "zeventien", "achttien", "negentien", "twintig", "eenentwintig", "tweeëntwintig", "drieëntwintig", "vierentwintig", "vijfentwintig", "zesentwintig", "zevenentwintig", "achtentwintig", "negenentwintig", "dertig", "eenendertig")
