package document

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxSteps bounds a path, and maxName a name in it.
const (
	maxSteps = 200
	maxName  = 255
)

// shorthand returns the length of the name at the beginning of s that can be written
// after a dot (RFC 9535, 2.5.1.1).
func shorthand(s string) int {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf
		if !letter && (i == 0 || r < '0' || r > '9') {
			return i
		}
	}
	return len(s)
}

// parseJSONPath reads a path of JSON: a part of JSONPath (RFC 9535), plus patterns of *
// and ? in names after a dot.
func parseJSONPath(s string) (*Path, error) {
	if !utf8.ValidString(s) || s == "" || s[0] != '$' {
		return nil, fmt.Errorf("a path of JSON begins with $")
	}
	p := &jsonPath{text: s, at: 1}
	out := &Path{}
	for p.at < len(s) {
		st, err := p.step()
		if err != nil {
			return nil, fmt.Errorf("%w (at character %d of the path)", err, utf8.RuneCountInString(s[:min(p.at, len(s))])+1)
		}
		out.steps = append(out.steps, st)
	}
	if len(out.steps) > maxSteps {
		return nil, fmt.Errorf("the path has more than %d steps", maxSteps)
	}
	return out, nil
}

type jsonPath struct {
	text string
	at   int
}

// rest is the unread part.
func (p *jsonPath) rest() string { return p.text[p.at:] }

func (p *jsonPath) step() (st step, err error) {
	switch rest := p.rest(); {
	case strings.HasPrefix(rest, ".."):
		st.descendant = true
		if p.at += 2; strings.HasPrefix(p.rest(), "[") {
			err = p.bracket(&st)
		} else {
			err = p.dotted(&st)
		}
	case rest[0] == '.':
		p.at++
		err = p.dotted(&st)
	case rest[0] == '[':
		err = p.bracket(&st)
	case rest[0] == '^':
		err = fmt.Errorf("the parent operator ^ is not supported: use entity, birth and the like for neighbouring values")
	default:
		err = fmt.Errorf("expected . or [")
	}
	if err == nil && len(st.name) > maxName {
		err = fmt.Errorf("a name has more than %d bytes", maxName)
	}
	return st, err
}

// dotted reads a name, a pattern or * after a dot.
func (p *jsonPath) dotted(st *step) error {
	from := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c != '*' && c != '?' && shorthand("a"+string(c)) != 2 && c < utf8.RuneSelf {
			break
		}
		p.at++
	}
	st.name = p.text[from:p.at]
	wild := strings.ContainsAny(st.name, "*?")
	switch {
	case st.name == "*":
		st.name, st.kind = "", anyChild
	case strings.HasPrefix(p.rest(), "("):
		return fmt.Errorf("the function %s() is not supported", st.name)
	case p.at < len(p.text) && strings.IndexByte(".[", p.text[p.at]) < 0:
		return fmt.Errorf("%q is not allowed in a name after a dot: write ['name']", p.text[p.at])
	case st.name == "":
		return fmt.Errorf("expected a name after the dot")
	case wild:
		st.kind = pattern
	case shorthand(st.name) != len(st.name):
		return fmt.Errorf("a name after a dot cannot begin with a digit: write ['%s']", st.name)
	default:
		st.kind = literal
	}
	return nil
}

// bracket reads a selector in brackets.
func (p *jsonPath) bracket(st *step) error {
	p.at++
	inside := p.rest()
	switch {
	case strings.HasPrefix(inside, "*"):
		st.kind = anyChild
		p.at++
	case strings.HasPrefix(inside, "'"), strings.HasPrefix(inside, `"`):
		st.kind = literal
		if err := p.quoted(st); err != nil {
			return err
		}
	case strings.HasPrefix(inside, "?"):
		return fmt.Errorf("filters [?…] are not supported: use where")
	case strings.HasPrefix(inside, "("):
		return fmt.Errorf("scripts [(…)] are not supported")
	case strings.HasPrefix(inside, "-"):
		return fmt.Errorf("indexes from the end of an array are not supported")
	default:
		n := 0
		for n < len(inside) && inside[n] >= '0' && inside[n] <= '9' {
			n++
		}
		if strings.HasPrefix(inside[n:], ":") {
			return fmt.Errorf("slices [a:b] are not supported: use [*]")
		}
		i, err := strconv.Atoi(inside[:n])
		if err != nil || n > 1 && inside[0] == '0' || n > 9 {
			return fmt.Errorf("expected ['name'], [*] or [0]")
		}
		st.kind, st.index = index, i
		p.at += n
	}
	if strings.HasPrefix(p.rest(), ",") {
		return fmt.Errorf("several selectors [a, b] are not supported: list two paths")
	}
	if strings.HasPrefix(p.rest(), ":") {
		return fmt.Errorf("slices [a:b] are not supported: use [*]")
	}
	if !strings.HasPrefix(p.rest(), "]") {
		return fmt.Errorf("expected ]")
	}
	p.at++
	return nil
}

// quoted reads a name in quotes, with the escapes of JSON, and \' in single ones.
func (p *jsonPath) quoted(st *step) error {
	quote := p.text[p.at]
	var b strings.Builder
	for i := p.at + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == quote:
			st.name, p.at = b.String(), i+1
			return nil
		case c == '\\':
			r, n := escaped(p.text[i:], quote)
			if n == 0 {
				return fmt.Errorf("unknown escape in a name")
			}
			b.WriteRune(r)
			i += n - 1
		case c < ' ':
			return fmt.Errorf("control character in a name")
		default:
			b.WriteByte(c)
		}
	}
	return fmt.Errorf("the name is not closed: expected %c", quote)
}

// escaped reads the escape at the beginning of s, and returns how long it is.
func escaped(s string, quote byte) (r rune, n int) {
	if len(s) < 2 {
		return 0, 0
	}
	if s[1] == quote {
		return rune(quote), 2
	}
	if at := strings.IndexByte(`"\/bfnrt`, s[1]); at >= 0 && (s[1] != '"' || quote == '"') {
		return rune("\"\\/\b\f\n\r\t"[at]), 2
	}
	unquoted, _, tail, err := strconv.UnquoteChar(s, 0)
	if err != nil || s[1] != 'u' {
		return pairEscape(s)
	}
	return unquoted, len(s) - len(tail)
}

// pairEscape reads the two escapes of a surrogate pair.
func pairEscape(s string) (rune, int) {
	if len(s) < 12 || s[1] != 'u' || s[6:8] != `\u` {
		return 0, 0
	}
	high, err1 := strconv.ParseUint(s[2:6], 16, 16)
	low, err2 := strconv.ParseUint(s[8:12], 16, 16)
	if err1 != nil || err2 != nil || high>>10 != 0xd800>>10 || low>>10 != 0xdc00>>10 {
		return 0, 0
	}
	return rune(0x10000 + (high-0xd800)<<10 + (low - 0xdc00)), 12
}
