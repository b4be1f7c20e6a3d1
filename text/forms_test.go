package text

import "testing"

// TestForms: names, addresses and dates in forms that leave a part behind if they are read
// word by word. One text a row, and what must stay.
func TestForms(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	for _, tc := range []struct{ in, want string }{
		// An initial is no organisation; apostrophes and hyphens in one name.
		{"Seen by J. O'Brien-Lee", "Seen by [NAME]"},
		{"Referred by M. D'Angelo, discharged to T. McKay-O'Neil.", "Referred by [NAME], discharged to [NAME]."},
		{"Seen by R. Kowalczyk and treated at J. Paul Getty Hospital.", "Seen by [NAME] and treated at [ORG]."},
		// A street that only a postal code and a town tell.
		{"Patient: Anna Berg, Wilhelmine-Gemberg-Weg 571, 96320 Kusel", "Patient: [NAME], [LOCATION]"},
		{"Frau Berg wohnt jetzt Zum Kalkofen 3, 04439 Engelsdorf.", "[NAME] wohnt jetzt [LOCATION]."},
		{"Il demeure au 8, Le Clos Fleuri, 35510 Cesson-Sévigné.", "Il demeure au [LOCATION]."},
		{"Vive en Los Almendros 14, 41927 Mairena del Aljarafe.", "Vive en [LOCATION]."},
		{"Mw. Jansen woont Achter de Hoven 114, 8933 AA Leeuwarden.", "[NAME] woont [LOCATION]."},
		{"zam. ul. Długa 8/12, 31-147 Kraków.", "zam. [LOCATION]."},
		{"C/ Piqueras, 98 26006 Logroño E-mail: a@b.example", "[LOCATION] E-mail: [EMAIL]"},
		{"Leukozyten 12, 10000 Zellen; Natrium 140, 4500 Schritte.", "Leukozyten 12, 10000 Zellen; Natrium 140, 4500 Schritte."},
		{"Resides Villa 14, Al Wasl Road, Dubai. Lives Flat 2/1, 9 Sciennes Rd, Edinburgh EH9 1LF.", "Resides [LOCATION]. Lives [LOCATION]."},
		{"Il vit au 4e étage, 31 rue de la Goutte d'Or.", "Il vit au [LOCATION]."},
		// The town behind a doctor.
		{"Hausärztin: Dr. med. Petra Lindt, Obergurgl. Untersuchung: Dr. Anna Holm, Ultraschall.", "Hausärztin: [NAME], [LOCATION]. Untersuchung: [NAME], Ultraschall."},
		{"Überweisung durch Praxis Dr. Anna Holm, Neukirchen-Vluyn.", "Überweisung durch Praxis [NAME], [LOCATION]."},
		{"Dr. Wehmhörner, Facharzt für Orthopädie", "[NAME], Facharzt für Orthopädie"},
		// Names with degrees, and their last word.
		{"Signed Wilhelmina Asante, M.D. and M. Eze, ARNP.", "Signed [NAME] and [NAME]."},
		{"Father Khalid Al-Farsi came.", "[NAME] came."},
		{"Wir sahen Justus-Aurel Freyberg, 8 Jahre.", "Wir sahen [NAME], 8 Jahre."},
		{"She works at Tesla Gigafactory. Walmart Thursday.", "She works at [ORG]. [ORG] Thursday."},
		// Numbers in groups, with letters.
		{"Driver's license LA 004871236. Medicare 2950 12345 1.", "Driver's license [ID]. Medicare [ID]."},
		// Several days, and short years.
		{"DOB 14 Jul 88, after 3 May 45 mg", "DOB [DATE], after [DATE] 45 mg"},
		{"Der Aufenthalt war 2.–11. Januar.", "Der Aufenthalt war [DATE]."},
		{"Hij was opgenomen van 12 t/m 18 april.", "Hij was opgenomen van [DATE]."},
		// Names and parts of addresses in HL7, but no codes.
		{"ORU^R01|2345-7^GLUCOSE^LN|004777^LEBAUER^SIDNEY|DOE^JANE", "ORU^R01|2345-7^GLUCOSE^LN|004777^[NAME]|[NAME]"},
		{"F|||4410 BURNT MILL RD^^COLUMBUS^OH^43214||", "F|||[LOCATION]||"},
		{"F|||12 QUAKER RIDGE^APT 9^NEW ROCHELLE^NY^10804||", "F|||[LOCATION]||"},
		// Feast days.
		{"He quit smoking on Christmas Eve 2019 and fell Easter 2018.", "He quit smoking on [DATE] and fell [DATE]."},
		{"Sturz an Heiligabend 2019, erneut am 2. Weihnachtstag.", "Sturz an [DATE], erneut am [DATE]."},
		{"seen on Boxing Day, on New Year's Eve, died St David's Day", "seen on [DATE], on [DATE], died [DATE]"},
		{"The Sunday before Labor Day. Good day. New year, new plan. All day long. Labor day 1.", "The Sunday before Labor Day. Good day. New year, new plan. All day long. Labor day 1."},
		// Dates and numbers as they are spoken.
		{"born March the third nineteen fifty, or the twenty first of May", "born [DATE], or [DATE]"},
		{"my date of birth is six eleven fifty two, call six one seven five five five oh one four two", "my date of birth is [DATE], call [PHONE]"},
		{"Member ID four four one seven double two", "Member ID [ID]"},
		{"Digit span: three one four one five nine two six. Digits: two, seven, one, eight, double two, nine, four. One to two, three or four times. May first be reduced.", "Digit span: three one four one five nine two six. Digits: two, seven, one, eight, double two, nine, four. One to two, three or four times. May first be reduced."},
		// A day behind a verb.
		{"no, that was 10/3. Aspirin was given 8/8, done 9/10.", "no, that was [DATE]. Aspirin was given [DATE], done 9/10."},
		{"strength was 4/5, ratio was 3/4, pain was 8/10", "strength was 4/5, ratio was 3/4, pain was 8/10"},
	} {
		if got := string(Replace(nil, []byte(tc.in), s.Find(nil, []byte(tc.in), nil), Labels)); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.in, got, tc.want)
		}
	}
}
