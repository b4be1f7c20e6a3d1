package guard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/fhir/terminology"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/age"
)

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
	classAmount          // a number, with a unit where it could tell an age over 89
	classText            // text that passes unchanged
	classExact           // a value that the method lets pass, compared exactly
	classPrefix          // a value that the method lets pass, compared as a beginning
	classShifted         // a time, shifted back where the patient is known
	classComposite       // values of other classes
)

var classWords = [...]string{
	classRefused:   "refused",
	classID:        "pseudonyms are opened",
	classReference: "pseudonyms are opened",
	classCode:      "codes of the bound value set",
	classCoded:     "system|code of a known code system",
	classBool:      "true or false",
	classNumber:    "numbers",
	classYear:      "whole years (YYYY)",
	classCanonical: "URLs that begin with one of the ruleset's canonicals, and those of its code systems",
	classAmount:    fmt.Sprintf("numbers up to %d, or with a UCUM unit that measures no time", age.Oldest),
	classText:      "the text passes unchanged",
	classExact:     "values that the rule lets pass, compared exactly",
	classPrefix:    "values that the rule lets pass",
	classShifted:   "days and times, where the search names the patient; they are shifted back",
	classComposite: "",
}

// verdict is what the rules say of one parameter.
type verdict struct {
	class   class
	rule    string
	reason  string
	values  []*schema.ValueSet // classCode, classCoded: what a bare code may be, by element
	targets []string           // classReference
	methods []mask.Method      // classExact, classPrefix: by element
	parts   []verdict          // classComposite
	// age: what is compared is an age, whatever its unit.
	age bool
	// noAge: it is shown where the code beside it is not that of an age.
	noAge bool
	// text: the parameter is of type string, which compares beginnings.
	text bool
	// systemed: a code needs its system beside it.
	systemed bool
	// stamp: what is compared is the time of the last change, which the server writes.
	stamp bool
}

// how says in words how a parameter's values are treated.
func (v verdict) how() string {
	if v.class != classComposite {
		return classWords[v.class]
	}
	var parts []string
	for _, p := range v.parts {
		parts = append(parts, p.how())
	}
	return strings.Join(parts, " $ ")
}

// noSuchID stands in for a pseudonym that does not open, so that it is
// answered as an id that does not exist.
const noSuchID = "veil.no.such.id"

// value rewrites a modifier and a value, or says in reason why they are refused.
func (s *search) value(v verdict, modifier, value string) (mod, out, reason string) {
	switch {
	case modifier == "":
	case modifier == "missing" && v.showsPresence():
		if value == "true" || value == "false" {
			return modifier, value, ""
		}
		return "", "", "the value of :missing must be true or false"
	case modifier == "not" && (v.class == classCode || v.class == classCoded):
	case (modifier == "above" || modifier == "below") && v.class == classCoded:
		// Subsumption is known of the codes that pass, given their system.
		v.values, v.systemed = nil, true
	case (modifier == "exact" || modifier == "contains") && v.class == classText && v.text:
	case modifier == "exact" && v.class == classExact:
	case v.class == classReference && s.g.known(modifier):
		v.targets = []string{modifier}
	default:
		return "", "", "this modifier could test original values"
	}
	if v.class == classExact && v.text {
		modifier = "exact"
	}
	if strings.Contains(value, `\`) {
		return "", "", "escaped values are not supported"
	}
	items := strings.Split(value, ",")
	for i, item := range items {
		var ok bool
		if items[i], ok, reason = s.item(v, modifier, item); !ok {
			return "", "", reason
		}
	}
	return modifier, strings.Join(items, ","), ""
}

// showsPresence reports whether an element that is there is seen to be there.
func (v verdict) showsPresence() bool {
	switch v.class {
	case classReference, classCode, classCoded, classBool, classNumber, classText:
		return true
	}
	return false
}

// item rewrites one of the values that commas separate. reason says what it
// must be.
func (s *search) item(v verdict, modifier, item string) (out string, ok bool, reason string) {
	switch v.class {
	case classID:
		return s.openOr(v.targets[0], item), true, ""
	case classReference:
		out, ok = s.openReference(v.targets, modifier, item)
		return out, ok, "the value must be Type/id, or an id where one type is possible"
	case classCode:
		if out, ok = v.code(item); !ok {
			out, ok = v.code(plus(item))
		}
		return out, ok, "the value is not a code of the element's value set"
	case classCoded:
		out, ok = s.g.token(v, item)
		return out, ok, "the value must be system|code of a code system that the ruleset lists, in the form of its codes, or a code that few of them have"
	case classBool:
		return item, item == "true" || item == "false", "the value must be true or false"
	case classNumber:
		_, number := cutPrefix(item)
		return item, isNumber(number), "the value must be a number"
	case classYear:
		out, ok = s.g.year(v, item)
		return out, ok, s.g.yearReason(v)
	case classShifted:
		out, ok = s.unshift(v, item)
		return out, ok, "the value must be a day or an instant with a zone, with eq, ne, gt, ge, lt or le"
	case classCanonical:
		return item, s.g.a.CanonicalPasses(item), "the value is not a canonical URL that the ruleset lets pass"
	case classAmount:
		return item, isAmount(item, v.age), fmt.Sprintf("the value must be a number up to %d, without a unit or with a common unit of time, or number|%s|code with a unit that measures no time", age.Oldest, terminology.UCUM)
	case classText:
		return item, item != "", "the value is empty"
	case classExact, classPrefix:
		if v.class == classPrefix && strings.TrimSpace(item) == hiddenArea {
			return "", false, "000 stands for every hidden area, and matches none of them"
		}
		if !s.passes(v.methods, item, homeCountry) {
			return "", false, "the value is not one that the rule lets pass"
		}
		return item, s.passes(v.methods, item, foreignCountry) || s.namesCountry(v.methods, item),
			"an address in another country may have it too, but does not show it; add address-country=US"
	case classComposite:
		parts := strings.Split(item, "$")
		if len(parts) != len(v.parts) {
			return "", false, fmt.Sprintf("the value must be %d values joined by $", len(v.parts))
		}
		for i, part := range v.parts {
			if parts[i], ok, reason = s.item(part, "", parts[i]); !ok {
				return "", false, fmt.Sprintf("in part %d, %s", i+1, reason)
			}
			if strings.Contains(parts[i], ",") {
				return "", false, fmt.Sprintf("in part %d, the value must be system|code", i+1)
			}
			if _, code, _ := strings.Cut(parts[0], "|"); part.noAge && (code == "" || terminology.IsAgeCode([]byte(code))) {
				return "", false, "the first part must be the system|code of something other than an age"
			}
		}
		return strings.Join(parts, "$"), true, ""
	}
	return "", false, "it could test original values"
}

// hiddenArea is shown in place of the postal codes of areas where few people live.
const hiddenArea = "000"

// A part of an address may pass in one country and not in another.
const homeCountry, foreignCountry = "US", "FR"

// passes reports whether every method lets a value pass as it is beside a country:
// what one of them hides is not found by what another shows.
func (s *search) passes(methods []mask.Method, value, country string) bool {
	for _, m := range methods {
		in := &mask.Input{Keys: s.keys, Country: []byte(country)}
		if _, outcome, err := m.Append(nil, []byte(value), in); err != nil || outcome != mask.Kept {
			return false
		}
	}
	return len(methods) > 0
}

// namesCountry reports whether the search also names the country of the address, and
// one beside which the value is shown. Of the many that _has looks at, one could have
// the value and another the country.
func (s *search) namesCountry(methods []mask.Method, value string) bool {
	if strings.Contains(s.full, "_has:") {
		return false
	}
	holder := s.full[:strings.LastIndexByte(s.full, '.')+1]
	return slices.ContainsFunc(s.params, func(p Param) bool {
		name, modifier, _ := strings.Cut(strings.TrimPrefix(p.Name, holder), ":")
		if name != "address-country" || !strings.HasPrefix(p.Name, holder) || modifier != "" && modifier != "exact" {
			return false
		}
		for _, country := range strings.Split(p.Value, ",") {
			if country == "" || !s.passes(methods, value, country) {
				return false
			}
		}
		return true
	})
}

// code lets a code pass that every element would show, bare or with a system of
// the value set. The system is implied by a code's element and not sent.
func (v verdict) code(item string) (string, bool) {
	system, code, found := strings.Cut(item, "|")
	if !found {
		code = item
	}
	for _, set := range v.values {
		if set == nil || !set.Contains([]byte(code)) || found && !slices.Contains(set.Systems, system) {
			return "", false
		}
	}
	return code, len(v.values) > 0
}

// openOr opens a pseudonym; one that does not open becomes an id that no
// resource has.
func (s *search) openOr(typ, pseudonym string) string {
	if id, ok := s.g.OpenID(s.keys, typ, []byte(pseudonym)); ok {
		return string(id)
	}
	return noSuchID
}

func (s *search) openReference(targets []string, modifier, item string) (string, bool) {
	if s.site != nil && s.site.Base != "" {
		item = strings.TrimPrefix(item, s.site.Base+"/")
	}
	typ, id, found := strings.Cut(item, "/")
	if !found {
		if len(targets) != 1 {
			return "", false
		}
		typ, id = targets[0], item
	}
	if !s.g.known(typ) || !lexical.IsID([]byte(id)) || modifier != "" && modifier != typ {
		return "", false
	}
	opened := s.openOr(typ, id)
	if modifier != "" {
		return opened, true
	}
	return typ + "/" + opened, true
}

// token lets system|code and system| of known systems pass. A bare code passes
// with the systems of the bound value set that have it, or else with the few listed
// ones that it has the form of: without them it could match a code of an unknown
// system, which is masked.
func (g *Guard) token(v verdict, item string) (string, bool) {
	system, code, found := strings.Cut(item, "|")
	if !found {
		var all []string
		for _, set := range v.values {
			if set == nil || !set.Contains([]byte(item)) {
				continue
			}
			for _, sys := range set.Systems {
				if with := sys + "|" + item; g.a.CodePasses(sys, item) && !slices.Contains(all, with) {
					all = append(all, with)
				}
			}
		}
		if len(all) == 0 && !v.systemed {
			all = g.having(item)
		}
		return strings.Join(all, ","), len(all) > 0
	}
	return item, g.a.CodePasses(system, code) || code == "" && g.a.SystemPasses(system)
}

// mostSystems is how many systems a bare code may be of.
const mostSystems = 8

// having returns system|code for each listed system that a code has the form of, in
// order of the systems; nothing where they are too many to be meant.
func (g *Guard) having(code string) []string {
	all := g.a.SystemsHaving(code)
	if len(all) > mostSystems {
		return nil
	}
	for i, system := range all {
		all[i] = system + "|" + code
	}
	return all
}

// oldestYear is the first year that no rule hides as one that reveals an age
// over 89.
func (g *Guard) oldestYear() int { return g.a.Policy.Ruleset.ReferenceDate.Year - age.Oldest }

// plus gives a value that has no spaces the plus sign back that was read as one, since
// it was not escaped in the URL: of a time zone, or of a media type.
func plus(value string) string { return strings.ReplaceAll(value, " ", "+") }

// cutPrefix takes the prefix off an ordered value (FHIR R4, search.html#prefix).
func cutPrefix(item string) (prefix, rest string) {
	if len(item) >= 2 {
		switch item[:2] {
		case "eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap":
			return item[:2], item[2:]
		}
	}
	return "", item
}

func isNumber(s string) bool {
	var f fhirjson.Fault
	return s != "" && fhirjson.ScanNumber([]byte(s), 0, &f) == len(s)
}

// isAmount lets [prefix]number, number||code and number|system|code pass. A
// number that could be an age over 89 needs a unit that measures no time; units
// are distinguished by what they measure and not by how they are written, since a
// server may convert them (95 years are 0.95 ha). Of an age, no unit is one of no
// time.
func isAmount(item string, isAge bool) bool {
	prefix, rest := cutPrefix(item)
	parts := strings.Split(rest, "|")
	if !isNumber(parts[0]) || len(parts) == 2 || len(parts) > 3 {
		return false
	}
	n, err := strconv.ParseFloat(parts[0], 64)
	if err != nil {
		return false
	}
	if prefix == "ap" {
		n += n / 10 // what it means is left to servers; a tenth is suggested
	}
	if len(parts) == 1 {
		return n <= age.Oldest
	}
	system, unit := parts[1], parts[2]
	if system != "" && system != terminology.UCUM || !terminology.IsUCUM([]byte(unit)) {
		return false
	}
	return n <= age.Oldest && terminology.IsShortTime(unit) || terminology.IsNoTime(unit) && (n <= age.Oldest || system == terminology.UCUM && !isAge)
}
