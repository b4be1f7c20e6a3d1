package fhirtest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// member is one member of a JSON object, its value as written.
type member struct {
	name string
	raw  json.RawMessage
}

// members reads the members of an object in their order.
func members(object []byte) []member {
	d := json.NewDecoder(bytes.NewReader(object))
	var list []member
	if _, err := d.Token(); err != nil {
		return nil
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil
		}
		list = append(list, member{name.(string), raw})
	}
	return list
}

// summaryElements are the elements that _summary=true leaves, those that are
// marked so in most types that have them.
var summaryElements = strings.Fields(`active address authoredOn birthDate bodySite category
	class clinicalStatus code component contentType created date deceasedBoolean deceasedDateTime
	description effectiveDateTime encounter gender identifier intent issued link
	managingOrganization medicationCodeableConcept name onsetAge onsetDateTime outcome patient
	period recordedDate recorder requester result status subject subscriberId target telecom type
	use valueBoolean valueCodeableConcept valueInteger valueQuantity valueString
	verificationStatus`)

// subset returns a resource as _elements or _summary asks for it, marked
// SUBSETTED.
func subset(resource []byte, q *query) []byte {
	var keep func(name string) bool
	switch {
	case len(q.elements) > 0:
		keep = func(name string) bool { return slices.Contains(q.elements, strings.TrimPrefix(name, "_")) }
	case q.summary == "true":
		keep = func(name string) bool { return slices.Contains(summaryElements, name) }
	case q.summary == "text":
		keep = func(name string) bool { return name == "text" }
	case q.summary == "data":
		keep = func(name string) bool { return name != "text" }
	default:
		return resource
	}
	out := []byte{'{'}
	for _, m := range members(resource) {
		switch m.name {
		case "resourceType", "id":
		case "meta":
			m.raw = markSubsetted(m.raw)
		default:
			if !keep(m.name) {
				continue
			}
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, quote(m.name)...), ':'), m.raw...)
	}
	return append(out, '}')
}

// markSubsetted adds the SUBSETTED tag to a meta.
func markSubsetted(meta []byte) []byte {
	const tag = `{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}`
	list := members(meta)
	at := slices.IndexFunc(list, func(m member) bool { return m.name == "tag" })
	if at < 0 {
		list = append(list, member{"tag", json.RawMessage("[" + tag + "]")})
	} else {
		raw := bytes.TrimSuffix(list[at].raw, []byte("]"))
		list[at].raw = append(append(slices.Clip(raw), ","+tag...), ']')
	}
	out := []byte{'{'}
	for i, m := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, quote(m.name)...), ':'), m.raw...)
	}
	return append(out, '}')
}
