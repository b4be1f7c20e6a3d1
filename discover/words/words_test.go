package words

import (
	"strings"
	"testing"
)

// TestJudge: what names of columns say first, in the vocabulary of the names around them.
func TestJudge(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		table, column, want string
		around              []string // other names of the schema
	}{
		{"patients", "firstName", "given-name", nil},
		{"pt", "lname", "family-name", nil},
		{"patients", "DOB", "birth-date", nil},
		{"visits", "visit_start_dt", "event-date", nil},
		{"visits", "patientId", "person-key", nil},
		{"orders", "created_by", "person-key", nil},
		{"visits", "encounter_id", "event-key", nil},
		{"claims", "billing_npi", "license", nil},
		{"persons", "gender_concept_id", "demographic", nil},
		{"persons", "death_flag", "flag", nil},
		{"hospitals", "name", "organization-name", nil},
		{"patients", "name", "person-name", nil},
		{"products", "name", "other", nil},
		{"x", "diagnosis_code", "code", nil},
		{"x", "e_mail_addr", "email", nil},
		{"x", "fax_phone", "fax", nil},
		{"x", "ip_address", "ip", nil},
		{"x", "passwordHash", "other", nil},
		{"patienten", "gebdat", "birth-date", []string{"nachname", "strasse"}},
		{"patienten", "geburtsdatum", "birth-date", []string{"nachname", "strasse"}},
		{"stamm", "Nachname", "family-name", []string{"Vorname", "Wohnort"}},
		{"malades", "date_naissance", "birth-date", []string{"prenom", "adresse"}},
		{"pacientes", "fecha_nacimiento", "birth-date", []string{"apellido", "telefono"}},
		{"pazienti", "cognome", "family-name", []string{"nascita", "indirizzo"}},
		{"patienten", "geboortedatum", "birth-date", []string{"achternaam", "woonplaats"}},
		{"utentes", "data_nascimento", "birth-date", []string{"morada", "telemovel"}},
		{"files", "data_source", "other", []string{"name", "source"}}, // no Portuguese around: data is no date
	} {
		voc := Default().Vocabulary(append([]string{tc.table, tc.column}, tc.around...))
		votes := voc.Judge(voc.Parse(tc.column), voc.Parse(tc.table))
		if len(votes) == 0 || votes[0].Class != tc.want {
			t.Errorf("%s.%s: %+v, want %s", tc.table, tc.column, votes, tc.want)
		}
	}
}

// TestExtend: users add words and rules; what is wrong with a line is said.
func TestExtend(t *testing.T) {
	t.Parallel()
	known := func(class string) bool { return class == "mrn" || class == "birth-date" }
	lex, err := Default().Extend(strings.NewReader("# ours\nword shoe en shoesize shoe\nword birth+date pl dataur\nrule mrn 6 shoe\n"), known)
	if err != nil {
		t.Fatal(err)
	}
	voc := lex.Vocabulary([]string{"shoe_size", "dataur"})
	if votes := voc.Judge(voc.Parse("shoe_x"), voc.Parse("t")); len(votes) == 0 || votes[0].Class != "mrn" {
		t.Errorf("a rule of the user: %+v", votes)
	}
	if v := Default().Vocabulary(nil); v.Parse("shoesize").known() {
		t.Error("the lexicon of the program was changed")
	}
	for text, want := range map[string]string{
		"word x en":               "line 1: expected concepts",
		"rule nonsense 5 birth":   `line 1: unknown class "nonsense"`,
		"\nrule mrn much birth":   `line 2: weight "much" is not a number`,
		"rule mrn 5 nosuchthing":  `line 1: unknown concept "nosuchthing"`,
		"words birth en birthday": "line 1: expected a line that begins with word or rule",
	} {
		if _, err := Default().Extend(strings.NewReader(text), known); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestLexiconIsFolded: a word that is not folded could never be found.
func TestLexiconIsFolded(t *testing.T) {
	t.Parallel()
	for w := range Default().words {
		if w != strings.ToLower(w) || strings.ContainsAny(w, " -äöüéèßñç") {
			t.Errorf("%q is not folded", w)
		}
	}
	if n := len(Default().words); n < 1000 {
		t.Errorf("%d words", n)
	}
}
