package discovertest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// person is whose values a row has.
type person struct {
	r                      *rand.Rand
	language               string
	given, family          string
	born, event            time.Time
	city, street, mail, at string
}

// lists are words of a language.
type lists struct{ given, family, city, street, note []string }

func fields(s string) []string { return strings.Split(s, "|") }

var languages = map[string]lists{
	"en": {
		fields("Agnes|Bernard|Clifford|Dorothy|Edgar|Florence|Gwendolyn|Harold|Iris|Jasper|Kendra|Leroy|Mabel|Norman|Opal|Percy|Quentin|Rhonda|Seymour|Thelma|Ulysses|Vera|Winston|Yvette|Desmond|Felicia|Malik|Keisha|Rosalind|Cedric"),
		fields("Abernathy|Blackwood|Cartwright|Dempsey|Ellsworth|Fairbanks|Goldstein|Hathaway|Ingram|Jefferies|Kirkland|Lockhart|Merriweather|Northcutt|Ogden|Pennington|Quinlan|Rutherford|Stapleton|Thornberry|Underhill|Vandermeer|Whitaker|Yarborough|Zimmer"),
		fields("Akron|Boise|Chattanooga|Duluth|Eugene|Flagstaff|Greensboro|Huntsville|Ithaca|Joplin|Kalamazoo|Laredo|Missoula|Norfolk|Ogden|Peoria|Racine|Spokane|Topeka|Yonkers"),
		fields("%d Birchwood Ave|%d Harbor View Rd|%d E Magnolia St|%d Old Stage Ln|%d Prospect Blvd Apt 3|PO Box %d|%d Thistle Ct"),
		fields("Seen %[3]s, daughter %[1]s called from %[4]s.|Mr. %[2]s reports no fever since %[3]s and feels well.|Please call %[5]s before the visit of %[3]s.|%[2]s was moved to bed 12 after the fall on %[3]s.|Wound clean, dressing changed, next visit in %[4]s."),
	},
	"de": {
		fields("Adelheid|Bernd|Cordula|Detlef|Elfriede|Friedhelm|Gisela|Hartmut|Ingeborg|Joachim|Kerstin|Lothar|Mechthild|Norbert|Ottilie|Rainer|Sieglinde|Torsten|Ulrike|Volker|Waltraud|Manfred|Roswitha|Egon|Hannelore"),
		fields("Achterberg|Baumgartner|Clausen|Dietrich|Ehrlich|Feldmann|Grünwald|Heinemann|Junghans|Kaltenbach|Lindner|Mayerhofer|Niemeyer|Oberle|Pfeiffer|Rademacher|Steinbach|Trautmann|Uhlig|Vollmer|Wiesner|Zander|Brückner|Hübner|Krämer"),
		fields("Aachen|Bamberg|Chemnitz|Dessau|Erfurt|Flensburg|Gießen|Hildesheim|Ingolstadt|Kempten|Lüneburg|Memmingen|Nürnberg|Oldenburg|Passau|Ravensburg|Schwerin|Trier|Ulm|Zwickau"),
		fields("Ahornweg %d|Beethovenstr. %d|Kirchgasse %d|Lange Straße %d|Am Sonnenhang %d|Marktplatz %d|Talstraße %da"),
		fields("Herr %[2]s klagt seit dem %[3]s über Schwindel.|Anruf der Tochter %[1]s aus %[4]s, bitte Rückruf unter %[5]s.|Frau %[2]s wurde am %[3]s entlassen und wohnt in %[4]s.|Kontrolle am %[3]s vereinbart, Befund ohne Besonderheiten."),
	},
	"fr": {
		fields("Adèle|Bastien|Clémence|Didier|Édith|Fabrice|Ghislaine|Hervé|Irène|Joël|Karine|Lionel|Mireille|Noémie|Odile|Pascal|Quentin|Régine|Sylvain|Thérèse|Valérie|Xavier|Yvonne|Gaston|Margaux"),
		fields("Aubert|Barbier|Chevalier|Delacroix|Etienne|Fontaine|Gauthier|Humbert|Joubert|Lacroix|Marchand|Noel|Ollivier|Pelletier|Renard|Salmon|Tessier|Vasseur|Weber|Blanchard|Carpentier|Dufour|Gaillard|Lemoine|Poirier"),
		fields("Angers|Bayonne|Colmar|Dijon|Épinal|Grenoble|Limoges|Metz|Nîmes|Pau|Reims|Strasbourg|Toulon|Valence|Brest|Caen|Lorient|Rouen|Tours|Vannes"),
		fields("%d rue des Tilleuls|%d avenue Foch|%d impasse des Roses|%d chemin du Moulin|%d boulevard Carnot|%d place du Marché|%d allée des Pins"),
		fields("Mme %[2]s vue le %[3]s pour une toux, pas de fièvre.|Appeler la fille %[1]s au %[5]s avant la sortie.|M. %[2]s habite à %[4]s avec son épouse.|Contrôle prévu le %[3]s, pansement propre et sec."),
	},
	"es": {
		fields("Adoración|Bartolomé|Concepción|Domingo|Encarnación|Facundo|Gregorio|Herminia|Ignacio|Josefina|Leandro|Milagros|Nicolás|Olga|Purificación|Ramiro|Soledad|Teodoro|Vicente|Yolanda|Aurora|Benito|Consuelo|Esteban|Remedios"),
		fields("Aguirre|Bermúdez|Cabrera|Delgado|Escobar|Fuentes|Garrido|Hidalgo|Izquierdo|Lozano|Montero|Navarro|Ortega|Pascual|Quintana|Redondo|Salazar|Toledo|Urrutia|Vargas|Zamora|Bravo|Crespo|Esteban|Prieto"),
		fields("Albacete|Burgos|Cartagena|Elche|Gijón|Huelva|Jerez de la Frontera|Logroño|Murcia|Oviedo|Palencia|Salamanca|Tarragona|Valladolid|Zaragoza|Santander|Lugo|Almería|Badajoz|Toledo"),
		fields("Calle de la Luna, %d|Avda. de América, %d|Plaza Mayor, %d|Paseo del Prado, %d|C/ San Roque, %d|Ronda de Segovia, %d, 3º B|Travesía del Sol, %d"),
		fields("El paciente %[2]s acude el %[3]s por dolor torácico.|Llamar a su hija %[1]s al %[5]s antes del alta.|La señora %[2]s vive sola en %[4]s, sin fiebre desde el %[3]s.|Revisión el %[3]s, herida limpia y seca."),
	},
	"it": {
		fields("Adriana|Biagio|Carmela|Donato|Eleonora|Fabrizio|Graziella|Ivano|Loredana|Massimiliano|Nunzia|Ottavio|Patrizia|Rosalba|Salvatore|Tiziana|Umberto|Vincenzo|Annunziata|Ettore"),
		fields("Amato|Bianchi|Caruso|D'Angelo|Esposito|Fabbri|Gallo|Lombardi|Mancini|Negri|Orlando|Pellegrini|Romano|Santoro|Testa|Vitale|Zanetti|De Luca|Ferrara|Moretti"),
		fields("Ancona|Bergamo|Catania|Ferrara|Genova|Lecce|Modena|Novara|Parma|Ravenna|Salerno|Trieste|Udine|Verona|Livorno|Perugia"),
		fields("Via Garibaldi %d|Corso Vittorio Emanuele %d|Piazza San Marco %d|Viale dei Mille, %d|Via Roma, %d int. 4|Largo Augusto %d"),
		fields("Il sig. %[2]s è stato visto il %[3]s per tosse, senza febbre.|Chiamare la figlia %[1]s al %[5]s prima della dimissione.|La sig.ra %[2]s vive sola a %[4]s.|Controllo il %[3]s, ferita pulita e asciutta."),
	},
	"pt": {
		fields("Adelaide|Belmiro|Cidália|Duarte|Eulália|Fernando|Graça|Henrique|Isaura|Joaquim|Lurdes|Manuel|Natália|Otília|Paulo|Rosário|Sérgio|Teresa|Valter|Zulmira"),
		fields("Almeida|Baptista|Carvalho|Domingues|Esteves|Figueiredo|Guimarães|Lourenço|Machado|Neves|Oliveira|Pinheiro|Queirós|Ribeiro|Sequeira|Tavares|Valente|Xavier|Moreira|Pacheco"),
		fields("Aveiro|Beja|Coimbra|Évora|Faro|Guarda|Leiria|Portimão|Santarém|Setúbal|Viseu|Braga|Bragança|Tomar|Sintra"),
		fields("Rua da Alegria, %d|Avenida da Liberdade, %d|Travessa do Carmo %d|Largo da Sé, %d|Praceta das Flores, %d, 2.º Esq.|Rua de São Bento, %d"),
		fields("O doente %[2]s foi observado em %[3]s por tosse, sem febre.|Telefonar à filha %[1]s para o %[5]s antes da alta.|A D. %[2]s vive sozinha em %[4]s.|Revisão em %[3]s, ferida limpa e seca."),
	},
	"pl": {
		fields("Agnieszka|Bogdan|Czesława|Dariusz|Elżbieta|Franciszek|Grażyna|Henryk|Iwona|Jarosław|Katarzyna|Leszek|Małgorzata|Norbert|Olga|Przemysław|Renata|Stanisław|Teresa|Zbigniew"),
		fields("Adamczyk|Borkowska|Czarnecki|Dąbrowska|Ficek|Górski|Jabłońska|Kaczmarek|Lewandowski|Michalak|Nowicka|Olszewski|Pawlak|Rutkowska|Sikora|Tomczak|Urban|Wysocki|Zając|Żak"),
		fields("Białystok|Częstochowa|Elbląg|Gdynia|Kielce|Legnica|Łódź|Olsztyn|Opole|Poznań|Radom|Rzeszów|Toruń|Wrocław|Zabrze"),
		fields("ul. Kwiatowa %d|ul. Mickiewicza %d m. 5|al. Jana Pawła II %d|pl. Wolności %d|os. Słoneczne %d|ul. Długa %d"),
		fields("Pacjent %[2]s zgłosił się %[3]s z kaszlem, bez gorączki.|Zadzwonić do córki %[1]s pod %[5]s przed wypisem.|Pani %[2]s mieszka sama w mieście %[4]s.|Kontrola %[3]s, rana czysta i sucha."),
	},
	"nl": {
		fields("Annelies|Bram|Cornelis|Diederik|Evelien|Floris|Geertje|Hendrik|Ineke|Jeroen|Klaas|Lotte|Marijke|Niels|Pieter|Renske|Sander|Tineke|Willem|Wouter"),
		fields("Bakker|van den Berg|de Boer|Brouwer|Dekker|van Dijk|Hendriks|Hoekstra|Jansen|Kuipers|Mulder|Peters|Prins|Smit|Veenstra|Verhoeven|Visser|de Vries|Willems|Zwart"),
		fields("Alkmaar|Breda|Delft|Eindhoven|Groningen|Haarlem|Leiden|Maastricht|Nijmegen|Rotterdam|Tilburg|Utrecht|Zwolle|Hoorn|Gouda|Assen"),
		fields("Kerkstraat %d|Prinsengracht %d|Molenweg %d|Julianalaan %d|Stationsplein %d|Hoofdstraat %d"),
		fields("Dhr. %[2]s gezien op %[3]s met hoest, geen koorts.|Bel dochter %[1]s op %[5]s voor het ontslag.|Mevr. %[2]s woont in %[4]s met haar man.|Controle op %[3]s, wond is schoon en droog."),
	},
}

// made are syllables of family names that no list has.
var made = [2][]string{fields("Bru|Cal|Dor|Fen|Gol|Har|Kin|Lum|Mor|Nes|Pel|Quo|Ras|Sil|Tor|Vel"), fields("mundsen|berley|dagast|kerman|lington|mordt|nowicz|pelaar|quist|rador|stomsky|thwaite|vallier|wenhaus")}

func newPerson(r *rand.Rand, language string) *person {
	l := languages[language]
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	p := &person{r: r, language: language, given: pick(l.given), family: pick(l.family), city: pick(l.city)}
	if r.IntN(10) < 3 {
		p.family = pick(made[0]) + pick(made[1])
	}
	p.born = time.Date(1931+r.IntN(88), time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC)
	p.event = time.Date(2014+r.IntN(11), time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), 0, time.UTC)
	p.street = fmt.Sprintf(pick(l.street), 1+r.IntN(220))
	ascii := strings.NewReplacer("ü", "ue", "ö", "oe", "ä", "ae", "ß", "ss", "é", "e", "è", "e", "É", "E", "ó", "o", "á", "a", "í", "i", "ú", "u", "ñ", "n", " ", "", "'", "", "ą", "a", "ę", "e", "ł", "l", "ń", "n", "ś", "s", "ż", "z", "ź", "z", "ç", "c", "ã", "a", "ê", "e", "Ż", "z", "Ś", "s")
	p.at = strings.ToLower(ascii.Replace(p.given[:1] + p.family))
	p.mail = fmt.Sprintf("%s.%d@%s", p.at, r.IntN(90)+10, pick(fields("post.example|mail.example.org|klinik.example|example.net")))
	return p
}

func (p *person) phone() string {
	r := p.r
	switch p.language {
	case "de":
		return fmt.Sprintf(fields("0%d/%d|0%d-%d|+49 %d %d")[r.IntN(3)], 200+r.IntN(700), 100000+r.IntN(899999))
	case "fr":
		return fmt.Sprintf("0%d.%02d.%02d.%02d.%02d", 1+r.IntN(7), r.IntN(100), r.IntN(100), r.IntN(100), r.IntN(100))
	case "es":
		return fmt.Sprintf("%d%02d %03d %03d", 6+r.IntN(4), r.IntN(100), r.IntN(1000), r.IntN(1000))
	case "it":
		return fmt.Sprintf("3%d%d %07d", 2+r.IntN(7), r.IntN(10), r.IntN(10000000))
	case "pt":
		return fmt.Sprintf("9%d%d %03d %03d", 1+r.IntN(6), r.IntN(10), r.IntN(1000), r.IntN(1000))
	case "pl":
		return fmt.Sprintf("+48 %d%02d %03d %03d", 5+r.IntN(4), r.IntN(100), r.IntN(1000), r.IntN(1000))
	case "nl":
		return fmt.Sprintf("06-%d", 10000000+r.IntN(89999999))
	}
	return fmt.Sprintf(fields("(%d) %d-%04d|%d-%d-%04d|+1 %d %d %04d")[r.IntN(3)], 201+r.IntN(700), 200+r.IntN(799), r.IntN(10000))
}

func (p *person) full() string {
	switch p.r.IntN(4) {
	case 0:
		return p.family + ", " + p.given
	case 1:
		return p.given + " " + string([]rune(p.family)[:1]) + ". " + p.family
	}
	return p.given + " " + p.family
}

func (p *person) note() string {
	l := languages[p.language].note
	day := p.event.Format(map[string]string{"en": "1/2/2006", "de": "02.01.2006", "fr": "02/01/2006", "es": "02/01/2006", "it": "02/01/2006", "pt": "02/01/2006", "pl": "02.01.2006", "nl": "02-01-2006"}[p.language])
	text := ""
	for range 1 + p.r.IntN(2) {
		text = strings.TrimSpace(text + " " + fmt.Sprintf(l[p.r.IntN(len(l))]+"%.0[1]s%.0[2]s%.0[3]s%.0[4]s%.0[5]s", p.given, p.family, day, p.city, p.phone()))
	}
	return text
}
