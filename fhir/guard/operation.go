package guard

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/mask/keys"
)

// operating is one operation being judged.
type operating struct {
	search
	op string
	q  *Query
	// all has the types that the response may contain.
	all []string
	// given has the parameters by name, for those that need others.
	given map[string]string
}

// Operation judges the parameters of an operation that reads. name has the
// dollar sign; resourceType is that of the URL, empty for the whole system:
//
//	$everything  Patient, Encounter, Group: _since, _type, _count, and for
//	             patients start and end as years
//	$lastn       Observation: what a search takes, and max. It tells in which
//	             order the observations of a patient were made, though not when.
//	$export      "", Patient, Group: _since, _type, _typeFilter (each filter is
//	             judged like a search), _outputFormat, _elements
//	$expand      ValueSet: url that the consumer could see, filter, offset, count
//	             and switches. A filter tests displays, so it goes only with such a
//	             url: the displays of a standard's terminology are no one's.
//	$lookup      CodeSystem: system, code, version, property, displayLanguage, for
//	             codes that the consumer could see, where displays are shown
//	$validate-code  CodeSystem: url, code, version; ValueSet: url, valueSetVersion,
//	             system, code, systemVersion; both: display, abstract,
//	             displayLanguage. For codes, and displays, that the consumer could see
//
// Query.Upstream has the parameters to send, Query.Types the types that the response is
// limited to (empty: not limited), and Query.Narrow the selection for each masked
// resource (_elements of $export). The caller opens the id in the URL. Every other
// operation, type and parameter is refused; the error is a *Refusal.
func (g *Guard) Operation(keys *keys.Pseudonymizer, site *fhir.Site, name, resourceType string, params []Param, handling Handling) (*Query, error) {
	if name == "$lastn" && resourceType == "Observation" {
		return g.lastN(keys, site, params, handling)
	}
	op, known := operations[name]
	if !known || !op.ServedOn(resourceType) || resourceType != "" && !g.usable(resourceType) {
		return nil, &Refusal{Param: printable(name), Reason: "the operation is not served here",
			Hint: "$everything, $lastn, $export, $expand, $lookup and $validate-code are, where FHIR defines them"}
	}
	o := &operating{search: search{g: g, keys: keys, site: site, typ: resourceType, types: map[string]bool{}}, op: name, q: &Query{}, given: map[string]string{}}
	for _, p := range params {
		if _, twice := o.given[p.Name]; twice && !slices.Contains(op.repeats, p.Name) && !shapers[p.Name].repeats {
			return nil, &Refusal{Param: printable(p.Name), Reason: "it is given more than once"}
		}
		o.given[p.Name] = p.Value
	}
	types, _, err := o.takeTypes(params)
	if err != nil {
		return nil, err
	}
	if o.all = types; len(types) == 0 {
		o.all = g.UsableTypes()
	}
	o.q.Types = types
	for _, p := range params {
		out, r := op.judge(o, p)
		if r != nil {
			r.Param = printable(p.Name)
			if leavesElsewhere(p, handling, r) {
				o.q.Dropped = append(o.q.Dropped, r)
				continue
			}
			return nil, r
		}
		o.q.Upstream, o.q.Self = append(o.q.Upstream, out...), append(o.q.Self, p)
	}
	return o.q, nil
}

// lastN is a search with one additional parameter.
func (g *Guard) lastN(keys *keys.Pseudonymizer, site *fhir.Site, params []Param, handling Handling) (*Query, error) {
	var rest, most []Param
	for _, p := range params {
		if p.Name != "max" {
			rest = append(rest, p)
			continue
		}
		if most = append(most, p); len(most) > 1 || !lexical.IsDigits([]byte(p.Value), 1, 4) {
			return nil, &Refusal{Param: "max", Reason: "the value must be a number up to 9999, given once"}
		}
	}
	q, err := g.Search(keys, site, "Observation", rest, handling)
	if err != nil {
		return nil, err
	}
	q.Upstream, q.Self = append(q.Upstream, most...), append(q.Self, most...)
	return q, nil
}

// takeTypes reads the parameters _type: types that are known and not withheld.
func (s *search) takeTypes(params []Param) (types []string, rest []Param, err error) {
	for _, p := range params {
		if p.Name != "_type" {
			rest = append(rest, p)
			continue
		}
		for _, typ := range strings.Split(p.Value, ",") {
			if !s.g.usable(typ) {
				return nil, nil, &Refusal{Param: "_type", Reason: "a resource type is unknown or withheld"}
			}
			if !slices.Contains(types, typ) {
				types = append(types, typ)
			}
		}
	}
	sort.Strings(types)
	return types, rest, nil
}

const unknownHere = "it does not fit here"

// everything judges a parameter of $everything.
func (o *operating) everything(p Param) ([]Param, *Refusal) {
	switch p.Name {
	case "_since":
		return o.since(p)
	case "_type":
		return []Param{p}, nil
	case "_count":
		return o.count(nil, "", p)
	case "start", "end":
		if o.typ == "Patient" {
			return o.careYear(p)
		}
	}
	return nil, &Refusal{Reason: unknownHere, Hint: "_since, _type and _count do, and for a patient start and end"}
}

// since moves the time back as far as the strictest of the types that may be in the
// response requires.
func (o *operating) since(p Param) ([]Param, *Refusal) {
	from := ""
	for _, typ := range o.all {
		at, err := o.g.since(typ, p.Value)
		if r := (*Refusal)(nil); errors.As(err, &r) {
			return nil, r
		}
		if from == "" || at < from {
			from = at
		}
	}
	if from == "" {
		return nil, refusal("none of the requested types may be read")
	}
	return []Param{{p.Name, from}}, nil
}

// careYear judges start and end of $everything, which compare dates of care that
// each server chooses: whole years pass where the parameter "date" of every type
// of the compartment is shown as years. They go upstream as the first and the last
// day of the year.
func (o *operating) careYear(p Param) ([]Param, *Refusal) {
	// The first day of a year as the start means the year, and so does the last day as the
	// end.
	day, bound := "-01-01", "ge"
	if p.Name == "end" {
		day, bound = "-12-31", "le"
	}
	prefix, year, ok := o.g.yearBound(bound + p.Value)
	if !ok || prefix != bound || len(p.Value) > len("2006-01-02") {
		return nil, refusal(fmt.Sprintf("the value must be a whole year (YYYY) from %d on", o.g.oldestYear()))
	}
	for _, typ := range o.g.compartmentTypes(o.typ) {
		sp, ok := o.g.param(typ, "date")
		if !ok {
			continue
		}
		if v := o.g.judge(typ, sp); v.class != classYear {
			return nil, &Refusal{Rule: v.rule, Reason: "it would reveal more of the dates of " + typ + " than is shown"}
		}
	}
	return []Param{{p.Name, fmt.Sprintf("%04d%s", year, day)}}, nil
}

// export judges a parameter of $export (HL7 FHIR Bulk Data Access 2.0,
// export.html#query-parameters).
func (o *operating) export(p Param) ([]Param, *Refusal) {
	switch p.Name {
	case "_since":
		return o.since(p)
	case "_type":
		return []Param{p}, nil
	case "_outputFormat":
		switch p.Value = plus(p.Value); p.Value {
		case "application/fhir+ndjson", "application/ndjson", "ndjson":
			return []Param{p}, nil
		}
		return nil, refusal("the value must be application/fhir+ndjson")
	case "_typeFilter":
		return o.filters(p.Value)
	case "_elements":
		return nil, o.elementsOf(p.Value)
	}
	return nil, &Refusal{Reason: unknownHere, Hint: "_since, _type, _typeFilter, _outputFormat and _elements do"}
}

// filterStart is where a filter begins in a list of them: commas also separate
// the values of a parameter.
var filterStart = regexp.MustCompile(`(^|,)[A-Z][A-Za-z]*\?`)

// filters judges searches written Type?name=value&…, one or several separated by
// commas. Each goes upstream as one parameter, written anew from what was judged.
func (o *operating) filters(value string) ([]Param, *Refusal) {
	starts := filterStart.FindAllStringIndex(value, -1)
	if len(starts) == 0 || starts[0][0] != 0 {
		return nil, refusal("the value must be searches such as Observation?status=final")
	}
	var out []Param
	for i, at := range starts {
		end := len(value)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		filter, r := o.filter(strings.TrimPrefix(value[at[0]:end], ","))
		if r != nil {
			return nil, r
		}
		out = append(out, Param{"_typeFilter", filter})
	}
	return out, nil
}

// filter judges one search. It may only have parameters that select resources.
func (o *operating) filter(text string) (string, *Refusal) {
	typ, query, _ := strings.Cut(text, "?")
	if !slices.Contains(o.all, typ) {
		return "", refusal("the type of a filter is unknown, withheld or not among those that are exported")
	}
	o.params = nil
	for _, pair := range strings.Split(query, "&") {
		name, value, ok := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if !ok || err1 != nil || err2 != nil || strings.Contains(pair, ";") {
			return "", refusal("a filter must be name=value pairs joined by &")
		}
		o.params = append(o.params, Param{name, value})
	}
	var out []string
	for _, p := range o.params {
		if bare, _, _ := strings.Cut(p.Name, ":"); shapers[bare].judge != nil {
			return "", refusal(fmt.Sprintf("a filter takes no %s", bare))
		}
		upstream, r := o.criteria(typ, p)
		if r != nil {
			r.Reason = fmt.Sprintf("of its parameter %q: %s", printable(p.Name), r.Reason)
			return "", r
		}
		for _, p := range upstream {
			// Servers split a list of filters at whatever looks like the start of one.
			if strings.Contains(p.Value, "?") {
				return "", refusal("a value in a filter must not contain a question mark")
			}
			out = append(out, url.QueryEscape(p.Name)+"="+url.QueryEscape(p.Value))
		}
	}
	return typ + "?" + strings.Join(out, "&"), nil
}

// elementsOf makes the narrowing of Type.element and of element, which stands for
// that of every type that has it.
func (o *operating) elementsOf(value string) *Refusal {
	names := map[string][]string{}
	for _, item := range strings.Split(value, ",") {
		typ, name, typed := strings.Cut(item, ".")
		if !typed {
			typ, name = "", item
		}
		found := false
		for _, t := range o.all {
			if typed && t != typ {
				continue
			}
			if _, unknown := edit.SelectElements(o.g.a.Schema(), nil, t, []string{name}); !unknown {
				names[t] = append(names[t], name)
				found = true
			}
		}
		if !found {
			return refusal("the value must be elements, with or without their type, separated by commas")
		}
	}
	for _, typ := range slices.Sorted(maps.Keys(names)) {
		o.q.Narrow, _ = edit.SelectElements(o.g.a.Schema(), o.q.Narrow, typ, names[typ])
	}
	return nil
}
