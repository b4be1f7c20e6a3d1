package text

import "testing"

func TestFindKnown(t *testing.T) {
	t.Parallel()
	var b KnownBuilder
	b.AddName("John Q Parkinson")
	b.AddID("W123456789")
	b.AddPhone("(503) 555-0142")
	b.AddAddress("12 Lake Street")
	b.AddDate(1946, 8, 16)
	b.AddName("April Ludlow")
	known := b.Build()
	s := New(Options{}).Scanner()
	for _, tc := range []struct{ in, want string }{
		{"Seen by Dr. Parkinson.", "Seen by Dr. [NAME]."},
		{"PARKINSON, JOHN has Parkinson's disease", "[NAME] has Parkinson's disease"},
		{"J. Parkinson's wife", "[NAME]'s wife"},
		{"Pt J.P. slept", "Pt [NAME] slept"},
		{"Mr. Parkisnon slept", "Mr. [NAME] slept"},
		{"id W 123 456 789 and 503.555.0142 or 555 0142", "id [ID] and [PHONE] or [PHONE]"},
		{"born 16.8.1946 or 08/16/46 or August 16th", "born [DATE] or [DATE] or [DATE]"},
		{"lives at 12 Lake Street", "lives at [LOCATION]"},
		// A known name inside a date or an organisation.
		{"April came on April 3, 2022", "[NAME] came on [DATE]"},
		{"records of Ludlow Memorial Hospital", "records of [ORG]"},
		{"Ludlow's <b>Lud</b>low, then &#76;udlow", "[NAME]'s <b>[NAME]</b>[NAME], then [NAME]"},
		{"write to j.p@example.org, see https://a.example/x?y=1.", "write to [EMAIL], see [URL]."},
	} {
		got := string(Replace(nil, []byte(tc.in), s.Find(nil, []byte(tc.in), known), Labels))
		if got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.in, got, tc.want)
		}
	}
}

// TestOptions: what Safe Harbor does not ask for stays, unless an option says so.
func TestOptions(t *testing.T) {
	t.Parallel()
	const in = "A 45-year-old teacher came at 14:30 and 2 p.m., CABG in 1998, titer 1:80, 91 years old."
	for _, tc := range []struct {
		options Options
		want    string
	}{
		{Options{}, "A 45-year-old teacher came at 14:30 and 2 p.m., CABG in 1998, titer 1:80, [AGE]."},
		{Options{Times: true}, "A 45-year-old teacher came at [DATE] and [DATE], CABG in 1998, titer 1:80, [AGE]."},
		{Options{Years: true}, "A 45-year-old teacher came at 14:30 and 2 p.m., CABG in [DATE], titer 1:80, [AGE]."},
		{Options{Ages: true}, "A [AGE] teacher came at 14:30 and 2 p.m., CABG in 1998, titer 1:80, [AGE]."},
		{Options{Professions: true}, "A 45-year-old [PROFESSION] came at 14:30 and 2 p.m., CABG in 1998, titer 1:80, [AGE]."},
	} {
		got := string(Replace(nil, []byte(in), New(tc.options).Scanner().Find(nil, []byte(in), nil), Labels))
		if got != tc.want {
			t.Errorf("%+v:\n got %s\nwant %s", tc.options, got, tc.want)
		}
	}
}

// TestDetectors: one text a row, with labels in place of what must be found; the rest
// must stay.
func TestDetectors(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	for _, want := range []struct{ in, out string }{
		// What belongs to what was found: parts of names and of addresses.
		{"Nombre: Ana. Médico: Ana Mª Gómez García. El paciente ingresa por dolor.", "Nombre: [NAME]. Médico: [NAME]. El paciente ingresa por dolor."},
		{"Seen by Anna Hauta-aho today.", "Seen by [NAME] today."},
		{"Urología. Hospital Universitario de Getafe. Ctra. de Colmenar, km 9,100. 28905 Getafe. No tiene fiebre.", "Urología. [ORG]. [LOCATION]. No tiene fiebre."},
		{"Hospital Gregorio Marañón, Doctor Esquerdo, 46, 28007 Madrid. El paciente no tiene fiebre.", "[ORG], [NAME], [LOCATION], [LOCATION] [LOCATION]. El paciente no tiene fiebre."},
		{"Please send it to 56 Karpacka 69 Apt. 837 Bydgoszcz nan.", "Please send it to [LOCATION]."},
		{"He lives at 35 Hausergasse 59 Suite 106, Karlovy Vary 17, Japan 67785.", "He lives at [LOCATION]."},
		{"She spent a year at Jones, Mitchell and Williams as an assistant.", "She spent a year at [ORG] as an assistant."},
		{"They moved here from Cyprus (Greek) last year.", "They moved here from [LOCATION] last year."},
		{"Dose 5 mg, 28007 units. Patient Smith, 46, 12345 in file; 32 of 40 patients in Boston 2.", "Dose 5 mg, 28007 units. Patient [NAME], 46, 12345 in file; 32 of 40 patients in [LOCATION] 2."},
		{"ZIP: 7412 SL", "ZIP: [LOCATION]"},
		{"It's in 0269 Stensas Drive\n Suite 621\n ARENDAL\n Norway", "It's in [LOCATION]\n\n\n"},
		// Ages with their unit, in words, and what is none.
		{"paciente de 92 años, die 92-jährige Frau, a 94 y/o man, âgée de 93 ans, 94 jaar oud", "paciente de [AGE], die [AGE] Frau, a [AGE] man, âgée de [AGE], [AGE]"},
		{"She is ninety-four and lives alone. He is one of ninety patients.", "She is [AGE] and lives alone. He is one of ninety patients."},
		{"Seen: Anna Berg, 97. She fell; 97. Signora Cocuzza, anni 93, di casa, pani Nowak, 94 lata", "Seen: [NAME], [AGE]. She fell; 97. [NAME], anni [AGE], di casa, [NAME], [AGE]"},
		{"Die Patientin kommt am Mi 6.3. nicht, der Sohn ist da und wird es ihr sagen.", "Die Patientin kommt am [DATE] nicht, der [NAME] ist da und wird es ihr sagen."},
		// Days without a year, and fractions.
		{"Seen until the 9th at noon, on the 5th floor, tomorrow, 9/14; fall 12/24; pain 3/6, cycle 5/12, VA 6/18, 24/7 care", "Seen until [DATE] at noon, on the 5th floor, tomorrow, [DATE]; fall [DATE]; pain 3/6, cycle 5/12, VA 6/18, 24/7 care"},
		// Grades of scales that bear a name; shifts, pressures.
		{"Exam shows Fontaine III, Wagner 2 and Barrett's, shift 0700-1900, policy. 118/64 today", "Exam shows Fontaine III, Wagner 2 and Barrett's, shift 0700-1900, policy. 118/64 today"},
		{"seen by Hélène d'Aubigny and Mrs. Heijden-de Bruijn today", "seen by [NAME] and [NAME] today"},
		{"Mr Berg of Hill House, Nether Wallop SO20 8ET slept", "[NAME] of [LOCATION] slept"},
		{"Elle habite 12 bis, impasse des Lilas, 29200 Brest. Elle va bien avec les enfants.", "Elle habite [LOCATION]. Elle va bien avec les enfants."},
		{"Die Patientin kommt aus Kirkenes und schläft gut.", "Die Patientin kommt aus [LOCATION] und schläft gut."},
		// Dates in any writing; relative days, scores and measures stay.
		{"on March 3rd, 2020, 3/14/2020, 2020-03-14T10:30:00Z, 14Mar2020 and Friday, June 5", "on [DATE], [DATE], [DATE], [DATE] and [DATE]"},
		{"am 3. März 2020 und 14.3.20 geboren", "am [DATE] und [DATE] geboren"},
		{"el 3 de marzo de 2020 y en febrero de 2019", "el [DATE] y en [DATE]"},
		{"le 3 mars 2020; op 3 maart 2020", "le [DATE]; op [DATE]"},
		{"seen on 3/14, pain 3/6 last Tuesday, GCS 13, BP 128/82", "seen on [DATE], pain 3/6 last Tuesday, GCS 13, BP 128/82"},
		// Eponyms and drugs stay, persons of the same name do not.
		{"Parkinson's disease, Foley catheter, Jordan frame and Lantus; seen by Dr. Parkinson", "Parkinson's disease, Foley catheter, Jordan frame and Lantus; seen by [NAME]"},
		{"Boston brace from Boston, MA 02115", "Boston brace from [LOCATION], [LOCATION] [LOCATION]"},
		{"Mrs. Halworth's daughter Nancy called; Halworth, Zoë and J. Smith agreed", "[NAME]'s daughter [NAME] called; [NAME] and [NAME] agreed"},
		// Numbers by their form and by what stands before them.
		{"SSN 402-11-9988, MRN 00123, card 4111 1111 1111 1111, NHS 943 476 5919", "SSN [ID], MRN [ID], card [ID], NHS [ID]"},
		{"call +49 30 1234567 or (503) 555-0142 ext. 12, pager 4411", "call [PHONE] or [PHONE], pager [PHONE]"},
		{"WBC 11.2, platelets 150000, 1,250 mg, pH 7.32, T12-L1", "WBC 11.2, platelets 150000, 1,250 mg, pH 7.32, T12-L1"},
		{"host 10.1.2.3 and 2001:db8:0:0:0:0:2:1, not 1.2.3", "host [IP] and [IP], not 1.2.3"},
		// Addresses.
		{"lives at 12 Fox Run Rd, Apt 4, Springfield, IL 62701", "lives at [LOCATION]"},
		{"wohnhaft Hauptstraße 12, 50667 Köln", "wohnhaft [LOCATION]"},
		{"Domicilio: C/ Goya, 12, 3º B, 28001 Madrid", "Domicilio: [LOCATION]"},
		{"Address: ventisquero alto 72, 4 H | Phone: 503 555 0142", "Address: [LOCATION] | Phone: [PHONE]"},
		{"Unit 12 Box 34\nAPO AA 34000", "[LOCATION]\n"},
		// Addresses of other forms: numbers before the street, words of other languages, a
		// crossing, lines of a quoted text, a region without capitals, a flat before the street.
		{"It was sent to 7 170 Obere Weinzeile 9, Amstetten, Austria", "It was sent to [LOCATION]"},
		{"Please return it to 51 Rostholt 222\nMakareao, nb 57132 in case of loss", "Please return it to [LOCATION]\n in case of loss"},
		{"Meet at the corner of Ulmenweg 4 and Kessler Street today", "Meet at [LOCATION] today"},
		{">12 Pilekrogen 53\n>Suite 9\n>Zuberg", ">[LOCATION]\n\n"},
		{"They moved to 63 Petrik u. 96.\n Apt. 808\n Nagybor\n Trinidad and Tobago 79370", "They moved to [LOCATION]\n\n\n"},
		{"We live in Verkhoyansk Dol now", "We live in [LOCATION] now"},
		// Texts without capitals: names and places, but no other words.
		{"my sister is joanna kowalczyk and we moved here from switzerland", "my sister is [NAME] and we moved here from [LOCATION]"},
		{"pt c/o abd pain x3 days, hx of copd, wbc wnl, ambulating", "pt c/o abd pain x3 days, hx of copd, wbc wnl, ambulating"},
		// Names that no list has, inside a sentence.
		{"Then Oxbrunevar came and we told Zwimbelqa about it", "Then [NAME] came and we told [NAME] about it"},
		// Where somebody lives, in other languages, and how somebody is called.
		{"Frau Wilma Kroll wohnt in der Ochsenmatt 913 in Hard", "[NAME] wohnt in der [LOCATION] in [LOCATION]"},
		{"Mevrouw Lana ten Hagendorp woont aan de 63 Zwarteweide in Aalst", "[NAME] woont aan de [LOCATION] in [LOCATION]"},
		{"Mi chiamo Fiorella Campus e abito a Roma", "Mi chiamo [NAME] e abito a [LOCATION]"},
		{"Contact: Aune Lepola, Esplanadi 10, Oulu; tel 040 123 4567", "Contact: [NAME], [LOCATION]; tel [PHONE]"},
		// Degrees stay with their names, stamps of machines are one value.
		{"seen by Ryan Baker, MD and Mary Poole RN", "seen by [NAME] and [NAME]"},
		{"stamp 1980-07-28 19:49:46, visit 2020-03-14 10:30", "stamp [DATE], visit [DATE] 10:30"},
		// Telephone numbers by what is said around them.
		{"Call Anna Berg on 9472 7916; 416 60 039 office", "Call [NAME] on [PHONE]; [PHONE] office"},
		{"He worked for Oxbrune Vellmar until then", "He worked for [ORG] until then"},
		// Names of partners, degrees of kinship, compounds, and what only looks like a name.
		{"Boyd, Kruse and Ferrari was founded in 1988", "[ORG] was founded in 1988"},
		{"Tochter Waltraud zu Besuch, die Wunde ist reizlos", "Tochter [NAME] zu Besuch, die Wunde ist reizlos"},
		{"on Nora-BE since then, Child-Pugh A, closed with 3-0 Vicryl, Apgars 7/9", "on Nora-BE since then, Child-Pugh A, closed with 3-0 Vicryl, Apgars 7/9"},
		{"a letter by Lara  Fiorini and the Ragnhild F. Brekkedal version", "a letter by [NAME] and the [NAME] version"},
		{"i met anna m berg yesterday", "i met [NAME] yesterday"},
		// The end of an address: a house number behind the street, no number, a door.
		{"Remitido por: Dr. Julio Vega. Hospital San Marcos C/ Piamonte, 7, 3.o B, 28004 Madrid", "Remitido por: [NAME]. [ORG] [LOCATION]"},
		{"Domicilio en Altos de Nava, s/n, 24071 León", "Domicilio en [LOCATION]"},
		{"moved to 16 Grosse Weiden Str. 20\n Apt. 9\n Ulm", "moved to [LOCATION]\n\n"},
		// Names that are words too, by how one speaks to persons; organisations by what is
		// said of them.
		{"Sherry, can you call? Come, Daisy! I gave Angel his coat", "[NAME], can you call? Come, [NAME]! I gave [NAME] his coat"},
		{"The Oxbrune office is closed; she joined Vellmarix in June", "The [ORG] office is closed; she joined [ORG] in [DATE]"},
		// Organisations, but no departments.
		{"seen at St. Mary's Hospital, then in the Oncology Clinic", "seen at [ORG], then in the Oncology Clinic"},
		{"Klinikum Nordhausen und Hospital Virgen del Rocío", "[ORG] und [ORG]"},
		// Ages over 89.
		{"a 91-year-old man, aged ninety-two, and an 89-year-old", "a [AGE] man, aged [AGE], and an 89-year-old"},
	} {
		got := string(Replace(nil, []byte(want.in), s.Find(nil, []byte(want.in), nil), Labels))
		if got != want.out {
			t.Errorf("%s\n got %s\nwant %s", want.in, got, want.out)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load()
	}
}
