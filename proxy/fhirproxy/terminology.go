package fhirproxy

import (
	"encoding/json"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/parse"
)

// terminology handles an operation on a code. The meaning of the upstream's Parameters
// depends on the request, so no rule can mask them by themselves: Veil responds with
// parameters of its own.
func (x *exchange) terminology(a *request, name, path string, query *guard.Query) (*response, *outcome.Problem) {
	given := map[string]string{}
	for _, p := range query.Upstream {
		given[p.Name] = p.Value
	}
	system := "system"
	if name == "$validate-code" && a.Segments[0] == "CodeSystem" {
		system = "url"
	}
	if given[system] == "" || given["code"] == "" {
		return nil, outcome.Refused(400, models.IssueTypeRequired, "operation parameters", name+" needs "+system+" and code")
	}
	if name == "$validate-code" && len(a.Segments) == 2 && given["url"] == "" {
		return nil, outcome.Refused(400, models.IssueTypeRequired, "operation parameters", "$validate-code needs the url of a value set, or its id in the path")
	}
	if p := x.s.enter(); p != nil {
		return nil, p
	}
	defer x.s.leave()
	r, p := x.upstreamJSON(path + string(parse.AppendQuery(nil, query.Upstream)))
	if p != nil {
		return nil, p
	}
	defer r.Release()
	var found upstreamCode
	if json.Unmarshal(r.Body, &found) != nil || found.ResourceType != "Parameters" {
		return nil, outcome.Failed(502, models.IssueTypeStructure, "upstream type", "the FHIR server responded with a resource of another type")
	}
	var out []codeParameter
	display := found.display(x.view.guard, given[system], given["code"])
	switch name {
	case "$lookup":
		if len(display) == 0 {
			return nil, outcome.Refused(403, models.IssueTypeForbidden, "display", "the ruleset shows no display of this code: displays pass where the terminology has them for the code, "+
				"or where the ruleset trusts the system (codeSystems, display: trust)")
		}
		out = append(out, codeParameter{Name: "name", ValueString: given[system]})
	default:
		result := found.result()
		if result == nil {
			return nil, outcome.Failed(502, models.IssueTypeStructure, "upstream type", "the FHIR server responded without a result")
		}
		out = append(out, codeParameter{Name: "result", ValueBoolean: result})
	}
	body, err := json.Marshal(struct {
		ResourceType string          `json:"resourceType"`
		Parameter    []codeParameter `json:"parameter"`
	}{"Parameters", append(out, display...)})
	if err != nil {
		return nil, outcome.Failed(500, models.IssueTypeException, "internal", "the response could not be written")
	}
	if p := x.note("complete", "", 200, "Parameters"); p != nil {
		return nil, p
	}
	return &response{status: 200, body: append(a.buf, body...), header: leftOut(query.Dropped)}, nil
}

type codeParameter struct {
	Name         string `json:"name"`
	ValueBoolean *bool  `json:"valueBoolean,omitempty"`
	ValueString  string `json:"valueString,omitempty"`
}

// upstreamCode is the part of the upstream's response that Veil reads.
type upstreamCode struct {
	ResourceType string
	Parameter    []codeParameter
}

// display returns the displays of the code that the ruleset shows.
func (u *upstreamCode) display(g *guard.Guard, system, code string) (out []codeParameter) {
	for _, p := range u.Parameter {
		if p.Name == "display" && g.Display(system, code, p.ValueString) {
			out = append(out, codeParameter{Name: "display", ValueString: p.ValueString})
		}
	}
	return out
}

// result is the upstream's result for the code; nil if there is none.
func (u *upstreamCode) result() *bool {
	for _, p := range u.Parameter {
		if p.Name == "result" {
			return p.ValueBoolean
		}
	}
	return nil
}

// codingNames are the parameters that stand for the parts of a Coding, by operation
// and type.
var codingNames = map[string]map[string]string{
	"$lookup CodeSystem":        {"system": "system", "version": "version", "code": "code"},
	"$validate-code CodeSystem": {"system": "url", "version": "version", "code": "code", "display": "display"},
	"$validate-code ValueSet":   {"system": "system", "version": "systemVersion", "code": "code", "display": "display"},
}

// readCoding takes a parameter coding, or a codeableConcept of one coding, as the
// parameters that its parts could be, and reports whether it is one.
func readCoding(part map[string]json.RawMessage, names map[string]string) ([]guard.Param, bool, *outcome.Problem) {
	var name string
	if json.Unmarshal(part["name"], &name) != nil || len(part) != 2 {
		return nil, false, nil
	}
	raw := part["valueCoding"]
	switch {
	case name == "coding" && raw != nil:
	case name == "codeableConcept" && part["valueCodeableConcept"] != nil:
		concept, err := parse.Members(part["valueCodeableConcept"])
		var codings []json.RawMessage
		if err != nil || json.Unmarshal(concept["coding"], &codings) != nil || len(codings) != 1 {
			return nil, true, outcome.Refused(400, models.IssueTypeInvalid, "operation parameters", "a codeableConcept must have one coding: send each one by itself")
		}
		raw = codings[0]
	default:
		return nil, false, nil
	}
	coding, err := parse.Members(raw)
	if err != nil {
		return nil, true, outcome.Refused(400, models.IssueTypeInvalid, "operation parameters", "a coding must be an object")
	}
	var params []guard.Param
	for _, member := range []string{"system", "code", "version", "display"} {
		var value string
		switch raw, given := coding[member]; {
		case !given:
			continue
		case json.Unmarshal(raw, &value) != nil:
			return nil, true, outcome.Refused(400, models.IssueTypeInvalid, "operation parameters", "system, version, code and display of a coding must be strings")
		}
		delete(coding, member)
		if names[member] != "" {
			params = append(params, guard.Param{Name: names[member], Value: value})
		}
	}
	if delete(coding, "userSelected"); len(coding) > 0 {
		return nil, true, outcome.Refused(400, models.IssueTypeInvalid, "operation parameters", "a coding may have system, version, code, display and userSelected")
	}
	return params, true, nil
}
