package analysis

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/rows"
)

// Whether a value that Veil makes is NULL. PostgreSQL does not have the value, but it has
// the parts: a part that is NULL is an empty text, and the result of a function for NULL is
// known.

// null returns the test whether a step results in NULL; nil if PostgreSQL cannot test it.
func (c *composition) null(s *rows.Step) *pg.Node {
	if c.blind {
		return nil
	}
	switch s.Function {
	case "": // a text, or a list as a whole
		if s.Part < len(c.traits) {
			if t := c.traits[s.Part]; t.given != nil {
				return isNull(t.given)
			} else if t.piece == fixed {
				return boolean(false)
			}
		}
		return op("=", c.nodes[s.Part], text(""))
	case "text", "concat", "list", "json_array", "json_object", "jsonb_object":
		return boolean(false)
	case "coalesce":
		return c.allNull(s.Of)
	case "concat_ws":
		return c.null(s.Of[0])
	case "string_agg", "array_length":
		list := c.listPart(s.Of[0])
		if list < 0 || c.Parts[list].Composed != nil {
			return nil
		}
		given := castArray(when(op("<>", c.nodes[list], text("")), c.nodes[list]), "text")
		if s.Function == "string_agg" {
			given = call("array_remove", given, cast(null(), "text"))
		}
		return op("=", coalesce(call("cardinality", given), integer(0, "int4")), integer(0, "int4"))
	}
	return c.anyNull(s.Of)
}

// isFalse reports whether a test is never true.
func isFalse(test *pg.Node) bool {
	c, ok := constantOf(test)
	return ok && c.text == "false"
}

// anyNull returns the test whether any of several steps results in NULL.
func (c *composition) anyNull(list []*rows.Step) *pg.Node {
	tests := c.nulls(list)
	if tests == nil {
		return nil
	}
	return joined(slices.DeleteFunc(tests, isFalse), either)
}

// allNull returns the test whether all of several steps result in NULL.
func (c *composition) allNull(list []*rows.Step) *pg.Node {
	tests := c.nulls(list)
	switch {
	case tests == nil:
		return nil
	case slices.ContainsFunc(tests, isFalse):
		return boolean(false)
	}
	return joined(tests, both)
}

// nulls returns the tests of several steps; nil if one is not known.
func (c *composition) nulls(list []*rows.Step) []*pg.Node {
	tests := make([]*pg.Node, len(list))
	for i, s := range list {
		if tests[i] = c.null(s); tests[i] == nil {
			return nil
		}
	}
	return tests
}

func joined(tests []*pg.Node, join func(...*pg.Node) *pg.Node) *pg.Node {
	switch len(tests) {
	case 0:
		return boolean(false)
	case 1:
		return tests[0]
	}
	return join(tests...)
}

// listPart returns the part that is the list, which may be sorted; -1 for a list of several
// parts.
func (c *composition) listPart(s *rows.Step) int {
	switch {
	case s.Function == "sort":
		return c.listPart(s.Of[0])
	case s.Function == "" && c.Parts[s.Part].List:
		return s.Part
	}
	return -1
}

// emptyCompared analyses the comparison of a text with the empty text, if PostgreSQL can
// test it.
func emptyCompared(x *pg.A_Expr, name string, l, r value) (v value, done bool) {
	subject, other := l, r.node
	if subject.keying == nil {
		subject, other = r, l.node
	}
	c, ok := constantOf(other)
	if !ok || c.text != "" || c.null || c.param > 0 || subject.computed || subject.column == nil || subject.column.empty == nil || subject.column.emit != nil {
		return v, false
	}
	empty := subject.column.empty
	switch {
	case x.Kind == pg.A_Expr_Kind_AEXPR_OP && name == "=":
		return value{node: empty()}, true
	case x.Kind == pg.A_Expr_Kind_AEXPR_OP && name == "<>":
		return value{node: not(empty())}, true
	case x.Kind == pg.A_Expr_Kind_AEXPR_DISTINCT:
		return value{node: not(coalesce(empty(), boolean(false)))}, true
	case x.Kind == pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return value{node: coalesce(empty(), boolean(false))}, true
	case x.Kind == pg.A_Expr_Kind_AEXPR_NULLIF && name == "=" && l.keying != nil:
		out := when(empty(), null())
		out.GetCaseExpr().Defresult = l.node
		return value{node: out, keying: l.keying}, true
	}
	return v, false
}

// testable returns an expression that is NULL where a keyed value is, for IS NULL and count;
// nil if PostgreSQL has none.
func (a *analysis) testable(v value) *pg.Node {
	switch {
	case v.list != nil && v.made == nil:
		return v.list.node()
	case v.made != nil && !v.keying.nulls:
		if test := v.made.null(v.made.Step); test != nil {
			return when(not(test), boolean(true))
		}
		return nil
	case !v.keying.nulls:
		return nil
	case v.column != nil && v.column.shadow != "" && v.column.emit == nil:
		return a.shadowOf(v.column)
	}
	return v.node
}
