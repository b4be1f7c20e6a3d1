package fhir

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/veil-proxy/veil/mask"
)

// Guard decides what may be searched. Nothing of it is a list kept by hand:
// the expression of each search parameter is resolved against the compiled
// rules, and a parameter passes only where every element that it compares is
// one that the consumer sees as it is, or whose pseudonym Veil can open. A
// parameter that would test an original value is refused before anything is
// sent. A Guard is immutable and may be used concurrently.
type Guard struct {
	a *Automaton
	// custom are the search parameters that the ruleset names, by type and name.
	// They stand before those of the specification.
	custom map[string]map[string]*SearchParam
	// verdicts remembers what the rules say of each parameter that was asked for:
	// there are as many as parameters of types, and they never change.
	verdicts sync.Map // judged → verdict
}

// judged is a parameter of a type.
type judged struct {
	typ string
	sp  *SearchParam
}

// NewGuard returns the guard of an automaton.
func NewGuard(a *Automaton) *Guard {
	g := &Guard{a: a, custom: map[string]map[string]*SearchParam{}}
	for _, p := range a.Policy.Ruleset.FHIR.SearchParameters {
		for _, base := range p.Base {
			if g.custom[base] == nil {
				g.custom[base] = map[string]*SearchParam{}
			}
			g.custom[base][p.Name] = &SearchParam{Name: p.Name, Type: p.Type, Targets: p.Targets, Expression: p.Expression}
		}
	}
	return g
}

// Param is a search parameter with its name and value decoded.
type Param struct {
	Name, Value string
}

// Refusal says which parameter is refused, by which rule and what would work.
// It never holds the value.
type Refusal struct {
	Param  string
	Rule   string
	Reason string
	Hint   string
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
	// Types are the other resource types that the search looks into or answers
	// with, in order of their names.
	Types []string
	// Dropped are the parameters that lenient handling left out.
	Dropped []*Refusal
	// Narrow is what the consumer asked to see of each resource, applied once it
	// is masked; nil for all of it. What hides elements never goes upstream: the
	// rules may need what is hidden.
	Narrow *Narrowing
}

// Type reports whether name is an R4 resource type, and the rule that
// withholds it, if one does.
func (g *Guard) Type(name string) (known bool, withheldBy string) {
	n := g.a.roots[name]
	if n == nil {
		return false, ""
	}
	if n.withheld != nil {
		return true, g.a.Actions[n.withheld.action].Rule
	}
	return true, ""
}

// Types returns the R4 resource types, withheld or not, in order of their names.
func (g *Guard) Types() []string { return slices.Clone(g.a.types) }

// usable reports whether a type is known and not withheld.
func (g *Guard) usable(name string) bool {
	known, withheldBy := g.Type(name)
	return known && withheldBy == ""
}

// OpenID opens the pseudonym of a resource's id.
func (g *Guard) OpenID(keys *mask.Pseudonymizer, resourceType string, pseudonym []byte) (id []byte, ok bool) {
	n := g.a.roots[resourceType]
	if n == nil {
		return nil, false
	}
	return keys.AppendOpened(nil, g.a.sealSlots[n.index], pseudonym)
}

// OpenVersion opens the pseudonym of a version id.
func (g *Guard) OpenVersion(keys *mask.Pseudonymizer, pseudonym []byte) (version []byte, ok bool) {
	return keys.AppendOpened(nil, g.a.versionSlot, pseudonym)
}

// ShowsVersions reports whether resources of a type show version ids that can be
// opened.
func (g *Guard) ShowsVersions(resourceType string) bool {
	n := g.a.roots[resourceType]
	if n == nil {
		return false
	}
	meta := n.field("meta")
	if meta == nil || meta.decision.child == nil {
		return false
	}
	v := meta.decision.child.field("versionId")
	return v != nil && v.decision.op == opVersion
}

// param finds a search parameter of a type: the ruleset's own, or FHIR R4's.
func (g *Guard) param(typ, name string) (*SearchParam, bool) {
	if p, ok := g.custom[typ][name]; ok {
		return p, true
	}
	return g.a.schema.SearchParam(typ, name)
}

// Search judges the parameters of a search on a resource type. The error is a
// *Refusal. With lenient handling (FHIR R4, search.html#errors) a refused
// parameter that only shapes the result is left out and named in Dropped; one
// that would choose resources never is, since its absence would answer another
// question.
func (g *Guard) Search(keys *mask.Pseudonymizer, site *Site, resourceType string, params []Param, lenient bool) (*Query, error) {
	if !g.usable(resourceType) {
		return nil, &Refusal{Param: printable(resourceType), Reason: "the resource type is unknown or withheld"}
	}
	s := &search{g: g, keys: keys, site: site, typ: resourceType, types: map[string]bool{}}
	s.entity = s.patientOf(params)
	q := &Query{}
	seen := map[string]bool{}
	for _, p := range params {
		name, modifier, _ := strings.Cut(p.Name, ":")
		shape, shapes := shapers[name]
		var out []Param
		var r *Refusal
		switch {
		case !shapes:
			out, r = s.criteria(resourceType, p)
		case seen[name] && !shape.repeats:
			r = &Refusal{Reason: "it is given more than once"}
		default:
			seen[name] = true
			out, r = shape.judge(s, q, modifier, p)
		}
		if r != nil {
			r.Param = printable(p.Name)
			if !lenient || !shapes || shape.vital {
				return nil, r
			}
			q.Dropped = append(q.Dropped, r)
			continue
		}
		q.Upstream = append(q.Upstream, out...)
		q.Self = append(q.Self, p)
	}
	q.Types = sortedKeys(s.types)
	return q, nil
}

// Shape judges the parameters of a read, which only say what of the resource is
// wanted: _elements and _summary. The error is a *Refusal.
func (g *Guard) Shape(resourceType string, params []Param) (*Narrowing, error) {
	s := &search{g: g, typ: resourceType}
	q := &Query{}
	seen := map[string]bool{}
	for _, p := range params {
		var r *Refusal
		switch {
		case seen[p.Name]:
			r = refusal("it is given more than once")
		case p.Name == "_elements":
			_, r = s.elements(q, "", p)
		case p.Name == "_summary" && p.Value != "count":
			_, r = s.summary(q, "", p)
		default:
			r = &Refusal{Reason: "it does not fit here", Hint: "_elements, _summary, _format and _pretty do"}
		}
		if r != nil {
			r.Param = printable(p.Name)
			return nil, r
		}
		seen[p.Name] = true
	}
	return q.Narrow, nil
}

// Canonical reports whether a canonical URL is one that the consumer could see.
func (g *Guard) Canonical(url string) bool { return canonicalMayPass(g.a.canon, []byte(url)) }

// Code reports whether a code of a system is one that the consumer could see.
func (g *Guard) Code(system, code string) bool {
	s := g.a.codes.find([]byte(system))
	return s != nil && g.a.codes.codeMayPass(s, []byte(system), []byte(code))
}

// search is one search being judged.
type search struct {
	g    *Guard
	keys *mask.Pseudonymizer
	site *Site
	typ  string
	// types are the other types that the search looks into or answers with.
	types map[string]bool
	// entity is the patient whom every answer is about, if the search names one.
	entity []byte
}

// shaper judges a parameter that says what of the result is wanted. It returns
// what goes upstream of it.
type shaper struct {
	judge   func(s *search, q *Query, modifier string, p Param) ([]Param, *Refusal)
	repeats bool
	// vital parameters are refused under lenient handling too: without them the
	// answer would be one of another kind.
	vital bool
}

var shapers map[string]shaper

func init() {
	shapers = map[string]shaper{
		"_count":      {judge: (*search).count},
		"_total":      {judge: oneOf("none", "estimate", "accurate")},
		"_contained":  {judge: oneOf("false"), vital: true},
		"_summary":    {judge: (*search).summary},
		"_elements":   {judge: (*search).elements},
		"_sort":       {judge: (*search).sort},
		"_include":    {judge: (*search).include, repeats: true},
		"_revinclude": {judge: (*search).include, repeats: true},
	}
}

func refusal(reason string) *Refusal { return &Refusal{Reason: reason} }

func (s *search) count(_ *Query, modifier string, p Param) ([]Param, *Refusal) {
	if modifier != "" || !isDigits([]byte(p.Value), 1, 4) {
		return nil, refusal("the value must be a number up to 9999")
	}
	return []Param{p}, nil
}

// oneOf takes listed values only.
func oneOf(values ...string) func(*search, *Query, string, Param) ([]Param, *Refusal) {
	return func(_ *search, _ *Query, modifier string, p Param) ([]Param, *Refusal) {
		if modifier != "" || !slices.Contains(values, p.Value) {
			return nil, refusal("the value must be " + strings.Join(values, " or "))
		}
		return []Param{p}, nil
	}
}

func (s *search) summary(q *Query, modifier string, p Param) ([]Param, *Refusal) {
	switch {
	case modifier != "":
	case p.Value == "count", p.Value == "false":
		return []Param{p}, nil
	case p.Value == "true", p.Value == "text", p.Value == "data":
		q.Narrow = s.g.a.schema.summary(q.Narrow, s.typ, p.Value)
		return nil, nil
	}
	return nil, refusal("the value must be true, text, data, count or false")
}

func (s *search) elements(q *Query, modifier string, p Param) ([]Param, *Refusal) {
	if modifier != "" {
		return nil, refusal("it takes no modifier")
	}
	n, unknown := s.g.a.schema.elements(q.Narrow, s.typ, strings.Split(p.Value, ","))
	if unknown {
		return nil, refusal("the value must be names of elements of " + s.typ + ", separated by commas")
	}
	q.Narrow = n
	return nil, nil
}

// sort lets an order pass that the consumer could make of what it sees.
func (s *search) sort(_ *Query, modifier string, p Param) ([]Param, *Refusal) {
	for _, item := range strings.Split(p.Value, ",") {
		name := strings.TrimPrefix(item, "-")
		sp, ok := s.g.param(s.typ, name)
		if modifier != "" || !ok {
			return nil, refusal("the value must be search parameters of " + s.typ + ", each with or without a minus sign")
		}
		v := s.g.judge(s.typ, sp)
		switch v.class {
		case classBool, classNumber, classCode, classText:
		case classRefused:
			return nil, &Refusal{Rule: v.rule, Reason: fmt.Sprintf("the order by %q would tell of original values: %s", name, v.reason)}
		default:
			return nil, &Refusal{Rule: v.rule, Reason: fmt.Sprintf("the order by %q would tell more of the original values than is shown", name),
				Hint: "sort by what the answer shows instead"}
		}
	}
	return []Param{p}, nil
}

// include lets Type:parameter, Type:parameter:Target and Type:* pass where the
// parameter is a reference that may be followed.
func (s *search) include(_ *Query, modifier string, p Param) ([]Param, *Refusal) {
	if modifier != "" && modifier != "iterate" {
		return nil, refusal("the only modifier is :iterate")
	}
	forward := strings.HasPrefix(p.Name, "_include")
	value := p.Value
	if value == "*" && forward {
		value = s.typ + ":*"
	}
	parts := strings.Split(value, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return nil, refusal("the value must be Type:parameter or Type:parameter:Target")
	}
	for i, typ := range parts {
		if i == 1 {
			continue
		}
		if !s.g.usable(typ) {
			return nil, refusal("the resource type is unknown or withheld")
		}
		s.types[typ] = true
	}
	if modifier == "" {
		if forward && parts[0] != s.typ {
			return nil, refusal("without :iterate, what is included must be referred to by " + s.typ)
		}
		if !forward && len(parts) == 3 && parts[2] != s.typ {
			return nil, refusal("without :iterate, what is included must refer to " + s.typ)
		}
	}
	params := []*SearchParam{}
	if parts[1] == "*" {
		for _, sp := range s.g.a.schema.SearchParams(parts[0]) {
			if sp.Type == "reference" {
				params = append(params, sp)
			}
		}
	} else if sp, ok := s.g.param(parts[0], parts[1]); ok {
		params = append(params, sp)
	}
	if len(params) == 0 {
		return nil, refusal("the parameter is not a reference that may be followed")
	}
	for _, sp := range params {
		if v := s.g.judge(parts[0], sp); v.class != classReference {
			if parts[1] == "*" {
				return nil, &Refusal{Rule: v.rule, Reason: fmt.Sprintf("not every reference of %s may be followed, such as %q", parts[0], sp.Name), Hint: "name the parameters"}
			}
			return nil, &Refusal{Rule: v.rule, Reason: "the parameter is not a reference that may be followed"}
		}
		if forward && len(parts) < 3 {
			s.leadsTo(sp.Targets)
		}
	}
	return []Param{{p.Name, value}}, nil
}

// leadsTo notes the types that references lead to; none means any.
func (s *search) leadsTo(targets []string) {
	if len(targets) == 0 {
		targets = s.g.a.types
	}
	for _, typ := range targets {
		if s.g.usable(typ) {
			s.types[typ] = true
		}
	}
}

// printable keeps a parameter's name in errors to what names are made of.
func printable(name string) string {
	if len(name) > 64 {
		name = name[:64]
	}
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (isWord(byte(r)) || strings.ContainsRune("-:.", r)) {
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
