package guard

import (
	"fmt"
	"slices"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask/keys"
)

// Compartment judges a search in a compartment, [compartment]/[id]/[resourceType] (FHIR
// R4, compartmentdefinition.html): its parameters as Search does, and the references by
// which resources of the type belong to the compartment, which the upstream compares
// too. resourceType may be "*" for every type, with parameters of all resources and
// _type. id is the opened id to write into the upstream's path. If the pseudonym does
// not open, it is an id that no resource has, so that the response is that for an id
// that does not exist. The error is a *Refusal.
func (g *Guard) Compartment(keys *keys.Pseudonymizer, site *fhir.Site, compartment, pseudonym, resourceType string, params []Param, handling Handling) (q *Query, id string, err error) {
	if !slices.Contains(g.a.Schema().Compartments, compartment) || !g.usable(compartment) {
		return nil, "", &Refusal{Param: printable(compartment), Reason: "it has no compartment that may be read"}
	}
	s := &search{g: g, keys: keys, site: site, typ: compartment}
	if resourceType == "*" {
		q, err = s.everyType(compartment, params, handling)
	} else if r := g.belongs(compartment, resourceType); r != nil {
		return nil, "", r
	} else {
		q, err = g.Search(keys, site, resourceType, params, handling)
	}
	if err != nil {
		return nil, "", err
	}
	return q, s.openOr(compartment, pseudonym), nil
}

// belongs refuses a type that is in no compartment of the kind, or only through a
// reference that may not be followed. It checks every reference that may lead to the
// compartment's type against the rules: at least the references in the compartment's
// definition.
func (g *Guard) belongs(compartment, resourceType string) *Refusal {
	if !g.usable(resourceType) {
		return &Refusal{Param: printable(resourceType), Reason: "the resource type is unknown or withheld"}
	}
	found := false
	for _, sp := range g.a.Schema().SearchParams(resourceType) {
		if sp.Type != "reference" || !slices.Contains(sp.Targets, compartment) {
			continue
		}
		if v := g.judge(resourceType, sp); v.class != classReference {
			return &Refusal{Param: sp.Name, Rule: v.rule, Reason: fmt.Sprintf("%s belongs to the compartment by a reference that may not be followed: %s", resourceType, v.reason)}
		}
		found = true
	}
	if !found {
		return &Refusal{Param: resourceType, Reason: "no resource of the type is in a compartment of " + compartment}
	}
	return nil
}

// everyType judges a search over all types of a compartment: a parameter must
// pass alike for each of them.
func (s *search) everyType(compartment string, params []Param, handling Handling) (*Query, error) {
	types, rest, err := s.takeTypes(params)
	if err != nil {
		return nil, err
	}
	all := types
	if len(all) == 0 {
		all = s.g.compartmentTypes(compartment)
	}
	var q *Query
	for _, typ := range all {
		if r := s.g.belongs(compartment, typ); r != nil {
			return nil, r
		}
		one, err := s.g.Search(s.keys, s.site, typ, rest, handling)
		if err != nil {
			return nil, err
		}
		if q != nil && !slices.Equal(q.Upstream, one.Upstream) {
			return nil, &Refusal{Param: "*", Reason: "the types of the compartment differ in a parameter; search one type"}
		}
		if q != nil && one.Narrow != nil {
			one.Narrow = one.Narrow.And(q.Narrow)
		}
		q = one
	}
	if q == nil {
		return nil, &Refusal{Param: "*", Reason: "no type of the compartment may be read"}
	}
	for _, p := range params {
		if p.Name == "_type" {
			q.Upstream, q.Self = append(q.Upstream, p), append(q.Self, p)
		}
	}
	q.Types = all
	return q, nil
}

// compartmentTypes returns the types that may be read of a compartment, sorted by name.
func (g *Guard) compartmentTypes(compartment string) []string {
	var types []string
	for _, typ := range g.a.ResourceTypes() {
		if g.usable(typ) && (typ == compartment || g.belongs(compartment, typ) == nil) {
			types = append(types, typ)
		}
	}
	slices.Sort(types)
	return types
}
