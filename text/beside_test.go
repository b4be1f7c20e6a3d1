package text

import (
	"strings"
	"testing"
)

// unheardOf are names that no list has.
var unheardOf = []string{"Quorvane", "Zellmirch", "Brunthaven", "Ostrevic"}

// TestLeftOver: names of organisations that no list has, behind what leads to them in each language.
// Q stands for the name.
func TestLeftOver(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	for _, lead := range []string{
		"The carers from Q Care found her on the floor and called us.", "Prior films were obtained from Q Diagnostic Center and are here.",
		"She was seen by a chiropractor of Q in Motion last week.", "Insurance Q, subscriber unknown.", "He was moved from there to Royal Q on the same day.",
		"He was taken to the ward from The Q by his son.",
		"Die Patientin wird durch den Pflegedienst Q versorgt.", "Der Patient wurde vor der Kneipe Q gefunden.", "Er hat einen Termin beim Amtsgericht Q und ist unruhig.",
		"Elle a rendez-vous au tribunal judiciaire de Q avec sa fille.", "Mutuelle : Q. Le patient est vu ce jour.", "Il est placé au foyer Les Q avec son frère.",
		"El paciente trabaja en la conservera Q desde hace años.", "Fue atendida en el club deportivo Q por la tarde.",
		"Il paziente lavora presso il cantiere Q e abita da solo.", "La paziente è seguita al Q per la terapia.",
		"O paciente foi visto no Q e não quer voltar.", "Ele trabalha na usina Q com a filha.",
		"Hij werd opgenomen in het Q en is nu thuis.", "Mevrouw gaat morgen naar De Q voor de zorg.",
	} {
		for _, name := range unheardOf {
			text := strings.Replace(lead, "Q", name, 1)
			if clean := masked(s, text); strings.Contains(clean, name) {
				t.Errorf("%s\nis %s", text, clean)
			}
		}
	}
}

// TestLooseDays: days in short forms, and what only looks like them.
func TestLooseDays(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	for _, tc := range []struct{ in, want string }{
		{"Internada de 5/3 a 12/3 com dor, não foi operada.", "Internada de [DATE] a [DATE] com dor, não foi operada."},
		{"She came to the clinic on the 12th inst and is well.", "She came to the clinic on [DATE] and is well."},
		{"Infortunio del 20 c.m. mentre era al lavoro.", "Infortunio del [DATE] mentre era al lavoro."},
		{"O paciente tem alta no dia 20.", "O paciente tem alta no [DATE]."},
		{"Fiebre desde el día 12.", "Fiebre desde el [DATE]."},
		{"Geboren 12-8-'61 en woont alleen met de hond.", "Geboren [DATE] en woont alleen met de hond."},
		{"Né le 01 01 1959, vu pour une douleur.", "Né le [DATE], vu pour une douleur."},
		{"The nurse will remove the clips 14th.", "The nurse will remove the clips [DATE]."},
		{"Home on the 13th, not the 17th.", "Home on [DATE], not [DATE]."},
		{"She will be seen in mid-January with her films.", "She will be seen in [DATE] with her films."},
		{"Call her the week of 22/4 please.", "Call her the week of [DATE] please."},
		{"Foi visto em agosto/23 com a filha.", "Foi visto em [DATE] com a filha."},
		// Measures stay.
		{"Dolor 7/10 en el día 12 de ingreso.", "Dolor 7/10 en el día 12 de ingreso."},
		{"Strength 4/5, pain 6/10, HAD 15/12, FEV1 2.1.", "Strength 4/5, pain 6/10, HAD 15/12, FEV1 2.1."},
		{"Fracture of the 5th metatarsal and the 4th finger.", "Fracture of the 5th metatarsal and the 4th finger."},
	} {
		if got := masked(s, tc.in); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.in, got, tc.want)
		}
	}
}

// TestBeside: what stands beside an identifier and belongs to it.
func TestBeside(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	for _, tc := range []struct{ in, want string }{
		{"Der Befund wurde von OA Dr. Quorvane und PD Dr. K. Zellmirch erhoben.", "Der Befund wurde von [NAME] und [NAME] erhoben."},
		{"Specimen labelled \"Quorvanski, Bronisława\" was received.", "Specimen labelled \"[NAME]\" was received."},
		{"Mr. Hyun-woo Seong was here with his sister.", "[NAME] was here with his sister."},
		{"She lives at 14b Tennyson Avenue, Hanwell, London W7 2BX with her son.", "She lives at [LOCATION] with her son."},
		{"Mevrouw woont met haar zoon: Achter de Quorve 14, 9012 CC Raerd.", "Mevrouw woont met haar zoon: [LOCATION]."},
		{"He attends VFW Post 3388.", "He attends [ORG]."},
		{"He was born on O3/17/1949 in the ward.", "He was born on [DATE] in the ward."},
		{"Hij zit in PI Nieuwegein en is boos.", "Hij zit in [ORG] en is boos."},
		{"Der Patient wurde aus dem Theresienkrankenhaus verlegt.", "Der Patient wurde aus dem [ORG] verlegt."},
	} {
		if got := masked(s, tc.in); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.in, got, tc.want)
		}
	}
}

// TestNamedThings: what is called after somebody stays, in every language, whoever it is.
func TestNamedThings(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	for _, text := range []string{
		"La maniobra de Q fue dolorosa y el paciente se queja.", "Le signe de Q est absent, la patiente est bien.", "La manovra di Q è dolorosa per il paziente.",
		"O teste de Q foi negativo e não há dor.", "Het teken van Q is niet aanwezig bij de patiënt.", "Das Zeichen nach Q war auslösbar und der Patient ist wach.",
		"Se retira la sonda de Q sin incidencias por la tarde.", "On pose un drain de Q dans la plaie.",
	} {
		for _, name := range unheardOf {
			in := strings.Replace(text, "Q", name, 1)
			if got := masked(s, in); got != in {
				t.Errorf("%s\nis %s", in, got)
			}
		}
	}
	for _, text := range []string{"She has Sjogren's and her frame broke.", "Hoffmann's absent, Tinel's present on the left."} {
		if got := masked(s, text); got != text {
			t.Errorf("%s\nis %s", text, got)
		}
	}
}

// masked is a text with labels in the place of what a Scanner finds.
func masked(s *Scanner, text string) string {
	return string(Replace(nil, []byte(text), s.Find(nil, []byte(text), nil), Labels))
}
