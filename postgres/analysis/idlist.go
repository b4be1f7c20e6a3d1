package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// Collected ids that are taken apart again. The array that a client sees is made in Veil
// (collect.go); PostgreSQL never has it. If an outer query compares with the array or
// unnests it, PostgreSQL also collects the bare originals, in a column whose name the client
// cannot know, as with shadow columns. What is taken out of the array is keyed again.

// idList is an array of keyed values in a form that PostgreSQL can compute with.
type idList struct {
	keying *keying
	// node refers to the array of originals, in the level where the value is.
	node func() *pg.Node
	// ordered: its elements are in the order of the array that the client sees.
	ordered bool
}

// listBeside returns the array of originals for an array that an aggregate collects, or nil.
// f is the analysed call, except for its argument.
func (a *analysis) listBeside(v value, f *pg.FuncCall, by collecting) *idList {
	s := v.keying
	if f.Over != nil || s.Array || s.composed != nil || !s.comparable || len(s.Names()) > 0 || v.column == nil || v.column.shadow == "" || v.column.emit != nil {
		return nil
	}
	return &idList{keying: s, ordered: !by.inVeil, node: func() *pg.Node {
		own := proto.Clone(f).(*pg.FuncCall)
		own.Args, own.AggDistinct = []*pg.Node{a.shadowOf(v.column)}, by.how&rows.SortDistinct != 0
		return &pg.Node{Node: &pg.Node_FuncCall{FuncCall: own}}
	}}
}

// listColumn returns the list that a column reference refers to, or nil.
func (a *analysis) listColumn(n *pg.Node, sc *scope) *idList {
	for n.GetTypeCast() != nil {
		n = n.GetTypeCast().Arg
	}
	ref := n.GetColumnRef()
	if ref == nil || a.starred[ref] != nil {
		return nil
	}
	if c, _ := a.lookup(ref, sc); c != nil && c.emit == nil {
		return c.list
	}
	return nil
}

// listAny analyses = ANY and <> ALL of collected ids.
func (a *analysis) listAny(l value, list *idList, kind pg.A_Expr_Kind, name string, truth bool, at int32) *pg.Node {
	array, element := a.sameList(l, list, at)
	if list.keying.shadow == l.keying.shadow {
		element = l.found(element, truth && name == "=")
	}
	return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: kind, Name: names(name), Lexpr: element, Rexpr: array}}}
}

// sameList returns a list and a keyed value in forms that compare.
func (a *analysis) sameList(v value, list *idList, at int32) (array, element *pg.Node) {
	s := list.keying
	if v.keying == nil || v.keying.Class != s.Class || !v.keying.comparable {
		a.refuseKeyed(s, at, "cannot be compared with a value that is not masked in the same way", "", "Compare it with a column that the same method masks.")
	}
	if element = v.shadow(a); element == nil {
		a.refuseKeyed(s, at, "cannot be compared with a value that is derived", "", "Compare the table's own column.")
	}
	if array = list.node(); s.shadow != v.keying.shadow {
		return castArray(array, "text"), cast(element, "text")
	}
	return array, element
}

// listCall analyses a function of collected ids. ok is false for other functions.
func (a *analysis) listCall(name string, f *pg.FuncCall, n *pg.Node, sc *scope) (out value, ok bool) {
	if !plainCall(f) || len(f.Args) == 0 {
		return out, false
	}
	switch name {
	case "cardinality":
		if list := a.listColumn(f.Args[0], sc); list != nil && len(f.Args) == 1 {
			f.Args[0] = list.node()
			return value{node: n}, true
		}
	case "array_length", "array_upper":
		if list := a.listColumn(f.Args[0], sc); list != nil && len(f.Args) == 2 {
			f.Args = []*pg.Node{list.node(), a.clear(f.Args[1], sc)}
			return value{node: n}, true
		}
	case "array_position", "array_positions":
		list := a.listColumn(f.Args[0], sc)
		if list == nil || len(f.Args) != 2 {
			return out, false
		}
		at := location(f.Args[1])
		if !list.ordered {
			a.refuseUnordered(list, at)
		}
		array, element := a.sameList(a.expr(f.Args[1], sc), list, at)
		f.Args = []*pg.Node{array, element}
		return value{node: n}, true
	}
	return out, false
}

// refuseUnordered refuses to reveal positions in a list that is sorted in Veil.
func (a *analysis) refuseUnordered(list *idList, at int32) {
	a.refuseKeyed(list.keying, at, "has no places in an array that is sorted by it or has DISTINCT", "Veil sorts such an array, and PostgreSQL does not have its order.", "Collect it in the order of another column.")
}

// listRows analyses unnest of collected ids in FROM: rows of one keyed column, in an order
// that Veil determines. It returns nil for other functions.
func (a *analysis) listRows(f *pg.RangeFunction, left *scope) *from {
	c := firstCall(f)
	if len(f.Functions) != 1 || len(f.Coldeflist) > 0 || !isUnnest(c) || len(c.Args) != 1 || c.AggFilter != nil || len(c.AggOrder) > 0 {
		return nil
	}
	list := a.listColumn(c.Args[0], &scope{parent: left, ctes: left.ctes})
	if list == nil {
		return nil
	}
	if f.Ordinality && !list.ordered {
		a.refuseUnordered(list, c.Location)
	}
	alias := "unnest"
	if f.Alias != nil {
		alias = f.Alias.Aliasname
	}
	s := *list.keying
	s.original = list.keying.ofColumn()
	it := a.newItem(alias)
	id := &resolved{name: alias, keying: &s, typ: catalog.OIDText, action: -1, item: it, shadow: a.shadowName(), useShadow: func() {}}
	it.columns = []*resolved{id}
	inner, element := &pg.Alias{Aliasname: a.shadowName()}, a.shadowName()
	inner.Colnames = names(element)
	original := column(inner.Aliasname, element)
	targets := []*pg.Node{target("", when(isNotNull(original), row(a.tagText(), collateC(cast(original, "text"))))), target("", original)}
	if f.Ordinality {
		it.columns = append(it.columns, &resolved{name: "ordinality", action: -1, item: it})
		inner.Colnames = append(inner.Colnames, str("ordinality"))
		targets = append(targets, target("", column(inner.Aliasname, "ordinality")))
	}
	a.rename(it, f.Alias, c.Location)
	outer := &pg.Alias{Aliasname: it.ref}
	outer.Colnames = a.columnAliases(it)
	outer.Colnames = append(outer.Colnames[:1:1], append([]*pg.Node{str(id.shadow)}, outer.Colnames[1:]...)...)
	c.Funcname, c.Args = names("pg_catalog", "unnest"), []*pg.Node{list.node()}
	query := &pg.SelectStmt{
		TargetList: targets,
		FromClause: []*pg.Node{{Node: &pg.Node_RangeFunction{RangeFunction: &pg.RangeFunction{
			Ordinality: f.Ordinality, Functions: []*pg.Node{{Node: &pg.Node_List{List: &pg.List{Items: []*pg.Node{{Node: &pg.Node_FuncCall{FuncCall: c}}, {}}}}}}, Alias: inner}}}},
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	}
	node := subselect(query, outer)
	node.GetRangeSubselect().Lateral = true
	it.place = func() *pg.Node { return a.hashShadow(&s, column(it.ref, id.shadow)) }
	a.told++
	return &from{node: node, items: []*item{it}, columns: it.columns, sources: []*item{it}}
}

// listElement analyses ids[n], one element of collected ids. ok is false for anything else.
func (a *analysis) listElement(x *pg.A_Indirection, n *pg.Node, sc *scope) (out value, ok bool) {
	list := a.listColumn(x.Arg, sc)
	if list == nil || len(x.Indirection) != 1 {
		return out, false
	}
	i := x.Indirection[0].GetAIndices()
	if i == nil || i.IsSlice {
		return out, false
	}
	if !list.ordered {
		a.refuseUnordered(list, location(x.Arg))
	}
	x.Arg, i.Uidx = list.node(), a.clear(i.Uidx, sc)
	s := *list.keying
	s.original = list.keying.ofColumn()
	return value{node: when(isNotNull(n), row(a.tagText(), collateC(cast(clone(n), "text")))), keying: &s}, true
}
