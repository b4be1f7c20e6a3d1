package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// objectLists are the aggregates that make an object of keys and values, by whether it is
// of jsonb.
var objectLists = map[string]bool{"json_object_agg": false, "jsonb_object_agg": true}

// collectObject makes an object of keys and values of which some are keyed: a list of its
// members, which are values that Veil makes.
func (a *analysis) collectObject(name string, f *pg.FuncCall, vs []value, sc *scope) value {
	binary, at := objectLists[name], location(f.Args[0])
	refuse := func() {
		a.refuseKeyed(firstKeying(vs...), at, "cannot be an argument of function "+name, "", callHint(name))
	}
	key, c := vs[0], &composition{}
	if key.restricted != nil || key.computed || key.keying != nil && !key.keying.composes(true) || f.AggDistinct {
		refuse()
	}
	if key.keying != nil && key.keying.inSQL != nil {
		a.refuseKeyed(key.keying, at, "cannot be a key of JSON", "", "") // SQL masks it
	}
	there := key.node
	if key.keying != nil {
		there = a.testable(key)
	}
	if there == nil {
		refuse()
	}
	step := &rows.Step{Function: map[bool]string{false: "json_member", true: "jsonb_object"}[binary], Of: []*rows.Step{c.add(a, key, "||")}}
	member, ok := c.addJSON(a, vs[1], binary)
	if !ok {
		refuse()
	}
	step.Of = append(step.Of, member)
	// A key that is NULL is PostgreSQL's own error.
	checked := call("json_build_object", when(isNotNull(there), text("key")), text(""))
	c.Parts, c.nodes = append(c.Parts, rows.Part{Clear: true}), append(c.nodes, op("||", cast(text("+"), "text"), cast(checked, "text")))
	if c.Step = step; len(c.Parts) > rows.MostParts {
		refuse()
	}
	v := a.madeText(c, catalog.OIDText)
	f.Args, f.Funcname = []*pg.Node{cast(v.node, "text")}, names("pg_catalog", "array_agg")
	a.sortInput(f, sc)
	a.rest(f, sc)
	all, list := a.listOf(v, &pg.Node{Node: &pg.Node_FuncCall{FuncCall: f}})
	all.Step = &rows.Step{Function: map[bool]string{false: "json_object_list", true: "jsonb_object_list"}[binary], Of: []*rows.Step{list}}
	return a.madeText(all, jsonType[binary])
}
