package analysis

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/rows"
)

// in analyses x IN (list). A list of literals stays a list.
func (a *analysis) in(x *pg.A_Expr, n *pg.Node, name string, truth bool, sc *scope) *pg.Node {
	list := x.Rexpr.GetList()
	if list == nil || name != "=" && name != "<>" {
		a.unknown(n, "this kind of IN")
	}
	if l := rowOf(x.Lexpr); l != nil {
		var args []*pg.Node
		for _, item := range list.Items {
			r := rowOf(item)
			if r == nil || len(r.Args) != len(l.Args) {
				a.fail(codeSyntax, x.Location, "rows that are compared must have the same size", "")
			}
			args = append(args, a.rowsEqual(x, cloneRow(l), r, "=", sc))
		}
		out := either(args...)
		if len(args) == 1 {
			out = args[0]
		}
		if name == "<>" {
			return not(out)
		}
		return out
	}
	l := a.side(x.Lexpr, sc)
	var items []value
	sealed := l.keying != nil
	for _, item := range list.Items {
		v := a.side(item, sc)
		sealed = sealed || v.keying != nil
		items = append(items, v)
	}
	if !sealed {
		a.settle(&l)
		x.Lexpr = l.node
		for i := range items {
			a.settle(&items[i])
			if subject := l; subject.restricted != nil || items[i].restricted != nil {
				a.compareRestricted("=", &subject, &items[i], x.Location)
				x.Lexpr = subject.node
			}
			list.Items[i] = items[i].node
		}
		return n
	}
	if out := a.literalList(l, items, name, truth); out != nil {
		return out
	}
	if out := a.parameterList(l, items, name, truth); out != nil {
		return out
	}
	var args []*pg.Node
	for _, v := range items {
		if l.keying == nil && v.keying == nil {
			a.settle(&l)
			a.settle(&v)
			if l.restricted != nil || v.restricted != nil {
				a.compareRestricted("=", &l, &v, x.Location)
			}
			args = append(args, op(name, l.node, v.node))
			continue
		}
		args = append(args, a.equality(name, l, v, truth && name == "=", x.Location))
	}
	switch {
	case len(args) == 1:
		return args[0]
	case name == "<>":
		return both(args...)
	}
	return either(args...)
}

func not(n *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_BoolExpr{BoolExpr: &pg.BoolExpr{Boolop: pg.BoolExprType_NOT_EXPR, Args: []*pg.Node{n}}}}
}

// literalList analyses IN with literals, or returns nil if the list has anything else.
func (a *analysis) literalList(l value, items []value, name string, truth bool) *pg.Node {
	if l.keying == nil || l.keying.domain == "" {
		return nil
	}
	t := l.shadow(a)
	if t == nil {
		return nil
	}
	var cells []constant
	for _, v := range items {
		c, ok := constantOf(v.node)
		if !ok || c.param > 0 || v.keying != nil {
			return nil
		}
		cells = append(cells, c)
	}
	return a.openedList(l, t, cells, name, truth)
}

// manyItems is the length from which a list becomes one constant array, which PostgreSQL and
// the analysis read many times faster.
const manyItems = 32

// openedList analyses IN with pseudonyms.
func (a *analysis) openedList(v value, t *pg.Node, cells []constant, name string, truth bool) *pg.Node {
	s := v.keying
	var opened []*pg.Node
	var ids [][]byte
	for _, c := range cells {
		if c.null {
			opened, ids = append(opened, null()), append(ids, nil)
			continue
		}
		if id, ok := a.open(s, c.text); ok {
			if n := comparand(s.shadow, id); n != nil {
				opened, ids = append(opened, n), append(ids, []byte(id))
			}
		}
	}
	if len(opened) == 0 {
		return when(isNotNull(t), boolean(name == "<>"))
	}
	t = v.found(t, truth && name == "=")
	if len(opened) >= manyItems {
		kind := pg.A_Expr_Kind_AEXPR_OP_ANY
		if name == "<>" {
			kind = pg.A_Expr_Kind_AEXPR_OP_ALL
		}
		array := castArray(text(string(rows.AppendArray(nil, ids))), openedType(s.shadow))
		return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: kind, Name: names(name), Lexpr: t, Rexpr: array}}}
	}
	return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_IN, Name: names(name), Lexpr: t,
		Rexpr: &pg.Node{Node: &pg.Node_List{List: &pg.List{Items: opened}}}}}}
}

// parameterList analyses IN with parameters and literals, or returns nil if the list has
// anything else. They become one array, whose cost grows only in proportion.
func (a *analysis) parameterList(l value, items []value, name string, truth bool) *pg.Node {
	if l.keying == nil || l.keying.domain == "" || len(items) < 2 {
		return nil
	}
	t := l.shadow(a)
	if t == nil || slices.ContainsFunc(items, func(v value) bool { _, ok := constantOf(v.node); return !ok || v.keying != nil }) {
		return nil
	}
	var elements []*pg.Node
	for _, v := range items {
		switch c, _ := constantOf(v.node); {
		case c.param > 0:
			// With the array's own type: 16,000 casts take longer than everything else.
			elements = append(elements, a.sealedParam(c.param, l.keying, false, location(v.node)).GetTypeCast().Arg)
		case c.null:
			elements = append(elements, null())
		default:
			if id, ok := a.open(l.keying, c.text); ok {
				elements = append(elements, text(id))
			}
		}
	}
	array := castArray(&pg.Node{Node: &pg.Node_AArrayExpr{AArrayExpr: &pg.A_ArrayExpr{Elements: elements}}}, "text")
	in := func(kind pg.A_Expr_Kind, l, r *pg.Node) *pg.Node {
		return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: kind, Name: names(name), Lexpr: l, Rexpr: r}}}
	}
	typ, form := "", ""
	switch l.keying.shadow {
	case rows.ShadowInteger:
		typ, form = "int8", rows.ShadowInteger.Form()
	case rows.ShadowUUID:
		typ, form = "uuid", rows.ShadowUUID.Form()
	}
	switch {
	case name == "<>":
		// What does not open is sent as the tag, which is not the text of any value.
		return in(pg.A_Expr_Kind_AEXPR_OP_ALL, collateC(cast(t, "text")), array)
	case typ == "" && l.keying.shadow == rows.ShadowText:
		return in(pg.A_Expr_Kind_AEXPR_OP_ANY, l.found(t, truth), array)
	case typ == "" || !truth:
		return in(pg.A_Expr_Kind_AEXPR_OP_ANY, collateC(cast(t, "text")), array)
	}
	// As values of the column's type, so that an index can find them.
	item := a.shadowName()
	values := &pg.SelectStmt{
		TargetList: []*pg.Node{target("", when(op("~", column(item), text(form)), cast(column(item), typ)))},
		FromClause: []*pg.Node{{Node: &pg.Node_RangeFunction{RangeFunction: &pg.RangeFunction{
			Functions: []*pg.Node{{Node: &pg.Node_List{List: &pg.List{Items: []*pg.Node{call("unnest", array), {}}}}}},
			Alias:     &pg.Alias{Aliasname: item}}}}},
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	}
	return in(pg.A_Expr_Kind_AEXPR_OP_ANY, t, &pg.Node{Node: &pg.Node_SubLink{SubLink: &pg.SubLink{SubLinkType: pg.SubLinkType_ARRAY_SUBLINK, Subselect: selectNode(values)}}})
}

// anyAll analyses x = ANY (array) and x <> ALL (array).
func (a *analysis) anyAll(x *pg.A_Expr, n *pg.Node, name string, sc *scope) *pg.Node {
	truth := a.truth == n
	if out := a.arrayOfKeyed(x, n, name, sc); out != nil {
		return out
	}
	l := a.side(x.Lexpr, sc)
	if l.keying == nil {
		a.settle(&l)
		x.Lexpr = l.node
		if l.restricted != nil {
			x.Rexpr = a.restrictedArray(l.restricted, x)
			return n
		}
		x.Rexpr = a.clear(x.Rexpr, sc)
		return n
	}
	isAny := x.Kind == pg.A_Expr_Kind_AEXPR_OP_ANY
	if isAny && name != "=" || !isAny && name != "<>" {
		a.refuseKeyed(l.keying, x.Location, "cannot be compared with an array in this way", "", "Only = ANY and <> ALL are allowed.")
	}
	if list := a.listColumn(x.Rexpr, sc); list != nil {
		return a.listAny(l, list, x.Kind, name, truth, x.Location)
	}
	a.openable(l.keying, x.Location)
	arr := x.Rexpr
	for arr.GetTypeCast() != nil {
		arr = arr.GetTypeCast().Arg
	}
	if e := arr.GetAArrayExpr(); e != nil {
		in := &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_IN, Name: names(name), Lexpr: x.Lexpr, Location: x.Location,
			Rexpr: &pg.Node{Node: &pg.Node_List{List: &pg.List{Items: e.Elements}}}}
		if len(e.Elements) == 0 {
			return boolean(!isAny)
		}
		return a.in(in, n, name, truth && isAny, sc)
	}
	if p := arr.GetParamRef(); p != nil {
		return a.paramList(l, p.Number, isAny, truth, x.Location)
	}
	if cells, ok := a.arrayCells(arr, x.Location); ok {
		if len(cells) == 0 {
			return boolean(!isAny)
		}
		if t := l.shadow(a); t != nil {
			return a.openedList(l, t, cells, name, truth)
		}
		items := make([]*pg.Node, len(cells))
		for i, c := range cells {
			items[i] = null()
			if !c.null {
				items[i] = text(c.text)
			}
		}
		in := &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_IN, Name: names(name), Lexpr: x.Lexpr, Location: x.Location,
			Rexpr: &pg.Node{Node: &pg.Node_List{List: &pg.List{Items: items}}}}
		return a.in(in, n, name, truth && isAny, sc)
	}
	a.refuseKeyed(l.keying, x.Location, "cannot be compared with an array that is not written out", "", "Write the pseudonyms as a list, or use a parameter.")
	return nil
}

// arrayCells returns the elements of an array that is one literal, or string_to_array of
// one.
func (a *analysis) arrayCells(arr *pg.Node, at int32) (cells []constant, ok bool) {
	if f := arr.GetFuncCall(); f != nil {
		parts, _ := dotted(f.Funcname)
		if len(f.Args) != 2 || len(parts) == 0 || parts[len(parts)-1] != "string_to_array" || len(parts) == 2 && parts[0] != "pg_catalog" || len(parts) > 2 {
			return nil, false
		}
		list, ok := constantText(f.Args[0])
		by, ok2 := constantText(f.Args[1])
		if !ok || !ok2 || by == "" {
			return nil, false
		}
		if list != "" {
			for _, s := range strings.Split(list, by) {
				cells = append(cells, constant{text: s})
			}
		}
		return cells, true
	}
	s, ok := constantText(arr)
	if !ok {
		return nil, false
	}
	elements, ok := rows.ParseArray([]byte(s))
	if !ok {
		a.fail("22P02", at, "malformed array literal", "")
	}
	for _, e := range elements {
		cells = append(cells, constant{text: string(e), null: e == nil})
	}
	return cells, true
}

// paramList compares with an array parameter: the listener leaves out what does not open or
// is not a value of the column's type.
func (a *analysis) paramList(l value, n int32, isAny, truth bool, at int32) *pg.Node {
	p := a.sealedParam(n, l.keying, true, at)
	kind, name := pg.A_Expr_Kind_AEXPR_OP_ANY, "="
	if !isAny {
		kind, name = pg.A_Expr_Kind_AEXPR_OP_ALL, "<>"
	}
	t := l.shadow(a)
	if t == nil {
		a.refuseKeyed(l.keying, at, "cannot be compared with an array parameter where it is derived", "", "Compare the table's own column.")
	}
	switch l.keying.shadow {
	case rows.ShadowInteger:
		p = castArray(p, "int8")
	case rows.ShadowUUID:
		p = castArray(p, "uuid")
	}
	out := &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: kind, Name: names(name), Lexpr: l.found(t, truth && isAny && l.keying.shadow == rows.ShadowText), Rexpr: p}}}
	if !isAny {
		out = when(isNotNull(t), out) // also if the list is empty
	}
	return out
}

func cloneRow(r *pg.RowExpr) *pg.RowExpr {
	return clone(&pg.Node{Node: &pg.Node_RowExpr{RowExpr: r}}).GetRowExpr()
}
