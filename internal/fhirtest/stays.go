package fhirtest

import (
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"
)

// The stream of the random source for the stays of a patient is this one and its index.
const staysStream = 1 << 61

// stayReasons are reasons for a stay in hospital, with what each adds to the log odds of
// coming back.
var stayReasons = []struct {
	diagnosis
	log float64
}{
	{diagnosis{"J44.9", "13645005", ""}, 0.9},
	{diagnosis{"N18.30", "433144002", ""}, 0.8},
	{diagnosis{"I48.91", "49436004", ""}, 0.4},
	{diagnosis{"E11.9", "44054006", ""}, 0.3},
	{diagnosis{"I25.10", "53741008", ""}, 0.2},
	{diagnosis{"D64.9", "271737000", ""}, 0.1},
	{diagnosis{"J20.9", "10509002", ""}, -0.2},
	{diagnosis{"N39.0", "68566005", ""}, -0.4},
	{diagnosis{"M17.9", "239873007", ""}, -1},
}

// Stays makes a population of adults with one hospital stay each, from which a model can
// learn who is readmitted within thirty days: it depends on age, diagnosis, creatinine,
// sodium, hemoglobin, the length of the stay, and the season, each by a known weight, and on
// chance. Those readmitted have a second stay, marked as a readmission. Only the dates give
// the length of a stay. The same seed gives the same bytes.
func Stays(seed uint64, patients int) *Population {
	g := &generator{
		seed:  seed,
		pop:   &Population{byKey: map[string]int{}},
		plain: map[string]struct{}{},
		seen:  map[string]struct{}{},
	}
	g.w.plant, g.w.plain = g.note, func(s string) { g.plain[s] = struct{}{} }
	for i, made := 0, 0; made < patients; i++ {
		g.begin(i, staysStream+uint64(i)) //nolint:gosec // not negative
		p := g.person(i)
		p.bornOnly = 10
		if day, ok := g.admission(p); ok {
			g.who = p.id
			g.stay(p, day)
			made++
		}
	}
	planted, plain := g.planted, g.plain
	g.pop.planted = sync.OnceValue(func() []Planted { return keepListable(planted, plain) })
	g.pop.finder = sync.OnceValue(func() *finder { return newFinder(g.pop.planted()) })
	return g.pop
}

// admission is the day of an adult's stay, of the years 2019 to 2023.
func (g *generator) admission(p *person) (time.Time, bool) {
	day := time.Date(2019, time.January, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, g.r.IntN(5*365))
	return day, p.age(day) >= 18 && !p.dead && p.twin == 0
}

// stay writes a patient, the stay, and the stay of who comes back.
func (g *generator) stay(p *person, day time.Time) {
	reason := pick(g, stayReasons)
	age := float64(p.age(day))
	creatinine := 0.9 + 0.004*(age-50) + 0.35*math.Abs(g.r.NormFloat64())
	if reason.icd == "N18.30" {
		creatinine += 0.8
	}
	sodium := 139.5 + 3.5*g.r.NormFloat64()
	hemoglobin := 13.4 - 0.015*(age-50) + 1.5*g.r.NormFloat64()
	days := 1 + int(3*g.r.ExpFloat64()+max(0, age-60)/25)
	winter := day.Month() <= time.March || day.Month() == time.December
	log := -3.1 + 0.028*(age-60) + reason.log + 0.9*(creatinine-1.2) + 0.11*math.Max(0, 137-sodium) + 0.25*math.Max(0, 12-hemoglobin) + 0.22*float64(min(days, 14))
	if winter {
		log += 0.7
	}
	born := p.born.Format(time.DateOnly)
	g.add("Patient", p.id, g.clock(day, p), "us-core-patient", obj{
		"identifier", arr{identifier("usual", "MR", mrnSystem, "mrn", p.mrn)},
		"name", arr{obj{"use", "official", "family", secret{"name", p.family}, "given", arr{secret{"name", p.given[0]}}}},
		"gender", p.gender,
		"birthDate", when(born),
		"address", arr{obj{"line", arr{secret{"street", p.street}}, "city", secret{"city", p.home.city}, "state", p.home.state, "postalCode", secret{"zip", p.zip}}},
	})
	v := g.inpatient(p, day, days, reason.diagnosis, false)
	for _, lab := range []struct {
		code, unit string
		value      float64
		places     int
	}{{"2160-0", "mg/dL", creatinine, 2}, {"2951-2", "mmol/L", sodium, 0}, {"718-7", "g/dL", hemoglobin, 1}} {
		g.add("Observation", g.id("obs"), v.start, "us-core-observation-lab", obj{
			"status", "final",
			"category", concepts(hl7+"observation-category", "laboratory"),
			"code", concept(loinc, lab.code),
			"subject", p.subject(0),
			"encounter", v.ref(),
			"effectiveDateTime", when(v.start),
			"valueQuantity", amount(num(strconv.FormatFloat(lab.value, 'f', lab.places, 64)), lab.unit),
		})
	}
	if g.r.Float64() < 1/(1+math.Exp(-log)) {
		back := day.AddDate(0, 0, days+2+g.r.IntN(28))
		g.inpatient(p, back, 1+g.r.IntN(6), reason.diagnosis, true)
	}
}

// inpatient writes the Encounter of a stay.
func (g *generator) inpatient(p *person, day time.Time, days int, reason diagnosis, again bool) *visit {
	v := &visit{id: g.id("stay"), day: day, problem: reason}
	v.start = iso(day, 6+g.r.IntN(14), g.r.IntN(60), g.r.IntN(60), p.home.zone)
	v.end = iso(day.AddDate(0, 0, days), 9+g.r.IntN(6), g.r.IntN(60), g.r.IntN(60), p.home.zone)
	members := obj{
		"identifier", arr{obj{"use", "official", "system", "urn:oid:2.16.840.1.113883.19.5.99999.8", "value", secret{"account", fmt.Sprintf("CSN%s", g.digits(9))}}},
		"status", "finished",
		"class", obj{"system", hl7 + "v3-ActCode", "code", "IMP", "display", "inpatient encounter"},
		"subject", p.subject(0),
		"period", obj{"start", when(v.start), "end", when(v.end)},
		"reasonCode", arr{obj{"coding", arr{coding(icd10, reason.icd), coding(snomed, reason.sct)}}},
	}
	if again {
		members = append(members, "hospitalization", obj{"reAdmission", obj{"coding", arr{obj{"system", hl7 + "v2-0092", "code", "R", "display", "Re-admission"}}}})
	}
	g.add("Encounter", v.id, v.end, "us-core-encounter", members)
	return v
}
