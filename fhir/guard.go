package fhir

import (
	"fmt"
	"sort"
	"strings"

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
}

// NewGuard returns the guard of an automaton.
func NewGuard(a *Automaton) *Guard { return &Guard{a: a} }

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

// class is how a search parameter is treated.
type class uint8

const (
	classRefused   class = iota
	classID              // _id: pseudonyms are opened
	classReference       // pseudonyms are opened
	classCode            // a code of the bound value set
	classCoded           // system|code of a known system
	classBool            // true or false
	classNumber          // a number
	classYear            // a whole year
	classCanonical       // an allow-listed URL
)

// verdict is what the rules say of one parameter.
type verdict struct {
	class   class
	rule    string
	reason  string
	values  *ValueSet // classCode, classCoded: what a bare code may be
	targets []string  // classReference
}

// noSuchID stands in for a pseudonym that does not open, so that it is
// answered as an id that does not exist.
const noSuchID = "veil.no.such.id"

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

// OpenID opens the pseudonym of a resource's id.
func (g *Guard) OpenID(keys *mask.Pseudonymizer, resourceType string, pseudonym []byte) (id []byte, ok bool) {
	n := g.a.roots[resourceType]
	if n == nil {
		return nil, false
	}
	return keys.AppendOpened(nil, g.a.sealSlots[n.index], pseudonym)
}

// GuardedParam is a search parameter and whether it may be used.
type GuardedParam struct {
	Name string
	// Type is the FHIR search parameter type, such as token.
	Type    string
	Allowed bool
	// Why says how it is treated, or by which rule it is refused.
	Why string
}

// SearchParams returns the search parameters of a resource type in order of
// their names.
func (g *Guard) SearchParams(resourceType string) []GuardedParam {
	var out []GuardedParam
	for _, sp := range g.a.schema.SearchParams(resourceType) {
		v := g.judge(resourceType, sp)
		p := GuardedParam{Name: sp.Name, Type: sp.Type, Allowed: v.class != classRefused, Why: classWords[v.class]}
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

var classWords = map[class]string{
	classRefused:   "refused",
	classID:        "pseudonyms are opened",
	classReference: "pseudonyms are opened",
	classCode:      "codes of the bound value set",
	classCoded:     "system|code of a known code system",
	classBool:      "true or false",
	classNumber:    "numbers",
	classYear:      "whole years (YYYY)",
	classCanonical: "URLs that begin as the ruleset's canonicals say",
}

// Search judges the parameters of a search on a resource type and returns them
// as they may go upstream. The error is a *Refusal.
func (g *Guard) Search(keys *mask.Pseudonymizer, site *Site, resourceType string, params []Param) ([]Param, error) {
	out := make([]Param, 0, len(params))
	for _, p := range params {
		q, err := g.param(keys, site, resourceType, p)
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}

func (g *Guard) param(keys *mask.Pseudonymizer, site *Site, typ string, p Param) (Param, error) {
	refuse := func(rule, reason, hint string) (Param, error) {
		return Param{}, &Refusal{Param: printable(p.Name), Rule: rule, Reason: reason, Hint: hint}
	}
	name, modifier, _ := strings.Cut(p.Name, ":")
	switch name {
	case "_count":
		if len(p.Value) == 0 || len(p.Value) > 4 || !isDigits([]byte(p.Value), 1, 4) {
			return refuse("", "the value must be a number up to 9999", "")
		}
		return p, nil
	case "_total":
		if modifier == "" && (p.Value == "none" || p.Value == "estimate" || p.Value == "accurate") {
			return p, nil
		}
		return refuse("", "the value must be none, estimate or accurate", "")
	case "_summary":
		if modifier == "" && (p.Value == "count" || p.Value == "false") {
			return p, nil
		}
		return refuse("", "a summary can hide elements that the rules need", "only count and false are supported")
	case "_include", "_revinclude":
		return g.include(p, modifier)
	}
	if strings.Contains(name, ".") || name == "_has" {
		return refuse("", "chained parameters are not supported", "search by the reference's id")
	}
	sp, ok := g.a.schema.SearchParam(typ, name)
	if !ok {
		return refuse("", "it is not a search parameter of FHIR R4 for "+typ, strings.TrimSpace(mask.DidYouMean(name, g.allowed(typ))))
	}
	v := g.judge(typ, sp)
	if v.class == classRefused {
		return refuse(v.rule, v.reason, "")
	}
	value, reason := g.value(keys, site, v, modifier, p.Value)
	if reason != "" {
		return refuse(v.rule, reason, "")
	}
	if v.class == classReference && modifier != "" && modifier != "missing" {
		return Param{name + ":" + modifier, value}, nil
	}
	return Param{p.Name, value}, nil
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

// include lets Type:parameter and Type:parameter:Target pass where the
// parameter is a reference that may be followed.
func (g *Guard) include(p Param, modifier string) (Param, error) {
	refuse := func(reason string) (Param, error) {
		return Param{}, &Refusal{Param: printable(p.Name), Reason: reason}
	}
	parts := strings.Split(p.Value, ":")
	if modifier != "" || len(parts) < 2 || len(parts) > 3 {
		return refuse("the value must be Type:parameter or Type:parameter:Target, without modifiers")
	}
	for i, typ := range parts {
		if i == 1 {
			continue
		}
		if known, withheld := g.Type(typ); !known || withheld != "" {
			return refuse("the resource type is unknown or withheld")
		}
	}
	sp, ok := g.a.schema.SearchParam(parts[0], parts[1])
	if !ok || g.judge(parts[0], sp).class != classReference {
		return refuse("the parameter is not a reference that may be followed")
	}
	return p, nil
}

// value rewrites a value, or says in reason why it is refused.
func (g *Guard) value(keys *mask.Pseudonymizer, site *Site, v verdict, modifier, value string) (out, reason string) {
	switch {
	case modifier == "":
	case modifier == "missing" && v.class != classYear && v.class != classID:
		if value == "true" || value == "false" {
			return value, ""
		}
		return "", "the value of :missing must be true or false"
	case modifier == "not" && (v.class == classCode || v.class == classCoded):
	case v.class == classReference && g.a.roots[modifier] != nil:
		v.targets = []string{modifier}
	default:
		return "", "this modifier could test original values"
	}
	if strings.Contains(value, `\`) {
		return "", "escaped values are not supported"
	}
	items := strings.Split(value, ",")
	for i, item := range items {
		var ok bool
		switch v.class {
		case classID:
			items[i], ok = g.openOr(keys, v.targets[0], item), true
		case classReference:
			items[i], ok = g.openReference(keys, site, v.targets, modifier, item)
			reason = "the value must be Type/id, or an id where one type is possible"
		case classCode:
			code := item[strings.LastIndexByte(item, '|')+1:]
			items[i], ok = code, v.values != nil && v.values.Contains([]byte(code))
			reason = "the value is not a code of the element's value set"
		case classCoded:
			items[i], ok = g.token(v, item)
			reason = "the value must be system|code of a code system that the ruleset lists, in the form of its codes"
		case classBool:
			ok = item == "true" || item == "false"
			reason = "the value must be true or false"
		case classNumber:
			ok = isNumber(strings.TrimLeft(item, "egnlt"))
			reason = "the value must be a number"
		case classYear:
			ok = g.isYear(item)
			reason = fmt.Sprintf("the value must be a whole year (YYYY) from %d on, with eq, ne, gt, ge, lt or le", g.oldestYear())
		case classCanonical:
			ok = canonicalMayPass(g.a.canon, []byte(item))
			reason = "the value is not a canonical URL that the ruleset lets pass"
		}
		if !ok {
			return "", reason
		}
	}
	return strings.Join(items, ","), ""
}

// openOr opens a pseudonym; one that does not open becomes an id that no
// resource has.
func (g *Guard) openOr(keys *mask.Pseudonymizer, typ, pseudonym string) string {
	if id, ok := g.OpenID(keys, typ, []byte(pseudonym)); ok {
		return string(id)
	}
	return noSuchID
}

func (g *Guard) openReference(keys *mask.Pseudonymizer, site *Site, targets []string, modifier, item string) (string, bool) {
	if site != nil && site.Base != "" {
		item = strings.TrimPrefix(item, site.Base+"/")
	}
	typ, id, found := strings.Cut(item, "/")
	if !found {
		if len(targets) != 1 {
			return "", false
		}
		typ, id = targets[0], item
	}
	if g.a.roots[typ] == nil || !isID([]byte(id)) || modifier != "" && modifier != typ {
		return "", false
	}
	opened := g.openOr(keys, typ, id)
	if modifier != "" {
		return opened, true
	}
	return typ + "/" + opened, true
}

// token lets system|code and system| of known systems pass. A bare code passes
// with the systems of the bound value set that have it: without them it could
// match a code of an unknown system, which is masked.
func (g *Guard) token(v verdict, item string) (string, bool) {
	system, code, found := strings.Cut(item, "|")
	if !found {
		var all []string
		if v.values != nil && v.values.Contains([]byte(item)) {
			for _, sys := range v.values.Systems {
				s := g.a.codes.find([]byte(sys))
				if s != nil && g.a.codes.codeMayPass(s, []byte(sys), []byte(item)) {
					all = append(all, sys+"|"+item)
				}
			}
		}
		return strings.Join(all, ","), len(all) > 0
	}
	s := g.a.codes.find([]byte(system))
	if s == nil || code != "" && !g.a.codes.codeMayPass(s, []byte(system), []byte(code)) {
		return "", false
	}
	return item, true
}

// oldestYear is the first year that no rule hides as one that reveals an age
// over 89.
func (g *Guard) oldestYear() int { return g.a.Policy.Ruleset.ReferenceDate.Year - 89 }

// isYear lets a whole year pass that does not split the years that rules hide.
func (g *Guard) isYear(item string) bool {
	if len(item) == 6 {
		switch item[:2] {
		case "eq", "ne", "gt", "ge", "lt", "le":
			item = item[2:]
		}
	}
	return len(item) == 4 && isDigits([]byte(item), 4, 4) && item >= fmt.Sprintf("%04d", g.oldestYear())
}

func isNumber(s string) bool {
	var f fault
	return s != "" && scanNumber([]byte(s), 0, &f) == len(s)
}
