package fhir

import (
	"fmt"
	"strings"

	"github.com/veil-proxy/veil/fhir/lexical"
)

// pattern is a parsed match expression: the FHIRPath subset of rulesets.
//
//	expression = root { "." step }
//	root       = TypeName | byType | byName | extension
//	step       = element | "ofType(" TypeName ")" | "where(" condition ")" | byType | extension
//	byType     = "nodesByType('" TypeName "')"
//	byName     = "nodesByName('" element "')"
//	extension  = "extension('" url "')"
//	condition  = conjunction { "or" conjunction }
//	conjunction = test { "and" test }
//	test       = "(" condition ")" | path compare | path "." function
//	path       = element { "." element }
//	compare    = ( "=" | "!=" ) literal | "in" "(" literal { "|" literal } ")" | "in" "%ages"
//	function   = "exists()" | "empty()" | "where(" condition ").exists()" | "startsWith(" literal ")" | "matches(" literal ")"
//	literal    = "'" text "'" | "true" | "false"
//
// An expression that starts with a type name is anchored there: a resource
// type, a data type, a backbone element or one of their base types. An
// element name stands for every type of a choice ("Observation.value"),
// ofType narrows it.
type pattern struct {
	anchor string // type name, or "" for byType, byName and extension roots
	steps  []step
}

type stepKind uint8

const (
	stepElement   stepKind = iota // the element of that name
	stepExtension                 // an extension with that url
	stepByType                    // any element below, of that type
	stepByName                    // any element below, of that name
)

type step struct {
	kind   stepKind
	name   string // element name, url or type name
	ofType string // stepElement: only this type of the choice
	// where has the conditions on the objects that have the element (outer) and on the
	// matched element itself (inner).
	outer, inner *condition
}

// matchError says what is wrong with an expression, and at which byte.
type matchError struct {
	offset int
	msg    string
}

func (e *matchError) Error() string { return e.msg }

type matchParser struct {
	src string
	pos int
	pat pattern
	// pending is a where() on the anchor itself: the outer one of the next step.
	pending *condition
}

func (p *matchParser) fail(format string, args ...any) error {
	return &matchError{p.pos, fmt.Sprintf(format, args...)}
}

// parseMatch parses one expression. Names are not resolved here.
func parseMatch(src string) (*pattern, error) {
	p := &matchParser{src: src}
	if err := p.start(); err != nil {
		return nil, err
	}
	for p.pos < len(p.src) {
		if p.src[p.pos] != '.' {
			return nil, p.other("a dot")
		}
		p.pos++
		if err := p.step(); err != nil {
			return nil, err
		}
	}
	if p.pending != nil {
		return nil, p.fail("where() on %s must be followed by an element", p.pat.anchor)
	}
	return &p.pat, p.pat.moveConditions()
}

// start reads the anchor, or a function instead of one.
func (p *matchParser) start() error {
	word, err := p.word()
	if err != nil {
		return err
	}
	if p.peek() != '(' {
		p.pat.anchor = word
		return nil
	}
	st, err := p.function(word)
	if err == nil && st.kind == stepElement {
		err = &matchError{0, fmt.Sprintf("%s() cannot begin a match: start with a type name", word)}
	}
	p.pat.steps = append(p.pat.steps, st)
	return err
}

// step reads what follows a dot.
func (p *matchParser) step() error {
	start := p.pos
	word, err := p.word()
	if err != nil {
		return err
	}
	var last *step
	if n := len(p.pat.steps); n > 0 {
		last = &p.pat.steps[n-1]
	}
	st := step{kind: stepElement, name: word}
	if p.peek() == '(' {
		switch word {
		case "where":
			return p.addWhere(start, last)
		case "ofType":
			return p.addType(start, last)
		}
		if st, err = p.function(word); err != nil {
			return err
		}
	}
	st.outer, p.pending = p.pending, nil
	p.pat.steps = append(p.pat.steps, st)
	return nil
}

// twoConditions is the message for more than one where() on an element.
const twoConditions = "two where() on one element: join their values with in (… | …)"

// addWhere reads a condition on the last step, or on the anchor if there is none.
func (p *matchParser) addWhere(start int, last *step) error {
	c, err := p.where()
	if err != nil {
		return err
	}
	switch {
	case last != nil && last.kind == stepElement && (last.name == "extension" || last.name == "modifierExtension") && c.test == testEquals && len(c.path) == 1 && c.path[0] == "url":
		return &matchError{start, "write extension('" + c.want[0] + "') for an extension with that url"}
	case last == nil && p.pat.anchor != "" && p.pending == nil:
		p.pending = c
	case last != nil && last.inner == nil:
		last.inner = c
	default:
		return &matchError{start, twoConditions}
	}
	return nil
}

// addType reads the type of the last step.
func (p *matchParser) addType(start int, last *step) error {
	name, err := p.oneArgument(false)
	if err != nil {
		return err
	}
	if last == nil || last.kind != stepElement || last.ofType != "" {
		return &matchError{start, "ofType() must follow an element"}
	}
	last.ofType = name
	return nil
}

// moveConditions moves conditions on the steps before the last one to the last: they are
// looked up in the objects above the element.
func (p *pattern) moveConditions() error {
	n := len(p.steps) - 1
	if n < 1 {
		return nil
	}
	last, holder := &p.steps[n], p.anchor
	for i := range p.steps[:n] {
		st := &p.steps[i]
		if err := p.moveUp(last, &st.outer, n-i, holder); err != nil {
			return err
		}
		holder += "." + st.name
		if err := p.moveUp(last, &st.inner, n-1-i, holder); err != nil {
			return err
		}
	}
	return nil
}

// moveUp moves a condition on an object that many levels above the element to the last
// step.
func (p *pattern) moveUp(last *step, c **condition, up int, holder string) error {
	if *c == nil {
		return nil
	}
	if up > 0 {
		// A Bundle is masked in parts, which do not have what is further up.
		if p.anchor == "Bundle" || p.anchor == "Parameters" || p.anchor == "" {
			return &matchError{0, "where() further up than the object that has the matched element must be below the name of a resource type other than Bundle and Parameters, or of a data type"}
		}
		(*c).each(func(t *condition) {
			if t.test == testAges {
				up = -1
			}
		})
		if up < 0 {
			return &matchError{0, "in %ages is allowed on the matched element or on the one before it, not further up"}
		}
		(*c).above(up, holder)
	}
	last.outer, *c = last.outer.and(*c), nil
	return nil
}

func (p *matchParser) function(word string) (step, error) {
	switch word {
	case "nodesByType":
		name, err := p.oneArgument(true)
		return step{kind: stepByType, name: name}, err
	case "nodesByName":
		name, err := p.oneArgument(true)
		return step{kind: stepByName, name: name}, err
	case "extension":
		url, err := p.oneArgument(true)
		if err == nil {
			err = p.noWildcard(url, "the url of an extension")
		}
		return step{kind: stepExtension, name: url}, err
	case "where", "ofType":
		return step{kind: stepElement}, nil
	}
	return step{}, p.unsupported(word)
}

func (p *matchParser) oneArgument(quoted bool) (arg string, err error) {
	if err := p.token("("); err != nil {
		return "", err
	}
	if quoted {
		arg, err = p.literal()
	} else {
		p.space()
		arg, err = p.word()
	}
	if err != nil {
		return "", err
	}
	return arg, p.token(")")
}

func (p *matchParser) literal() (string, error) {
	p.space()
	if p.peek() != '\'' {
		return "", p.noText()
	}
	end := strings.IndexByte(p.src[p.pos+1:], '\'')
	if end < 0 {
		return "", p.fail("text is not closed with a single quote")
	}
	lit := p.src[p.pos+1 : p.pos+1+end]
	p.pos += end + 2
	if lit == "" {
		return "", p.fail("text is empty")
	}
	return lit, nil
}

func (p *matchParser) word() (string, error) {
	start := p.pos
	for p.pos < len(p.src) && lexical.IsWord(p.src[p.pos]) {
		p.pos++
	}
	if start == p.pos {
		return "", p.other("a name")
	}
	return p.src[start:p.pos], nil
}

func (p *matchParser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *matchParser) space() {
	for p.peek() == ' ' {
		p.pos++
	}
}

func (p *matchParser) token(tok string) error {
	p.space()
	if !strings.HasPrefix(p.src[p.pos:], tok) {
		return p.fail("want %q here", tok)
	}
	p.pos += len(tok)
	return nil
}
