package sqlflow

import (
	"regexp"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// Comparisons for equality with a sealed column: with one of its class, and with a
// pseudonym, which is opened. What does not open equals nothing: the comparison is
// false, and NULL where the column is.

// value makes a value of a column, carried.
func (a *analysis) value(c *resolved) value {
	return value{node: a.refer(c, 0), seal: c.seal, column: c, fence: a.fenceOf(c)}
}

// twin returns the bare original of a value, or nil.
func (v value) twin(a *analysis) *pg.Node {
	if v.seal == nil || v.column == nil || v.column.twin == "" || v.column.emit != nil {
		return nil
	}
	return a.twinOf(v.column)
}

// operator analyses an operator. Where neither side is sealed it is any of pg_catalog.
func (a *analysis) operator(x *pg.A_Expr, n *pg.Node, sc *scope) *pg.Node {
	truth := a.truth == n
	name := a.operatorName(x.Name, x.Location)
	if l, r := rowOf(x.Lexpr), rowOf(x.Rexpr); l != nil && r != nil && len(l.Args) == len(r.Args) && len(l.Args) > 0 &&
		(x.Kind == pg.A_Expr_Kind_AEXPR_OP && (name == "=" || name == "<>") || x.Kind == pg.A_Expr_Kind_AEXPR_DISTINCT || x.Kind == pg.A_Expr_Kind_AEXPR_NOT_DISTINCT) {
		return a.rowsEqual(x, l, r, name, sc)
	}
	switch x.Kind {
	case pg.A_Expr_Kind_AEXPR_IN:
		return a.in(x, n, name, truth, sc)
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN, pg.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		if x.Rexpr.GetList() == nil {
			a.unknown(n, "this kind of BETWEEN")
		}
		subject := a.expr(x.Lexpr, sc)
		x.Lexpr = a.unsealed(subject, x.Location)
		for i, item := range x.Rexpr.GetList().Items {
			v := a.expr(item, sc)
			x.Rexpr.GetList().Items[i] = a.unsealed(v, x.Location)
			if l := subject; l.fence != nil || v.fence != nil {
				a.fencedCompare("<", &l, &v, x.Location)
				x.Rexpr.GetList().Items[i] = v.node
			}
		}
		return n
	case pg.A_Expr_Kind_AEXPR_OP_ANY, pg.A_Expr_Kind_AEXPR_OP_ALL:
		return a.anyAll(x, n, name, sc)
	}
	var l, r value
	if x.Lexpr != nil {
		l = a.side(x.Lexpr, sc)
	}
	if x.Rexpr != nil {
		r = a.side(x.Rexpr, sc)
	}
	if l.seal == nil && r.seal == nil {
		a.settle(&l)
		a.settle(&r)
		if l.fence != nil || r.fence != nil {
			a.fencedOperator(x, name, &l, &r)
		}
		x.Lexpr, x.Rexpr = l.node, r.node
		return n
	}
	s := l.seal
	if s == nil {
		s = r.seal
	}
	var kind string
	switch {
	case x.Kind == pg.A_Expr_Kind_AEXPR_OP && (name == "=" || name == "<>"):
		kind = name
	case x.Kind == pg.A_Expr_Kind_AEXPR_DISTINCT:
		kind = "distinct"
	case x.Kind == pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		kind = "not distinct"
	default:
		a.refuseSealed(s, x.Location, "it is compared or computed with", "only = and <> are allowed, with a column of the same kind or a pseudonym")
	}
	return a.equality(kind, l, r, truth, x.Location)
}

// unsealed is the node of a value that must not be sealed; it may be fenced.
func (a *analysis) unsealed(v value, at int32) *pg.Node {
	if v.seal != nil {
		a.refuseSealed(v.seal, at, "it is compared or computed with", "only = and <> are allowed, with a column of the same kind or a pseudonym")
	}
	return v.node
}

// side analyses one side of a comparison. A parameter stays unsettled until it is
// known what it is compared with.
func (a *analysis) side(n *pg.Node, sc *scope) value {
	if c, ok := constantOf(n); ok && c.param > 0 {
		return value{node: n}
	}
	return a.expr(n, sc)
}

// settle analyses a side that turned out to be compared with nothing sealed.
func (a *analysis) settle(v *value) {
	if c, ok := constantOf(v.node); ok && c.param > 0 {
		v.node = a.clear(v.node, &scope{})
	}
}

func rowOf(n *pg.Node) *pg.RowExpr { return n.GetRowExpr() }

// constant is what a pseudonym is written as: a literal, NULL, or a parameter.
type constant struct {
	text  string
	null  bool
	param int32
}

// constantOf reads a literal or parameter below casts.
func constantOf(n *pg.Node) (c constant, ok bool) {
	for depth := 0; n.GetTypeCast() != nil && depth < 8; depth++ {
		n = n.GetTypeCast().Arg
	}
	if p := n.GetParamRef(); p != nil {
		return constant{param: p.Number}, true
	}
	k := n.GetAConst()
	if k == nil {
		return c, false
	}
	if k.Isnull {
		return constant{null: true}, true
	}
	switch v := k.Val.(type) {
	case *pg.A_Const_Sval:
		return constant{text: v.Sval.Sval}, true
	case *pg.A_Const_Ival:
		return constant{text: strconv.Itoa(int(v.Ival.Ival))}, true
	case *pg.A_Const_Fval:
		return constant{text: v.Fval.Fval}, true
	case *pg.A_Const_Bsval:
		return constant{text: v.Bsval.Bsval}, true
	case *pg.A_Const_Boolval:
		return constant{text: strconv.FormatBool(v.Boolval.Boolval)}, true
	}
	return c, false
}

// equality builds the comparison of two values of which at least one is sealed. kind
// is =, <>, distinct or not distinct.
func (a *analysis) equality(kind string, l, r value, truth bool, at int32) *pg.Node {
	if l.seal != nil && r.seal != nil {
		return a.sealedEquality(kind, l, r, at)
	}
	if l.seal == nil {
		l, r = r, l
	}
	c, ok := constantOf(r.node)
	if !ok {
		a.refuseSealed(l.seal, at, "it is compared with a value that is not sealed", "compare it with a column that the same method masks, or with a pseudonym")
	}
	if c.null {
		return a.distinctOp(kind, isSealedNode(a, l), null())
	}
	a.openable(l.seal, at)
	if c.param > 0 {
		return a.paramEquality(kind, l, c.param, truth, at)
	}
	return a.literalEquality(kind, l, c.text)
}

// isSealedNode is the twin of a value, or its carrier.
func isSealedNode(a *analysis, v value) *pg.Node {
	if t := v.twin(a); t != nil {
		return t
	}
	return v.node
}

// distinctOp writes a comparison of two expressions.
func (a *analysis) distinctOp(kind string, l, r *pg.Node) *pg.Node {
	switch kind {
	case "distinct", "not distinct":
		k := pg.A_Expr_Kind_AEXPR_DISTINCT
		if kind == "not distinct" {
			k = pg.A_Expr_Kind_AEXPR_NOT_DISTINCT
		}
		return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: k, Name: names("="), Lexpr: l, Rexpr: r}}}
	}
	return op(kind, l, r)
}

func (a *analysis) sealedEquality(kind string, l, r value, at int32) *pg.Node {
	if l.seal.class != r.seal.class {
		a.refuseSealed(l.seal, at, "it is compared with a column of another method or domain ("+r.seal.action.Path+")", "give both columns the same method and domain")
	}
	if !l.seal.comparable {
		a.refuseSealed(l.seal, at, "it is compared for equality, but equal masked values may be different originals", "compare the patients' sealed ids")
	}
	lt, rt := l.twin(a), r.twin(a)
	if lt == nil || rt == nil {
		return a.distinctOp(kind, l.node, r.node)
	}
	if l.seal.twin != r.seal.twin {
		lt, rt = collateC(cast(lt, "text")), collateC(cast(rt, "text"))
	}
	return a.distinctOp(kind, lt, rt)
}

// openable refuses a comparison with a constant where pseudonyms cannot be opened.
func (a *analysis) openable(s *seal, at int32) {
	if s.domain == "" {
		a.refuseSealed(s, at, "it is compared with a constant, but its masked values cannot be opened", "only columns of method seal can be compared with their pseudonyms; join on it instead")
	}
}

// open opens a pseudonym of a sealed column.
func (a *analysis) open(s *seal, pseudonym string) (string, bool) {
	out, ok := a.keys().AppendOpened(nil, a.policy.masks.Keys.SealSlot(s.domain), []byte(pseudonym))
	return string(out), ok
}

var (
	integerForm = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,17})$`)
	uuidForm    = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// comparand is an opened id as it compares with a twin, or nil where no value of the
// column's type is written so.
func comparand(k twinKind, id string) *pg.Node {
	switch k {
	case twinInteger:
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || !integerForm.MatchString(id) {
			return nil
		}
		return integer(n, "int8")
	case twinUUID:
		if !uuidForm.MatchString(id) {
			return nil
		}
		return cast(text(id), "uuid")
	}
	return cast(text(id), "text")
}

// literalEquality compares with a literal pseudonym, which is opened now.
func (a *analysis) literalEquality(kind string, l value, pseudonym string) *pg.Node {
	t := l.twin(a)
	id, ok := a.open(l.seal, pseudonym)
	var other *pg.Node
	if ok {
		if t != nil {
			other = comparand(l.seal.twin, id)
		} else {
			other = row(a.tagText(), collateC(cast(text(id), "text")))
		}
	}
	node := l.node
	if t != nil {
		node = t
	}
	if other != nil {
		return a.distinctOp(kind, node, other)
	}
	switch kind {
	case "=":
		return when(isNotNull(node), boolean(false))
	case "<>":
		return when(isNotNull(node), boolean(true))
	}
	return boolean(kind == "distinct")
}

// paramEquality compares with a parameter, which the door opens at Bind. What does not
// open arrives as the tag, which is no value of any column.
func (a *analysis) paramEquality(kind string, l value, n int32, truth bool, at int32) *pg.Node {
	p := a.sealedParam(n, l.seal, false, at)
	t := l.twin(a)
	if t == nil {
		return a.distinctOp(kind, l.node, when(isNotNull(p), row(a.tagText(), collateC(p))))
	}
	if kind == "distinct" || kind == "not distinct" {
		return a.distinctOp(kind, collateC(cast(t, "text")), p)
	}
	other := p
	switch l.seal.twin {
	case twinInteger:
		other = when(op("~", p, text(integerForm.String())), cast(p, "int8"))
	case twinUUID:
		other = when(op("~", p, text(uuidForm.String())), cast(p, "uuid"))
	case twinCast:
		return op(kind, t, collateC(p))
	case twinText:
		return op(kind, t, p)
	}
	if kind == "=" && truth {
		return op(kind, t, other)
	}
	// A parameter of no use compares as a value that no column has; a NULL one gives
	// NULL.
	return when(both(isNotNull(t), isNotNull(p)), coalesce(op(kind, t, other), boolean(kind == "<>")))
}

// rowsEqual compares rows member by member.
func (a *analysis) rowsEqual(x *pg.A_Expr, l, r *pg.RowExpr, name string, sc *scope) *pg.Node {
	kind := name
	switch x.Kind {
	case pg.A_Expr_Kind_AEXPR_DISTINCT:
		kind = "distinct"
	case pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		kind = "not distinct"
	}
	var args []*pg.Node
	for i := range l.Args {
		lv, rv := a.side(l.Args[i], sc), a.side(r.Args[i], sc)
		if lv.seal == nil && rv.seal == nil {
			a.settle(&lv)
			a.settle(&rv)
			if lv.fence != nil || rv.fence != nil {
				a.fencedCompare("=", &lv, &rv, x.Location)
			}
			args = append(args, a.distinctOp(kind, lv.node, rv.node))
			continue
		}
		args = append(args, a.equality(kind, lv, rv, false, x.Location))
	}
	if len(args) == 1 {
		return args[0]
	}
	if kind == "<>" || kind == "distinct" {
		return either(args...)
	}
	return both(args...)
}

// in is x IN (list). A list of literals stays a list.
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
				a.fail(codeSyntax, x.Location, "rows of one size are compared", "")
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
	sealed := l.seal != nil
	for _, item := range list.Items {
		v := a.side(item, sc)
		sealed = sealed || v.seal != nil
		items = append(items, v)
	}
	if !sealed {
		a.settle(&l)
		x.Lexpr = l.node
		for i := range items {
			a.settle(&items[i])
			if subject := l; subject.fence != nil || items[i].fence != nil {
				a.fencedCompare("=", &subject, &items[i], x.Location)
				x.Lexpr = subject.node
			}
			list.Items[i] = items[i].node
		}
		return n
	}
	if out := a.literalList(l, items, name, x.Location); out != nil {
		return out
	}
	var args []*pg.Node
	for _, v := range items {
		if l.seal == nil && v.seal == nil {
			a.settle(&l)
			a.settle(&v)
			if l.fence != nil || v.fence != nil {
				a.fencedCompare("=", &l, &v, x.Location)
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

// literalList is IN over literals, or nil where the list has something else.
func (a *analysis) literalList(l value, items []value, name string, at int32) *pg.Node {
	if l.seal == nil || l.seal.domain == "" {
		return nil
	}
	t := l.twin(a)
	if t == nil {
		return nil
	}
	var opened []*pg.Node
	for _, v := range items {
		c, ok := constantOf(v.node)
		if !ok || c.param > 0 || v.seal != nil {
			return nil
		}
		if c.null {
			opened = append(opened, null())
			continue
		}
		if id, ok := a.open(l.seal, c.text); ok {
			if n := comparand(l.seal.twin, id); n != nil {
				opened = append(opened, n)
			}
		}
	}
	if len(opened) == 0 {
		return when(isNotNull(t), boolean(name == "<>"))
	}
	return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_IN, Name: names(name), Lexpr: t,
		Rexpr: &pg.Node{Node: &pg.Node_List{List: &pg.List{Items: opened}}}}}}
}

// anyAll is x = ANY (array) and x <> ALL (array).
func (a *analysis) anyAll(x *pg.A_Expr, n *pg.Node, name string, sc *scope) *pg.Node {
	l := a.side(x.Lexpr, sc)
	if l.seal == nil {
		a.settle(&l)
		x.Lexpr = l.node
		if l.fence != nil {
			x.Rexpr = a.fencedArray(l.fence, x)
			return n
		}
		x.Rexpr = a.clear(x.Rexpr, sc)
		return n
	}
	isAny := x.Kind == pg.A_Expr_Kind_AEXPR_OP_ANY
	if !(isAny && name == "=") && !(!isAny && name == "<>") {
		a.refuseSealed(l.seal, x.Location, "it is compared or computed with", "only = ANY and <> ALL are allowed")
	}
	a.openable(l.seal, x.Location)
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
		return a.in(in, n, name, false, sc)
	}
	if p := arr.GetParamRef(); p != nil {
		return a.paramList(l, p.Number, isAny, x.Location)
	}
	if s, ok := constantText(arr); ok {
		elements, ok := parseArray([]byte(s))
		if !ok {
			a.fail("22P02", x.Location, "malformed array literal", "")
		}
		items := make([]*pg.Node, len(elements))
		for i, e := range elements {
			items[i] = null()
			if e != nil {
				items[i] = text(string(e))
			}
		}
		if len(items) == 0 {
			return boolean(!isAny)
		}
		in := &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_IN, Name: names(name), Lexpr: x.Lexpr, Location: x.Location,
			Rexpr: &pg.Node{Node: &pg.Node_List{List: &pg.List{Items: items}}}}
		return a.in(in, n, name, false, sc)
	}
	a.refuseSealed(l.seal, x.Location, "it is compared with an array that is not written out", "write the pseudonyms as a list, or as a parameter")
	return nil
}

// paramList compares with an array parameter: the door leaves out what does not open
// or is no value of the column's type.
func (a *analysis) paramList(l value, n int32, isAny bool, at int32) *pg.Node {
	p := a.sealedParam(n, l.seal, true, at)
	kind, name := pg.A_Expr_Kind_AEXPR_OP_ANY, "="
	if !isAny {
		kind, name = pg.A_Expr_Kind_AEXPR_OP_ALL, "<>"
	}
	t := l.twin(a)
	if t == nil {
		a.refuseSealed(l.seal, at, "an array parameter is compared with a column that is derived", "compare it with the table's own column")
	}
	switch l.seal.twin {
	case twinInteger:
		p = castArray(p, "int8")
	case twinUUID:
		p = castArray(p, "uuid")
	}
	return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: kind, Name: names(name), Lexpr: t, Rexpr: p}}}
}

// sublink analyses a sub-select in an expression.
func (a *analysis) sublink(s *pg.SubLink, n *pg.Node, sc *scope) value {
	q := s.Subselect.GetSelectStmt()
	if q == nil {
		a.unknown(n, "this kind of sub-select")
	}
	at := &scope{parent: sc, ctes: sc.ctes}
	switch s.SubLinkType {
	case pg.SubLinkType_EXISTS_SUBLINK:
		a.query(q, at, mode{unordered: true})
		return value{node: n}
	case pg.SubLinkType_EXPR_SUBLINK:
		res := a.query(q, at, mode{})
		if len(res.columns) != 1 {
			a.clearResult(res, s.Location)
			return value{node: n}
		}
		a.notFailed(res)
		return value{node: n, seal: res.columns[0].seal, fence: res.columns[0].fence}
	case pg.SubLinkType_ARRAY_SUBLINK:
		a.clearResult(a.query(q, at, mode{}), s.Location)
		return value{node: n}
	case pg.SubLinkType_ANY_SUBLINK, pg.SubLinkType_ALL_SUBLINK:
		return value{node: a.inSelect(s, n, q, at, sc)}
	}
	a.unknown(n, "this kind of sub-select")
	return value{}
}

func (a *analysis) notFailed(res *result) {
	for _, c := range res.columns {
		if c.failed != nil {
			panic(c.failed)
		}
	}
}

func (a *analysis) clearResult(res *result, at int32) {
	a.notFailed(res)
	for _, c := range res.columns {
		if c.seal != nil {
			a.refuseSealed(c.seal, at, "it is part of a row or array", "")
		}
		if c.fence != nil {
			a.refuseFenced(c.fence, at)
		}
	}
}

// inSelect is x IN (SELECT …), x = ANY (SELECT …) and their negations. Where both
// sides have twins the sub-select returns the twin instead of the carrier.
func (a *analysis) inSelect(s *pg.SubLink, n *pg.Node, q *pg.SelectStmt, at, sc *scope) *pg.Node {
	name := "="
	if len(s.OperName) > 0 {
		name = a.operatorName(s.OperName, s.Location)
	}
	tests := []*pg.Node{s.Testexpr}
	if r := rowOf(s.Testexpr); r != nil {
		tests = r.Args
	}
	var vs []value
	for i, t := range tests {
		v := a.expr(t, sc)
		vs = append(vs, v)
		tests[i] = v.node
	}
	if rowOf(s.Testexpr) == nil {
		s.Testexpr = tests[0]
	}
	res := a.query(q, at, mode{unordered: true})
	a.notFailed(res)
	if len(res.columns) != len(vs) {
		a.clearResult(res, s.Location)
		for _, v := range vs {
			if v.seal != nil {
				a.refuseSealed(v.seal, s.Location, "it is compared with rows of another size", "")
			}
		}
		return n
	}
	for i, c := range res.columns {
		v := vs[i]
		if v.seal == nil && c.seal == nil {
			a.sameFence([]value{v, {fence: c.fence, null: c.null}}, s.Location)
			continue
		}
		seal := v.seal
		if seal == nil {
			seal = c.seal
		}
		equal := s.SubLinkType == pg.SubLinkType_ANY_SUBLINK && name == "=" || s.SubLinkType == pg.SubLinkType_ALL_SUBLINK && name == "<>"
		if v.seal == nil || c.seal == nil || v.seal.class != c.seal.class || !v.seal.comparable || !equal {
			a.refuseSealed(seal, s.Location, "it is compared with what is not of its kind, or not for equality", "compare it with a column that the same method masks, by IN or NOT IN")
		}
	}
	if len(vs) == 1 && vs[0].seal != nil {
		if t := vs[0].twin(a); t != nil && res.swap != nil && res.hasTwin(0) && res.columns[0].seal.twin == vs[0].seal.twin {
			res.columns[0].markTwin()
			res.swap()
			s.Testexpr = t
		}
	}
	return n
}

func cloneRow(r *pg.RowExpr) *pg.RowExpr {
	return clone(&pg.Node{Node: &pg.Node_RowExpr{RowExpr: r}}).GetRowExpr()
}

// operatorName checks an operator's name: one of pg_catalog.
func (a *analysis) operatorName(list []*pg.Node, at int32) string {
	if len(list) == 0 {
		return ""
	}
	parts, ok := dotted(list)
	if !ok || len(parts) > 2 || len(parts) == 2 && parts[0] != "pg_catalog" {
		a.fail(codeNoFunction, at, "only operators of pg_catalog are allowed", "")
	}
	name := parts[len(parts)-1]
	if name == "!=" {
		name = "<>"
	}
	return name
}
