package fhirtest

import (
	"fmt"
	"strconv"
)

// health is what the record of a person agrees on over all visits. Diagnoses follow
// from it and so do readings, so that one can be learned from the other.
type health struct {
	diabetes, hypertension, obesity bool
	height, bmi                     float64 // in m, and kg/m2
}

// healthOf sets the health of a person: the older and the heavier, the less well.
func (g *generator) healthOf(p *person) {
	h := &p.health
	age := min(p.age(today), 80)
	h.height = 1.55 + 0.18*g.r.Float64()
	if p.gender == "male" {
		h.height += 0.12
	}
	h.bmi = 20 + 14*g.r.Float64()
	if age < 18 {
		h.height, h.bmi = 0.7+0.055*float64(max(age, 0)), 15+6*g.r.Float64()
		return
	}
	h.obesity = h.bmi >= 30
	risk := age
	if h.obesity {
		risk += 40
	}
	h.diabetes = g.r.IntN(240) < risk
	h.hypertension = g.r.IntN(180) < risk
}

// has reports whether a diagnosis fits the person.
func (h *health) has(d diagnosis) bool {
	switch d.icd {
	case "E11.9":
		return h.diabetes
	case "I10":
		return h.hypertension
	case "E66.9":
		return h.obesity
	}
	return true
}

// diagnosis is the reason for the i-th visit. The first two are for what the person
// has lastingly.
func (g *generator) diagnosis(p *person, i int) diagnosis {
	if p.minor() {
		return pick(g, childDiagnoses)
	}
	if lasting := diagnoses[i%len(diagnoses)]; i < 2 && p.health.has(lasting) {
		return lasting
	}
	at := p.index*3 + i*5 + g.r.IntN(3)
	for !p.health.has(diagnoses[at%len(diagnoses)]) {
		at++
	}
	return diagnoses[at%len(diagnoses)]
}

// reading is what a measurement of the person gives.
func (g *generator) reading(p *person, m measure) num {
	h := &p.health
	lo, hi := m.lo, m.hi
	high := func(has bool, well, ill float64) {
		if has {
			lo = ill
		} else {
			hi = well
		}
	}
	switch m.code {
	case "8302-2": // height
		return num(strconv.FormatFloat(100*h.height+g.r.Float64(), 'f', m.places, 64))
	case "39156-5": // body mass index
		return num(strconv.FormatFloat(h.bmi+g.r.Float64()-0.5, 'f', m.places, 64))
	case "29463-7": // weight
		return num(strconv.FormatFloat(h.bmi*h.height*h.height+2*g.r.Float64()-1, 'f', m.places, 64))
	case "4548-4": // hemoglobin A1c
		high(h.diabetes, 6.4, 6.1)
	case "2345-7": // glucose
		high(h.diabetes, 130, 105)
	case "2571-8": // triglycerides
		high(h.diabetes || h.obesity, 260, 140)
	case "8480-6": // systolic blood pressure
		high(h.hypertension, 145, 128)
	case "8462-4": // diastolic blood pressure
		high(h.hypertension, 88, 78)
	}
	return g.between(lo, hi, m.places)
}

// interpretation says where a value lies between two limits.
func interpretation(value num, low, high float64) string {
	v, err := strconv.ParseFloat(string(value), 64)
	if err != nil {
		panic(fmt.Sprintf("fhirtest: a value is no number: %v", err))
	}
	switch {
	case v < low:
		return "L"
	case v > high:
		return "H"
	}
	return "N"
}
