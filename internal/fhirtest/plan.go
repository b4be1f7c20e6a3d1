package fhirtest

import "time"

// plans writes what is agreed with the patient: a CarePlan, an Appointment and
// a Communication.
func (g *generator) plans(p *person) {
	day := p.last().AddDate(0, 0, -4)
	if day.Before(p.born) {
		day = p.born
	}
	at := g.clock(day, p)
	g.add("CarePlan", g.id("plan"), at, "us-core-careplan", obj{
		"text", narrative("Plan for ", p.name(), " of ", secret{"street", p.street}, "."),
		"status", "active",
		"intent", "plan",
		"category", concepts("http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan"),
		"title", mix{"Plan of ", p.name()},
		"description", g.sentence(p, day),
		"subject", p.subjectIn(g),
		"period", obj{"start", when(day.Format(time.DateOnly))},
		"author", g.doctorOf(p),
		"activity", arr{
			obj{"detail", obj{"code", concept(snomed, "160670007"), "status", "in-progress", "description", g.sentence(p, day)}},
			obj{"detail", obj{"code", concept(snomed, "229065009"), "status", "not-started", "scheduledString", mix{"with ", secret{"name", p.kin}}}},
		},
	})
	g.add("Appointment", g.id("apt"), at, "", obj{
		"status", "booked",
		"appointmentType", concept(hl7+"v2-0276", []string{"ROUTINE", "FOLLOWUP"}[g.r.IntN(2)]),
		"description", mix{"Visit of ", p.name()},
		"start", when(iso(day.AddDate(0, 1, 0), 10, 30, 0, p.home.zone)),
		"end", when(iso(day.AddDate(0, 1, 0), 11, 0, 0, p.home.zone)),
		"created", when(day.Format(time.DateOnly)),
		"comment", g.sentence(p, day),
		"participant", arr{
			obj{"actor", reference(ref{typ: "Patient", id: p.id}, p.name()), "status", "accepted"},
			obj{"actor", g.doctorOf(p), "status", "accepted"},
		},
	})
	g.add("Communication", g.id("com"), at, "", obj{
		"status", "completed",
		"category", concepts(hl7+"communication-category", "notification"),
		"subject", p.subjectIn(g),
		"sent", when(at),
		"received", when(at),
		"recipient", arr{reference(ref{typ: "RelatedPerson", id: p.kinID}, secret{"name", p.kin})},
		"sender", g.doctorOf(p),
		"payload", arr{
			obj{"contentString", g.sentence(p, day)},
			obj{"contentAttachment", attachment("Dear "+p.kin+", "+g.sentence(p, day).plain(), mix{"Letter to ", secret{"name", p.kin}}, at)},
		},
		"note", arr{obj{"text", g.sentence(p, day)}},
	})
}

// trail writes who did what: a Provenance and, for some, an AuditEvent, which
// says more of users than of patients.
func (g *generator) trail(p *person) {
	at := g.clock(p.last(), p)
	g.add("Provenance", g.id("prov"), at, "us-core-provenance", obj{
		"target", arr{reference(ref{"Patient", p.id, versioned}, p.name())},
		"recorded", when(at),
		"agent", arr{obj{
			"type", concept(hl7+"provenance-participant-type", "author"),
			"who", reference(ref{typ: "PractitionerRole", id: g.care[p.doctor].roleID}, g.care[p.doctor].name()),
			"onBehalfOf", g.siteOf(p),
		}},
		"signature", arr{obj{
			"type", arr{obj{"system", "urn:iso-astm:E1762-95:2013", "code", "1.2.840.10065.1.12.1.1"}},
			"when", when(at), "who", g.doctorOf(p),
			"sigFormat", "application/jose", "data", secret{"signature", g.base64Token(88)},
		}},
	})
	if p.index%10 != 0 {
		return
	}
	g.add("AuditEvent", g.id("aud"), at, "", obj{
		"type", coding(hl7+"audit-event-type", "rest"),
		"subtype", arr{coding("http://hl7.org/fhir/restful-interaction", "read")},
		"action", "R",
		"recorded", when(at),
		"outcome", "0",
		"agent", arr{obj{
			"who", g.doctorOf(p), "altId", secret{"account", "user-" + g.letters(6)},
			"requestor", true,
			"network", obj{"address", secret{"ip", "10.20." + g.digits(2) + "7.2" + g.digits(1) + "9"}, "type", "2"},
		}},
		"source", obj{"observer", g.siteOf(p)},
		"entity", arr{obj{"what", obj{"reference", ref{typ: "Patient", id: p.id}}, "name", p.name()}},
	})
}
