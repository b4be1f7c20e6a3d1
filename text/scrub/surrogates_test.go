package scrub_test

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/text"
)

// family is what is known of a patient, a doctor of the same family name and a hospital.
func family() *text.Known {
	var b text.KnownBuilder
	b.Of("Practitioner/9", "")
	b.AddPerson([]string{"Bartholomew"}, "Quarrington")
	b.Of("Patient/1", "")
	b.AddPerson([]string{"Margarethe", "Mae"}, "van Quarrington")
	b.AddID("ZQ884412")
	b.AddPhone("(555) 201-7788")
	b.AddEmail("m@x.example")
	b.AddISODate("2024-02-03")
	b.Of("Patient/1", text.PartLife)
	b.AddISODate("1950-03-04")
	b.Of("Patient/1", text.PartStreet)
	b.AddAddress("12 Elm Court")
	b.Of("Patient/1", text.PartCity)
	b.AddAddress("Fernhollow")
	b.Of("Patient/1", text.PartURL)
	b.AddEmail("https://x.example/zq")
	b.Of("Patient/1", text.PartResourceID)
	b.AddID("resource-zq-1")
	b.Of("Organization/3", "")
	b.AddOrg("Larkmoor Abbey Hospital")
	b.Of("", "")
	b.AddName("Dr. Theodora Winterbourne")
	return b.Build()
}

// vectors are texts, and what becomes of them under the key of the tests. They are a promise:
// a change of one changes what is masked already.
var vectors = []struct{ src, want string }{
	{"Margarethe Mae van Quarrington", "Mathilde Mario Kub"},
	{"VAN QUARRINGTON, MARGARETHE", "KUB, MATHILDE"},
	{"margarethe van quarrington", "mathilde kub"},
	{"M. van Quarrington", "M. Kub"},
	{"Mr. Bartholomew Quarrington", "Mr. Cristopher Kub"},
	{"Margarethe Quarringtn", "Mathilde Kub"},
	{"Dr. Theodora Winterbourne", "Dr. Ronald Bechtelar"},
	{"Dr. Winterbourne", "Dr. Bechtelar"},
	{"Mr. John Doe and Mrs. JANE DOE", "Mr. Lura Breitenberg and Mrs. ROSELLA BREITENBERG"},
	{"ZQ884412, zq-88 44 12", "MI916951, MI-91 69 51"},
	{"MRN: 77123456", "MRN: 16025452"},
	{"call (555) 201-7788, 555.201.7788 or +1 555 201 7788", "call (296) 555-0176, 296.555.0176 or +1 296 555 0176"},
	{"call 555-867-5309", "call 978-555-0105"},
	{"m@x.example, other@y.example", "user0558187677@example.org, user4411094284@example.org"},
	{"https://x.example/zq https://y.example/z", "https://www.example.org/0259805570 https://www.example.org/6440925802"},
	{"12 Elm Court, Fernhollow", "648 Liberty Street, Azusa"},
	{"99 Oak Street, Springfield, IL 62704", "[LOCATION]"},
	{"Larkmoor Abbey Hospital", "Boyer Clinic"},
	{"on 2024-02-03, Feb 3, 2024 and 3 FEBRUARY 2024", "on 2024-01-06, Jan 6, 2024 and 6 JANUARY 2024"},
	{"on 02/03/2024 and 03.02.2024", "on 01/06/2024 and 06.01.2024"},
	{"on Saturday, February 3rd, 2024", "on Saturday, January 6th, 2024"},
	{"on 5/12", "on [DATE]"},
	{"born 03/04/1950, 4 March 1950", "born [DATE], [DATE]"},
	{"a 92-year-old, aged ninety-three", "a 90-year-old, aged [AGE]"},
	{"id resource-zq-1", "id Z4IkXjSuC8RqBv6UWUK15PI9s6IDb63F1lbu"},
	{"IP 192.0.2.7", "IP [IP]"},
	{"<i>Margarethe</i> slept. Quarring&#116;on ate.", "<i>Mathilde</i> slept. [NAME] ate."},
}

func TestSurrogateVectors(t *testing.T) {
	t.Parallel()
	m := newMethod(t, mask.Args{"replace": "surrogate", "weekday": true})
	for _, v := range vectors {
		for range 2 { // and from memory
			if got, _, _ := apply(t, m, v.src, &mask.Input{Known: family(), Entity: []byte("Patient/1")}); got != v.want {
				t.Errorf("%q becomes\n%q, want\n%q", v.src, got, v.want)
			}
		}
	}
}

// TestSurrogatesArePersonal: another person's surrogates are others, and whom nothing is
// known of gets labels.
func TestSurrogatesArePersonal(t *testing.T) {
	t.Parallel()
	m := newMethod(t, mask.Args{"replace": "surrogate"})
	src := "Mr. John Doe (MRN 77123456) came on 2024-02-03. " + strings.Repeat("Stable. ", 20)
	of := func(entity string) string {
		got, _, _ := apply(t, m, src, &mask.Input{Known: family(), Entity: []byte(entity)})
		return got
	}
	if a, b := of("Patient/1"), of("Patient/2"); a == b || strings.Contains(a+b, "Doe") {
		t.Errorf("%s\n%s", a, b)
	}
	if a := of("Patient/1"); a != of("Patient/1") || strings.Contains(a, "[") {
		t.Errorf("of one person: %s", a)
	}
	if got := of(""); !strings.HasPrefix(got, "[NAME] (MRN ") || !strings.Contains(got, "came on [DATE]") {
		t.Errorf("of nobody: %s", got)
	}
}
