package guard

import (
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/terminology"
)

// canonical reports whether a canonical URL is one that the consumer could see.
func (g *Guard) canonical(url string) bool { return g.a.CanonicalPasses(url) }

// code reports whether a code of a system is one that the consumer could see.
func (g *Guard) code(system, code string) bool { return g.a.CodePasses(system, code) }

// Display reports whether the consumer could see a display of a code.
func (g *Guard) Display(system, code, display string) bool {
	return g.ShowsDisplays() && g.a.DisplayPasses(system, code, display)
}

// ShowsDisplays reports whether the ruleset shows displays of at least one code system,
// in Codings and in CodeSystems.
func (g *Guard) ShowsDisplays() bool {
	return g.a.DisplaysPass() && g.shows("Parameters", "parameter", "value", "display") && g.shows("CodeSystem", "concept", "display")
}

// shows reports whether the display that a path leads to is decided as that of a code.
func (g *Guard) shows(typ string, path ...string) bool {
	o, known := g.a.Resource(typ)
	if !known || o.WithheldBy() != "" {
		return false
	}
	for _, element := range path[:len(path)-1] {
		found := false
		var next fhir.Object
		for e := range o.Elements() {
			if e.Name() == element && (e.Type() == "Coding" || element != "value") {
				next, found = e.Treatment().Object()
			}
		}
		if o = next; !found {
			return false
		}
	}
	t, ok := treated(o, path[len(path)-1])
	return ok && t.Effect() == fhir.ShowsCoded
}

// expand judges a parameter of $expand (FHIR R4, valueset-operation-expand.html).
func (o *operating) expand(p Param) ([]Param, *Refusal) {
	switch p.Name {
	case "url", "valueSetVersion":
		return o.valueSet(p)
	case "filter":
		if !o.g.ShowsDisplays() {
			return nil, refusal(noDisplays)
		}
		if o.g.canonical(o.given["url"]) {
			return []Param{p}, nil
		}
		return nil, refusal("it tests displays, so it needs a url that the ruleset lets pass")
	case "offset", "count":
		if lexical.IsDigits([]byte(p.Value), 1, 6) {
			return []Param{p}, nil
		}
		return nil, refusal("the value must be a number up to 999999")
	case "includeDesignations", "includeDefinition", "activeOnly", "excludeNested", "excludeNotForUI", "excludePostCoordinated":
		return oneOf("true", "false")(&o.search, o.q, "", p)
	case "displayLanguage":
		return language(p)
	}
	return nil, &Refusal{Reason: unknownHere, Hint: "url, valueSetVersion, filter, offset, count, displayLanguage and the switches of FHIR R4 do"}
}

// lookup judges a parameter of $lookup (FHIR R4,
// codesystem-operation-lookup.html).
func (o *operating) lookup(p Param) ([]Param, *Refusal) {
	if !o.g.ShowsDisplays() {
		return nil, refusal(noDisplays)
	}
	switch p.Name {
	case "system", "code":
		return o.code("system", p)
	case "version":
		return o.version("system", p)
	case "property":
		if len(p.Value) > 0 && len(p.Value) <= 64 && strings.IndexFunc(p.Value, func(r rune) bool { return r > 0x7f || !lexical.IsWord(byte(r)) && r != '-' && r != '.' }) < 0 {
			return []Param{p}, nil
		}
		return nil, refusal("the value must be the name of a property")
	case "displayLanguage":
		return language(p)
	}
	return nil, &Refusal{Reason: unknownHere, Hint: "system, code, version, property and displayLanguage do"}
}

// validateCode judges a parameter of $validate-code (FHIR R4,
// valueset-operation-validate-code.html, codesystem-operation-validate-code.html).
// What it answers of a code and a display that the consumer could see, it could read
// of an expansion.
func (o *operating) validateCode(p Param) ([]Param, *Refusal) {
	system := "system"
	if o.typ == "CodeSystem" {
		system = "url"
	}
	switch {
	case p.Name == system, p.Name == "code":
		return o.code(system, p)
	case o.typ == "CodeSystem" && p.Name == "version", o.typ == "ValueSet" && p.Name == "systemVersion":
		return o.version(system, p)
	case o.typ == "ValueSet" && (p.Name == "url" || p.Name == "valueSetVersion"):
		return o.valueSet(p)
	case p.Name == "display":
		if o.g.Display(o.given[system], o.given["code"], p.Value) {
			return []Param{p}, nil
		}
		return nil, &Refusal{Reason: "it tests a display that the ruleset does not show", Hint: "leave it out"}
	case p.Name == "abstract":
		return oneOf("true", "false")(&o.search, o.q, "", p)
	case p.Name == "displayLanguage":
		return language(p)
	}
	if o.typ == "CodeSystem" {
		return nil, &Refusal{Reason: unknownHere, Hint: "url, code, version, display, abstract and displayLanguage do"}
	}
	return nil, &Refusal{Reason: unknownHere, Hint: "url, valueSetVersion, system, code, systemVersion, display, abstract and displayLanguage do"}
}

const noDisplays = "the ruleset shows no displays"

// valueSet judges what names a value set.
func (o *operating) valueSet(p Param) ([]Param, *Refusal) {
	if p.Name == "url" {
		if o.g.canonical(p.Value) {
			return []Param{p}, nil
		}
		return nil, refusal("the value is not a canonical URL that the ruleset lets pass")
	}
	if v := []byte(p.Value); terminology.IsReleaseNumber(v, 3) || terminology.IsReleaseYear(v) {
		return []Param{p}, nil
	}
	return nil, refusal("the value must be a release number or a year")
}

// code judges a code, or its system, which the parameter of that name has.
func (o *operating) code(system string, p Param) ([]Param, *Refusal) {
	if o.g.code(o.given[system], o.given["code"]) {
		return []Param{p}, nil
	}
	return nil, refusal(system + " and code must be those of a code system that the ruleset lists, in the form of its codes")
}

// version judges the version of a code system, which the parameter of that name has.
func (o *operating) version(system string, p Param) ([]Param, *Refusal) {
	if terminology.IsVersion([]byte(o.given[system]), []byte(p.Value)) {
		return []Param{p}, nil
	}
	return nil, refusal("the value must be a version in the form that the code system has")
}

func language(p Param) ([]Param, *Refusal) {
	if !terminology.IsLanguage([]byte(p.Value)) {
		return nil, refusal("the value must be a language, such as en or en-US")
	}
	return []Param{p}, nil
}
