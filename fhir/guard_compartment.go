package fhir

import "github.com/veil-proxy/veil/mask"

// Compartment judges a search in a compartment, [compartment]/[id]/[resourceType]
// (FHIR R4, compartmentdefinition.html): its parameters as Search does, and the
// references by which resources of the type belong to the compartment, which the
// upstream compares too. resourceType may be "*" for every type, with parameters
// of all resources. id is the opened id to write into the upstream's path; where
// the pseudonym does not open it is one that no resource has, so that the answer
// is that of an id that does not exist. The error is a *Refusal.
func (g *Guard) Compartment(keys *mask.Pseudonymizer, site *Site, compartment, pseudonym, resourceType string, params []Param, lenient bool) (q *Query, id string, err error) {
	return nil, "", &Refusal{Param: printable(compartment), Reason: "the compartment is not known"}
}
