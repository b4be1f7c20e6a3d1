package text

import (
	"strings"
	"testing"
)

// TestKinds: values of many origins in each frame of a kind of text. A frame has the value
// at %, which is found as a whole, and nothing else is.
func TestKinds(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	for _, kind := range []struct {
		name           string
		label          string
		values, frames []string
	}{
		{
			"names behind particles, hyphens and nicknames", "[NAME]",
			[]string{"Siobhán O'Quarrelly-Mensah", "Soledad \"Sunny\" Arvizu", "Y. van 't Hoffkamp-Asante", "Cavalli-Traoré", "Efua Owusu-Ansah"},
			[]string{"Patient: %, who is well.", "Her wife, %, is here.", "Discussed with %, who agrees with the plan."},
		},
		{
			"names behind relations in other languages", "[NAME]",
			[]string{"Ilse", "Oyelaran", "Marit"},
			[]string{"Ella es la hija de % y vive con su madre.", "La sottoscritta è la tutrice di %, che non sta bene.", "Zij is de moeder van % en zij komt met hem."},
		},
		{
			"names behind the keys of programs", "[NAME]",
			[]string{"Quorvane", "Oyelaran", "Hobbrix"},
			[]string{"<family>%</family>", "<given value=\"%\"/>", "<lastName>%</lastName>", "{\"family\":\"%\"}", "{\"given\":[\"%\"]}", "id=1&surname=%", "id=1&given=%"},
		},
		{
			"whole names in queries", "[NAME]",
			[]string{"Quorvane+Hobbrix", "John+Oyelaran"},
			[]string{"GET /p?name=%&x=1", "name=%"},
		},
		{
			"several relatives", "[NAME]",
			[]string{"Oyelaran", "Leinaala", "Thenmozhi"},
			[]string{"The twins % are well.", "Her parents % came along.", "His flatmate, %, has a key."},
		},
		{
			"dates with Roman months, short days and names", "[DATE]",
			[]string{"10.X.23", "11.VI.2021", "14-iii-1951"},
			[]string{"Seen on % for review.", "La paziente è stata vista il % e non è tornata.", "Sie wurde am % entlassen."},
		},
		{
			"days of a month without its name", "[DATE]",
			[]string{"3", "12", "30"},
			[]string{"Elle est tombée le % et ne marche pas.", "La paziente è caduta il %, poi non è uscita."},
		},
		{
			"day and month behind what says that it was a day", "[DATE]",
			[]string{"14/8", "17/10", "3/5"},
			[]string{"Campione ricevuto il %, non è stato letto.", "L'échantillon reçu % est pour la patiente.", "La muestra fue recibida % en el centro.", "De afspraak is op % en dat is niet goed."},
		},
		{
			"ranges whose first day has no month", "[DATE]",
			[]string{"12. bis 19.2.2024", "2. bis 11.3.2023"},
			[]string{"Die Patientin war vom % bei uns.", "Der Aufenthalt vom % war ohne Befund."},
		},
		{
			"telephone numbers in odd groups", "[PHONE]",
			[]string{"0373/55.50.12", "338/5550191", "0445 55 50 19"},
			[]string{"Il figlio è a casa, %, e non viene.", "La moglie risponde al % dopo le otto."},
		},
		{
			"telephone numbers with breaks", "[PHONE]",
			[]string{"360) 555-0193", "718-555-0133/0134", "317 . 555 . 0149", "808_555_0181", "240 555 01 11"},
			[]string{"His sister, %, will call.", "Phone %, mornings."},
		},
		{
			"numbers behind what counts them", "[ID]",
			[]string{"10/118-22", "K-33187", "UPH 339 021 77 05", "24/118827"},
			[]string{"Het zaaknr % is van de patiënt.", "The kindred no. % is new.", "Policy % is hers."},
		},
		{
			"streets without a number", "[LOCATION]",
			[]string{"rue du Sabot", "quai des Frégates", "rue Oyelaran"},
			[]string{"Elle est tombée dans la %, puis est rentrée.", "Il vit dans la % avec sa femme."},
		},
		{
			"organisations by what they do", "[ORG]",
			[]string{"Quilvane Foundry", "Brack & Sons Orthotics", "Toomey Fisheries"},
			[]string{"Shoes by %, paid.", "He has been with % for years."},
		},
		{
			"day of a month behind a day of the week", "[DATE]",
			[]string{"vendredi 7", "sam. 12", "mardi 30"},
			[]string{"Le rendez-vous est pris pour la patiente, %.", "Elle est venue avec sa fille (%) et elle va bien."},
		},
		{
			"weeks of a year", "[DATE]",
			[]string{"2023-W07", "2024-W31-4", "2022-W52"},
			[]string{"The sample of % was lost.", "Delivered in %, then stored."},
		},
		{
			"German weeks of a year", "[DATE]",
			[]string{"KW 7", "KW 31/2024", "KW 12 2023"},
			[]string{"Die Patientin kommt in %, wenn sie nicht verreist ist."},
		},
		{
			"ranges between two whole dates", "[DATE]-[DATE]",
			[]string{"5/2/21-5/9/21", "11/28/2022-12/3/2022"},
			[]string{"She was here %, then left."},
		},
		{
			"one of two days", "[DATE]",
			[]string{"6 o 7 de mayo", "21 o 22 de agosto"},
			[]string{"La hija viene el % con su padre."},
		},
		{
			"short years behind a day and a month in letters", "[DATE]",
			[]string{"19 Nov 21", "04 APR 22"},
			[]string{"The cast was put on %.", "It was on %, she says."},
		},
		{
			"organisations behind a lower word in other languages", "[ORG]",
			[]string{"biblioteca Quorvane", "segheria Oyelaran", "panificio Hobbrix"},
			[]string{"La paziente lavora in una ditta, la %, e non sta bene."},
		},
		{
			"organisations by what they are for short", "[ORG]",
			[]string{"DRK Hobbrix", "ASB Quorvane", "TuS Flintbek"},
			[]string{"Der Patient wurde von %, wie man sagt, gebracht."},
		},
		{
			"organisations behind labels", "[ORG]",
			[]string{"Quorvane Tile & Stone", "Hobbrix Freight", "Larch & Ember"},
			[]string{"Employer: %, for years.", "Employer %, since he was young."},
		},
		{
			"churches and schools of Mary", "[ORG]",
			[]string{"Our Lady of the Dunes", "Our Lady of Quorvane", "Sacred Heart of Oyelaran"},
			[]string{"A volunteer from % drives him.", "She goes to %, then home."},
		},
		{
			"flats, floors and towns behind a street", "[LOCATION]",
			[]string{"14 Quarrel Street, 3rd Floor, Hobbrix", "14 Quarrel Street, Apt 6, Quorvane", "14 Quarrel Street, Quorvane, 2nd fl"},
			[]string{"She moved to %.", "The parcel went to %, as she asked."},
		},
	} {
		for _, value := range kind.values {
			for _, frame := range kind.frames {
				in := strings.Replace(frame, "%", value, 1)
				got := string(Replace(nil, []byte(in), s.Find(nil, []byte(in), nil), Labels))
				if want := strings.Replace(frame, "%", kind.label, 1); got != want && !(kind.label == "[NAME]" && strings.HasPrefix(got, want[:strings.Index(want, "[")+6])) {
					t.Errorf("%s: %s\n got %s\nwant %s", kind.name, in, got, want)
				}
			}
		}
	}
}

// TestKindsStay: what looks like a day, a number or a name of these kinds and is none.
func TestKindsStay(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	for _, in := range []string{
		"Norton 13, Braden 11, Waterlow 18, Barthel 65.",
		"Am 3. postoperativen Tag war die Patientin wohlauf, am 4. Tag auch.",
		"Il 3% dei pazienti non è tornato. Il 12 per cento di loro sta bene.",
		"Elle prend le 2ème comprimé; le 3 mg suffit.",
		"Quimioterapia el día 1, ciclo 2, con buena tolerancia en el día 12.",
		"next 1/2 tablet, last 3/4 dose",
		"7:15 AM. Note: BP 118/64, P 78.",
		"Hernie de Spiegel, kyste de Baker et diverticule de Meckel : sans changement chez la patiente.",
		"Ernia di Spigelio, diverticolo di Meckel e cisti di Baker, non operati nella paziente.",
		"The Reed-Sternberg cells are gone.",
		"El paciente viene el lunes a las 5 horas, el martes 3 veces.",
		"RR 130/70. Drain 40 cc. Norton 13. Katz 5, Hamilton 21; de patiënt is niet goed.",
		"Employer: None. Insurance: Unknown. Job: Retired.",
		"She was seen on Friday 5 times, pain 6/10 since.",
	} {
		if got := string(Replace(nil, []byte(in), s.Find(nil, []byte(in), nil), Labels)); got != in {
			t.Errorf("%s\n got %s", in, got)
		}
	}
}
