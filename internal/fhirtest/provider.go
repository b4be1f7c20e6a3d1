package fhirtest

import (
	"fmt"
	"strings"
	"time"

	"github.com/veil-proxy/veil/internal/luhn"
)

// practitioners is how many there are in any population.
const practitioners = 12

// caregiver is a Practitioner.
type caregiver struct {
	id, roleID    string
	given, family string
	specialty     string
}

func (c caregiver) name() mix {
	return mix{"Dr. ", secret{"provider", c.given}, " ", secret{"provider", c.family}}
}

// site is an Organization and its Location.
type site struct {
	id, location, name string
	place              place
}

// shared makes what patients have in common: practitioners, the places they
// work at, and who pays.
func (g *generator) shared() {
	const updated = "2023-11-02T09:15:00-05:00"
	for i, name := range words()["organization"] {
		s := site{id: g.id("org"), location: g.id("loc"), name: name, place: pick(g, places("place")[14:])}
		g.sites = append(g.sites, s)
		g.organization(s, updated, "prov")
		street := fmt.Sprintf("%d Hospital Way", 100+i*31)
		g.add("Location", s.location, updated, "us-core-location", obj{
			"status", "active",
			"name", mix{secret{"organization", name}, ", main building"},
			"telecom", arr{obj{"system", "phone", "value", secret{"organization", "(800) 555-" + g.digits(4)}}},
			"address", obj{"line", arr{secret{"organization", street}}, "city", secret{"organization", s.place.city}, "state", s.place.state, "postalCode", secret{"organization", s.place.zip}, "country", "US"},
			"physicalType", concept(hl7+"location-physical-type", "bu"),
			"position", obj{
				"longitude", secretNum{"geo", fmt.Sprintf("-%.6f", 70+g.r.Float64()*50)},
				"latitude", secretNum{"geo", fmt.Sprintf("%.6f", 25+g.r.Float64()*22)},
			},
			"managingOrganization", reference(ref{typ: "Organization", id: s.id}, secret{"organization", name}),
		})
	}
	for _, name := range words()["payer"] {
		s := site{id: g.id("org"), name: name, place: pick(g, places("place")[14:])}
		g.sites = append(g.sites, s)
		g.organization(s, updated, "pay")
	}
	for i := range practitioners {
		g.practitioner(i, updated)
	}
}

func (g *generator) organization(s site, updated, kind string) {
	g.add("Organization", s.id, updated, "us-core-organization", obj{
		"identifier", arr{identifier("official", "NPI", npiSystem, "npi", g.npi())},
		"active", true,
		"type", concepts(hl7+"organization-type", kind),
		"name", secret{"organization", s.name},
		"telecom", arr{obj{"system", "phone", "value", secret{"organization", "(888) 555-" + g.digits(4)}}},
		"address", arr{obj{"city", secret{"organization", s.place.city}, "state", s.place.state, "postalCode", secret{"organization", s.place.zip}, "country", "US"}},
	})
}

func (g *generator) practitioner(i int, updated string) {
	culture := cultures()[i%len(cultures())]
	sex := []string{"female", "male"}[i%2]
	c := caregiver{
		id: g.id("prac"), roleID: g.id("role"),
		given: pick(g, words()[sex+":"+culture]), family: pick(g, words()["family:"+culture]),
		specialty: []string{"207R00000X", "208D00000X", "207RC0000X"}[i%3],
	}
	g.care = append(g.care, c)
	s := g.sites[i%len(words()["organization"])]
	g.add("Practitioner", c.id, updated, "us-core-practitioner", obj{
		"text", narrative(c.name(), " works at ", secret{"organization", s.name}, "."),
		"identifier", arr{identifier("official", "NPI", npiSystem, "npi", g.npi())},
		"active", true,
		"name", arr{obj{"family", secret{"provider", c.family}, "given", arr{secret{"provider", c.given}}, "prefix", arr{"Dr."}}},
		"telecom", arr{obj{"system", "email", "value", secret{"provider", fmt.Sprintf("%s.%d@bramblewood.example", g.letters(8), i)}, "use", "work"}},
		"gender", sex,
		"birthDate", when(time.Date(1955+i*2, time.March, 3+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)),
		"qualification", arr{obj{"code", concept(nucc, c.specialty)}},
	})
	specialty := map[bool]string{true: "394579002", false: "394814009"}[i%3 == 2]
	g.add("PractitionerRole", c.roleID, updated, "us-core-practitionerrole", obj{
		"active", true,
		"practitioner", reference(ref{typ: "Practitioner", id: c.id}, c.name()),
		"organization", reference(ref{typ: "Organization", id: s.id}, secret{"organization", s.name}),
		"code", concepts(nucc, c.specialty),
		"specialty", concepts(snomed, specialty),
		"location", arr{reference(ref{typ: "Location", id: s.location}, secret{"organization", s.name})},
		"telecom", arr{obj{"system", "phone", "value", secret{"provider", "(617) 555-" + g.digits(4)}, "use", "work"}},
	})
}

// npi makes a National Provider Identifier with a right check digit: Luhn over
// the number with 80840 before it.
func (g *generator) npi() string {
	body := "1" + g.digits(8)
	return body + string(luhn.Digit([]byte("80840"+body), 0))
}

// doctorOf refers to the patient's own practitioner.
func (g *generator) doctorOf(p *person) obj {
	c := g.care[p.doctor]
	return reference(ref{typ: "Practitioner", id: c.id}, c.name())
}

// siteOf refers to the organization that treats the patient.
func (g *generator) siteOf(p *person) obj {
	s := g.sites[p.site]
	return reference(ref{typ: "Organization", id: s.id}, secret{"organization", s.name})
}

// payer is the organization that pays for the patient.
func (g *generator) payer(p *person) site {
	payers := g.sites[len(words()["organization"]):]
	return payers[p.index%len(payers)]
}

// surname is the last word of a name.
func surname(name string) string {
	return name[strings.LastIndexByte(name, ' ')+1:]
}
