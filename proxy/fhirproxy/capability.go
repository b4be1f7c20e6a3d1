package fhirproxy

import (
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
)

// capabilities answers GET metadata.
func (x *exchange) capabilities(a *request) (*response, *outcome.Problem) {
	x.Operation = "capabilities"
	narrow, p := x.shapeOfMetadata(a)
	if p != nil {
		return nil, p
	}
	body, p := x.view.metadata.get(time.Minute, func() ([]byte, *outcome.Problem) {
		r, p := x.s.up.Get([]byte("/metadata"), x.s.limits.UpstreamTimeout)
		if p != nil {
			return nil, p
		}
		defer r.Release()
		if p := r.Check(); p != nil {
			return nil, outcome.Failed(502, models.IssueTypeProcessing, "upstream metadata", "the FHIR server did not answer with its metadata")
		}
		if p := r.ToJSON(); p != nil {
			return nil, p
		}
		return x.s.capability(x.view, x.keys, r.Body)
	})
	if p == nil {
		p = x.note("complete", "", 200, "CapabilityStatement")
	}
	if p != nil {
		return nil, p
	}
	out, p := shapeResponse(append(a.buf, body...), &retrieval{want: "CapabilityStatement", narrow: narrow})
	if p != nil {
		return nil, p
	}
	return &response{status: 200, body: out}, nil
}

// shapeOfMetadata judges the parameters of metadata, of which none chooses anything:
// mode may be ignored (FHIR R4, http.html#capabilities), _elements and _summary leave
// of the statement what was asked for, and what else there is does nothing.
func (x *exchange) shapeOfMetadata(a *request) (*edit.Selection, *outcome.Problem) {
	var shape []guard.Param
	for _, p := range a.Params {
		switch {
		case p.Name == "_elements", p.Name == "_summary" && p.Value != "count":
			shape = append(shape, p)
		case p.Name == "mode":
		default:
			if a.prefer.Handling == guard.Strict {
				return nil, outcome.Refused(400, models.IssueTypeNotSupported, "parameters of metadata", "metadata takes no parameters but mode, _elements, _summary, _format and _pretty")
			}
		}
	}
	narrow, _, err := x.view.guard.Shape("CapabilityStatement", shape, a.prefer.Handling)
	if err != nil {
		return nil, x.refusal(err)
	}
	return narrow, nil
}

// upstreamCapability is what is read of the upstream's CapabilityStatement.
type upstreamCapability struct {
	ResourceType string
	Rest         []struct {
		Mode        string
		Interaction []struct{ Code string }
		Operation   []struct{ Name string }
		Resource    []struct {
			Type             string
			Interaction      []struct{ Code string }
			SearchParam      []struct{ Name string }
			SearchInclude    []string
			SearchRevInclude []string
			Operation        []struct{ Name string }
		}
	}
}

// capability makes Veil's own CapabilityStatement: what the upstream's metadata
// lists, less what the ruleset withholds or refuses. It is the same for the same
// upstream and ruleset: its date is the ruleset's reference date.
func (s *Server) capability(v *view, keys *keys.Pseudonymizer, upstream []byte) ([]byte, *outcome.Problem) {
	var up upstreamCapability
	if json.Unmarshal(upstream, &up) != nil || up.ResourceType != "CapabilityStatement" {
		return nil, outcome.Failed(502, models.IssueTypeStructure, "upstream metadata", "the FHIR server's metadata is not a CapabilityStatement")
	}
	rest := models.CapabilityStatementRest{
		Mode:        models.RestfulCapabilityModeServer,
		Interaction: []models.CapabilityStatementRestInteraction{{Code: models.SystemRestfulInteractionBatch}},
	}
	for _, r := range up.Rest {
		if r.Mode == "client" {
			continue
		}
		for _, i := range r.Interaction {
			if i.Code == "history-system" {
				rest.Interaction = append(rest.Interaction, models.CapabilityStatementRestInteraction{Code: models.SystemRestfulInteractionHistorySystem})
			}
		}
		for _, op := range r.Operation {
			if o, ok := offeredOperation(v, op.Name, ""); ok {
				rest.Operation = append(rest.Operation, o)
			}
		}
		for _, up := range r.Resource {
			if known, withheld := v.guard.Type(up.Type); !known || withheld != "" {
				continue
			}
			var typ models.ResourceType
			if typ.UnmarshalJSON([]byte(`"`+up.Type+`"`)) != nil {
				continue
			}
			offered := map[string]bool{}
			for _, p := range up.SearchParam {
				offered[p.Name] = true
			}
			resource := models.CapabilityStatementRestResource{
				Type:             typ,
				SearchParam:      searchParams(v, up.Type, offered),
				SearchInclude:    s.includes(v, keys, up.Type, "_include", up.SearchInclude),
				SearchRevInclude: s.includes(v, keys, up.Type, "_revinclude", up.SearchRevInclude),
			}
			for _, i := range up.Interaction {
				if code, ok := readInteraction(i.Code); ok && (code != models.TypeRestfulInteractionVread || v.guard.ShowsVersions(up.Type)) {
					resource.Interaction = append(resource.Interaction, models.CapabilityStatementRestResourceInteraction{Code: code})
				}
			}
			for _, op := range up.Operation {
				if o, ok := offeredOperation(v, op.Name, up.Type); ok {
					resource.Operation = append(resource.Operation, o)
				}
			}
			rest.Resource = append(rest.Resource, resource)
		}
	}
	sort.Slice(rest.Resource, func(i, j int) bool { return rest.Resource[i].Type.Code() < rest.Resource[j].Type.Code() })
	rs := v.automaton.Policy.Ruleset
	description := "De-identified, read-only view under the ruleset " + rs.Name
	security := "Read-only. Every resource is de-identified by the ruleset " + rs.Name + " (sha256 " + rs.SHA256() + "); parameters that would test an original value are refused."
	rest.Security = &models.CapabilityStatementRestSecurity{Description: &security}
	b, err := json.Marshal(models.CapabilityStatement{
		Status:         models.PublicationStatusActive,
		Date:           rs.ReferenceDate.String(),
		Kind:           models.CapabilityStatementKindInstance,
		FhirVersion:    models.FHIRVersion4_0_1,
		Format:         []string{"application/fhir+json", "application/fhir+xml", "json", "xml"},
		Software:       &models.CapabilityStatementSoftware{Name: "veil"},
		Implementation: &models.CapabilityStatementImplementation{Description: description, Url: &s.base},
		Rest:           []models.CapabilityStatementRest{rest},
	})
	if err != nil {
		return nil, outcome.Failed(500, models.IssueTypeException, "internal", "the CapabilityStatement could not be written")
	}
	return b, nil
}

// readInteraction are the interactions that Veil passes on.
func readInteraction(code string) (models.TypeRestfulInteraction, bool) {
	switch code {
	case "read":
		return models.TypeRestfulInteractionRead, true
	case "vread":
		return models.TypeRestfulInteractionVread, true
	case "history-instance":
		return models.TypeRestfulInteractionHistoryInstance, true
	case "history-type":
		return models.TypeRestfulInteractionHistoryType, true
	case "search-type":
		return models.TypeRestfulInteractionSearchType, true
	}
	return 0, false
}

// standard are the definitions of the operations that Veil serves, by name. The
// upstream's own are not repeated: they can be at its address.
var standard = map[string]string{
	"everything": "http://hl7.org/fhir/OperationDefinition/%s-everything",
	"lastn":      "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
	"expand":     "http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
	"lookup":     "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
	"export":     "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/%s-export",

	"validate-code": "http://hl7.org/fhir/OperationDefinition/%s-validate-code",
}

// offeredOperation is an operation of the upstream as Veil offers it on a type.
func offeredOperation(v *view, name, typ string) (models.CapabilityStatementRestResourceOperation, bool) {
	name = strings.TrimPrefix(name, "$")
	op, ok := operations["$"+name]
	if !ok || name == "lookup" && !v.guard.ShowsDisplays() || !slices.Contains(op.types, typ) && !slices.Contains(op.instances, typ) {
		return models.CapabilityStatementRestResourceOperation{}, false
	}
	at := strings.ToLower(typ)
	switch {
	case name == "everything", name == "validate-code":
		at = typ
	case at == "":
		at = "system"
	}
	return models.CapabilityStatementRestResourceOperation{Name: name, Definition: strings.ReplaceAll(standard[name], "%s", at)}, true
}

// searchParams are the parameters of a type that the upstream offers and the
// guard allows.
func searchParams(v *view, typ string, offered map[string]bool) []models.CapabilityStatementRestResourceSearchParam {
	var out []models.CapabilityStatementRestResourceSearchParam
	for _, p := range v.guard.SearchParams(typ) {
		if !p.Allowed || !offered[p.Name] {
			continue
		}
		var kind models.SearchParamType
		if kind.UnmarshalJSON([]byte(`"`+p.Type+`"`)) != nil {
			continue
		}
		why := p.Why
		out = append(out, models.CapabilityStatementRestResourceSearchParam{Name: p.Name, Type: kind, Documentation: &why})
	}
	return out
}

// includes are the inclusions that the upstream offers and the guard allows.
func (s *Server) includes(v *view, keys *keys.Pseudonymizer, typ, param string, offered []string) []string {
	var out []string
	for _, value := range offered {
		if _, err := v.guard.Search(keys, s.site, typ, []guard.Param{{Name: param, Value: value}}, guard.Strict); err == nil {
			out = append(out, value)
		}
	}
	return out
}
