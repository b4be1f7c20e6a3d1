package schema

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// SearchParam is a search parameter of the FHIR specification.
type SearchParam struct {
	Name string
	// Type is number, date, string, token, reference, composite, quantity, uri
	// or special.
	Type string
	// Targets are the resource types that a reference parameter may point to.
	Targets []string
	// Expression is FHIRPath; empty for parameters of the server.
	Expression string
	// Components are the parts of a composite, in order. Their expressions are relative to
	// Expression.
	Components []SearchParam
}

// SearchParam returns a parameter of a resource type, or of all resources.
func (s *Schema) SearchParam(resourceType, name string) (*SearchParam, bool) {
	for _, base := range []string{resourceType, "DomainResource", "Resource"} {
		if p, ok := s.params[base][name]; ok {
			return p, true
		}
	}
	return nil, false
}

// SearchParams returns the parameters of a resource type and of all resources,
// in order of their names.
func (s *Schema) SearchParams(resourceType string) []*SearchParam {
	var out []*SearchParam
	for _, base := range []string{resourceType, "DomainResource", "Resource"} {
		for _, name := range slices.Sorted(maps.Keys(s.params[base])) {
			out = append(out, s.params[base][name])
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

func parseSearch(text string) (map[string]map[string]*SearchParam, error) {
	params := map[string]map[string]*SearchParam{}
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		cols := strings.Split(line, "\t")
		if len(cols) != 5 && len(cols) != 6 {
			return nil, fmt.Errorf("search parameters: line %d: want 5 or 6 columns", n+1)
		}
		p := &SearchParam{Name: cols[1], Type: cols[2], Expression: cols[4]}
		if cols[3] != "" {
			p.Targets = strings.Split(cols[3], ",")
		}
		if len(cols) == 6 {
			for _, part := range strings.Split(cols[5], " $ ") {
				typ, expression, _ := strings.Cut(part, "=")
				p.Components = append(p.Components, SearchParam{Type: typ, Expression: expression})
			}
		}
		for _, base := range strings.Split(cols[0], ",") {
			if params[base] == nil {
				params[base] = map[string]*SearchParam{}
			}
			params[base][p.Name] = p
		}
	}
	return params, nil
}

var (
	asCast      = regexp.MustCompile(`^\(([A-Za-z.]+) as ([A-Za-z]+)\)$`)
	asCall      = regexp.MustCompile(`\.as\(([A-Za-z]+)\)`)
	whereCall   = regexp.MustCompile(`\.where\((resolve\(\) is [A-Za-z]+|[a-zA-Z]+ ?= ?'[^']*')\)`)
	plainSearch = regexp.MustCompile(`^[A-Za-z]+(\.[A-Za-z]+(\.ofType\([A-Za-z]+\))?|\.extension\('[^']+'\))*$`)
)

// SearchPaths returns the paths of an expression that begin at a resource type (or at
// Resource and DomainResource), as match expressions. An empty path stands for a part
// that is not just a path.
func SearchPaths(expression, typ string) []string {
	var paths []string
	for _, part := range strings.Split(expression, " | ") {
		part = strings.TrimSpace(part)
		begin := strings.TrimLeft(part, "(")
		head, rest, _ := strings.Cut(begin, ".")
		if head != typ && head != "Resource" && head != "DomainResource" {
			continue
		}
		if rest == "" { // "Observation": a composite
			paths = append(paths, "")
			continue
		}
		part = asCast.ReplaceAllString(part, "$1.ofType($2)")
		part = asCall.ReplaceAllString(part, ".ofType($1)")
		part = whereCall.ReplaceAllString(part, "")
		if !plainSearch.MatchString(part) {
			part = ""
		}
		paths = append(paths, part)
	}
	return paths
}
