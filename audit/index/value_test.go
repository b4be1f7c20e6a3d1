package index

import (
	"slices"
	"testing"
)

func TestTextsStandForThoseAbove(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   func(string) []string
		text string
		want []string
	}{
		{upwards, "Patient.name[0].given", []string{"Patient", "Patient.name", "Patient.name[0]", "Patient.name[0].given"}},
		{upwards, "Patient.extension(http://example.org/a.b).value", []string{"Patient", "Patient.extension", "Patient.extension(http://example.org/a.b)", "Patient.extension(http://example.org/a.b).value"}},
		{upwards, "public.patients.mrn", []string{"public", "public.patients", "public.patients.mrn"}},
		{upwards, ".a", []string{".a"}},
		{upwards, "", nil},
		{firstWords, "search Patient compartment", []string{"search", "search Patient", "search Patient compartment"}},
		{firstWords, "", nil},
		{letters, "ABA", []string{"A", "B"}},
	} {
		if got := c.of(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q", c.text, got)
		}
	}
}
