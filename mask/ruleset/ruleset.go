package ruleset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/civil"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Ruleset is what a person writes, read, checked and with everything it
// extends resolved. It is immutable.
type Ruleset struct {
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	// ReferenceDate is the day ages are counted at.
	ReferenceDate civil.Date  `json:"referenceDate"`
	FHIR          FHIRSection `json:"fhir"`
	// Tables is nil where the ruleset says nothing of tables.
	Tables *TablesSection `json:"tables,omitempty"`

	sha256 string
	file   string
}

// File is the name of the file that was read, not of those that it extends.
func (rs *Ruleset) File() string { return rs.file }

// FHIRSection is the part of a ruleset about FHIR resources. This package
// reads it; what a match means is known to package fhir.
type FHIRSection struct {
	Rules []Rule `json:"rules"`
	// CodeSystems are the code systems whose codes may pass.
	CodeSystems []CodeSystem `json:"codeSystems"`
	// Canonicals are the beginnings of canonical URLs that may pass.
	Canonicals []string `json:"canonicals"`
	// SearchParameters are parameters of the upstream beside those of FHIR R4,
	// or in their place.
	SearchParameters []SearchParameter `json:"searchParameters,omitempty"`
	// ContentTypes are media types whose content passes as it is, in Binary
	// resources that are read raw. No rule reaches into it.
	ContentTypes []string `json:"contentTypes,omitempty"`
}

// SearchParameter says what a search parameter of the upstream compares, so
// that it can be judged by the rules. Whoever writes one vouches that the
// upstream compares that and nothing else.
type SearchParameter struct {
	Name string `json:"name"`
	// Base are the resource types it is a parameter of.
	Base []string `json:"base"`
	// Type is number, date, string, token, reference, quantity or uri.
	Type string `json:"type"`
	// Expression is one or more paths, joined by " | ".
	Expression string `json:"expression"`
	// Targets are the resource types that a reference may lead to.
	Targets []string `json:"targets,omitempty"`
	// Why is a note for people.
	Why string `json:"why,omitempty"`

	At strictyaml.Position `json:"-"`
}

// Rule says which method acts where.
type Rule struct {
	ID string `json:"id"`
	// Category is the Safe Harbor identifiers that the rule is about: letters
	// from A to R in order, or empty.
	Category string    `json:"category,omitempty"`
	Match    []string  `json:"match"`
	Method   string    `json:"method"`
	Args     mask.Args `json:"args,omitempty"`
	// Why is a note for people.
	Why string `json:"why,omitempty"`

	// At is where the rule stands, MatchAt where each match does.
	At      strictyaml.Position   `json:"-"`
	MatchAt []strictyaml.Position `json:"-"`
}

// CodeSystem lets the codes of a system pass when they have its form.
type CodeSystem struct {
	// System is the URI, or its beginning where it ends in "*".
	System string `json:"system"`
	// Form names the check a code must pass, such as loinc or snomed.
	Form string `json:"form"`
	// Pattern is the regular expression (RE2, whole code) of form pattern.
	Pattern string `json:"pattern,omitempty"`
	// Display is verify, trust or remove.
	Display string `json:"display"`

	At strictyaml.Position `json:"-"`
}

// SHA256 is the ruleset's identity: the hash, in hex, of its canonical JSON
// form with everything it extends resolved. Layout, comments and the order of
// keys do not change it; the order of rules does.
func (rs *Ruleset) SHA256() string { return rs.sha256 }

// Opener returns the text of the ruleset that extends names, and the file
// name to use in errors.
type Opener func(name string) (file string, src []byte, err error)

// maxExtends bounds a chain of rulesets that extend each other.
const maxExtends = 8

// Parse reads a ruleset, checks all of it against methods and resolves
// what it extends. The error is Problems with every problem found.
func Parse(file string, src []byte, methods mask.Methods, open Opener) (*Ruleset, error) {
	var problems strictyaml.Problems
	rs := parseRuleset(file, src, methods, open, &problems, 0)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	canonical, err := json.Marshal(rs)
	if err != nil {
		return nil, fmt.Errorf("%s: canonical form: %w", file, err)
	}
	sum := sha256.Sum256(canonical)
	rs.sha256, rs.file = hex.EncodeToString(sum[:]), file
	return rs, nil
}

// Canonical returns the bytes whose SHA-256 is the ruleset's identity,
// indented for reading when indent is true.
func (rs *Ruleset) Canonical(indent bool) []byte {
	b, _ := json.Marshal(rs) // strings, numbers and maps of them: cannot fail
	if !indent {
		return b
	}
	var buf bytes.Buffer
	_ = json.Indent(&buf, b, "", "  ")
	return append(buf.Bytes(), '\n')
}

type rulesetReader struct {
	strictyaml.Tree
	methods mask.Methods
	rs      *Ruleset
	version bool
	// incomplete: what is extended could not be read, so that what it would have given
	// is not missing.
	incomplete bool
}

func parseRuleset(file string, src []byte, methods mask.Methods, open Opener, problems *strictyaml.Problems, depth int) *Ruleset {
	t, root := strictyaml.Parse(file, src, problems)
	if root.IsZero() {
		return &Ruleset{}
	}
	t.Foreign = foreignKeys
	r := &rulesetReader{Tree: t, methods: methods, rs: &Ruleset{}}
	var own Ruleset
	var extends *strictyaml.Located
	ok := r.Mapping(root, map[string]strictyaml.Field{
		"veil":        func(n strictyaml.Node) { r.version = r.Word(n, "1") != "" },
		"name":        func(n strictyaml.Node) { own.Name = r.name(n) },
		"title":       func(n strictyaml.Node) { own.Title, _ = r.Text(n) },
		"description": func(n strictyaml.Node) { own.Description, _ = r.Text(n) },
		"extends": func(n strictyaml.Node) {
			if n.IsString() {
				s, _ := r.Text(n)
				extends = &strictyaml.Located{Text: s, At: r.At(n)}
			} else {
				r.Bad(n, "want the name of a ruleset")
			}
		},
		"referenceDate": func(n strictyaml.Node) { own.ReferenceDate = r.date(n) },
		"fhir":          func(n strictyaml.Node) { r.fhir(n, &own.FHIR) },
		"tables":        func(n strictyaml.Node) { own.Tables = r.tables(n) },
	}, nil)
	if !ok {
		return r.rs
	}
	top := strictyaml.Position{File: file, Line: 1, Column: 1}
	if !r.version {
		problems.Add(top, `want "veil: 1", the version of the rule language`)
	}
	if own.Name == "" {
		problems.Add(top, `want "name:", the ruleset's name`)
	}
	if extends != nil {
		r.extend(*extends, open, depth)
	}
	r.merge(own)
	r.checkClasses()
	if depth == 0 && r.rs.ReferenceDate.IsZero() && !r.incomplete {
		problems.Add(top, `want "referenceDate:", the day ages are counted at (YYYY-MM-DD)`)
	}
	return r.rs
}

func (r *rulesetReader) extend(base strictyaml.Located, open Opener, depth int) {
	if depth >= maxExtends {
		r.Problems.Add(base.At, "more than %d rulesets extend each other: is there a circle?", maxExtends)
		return
	}
	if open == nil {
		r.Problems.Add(base.At, "no ruleset can be extended here")
		return
	}
	file, src, err := open(base.Text)
	if err != nil {
		r.Problems.Add(base.At, "extends: %v", err)
		r.incomplete = true
		return
	}
	before := len(*r.Problems)
	r.rs = parseRuleset(file, src, r.methods, open, r.Problems, depth+1)
	r.incomplete = len(*r.Problems) > before
}

// merge lays own over what it extends: scalars replace, rules and code systems
// of the same name replace in place, others are added after.
func (r *rulesetReader) merge(own Ruleset) {
	rs := r.rs
	rs.Name = own.Name
	if own.Title != "" {
		rs.Title = own.Title
	}
	if own.Description != "" {
		rs.Description = own.Description
	}
	if !own.ReferenceDate.IsZero() {
		rs.ReferenceDate = own.ReferenceDate
	}
	rs.mergeTables(own.Tables)
	for _, rule := range own.FHIR.Rules {
		i := slices.IndexFunc(rs.FHIR.Rules, func(o Rule) bool { return o.ID == rule.ID })
		if i < 0 {
			rs.FHIR.Rules = append(rs.FHIR.Rules, rule)
		} else {
			rs.FHIR.Rules[i] = rule
		}
	}
	for _, cs := range own.FHIR.CodeSystems {
		i := slices.IndexFunc(rs.FHIR.CodeSystems, func(o CodeSystem) bool { return o.System == cs.System })
		if i < 0 {
			rs.FHIR.CodeSystems = append(rs.FHIR.CodeSystems, cs)
		} else {
			rs.FHIR.CodeSystems[i] = cs
		}
	}
	for _, p := range own.FHIR.SearchParameters {
		i := slices.IndexFunc(rs.FHIR.SearchParameters, func(o SearchParameter) bool {
			return o.Name == p.Name && slices.Equal(o.Base, p.Base)
		})
		if i < 0 {
			rs.FHIR.SearchParameters = append(rs.FHIR.SearchParameters, p)
		} else {
			rs.FHIR.SearchParameters[i] = p
		}
	}
	rs.FHIR.Canonicals = union(rs.FHIR.Canonicals, own.FHIR.Canonicals)
	rs.FHIR.ContentTypes = union(rs.FHIR.ContentTypes, own.FHIR.ContentTypes)
}

func union(all, more []string) []string {
	for _, s := range more {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// mediaType is type/subtype (RFC 6838, 4.2) in lower case.
var mediaType = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$`)

// categoryForm takes letters in ascending order.
var categoryForm = regexp.MustCompile(`^A?B?C?D?E?F?G?H?I?J?K?L?M?N?O?P?Q?R?$`)

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

func (r *rulesetReader) name(n strictyaml.Node) string {
	s, ok := r.Text(n)
	if ok && !nameForm.MatchString(s) {
		r.Bad(n, "name: want 1 to 64 of a-z, 0-9, dot, hyphen, underscore")
	}
	return s
}

func (r *rulesetReader) date(n strictyaml.Node) civil.Date {
	s, ok := r.Text(n)
	if !ok {
		return civil.Date{}
	}
	d, err := civil.Parse(s)
	if err != nil {
		r.Bad(n, "referenceDate: %v", err)
	}
	return d
}

func (r *rulesetReader) fhir(n strictyaml.Node, sec *FHIRSection) {
	r.Mapping(n, map[string]strictyaml.Field{
		"version": func(n strictyaml.Node) { r.Word(n, "R4", "4.0.1") },
		"unknown": func(n strictyaml.Node) { r.Word(n, "remove") },
		"rules": func(n strictyaml.Node) {
			ids := map[string]bool{}
			r.Sequence(n, func(item strictyaml.Node) {
				rule := r.rule(item)
				if rule.ID != "" && ids[rule.ID] {
					r.Bad(item, "rule id %q appears twice", rule.ID)
				}
				ids[rule.ID] = true
				sec.Rules = append(sec.Rules, rule)
			})
		},
		"codeSystems": func(n strictyaml.Node) {
			r.Sequence(n, func(item strictyaml.Node) { sec.CodeSystems = append(sec.CodeSystems, r.codeSystem(item)) })
		},
		"canonicals": func(n strictyaml.Node) {
			for _, l := range r.Texts(n) {
				if strings.Contains(l.Text, "*") {
					r.Problems.Add(l.At, "canonicals: each is the beginning of a URL as it is: leave the * out")
				}
				sec.Canonicals = append(sec.Canonicals, l.Text)
			}
		},
		"contentTypes": func(n strictyaml.Node) {
			for _, l := range r.Texts(n) {
				if !mediaType.MatchString(l.Text) {
					r.Problems.Add(l.At, "contentTypes: want a media type in lower case, such as application/pdf")
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

func (r *rulesetReader) rule(n strictyaml.Node) Rule {
	rule := Rule{At: r.At(n)}
	m := methodReader{names: []string{"id", "category", "match", "method", "why"}}
	r.Mapping(n, map[string]strictyaml.Field{
		"id":       func(n strictyaml.Node) { rule.ID = r.name(n) },
		"category": func(n strictyaml.Node) { rule.Category = r.category(n) },
		"match": func(n strictyaml.Node) {
			for _, l := range r.Texts(n) {
				rule.Match = append(rule.Match, l.Text)
				rule.MatchAt = append(rule.MatchAt, l.At)
			}
		},
		"method": func(n strictyaml.Node) { rule.Method, m.at = r.method(n), n },
		"why":    func(n strictyaml.Node) { rule.Why, _ = r.Text(n) },
	}, func(key string, keyNode, value strictyaml.Node) {
		m.args = append(m.args, givenArg{key, keyNode, value})
	})
	r.complete(n, rule.ID, len(rule.Match) > 0, rule.Method)
	rule.Args = r.arguments(rule.Method, m)
	return rule
}

func (r *rulesetReader) category(n strictyaml.Node) string {
	s, _ := r.Text(n)
	if !categoryForm.MatchString(s) {
		r.Bad(n, "category: want letters from A to R in order, such as C or DEF (45 CFR 164.514(b)(2)(i))")
	}
	return s
}

// complete reports what every rule must have and this one has not.
func (r *rulesetReader) complete(n strictyaml.Node, id string, match bool, method string) {
	switch {
	case id == "":
		r.Bad(n, `rule has no "id"`)
	case !match:
		r.Bad(n, `rule %q has no "match"`, id)
	case method == "":
		r.Bad(n, `rule %q has no "method"`, id)
	}
}

// methodReader is the method of a rule and the keys that are its arguments.
type methodReader struct {
	// names are the keys that every rule of the kind has.
	names []string
	at    strictyaml.Node
	args  []givenArg
}

type givenArg struct {
	name       string
	key, value strictyaml.Node
}

// arguments checks the arguments of a method.
func (r *rulesetReader) arguments(method string, m methodReader) mask.Args {
	def, ok := r.methods[method]
	if !ok {
		if method != "" {
			r.Bad(m.at, "unknown method %q%s", method, hint(r.methods, method))
		}
		for _, g := range m.args { // one of them may be the misspelt "method"
			if strictyaml.Elsewhere(r.Foreign, g.name) != "" || method == "" && suggest.DidYouMean(g.name, m.names) != "" {
				r.UnknownKey(g.key, g.name, m.names)
			}
		}
		return nil
	}
	var args mask.Args
	params := map[string]mask.Param{}
	names := m.names
	for _, p := range def.Params {
		params[p.Name] = p
		names = append(names, p.Name)
	}
	for _, g := range m.args {
		p, ok := params[g.name]
		if !ok {
			r.Bad(g.key, "method %q takes no %q%s", def.Name, g.name, suggest.DidYouMean(g.name, names))
			continue
		}
		if v, ok := r.argument(g.value, p.Type); ok {
			if args == nil {
				args = mask.Args{}
			}
			args[g.name] = v
			if err := p.Check(v); err != nil {
				r.Bad(g.value, "method %q: %q %v", def.Name, g.name, err)
			}
		}
	}
	for _, p := range def.Params {
		if _, ok := args[p.Name]; p.Required && !ok && !slices.ContainsFunc(m.args, func(g givenArg) bool { return g.name == p.Name }) {
			r.Bad(m.at, "method %q needs %q (%s)", def.Name, p.Name, p.Type)
		}
	}
	return args
}

// argument reads the value of a method's argument by the parameter's type.
func (r *rulesetReader) argument(n strictyaml.Node, typ mask.ParamType) (any, bool) {
	switch typ {
	case mask.ListParam:
		list := []string{}
		for _, l := range r.Texts(n) {
			list = append(list, l.Text)
		}
		return list, true
	case mask.MapParam:
		m := map[string]string{}
		ok := r.Mapping(n, nil, func(key string, _, value strictyaml.Node) {
			if s, ok := r.Text(value); ok {
				m[key] = s
			}
		})
		return m, ok
	}
	s, ok := r.Text(n)
	if !ok {
		return nil, false
	}
	var err error
	var v any = s
	switch typ {
	case mask.IntParam:
		v, err = strconv.ParseInt(s, 10, 64)
	case mask.NumberParam:
		v, err = strconv.ParseFloat(s, 64)
	case mask.BoolParam:
		v, err = strconv.ParseBool(s)
	}
	if err != nil {
		r.Bad(n, "want %s", typ)
		return nil, false
	}
	return v, true
}

// searchName is what names of search parameters are made of (FHIR R4,
// searchparameter.html, SearchParameter.code).
var searchName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]{0,63}$`)

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
	if !searchName.MatchString(p.Name) {
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
	}, nil)
	switch at := strings.IndexByte(cs.System, '*'); {
	case at >= 0 && at < len(cs.System)-1:
		r.Bad(n, "code system: * may stand only at the end")
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
