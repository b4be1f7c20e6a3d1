package terminology

import "testing"

// FuzzAgeText holds that only texts without a word for age are not read word by word.
func FuzzAgeText(f *testing.F) {
	for _, text := range []string{
		"Age", "age at death", "Maternal age (years)", "patientAge", "PatientAGE", "Altersangabe", "weight for age", "Body height", "XAgeY years",
		"3age", "hyper age-d", "Alter bei Diagnose", "LEEFTIJD", "age1", "a ge", "\u00e2ge", "Measurement of length of a very longwordindeed", "ageAge",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if readsAsAge([]byte(text)) && !mayHaveAge([]byte(text)) {
			t.Errorf("%q is taken for no age", text)
		}
	})
}
