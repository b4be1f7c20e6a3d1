package text

// namedThing reports whether a medical thing that is named after somebody precedes a token,
// with a preposition between: signe de Tinel, manovra di Valsalva, Zeichen nach Lachman.
func (s *Scanner) namedThing(i int) bool {
	j := i - 1
	if s.at(j).char == '\'' && s.at(i).gap == joined {
		j--
	}
	if p := s.at(j); p.kind != word || p.shape != lower || s.at(j+1).gap > space || !namedBy.has(p.hash) {
		return false
	}
	t := s.at(j - 1)
	return t.kind == word && s.at(j).gap == space && namedThings.has(t.hash) && s.at(i).flags&fGiven == 0 && (s.lang != english || s.at(i).flags&fEponym != 0)
}

var (
	namedBy     = hashSet("de", "du", "d", "di", "del", "do", "da", "van", "von", "nach", "volgens", "of", "after")
	namedThings = hashSet("disease", "syndrome", "sign", "test", "scale", "triad", "tetralogy", "circle", "angle", "islets", "loop", "ligament", "bundle", "sphincter", "canal", "ampulla", "duct", "foramen", "artery", "maneuver", "manoeuvre", "space", "line", "lines", "pouch", "node", "cells",
		"enfermedad", "síndrome", "signo", "signos", "maniobra", "maniobras", "prueba", "escala", "índice", "criterios", "clasificación", "fractura", "luxación", "tumor", "quiste", "membrana", "células", "cuerpos", "glándula", "ganglio", "triángulo", "espacio", "fascia", "ligamento", "conducto", "canal", "hernia", "úlcera", "anemia", "corea", "parálisis", "tiroiditis", "operación", "técnica", "método", "incisión", "sutura", "pinza", "pinzas", "separador", "aguja", "agujas", "tubo", "sonda", "drenaje", "catéter", "tinción", "reflejo", "fenómeno", "tríada", "tetralogía", "línea", "líneas", "ángulo", "contractura", "deformidad", "férula", "corsé", "fiebre", "manchas", "nódulo", "nódulos", "anillo", "válvula", "prótesis", "esófago", "divertículo", "linfoma", "sarcoma", "posición", "fórmula",
		"maladie", "syndrome", "signe", "signes", "manœuvre", "manoeuvre", "épreuve", "échelle", "score", "indice", "critères", "classification", "fracture", "luxation", "tumeur", "kyste", "membrane", "cellules", "corps", "glande", "ganglion", "triangle", "espace", "ligament", "hernie", "ulcère", "anémie", "chorée", "paralysie", "thyroïdite", "opération", "technique", "méthode", "voie", "incision", "suture", "pince", "écarteur", "aiguille", "tube", "sonde", "drain", "cathéter", "coloration", "réflexe", "phénomène", "triade", "tétralogie", "ligne", "contracture", "attelle", "corset", "fièvre", "taches", "nodules", "anneau", "valve", "prothèse", "diverticule", "lymphome", "sarcome", "endobrachyœsophage", "œsophage", "position", "formule", "ligature", "intervention",
		"malattia", "morbo", "sindrome", "segno", "manovra", "prova", "scala", "criteri", "classificazione", "frattura", "lussazione", "tumore", "cisti", "cellule", "corpi", "ghiandola", "linfonodo", "triangolo", "spazio", "legamento", "dotto", "canale", "ernia", "ulcera", "paralisi", "tiroidite", "tecnica", "metodo", "incisione", "divaricatore", "ago", "drenaggio", "catetere", "colorazione", "riflesso", "fenomeno", "tetralogia", "linea", "angolo", "contrattura", "tutore", "busto", "febbre", "macchie", "noduli", "anello", "valvola", "protesi", "esofago", "diverticolo", "posizione",
		"doença", "sinal", "manobra", "teste", "critérios", "classificação", "fratura", "cisto", "glândula", "gânglio", "triângulo", "espaço", "ducto", "hérnia", "coreia", "paralisia", "tireoidite", "cirurgia", "incisão", "pinça", "afastador", "agulha", "dreno", "cateter", "coloração", "reflexo", "fenômeno", "tríade", "linha", "contratura", "tala", "colete", "febre", "anel", "prótese", "esôfago",
		"ziekte", "syndroom", "teken", "schaal", "criteria", "classificatie", "fractuur", "cyste", "membraan", "cellen", "klier", "driehoek", "hernia", "ulcus", "chorea", "techniek", "methode", "incisie", "hechting", "klem", "naald", "katheter", "kleuring", "reflex", "fenomeen", "trias", "lijn", "contractuur", "spalk", "korset", "koorts",
		"krankheit", "syndrom", "zeichen", "skala", "index", "kriterien", "klassifikation", "fraktur", "zyste", "technik", "operation", "einteilung", "phänomen", "kontraktur", "hernie", "drainage", "naht", "schnitt", "zugang")
)
