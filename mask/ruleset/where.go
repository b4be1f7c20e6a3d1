package ruleset

import (
	"slices"
	"strings"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
)

// RowCondition is a condition on another column of the row that a rule acts in. It is
// independent of SQL: a row of a file has the same columns. All of its tests must hold,
// and all conditions of a rule must hold.
type RowCondition struct {
	// Column is the first of these columns that the relation has.
	Column []string `json:"column"`
	Tests
	// Table, if not empty, says that the column belongs to a related row: one of that
	// table (in the same schema if Schema is empty) whose columns (the values of On) equal
	// columns of the rule's row (the keys of On).
	Schema string            `json:"schema,omitempty"`
	Table  string            `json:"table,omitempty"`
	On     map[string]string `json:"on,omitempty"`

	At strictyaml.Position `json:"-"`
}

// Tests are the tests that a condition applies to a value.
type Tests struct {
	// In and NotIn list values that the value must or must not equal. Like lists patterns
	// of which one must match, with * for any text and ? for any character. Surrounding
	// space and the case of ASCII letters are ignored.
	In    []string `json:"in,omitempty"`
	NotIn []string `json:"notIn,omitempty"`
	Like  []string `json:"like,omitempty"`
	// Null (in a ruleset, isNull) says whether the value must be NULL.
	Null *bool `json:"isNull,omitempty"`
}

// Truth is the result of a condition for a row. If it is Unknown, because the column is
// NULL or missing, the strictest of the rules that may act must do so; see Strictest.
type Truth uint8

// The results of conditions.
const (
	Unknown Truth = iota
	False
	True
)

// Holds evaluates the tests for a value in text form; nil is NULL.
func (c *Tests) Holds(value *string) Truth {
	out := True
	and := func(t Truth) {
		if t == False || t == Unknown && out == True {
			out = t
		}
	}
	of := func(b bool) Truth {
		switch {
		case value == nil:
			return Unknown
		case b:
			return True
		}
		return False
	}
	folded := ""
	if value != nil {
		folded = foldCondition(*value)
	}
	if c.Null != nil {
		and(map[bool]Truth{true: True, false: False}[*c.Null == (value == nil)])
	}
	if c.In != nil {
		and(of(slices.Contains(c.In, folded)))
	}
	if c.NotIn != nil {
		and(of(!slices.Contains(c.NotIn, folded)))
	}
	if c.Like != nil {
		and(of(slices.ContainsFunc(c.Like, func(p string) bool { return Likes(p, folded) })))
	}
	return out
}

// HoldsForOther evaluates the tests for a value that is known to exist, but not
// otherwise.
func (c *Tests) HoldsForOther() Truth {
	switch {
	case c.Null != nil && *c.Null:
		return False
	case c.In == nil && c.NotIn == nil && c.Like == nil:
		return True
	}
	return Unknown
}

// conditionSpace is the space around a value that a condition ignores.
const conditionSpace = " \t\n\r\f\v"

// foldCondition returns a value in the form in which conditions compare it.
func foldCondition(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, strings.Trim(s, conditionSpace))
}

// Likes reports whether a pattern of * and ? matches all of s.
func Likes(pattern, s string) bool {
	p, r := []rune(pattern), []rune(s)
	star, from, i := -1, 0, 0
	for j := 0; j < len(r); {
		switch {
		case i < len(p) && p[i] == '*':
			star, from = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == r[j]):
			i++
			j++
		case star >= 0:
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// Keeps reports whether the rule passes every value.
func (r *TableRule) Keeps() bool { return keeps(r.Form) }

// Removes reports whether the rule removes every value.
func (r *TableRule) Removes() bool { return removes(r.Form) }

func keeps(f mask.Form) bool {
	_, ok := f.(forms.Keep)
	return ok
}

func removes(f mask.Form) bool {
	switch f.(type) {
	case forms.Remove, forms.Hide:
		return true
	}
	return false
}

// Under reports whether the rule shows all that another one shows.
func (r *TableRule) Under(other *TableRule) bool { return under(r.Form, other.Form) }

func under(f, other mask.Form) bool {
	if m, ok := f.(forms.Match); ok && m.Numbers {
		switch other.(type) {
		case forms.Cap, forms.Multiple, forms.Noise:
			return true
		}
	}
	return keeps(f)
}

// acting is a rule of some section.
type acting[R any] interface {
	comparable
	Removes() bool
	// Under reports whether the rule shows all that another one shows.
	Under(R) bool
}

// Strictest returns the rule that must act if it is unknown which one applies. keep
// shows more than every other method, number more than those that make numbers of numbers,
// and remove less; other methods cannot be compared. So it is the only rule that shows no
// more than the others, or a removal if there is none. same reports whether two rules mask alike; a nil rule removes. The result is
// an index, or -1 for a removal.
func Strictest[R acting[R]](rules []R, same func(a, b R) bool) int {
	out := -1
	var none R
	for i, r := range rules {
		switch {
		case r == none || r.Removes():
			return -1
		case out < 0 || rules[out].Under(r):
			out = i
		case !r.Under(rules[out]) && !same(rules[out], r):
			return -1
		}
	}
	return out
}

// conditions reads one condition or a list of them.
func (r *rulesetReader) conditions(n strictyaml.Node) (out []RowCondition) {
	for _, v := range n.Items() {
		out = append(out, r.condition(v))
	}
	return out
}

func (r *rulesetReader) condition(n strictyaml.Node) RowCondition {
	c := RowCondition{At: r.At(n)}
	fields := r.tests(&c.Tests)
	fields["column"] = func(n strictyaml.Node) {
		for _, l := range r.Texts(n) {
			c.Column = append(c.Column, l.Text)
		}
	}
	fields["schema"] = func(n strictyaml.Node) { c.Schema, _ = r.Text(n) }
	fields["table"] = func(n strictyaml.Node) { c.Table, _ = r.Text(n) }
	fields["on"] = func(n strictyaml.Node) {
		if v, ok := r.argument(n, mask.MapParam); ok {
			c.On = v.(map[string]string)
		}
	}
	r.Mapping(n, fields, nil)
	switch {
	case len(c.Column) == 0:
		r.Bad(n, `condition has no "column"`)
	case c.empty():
		r.Bad(n, noTests)
	case (c.Table != "") != (len(c.On) > 0) || c.Schema != "" && c.Table == "":
		r.Bad(n, `a condition on a related row has "table" and "on", the columns that join it: on: {column here: column there}`)
	}
	return c
}

// noTests is the problem of a condition without a test.
const noTests = `condition has none of "equals", "in", "notIn", "like" and "isNull"`

func (c *Tests) empty() bool {
	return c.In == nil && c.NotIn == nil && c.Like == nil && c.Null == nil
}

// tests are the keys of a condition that are tests.
func (r *rulesetReader) tests(c *Tests) map[string]strictyaml.Field {
	values := func(dst *[]string) strictyaml.Field {
		return func(n strictyaml.Node) {
			for _, l := range r.Texts(n) {
				*dst = append(*dst, foldCondition(l.Text))
			}
			if len(*dst) == 0 {
				r.Bad(n, "expected at least one value")
			}
		}
	}
	return map[string]strictyaml.Field{
		"equals": values(&c.In),
		"in":     values(&c.In),
		"notIn":  values(&c.NotIn),
		"like":   values(&c.Like),
		"isNull": func(n strictyaml.Node) {
			if v, ok := r.argument(n, mask.BoolParam); ok {
				b := v.(bool)
				c.Null = &b
			}
		},
	}
}
