// Package guard decides what a consumer may request from a FHIR server: searches,
// compartments, histories and operations. It stands above the engine and reads the
// compiled rules, so that the upstream compares only values that the consumer can see.
package guard

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask/keys"
)

// Guard decides what may be searched. It has no lists kept by hand: it resolves the
// expression of each search parameter against the compiled rules, and a parameter
// passes only if the consumer sees every element that it compares unchanged, or as a
// pseudonym that Veil can open. A parameter that would test an original value is
// refused before anything is sent. A Guard is immutable and safe for concurrent use.
type Guard struct {
	a *fhir.Automaton
	// custom has the search parameters that the ruleset names, by type and name. They take
	// precedence over those of the specification.
	custom map[string]map[string]*schema.SearchParam
	// verdicts remembers what the rules say about each parameter that was requested: there
	// are no more than parameters of types, and they never change.
	verdicts sync.Map // judged → verdict
}

// judged is a parameter of a type.
type judged struct {
	typ string
	sp  *schema.SearchParam
}

// New returns the guard of an automaton.
func New(a *fhir.Automaton) *Guard {
	g := &Guard{a: a, custom: map[string]map[string]*schema.SearchParam{}}
	for _, p := range a.Policy.Ruleset.FHIR.SearchParameters {
		for _, base := range p.Base {
			if g.custom[base] == nil {
				g.custom[base] = map[string]*schema.SearchParam{}
			}
			g.custom[base][p.Name] = &schema.SearchParam{Name: p.Name, Type: p.Type, Targets: p.Targets, Expression: p.Expression}
		}
	}
	return g
}

// Param is a search parameter with its name and value decoded.
type Param struct {
	Name, Value string
}

// Refusal says which parameter is refused, by which rule, and what would work. It never
// contains the value.
type Refusal struct {
	Param  string
	Rule   string
	Reason string
	Hint   string
	// Harmless reports that the response is still complete if the parameter is left out.
	Harmless bool
}

func (r *Refusal) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "search parameter %q is refused", r.Param)
	if r.Rule != "" {
		fmt.Fprintf(&b, " by rule %q", r.Rule)
	}
	fmt.Fprintf(&b, ": %s", r.Reason)
	if r.Hint != "" {
		fmt.Fprintf(&b, "; %s", r.Hint)
	}
	return b.String()
}

// Query is a search that may be made.
type Query struct {
	// Upstream are the parameters as they may go upstream.
	Upstream []Param
	// Self are the parameters that were applied, as the consumer wrote them.
	Self []Param
	// Types are the other resource types that the search reads or returns, in order of
	// their names.
	Types []string
	// Dropped are the parameters that were left out.
	Dropped []*Refusal
	// Narrow selects the elements that the consumer requested, and is applied to masked
	// resources; nil selects all. Such parameters never go upstream, because the rules may
	// need the elements that they hide.
	Narrow *edit.Selection
}

// Type reports whether name is a resource type of the FHIR version, and which rule
// withholds it, if any.
func (g *Guard) Type(name string) (known bool, withheldBy string) {
	o, known := g.a.Resource(name)
	if !known {
		return false, ""
	}
	return true, o.WithheldBy()
}

// known reports whether name is a resource type.
func (g *Guard) known(name string) bool {
	_, known := g.a.Resource(name)
	return known
}

// Types returns the resource types of the FHIR version, withheld or not, in order of
// their names.
func (g *Guard) Types() []string { return g.a.ResourceTypes() }

// usable reports whether a type is known and not withheld.
func (g *Guard) usable(name string) bool {
	known, withheldBy := g.Type(name)
	return known && withheldBy == ""
}

// OpenID opens the pseudonym of a resource's id.
func (g *Guard) OpenID(keys *keys.Pseudonymizer, resourceType string, pseudonym []byte) (id []byte, ok bool) {
	return g.a.OpenID(keys, resourceType, pseudonym)
}

// OpenVersion opens the pseudonym of a version id.
func (g *Guard) OpenVersion(keys *keys.Pseudonymizer, pseudonym []byte) (version []byte, ok bool) {
	return g.a.OpenVersion(keys, pseudonym)
}

// ShowsVersions reports whether resources of a type show version ids that can be
// opened.
func (g *Guard) ShowsVersions(resourceType string) bool {
	o, known := g.a.Resource(resourceType)
	if !known {
		return false
	}
	meta, _ := treated(o, "meta")
	in, ok := meta.Object()
	if !ok {
		return false
	}
	version, ok := treated(in, "versionId")
	return ok && version.Effect() == fhir.SealsVersion
}

// param finds a search parameter of a type: the ruleset's own, or FHIR R4's.
func (g *Guard) param(typ, name string) (*schema.SearchParam, bool) {
	if p, ok := g.custom[typ][name]; ok {
		return p, true
	}
	return g.a.Schema().SearchParam(typ, name)
}

// Search judges the parameters of a search on a resource type. The error is a *Refusal.
// A refused parameter that only shapes the result is left out and named in Dropped,
// depending on handling. One that selects resources is never left out, because that
// would answer another question.
func (g *Guard) Search(keys *keys.Pseudonymizer, site *fhir.Site, resourceType string, params []Param, handling Handling) (*Query, error) {
	if !g.usable(resourceType) {
		return nil, &Refusal{Param: printable(resourceType), Reason: "the resource type is unknown or withheld"}
	}
	s := &search{g: g, keys: keys, site: site, typ: resourceType, types: map[string]bool{}, params: params}
	s.entity = s.patientOf(params)
	q := &Query{}
	seen := map[string]Param{}
	for _, p := range params {
		name, modifier, _ := strings.Cut(p.Name, ":")
		shape, shapes := shapers[name]
		first, again := seen[name]
		again = again && shapes && !shape.repeats
		if again && first == p {
			continue // a repeated parameter is sent once
		}
		var out []Param
		var r *Refusal
		switch {
		case !shapes:
			out, r = s.criteria(resourceType, p)
		case again:
			// The consumer has to say which of them is meant.
			r, shape.adds = refusal("it is given more than once, with different values"), true
		default:
			seen[name] = p
			out, r = shape.judge(s, q, modifier, p)
		}
		if r != nil {
			r.Param = printable(p.Name)
			if !shapes || !shape.leaves(handling, r) {
				return nil, r
			}
			q.Dropped = append(q.Dropped, r)
			continue
		}
		q.Upstream = append(q.Upstream, out...)
		q.Self = append(q.Self, p)
	}
	q.Types = slices.Sorted(maps.Keys(s.types))
	return q, nil
}

// search is one search being judged.
type search struct {
	g    *Guard
	keys *keys.Pseudonymizer
	site *fhir.Site
	typ  string
	// types has the other types that the search reads or returns.
	types map[string]bool
	// params has all parameters of the search, and full is the name of the one being judged.
	params []Param
	full   string
	// entity is the patient that every result is about, if the search names one.
	entity []byte
}

// leadsTo records the types that references lead to; none means any.
func (s *search) leadsTo(targets []string) {
	if len(targets) == 0 {
		targets = s.g.a.ResourceTypes()
	}
	for _, typ := range targets {
		if s.g.usable(typ) {
			s.types[typ] = true
		}
	}
}

// printable limits a parameter's name in errors to the characters of names.
func printable(name string) string {
	if len(name) > 64 {
		name = name[:64]
	}
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (lexical.IsWord(byte(r)) || strings.ContainsRune("-:.", r)) {
			return r
		}
		return '?'
	}, name)
}

func (g *Guard) allowed(typ string) []string {
	var names []string
	for _, p := range g.SearchParams(typ) {
		if p.Allowed {
			names = append(names, p.Name)
		}
	}
	return names
}
