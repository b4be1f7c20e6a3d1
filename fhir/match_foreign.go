package fhir

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/suggest"
)

// Constructs of FHIRPath that rulesets do not have are refused by name, with what to
// write instead.

// unsupported names FHIRPath functions that rulesets do not have.
var unsupported = map[string]string{
	"all": "", "any": "", "as": "write .ofType(Type)", "is": "write .ofType(Type)", "exists": inWhere, "empty": inWhere, "count": "", "repeat": "",
	"first": "a rule matches every element of a list", "last": "a rule matches every element of a list", "skip": "a rule matches every element of a list",
	"take": "a rule matches every element of a list", "tail": "a rule matches every element of a list", "single": "a rule matches every element of a list",
	"descendants": "use nodesByType() or nodesByName()", "children": "use nodesByType() or nodesByName()", "resolve": "", "contains": useMatches,
	"matches": inWhere, "matchesFull": useMatches, "startsWith": inWhere, "endsWith": useMatches, "iif": "write two rules", "not": "", "select": "write the path", "memberOf": "list the values with in ('a' | 'b')",
	"union": "write a list of paths under match", "combine": "write a list of paths under match", "subsumes": "", "subsumedBy": "", "hasValue": "", "getValue": "", "toString": "", "toInteger": "",
	"lower": wholeText, "upper": wholeText, "substring": wholeText, "replace": wholeText, "length": "", "trace": "", "today": "", "now": "", "conformsTo": "", "slice": "", "elementDefinition": "", "checkModifiers": "", "htmlChecks": "",
	"hasExtension": "use extension('url')", "distinct": "", "intersect": "", "exclude": "", "aggregate": "", "allTrue": "", "anyTrue": "", "allFalse": "", "anyFalse": "",
}

const (
	wholeText  = "a condition compares texts as they are, with = 'text', in ('text' | 'text'), startsWith('text') or matches('expression')"
	inWhere    = "it ends a path in a condition, as in where(value.exists())"
	useMatches = "use matches('expression') in a condition"
	oneTest    = "a condition compares with =, != and in, or tests with exists(), empty(), startsWith() and matches()"
)

// functions has those that rulesets have.
var functions = []string{"nodesByType", "nodesByName", "extension", "where", "ofType"}

func (p *matchParser) unsupported(word string) error {
	hint, known := unsupported[word]
	if !known {
		return p.fail("unknown function %s()%s", word, suggest.DidYouMean(word, functions))
	}
	if hint != "" {
		hint = ": " + hint
	}
	return p.fail("FHIRPath function %s() is not part of the rule language%s", word, hint)
}

// operators has FHIRPath's binary operators, longest first.
var operators = []struct{ text, hint string }{
	{"!=", "write conditions in where()"}, {"!~", oneTest}, {"<=", oneTest}, {">=", oneTest}, {"<", oneTest}, {">", oneTest}, {"~", "write = for the exact text"}, {"=", "write conditions in where()"},
	{"|", "write a list of paths under match"}, {"&", ""}, {"+", ""}, {"-", ""}, {"*", "a path has no wildcard: use nodesByType() or nodesByName()"}, {"/", "names of a path are joined by dots"},
}

var wordOperators = map[string]string{
	"and": "it joins tests in where()", "or": "it joins tests in where()", "xor": oneTest, "implies": oneTest,
	"as": "write .ofType(Type)", "is": "write .ofType(Type)", "contains": useMatches, "div": "", "mod": "",
}

// other refuses a construct in the wrong place, by its name; want says what was expected,
// for constructs without a name.
func (p *matchParser) other(want string) error {
	p.space()
	named := func(what, hint string) error {
		if hint != "" {
			hint = ": " + hint
		}
		return p.fail("%s is not part of the rule language%s", what, hint)
	}
	rest := p.src[p.pos:]
	switch {
	case rest == "":
		return p.fail("expected %s at the end", want)
	case rest[0] == '[':
		return named("an index in brackets", "a rule matches every element of a list; where(use = 'official') chooses some")
	case rest[0] == '(':
		return named("an expression in parentheses", "write Observation.value.ofType(Quantity).value for (Observation.value as Quantity).value")
	case rest[0] == '$', rest[0] == '%':
		return named("a variable", "begin with a type name")
	case rest[0] == '"':
		return p.fail("expected text in single quotes: write 'text'")
	case rest[0] == '`':
		return named("a name in backticks", "")
	}
	for _, o := range operators {
		if strings.HasPrefix(rest, o.text) {
			return named("the operator "+o.text, o.hint)
		}
	}
	if word := leadingWord(rest); word != "" {
		if hint, ok := wordOperators[word]; ok {
			return named("the operator "+word, hint)
		}
	}
	return p.fail("want %s here", want)
}

func leadingWord(s string) string {
	end := 0
	for end < len(s) && lexical.IsWord(s[end]) {
		end++
	}
	return s[:end]
}

// comparison refuses what a condition has in place of = 'text' or in (…).
func (p *matchParser) comparison(last string) error {
	p.space()
	rest := p.src[p.pos:]
	if strings.HasPrefix(rest, "(") {
		return p.unsupported(last)
	}
	if strings.HasPrefix(rest, ")") {
		return p.fail("%s alone is no condition: write %s = true, %s.exists(), or compare it with a text", last, last, last)
	}
	word := leadingWord(rest)
	if _, operator := wordOperators[word]; operator || rest != "" && rest[0] != ')' && word == "" {
		return p.other("= 'text', != 'text', in ('text' | 'text') or in %ages")
	}
	return p.fail("expected = 'text', != 'text', in ('text' | 'text') or in %%ages in where()")
}

// noText refuses a comparison with something other than a text.
func (p *matchParser) noText() error {
	rest := p.src[p.pos:]
	switch word := leadingWord(rest); {
	case word != "" && word[0] >= '0' && word[0] <= '9':
		return p.fail("a condition compares texts, and a number cannot be tested: write the number's text in single quotes only where the element is a text")
	case strings.HasPrefix(rest, `"`):
		return p.fail("expected text in single quotes: write 'text'")
	}
	return p.fail("expected a text in single quotes")
}

// noWildcard refuses wildcards in texts, which are compared as they are.
func (p *matchParser) noWildcard(text, of string) error {
	if !strings.HasSuffix(text, "*") || len(text) == 1 {
		return nil
	}
	return p.fail("%s has no wildcard, so * would never match: write each in full", of)
}

// checkCondition makes sure that a condition tests a member that can exist: a misspelled
// one would never hold. levels has the types of the object that has the element and of
// those above it, outermost first.
func (c *compiler) checkCondition(levels [][]*schema.Type, cond *condition) (err error) {
	if cond == nil {
		return nil
	}
	cond.each(func(test *condition) {
		types := levels[len(levels)-1-test.up]
		next, wrong := c.checkPath(types, test.path)
		if err = cmp.Or(err, wrong); test.has != nil && err == nil && len(next) > 0 {
			err = c.checkCondition([][]*schema.Type{next}, test.has)
		}
	})
	return err
}

// checkPath makes sure that a path of a condition exists, and returns the types of the
// objects there.
func (c *compiler) checkPath(types []*schema.Type, path []string) ([]*schema.Type, error) {
	for _, name := range path {
		var next []*schema.Type
		var names []string
		known := false
		for _, t := range types {
			if t == nil {
				return nil, nil
			}
			if t.Abstract { // its specialisations have elements of their own
				known = known || c.hasElement(name)
			}
			for i := range t.Elements {
				e := &t.Elements[i]
				for _, et := range e.Types {
					names = append(names, e.JSONName(et))
					if e.JSONName(et) == name {
						known, next = true, append(next, et.Type)
					}
				}
			}
		}
		if !known && name != "resourceType" {
			return nil, &matchError{0, "where(): " + types[0].Name + " has no member \"" + name + "\"" + suggest.DidYouMean(name, names)}
		}
		if len(next) == 0 {
			return nil, nil
		}
		types = slices.DeleteFunc(next, func(t *schema.Type) bool { return t == nil })
		if len(types) == 0 {
			return nil, nil
		}
	}
	return types, nil
}

// elementNames has the names of all elements.
func (c *compiler) elementNames() []string {
	seen := map[string]bool{}
	for _, t := range c.a.schema.Types() {
		for i := range t.Elements {
			seen[t.Elements[i].Name] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
