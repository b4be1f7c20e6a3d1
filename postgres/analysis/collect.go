package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// Lists of keyed values: array_agg, string_agg, json_agg and jsonb_agg, ARRAY[…] and
// ARRAY(SELECT …). PostgreSQL collects wrappers, in the order of the statement, and Veil
// makes from them what the function would make from the masked values. If the statement
// sorts by the collected value itself, or uses DISTINCT, Veil sorts.

// collecting describes what an aggregate does with its argument, before the analysis.
type collecting struct {
	// how is the sort order of a list that is sorted only by its own values.
	how    int
	inVeil bool
	isRow  bool
}

// collects reports whether a call is of an aggregate whose argument Veil can collect.
func collects(name string, f *pg.FuncCall) bool {
	if f.AggWithinGroup || f.FuncVariadic || f.Over != nil && (f.AggDistinct || len(f.AggOrder) > 0) {
		return false
	}
	if _, object := objectLists[name]; object || name == "string_agg" {
		return len(f.Args) == 2
	}
	return collectors[name] && len(f.Args) == 1
}

// collect makes a list of the analysed keyed argument of an aggregate.
func (a *analysis) collect(name string, f *pg.FuncCall, vs []value, by collecting, sc *scope) value {
	v, at := vs[0], location(f.Args[0])
	between := (*rows.Step)(nil)
	if len(vs) == 2 {
		c, ok := constantOf(vs[1].node)
		if !ok || c.param > 0 || c.null || c.number {
			a.refuseKeyed(v.keying, at, "cannot be joined by string_agg with a delimiter that is not constant", "", "")
		}
		between = literal(c.text)
	}
	if !a.collectable(name, v) || f.AggDistinct && (!by.inVeil || !catalog.IsVarying(v.keying.shown)) {
		a.refuseKeyed(v.keying, at, "cannot be an argument of function "+name, "It can be collected as a text, ordered by itself or by other columns.", callHint(name))
	}
	f.Args = []*pg.Node{cast(v.node, "text")}
	f.Funcname = names("pg_catalog", "array_agg")
	if by.inVeil {
		f.AggOrder, f.AggDistinct = nil, false
	}
	a.sortInput(f, sc)
	a.rest(f, sc)
	c, list := a.listOf(v, &pg.Node{Node: &pg.Node_FuncCall{FuncCall: f}})
	if by.inVeil {
		list = &rows.Step{Function: "sort", Of: []*rows.Step{list}, Numbers: []int{by.how}}
	}
	switch name {
	case "array_agg":
		c.Step = &rows.Step{Function: "array", Of: []*rows.Step{list}}
		out := a.madeText(c, catalog.ArrayOf(v.keying.shown))
		out.list = a.listBeside(v, f, by)
		return out
	case "string_agg":
		c.Step = &rows.Step{Function: name, Of: []*rows.Step{list, between}}
		return a.madeText(c, catalog.OIDText)
	}
	c.Step = &rows.Step{Function: "json_list", Of: []*rows.Step{jsonOf(list, v.keying.shown)}, Text: ", "}
	if by.isRow && name == "json_agg" {
		c.Step.Text = ", \n "
	}
	return a.madeText(c, jsonType[name == "jsonb_agg"])
}

// collectable reports whether an aggregate can take a keyed value. A value that SQL can mask
// is masked there.
func (a *analysis) collectable(name string, v value) bool {
	s := v.keying
	if v.restricted != nil || v.computed || s.Array {
		return false
	}
	if s.inSQL != nil {
		a.refuseKeyed(s, 0, "cannot be collected", "", "") // SQL masks it
	}
	switch name {
	case "array_agg", "string_agg":
		return catalog.IsVarying(s.shown)
	case "json_agg":
		return s.hasJSON(false)
	case "jsonb_agg":
		return s.hasJSON(true)
	}
	return false
}

// sortsItself reports whether an aggregate sorts by what it collects, or has DISTINCT, so
// that nothing else determines the order, and how it sorts.
func sortsItself(f *pg.FuncCall) (how int, ok bool) {
	if f.AggDistinct {
		how |= rows.SortDistinct
	}
	switch len(f.AggOrder) {
	case 0:
		return how, f.AggDistinct
	case 1:
	default:
		return 0, false
	}
	s := f.AggOrder[0].GetSortBy()
	if s == nil || len(s.UseOp) > 0 || !sameTree(uncast(s.Node).ProtoReflect(), uncast(f.Args[0]).ProtoReflect()) {
		return 0, false
	}
	descending := s.SortbyDir == pg.SortByDir_SORTBY_DESC
	if descending {
		how |= rows.SortDescending
	}
	if s.SortbyNulls == pg.SortByNulls_SORTBY_NULLS_FIRST || descending && s.SortbyNulls == pg.SortByNulls_SORTBY_NULLS_DEFAULT {
		how |= rows.SortNullsFirst
	}
	return how, true
}

// uncast returns an expression without the casts to text around it.
func uncast(n *pg.Node) *pg.Node {
	for c := n.GetTypeCast(); c != nil && len(c.TypeName.Typmods)+len(c.TypeName.ArrayBounds) == 0; c = n.GetTypeCast() {
		if t := lastPart(c.TypeName.Names); t != "text" && t != "varchar" {
			break
		}
		n = c.Arg
	}
	return n
}

// listOf returns a composition of one list: an array of the texts of a keyed value.
func (a *analysis) listOf(v value, array *pg.Node) (*composition, *rows.Step) {
	s := v.keying
	c := &composition{nodes: []*pg.Node{coalesce(cast(array, "text"), text(""))}}
	c.note(s)
	c.Parts = []rows.Part{{Masking: &s.Masking, Composed: s.composed, Action: a.action(s.Action), List: true}}
	return c, &rows.Step{}
}

func literal(s string) *rows.Step { return &rows.Step{Function: "text", Text: s} }

// arrayOf analyses ARRAY[…] of texts, some of which are keyed. ok is false if none is keyed,
// or one is not a text.
func (a *analysis) arrayOf(vs []value) (out value, ok bool) {
	if firstKeying(vs...) == nil {
		return out, false
	}
	c, list := &composition{}, &rows.Step{Function: "list"}
	for _, v := range vs {
		switch {
		case v.restricted != nil || v.computed || v.keying != nil && (v.keying.Array || !catalog.IsVarying(v.keying.shown)):
			return out, false
		case v.keying != nil && v.keying.inSQL != nil:
			a.refuseKeyed(v.keying, 0, "cannot be part of an array", "", "") // SQL masks it
		case v.null:
			v.node = cast(null(), "text")
		}
		list.Of = append(list.Of, c.add(a, v, "||"))
	}
	c.Step = &rows.Step{Function: "array", Of: []*rows.Step{list}}
	return a.madeText(c, catalog.OIDTextArray), len(c.Parts) <= rows.MostParts
}

// arraySelect analyses ARRAY(SELECT …) of a keyed column.
func (a *analysis) arraySelect(s *pg.SubLink, n *pg.Node, res *result) (out value, ok bool) {
	if len(res.columns) != 1 || res.columns[0].keying == nil || res.columns[0].failed != nil {
		return out, false
	}
	v := value{keying: res.columns[0].keying, restricted: res.columns[0].restricted}
	if !a.collectable("array_agg", v) {
		return out, false
	}
	alias, name := a.shadowName(), a.shadowName()
	s.Subselect = selectNode(&pg.SelectStmt{
		TargetList:  []*pg.Node{target("", cast(column(alias, name), "text"))},
		FromClause:  []*pg.Node{subselect(s.Subselect.GetSelectStmt(), &pg.Alias{Aliasname: alias, Colnames: names(name)})},
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	})
	c, list := a.listOf(v, n)
	c.Step = &rows.Step{Function: "array", Of: []*rows.Step{list}}
	return a.madeText(c, catalog.ArrayOf(v.keying.shown)), true
}

// madeList returns the list from which an array was made in this expression, or nil.
func (v value) madeList() *rows.Step {
	if v.made == nil || v.made.Step.Function != "array" {
		return nil
	}
	return v.made.Step.Of[0]
}

// ofArray analyses a function of an array that was made of keyed values in this expression.
func (a *analysis) ofArray(name string, vs []value) (out value, ok bool) {
	list := vs[0].madeList()
	if list == nil {
		return out, false
	}
	c := *vs[0].made
	shown := uint32(catalog.OIDInt4)
	switch name {
	case "array_to_string":
		if len(vs) != 2 {
			return out, false
		}
		k, isConstant := constantOf(vs[1].node)
		if !isConstant || k.param > 0 || k.null || k.number {
			return out, false
		}
		c.Step, shown = &rows.Step{Function: name, Of: []*rows.Step{list, literal(k.text)}}, catalog.OIDText
	case "array_length":
		if k, isConstant := constantOf(vs[len(vs)-1].node); len(vs) != 2 || !isConstant || !k.number || k.text != "1" {
			return out, false
		}
		c.Step = &rows.Step{Function: name, Of: []*rows.Step{list}}
	case "cardinality":
		c.Step = &rows.Step{Function: name, Of: []*rows.Step{list}}
	default:
		return out, false
	}
	return a.madeText(&c, shown), true
}

// firstOf analyses (array_agg(id ORDER BY …))[n]: a keyed value of the same kind, which
// PostgreSQL selects from an array of wrappers. ok is false for anything else.
func (a *analysis) firstOf(x *pg.A_Indirection, n *pg.Node, sc *scope) (out value, ok bool) {
	if out, ok = a.listElement(x, n, sc); ok {
		return out, true
	}
	f := x.Arg.GetFuncCall()
	if f == nil || len(x.Indirection) != 1 || len(f.Args) != 1 || f.Over != nil || f.AggDistinct || f.AggWithinGroup || f.FuncVariadic {
		return out, false
	}
	parts, named := dotted(f.Funcname)
	if !named || parts[len(parts)-1] != "array_agg" || len(parts) == 2 && parts[0] != "pg_catalog" || len(parts) > 2 {
		return out, false
	}
	i := x.Indirection[0].GetAIndices()
	if i == nil || i.IsSlice {
		return out, false
	}
	if c, isConstant := constantOf(i.Uidx); !isConstant || !c.number {
		return out, false
	}
	if c := a.local(f.Args[0], sc); c == nil || c.keying == nil || c.failed != nil || c.keying.inSQL != nil || c.keying.Array {
		return out, false
	}
	v := a.expr(f.Args[0], sc)
	f.Args[0] = v.node
	f.Funcname = names("pg_catalog", "array_agg")
	a.sortInput(f, sc)
	a.rest(f, sc)
	a.aggregate("array_agg", f, false, sc)
	return value{node: n, keying: v.keying}, true
}
