package jobs

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/veil-proxy/veil/proxy/jobs/work"
)

//go:embed openapi.json
var openapi []byte

// document is the OpenAPI document, by which requests are validated.
type document struct {
	orders     map[string]*jsonschema.Schema // by kind
	kinds      []string
	parameters map[string][]parameter // by operationId
}

// parameter is one of an operation.
type parameter struct {
	Name     string
	In       string
	Required bool
	array    bool
	integer  bool
	schema   *jsonschema.Schema
}

// read returns the document, which is parsed at first use.
var read = sync.OnceValue(func() *document {
	d, err := parseDocument(openapi)
	if err != nil {
		panic(err) // cannot happen: a test reads it
	}
	return d
})

// documentURL names the document for references within it.
const documentURL = "veil:openapi"

// compiler returns a compiler for the schemas of a document, and the document as a tree.
func compiler(text []byte) (c *jsonschema.Compiler, tree any, err error) {
	if tree, err = jsonschema.UnmarshalJSON(bytes.NewReader(text)); err != nil {
		return nil, nil, err
	}
	c = jsonschema.NewCompiler()
	c.AssertFormat()
	return c, tree, c.AddResource(documentURL, tree)
}

func parseDocument(text []byte) (*document, error) {
	c, _, err := compiler(text)
	if err != nil {
		return nil, err
	}
	var plain struct {
		Paths map[string]map[string]struct {
			OperationID string
			Parameters  []struct {
				Ref string `json:"$ref"`
			}
		}
		Components struct {
			Parameters map[string]struct {
				parameter
				Schema struct{ Type string }
			}
			Schemas map[string]struct {
				Discriminator *struct{ Mapping map[string]string }
			}
		}
	}
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, err
	}
	d := &document{orders: map[string]*jsonschema.Schema{}, parameters: map[string][]parameter{}}
	for kind, ref := range plain.Components.Schemas["JobRequest"].Discriminator.Mapping {
		if d.orders[kind], err = c.Compile(documentURL + ref); err != nil {
			return nil, err
		}
		d.kinds = append(d.kinds, kind)
	}
	slices.Sort(d.kinds)
	for _, methods := range plain.Paths {
		for _, op := range methods {
			list := []parameter{}
			for _, one := range op.Parameters {
				name := strings.TrimPrefix(one.Ref, "#/components/parameters/")
				p := plain.Components.Parameters[name]
				out := p.parameter
				out.array, out.integer = p.Schema.Type == "array", p.Schema.Type == "integer"
				if out.schema, err = c.Compile(documentURL + one.Ref + "/schema"); err != nil {
					return nil, err
				}
				list = append(list, out)
			}
			d.parameters[op.OperationID] = list
		}
	}
	return d, nil
}

// check validates the parameters of a request.
func (d *document) check(operation string, r *http.Request) *Problem {
	query := r.URL.Query()
	bad := func(name, what string) *Problem {
		p := problem(http.StatusBadRequest, "parameter", name+": "+what, "")
		p.Errors = []Fault{{Parameter: name, Detail: what}}
		return p
	}
	known := map[string]bool{}
	for _, one := range d.parameters[operation] {
		var values []string
		switch one.In {
		case "query":
			values, known[one.Name] = query[one.Name], true
		case "header":
			values = r.Header.Values(one.Name)
		case "path":
			values = []string{r.PathValue(one.Name)}
		}
		switch {
		case len(values) == 0 && one.Required:
			return bad(one.Name, "the parameter is missing")
		case len(values) == 0:
			continue
		case len(values) > 1 && !one.array:
			return bad(one.Name, "the parameter is given twice")
		}
		if err := one.schema.Validate(one.value(values)); err != nil {
			if one.In == "path" { // no job has such an id
				return problem(http.StatusNotFound, "no-such-job", "there is no such job", "GET "+Path+"/jobs lists them")
			}
			return bad(one.Name, words(faultOf(err)))
		}
	}
	for name := range query {
		if !known[name] {
			return problem(http.StatusBadRequest, "parameter", "the request has a parameter that the operation does not know", "see "+Path+"/openapi.json")
		}
	}
	return nil
}

// value returns the value of a parameter in the type of its schema.
func (p *parameter) value(values []string) any {
	if p.array {
		list := []any{}
		for _, v := range values {
			list = append(list, v)
		}
		return list
	}
	if p.integer {
		if _, err := strconv.Atoi(values[0]); err == nil {
			return json.Number(values[0])
		}
	}
	return values[0]
}

// mostOrder bounds a request for a job, in bytes.
const mostOrder = 64 << 10

// order reads the request of a job.
func (d *document) order(w http.ResponseWriter, r *http.Request) (*work.Spec, *Problem) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, problem(http.StatusUnsupportedMediaType, "content-type", "the request is not JSON", "send it with Content-Type: application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostOrder))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return nil, problem(http.StatusRequestEntityTooLarge, "too-large", fmt.Sprintf("the request is larger than %d bytes", mostOrder), "name files by a folder or a pattern")
	}
	if err != nil {
		return nil, problem(http.StatusBadRequest, "body", "the request body could not be read", "send it again")
	}
	return d.parse(body)
}

// parse reads the text of an order.
func (d *document) parse(body []byte) (*work.Spec, *Problem) {
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return nil, problem(http.StatusBadRequest, "body", "the request body is not valid JSON", "")
	}
	fields, ok := tree.(map[string]any)
	if !ok {
		return nil, invalid("", "expected an object")
	}
	name, _ := fields["kind"].(string)
	schema := d.orders[name]
	if schema == nil {
		return nil, invalid("/kind", "expected "+strings.Join(d.kinds, " or "))
	}
	if err := schema.Validate(tree); err != nil {
		at := faultOf(err)
		return nil, invalid(pointer(at), words(at))
	}
	spec := &work.Spec{}
	if err := json.Unmarshal(body, spec); err != nil {
		return nil, invalid("", "a value cannot be used: see "+Path+"/openapi.json")
	}
	return spec, nil
}

// invalid is the problem of an order that is not as the document says.
func invalid(pointer, what string) *Problem {
	p := problem(http.StatusUnprocessableEntity, "request", what, "see "+Path+"/openapi.json")
	if pointer != "" {
		p.Detail = pointer + ": " + what
	}
	p.Errors = []Fault{{Pointer: pointer, Detail: what}}
	return p
}

// faultOf returns the innermost error of a validation, which is the most specific one.
func faultOf(err error) *jsonschema.ValidationError {
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return &jsonschema.ValidationError{ErrorKind: &kind.FalseSchema{}}
	}
	for len(v.Causes) > 0 {
		v = v.Causes[0]
	}
	return v
}

// pointer is the place of an error in the request. All names in it are from the document:
// unknown members are errors of the object that contains them.
func pointer(v *jsonschema.ValidationError) string {
	out := ""
	for _, part := range v.InstanceLocation {
		out += "/" + part
	}
	return out
}

// words describes the error, without the value.
func words(v *jsonschema.ValidationError) string {
	switch k := v.ErrorKind.(type) {
	case *kind.Required:
		return "expected " + strings.Join(k.Missing, " and ")
	case *kind.AdditionalProperties:
		return "unknown member"
	case *kind.Type:
		return "expected " + strings.Join(k.Want, " or ")
	case *kind.Enum:
		var list []string
		for _, one := range k.Want {
			list = append(list, fmt.Sprint(one))
		}
		return "expected " + strings.Join(list, " or ")
	case *kind.Minimum:
		return "expected " + k.Want.RatString() + " or more"
	case *kind.Maximum:
		return "expected " + k.Want.RatString() + " or less"
	case *kind.MinLength, *kind.MinItems:
		return "the value must not be empty"
	case *kind.MaxLength, *kind.MaxItems:
		return "the value is too long"
	case *kind.Pattern:
		return "the value does not have the expected form"
	case *kind.Format:
		return "expected a " + k.Want
	case *kind.UniqueItems:
		return "an item is given twice"
	}
	return "the value is not as expected"
}
