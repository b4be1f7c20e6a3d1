package sqlflow

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// value is what an expression gives.
type value struct {
	node *pg.Node
	// seal is nil where no original is in it.
	seal *seal
	// column is set where the expression is a column as it is.
	column *resolved
	// null is the bare constant NULL.
	null bool
	// fence is set where the value's type has casts of the database.
	fence *Type
	// whole is a whole row.
	whole bool
	// failed is set for a view's column that cannot be had, hidden for one that is not
	// there.
	failed *Refusal
	hidden bool
}

// expr analyses an expression. What has no case here is refused.
func (a *analysis) expr(n *pg.Node, sc *scope) value {
	a.deeper()
	defer a.shallower()
	switch x := n.GetNode().(type) {
	case *pg.Node_AConst:
		return value{node: n, null: x.AConst.Isnull}
	case *pg.Node_ColumnRef:
		return a.columnRef(x.ColumnRef, sc)
	case *pg.Node_ParamRef:
		a.clearParam(x.ParamRef)
		return value{node: n}
	case *pg.Node_AExpr:
		return value{node: a.operator(x.AExpr, n, sc)}
	case *pg.Node_BoolExpr:
		for i, arg := range x.BoolExpr.Args {
			x.BoolExpr.Args[i] = a.clear(arg, sc)
		}
		x.BoolExpr.Args = flat(x.BoolExpr.Boolop, x.BoolExpr.Args)
		return value{node: n}
	case *pg.Node_NullTest:
		return value{node: a.nullTest(x.NullTest, n, sc)}
	case *pg.Node_BooleanTest:
		x.BooleanTest.Arg = a.clear(x.BooleanTest.Arg, sc)
		return value{node: n}
	case *pg.Node_TypeCast:
		return a.typeCast(x.TypeCast, n, sc)
	case *pg.Node_CollateClause:
		a.collation(x.CollateClause)
		x.CollateClause.Arg = a.clear(x.CollateClause.Arg, sc)
		return value{node: n}
	case *pg.Node_CaseExpr:
		return a.caseExpr(x.CaseExpr, n, sc)
	case *pg.Node_CoalesceExpr:
		var vs []value
		for i, arg := range x.CoalesceExpr.Args {
			v := a.expr(arg, sc)
			x.CoalesceExpr.Args[i] = v.node
			vs = append(vs, v)
		}
		return value{node: n, seal: a.carried(vs, location(n)), fence: a.sameFence(vs, location(n))}
	case *pg.Node_MinMaxExpr:
		a.clearAll(x.MinMaxExpr.Args, sc)
		return value{node: n}
	case *pg.Node_AArrayExpr:
		a.clearAll(x.AArrayExpr.Elements, sc)
		return value{node: n}
	case *pg.Node_RowExpr:
		x.RowExpr.Args = a.rowArgs(x.RowExpr.Args, sc)
		return value{node: n}
	case *pg.Node_AIndirection:
		return a.indirection(x.AIndirection, n, sc)
	case *pg.Node_FuncCall:
		return a.call(x.FuncCall, n, sc)
	case *pg.Node_NamedArgExpr:
		x.NamedArgExpr.Arg = a.clear(x.NamedArgExpr.Arg, sc)
		return value{node: n}
	case *pg.Node_SubLink:
		return a.sublink(x.SubLink, n, sc)
	case *pg.Node_GroupingFunc:
		// GROUPING tells which columns a row is grouped by, no value of them.
		for i, arg := range x.GroupingFunc.Args {
			if c := a.local(arg, sc); c != nil && c.grouped {
				x.GroupingFunc.Args[i] = a.twinOf(c)
				continue
			}
			x.GroupingFunc.Args[i] = a.expr(arg, sc).node
		}
		return value{node: n}
	case *pg.Node_SqlvalueFunction:
		return value{node: a.valueFunction(x.SqlvalueFunction, n)}
	case *pg.Node_XmlExpr:
		a.clearAll(x.XmlExpr.Args, sc)
		for _, arg := range x.XmlExpr.NamedArgs {
			if t := arg.GetResTarget(); t != nil {
				if t.Name == "" {
					t.Name = figureName(t.Val)
				}
				t.Val = a.clear(t.Val, sc)
			} else {
				a.unknown(arg, "this kind of XML argument")
			}
		}
		return value{node: n}
	case *pg.Node_XmlSerialize:
		a.typeName(x.XmlSerialize.TypeName)
		x.XmlSerialize.Expr = a.clear(x.XmlSerialize.Expr, sc)
		return value{node: n}
	}
	a.unknown(n, "this kind of expression")
	return value{}
}

// clear analyses an expression that must hold no original.
func (a *analysis) clear(n *pg.Node, sc *scope) *pg.Node {
	at := location(n)
	v := a.expr(n, sc)
	if v.seal != nil {
		a.refuseSealed(v.seal, at, "it may only be selected, compared for equality, grouped, counted and tested for NULL", "")
	}
	if v.fence != nil {
		a.refuseFenced(v.fence, at)
	}
	return v.node
}

func (a *analysis) clearAll(list []*pg.Node, sc *scope) {
	for i, n := range list {
		list[i] = a.clear(n, sc)
	}
}

// condition analyses an expression of which only the truth counts: a comparison that
// is NULL may stand for one that is false.
func (a *analysis) condition(n *pg.Node, sc *scope) *pg.Node {
	if b := n.GetBoolExpr(); b != nil && b.Boolop != pg.BoolExprType_NOT_EXPR {
		a.deeper()
		defer a.shallower()
		for i, arg := range b.Args {
			b.Args[i] = a.condition(arg, sc)
		}
		b.Args = flat(b.Boolop, b.Args)
		return n
	}
	a.truth = n
	return a.clear(n, sc)
}

// columnRef analyses a reference to a column or a whole row.
func (a *analysis) columnRef(ref *pg.ColumnRef, sc *scope) value {
	at := ref.Location
	if c := a.starred[ref]; c != nil {
		return value{node: a.refer(c, at), seal: c.seal, column: c, fence: a.fenceOf(c)}
	}
	if k := len(ref.Fields); k > 0 && ref.Fields[k-1].GetAStar() != nil {
		// f(t.*) is the whole row of t.
		parts, ok := dotted(ref.Fields[:k-1])
		if !ok || len(parts) == 0 || len(parts) > 2 {
			a.fail(codeSyntax, at, "a star is not allowed here", "")
		}
		schema := ""
		if len(parts) == 2 {
			schema = parts[0]
		}
		return a.wholeRow(a.item(schema, parts[len(parts)-1], sc, at), at)
	}
	c, it := a.lookup(ref, sc)
	if it != nil {
		return a.wholeRow(it, at)
	}
	return value{node: a.refer(c, at), seal: c.seal, column: c, fence: a.fenceOf(c)}
}

// wholeRow is a row of a FROM item as one value. It must hold no original, since what
// becomes of a row (text, JSON, an order) cannot be followed.
func (a *analysis) wholeRow(it *item, at int32) value {
	if it.join {
		a.fail("0A000", at, fmt.Sprintf("the whole row of the join %q is not supported", it.alias), "name the columns, or put the join into a sub-select")
	}
	if !it.whole() {
		a.fail(codeForbidden, at, fmt.Sprintf("the whole row of %q holds sealed columns", it.alias), "name the columns that are needed")
	}
	for _, c := range it.columns {
		if f := a.fenceOf(c); f != nil {
			a.refuseFenced(f, at)
		}
		if c.use != nil {
			c.use()
		}
	}
	return value{node: column(it.ref), whole: true}
}

// rowArgs analyses the members of ROW(…), where t.* stands for all columns of t.
func (a *analysis) rowArgs(args []*pg.Node, sc *scope) (out []*pg.Node) {
	for _, n := range args {
		cols, ok := a.star(n, sc)
		if !ok {
			out = append(out, a.clear(n, sc))
			continue
		}
		for _, c := range cols {
			out = append(out, a.clear(&pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: a.named(c)}}, sc))
		}
	}
	return out
}

// nullTest is IS NULL and IS NOT NULL. A carrier is NULL exactly where the masked
// value is, and none of its members ever is.
func (a *analysis) nullTest(t *pg.NullTest, n *pg.Node, sc *scope) *pg.Node {
	at := location(t.Arg)
	v := a.expr(t.Arg, sc)
	if v.seal != nil && !v.seal.nulls {
		a.refuseSealed(v.seal, at, "it is tested for NULL, but which values the method removes cannot be told in SQL", "")
	}
	t.Arg = v.node
	if v.seal != nil && v.column != nil && v.column.twin != "" && v.column.emit == nil {
		t.Arg = a.twinOf(v.column)
	}
	return n
}

// caseExpr is CASE: sealed results are carried, conditions are truths.
func (a *analysis) caseExpr(c *pg.CaseExpr, n *pg.Node, sc *scope) value {
	var arg value
	if c.Arg != nil {
		at := location(c.Arg)
		if arg = a.expr(c.Arg, sc); arg.seal != nil {
			a.refuseSealed(arg.seal, at, "it is the subject of a CASE", "write CASE WHEN column = …")
		}
		c.Arg = arg.node
	}
	var vs []value
	for _, w := range c.Args {
		cw := w.GetCaseWhen()
		if cw == nil {
			a.unknown(w, "this kind of CASE")
		}
		if c.Arg != nil {
			w := a.expr(cw.Expr, sc)
			if w.seal != nil {
				a.refuseSealed(w.seal, location(cw.Expr), "it is compared with the subject of a CASE", "")
			}
			if subject := arg; subject.fence != nil || w.fence != nil {
				a.fencedCompare("=", &subject, &w, location(cw.Expr))
			}
			cw.Expr = w.node
		} else {
			cw.Expr = a.condition(cw.Expr, sc)
		}
		v := a.expr(cw.Result, sc)
		cw.Result = v.node
		vs = append(vs, v)
	}
	if c.Defresult != nil {
		v := a.expr(c.Defresult, sc)
		c.Defresult = v.node
		vs = append(vs, v)
	}
	return value{node: n, seal: a.carried(vs, location(n)), fence: a.sameFence(vs, location(n))}
}

// carried is the seal of a choice between values: all of one class, or NULL.
func (a *analysis) carried(vs []value, at int32) *seal {
	var s *seal
	for _, v := range vs {
		if v.seal != nil {
			s = v.seal
		}
	}
	if s == nil {
		return nil
	}
	for _, v := range vs {
		if v.null {
			continue
		}
		if v.seal == nil || !sameSeal(v.seal, s) {
			a.refuseSealed(s, at, "it is mixed with other values", "choose between columns that the same method masks, and NULL")
		}
	}
	return s
}

// sameSeal reports whether carriers of both may stand in one column.
func sameSeal(a, b *seal) bool {
	if a == b {
		return true
	}
	x, y := shapeOf(a), shapeOf(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return a.class == b.class && a.shown == b.shown && a.form == b.form && a.prefix == b.prefix
}

// indirection is (expression).field, [subscript] and the like.
func (a *analysis) indirection(x *pg.A_Indirection, n *pg.Node, sc *scope) value {
	// (t).column is t.column where t is a FROM item.
	if ref := x.Arg.GetColumnRef(); ref != nil && len(x.Indirection) > 0 {
		if name := x.Indirection[0].GetString_(); name != nil && a.starred[ref] == nil && len(ref.Fields) > 0 && ref.Fields[len(ref.Fields)-1].GetAStar() == nil {
			if _, it := a.lookup(ref, sc); it != nil {
				for _, c := range it.columns {
					if c.name == name.Sval {
						v := value{node: a.refer(c, ref.Location), seal: c.seal, column: c, fence: a.fenceOf(c)}
						if len(x.Indirection) == 1 {
							return v
						}
						if v.seal != nil {
							a.refuseSealed(v.seal, ref.Location, "a part of it is asked for", "")
						}
						x.Arg, x.Indirection = v.node, x.Indirection[1:]
						return value{node: n, fence: a.parts(c.typ, v.fence, x.Indirection, sc)}
					}
				}
				a.fail(codeNoColumn, ref.Location, fmt.Sprintf("column %q does not exist", name.Sval), "")
			}
		}
	}
	at := location(x.Arg)
	v := a.expr(x.Arg, sc)
	if v.seal != nil {
		a.refuseSealed(v.seal, at, "a part of it is asked for", "")
	}
	x.Arg = v.node
	typ := uint32(0)
	if v.column != nil {
		typ = v.column.typ
	}
	return value{node: n, fence: a.parts(typ, v.fence, x.Indirection, sc)}
}

// parts follows fields and subscripts from a type, 0 where it is not known, and
// returns the fence of what they lead to. A field must be one that the type is known to
// have: PostgreSQL takes another name for a function, as in (text).pg_read_file.
func (a *analysis) parts(typ uint32, fence *Type, list []*pg.Node, sc *scope) *Type {
	for _, i := range list {
		t := a.catalog.base(typ)
		switch y := i.GetNode().(type) {
		case *pg.Node_String_:
			typ = 0
			if t != nil {
				for _, f := range t.Fields {
					if f.Name == y.String_.Sval {
						typ = f.Type
					}
				}
			}
			if typ == 0 && (t != nil || fence != nil || !knownFields[y.String_.Sval]) {
				a.fail(codeForbidden, 0, "a field of this value cannot be told from a function", "name fields of composite columns only")
			}
		case *pg.Node_AIndices:
			for _, b := range []**pg.Node{&y.AIndices.Lidx, &y.AIndices.Uidx} {
				if *b != nil {
					*b = a.clear(*b, sc)
				}
			}
			switch {
			case y.AIndices.IsSlice:
			case t != nil && t.Element != 0:
				typ = t.Element
			default:
				typ = 0
			}
		default:
			a.unknown(i, "this kind of subscript")
		}
		if typ != 0 {
			fence = a.catalog.fenced(typ)
		}
	}
	return fence
}

// knownFields are fields of the records that allowed functions return. No function of
// pg_catalog has such a name but conversions.
var knownFields = func() map[string]bool {
	set := map[string]bool{}
	for _, list := range functionColumns {
		for _, name := range list {
			set[name] = true
		}
	}
	return set
}()

// typeCast checks the type. A sealed value cannot be cast.
func (a *analysis) typeCast(c *pg.TypeCast, n *pg.Node, sc *scope) value {
	t := a.typeName(c.TypeName)
	if t != nil && strings.HasPrefix(t.Name, "reg") && t.Schema == "pg_catalog" {
		return value{node: a.regCast(c, t, n, sc)}
	}
	at := location(c.Arg)
	v := a.expr(c.Arg, sc)
	if v.seal != nil {
		a.refuseSealed(v.seal, at, "it is cast to another type", "leave the cast away: the column comes as "+typeWord(a.catalog, v.seal.shown))
	}
	c.Arg = v.node
	if v.fence != nil && !a.fencedCast(v.fence, t) {
		a.refuseFenced(v.fence, at)
	}
	if t != nil && t.Kind == 'e' {
		if f := a.catalog.fenced(t.OID); f != nil {
			if _, ok := constantOf(v.node); !ok {
				a.refuseFenced(f, at)
			}
			return value{node: n, fence: f}
		}
	}
	return value{node: n}
}

// visibleSchema reports whether a schema is PostgreSQL's own or has a visible relation.
func (a *analysis) visibleSchema(name string) bool {
	if system(name) || name == "public" {
		return true
	}
	for oid := range a.over.system.visible {
		if a.catalog.relations[oid].Schema == name {
			return true
		}
	}
	return false
}

func typeWord(c *Catalog, oid uint32) string {
	if t := c.types[oid]; t != nil {
		return t.Name
	}
	return "text"
}

// regCast is a cast to regclass and the like, which looks names up. A constant is
// looked up here, by the session's search path and among what is visible; an OID of
// what is hidden gives no name.
func (a *analysis) regCast(c *pg.TypeCast, t *Type, n *pg.Node, sc *scope) *pg.Node {
	s, isText := constantText(c.Arg)
	switch {
	case t.Name == "regclass" && isText && !allDigits(s):
		parts := splitName(s)
		if len(parts) == 0 || len(parts) > 2 {
			a.fail(codeNoTable, location(n), "this name of a relation cannot be read", "write schema.table")
		}
		schema := ""
		if len(parts) == 2 {
			schema = parts[0]
		}
		r := a.catalog.relation(a.session.SearchPath, schema, parts[len(parts)-1])
		if r == nil || !system(r.Schema) && !a.over.system.visible[r.OID] {
			a.fail(codeNoTable, location(n), fmt.Sprintf("relation %q does not exist", s), "")
		}
		c.Arg = cast(text(fmt.Sprint(r.OID)), "oid")
		return n
	case isText:
		// Names of types, functions, roles and the like: PostgreSQL's own alone, since
		// the upstream's search path holds no more.
		if t.Name == "regrole" || t.Name == "regnamespace" && !a.visibleSchema(s) {
			a.fail("3F000", location(n), "there is no such schema or role", "")
		}
		if t.Name != "regclass" && t.Name != "regnamespace" && strings.Contains(s, ".") && !strings.HasPrefix(s, "pg_catalog.") {
			a.fail(codeForbidden, location(n), "only names of pg_catalog can be looked up", "")
		}
		return n
	}
	if t.Name == "regclass" && c.Arg.GetParamRef() != nil {
		return a.named2oid(a.clear(c.Arg, sc))
	}
	c.Arg = a.clear(c.Arg, sc)
	if t.Name != "regclass" {
		if t.Name == "regtype" || t.Name == "regproc" || t.Name == "regnamespace" || t.Name == "regrole" {
			// An OID only: a text would be looked up.
			c.Arg = cast(c.Arg, "oid")
			return n
		}
		a.fail(codeForbidden, location(n), "a cast to this type is not allowed", "")
	}
	oid := cast(c.Arg, "oid")
	c.Arg = oid
	visible := &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_OP_ANY, Name: names("="), Lexpr: oid, Rexpr: a.fragment(a.over.system.arrays.Replace("{relations}"))}}}
	return when(either(op("<", oid, integer(firstUser, "oid")), visible), n)
}

// typeName checks a type: those of pg_catalog, and enums and composite types of the
// database that no masked column has. The type is nil where it is an array or unknown
// to the catalog.
func (a *analysis) typeName(t *pg.TypeName) *Type {
	parts, ok := dotted(t.GetNames())
	if !ok || t.GetPctType() || t.GetSetof() {
		a.fail(codeForbidden, t.GetLocation(), "this type is not allowed", "")
	}
	for _, m := range t.Typmods {
		if m.GetAConst() == nil && m.GetColumnRef() == nil {
			a.unknown(m, "this kind of type modifier")
		}
	}
	name := parts[len(parts)-1]
	if len(parts) == 2 && parts[0] == "pg_catalog" || len(parts) == 1 {
		if typ := a.catalog.typeNames[relationName{"pg_catalog", name}]; typ != nil || builtinNames[name] || len(parts) == 2 {
			return a.builtinType(t, typ, name)
		}
	}
	schemas := a.session.SearchPath
	if len(parts) == 2 {
		schemas = parts[:1]
	}
	for _, schema := range schemas {
		typ := a.catalog.typeNames[relationName{schema, name}]
		if typ == nil {
			continue
		}
		if typ.Kind == 'e' && (a.over.system.enums[typ.OID] || a.views > 0) {
			t.Names = names(schema, name)
			if len(t.ArrayBounds) > 0 {
				if a.catalog.fenced(typ.OID) != nil {
					break
				}
				return nil
			}
			return typ
		}
		break
	}
	a.fail(codeUnknownSet, t.Location, fmt.Sprintf("type %q does not exist or is not allowed", strings.Join(parts, ".")), "use the types of pg_catalog")
	return nil
}

// forbiddenTypes look names up, hold values of the system or are made of anything.
var forbiddenTypes = wordSet("pg_node_tree pg_ndistinct pg_dependencies pg_mcv_list pg_snapshot txid_snapshot regoper regoperator regprocedure regconfig regdictionary regcollation")

func (a *analysis) builtinType(t *pg.TypeName, typ *Type, name string) *Type {
	if forbiddenTypes[name] || typ != nil && (typ.Kind == 'c' || typ.Kind == 'p' && name != "record") {
		a.fail(codeForbidden, t.Location, fmt.Sprintf("a cast to %q is not allowed", name), "")
	}
	if typ == nil && !builtinNames[name] {
		a.fail(codeUnknownSet, t.Location, fmt.Sprintf("type %q does not exist", name), "")
	}
	if len(t.ArrayBounds) > 0 || strings.HasPrefix(name, "_") {
		if strings.HasPrefix(strings.TrimPrefix(name, "_"), "reg") {
			a.fail(codeForbidden, t.Location, "an array of this type is not allowed", "")
		}
		return nil
	}
	if typ == nil {
		return &Type{Schema: "pg_catalog", Name: name}
	}
	return typ
}

// builtinNames are types that a catalog made by hand may lack.
var builtinNames = wordSet(`bool bytea char name int8 int2 int4 text oid json xml float4 float8 unknown inet cidr bpchar varchar date time
timetz timestamp timestamptz interval numeric uuid jsonb bit varbit money point line lseg box path polygon circle macaddr macaddr8 tsvector tsquery
jsonpath int4range int8range numrange tsrange tstzrange daterange regclass regtype regproc regnamespace regrole int2vector oidvector xid tid`)

func constantText(n *pg.Node) (string, bool) {
	for n.GetTypeCast() != nil {
		n = n.GetTypeCast().Arg
	}
	if c := n.GetAConst(); c != nil && !c.Isnull {
		if s, ok := c.Val.(*pg.A_Const_Sval); ok {
			return s.Sval.Sval, true
		}
	}
	return "", false
}

func allDigits(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// splitName splits a dotted, perhaps quoted name as regclassin does.
func splitName(s string) []string {
	var parts []string
	for s != "" {
		var part strings.Builder
		if s[0] == '"' {
			s = s[1:]
			for {
				i := strings.IndexByte(s, '"')
				if i < 0 {
					return nil
				}
				part.WriteString(s[:i])
				s = s[i+1:]
				if !strings.HasPrefix(s, `"`) {
					break
				}
				part.WriteByte('"')
				s = s[1:]
			}
		} else {
			i := strings.IndexByte(s, '.')
			if i < 0 {
				i = len(s)
			}
			part.WriteString(strings.ToLower(strings.TrimSpace(s[:i])))
			s = s[i:]
		}
		parts = append(parts, part.String())
		if s == "" {
			return parts
		}
		if s[0] != '.' || len(s) == 1 {
			return nil
		}
		s = s[1:]
	}
	return parts
}

// collation checks COLLATE: collations of pg_catalog alone.
func (a *analysis) collation(c *pg.CollateClause) {
	parts, ok := dotted(c.Collname)
	if !ok || len(parts) == 0 || len(parts) == 2 && parts[0] != "pg_catalog" || len(parts) > 2 {
		a.fail(codeForbidden, c.Location, "only collations of pg_catalog are allowed", "")
	}
}

// valueFunction is current_user and the like: names of the session are the client's.
func (a *analysis) valueFunction(f *pg.SQLValueFunction, n *pg.Node) *pg.Node {
	switch f.Op {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE, pg.SQLValueFunctionOp_SVFOP_CURRENT_USER, pg.SQLValueFunctionOp_SVFOP_USER, pg.SQLValueFunctionOp_SVFOP_SESSION_USER:
		a.personal = true
		return cast(text(a.session.User), "name")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:
		return a.currentSchema()
	}
	return n
}

// currentSchema is the first schema of the session's search path that is there.
func (a *analysis) currentSchema() *pg.Node {
	for _, s := range a.session.SearchPath {
		if _, ok := a.catalog.schemas[s]; ok {
			return cast(text(s), "name")
		}
	}
	return cast(null(), "name")
}
