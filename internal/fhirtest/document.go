package fhirtest

import (
	"crypto/sha1"
	"encoding/base64"
	"strings"
	"time"
)

// letter is the text of a clinical note, full of what must not be known.
func (g *generator) letter(p *person, v *visit) string {
	var b strings.Builder
	b.WriteString("# " + p.name().plain() + "\nMRN " + p.mrn + ", born " + p.born.Format(time.DateOnly) + "\n\n")
	for range 2 + g.r.IntN(2) {
		b.WriteString(g.sentence(p, v.day).plain() + "\n")
	}
	b.WriteString("\nElectronically signed, " + g.care[p.doctor].name().plain() + ", " + v.end + "\n")
	return b.String()
}

// attachment is an Attachment of a note. All of its base64 is planted, and so
// must no part of it pass.
func attachment(text string, title any, created string) obj {
	data := base64.StdEncoding.EncodeToString([]byte(text))
	sum := sha1.Sum([]byte(text)) // FHIR's Attachment.hash is a SHA-1
	return obj{
		"contentType", "text/plain; charset=utf-8",
		"language", "en-US",
		"data", secret{"attachment", data},
		"size", len(text),
		"hash", secret{"attachment", base64.StdEncoding.EncodeToString(sum[:])},
		"title", title,
		"creation", when(created),
	}
}

// documents writes the DiagnosticReport and the DocumentReference of a visit,
// and a Binary for some.
func (g *generator) documents(p *person, v *visit) {
	results := arr{}
	for _, id := range v.results {
		results = append(results, obj{"reference", ref{typ: "Observation", id: id}})
	}
	g.add("DiagnosticReport", g.id("rep"), v.end, "us-core-diagnosticreport-lab", obj{
		"text", narrative("Report on ", p.name(), ", ", when(v.start), "."),
		"identifier", arr{obj{"system", "urn:oid:2.16.840.1.113883.19.5.99999.9", "value", secret{"account", "ACC" + g.digits(10)}}},
		"status", "final",
		"category", concepts(hl7+"v2-0074", "LAB"),
		"code", concept(loinc, v.panel().code),
		"subject", p.subjectIn(g),
		"encounter", v.ref(),
		"effectiveDateTime", when(v.start),
		"issued", when(issued(v)),
		"performer", arr{g.siteOf(p)},
		"result", results,
		"conclusion", g.sentence(p, v.day),
		"presentedForm", arr{attachment(g.letter(p, v), mix{"Report of ", p.name()}, v.end)},
	})
	kind := pick(g, []string{"34117-2", "11488-4", "11506-3", "18842-5", "34133-9", "34111-5", "51847-2"})
	content := arr{obj{"attachment", attachment(g.letter(p, v), mix{"Note for ", p.name()}, v.end)}}
	if g.chance(4) {
		content = append(content, obj{"attachment", obj{
			"contentType", "application/pdf",
			"url", mix{"Binary/", secret{"id", g.binary(p, v)}},
		}})
	}
	g.add("DocumentReference", g.id("doc"), v.end, "us-core-documentreference", obj{
		"masterIdentifier", obj{"system", "urn:ietf:rfc:3986", "value", mix{"urn:uuid:", secret{"account", g.uuid()}}},
		"status", "current",
		"type", concept(loinc, kind),
		"category", concepts("http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category", "clinical-note"),
		"subject", p.subjectIn(g),
		"date", when(issued(v)),
		"author", arr{g.doctorOf(p)},
		"custodian", g.siteOf(p),
		"description", g.sentence(p, v.day),
		"content", content,
		"context", obj{"encounter", arr{v.ref()}, "period", obj{"start", when(v.start), "end", when(v.end)}, "sourcePatientInfo", p.subject(0)},
	})
}

// binary writes a Binary and returns its id.
func (g *generator) binary(p *person, v *visit) string {
	id := g.id("bin")
	text := "%PDF-1.4\n% " + g.letter(p, v)
	g.add("Binary", id, v.end, "", obj{
		"contentType", "application/pdf",
		"securityContext", p.subject(0),
		"data", secret{"attachment", base64.StdEncoding.EncodeToString([]byte(text))},
	})
	return id
}

// family writes the FamilyMemberHistory and a QuestionnaireResponse.
func (g *generator) family(p *person) {
	updated := g.clock(p.last(), p)
	mother := p.born.AddDate(-25, -2, -11)
	g.add("FamilyMemberHistory", g.id("fmh"), updated, "", obj{
		"status", "completed",
		"patient", p.subjectIn(g),
		"date", when(p.last().Format(time.DateOnly)),
		"name", secret{"name", p.given[1] + " " + p.motherMaiden},
		"relationship", concept(hl7+"v3-RoleCode", "MTH"),
		"bornDate", when(mother.Format(time.DateOnly)),
		"deceasedAge", amount(72+g.r.IntN(28), "a"),
		"note", arr{obj{"text", g.sentence(p, p.last())}},
		"condition", arr{obj{
			"code", concept(snomed, pick(g, []string{"73211009", "22298006", "254837009"})),
			"onsetAge", amount(60+g.r.IntN(35), "a"),
		}},
	})
	item := func(id, text string, answer obj) obj {
		return obj{"linkId", id, "text", text, "answer", arr{answer}}
	}
	answer := pick(g, []string{"LA6568-5", "LA6569-3"})
	g.add("QuestionnaireResponse", g.id("qr"), updated, "", obj{
		"questionnaire", Base + "/Questionnaire/intake|2.1",
		"status", "completed",
		"subject", p.subjectIn(g),
		"authored", when(g.clock(p.last(), p)),
		"source", p.subject(0),
		"item", arr{
			item("1", display(loinc, "44250-9"), obj{"valueCoding", coding(loinc, answer)}),
			item("2", "Whom may we call?", obj{"valueString", mix{secret{"name", p.kin}, ", ", secret{"phone", p.mobile}}}),
			item("3", "Date of birth", obj{"valueDate", when(p.born.Format(time.DateOnly))}),
			item("4", "Anything else?", obj{"valueString", g.sentence(p, p.last())}),
		},
	})
}
