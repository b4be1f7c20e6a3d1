package fhirproxy

import (
	"encoding/json"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
)

// lookup answers $lookup. The upstream's Parameters say of a code what the request
// named, so no rule can judge them by themselves: Veil answers with the system and
// code of the request, which passed, and with the upstream's display where the
// terminology has that display for that code.
func (x *exchange) lookup(a *request, path string, query *fhir.Query) (*response, *problem) {
	given := map[string]string{}
	for _, p := range query.Upstream {
		given[p.Name] = p.Value
	}
	system, code := given["system"], given["code"]
	if system == "" || code == "" {
		return nil, refused(400, models.IssueTypeRequired, "operation parameters", "$lookup needs system and code")
	}
	if p := x.s.enter(); p != nil {
		return nil, p
	}
	defer x.s.leave()
	r, p := x.upstreamJSON(path)
	if p != nil {
		return nil, p
	}
	defer r.release()
	var found struct {
		ResourceType string
		Parameter    []struct{ Name, ValueString, ValueCode string }
	}
	if json.Unmarshal(r.body, &found) != nil || found.ResourceType != "Parameters" {
		return nil, failed(502, models.IssueTypeStructure, "upstream type", "the FHIR server answered with a resource of another type")
	}
	out := struct {
		ResourceType string            `json:"resourceType"`
		Parameter    []lookupParameter `json:"parameter"`
	}{"Parameters", []lookupParameter{{Name: "name", ValueString: system}}}
	for _, p := range found.Parameter {
		if p.Name == "display" && x.view.guard.Display(system, code, p.ValueString) {
			out.Parameter = append(out.Parameter, lookupParameter{Name: "display", ValueString: p.ValueString})
		}
	}
	if len(out.Parameter) == 1 {
		return nil, refused(403, models.IssueTypeForbidden, "display", "the ruleset shows no display of this code: displays pass where the terminology has them for the code, "+
			"or where the ruleset trusts the system (codeSystems, display: trust)")
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, failed(500, models.IssueTypeException, "internal", "the answer could not be written")
	}
	if p := x.note("complete", "", 200, "Parameters"); p != nil {
		return nil, p
	}
	return &response{status: 200, body: append(a.buf, body...)}, nil
}

type lookupParameter struct {
	Name        string `json:"name"`
	ValueString string `json:"valueString"`
}
