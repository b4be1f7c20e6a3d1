// Package capability describes what the FHIR listener serves: the read operations, and
// a CapabilityStatement with what the upstream offers, less what the ruleset withholds
// or refuses.
//
// Not known here: how a request is served.
package capability

import (
	"encoding/json"
	"errors"
	"sort"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// Config describes the listener that a statement is about.
type Config struct {
	Guard   *guard.Guard
	Keys    *keys.Pseudonymizer
	Site    *fhir.Site
	Ruleset *ruleset.Ruleset
	// Base is the URL that consumers reach the listener under.
	Base string
}

// upstreamCapability is the part of the upstream's CapabilityStatement that Veil reads.
type upstreamCapability struct {
	ResourceType string
	Rest         []upstreamRest
}

type upstreamRest struct {
	Mode        string
	Interaction []struct{ Code string }
	Operation   []named
	Resource    []upstreamType
}

type upstreamType struct {
	Type             string
	Interaction      []struct{ Code string }
	SearchParam      []named
	SearchInclude    []string
	SearchRevInclude []string
	Operation        []named
}

type named struct{ Name string }

// errUpstream says that the upstream's metadata cannot be read.
var errUpstream = errors.New("the FHIR server's metadata is not a CapabilityStatement")

// Statement returns Veil's own CapabilityStatement, derived from the upstream's. It is
// the same for the same upstream and ruleset: its date is the ruleset's reference date.
func Statement(c *Config, upstream []byte) ([]byte, error) {
	var up upstreamCapability
	if json.Unmarshal(upstream, &up) != nil || up.ResourceType != "CapabilityStatement" {
		return nil, errUpstream
	}
	name, sum := c.Ruleset.Name, c.Ruleset.SHA256()
	description := "De-identified, read-only view under the ruleset " + name
	security := "Read-only. Every resource is de-identified by the ruleset " + name + " (sha256 " + sum + "); parameters that would test an original value are refused."
	rest := models.CapabilityStatementRest{
		Mode:        models.RestfulCapabilityModeServer,
		Interaction: []models.CapabilityStatementRestInteraction{{Code: models.SystemRestfulInteractionBatch}},
		Security:    &models.CapabilityStatementRestSecurity{Description: &security},
	}
	for i := range up.Rest {
		if up.Rest[i].Mode != "client" {
			c.add(&rest, &up.Rest[i])
		}
	}
	sort.Slice(rest.Resource, func(i, j int) bool { return rest.Resource[i].Type.Code() < rest.Resource[j].Type.Code() })
	return json.Marshal(models.CapabilityStatement{
		Status:         models.PublicationStatusActive,
		Date:           c.Ruleset.ReferenceDate.String(),
		Kind:           models.CapabilityStatementKindInstance,
		FhirVersion:    models.FHIRVersion4_0_1,
		Format:         []string{"application/fhir+json", "application/fhir+xml", "json", "xml"},
		Software:       &models.CapabilityStatementSoftware{Name: "veil"},
		Implementation: &models.CapabilityStatementImplementation{Description: description, Url: &c.Base},
		Rest:           []models.CapabilityStatementRest{rest},
	})
}

// add adds what Veil serves of a part of the upstream's statement.
func (c *Config) add(rest *models.CapabilityStatementRest, up *upstreamRest) {
	for _, i := range up.Interaction {
		if i.Code == "history-system" {
			rest.Interaction = append(rest.Interaction, models.CapabilityStatementRestInteraction{Code: models.SystemRestfulInteractionHistorySystem})
		}
	}
	rest.Operation = append(rest.Operation, c.operations(up.Operation, "")...)
	for i := range up.Resource {
		if resource, ok := c.resource(&up.Resource[i]); ok {
			rest.Resource = append(rest.Resource, resource)
		}
	}
}

// resource is what Veil serves of a type; false where it serves nothing.
func (c *Config) resource(up *upstreamType) (resource models.CapabilityStatementRestResource, ok bool) {
	if known, withheld := c.Guard.Type(up.Type); !known || withheld != "" {
		return resource, false
	}
	if resource.Type.UnmarshalJSON([]byte(`"`+up.Type+`"`)) != nil {
		return resource, false
	}
	offered := map[string]bool{}
	for _, p := range up.SearchParam {
		offered[p.Name] = true
	}
	resource.SearchParam = c.searchParams(up.Type, offered)
	resource.SearchInclude = c.includes(up.Type, "_include", up.SearchInclude)
	resource.SearchRevInclude = c.includes(up.Type, "_revinclude", up.SearchRevInclude)
	for _, i := range up.Interaction {
		if code, ok := readInteraction(i.Code); ok && (code != models.TypeRestfulInteractionVread || c.Guard.ShowsVersions(up.Type)) {
			resource.Interaction = append(resource.Interaction, models.CapabilityStatementRestResourceInteraction{Code: code})
		}
	}
	resource.Operation = c.operations(up.Operation, up.Type)
	return resource, true
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

// searchParams are the parameters of a type that the upstream offers and the
// guard allows.
func (c *Config) searchParams(typ string, offered map[string]bool) []models.CapabilityStatementRestResourceSearchParam {
	var out []models.CapabilityStatementRestResourceSearchParam
	for _, p := range c.Guard.SearchParams(typ) {
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
func (c *Config) includes(typ, param string, offered []string) []string {
	var out []string
	for _, value := range offered {
		if _, err := c.Guard.Search(c.Keys, c.Site, typ, []guard.Param{{Name: param, Value: value}}, guard.Strict); err == nil {
			out = append(out, value)
		}
	}
	return out
}
