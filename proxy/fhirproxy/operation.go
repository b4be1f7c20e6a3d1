package fhirproxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/parse"
)

// operate handles an operation. By POST its parameters are those of a Parameters
// resource; the upstream is queried by GET anyway.
func (x *exchange) operate(a *request) (*response, *outcome.Problem) {
	x.Operation = "operation"
	n := len(a.Segments)
	name, typ, pseudonym := a.Segments[n-1], "", ""
	if n > 1 {
		typ = a.Segments[0]
	}
	if n == 3 {
		pseudonym = a.Segments[1]
	}
	op, known := guard.LookUpOperation(name)
	if !known || n > 3 || n < 3 && !slices.Contains(op.Types, typ) || n == 3 && !slices.Contains(op.Instances, typ) {
		if a.method == "POST" { // it may write
			x.Operation = "write"
			return nil, readOnly()
		}
		return nil, outcome.Refused(400, models.IssueTypeNotSupported, "unsupported operation", "this operation is not supported here: "+served)
	}
	x.Operation = strings.TrimSpace(name[1:] + " " + typ)
	if typ != "" {
		if p := x.readable(typ); p != nil {
			return nil, p
		}
	}
	if a.method == "POST" {
		if p := a.readParameters(codingNames[name+" "+typ]); p != nil {
			return nil, p
		}
	}
	query, err := x.view.guard.Operation(x.keys, x.s.site, name, typ, a.Params, a.prefer.Handling)
	if err != nil {
		return nil, x.refusal(err)
	}
	for _, t := range query.Types {
		if p := x.mayRead(t); p != nil {
			return nil, p
		}
	}
	path := ""
	if typ != "" {
		path = "/" + typ
	}
	if pseudonym != "" {
		id, p := x.open(typ, pseudonym)
		if p != nil {
			return nil, p
		}
		path += "/" + id
	}
	path += "/" + name
	if name == "$export" {
		return x.kickOff(a, path, query)
	}
	if op.Returns == "Parameters" {
		return x.terminology(a, name, path, query)
	}
	shape := shaping(query.Self)
	if p := linkable(shape); p != nil {
		return nil, p
	}
	q := &retrieval{
		path: path + string(parse.AppendQuery(nil, query.Upstream)), want: op.Returns, typ: typ, narrow: query.Narrow, shape: shape,
		format: a.format.Param, counted: name == "$lastn", dropped: query.Dropped, handling: a.prefer.Handling,
	}
	if op.Returns == "Bundle" {
		q.self = x.s.base + "/" + strings.Join(a.Segments, "/") + string(parse.AppendQuery(nil, query.Self))
	}
	return x.fetch(q, a)
}

// readParameters reads the parameters of an operation by POST. Each has one primitive
// value, as in a URL, or a Coding if the operation has names for its parts.
func (a *request) readParameters(coding map[string]string) *outcome.Problem {
	bad := func(text string) *outcome.Problem {
		return outcome.Refused(400, models.IssueTypeInvalid, "operation parameters", text)
	}
	if len(a.Params) > 0 && len(bytes.TrimSpace(a.body)) > 0 {
		return bad("an operation by POST has its parameters in the body alone")
	}
	body, err := parse.JSON(version(), a.body)
	if err != nil {
		return bad("the body is not a Parameters resource in FHIR XML")
	}
	if len(body) == 0 {
		return nil
	}
	parts, ok := parametersOf(body)
	if !ok {
		return bad("the body is not a Parameters resource")
	}
	var params []guard.Param
	for _, raw := range parts {
		part, err := parse.Members(raw)
		if err != nil {
			return bad(oneValueEach)
		}
		if coding != nil {
			if parts, ok, p := readCoding(part, coding); p != nil {
				return p
			} else if ok {
				params = append(params, parts...)
				continue
			}
		}
		p, wrong := readParameter(part)
		if wrong != "" {
			return bad(wrong)
		}
		params = append(params, p)
	}
	// All parameters are read equally strictly, whether from the URL or the body.
	if a.Params, err = parse.Query(strings.TrimPrefix(string(parse.AppendQuery(nil, params)), "?")); err != nil {
		return bad(err.Error())
	}
	return nil
}

// oneValueEach is the problem with parameters in another form.
const oneValueEach = "each parameter must have one primitive value"

// parametersOf returns the parameters of a Parameters resource.
func parametersOf(body []byte) (parts []json.RawMessage, ok bool) {
	var typ string
	resource, err := parse.Members(body)
	for name, value := range resource {
		switch name {
		case "resourceType":
			err = errors.Join(err, json.Unmarshal(value, &typ))
		case "parameter":
			err = errors.Join(err, json.Unmarshal(value, &parts))
		case "id", "meta":
		default:
			err = parse.ErrBody
		}
	}
	return parts, err == nil && typ == "Parameters"
}

// readParameter reads a parameter with one primitive value, or returns what is wrong with
// it.
func readParameter(part map[string]json.RawMessage) (p guard.Param, wrong string) {
	values := 0
	for member, raw := range part {
		switch {
		case member == "name":
			if json.Unmarshal(raw, &p.Name) != nil {
				return p, "a parameter has no name"
			}
		case strings.HasPrefix(member, "value"):
			values++
			if raw[0] == '{' || raw[0] == '[' {
				return p, oneValueEach
			}
			if json.Unmarshal(raw, &p.Value) != nil { // a number or boolean
				p.Value = string(raw)
			}
		}
	}
	if p.Name == "" || values != 1 || len(part) != 2 {
		return p, oneValueEach
	}
	return p, ""
}
