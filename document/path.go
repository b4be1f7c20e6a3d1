package document

import (
	"cmp"
	"strconv"
	"strings"
)

// Path selects values in documents of one language, JSON or XML.
type Path struct {
	xml   bool
	steps []step
}

// kind says which of a value's children a step selects.
type kind uint8

const (
	anyChild kind = iota
	pattern       // those whose names fit a pattern of * and ?
	literal       // those of one name
	index         // the element of an array at a place
	text          // the text of an element
)

// step leads from a value to children of it, or to descendants.
type step struct {
	kind       kind
	descendant bool
	// attribute: it selects attributes of an element, and not elements.
	attribute bool
	name      string
	index     int
	// space is the namespace of an XML name; nil stands for any known one, and for none.
	space *string
}

// open reports whether the step leaves open which name it selects.
func (s *step) open() bool { return s.kind == anyChild || s.kind == pattern }

// leaf reports whether what it selects has no children.
func (s *step) leaf() bool { return s.attribute || s.kind == text }

// String returns the path as written in a ruleset, but with full namespaces.
func (p *Path) String() string {
	if len(p.steps) == 0 && p.xml {
		return "/"
	}
	var b strings.Builder
	if !p.xml {
		b.WriteByte('$')
	}
	for i := range p.steps {
		if p.xml {
			p.steps[i].writeXML(&b)
		} else {
			p.steps[i].writeJSON(&b)
		}
	}
	return b.String()
}

func (s *step) writeJSON(b *strings.Builder) {
	if s.descendant {
		b.WriteString("..")
	}
	dot := func(name string) {
		if !s.descendant {
			b.WriteByte('.')
		}
		b.WriteString(name)
	}
	switch {
	case s.kind == anyChild && s.descendant:
		b.WriteByte('*')
	case s.kind == anyChild:
		b.WriteString("[*]")
	case s.kind == index:
		b.WriteString("[" + strconv.Itoa(s.index) + "]")
	case s.kind == pattern || s.name != "" && shorthand(s.name) == len(s.name):
		dot(s.name)
	default:
		b.WriteString("['" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s.name) + "']")
	}
}

// JoinJSON adds a member's name to a JSON path; * matches any name.
func JoinJSON(path, name string) string {
	var b strings.Builder
	b.WriteString(path)
	s := step{kind: literal, name: name}
	if name == "*" {
		return path + ".*"
	}
	s.writeJSON(&b)
	return b.String()
}

func (s *step) writeXML(b *strings.Builder) {
	b.WriteByte('/')
	if s.descendant {
		b.WriteByte('/')
	}
	if s.attribute {
		b.WriteByte('@')
	}
	if s.space != nil && *s.space != "" {
		b.WriteString("{" + *s.space + "}")
	}
	switch s.kind {
	case anyChild:
		b.WriteByte('*')
	case text:
		b.WriteString("text()")
	default:
		b.WriteString(s.name)
	}
}

// compare says which of two paths is more specific: it is positive if p is. The last
// steps count first: a name is more specific than a pattern, that than any child, and a
// child than a descendant. Of paths that agree as far as one goes the longer is more
// specific.
func (p *Path) compare(o *Path) int { return compareSteps(p.steps, o.steps) }

func compareSteps(a, b []step) int {
	for k := 1; k <= min(len(a), len(b)); k++ {
		if c := a[len(a)-k].compare(&b[len(b)-k]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func (s *step) compare(o *step) int {
	exact := func(s *step) int { return int(min(s.kind, literal)) }
	flag := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(exact(s), exact(o)), cmp.Compare(flag(o.descendant), flag(s.descendant)), cmp.Compare(flag(s.space != nil), flag(o.space != nil)))
}

// overlap reports whether both lists of steps can select the same value of some document.
func overlap(a, b []step) bool {
	type pair struct{ i, j int }
	seen := map[pair]bool{}
	var reach func(i, j int) bool
	reach = func(i, j int) bool {
		if seen[pair{i, j}] {
			return false
		}
		seen[pair{i, j}] = true
		switch {
		case i == len(a) && j == len(b):
			return true
		case i == len(a) || j == len(b):
			return false // the rest of the other needs a child
		}
		s, o := &a[i], &b[j]
		return s.meets(o) && reach(i+1, j+1) ||
			o.descendant && !s.leaf() && reach(i+1, j) ||
			s.descendant && !o.leaf() && reach(i, j+1)
	}
	return reach(0, 0)
}

// meets reports whether both steps can select the same child.
func (s *step) meets(o *step) bool {
	switch {
	case s.attribute != o.attribute || (s.kind == text) != (o.kind == text):
		return false
	case s.space != nil && o.space != nil && *s.space != *o.space:
		return false
	case s.kind == anyChild || o.kind == anyChild || s.kind == text:
		return true
	case s.kind == index || o.kind == index:
		return s.kind == o.kind && s.index == o.index
	case s.kind == literal && o.kind == literal:
		return s.name == o.name
	}
	return patternsMeet(s.glob(), o.glob())
}

// glob returns the name as a pattern, in which only real wildcards are special.
func (s *step) glob() []token {
	var out []token
	for _, r := range s.name {
		switch {
		case s.kind == pattern && r == '*':
			out = append(out, token{many: true})
		case s.kind == pattern && r == '?':
			out = append(out, token{one: true})
		default:
			out = append(out, token{r: r})
		}
	}
	return out
}

// token is a character of a pattern: a literal, a wildcard for one character, or one for
// any number of them.
type token struct {
	r         rune
	one, many bool
}

// patternsMeet reports whether some name matches both patterns.
func patternsMeet(a, b []token) bool {
	// can[j] is whether a[i:] and b[j:] meet, for i from the end on.
	can := make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		next := can
		can = make([]bool, len(b)+1)
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				can[j] = true
			case i < len(a) && a[i].many:
				can[j] = next[j] || j < len(b) && can[j+1]
			case j < len(b) && b[j].many:
				can[j] = can[j+1] || i < len(a) && next[j]
			case i < len(a) && j < len(b):
				can[j] = (a[i].one || b[j].one || a[i].r == b[j].r) && next[j+1]
			}
		}
	}
	return can[0]
}
