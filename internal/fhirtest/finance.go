package fhirtest

import "time"

// coverage writes the Coverage and returns its id.
func (g *generator) coverage(p *person) string {
	id, plan := g.id("cov"), g.payer(p)
	g.add("Coverage", id, g.clock(p.last(), p), "", obj{
		"identifier", arr{identifier("official", "MB", "urn:oid:2.16.840.1.113883.19.5.99999.5", "member", p.member)},
		"status", "active",
		"type", concept(hl7+"v3-ActCode", "EHCPOL"),
		"policyHolder", p.subject(0),
		"subscriber", p.subject(0),
		"subscriberId", secret{"member", p.member},
		"beneficiary", p.subject(0),
		"dependent", "01",
		"relationship", concept(hl7+"subscriber-relationship", "self"),
		"period", obj{"start", when(p.born.AddDate(0, 3, 0).Format(time.DateOnly))},
		"payor", arr{reference(ref{typ: "Organization", id: plan.id}, secret{"organization", plan.name})},
		"class", arr{obj{
			"type", obj{"coding", arr{obj{"system", hl7 + "coverage-class", "code", "group"}}},
			"value", secret{"member", "GRP" + g.digits(7)}, "name", secret{"employer", p.employer},
		}},
	})
	return id
}

// bill writes the Claim and the ExplanationOfBenefit of a visit.
func (g *generator) bill(p *person, v *visit, coverage string) {
	plan := g.payer(p)
	insurer := reference(ref{typ: "Organization", id: plan.id}, secret{"organization", plan.name})
	total := g.between(80, 4200, 2)
	claim := g.id("clm")
	kind := concept(hl7+"claim-type", []string{"professional", "institutional"}[g.r.IntN(2)])
	diagnosis := arr{obj{"sequence", 1, "diagnosisCodeableConcept", concept(icd10, v.problem.icd)}}
	insurance := obj{"focal", true, "coverage", obj{"reference", ref{typ: "Coverage", id: coverage}}}
	item := func(rest ...any) obj {
		return append(obj{
			"sequence", 1,
			"diagnosisSequence", arr{1},
			"productOrService", concept(snomed, "185349003"),
			"servicedPeriod", obj{"start", when(v.start), "end", when(v.end)},
			"net", usd(total),
		}, rest...)
	}
	period := obj{"start", when(v.start), "end", when(v.end)}
	g.add("Claim", claim, v.end, "", obj{
		"identifier", arr{obj{"system", "https://claims.example.org/number", "value", secret{"account", "CLM" + g.digits(10)}}},
		"status", "active", "type", kind, "use", "claim",
		"patient", p.subjectIn(g),
		"billablePeriod", period,
		"created", when(v.end),
		"insurer", insurer,
		"provider", g.siteOf(p),
		"priority", concept(hl7+"processpriority", "normal"),
		"payee", obj{"type", obj{"text", "provider"}, "party", g.siteOf(p)},
		"diagnosis", diagnosis,
		"insurance", arr{append(obj{"sequence", 1}, insurance...)},
		"accident", optional(g.chance(5), obj{"date", when(v.day.Format(time.DateOnly)), "locationAddress", obj{"line", arr{secret{"street", p.street}}, "city", secret{"city", p.home.city}}}),
		"item", arr{item("encounter", arr{v.ref()})},
		"total", usd(total),
	})
	adjudication := func(code string, value num) obj {
		return obj{"category", concept(hl7+"adjudication", code), "amount", usd(value)}
	}
	g.add("ExplanationOfBenefit", g.id("eob"), v.end, "", obj{
		"identifier", arr{obj{"system", "https://claims.example.org/eob", "value", secret{"account", "EOB" + g.digits(10)}}},
		"status", "active", "type", kind, "use", "claim",
		"patient", p.subjectIn(g),
		"billablePeriod", period,
		"created", when(v.end),
		"insurer", insurer,
		"provider", g.siteOf(p),
		"claim", obj{"reference", ref{typ: "Claim", id: claim}},
		"outcome", "complete",
		"disposition", mix{"Paid to the account of ", p.name()},
		"diagnosis", diagnosis,
		"insurance", arr{insurance},
		"item", arr{item("adjudication", arr{adjudication("submitted", total), adjudication("benefit", g.between(40, 80, 2))})},
		"total", arr{adjudication("submitted", total)},
		"payment", obj{"date", when(v.day.AddDate(0, 0, 31).Format(time.DateOnly)), "amount", usd(g.between(40, 80, 2)), "identifier", obj{"value", secret{"account", "CHK" + g.digits(8)}}},
		"processNote", arr{obj{"number", 1, "text", g.sentence(p, v.day)}},
	})
}
