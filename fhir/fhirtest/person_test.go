package fhirtest

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// restricted are three-digit areas in which 20,000 people or fewer live.
var restricted = strings.Fields("036 059 102 203 205 369 556 692 821 823 878 879 884 893")

func TestPatientsLiveInRestrictedAreas(t *testing.T) {
	areas := map[string]bool{}
	p := Generate(1, 100)
	for _, id := range p.PatientIDs() {
		r, _ := p.Get("Patient", id)
		var pat struct {
			Address []struct{ PostalCode, Country string }
		}
		if err := json.Unmarshal(r.JSON, &pat); err != nil {
			t.Fatal(err)
		}
		for _, a := range pat.Address {
			areas[a.PostalCode[:3]] = true
		}
	}
	for _, area := range restricted {
		if !areas[area] {
			t.Errorf("nobody lives in %s", area)
		}
	}
}

func TestTwinsAgree(t *testing.T) {
	p := Generate(1, 34)
	type pat struct {
		BirthDate     string
		MultipleBirth int `json:"multipleBirthInteger"`
		Name          []struct{ Family string }
		Address       []struct{ Line []string }
		Link          []struct{ Other struct{ Reference string } }
	}
	for _, first := range []int{7, 32} {
		var twins [2]pat
		for i := range twins {
			r, _ := p.Get("Patient", p.PatientIDs()[first+i])
			if err := json.Unmarshal(r.JSON, &twins[i]); err != nil {
				t.Fatal(err)
			}
		}
		a, b := twins[0], twins[1]
		if a.BirthDate[:4] != b.BirthDate[:4] || a.Name[0].Family != b.Name[0].Family || a.Address[0].Line[0] != b.Address[0].Line[0] ||
			a.MultipleBirth != 1 || b.MultipleBirth != 2 || len(b.Link) != 1 || b.Link[0].Other.Reference != "Patient/"+p.PatientIDs()[first] {
			t.Errorf("patients %d and %d are no twins", first, first+1)
		}
	}
}

func TestIdentifiersAreWellFormed(t *testing.T) {
	forms := map[string]*regexp.Regexp{
		ssnSystem: regexp.MustCompile(`^9\d\d-\d\d-\d{4}$`),
		mrnSystem: regexp.MustCompile(`^MRN\d{8}$`),
		npiSystem: regexp.MustCompile(`^1\d{9}$`),
	}
	seen := map[string]int{}
	eachObject(t, Generate(1, 10), func(r Resource, o map[string]any) {
		system, _ := o["system"].(string)
		value, _ := o["value"].(string)
		form := forms[system]
		if form == nil {
			return
		}
		seen[system]++
		if !form.MatchString(value) {
			t.Errorf("%s: an identifier of %s is not of its form", r.Type, system)
		}
		if system == npiSystem && luhn("80840"+value[:9]) != value[9] {
			t.Errorf("%s: wrong check digit", r.Type)
		}
	})
	for system := range forms {
		if seen[system] == 0 {
			t.Errorf("no identifier of %s", system)
		}
	}
}

func TestAgesOverEightyNineAreSaid(t *testing.T) {
	var quantity, integer, onset int
	eachObject(t, Generate(1, 100), func(r Resource, o map[string]any) {
		over := func(v any) bool {
			q, _ := v.(map[string]any)
			n, ok := q["value"].(float64)
			return ok && q["code"] == "a" && n > 89
		}
		if over(o["valueQuantity"]) {
			quantity++
		}
		if n, ok := o["valueInteger"].(float64); ok && n > 89 {
			integer++
		}
		if over(o["onsetAge"]) && r.Type == "Condition" {
			onset++
		}
	})
	if quantity == 0 || integer == 0 || onset == 0 {
		t.Errorf("ages over 89: %d quantities, %d integers, %d onsets", quantity, integer, onset)
	}
}

func TestNobodyLivesPastTheEnd(t *testing.T) {
	g := &generator{seed: 1}
	g.care, g.sites = make([]caregiver, practitioners), make([]site, 6)
	for i := range 500 {
		p := g.person(i)
		if p.born.After(today) || p.died.After(today) || !p.died.IsZero() && p.died.Before(p.born) {
			t.Errorf("person %d is born or dies at no possible time", i)
		}
	}
}
