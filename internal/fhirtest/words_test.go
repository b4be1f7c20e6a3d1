package fhirtest

import (
	"regexp"
	"testing"
)

func TestWordsAreWhole(t *testing.T) {
	for _, c := range cultures() {
		for _, kind := range []string{"female:", "male:", "family:"} {
			if len(words()[kind+c]) < 2 {
				t.Errorf("%s%s has too few names", kind, c)
			}
		}
	}
	for _, kind := range []string{"street", "organization", "payer", "employer", "occupation", "note", "nick"} {
		if len(words()[kind]) == 0 {
			t.Errorf("no word of kind %s", kind)
		}
	}
}

func TestPlacesAreWellFormed(t *testing.T) {
	zip, zone := regexp.MustCompile(`^\d{5}$`), regexp.MustCompile(`^[+-]\d\d:00$`)
	for _, kind := range []string{"place", "abroad"} {
		list := places(kind)
		if len(list) == 0 {
			t.Errorf("no %s", kind)
		}
		for i, p := range list {
			if p.city == "" || p.county == "" || len(p.state) != 2 || !zone.MatchString(p.zone) || kind == "place" && !zip.MatchString(p.zip) {
				t.Errorf("%s %d is not well formed", kind, i)
			}
		}
	}
}
