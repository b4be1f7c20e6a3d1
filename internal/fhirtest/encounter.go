package fhirtest

import "time"

// visit is an Encounter, as the resources that belong to it need it.
type visit struct {
	id         string
	day        time.Time
	start, end string
	problem    diagnosis
	condition  string // id
	results    []string
}

// diagnosis is one problem in two vocabularies, with what is given for it.
type diagnosis struct {
	icd, sct, drug string
}

var diagnoses = []diagnosis{
	{"E11.9", "44054006", "860975"},
	{"I10", "59621000", "314076"},
	{"E78.5", "55822004", "259255"},
	{"J45.909", "195967001", "313782"},
	{"J44.9", "13645005", "308192"},
	{"N18.30", "433144002", "197361"},
	{"F32.A", "35489007", "310965"},
	{"M54.50", "279039007", "310965"},
	{"K21.9", "235595009", "313782"},
	{"E66.9", "414916001", "860975"},
	{"I48.91", "49436004", "855332"},
	{"I25.10", "53741008", "243670"},
	{"M17.9", "239873007", "310965"},
	{"G43.909", "37796009", "313782"},
	{"J06.9", "54150009", "313782"},
	{"N39.0", "68566005", "308192"},
	{"F41.1", "21897009", "310965"},
	{"E03.9", "40930008", "312961"},
	{"D64.9", "271737000", "310798"},
	{"J20.9", "10509002", "308192"},
	{"G30.9", "26929004", "310798"},
}

// childDiagnoses are those that children have too.
var childDiagnoses = []diagnosis{
	{"J45.909", "195967001", "313782"},
	{"J06.9", "54150009", "313782"},
	{"N39.0", "68566005", "308192"},
	{"J20.9", "10509002", "308192"},
}

// encounter writes the i-th of n visits. They are spread from the middle of the
// patient's life, though not before 1996, to its last day; an only one is near
// the last day.
func (g *generator) encounter(p *person, i, n int) *visit {
	from := p.born.AddDate(0, 0, int(p.last().Sub(p.born).Hours()/48))
	if early := time.Date(1996, time.May, 4, 0, 0, 0, 0, time.UTC); from.Before(early) {
		from = early
	}
	days := max(int(p.last().Sub(from).Hours()/24), n)
	v := &visit{id: g.id("enc"), problem: g.diagnosis(p, i)}
	v.day = from.AddDate(0, 0, days*i/n+g.r.IntN(max(days/n, 1)))
	if n == 1 {
		v.day = p.last().AddDate(0, 0, -g.r.IntN(20))
	}
	hour, minute := 7+g.r.IntN(9), g.r.IntN(60)
	v.start = iso(v.day, hour, minute, g.r.IntN(60), p.home.zone)
	v.end = iso(v.day, hour+1, minute, g.r.IntN(60), p.home.zone)
	class, kind := "AMB", "185349003"
	switch i % 3 {
	case 1:
		kind = "185345009"
	case 2:
		class, kind = "EMER", "50849002"
	}
	s := g.sites[p.site]
	members := obj{
		"text", narrative("Visit of ", p.name(), " on ", when(v.start), " at ", secret{"organization", s.name}, "."),
	}
	if i == 1 {
		// The referring clinic is known by this visit only.
		members = append(members, "contained", arr{obj{
			"resourceType", "Organization", "id", "referrer",
			"name", mix{"Practice of ", secret{"provider", surname(g.care[(p.doctor+1)%practitioners].family)}},
			"telecom", arr{obj{"system", "fax", "value", secret{"organization", "(413) 555-" + g.digits(4)}}},
		}})
	}
	members = append(members,
		"identifier", arr{obj{"use", "official", "system", "urn:oid:2.16.840.1.113883.19.5.99999.8", "value", secret{"account", "CSN" + g.digits(9)}}},
		"status", "finished",
		"class", coding(hl7+"v3-ActCode", class),
		"type", concepts(snomed, kind),
		"subject", p.subjectIn(g),
		"participant", arr{obj{
			"type", concepts(hl7+"v3-ParticipationType", "PPRF"),
			"period", obj{"start", when(v.start), "end", when(v.end)},
			"individual", g.doctorOf(p),
		}},
		"period", obj{"start", when(v.start), "end", when(v.end)},
		"reasonCode", arr{obj{"coding", arr{coding(snomed, v.problem.sct)}, "text", g.sentence(p, v.day)}},
	)
	if i == 1 {
		members = append(members, "hospitalization", obj{"origin", obj{"reference", ref{id: "referrer", form: fragment}}})
	}
	members = append(members,
		"location", arr{obj{"location", reference(ref{typ: "Location", id: s.location}, secret{"organization", s.name}), "status", "completed"}},
		"serviceProvider", g.siteOf(p),
	)
	g.add("Encounter", v.id, v.end, "us-core-encounter", members)
	return v
}

func (v *visit) ref() obj { return obj{"reference", ref{typ: "Encounter", id: v.id}} }

// problem writes the Condition of a visit and now and then a Procedure.
func (g *generator) problem(p *person, v *visit) {
	v.condition = g.id("cond")
	onset := v.day.AddDate(0, 0, -g.r.IntN(60))
	members := obj{
		"text", narrative(display(icd10, v.problem.icd), " of ", p.name(), ", first seen ", when(onset.Format(time.DateOnly)), "."),
		"identifier", arr{obj{"system", "urn:oid:2.16.840.1.113883.19.5.99999.4", "value", secret{"account", "PRB" + g.digits(9)}}},
		"clinicalStatus", concept(hl7+"condition-clinical", []string{"active", "resolved"}[g.r.IntN(2)]),
		"verificationStatus", concept(hl7+"condition-ver-status", "confirmed"),
		"category", concepts(hl7+"condition-category", "encounter-diagnosis"),
		"code", obj{"coding", arr{coding(icd10, v.problem.icd), coding(snomed, v.problem.sct)}, "text", display(snomed, v.problem.sct)},
		"subject", p.subjectIn(g),
		"encounter", v.ref(),
	}
	if age := p.age(onset); g.chance(3) || age > 89 {
		members = append(members, "onsetAge", amount(max(age, 0), "a"))
	} else {
		members = append(members, "onsetDateTime", when(onset.Format(time.DateOnly)))
	}
	members = append(members,
		"recordedDate", when(v.start),
		"recorder", g.doctorOf(p),
		"note", arr{obj{"authorString", mix{g.care[p.doctor].name()}, "time", when(v.end), "text", g.sentence(p, v.day)}},
	)
	g.add("Condition", v.condition, v.end, "us-core-condition", members)
	if !g.chance(2) {
		return
	}
	code := pick(g, []string{"73761001", "80146002", "430193006", "171207006", "127783003", "265764009", "232717009"})
	g.add("Procedure", g.id("proc"), v.end, "us-core-procedure", obj{
		"text", narrative(display(snomed, code), " on ", p.name(), ", ", when(v.start), "."),
		"status", "completed",
		"code", concept(snomed, code),
		"subject", p.subjectIn(g),
		"encounter", v.ref(),
		"performedPeriod", obj{"start", when(v.start), "end", when(v.end)},
		"performer", arr{obj{"actor", g.doctorOf(p), "onBehalfOf", g.siteOf(p)}},
		"reasonReference", arr{obj{"reference", ref{typ: "Condition", id: v.condition}}},
		"bodySite", concepts(snomed, "51185008"),
		"note", arr{obj{"text", g.sentence(p, v.day)}},
	})
}
