package analysis

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// JSON that is made from keyed values: json_build_object, json_build_array, to_json,
// row_to_json, their jsonb forms and ||. Veil writes it from masked values and from what
// PostgreSQL's own to_json returns for the others.

// jsonType is json, or jsonb.
var jsonType = map[bool]uint32{false: catalog.OIDJSON, true: catalog.OIDJSONB}

// jsonFunctions has the functions that make JSON from any values; true means jsonb.
var jsonFunctions = map[string]bool{
	"json_build_object": false, "jsonb_build_object": true, "json_build_array": false, "jsonb_build_array": true,
	"to_json": false, "to_jsonb": true, "row_to_json": false,
}

// hasJSON reports whether masked values can be written as JSON. A json value in jsonb
// would have to be reformatted.
func (s *keying) hasJSON(binary bool) bool {
	switch {
	case s.Array:
		return false
	case catalog.IsVarying(s.shown), s.shown == catalog.OIDUUID, s.shown == catalog.OIDInt8:
		return true
	}
	return s.composed != nil && (s.shown == catalog.OIDInt4 || s.shown == catalog.OIDJSONB || s.shown == catalog.OIDJSON && !binary)
}

// jsonOf returns the JSON of a masked value of a type.
func jsonOf(s *rows.Step, shown uint32) *rows.Step {
	if catalog.IsVarying(shown) || shown == catalog.OIDUUID {
		return &rows.Step{Function: "json", Of: []*rows.Step{s}}
	}
	return s
}

// composeJSON makes JSON from values by a function. ok is false if none is keyed, or if
// it is not possible.
func (a *analysis) composeJSON(name string, vs []value) (out value, ok bool) {
	binary, known := jsonFunctions[name]
	if !known || name == "row_to_json" || firstKeying(vs...) == nil {
		return out, false
	}
	c, step := &composition{}, &rows.Step{Function: "json_array"}
	object := name == "json_build_object" || name == "jsonb_build_object"
	if object {
		step.Function = objectStep[binary]
	}
	for i, v := range vs {
		if object && i%2 == 0 {
			k, isConstant := constantOf(v.node)
			if !isConstant || k.param > 0 || k.null || k.number {
				return out, false
			}
			step.Of = append(step.Of, literal(k.text))
			continue
		}
		of, ok := c.addJSON(a, v, binary)
		if !ok {
			return out, false
		}
		step.Of = append(step.Of, of)
	}
	switch c.Step = step; {
	case name == "to_json" || name == "to_jsonb":
		if len(step.Of) != 1 {
			return out, false
		}
		c.Step = step.Of[0]
	case object && len(vs)%2 != 0:
		return out, false
	}
	return a.madeText(c, jsonType[binary]), len(c.Parts) <= rows.MostParts
}

var objectStep = map[bool]string{false: "json_object", true: "jsonb_object"}

// addJSON adds a value to the parts, as JSON.
func (c *composition) addJSON(a *analysis, v value, binary bool) (*rows.Step, bool) {
	s := v.keying
	switch {
	case v.restricted != nil || v.computed:
		return nil, false
	case v.null:
		return literal("null"), true
	case s == nil:
		return c.addClearJSON(v.node, binary), true
	case s.inSQL != nil:
		a.refuseKeyed(s, 0, "cannot be part of JSON", "", "") // SQL masks it
	case v.madeList() != nil:
		between := map[bool]string{false: ",", true: ", "}[binary]
		return moved(&rows.Step{Function: "json_list", Of: []*rows.Step{{Function: "json", Of: []*rows.Step{v.madeList()}}}, Text: between}, c.take(v.made)), true
	case !s.hasJSON(binary):
		return nil, false
	}
	return jsonOf(c.add(a, v, "||"), s.shown), true
}

// addClearJSON adds a value that contains no original.
func (c *composition) addClearJSON(n *pg.Node, binary bool) *rows.Step {
	if k := n.GetAConst(); k != nil {
		switch x := k.Val.(type) {
		case *pg.A_Const_Sval:
			return &rows.Step{Function: "json", Of: []*rows.Step{literal(x.Sval.Sval)}}
		case *pg.A_Const_Boolval:
			return literal(map[bool]string{false: "false", true: "true"}[x.Boolval.Boolval])
		}
	}
	if p := n.GetParamRef(); p != nil {
		n = cast(n, "text")
	}
	name := map[bool]string{false: "to_json", true: "to_jsonb"}[binary]
	n = op("||", cast(text("+"), "text"), cast(call(name, n), "text"))
	c.Parts, c.nodes = append(c.Parts, rows.Part{Clear: true}), append(c.nodes, coalesce(n, text("")))
	return &rows.Step{Part: len(c.Parts) - 1}
}

// take adds the parts of another composition and returns by how many its steps move.
func (c *composition) take(m *composition) int {
	at := len(c.Parts)
	if len(c.traits) == at {
		c.traits = append(c.traits, m.traits...)
	}
	c.Parts, c.nodes = append(c.Parts, m.Parts...), append(c.nodes, m.nodes...)
	c.ascii, c.blind = c.ascii && m.ascii, c.blind || m.blind
	if c.keyed == nil {
		c.keyed = m.keyed
	}
	return at
}

// joinJSON analyses || of values of jsonb, some of which are keyed.
func (a *analysis) joinJSON(vs []value) (out value, ok bool) {
	c, step := &composition{}, &rows.Step{Function: "jsonb_concat"}
	for _, v := range vs {
		switch {
		case v.null || v.keying != nil && v.keying.shown != catalog.OIDJSONB:
			return out, false
		case v.keying == nil:
			v.node = cast(v.node, "jsonb")
		}
		of, ok := c.addJSON(a, v, true)
		if !ok {
			return out, false
		}
		step.Of = append(step.Of, of)
	}
	c.Step = step
	return a.madeText(c, catalog.OIDJSONB), len(c.Parts) <= rows.MostParts
}

// rowObject returns a row with keyed columns as JSON. ok is false if n is not a row of an
// item of FROM, or has no keyed columns.
func (a *analysis) rowObject(n *pg.Node, sc *scope, binary bool) (out value, ok bool) {
	it := a.wholeItem(n, sc)
	if it == nil || it.whole() {
		return out, false
	}
	c, step := &composition{}, &rows.Step{Function: objectStep[binary], Text: rows.JSONRow}
	if binary {
		step.Text = ""
	}
	for _, col := range it.columns {
		if slices.ContainsFunc(it.columns, func(o *resolved) bool { return o != col && o.name == col.name }) {
			return out, false
		}
		v := value{node: a.refer(col, location(n)), keying: col.keying, column: col, restricted: a.restrictionOf(col), date: col.date}
		of, ok := c.addJSON(a, v, binary)
		if !ok || col.cohort != nil {
			return out, false
		}
		step.Of = append(step.Of, literal(col.name), of)
	}
	if c.keyed == nil || len(c.Parts) > rows.MostParts {
		return out, false
	}
	c.Step = step
	return a.madeText(c, jsonType[binary]), true
}

// rowCall analyses row_to_json and to_json of a row of an item of FROM. The row may come
// from a sub-select; the function is then moved into it, where it has the same result.
func (a *analysis) rowCall(name string, f *pg.FuncCall, n *pg.Node, sc *scope) (out value, ok bool) {
	binary, known := jsonFunctions[name]
	if !known || len(f.Args) != 1 || !plainCall(f) {
		return out, false
	}
	if s := f.Args[0].GetSubLink(); s.GetSubLinkType() == pg.SubLinkType_EXPR_SUBLINK {
		q := s.GetSubselect().GetSelectStmt()
		if q == nil || len(q.TargetList) != 1 || q.Op != pg.SetOperation_SETOP_NONE || len(q.GroupClause)+len(q.DistinctClause)+len(q.SortClause)+len(q.ValuesLists) > 0 ||
			q.HavingClause != nil || q.WithClause != nil || q.TargetList[0].GetResTarget().GetVal().GetColumnRef() == nil {
			return out, false
		}
		t := q.TargetList[0].GetResTarget()
		f.Args[0], t.Val = t.Val, n
		return a.sublink(s, &pg.Node{Node: &pg.Node_SubLink{SubLink: s}}, sc), true
	}
	return a.rowObject(f.Args[0], sc, binary)
}
