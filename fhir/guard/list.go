package guard

import (
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/veil-proxy/veil/fhir/schema"
)

// GuardedParam is a search parameter and whether it may be used.
type GuardedParam struct {
	Name string `json:"name"`
	// Type is the FHIR search parameter type, such as token.
	Type    string `json:"type"`
	Allowed bool   `json:"allowed"`
	// Why says how the parameter is treated, or which rule refuses it.
	Why string `json:"why"`
}

// SearchParams returns the search parameters of a resource type in order of
// their names.
func (g *Guard) SearchParams(resourceType string) []GuardedParam {
	params := g.a.Schema().SearchParams(resourceType)
	params = slices.DeleteFunc(params, func(p *schema.SearchParam) bool { return g.custom[resourceType][p.Name] != nil })
	for _, name := range slices.Sorted(maps.Keys(g.custom[resourceType])) {
		params = append(params, g.custom[resourceType][name])
	}
	out := make([]GuardedParam, 0, len(params))
	_, withheldBy := g.Type(resourceType)
	for _, sp := range params {
		v := g.judge(resourceType, sp)
		if withheldBy != "" {
			v = verdict{rule: withheldBy, reason: resourceType + " is withheld"}
		}
		p := GuardedParam{Name: sp.Name, Type: sp.Type, Allowed: v.class != classRefused, Why: v.how()}
		if !p.Allowed {
			p.Why = v.reason
			if v.rule != "" {
				p.Why = fmt.Sprintf("rule %q: %s", v.rule, v.reason)
			}
		}
		out = append(out, p)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// ResultParam is a parameter that shapes the result of a search.
type ResultParam struct {
	Name string `json:"name"`
	How  string `json:"how"`
}

// ResultParams returns the parameters that are not search parameters proper, and how
// each is treated.
func ResultParams() []ResultParam {
	return []ResultParam{
		{"_count", "a number up to 9999"},
		{"_total", "none, estimate or accurate"},
		{"_summary", "count and false go upstream; true, text and data are applied after masking"},
		{"_elements", "elements of the resource, applied after masking"},
		{"_contained", "false"},
		{"_sort", "parameters that compare booleans, numbers or codes that the consumer sees as they are"},
		{"_include", "references that may be searched; with :iterate too"},
		{"_revinclude", "references that may be searched; with :iterate too"},
		{"_has", fmt.Sprintf("where the reference and the last parameter may be searched; up to %d references", maxLinks)},
		{"chains", fmt.Sprintf("where every reference and the last parameter may be searched; up to %d references", maxLinks)},
	}
}

// Modifiers returns the modifiers, prefixes and forms of values of search parameters,
// and how each is treated. Any other is refused.
func Modifiers() []ResultParam {
	return []ResultParam{
		{":missing", "where the response shows whether the element is present: references, codes, booleans and numbers"},
		{":not", "codes"},
		{":above, :below", "system|code of a known code system"},
		{":Type", "references, as in subject:Patient"},
		{":exact", "texts that pass; Veil adds it where a masked value could have the same beginning"},
		{":contains", "texts that pass unchanged"},
		{":iterate", "_include and _revinclude"},
		{":text, :code-text, :identifier, :of-type, :in, :not-in", "refused: they test texts, identifiers or sets that are masked"},
		{"_text, _content, _filter, _query, _list", "refused: they test texts, or select in ways that rules cannot check"},
		{"eq ne gt ge lt le sa eb", "years, numbers and amounts"},
		{"ap", "numbers and amounts; of a date, each server reads it in its own way"},
		{"a,b", "each value is judged; an escaped comma is refused"},
		{"a$b", "composites: each part is judged like the parameter it stands for"},
	}
}
