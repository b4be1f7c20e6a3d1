package fhirtest

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/luhn"
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
		if system == npiSystem && luhn.Digit([]byte("80840"+value[:9]), 0) != value[9] {
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

// TestReadingsFollowDiagnoses: who has diabetes can be learned from hemoglobin A1c,
// and who has hypertension from blood pressure, so that a model trained on masked
// data can be compared with one trained on the originals. The measure is the area
// under the ROC curve: 0.5 would be chance.
func TestReadingsFollowDiagnoses(t *testing.T) {
	t.Parallel()
	p := Generate(1, 150)
	ill := map[string]map[string]bool{}           // by code: patients with the diagnosis
	readings := map[string]map[string][]float64{} // by code: of patients
	for _, r := range p.Resources() {
		var x struct {
			Code          struct{ Coding []struct{ Code string } }
			ValueQuantity struct{ Value float64 }
			Component     []struct {
				Code          struct{ Coding []struct{ Code string } }
				ValueQuantity struct{ Value float64 }
			}
		}
		if r.Type != "Condition" && r.Type != "Observation" {
			continue
		}
		if err := json.Unmarshal(r.JSON, &x); err != nil {
			t.Fatal(err)
		}
		add := func(code string, value float64) {
			if readings[code] == nil {
				readings[code] = map[string][]float64{}
			}
			readings[code][r.Patient] = append(readings[code][r.Patient], value)
		}
		for _, c := range x.Code.Coding {
			if r.Type == "Condition" {
				if ill[c.Code] == nil {
					ill[c.Code] = map[string]bool{}
				}
				ill[c.Code][r.Patient] = true
			} else {
				add(c.Code, x.ValueQuantity.Value)
			}
		}
		for _, c := range x.Component {
			add(c.Code.Coding[0].Code, c.ValueQuantity.Value)
		}
	}
	for _, tc := range []struct{ diagnosis, reading string }{{"44054006", "4548-4"}, {"59621000", "8480-6"}} {
		var with, without []float64
		for patient, values := range readings[tc.reading] {
			if ill[tc.diagnosis][patient] {
				with = append(with, values...)
			} else {
				without = append(without, values...)
			}
		}
		pairs, above := 0.0, 0.0
		for _, a := range with {
			for _, b := range without {
				pairs++
				if a > b {
					above++
				} else if a == b {
					above += 0.5
				}
			}
		}
		if len(with) < 20 || len(without) < 20 || above/pairs < 0.8 {
			t.Errorf("%s by %s: AUC %.2f of %d and %d", tc.diagnosis, tc.reading, above/pairs, len(with), len(without))
		}
	}
}
