package fhirtest

import (
	"sort"
	"strings"
)

// paramType is a search parameter type, as FHIR names it.
type paramType string

const (
	stringParam    paramType = "string"
	tokenParam     paramType = "token"
	dateParam      paramType = "date"
	referenceParam paramType = "reference"
	uriParam       paramType = "uri"
)

// param is a search parameter that a Source answers.
type param struct {
	name string
	typ  paramType
	// paths are the elements it looks at, without the resource type. A step
	// may have a condition: telecom[system=phone].
	paths []string
}

// everyType has the parameters of all types.
var everyType = []param{
	{"_id", tokenParam, []string{"id"}},
	{"_lastUpdated", dateParam, []string{"meta.lastUpdated"}},
	{"_tag", tokenParam, []string{"meta.tag"}},
	{"_security", tokenParam, []string{"meta.security"}},
	{"_profile", uriParam, []string{"meta.profile"}},
}

// written has the other parameters of each type, one a word:
// name:type:path,path. Paths left out are the name.
var written = map[string]string{
	"Patient": `name:string:name.family,name.given,name.prefix,name.suffix,name.text
		family:string:name.family given:string:name.given birthdate:date:birthDate
		death-date:date:deceasedDateTime identifier:token gender:token active:token
		address:string:address.line,address.city,address.district,address.state,address.postalCode,address.country,address.text
		address-city:string:address.city address-state:string:address.state
		address-country:string:address.country address-postalcode:string:address.postalCode
		telecom:token phone:token:telecom[system=phone] email:token:telecom[system=email]
		language:token:communication.language
		general-practitioner:reference:generalPractitioner organization:reference:managingOrganization
		link:reference:link.other`,
	"Practitioner": `name:string:name.family,name.given,name.prefix family:string:name.family
		given:string:name.given identifier:token active:token gender:token telecom:token`,
	"PractitionerRole": `practitioner:reference organization:reference location:reference
		role:token:code specialty:token active:token`,
	"Organization": `name:string identifier:token active:token type:token
		address-city:string:address.city address-state:string:address.state
		address-postalcode:string:address.postalCode`,
	"Location": `name:string status:token organization:reference:managingOrganization
		address-city:string:address.city address-state:string:address.state
		address-postalcode:string:address.postalCode`,
	"RelatedPerson": `patient:reference name:string:name.family,name.given
		birthdate:date:birthDate relationship:token telecom:token active:token gender:token`,
	"Person": `name:string:name.family,name.given birthdate:date:birthDate patient:reference:link.target`,
	"Encounter": `patient:reference:subject subject:reference date:date:period status:token class:token
		type:token identifier:token reason-code:token:reasonCode location:reference:location.location
		participant:reference:participant.individual practitioner:reference:participant.individual
		service-provider:reference:serviceProvider`,
	"Condition": `patient:reference:subject subject:reference encounter:reference code:token
		category:token clinical-status:token:clinicalStatus verification-status:token:verificationStatus
		onset-date:date:onsetDateTime recorded-date:date:recordedDate identifier:token`,
	"Procedure": `patient:reference:subject subject:reference encounter:reference code:token
		date:date:performedPeriod status:token performer:reference:performer.actor`,
	"Observation": `patient:reference:subject subject:reference encounter:reference code:token
		combo-code:token:code,component.code category:token status:token date:date:effectiveDateTime
		identifier:token performer:reference value-concept:token:valueCodeableConcept value-string:string:valueString`,
	"DiagnosticReport": `patient:reference:subject subject:reference encounter:reference code:token
		category:token status:token date:date:effectiveDateTime issued:date identifier:token
		performer:reference result:reference`,
	"DocumentReference": `patient:reference:subject subject:reference type:token category:token
		status:token date:date identifier:token:masterIdentifier author:reference custodian:reference
		encounter:reference:context.encounter description:string`,
	"MedicationRequest": `patient:reference:subject subject:reference encounter:reference
		code:token:medicationCodeableConcept status:token intent:token authoredon:date:authoredOn
		identifier:token requester:reference`,
	"Immunization": `patient:reference vaccine-code:token:vaccineCode date:date:occurrenceDateTime
		status:token lot-number:string:lotNumber location:reference performer:reference:performer.actor`,
	"AllergyIntolerance": `patient:reference code:token clinical-status:token:clinicalStatus
		category:token criticality:token date:date:recordedDate asserter:reference recorder:reference`,
	"CarePlan": `patient:reference:subject subject:reference category:token status:token date:date:period`,
	"Claim": `patient:reference created:date identifier:token status:token use:token insurer:reference
		provider:reference encounter:reference:item.encounter`,
	"ExplanationOfBenefit": `patient:reference created:date identifier:token status:token
		claim:reference provider:reference coverage:reference:insurance.coverage`,
	"Coverage": `patient:reference:beneficiary beneficiary:reference subscriber:reference
		identifier:token status:token type:token payor:reference`,
	"Device": `patient:reference type:token status:token device-name:string:deviceName.name
		udi-di:string:udiCarrier.deviceIdentifier udi-carrier:string:udiCarrier.carrierHRF organization:reference:owner`,
	"ImagingStudy": `patient:reference:subject subject:reference started:date modality:token
		identifier:token status:token`,
	"QuestionnaireResponse": `patient:reference:subject subject:reference authored:date status:token
		questionnaire:uri source:reference`,
	"FamilyMemberHistory": `patient:reference date:date status:token relationship:token code:token:condition.code`,
	"Appointment": `patient:reference:participant.actor actor:reference:participant.actor date:date:start
		status:token appointment-type:token:appointmentType`,
	"Communication": `patient:reference:subject subject:reference sent:date received:date status:token
		recipient:reference sender:reference`,
	"Provenance": `target:reference patient:reference:target recorded:date agent:reference:agent.who`,
	"AuditEvent": `date:date:recorded patient:reference:entity.what agent:reference:agent.who
		address:string:agent.network.address type:token`,
}

// paramsOf returns the search parameters of a type, in order of name.
func paramsOf(typ string) []param {
	list := append([]param(nil), everyType...)
	for _, w := range strings.Fields(written[typ]) {
		f := strings.SplitN(w, ":", 3)
		p := param{f[0], paramType(f[1]), []string{f[0]}}
		if len(f) == 3 {
			p.paths = strings.Split(f[2], ",")
		}
		list = append(list, p)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].name < list[j].name })
	return list
}

// elements returns the values at a path of a decoded resource; arrays count
// as their items.
func elements(v any, path string) []any {
	at := flatten(v)
	for step := range strings.SplitSeq(path, ".") {
		name, condition, _ := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		key, want, _ := strings.Cut(condition, "=")
		var next []any
		for _, item := range at {
			o, ok := item.(map[string]any)
			if !ok {
				continue
			}
			for _, child := range flatten(o[name]) {
				if c, ok := child.(map[string]any); condition == "" || ok && c[key] == want {
					next = append(next, child)
				}
			}
		}
		at = next
	}
	return at
}

func flatten(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}
