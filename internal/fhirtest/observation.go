package fhirtest

import (
	"fmt"
	"strings"
)

// measure is a LOINC code with its unit and the range its values come from.
type measure struct {
	code, unit string
	lo, hi     float64
	places     int
}

var vitalSigns = []measure{
	{"8867-4", "/min", 52, 108, 0},
	{"9279-1", "/min", 11, 22, 0},
	{"8310-5", "Cel", 36.1, 38.9, 1},
	{"8302-2", "cm", 148, 196, 1},
	{"29463-7", "kg", 47, 121, 1},
	{"39156-5", "kg/m2", 18, 39, 1},
	{"59408-5", "%", 91, 100, 0},
	{"72514-3", "{score}", 0, 10, 0},
}

var (
	systolic  = measure{"8480-6", "mm[Hg]", 98, 178, 0}
	diastolic = measure{"8462-4", "mm[Hg]", 55, 104, 0}
)

// panel is a group of laboratory tests reported together.
type panel struct {
	code  string
	tests []measure
}

var panels = []panel{
	{"24323-8", []measure{
		{"2345-7", "mg/dL", 65, 190, 0}, {"2160-0", "mg/dL", 0.5, 2.4, 2}, {"3094-0", "mg/dL", 6, 38, 0},
		{"2951-2", "mmol/L", 131, 147, 0}, {"2823-3", "mmol/L", 3.1, 5.6, 1},
		{"1742-6", "U/L", 8, 77, 0}, {"1751-7", "g/dL", 3, 5.2, 1},
	}},
	{"24331-1", []measure{
		{"2093-3", "mg/dL", 120, 280, 0}, {"2085-9", "mg/dL", 28, 88, 0}, {"13457-7", "mg/dL", 50, 190, 0},
		{"2571-8", "mg/dL", 50, 420, 0}, {"4548-4", "%", 4.6, 10.4, 1}, {"3016-3", "u[IU]/mL", 0.3, 6.4, 2},
	}},
	{"58410-2", []measure{
		{"718-7", "g/dL", 9.1, 17.4, 1}, {"4544-3", "%", 29, 52, 1}, {"6690-2", "10*3/uL", 3, 16, 1},
		{"777-3", "10*3/uL", 120, 440, 0}, {"789-8", "10*6/uL", 3.4, 6, 2}, {"2276-4", "ng/mL", 9, 380, 0},
	}},
}

// observe writes an Observation; the value and what follows it come last.
func (g *generator) observe(p *person, v *visit, category string, code obj, what string, rest obj) string {
	id := g.id("obs")
	members := obj{
		"text", optional(g.count%3 == 0, narrative(what, " of ", p.name(), " (", secret{"mrn", p.mrn}, "), measured ", when(v.start), ".")),
		"identifier", arr{obj{"system", "urn:oid:2.16.840.1.113883.19.5.99999.7", "value", secret{"account", "ORD" + g.digits(10)}}},
		"status", "final",
		"category", concepts(hl7+"observation-category", category),
		"code", code,
		"subject", p.subjectIn(g),
		"encounter", v.ref(),
		"effectiveDateTime", when(v.start),
		"issued", when(issued(v)),
		"performer", arr{g.doctorOf(p)},
	}
	if g.count%6 == 0 {
		members = append(members, "note", arr{obj{"time", when(v.end), "text", g.sentence(p, v.day)}})
	}
	profile := map[string]string{"vital-signs": "us-core-vital-signs", "laboratory": "us-core-observation-lab"}[category]
	g.add("Observation", id, v.end, profile, append(members, rest...))
	return id
}

// issued is the end of a visit as an instant, with its milliseconds.
func issued(v *visit) string {
	const seconds = len("2006-01-02T15:04:05")
	return v.end[:seconds] + ".417" + v.end[seconds:]
}

func (g *generator) vitals(p *person, v *visit) {
	const arm = "368209003"
	component := func(code string, value num) obj {
		return obj{"code", concept(loinc, code), "valueQuantity", amount(value, "mm[Hg]")}
	}
	g.observe(p, v, "vital-signs", concept(loinc, "85354-9"), "Blood pressure", obj{
		"bodySite", concept(snomed, arm),
		"component", arr{component("8480-6", g.reading(p, systolic)), component("8462-4", g.reading(p, diastolic))},
	})
	for _, m := range vitalSigns {
		g.observe(p, v, "vital-signs", concept(loinc, m.code), display(loinc, m.code), obj{
			"valueQuantity", amount(g.reading(p, m), m.unit),
		})
	}
}

// panel is what was tested at a visit.
func (v *visit) panel() panel { return panels[v.day.Day()%len(panels)] }

func (g *generator) labs(p *person, v *visit) {
	tests := v.panel().tests
	skip := g.r.IntN(len(tests))
	for i, m := range tests {
		if i == skip {
			continue // not every test of a panel comes out
		}
		span, value := m.hi-m.lo, g.reading(p, m)
		low, high := m.lo+span/4, m.hi-span/4
		v.results = append(v.results, g.observe(p, v, "laboratory", concept(loinc, m.code), display(loinc, m.code), obj{
			"valueQuantity", amount(value, m.unit),
			"interpretation", concepts(hl7+"v3-ObservationInterpretation", interpretation(value, low, high)),
			"referenceRange", arr{obj{
				"low", amount(num(fmt.Sprintf("%.1f", low)), m.unit),
				"high", amount(num(fmt.Sprintf("%.1f", high)), m.unit),
			}},
		}))
	}
}

// background writes what is asked of a patient once: habits, work, address,
// age, and two results in code systems of the hospital's own, where the person
// who set up the code put a name into it.
func (g *generator) background(p *person) {
	v := g.encounter(p, 0, 1)
	smoking := pick(g, []string{"266919005", "8517006", "449868002"})
	g.observe(p, v, "social-history", concept(loinc, "72166-2"), "Tobacco smoking status", obj{"valueCodeableConcept", concept(snomed, smoking)})
	g.observe(p, v, "social-history", concept(loinc, "56799-0"), "Address", obj{
		"valueString", mix{secret{"street", p.street}, ", ", secret{"city", p.home.city}, " ", secret{"zip", p.zip}},
	})
	g.observe(p, v, "social-history", concept(loinc, "11341-5"), "Occupation", obj{
		"valueString", mix{secret{"occupation", p.occupation}, " at ", secret{"employer", p.employer}},
	})
	g.observe(p, v, "survey", concept(loinc, "30525-0"), "Age", obj{"valueQuantity", amount(max(p.age(v.day), 0), "a")})
	g.observe(p, v, "survey", concept(loinc, "21612-7"), "Age", obj{"valueInteger", max(p.age(v.day), 0)})
	if !p.minor() {
		g.observe(p, v, "survey", concept(loinc, "11331-6"), "Alcohol use", obj{
			"valueString", mix{"drinks with ", secret{"name", p.kin}, " at weekends, ask ", secret{"name", p.given[0]}},
		})
	}
	const epic = "urn:oid:1.2.840.114350.1.13.861.1.7.2.7"
	shout := strings.ToUpper(p.family)
	local := obj{"coding", arr{obj{
		"system", epic + "37.1", "code", secret{"local-code", shout + "^FOLLOWUP^" + g.digits(3)},
		"display", secret{"local-code", "Follow-up call list of " + p.given[0] + " " + p.family},
	}}, "text", secret{"local-code", "Call list: " + shout}}
	g.observe(p, v, "survey", local, "Follow-up", obj{"valueBoolean", true})
	g.observe(p, v, "survey", concept(loinc, "44261-6"), "PHQ-9 score", obj{
		"valueInteger", g.r.IntN(20),
		"method", obj{"coding", arr{obj{"system", epic + "98.2", "code", secret{"local-code", "METH-" + p.mrn}}}},
	})
}
