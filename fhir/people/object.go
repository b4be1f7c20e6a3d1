package people

import (
	"strings"
)

// kinds are the kinds of values that stand alone, by type and member.
var kinds = map[string]byte{
	"Identifier.value": 'i',

	"Address.text": 'a', "Address.line": 'l', "Address.city": 'c', "Address.district": 'a', "Address.postalCode": 'a',

	"Patient.birthDate": 'b', "Patient.deceasedDateTime": 'b', "RelatedPerson.birthDate": 'b', "Practitioner.birthDate": 'b',
	"Person.birthDate": 'b', "FamilyMemberHistory.bornDate": 'b', "FamilyMemberHistory.deceasedDate": 'b',

	"Organization.name": 'o', "Organization.alias": 'o', "Location.name": 'o', "Location.alias": 'o',
	"HealthcareService.name": 'o', "CareTeam.name": 'o',

	"FamilyMemberHistory.name": 'n', "ContactDetail.name": 'n', "Contributor.name": 'n', "Annotation.authorString": 'n',

	"Device.serialNumber": 'i', "Device.lotNumber": 'i', "Device.distinctIdentifier": 'i',
	"Device.udiCarrier.deviceIdentifier": 'i', "Device.udiCarrier.carrierHRF": 'i', "Immunization.lotNumber": 'i',
	"Medication.batch.lotNumber": 'i', "Coverage.subscriberId": 'i', "Coverage.dependent": 'i',
	"Claim.insurance.preAuthRef": 'i', "ClaimResponse.preAuthRef": 'i', "ExplanationOfBenefit.preAuthRef": 'i',
	"ExplanationOfBenefit.insurance.preAuthRef": 'i',
}

// object is what an object has of values that count together.
type object struct {
	given                []string
	family, text         string
	value, system        string
	reference, typ, name string
}

// wants notes a member that counts with others of its object, and reports whether the
// member may also count alone.
func (o *object) wants(typ, member string, raw []byte) bool {
	switch typ {
	case "HumanName":
		switch member {
		case "given":
			o.given = append(o.given, string(raw))
		case "family":
			o.family = string(raw)
		case "text":
			o.text = string(raw)
		}
		return false
	case "ContactPoint":
		switch member {
		case "value":
			o.value = string(raw)
		case "system":
			o.system = string(raw)
		}
		return false
	case "Reference":
		switch member {
		case "reference":
			o.reference = string(raw)
		case "type":
			o.typ = string(raw)
		case "display":
			o.name = string(raw)
		}
		return false
	}
	return true
}

// finish collects what an object of a type has.
func (c *Collector) finish(typ string, o *object) {
	switch typ {
	case "HumanName":
		c.person(o.given, o.family)
		c.add('n', o.text)
	case "ContactPoint":
		c.contact(o.system, o.value)
	case "Reference":
		c.reference(o)
	}
}

// person gives the builder the parts of a name, once.
func (c *Collector) person(given []string, family string) {
	if len(given) > 0 || family != "" {
		c.add('N', strings.Join(given, "\x00")+"\x01"+family)
	}
}

func (c *Collector) contact(system, value string) {
	switch {
	case system == "email", system == "" && strings.Contains(value, "@"):
		c.add('e', value)
	case system == "url", system == "other":
		c.add('u', value)
	default:
		c.add('p', value)
	}
}

// reference collects what a reference calls its target, and notes where it leads.
func (c *Collector) reference(o *object) {
	typ, rest, ok := c.target(o.typ, o.reference)
	before := c.owner
	if ok && typ != "CareTeam" {
		c.owner = rest
	}
	switch {
	case persons[typ]:
		c.add('n', o.name)
	case organisations[typ]:
		c.add('o', o.name)
	default:
		ok = false
	}
	c.owner = before
	if ok {
		c.refers(rest)
	}
}

// target reads a reference: the type of its target, which may be known otherwise, and the
// target as Type/id. ok is false if it is not on the same server.
func (c *Collector) target(known, reference string) (typ, relative string, ok bool) {
	typ = known
	rest := reference
	if i := strings.LastIndexByte(strings.TrimSuffix(rest, "/"), '/'); i > 0 {
		j := strings.LastIndexByte(rest[:i], '/')
		if t := rest[j+1 : i]; t == "_history" {
			rest = rest[:j]
			i = strings.LastIndexByte(rest, '/')
			j = strings.LastIndexByte(rest[:max(i, 0)], '/')
		}
		if i > 0 {
			typ = rest[j+1 : i]
		}
	}
	if strings.Contains(rest, ":") {
		if c.Relative == nil {
			return typ, "", false
		}
		if rest, ok = c.Relative(rest); !ok {
			return typ, "", false
		}
	}
	return typ, rest, rest != "" && rest[0] != '#' && rest[0] != '/'
}
