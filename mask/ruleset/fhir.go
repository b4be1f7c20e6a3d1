package ruleset

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/internal/lazyregexp"
	"github.com/veil-proxy/veil/internal/strictyaml"
)

// FHIRSection is the part of a ruleset about FHIR resources. This package reads it;
// package fhir defines what a match means.
type FHIRSection struct {
	// Version is the FHIR version, such as "R5". It is empty for R4, so that the hashes of
	// rulesets for R4 do not depend on it.
	Version string `json:"version,omitempty"`
	// VersionAt is its position.
	VersionAt strictyaml.Position `json:"-"`
	Rules     []Rule              `json:"rules"`
	// CodeSystems are the code systems whose codes may pass.
	CodeSystems []CodeSystem `json:"codeSystems"`
	// Canonicals are the beginnings of canonical URLs that may pass.
	Canonicals []string `json:"canonicals"`
	// SearchParameters are the upstream's search parameters that add to or replace those
	// of the FHIR version.
	SearchParameters []SearchParameter `json:"searchParameters,omitempty"`
	// ContentTypes are media types whose content passes as it is, in Binary
	// resources that are read raw. No rule reaches into it.
	ContentTypes []string `json:"contentTypes,omitempty"`
}

// SearchParameter says which elements a search parameter of the upstream compares, so
// that the rules can judge it. Whoever writes one vouches that the upstream compares
// those and nothing else.
type SearchParameter struct {
	Name string `json:"name"`
	// Base are the resource types that have the parameter.
	Base []string `json:"base"`
	// Type is number, date, string, token, reference, quantity or uri.
	Type string `json:"type"`
	// Expression is one or more paths, joined by " | ".
	Expression string `json:"expression"`
	// Targets are the resource types that a reference may point to.
	Targets []string `json:"targets,omitempty"`
	// Why is a note for people.
	Why string `json:"why,omitempty"`

	At strictyaml.Position `json:"-"`
}

// CodeSystem passes the codes of a system that have its form.
type CodeSystem struct {
	// System is the URI, or a prefix of it followed by "*".
	System string `json:"system"`
	// Form names the check a code must pass, such as loinc or snomed.
	Form string `json:"form"`
	// Pattern is the regular expression (RE2, whole code) of form pattern.
	Pattern string `json:"pattern,omitempty"`
	// Display is verify, trust or remove.
	Display string `json:"display"`
	// RollUp is the number of characters to which codes are shortened; 0 keeps them whole.
	RollUp int `json:"rollUp,omitempty"`

	At strictyaml.Position `json:"-"`
}

// mediaType is type/subtype (RFC 6838, 4.2) in lower case.
var mediaType = lazyregexp.New(`^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$`)

func (r *rulesetReader) fhir(n strictyaml.Node, sec *FHIRSection) {
	r.Mapping(n, map[string]strictyaml.Field{
		"version": func(n strictyaml.Node) {
			version, ok := r.Text(n)
			if ok && version != "R4" && version != "4.0.1" {
				sec.Version = version
			}
			sec.VersionAt = r.At(n)
		},
		"unknown": func(n strictyaml.Node) { r.Word(n, "remove") },
		"rules": func(n strictyaml.Node) {
			rules(r, n, &sec.Rules, func(n strictyaml.Node) (Rule, string) {
				rule := r.rule(n)
				return rule, rule.ID
			})
		},
		"codeSystems": func(n strictyaml.Node) {
			r.Sequence(n, func(item strictyaml.Node) { sec.CodeSystems = append(sec.CodeSystems, r.codeSystem(item)) })
		},
		"canonicals": func(n strictyaml.Node) {
			for _, l := range r.Texts(n) {
				if strings.Contains(l.Text, "*") {
					r.Problems.Add(l.At, "canonicals: each is the literal beginning of a URL: remove the *")
				}
				sec.Canonicals = append(sec.Canonicals, l.Text)
			}
		},
		"contentTypes": func(n strictyaml.Node) {
			for _, l := range r.Texts(n) {
				if !mediaType().MatchString(l.Text) {
					r.Problems.Add(l.At, "contentTypes: expected a media type in lower case, such as application/pdf")
				}
				sec.ContentTypes = append(sec.ContentTypes, l.Text)
			}
		},
		"searchParameters": func(n strictyaml.Node) {
			r.Sequence(n, func(item strictyaml.Node) {
				sec.SearchParameters = append(sec.SearchParameters, r.searchParameter(item))
			})
		},
	}, nil)
}

// searchName is what names of search parameters are made of (FHIR R4,
// searchparameter.html, SearchParameter.code).
var searchName = lazyregexp.New(`^[a-zA-Z][a-zA-Z0-9-]{0,63}$`)

func (r *rulesetReader) searchParameter(n strictyaml.Node) SearchParameter {
	p := SearchParameter{At: r.At(n)}
	texts := func(n strictyaml.Node) (out []string) {
		for _, l := range r.Texts(n) {
			out = append(out, l.Text)
		}
		return out
	}
	r.Mapping(n, map[string]strictyaml.Field{
		"name": func(n strictyaml.Node) { p.Name, _ = r.Text(n) },
		"base": func(n strictyaml.Node) { p.Base = texts(n) },
		"type": func(n strictyaml.Node) {
			p.Type = r.Word(n, "number", "date", "string", "token", "reference", "quantity", "uri")
		},
		"expression": func(n strictyaml.Node) { p.Expression, _ = r.Text(n) },
		"targets":    func(n strictyaml.Node) { p.Targets = texts(n) },
		"why":        func(n strictyaml.Node) { p.Why, _ = r.Text(n) },
	}, nil)
	if !searchName().MatchString(p.Name) {
		r.Bad(n, `search parameter has no "name", or one that is not letters, digits and hyphens`)
	}
	for _, m := range []struct {
		missing bool
		what    string
	}{{len(p.Base) == 0, "base"}, {p.Type == "", "type"}, {p.Expression == "", "expression"}} {
		if m.missing {
			r.Bad(n, "search parameter %q has no %q", p.Name, m.what)
		}
	}
	return p
}

func (r *rulesetReader) codeSystem(n strictyaml.Node) CodeSystem {
	cs := CodeSystem{At: r.At(n), Display: "verify"}
	r.Mapping(n, map[string]strictyaml.Field{
		"system":  func(n strictyaml.Node) { cs.System, _ = r.Text(n) },
		"form":    func(n strictyaml.Node) { cs.Form, _ = r.Text(n) },
		"pattern": func(n strictyaml.Node) { cs.Pattern, _ = r.Text(n) },
		"display": func(n strictyaml.Node) { cs.Display = r.Word(n, "verify", "trust", "remove") },
		"rollUp": func(n strictyaml.Node) {
			text, _ := r.Text(n)
			var err error
			if cs.RollUp, err = strconv.Atoi(text); err != nil || cs.RollUp < 1 || cs.RollUp > 64 {
				r.Bad(n, "rollUp: expected how many characters of a code remain, a number from 1 to 64")
			}
		},
	}, nil)
	if cs.RollUp > 0 && cs.Display == "trust" {
		r.Bad(n, `code system: "display: trust" would show what "rollUp" takes away: use verify or remove`)
	}
	if cs.RollUp > 0 && cs.Form == "ucum" {
		r.Bad(n, "code system: units cannot be rolled up")
	}
	switch at := strings.IndexByte(cs.System, '*'); {
	case at >= 0 && at < len(cs.System)-1:
		r.Bad(n, "code system: * is allowed only at the end")
	case at >= 0 && cs.Form != "" && cs.Form != "members":
		r.Bad(n, "code system: a * goes with \"form: members\", since the rest of a URI could say anything: list the systems of form %q one by one", cs.Form)
	}
	if cs.System == "" {
		r.Bad(n, `code system has no "system"`)
	}
	if cs.Form == "" {
		r.Bad(n, `code system has no "form", the check its codes must pass`)
	}
	if (cs.Pattern != "") != (cs.Form == "pattern") {
		r.Bad(n, `"pattern" goes with "form: pattern"`)
	}
	if _, err := regexp.Compile(cs.Pattern); err != nil {
		r.Bad(n, "pattern: not a regular expression (RE2)")
	}
	return cs
}
