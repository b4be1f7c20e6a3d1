package fhirtest

import (
	"strings"
	"time"
)

const (
	mrnSystem = "urn:oid:2.16.840.1.113883.19.5.99999.1"
	ssnSystem = "http://hl7.org/fhir/sid/us-ssn"
	dlSystem  = "urn:oid:2.16.840.1.113883.4.3.25"
	ppnSystem = "http://hl7.org/fhir/sid/passport-USA"
	npiSystem = "http://hl7.org/fhir/sid/us-npi"
	usCore    = "http://hl7.org/fhir/us/core/StructureDefinition/"
	fhirDef   = "http://hl7.org/fhir/StructureDefinition/"
)

// patient writes the Patient.
func (g *generator) patient(p *person) {
	given := arr{secret{"name", p.given[0]}, secret{"name", p.given[1]}}
	names := arr{obj{
		"use", "official", "text", mix{p.prefix, " ", p.name()},
		"family", secret{"name", p.family}, "given", given,
		"prefix", arr{p.prefix}, "suffix", optional(p.suffix != "", arr{p.suffix}),
		"period", obj{"start", when(p.born.Format(time.DateOnly))},
	}}
	if p.gender == "female" && p.marital != "S" {
		names = append(names, obj{"use", "maiden", "family", secret{"name", p.maiden}, "given", given})
	}
	if p.index%5 == 1 {
		names = append(names, obj{"use", "nickname", "text", secret{"name", p.nick}})
	}
	identifiers := arr{
		identifier("usual", "MR", mrnSystem, "mrn", p.mrn),
		identifier("official", "SS", ssnSystem, "ssn", p.ssn),
	}
	if !p.minor() {
		identifiers = append(identifiers, identifier("official", "DL", dlSystem, "license", p.license))
	}
	if p.index%3 == 0 {
		identifiers = append(identifiers, identifier("official", "PPN", ppnSystem, "passport", p.passport))
	}
	doctor, hospital := g.care[p.doctor], g.sites[p.site]
	born := p.born.Format(time.DateOnly)[:p.bornOnly]
	members := obj{
		"text", narrative(p.name(), ", born ", when(born), ", lives at ", secret{"street", p.street}, " in ", secret{"city", p.home.city}, ". MRN ", secret{"mrn", p.mrn}, "."),
		"extension", g.patientExtensions(p),
		"identifier", identifiers,
		"active", true,
		"name", names,
		"telecom", arr{
			obj{"system", "phone", "value", secret{"phone", p.phone}, "use", "home"},
			obj{"system", "phone", "value", secret{"phone", p.mobile}, "use", "mobile", "rank", 1},
			obj{"system", "email", "value", secret{"email", p.email}},
		},
		"gender", p.gender,
		"birthDate", when(born),
	}
	if p.bornOnly == 10 && p.index%2 == 0 {
		members = append(members, "_birthDate", obj{"extension", arr{obj{
			"url", fhirDef + "patient-birthTime", "valueDateTime", when(g.clock(p.born, p)),
		}}})
	}
	switch {
	case !p.died.IsZero():
		members = append(members, "deceasedDateTime", when(g.clock(p.died, p)))
	case p.dead || p.index%2 == 0:
		members = append(members, "deceasedBoolean", p.dead)
	}
	members = append(members,
		"address", g.addresses(p),
		"maritalStatus", concept(hl7+"v3-MaritalStatus", p.marital),
	)
	if p.twin > 0 {
		members = append(members, "multipleBirthInteger", p.twin)
	} else {
		members = append(members, "multipleBirthBoolean", false)
	}
	if p.index%4 == 0 {
		members = append(members, "photo", arr{obj{
			"contentType", "image/jpeg", "data", secret{"photo", "/9j/" + g.base64Token(240)},
			"url", mix{Base, "/Binary/", secret{"photo", "face-" + g.letters(10)}},
			"title", mix{"Photo of ", p.name()},
		}})
	}
	members = append(members,
		"contact", arr{obj{
			"relationship", concepts(hl7+"v2-0131", "N"),
			"name", obj{"text", secret{"name", p.kin}},
			"telecom", arr{obj{"system", "phone", "value", secret{"phone", "555-0" + g.digits(6)}}},
			"address", obj{"line", arr{secret{"street", p.street}}, "city", secret{"city", p.home.city}, "state", p.home.state, "postalCode", secret{"zip", p.zip}},
			"gender", "female",
		}},
		"communication", arr{obj{"language", concept(bcp47, p.language), "preferred", true}},
		"generalPractitioner", arr{reference(ref{typ: "Practitioner", id: doctor.id}, doctor.name())},
		"managingOrganization", reference(ref{typ: "Organization", id: hospital.id}, secret{"organization", hospital.name}),
	)
	if p.twin == 2 {
		members = append(members, "link", arr{obj{
			"other", obj{"reference", ref{typ: "Patient", id: g.patientID(p.index - 1)}}, "type", "seealso",
		}})
	}
	g.add("Patient", p.id, g.clock(p.last(), p), "us-core-patient", members)
}

func (g *generator) patientExtensions(p *person) arr {
	sex := map[string]string{"female": "F", "male": "M", "other": "UNK"}[p.gender]
	category := func(url, code string) obj {
		return obj{"url", usCore + url, "extension", arr{
			obj{"url", "ombCategory", "valueCoding", coding(omb, code)},
			obj{"url", "text", "valueString", display(omb, code)},
		}}
	}
	return arr{
		category("us-core-race", p.race),
		category("us-core-ethnicity", p.ethnic),
		obj{"url", usCore + "us-core-birthsex", "valueCode", sex},
		obj{"url", fhirDef + "patient-mothersMaidenName", "valueString", secret{"name", p.motherMaiden}},
		obj{"url", fhirDef + "patient-birthPlace", "valueAddress", obj{
			"city", secret{"city", p.home.city}, "state", p.home.state, "country", country(p),
		}},
	}
}

func country(p *person) string {
	if p.abroad {
		return p.home.state
	}
	return "US"
}

func (g *generator) addresses(p *person) arr {
	line := arr{secret{"street", p.street}}
	if p.unit != "" {
		line = append(line, secret{"street", p.unit})
	}
	home := obj{
		"extension", arr{obj{"url", fhirDef + "geolocation", "extension", arr{
			obj{"url", "latitude", "valueDecimal", secretNum{"geo", p.lat}},
			obj{"url", "longitude", "valueDecimal", secretNum{"geo", p.lon}},
		}}},
		"use", "home", "type", "both",
		"text", mix{secret{"street", p.street}, ", ", secret{"city", p.home.city}, " ", secret{"zip", p.zip}},
		"line", line,
		"city", secret{"city", p.home.city},
		"district", secret{"county", p.home.county},
		"state", optional(!p.abroad, p.home.state),
		"postalCode", secret{"zip", p.zip},
		"country", country(p),
		"period", obj{"start", when(p.born.AddDate(1, 2, 3).Format(time.DateOnly))},
	}
	if p.index%6 != 2 {
		return arr{home}
	}
	old := pick(g, places("place"))
	street := g.digits(3) + "9 " + pick(g, words()["street"])
	return arr{home, obj{
		"use", "old", "line", arr{secret{"street", street}},
		"city", secret{"city", old.city}, "district", secret{"county", old.county}, "state", old.state,
		"postalCode", secret{"zip", old.zip},
	}}
}

// relations writes the RelatedPerson and, for some, the Person.
func (g *generator) relations(p *person) {
	p.kinID = g.id("kin")
	given, family, _ := strings.Cut(p.kin, " ")
	updated := g.clock(p.last(), p)
	g.add("RelatedPerson", p.kinID, updated, "", obj{
		"active", true,
		"patient", p.subject(0),
		"relationship", concepts(hl7+"v3-RoleCode", []string{"MTH", "SPS", "SIB"}[p.index%3]),
		"name", arr{obj{"use", "usual", "family", secret{"name", family}, "given", arr{secret{"name", given}}}},
		"telecom", arr{obj{"system", "phone", "value", secret{"phone", "+1 (617) 555-" + g.digits(4)}}},
		"gender", "female",
		"birthDate", when(p.born.AddDate(-24, -3, -9).Format(time.DateOnly)),
		"address", arr{obj{"line", arr{secret{"street", p.street}}, "city", secret{"city", p.home.city}, "postalCode", secret{"zip", p.zip}}},
	})
	if p.index%10 != 0 {
		return
	}
	g.add("Person", g.id("prs"), updated, "", obj{
		"name", arr{obj{"family", secret{"name", p.family}, "given", arr{secret{"name", p.given[0]}}}},
		"birthDate", when(p.born.Format(time.DateOnly)),
		"link", arr{obj{"target", reference(ref{typ: "Patient", id: p.id}, p.name()), "assurance", "level4"}},
	})
}
