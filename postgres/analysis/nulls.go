package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/rows"
)

// Whether a value that Veil makes is NULL. PostgreSQL does not have it, but it has the parts:
// a part that is NULL is an empty text, and what a function gives for NULL is known.

// null is the test whether a step gives NULL; nil where PostgreSQL cannot tell.
func (c *composition) null(s *rows.Step) *pg.Node {
	if c.blind {
		return nil
	}
	switch s.Function {
	case "": // a text, or a list as a whole
		return op("=", c.nodes[s.Part], text(""))
	case "text", "concat", "list", "json_array", "json_object", "jsonb_object":
		return boolean(false)
	case "coalesce":
		return c.nulls(s.Of, both)
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
	return c.nulls(s.Of, either)
}

// nulls joins the tests of several steps.
func (c *composition) nulls(list []*rows.Step, join func(...*pg.Node) *pg.Node) *pg.Node {
	tests := make([]*pg.Node, len(list))
	for i, s := range list {
		if tests[i] = c.null(s); tests[i] == nil {
			return nil
		}
	}
	if len(tests) == 1 {
		return tests[0]
	}
	return join(tests...)
}

// listPart is the part that a list is, which may be sorted; -1 for a list of several parts.
func (c *composition) listPart(s *rows.Step) int {
	switch {
	case s.Function == "sort":
		return c.listPart(s.Of[0])
	case s.Function == "" && c.Parts[s.Part].List:
		return s.Part
	}
	return -1
}

// testable is what is NULL where a keyed value is, for IS NULL and count; nil where
// PostgreSQL cannot tell.
func (a *analysis) testable(v value) *pg.Node {
	switch {
	case v.made != nil:
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
