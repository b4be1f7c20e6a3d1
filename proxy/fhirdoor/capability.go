package fhirdoor

import (
	"encoding/json"
	"sort"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
)

// capability makes Veil's own CapabilityStatement: what the upstream's metadata
// lists, less what the ruleset withholds or refuses. It is the same for the same
// upstream and ruleset: its date is the ruleset's reference date.
func (s *Server) capability(keys *mask.Pseudonymizer, upstream []byte) ([]byte, *problem) {
	var up struct {
		ResourceType string
		Rest         []struct {
			Resource []struct {
				Type             string
				SearchParam      []struct{ Name string }
				SearchInclude    []string
				SearchRevInclude []string
			}
		}
	}
	if json.Unmarshal(upstream, &up) != nil || up.ResourceType != "CapabilityStatement" {
		return nil, failed(502, models.IssueTypeStructure, "upstream metadata", "the FHIR server's metadata is not a CapabilityStatement")
	}
	var resources []models.CapabilityStatementRestResource
	for _, rest := range up.Rest {
		for _, r := range rest.Resource {
			if known, withheld := s.guard.Type(r.Type); !known || withheld != "" {
				continue
			}
			var typ models.ResourceType
			if typ.UnmarshalJSON([]byte(`"`+r.Type+`"`)) != nil {
				continue
			}
			offered := map[string]bool{}
			for _, p := range r.SearchParam {
				offered[p.Name] = true
			}
			resources = append(resources, models.CapabilityStatementRestResource{
				Type: typ,
				Interaction: []models.CapabilityStatementRestResourceInteraction{
					{Code: models.TypeRestfulInteractionRead}, {Code: models.TypeRestfulInteractionSearchType},
				},
				SearchParam:      s.searchParams(r.Type, offered),
				SearchInclude:    s.includes(keys, r.Type, "_include", r.SearchInclude),
				SearchRevInclude: s.includes(keys, r.Type, "_revinclude", r.SearchRevInclude),
			})
		}
	}
	sort.Slice(resources, func(i, j int) bool { return resources[i].Type.Code() < resources[j].Type.Code() })
	rs := s.automaton.Policy.Ruleset
	software, description := "veil", "De-identified, read-only view under the ruleset "+rs.Name
	security := "Read-only. Every resource is de-identified by the ruleset " + rs.Name + " (sha256 " + rs.SHA256() + "); parameters that would test an original value are refused."
	statement := models.CapabilityStatement{
		Status:         models.PublicationStatusActive,
		Date:           rs.ReferenceDate.String(),
		Kind:           models.CapabilityStatementKindInstance,
		FhirVersion:    models.FHIRVersion4_0_1,
		Format:         []string{"application/fhir+json", "json"},
		Software:       &models.CapabilityStatementSoftware{Name: software},
		Implementation: &models.CapabilityStatementImplementation{Description: description, Url: &s.base},
		Rest: []models.CapabilityStatementRest{{
			Mode:     models.RestfulCapabilityModeServer,
			Security: &models.CapabilityStatementRestSecurity{Description: &security},
			Resource: resources,
		}},
	}
	b, err := json.Marshal(statement)
	if err != nil {
		return nil, failed(500, models.IssueTypeException, "internal", "the CapabilityStatement could not be written")
	}
	return b, nil
}

// searchParams are the parameters of a type that the upstream offers and the
// guard allows.
func (s *Server) searchParams(typ string, offered map[string]bool) []models.CapabilityStatementRestResourceSearchParam {
	var out []models.CapabilityStatementRestResourceSearchParam
	for _, p := range s.guard.SearchParams(typ) {
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
func (s *Server) includes(keys *mask.Pseudonymizer, typ, param string, offered []string) []string {
	var out []string
	for _, value := range offered {
		if _, err := s.guard.Search(keys, s.site, typ, []fhir.Param{{Name: param, Value: value}}, false); err == nil {
			out = append(out, value)
		}
	}
	return out
}
