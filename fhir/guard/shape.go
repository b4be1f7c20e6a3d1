package guard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
)

// Shape judges the parameters of a read, which only say what part of the resource is
// wanted: _elements and _summary. Other parameters that shape results have no effect on
// a read; they are left out and returned. The error is a *Refusal.
func (g *Guard) Shape(resourceType string, params []Param, handling Handling) (*edit.Selection, []*Refusal, error) {
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
		seen[p.Name] = true
		if r == nil {
			continue
		}
		r.Param = printable(p.Name)
		if !leavesElsewhere(p, handling, r) {
			return nil, nil, r
		}
		q.Dropped = append(q.Dropped, r)
	}
	return q.Narrow, q.Dropped, nil
}

// leavesElsewhere reports whether a parameter that is refused outside of searches only
// shapes responses, so that it is left out.
func leavesElsewhere(p Param, handling Handling, r *Refusal) bool {
	name, _, _ := strings.Cut(p.Name, ":")
	sh, shapes := shapers[name]
	return shapes && (name != "_summary" || p.Value != "count") && sh.leaves(handling, r)
}

// shaper judges a parameter that selects what is returned of the result. It returns what
// is sent upstream of it.
type shaper struct {
	judge   func(s *search, q *Query, modifier string, p Param) ([]Param, *Refusal)
	repeats bool
	// vital parameters are refused under lenient handling too: without them the response
	// would be of another kind.
	vital bool
	// adds: without it resources are missing from the response, so that only lenient
	// handling leaves it out.
	adds bool
}

// leaves reports whether a parameter is left out; otherwise it is refused, and the
// refusal says how to have it left out.
func (sh shaper) leaves(handling Handling, r *Refusal) bool {
	switch {
	case sh.vital:
		return false
	case handling == Lenient, handling == Unstated && !sh.adds:
		return true
	}
	if r.Hint != "" {
		r.Hint += ", or "
	}
	r.Hint += "send Prefer: handling=lenient to have it left out"
	return false
}

// Handling says what to do with refused parameters that only shape the response, as the
// consumer requests (FHIR R4, search.html#errors).
type Handling uint8

const (
	// Unstated leaves them out, except those without which resources would be missing.
	Unstated Handling = iota
	// Strict refuses all.
	Strict
	// Lenient leaves all of them out.
	Lenient
)

var shapers map[string]shaper

func init() {
	shapers = map[string]shaper{
		"_count": {judge: (*search).count},
		"_total": {judge: (*search).total},
		// That is how Aidbox and its clients write _total.
		"_totalMethod": {judge: (*search).total},
		"_contained":   {judge: oneOf("false"), vital: true},
		"_summary":     {judge: (*search).summary},
		"_elements":    {judge: (*search).elements},
		"_sort":        {judge: (*search).sort},
		"_include":     {judge: (*search).include, repeats: true, adds: true},
		"_revinclude":  {judge: (*search).include, repeats: true, adds: true},
	}
}

func refusal(reason string) *Refusal { return &Refusal{Reason: reason} }

func (s *search) count(_ *Query, modifier string, p Param) ([]Param, *Refusal) {
	if modifier != "" || !lexical.IsDigits([]byte(p.Value), 1, 4) {
		return nil, refusal("the value must be a number up to 9999")
	}
	return []Param{p}, nil
}

// totals are the values of _total, and those of _totalMethod that mean the same.
var totals = map[string]string{"none": "none", "estimate": "estimate", "accurate": "accurate", "count": "accurate", "countEstimate": "estimate"}

// total goes upstream as _total, once.
func (s *search) total(q *Query, modifier string, p Param) ([]Param, *Refusal) {
	value := totals[p.Value]
	if modifier != "" || value == "" || p.Name == "_total" && value != p.Value {
		return nil, refusal("the value must be none, estimate or accurate")
	}
	if slices.ContainsFunc(q.Upstream, func(o Param) bool { return o.Name == "_total" }) {
		return nil, refusal("the total is requested in two ways")
	}
	return []Param{{"_total", value}}, nil
}

// oneOf accepts listed values only.
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
		q.Narrow = edit.SelectSummary(s.g.a.Schema(), q.Narrow, s.typ, p.Value)
		return nil, nil
	}
	return nil, refusal("the value must be true, text, data, count or false")
}

func (s *search) elements(q *Query, modifier string, p Param) ([]Param, *Refusal) {
	if modifier != "" {
		return nil, refusal("it takes no modifier")
	}
	n, unknown := edit.SelectElements(s.g.a.Schema(), q.Narrow, s.typ, strings.Split(p.Value, ","))
	if unknown {
		return nil, refusal("the value must be names of elements of " + s.typ + ", separated by commas")
	}
	q.Narrow = n
	return nil, nil
}

// sort allows an order that the consumer could establish from what it sees.
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
			return nil, &Refusal{Rule: v.rule, Reason: fmt.Sprintf("sorting by %q would reveal original values: %s", name, v.reason)}
		default:
			// Ordering by ids alone only separates pages, which upstreams do anyway.
			return nil, &Refusal{Rule: v.rule, Reason: fmt.Sprintf("sorting by %q would reveal more of the original values than is shown", name),
				Hint: "sort by what the response shows instead", Harmless: strings.TrimPrefix(p.Value, "-") == "_id"}
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
	params := []*schema.SearchParam{}
	if parts[1] == "*" {
		for _, sp := range s.g.a.Schema().SearchParams(parts[0]) {
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
