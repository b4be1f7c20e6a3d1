package fhir

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// test is what a condition tests of the values at its path.
type test uint8

const (
	testEquals  test = iota // one is one of the texts
	testDiffers             // there are some, and none is one of the texts
	testStarts              // one starts with the text
	testMatches             // part of one matches the expression (RE2)
	testExists              // there are some
	testEmpty               // there are none
	// testAges tests whether a Coding or CodeableConcept says that the value next to it is
	// an age (agecode.go).
	testAges
	testHas // one is an object for which a condition of its own holds
	testAll // all of the conditions hold
	testAny // one of them does
)

// condition is a test of a member of an object, found by a path of element names, or a
// combination of such tests. As in FHIRPath, a test of a member that is not there does not
// hold, except empty().
type condition struct {
	test test
	path []string
	want []string
	form *regexp.Regexp // testMatches
	has  *condition     // testHas
	of   []*condition   // testAll, testAny
	// up is how many objects the tested object is above the one that has the matched
	// element, and holder is its path, for a condition further up.
	up     int
	holder string
}

// String writes the condition as a ruleset has it.
func (c *condition) String() string { return "where(" + c.text() + ")" }

func (c *condition) text() string {
	path := strings.Join(c.path, ".")
	if c.holder != "" {
		path = c.holder + "." + path
	}
	switch c.test {
	case testDiffers:
		return fmt.Sprintf("%s != '%s'", path, c.want[0])
	case testStarts:
		return fmt.Sprintf("%s.startsWith('%s')", path, c.want[0])
	case testMatches:
		return fmt.Sprintf("%s.matches('%s')", path, c.want[0])
	case testExists:
		return path + ".exists()"
	case testEmpty:
		return path + ".empty()"
	case testAges:
		return path + " in %ages"
	case testHas:
		return path + "." + c.has.String() + ".exists()"
	case testAll, testAny:
		var parts []string
		for _, o := range c.of {
			if o.test == testAny {
				parts = append(parts, "("+o.text()+")")
			} else {
				parts = append(parts, o.text())
			}
		}
		return strings.Join(parts, map[test]string{testAll: " and ", testAny: " or "}[c.test])
	}
	return fmt.Sprintf("%s in ('%s')", path, strings.Join(c.want, "' | '"))
}

// each calls f with the tests of single paths that make up the condition.
func (c *condition) each(f func(*condition)) {
	if c.of == nil {
		f(c)
	}
	for _, o := range c.of {
		o.each(f)
	}
}

// disjoint reports whether c and d can never both hold for one object because they
// require different values at the same path. An array at the path can break that, so the
// order of rules remains the tie-breaker.
func (c *condition) disjoint(d *condition) bool {
	if c.of != nil || d.of != nil || c.up != d.up || strings.Join(c.path, ".") != strings.Join(d.path, ".") {
		return false
	}
	among := func(a, b *condition) int {
		n := 0
		for _, w := range a.want {
			if slices.Contains(b.want, w) {
				n++
			}
		}
		return n
	}
	switch {
	case c.test == testEquals && d.test == testEquals:
		return among(c, d) == 0
	case c.test == testEquals && d.test == testDiffers:
		return among(c, d) == len(c.want)
	case c.test == testDiffers && d.test == testEquals:
		return among(d, c) == len(d.want)
	case c.test == testEmpty:
		return d.test != testEmpty && d.test != testAges
	case d.test == testEmpty:
		return c.test != testAges
	}
	return false
}

// above turns the condition into one on an object that many levels above the one that has
// the element.
func (c *condition) above(up int, holder string) {
	c.each(func(c *condition) { c.up, c.holder = up, holder })
}

// and joins two conditions that must both hold. Either may be nil.
func (c *condition) and(d *condition) *condition {
	switch {
	case c == nil:
		return d
	case d == nil:
		return c
	}
	return &condition{test: testAll, of: []*condition{c, d}}
}

// where reads a condition in parentheses.
func (p *matchParser) where() (*condition, error) {
	if err := p.token("("); err != nil {
		return nil, err
	}
	c, err := p.either(0)
	if err != nil {
		return nil, err
	}
	if p.token(")") != nil {
		return nil, p.other(`")"`)
	}
	return c, nil
}

// maxParentheses bounds how deeply conditions nest.
const maxParentheses = 16

// either reads tests joined by "or", both those joined by "and", which binds them closer.
func (p *matchParser) either(depth int) (*condition, error) {
	return p.joined("or", testAny, func() (*condition, error) { return p.both(depth) })
}

func (p *matchParser) both(depth int) (*condition, error) {
	return p.joined("and", testAll, func() (*condition, error) { return p.test(depth) })
}

func (p *matchParser) joined(word string, test test, read func() (*condition, error)) (*condition, error) {
	all := &condition{test: test}
	for {
		c, err := read()
		if err != nil {
			return nil, err
		}
		all.of = append(all.of, c)
		if p.space(); leadingWord(p.src[p.pos:]) != word {
			break
		}
		p.pos += len(word)
	}
	if len(all.of) == 1 {
		return all.of[0], nil
	}
	for _, c := range all.of {
		if c.test == testAges {
			return nil, p.fail("in %%ages must be the only test of a condition")
		}
	}
	return all, nil
}

// test reads one test, or a condition in parentheses.
func (p *matchParser) test(depth int) (*condition, error) {
	if p.space(); p.peek() == '(' {
		if depth == maxParentheses {
			return nil, p.fail("more than %d nested parentheses", maxParentheses)
		}
		p.pos++
		c, err := p.either(depth + 1)
		if err == nil {
			err = p.token(")")
		}
		return c, err
	}
	c := &condition{}
	for {
		p.space()
		start := p.pos
		w, err := p.word()
		if err != nil {
			return nil, err
		}
		if p.peek() == '(' {
			if len(c.path) == 0 {
				return nil, p.unsupported(w)
			}
			return c, p.pathFunction(c, w, start)
		}
		c.path = append(c.path, w)
		if p.peek() != '.' {
			break
		}
		p.pos++
	}
	p.space()
	var err error
	switch {
	case p.token("=") == nil:
		c.want, err = p.compared()
	case p.token("!=") == nil:
		c.test = testDiffers
		c.want, err = p.compared()
	case p.token("in") == nil:
		if p.token("%ages") == nil {
			c.test = testAges
			break
		}
		c.want, err = p.listed()
	default:
		err = p.comparison(c.path[len(c.path)-1])
	}
	return c, err
}

// pathFunction reads a function that ends a path, and its argument.
func (p *matchParser) pathFunction(c *condition, name string, start int) error {
	switch name {
	case "exists", "empty":
		c.test = map[string]test{"exists": testExists, "empty": testEmpty}[name]
		if err := p.token("("); err != nil {
			return err
		}
		if p.token(")") != nil {
			return p.fail("%s() takes no condition here: write a test for each path, joined by and", name)
		}
		if strings.HasPrefix(p.src[p.pos:], ".not()") {
			p.pos += len(".not()")
			c.test = map[test]test{testExists: testEmpty, testEmpty: testExists}[c.test]
		}
		return nil
	case "where":
		c.test = testHas
		var err error
		if c.has, err = p.where(); err != nil {
			return err
		}
		nested := false
		c.has.each(func(o *condition) { nested = nested || o.test == testHas || o.test == testAges })
		if nested {
			return &matchError{start, "a where() in a condition takes plain tests only"}
		}
		if p.token(".exists()") != nil {
			return p.other("\".exists()\"")
		}
		return nil
	case "startsWith", "matches":
		c.test = map[string]test{"startsWith": testStarts, "matches": testMatches}[name]
		text, err := p.oneArgument(true)
		if err != nil {
			return err
		}
		c.want = []string{text}
		if c.test == testMatches {
			if c.form, err = regexp.Compile(text); err != nil {
				return &matchError{start, "matches(): not a regular expression (RE2)"}
			}
		}
		return nil
	}
	return p.unsupported(name)
}

// compared reads what a value is compared with.
func (p *matchParser) compared() ([]string, error) {
	p.space()
	if word := leadingWord(p.src[p.pos:]); word == "true" || word == "false" {
		p.pos += len(word)
		return []string{word}, nil
	}
	lit, err := p.literal()
	if err == nil {
		err = p.noWildcard(lit, "a condition")
	}
	return []string{lit}, err
}

// listed reads a list of texts that a value is compared with.
func (p *matchParser) listed() (want []string, err error) {
	if err := p.token("("); err != nil {
		return nil, err
	}
	for {
		lit, err := p.literal()
		if err == nil {
			err = p.noWildcard(lit, "a condition")
		}
		if err != nil {
			return nil, err
		}
		want = append(want, lit)
		if p.token("|") != nil {
			break
		}
	}
	return want, p.token(")")
}
