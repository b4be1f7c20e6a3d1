package fhirtest

import (
	"fmt"
	"time"
)

// treatment writes the MedicationRequest of a visit.
func (g *generator) treatment(p *person, v *visit) {
	drug := v.problem.drug
	g.add("MedicationRequest", g.id("rx"), v.end, "us-core-medicationrequest", obj{
		"text", narrative(display(rxnorm, drug), " for ", p.name(), "."),
		"identifier", arr{obj{"system", "urn:oid:2.16.840.1.113883.19.5.99999.6", "value", secret{"account", "RX" + g.digits(9)}}},
		"status", "active",
		"intent", "order",
		"category", concepts(hl7+"medicationrequest-category", "outpatient"),
		"medicationCodeableConcept", concept(rxnorm, drug),
		"subject", p.subjectIn(g),
		"encounter", v.ref(),
		"authoredOn", when(v.end),
		"requester", g.doctorOf(p),
		"reasonReference", arr{obj{"reference", ref{typ: "Condition", id: v.condition}}},
		"note", arr{obj{"text", g.sentence(p, v.day)}},
		"dosageInstruction", arr{obj{
			"sequence", 1,
			"text", mix{"1 tablet a day; ", secret{"name", p.kin}, " will remind"},
			"patientInstruction", mix{"Call ", secret{"phone", p.phone}, " if unwell"},
			"timing", obj{"event", arr{when(v.end)}, "repeat", obj{"frequency", 1, "period", 1, "periodUnit", "d"}},
			"route", concept(snomed, "26643006"),
			"doseAndRate", arr{obj{"doseQuantity", amount(1, "{tbl}")}},
		}},
		"dispenseRequest", obj{"validityPeriod", obj{"start", when(v.day.Format(time.DateOnly)), "end", when(v.day.AddDate(1, 0, 0).Format(time.DateOnly))}, "numberOfRepeatsAllowed", 3},
	})
}

// immunizations writes three Immunizations and, for most, an
// AllergyIntolerance.
func (g *generator) immunizations(p *person) {
	codes := []string{"03", "08", "10", "20", "21", "33", "43", "52", "62", "83", "114", "115", "119", "121", "133", "140"}
	for i := range 3 {
		day := p.born.AddDate(0, 2+i*7, g.r.IntN(30))
		if day.After(p.last()) {
			day = p.last()
		}
		at := g.clock(day, p)
		g.add("Immunization", g.id("imm"), at, "us-core-immunization", obj{
			"status", "completed",
			"vaccineCode", concept(cvx, codes[(p.index+i*5)%len(codes)]),
			"patient", p.subjectIn(g),
			"occurrenceDateTime", when(at),
			"primarySource", true,
			"location", obj{"reference", ref{typ: "Location", id: g.sites[p.site].location}},
			"lotNumber", secret{"lot", "LOT" + g.token(8)},
			"expirationDate", when(day.AddDate(2, 0, 0).Format(time.DateOnly)),
			"performer", arr{obj{"actor", g.doctorOf(p)}},
			"note", arr{obj{"text", g.sentence(p, day)}},
		})
	}
	if p.index%4 == 3 {
		return
	}
	at := g.clock(p.born.AddDate(0, 1, g.r.IntN(20)), p)
	code := pick(g, []string{"91936005", "91935009"})
	g.add("AllergyIntolerance", g.id("alg"), at, "us-core-allergyintolerance", obj{
		"clinicalStatus", concept(hl7+"allergyintolerance-clinical", "active"),
		"verificationStatus", concept(hl7+"allergyintolerance-verification", "confirmed"),
		"type", "allergy",
		"category", arr{"medication"},
		"criticality", "low",
		"code", concept(snomed, code),
		"patient", p.subjectIn(g),
		"recordedDate", when(at),
		"recorder", g.doctorOf(p),
		"asserter", reference(ref{typ: "RelatedPerson", id: p.kinID}, secret{"name", p.kin}),
		"reaction", arr{obj{
			"substance", concept(rxnorm, "7980"),
			"manifestation", concepts(snomed, pick(g, []string{"271807003", "39579001", "422587007"})),
			"description", g.sentence(p, p.born),
			"onset", when(at),
		}},
	})
}

// devices writes a Device and an ImagingStudy for one patient in two.
func (g *generator) devices(p *person) {
	if p.index%2 == 1 {
		return
	}
	day := p.last().AddDate(0, -3, -g.r.IntN(20))
	if day.Before(p.born) {
		day = p.born
	}
	at, serial, lot := g.clock(day, p), "SN"+g.token(10), "LOT"+g.token(7)
	made, expires := day.AddDate(-1, 0, 0), day.AddDate(9, 0, 0)
	di := "0" + g.digits(12)
	di += string(gtin(di))
	g.add("Device", g.id("dev"), at, "us-core-implantable-device", obj{
		"udiCarrier", arr{obj{
			"deviceIdentifier", secret{"udi", di},
			"issuer", "http://hl7.org/fhir/NamingSystem/gs1-di",
			"jurisdiction", "http://hl7.org/fhir/NamingSystem/fda-udi",
			"carrierHRF", secret{"udi", fmt.Sprintf("(01)%s(11)%s(17)%s(10)%s(21)%s", di, made.Format("060102"), expires.Format("060102"), lot, serial)},
			"entryType", "barcode",
		}},
		"status", "active",
		"distinctIdentifier", secret{"serial", "DIN" + g.token(9)},
		"manufactureDate", when(made.Format(time.DateOnly)),
		"expirationDate", when(expires.Format(time.DateOnly)),
		"lotNumber", secret{"lot", lot},
		"serialNumber", secret{"serial", serial},
		"deviceName", arr{obj{"name", mix{"Pacer of ", secret{"name", p.family}}, "type", "user-friendly-name"}},
		"modelNumber", "PX-200",
		"type", concept(snomed, pick(g, []string{"14106009", "72506001"})),
		"patient", p.subjectIn(g),
		"owner", g.siteOf(p),
		"url", mix{"https://10.4.", secret{"url", g.digits(3) + ".monitor.example/device/" + serial}},
		"note", arr{obj{"text", g.sentence(p, day)}},
	})
	uid := "2.16.840.1.113883.19." + g.digits(4) + "1." + g.digits(9) + "1"
	modality := []string{"CR", "CT"}[g.r.IntN(2)]
	g.add("ImagingStudy", g.id("img"), at, "", obj{
		"identifier", arr{obj{"system", "urn:dicom:uid", "value", mix{"urn:oid:", secret{"account", uid}}}},
		"status", "available",
		"modality", arr{coding(dicom, modality)},
		"subject", p.subjectIn(g),
		"started", when(at),
		"procedureCode", concepts(loinc, map[string]string{"CR": "36643-5", "CT": "24627-2"}[modality]),
		"numberOfSeries", 1, "numberOfInstances", 1,
		"description", mix{"Chest of ", p.name()},
		"series", arr{obj{
			"uid", mix{secret{"account", uid}, ".1"},
			"modality", coding(dicom, modality),
			"bodySite", coding(snomed, "51185008"),
			"started", when(at),
			"instance", arr{obj{"uid", mix{secret{"account", uid}, ".1.1"}, "sopClass", obj{"system", "urn:ietf:rfc:3986", "code", "urn:oid:1.2.840.10008.5.1.4.1.1.1"}, "title", mix{p.name()}}},
		}},
	})
}

// gtin is the check digit of a GS1 number.
func gtin(digits string) byte {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			d *= 3
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}
