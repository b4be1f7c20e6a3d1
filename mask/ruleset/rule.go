package ruleset

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/mask"
)

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

	// Form is what the method does, in terms that engines understand.
	Form mask.Form `json:"-"`
	// At is the position of the rule, MatchAt that of each match.
	At      strictyaml.Position   `json:"-"`
	MatchAt []strictyaml.Position `json:"-"`
}

// categoryForm matches letters in ascending order.
var categoryForm = regexp.MustCompile(`^A?B?C?D?E?F?G?H?I?J?K?L?M?N?O?P?Q?R?$`)

func (r *rulesetReader) rule(n strictyaml.Node) Rule {
	rule := Rule{At: r.At(n)}
	m := methodReader{
		names: []string{"id", "category", "match", "method", "why"},
		kinds: []mask.Kind{mask.ValueMethod, mask.StructureMethod},
	}
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
	rule.Args, rule.Form = r.arguments(rule.Method, m)
	return rule
}

func (r *rulesetReader) category(n strictyaml.Node) string {
	s, _ := r.Text(n)
	if !categoryForm.MatchString(s) {
		r.Bad(n, "category: expected letters from A to R in order, such as C or DEF (45 CFR 164.514(b)(2)(i))")
	}
	return s
}

// complete reports missing mandatory keys of a rule.
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

// methodReader reads the method of a rule and the keys that are its arguments.
type methodReader struct {
	// names are the keys that every rule of the section may have, kinds the kinds of methods
	// that it may name.
	names []string
	kinds []mask.Kind
	at    strictyaml.Node
	args  []givenArg
}

type givenArg struct {
	name       string
	key, value strictyaml.Node
}

// arguments checks a method and its arguments. It returns them and the method's form.
func (r *rulesetReader) arguments(method string, m methodReader) (mask.Args, mask.Form) {
	def, ok := r.methods[method]
	if !ok {
		if method != "" {
			r.Bad(m.at, "unknown method %q%s", method, hint(r.methods, method))
		}
		for _, g := range m.args { // one of them may be a misspelled "method"
			if strictyaml.Elsewhere(r.Foreign, g.name) != "" || method == "" && suggest.DidYouMean(g.name, m.names) != "" {
				r.UnknownKey(g.key, g.name, m.names)
			}
		}
		return nil, nil
	}
	if !slices.Contains(m.kinds, def.Kind) {
		var may []string
		for _, k := range m.kinds {
			may = append(may, k.String())
		}
		r.Bad(m.at, "method %q acts on %s: a rule here needs a method that acts on %s", method, def.Kind, strings.Join(may, " or on "))
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
	return args, def.FormOf(args)
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
	case mask.BoolParam:
		v, err = strconv.ParseBool(s)
	}
	if err != nil {
		r.Bad(n, "expected %s", typ)
		return nil, false
	}
	return v, true
}
