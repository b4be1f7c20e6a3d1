package analysis

import (
	"fmt"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// expandStars replaces * and table.* with the visible columns.
func (a *analysis) expandStars(q *pg.SelectStmt, sc *scope) {
	var out []*pg.Node
	for _, n := range q.TargetList {
		t := n.GetResTarget()
		if t == nil {
			a.unknown(n, "this kind of target")
		}
		cols, expanded := a.star(t.Val, sc)
		if !expanded {
			out = append(out, n)
			continue
		}
		for _, c := range cols {
			out = append(out, target(c.name, &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: a.named(c)}}))
		}
	}
	if len(q.TargetList) > 0 && len(out) == 0 {
		a.fail(codeSyntax, 0, "* expands to no column", "")
	}
	q.TargetList = out
}

// star returns the columns that a target stands for, if it is a star.
func (a *analysis) star(n *pg.Node, sc *scope) ([]*resolved, bool) {
	ref := n.GetColumnRef()
	if ref == nil || len(ref.Fields) == 0 || ref.Fields[len(ref.Fields)-1].GetAStar() == nil {
		return nil, false
	}
	parts, ok := dotted(ref.Fields[:len(ref.Fields)-1])
	if !ok {
		a.fail(codeSyntax, ref.Location, "this star cannot be resolved", "")
	}
	var cols []*resolved
	switch len(parts) {
	case 0:
		cols = sc.columns
	case 1:
		cols = a.item("", parts[0], sc, ref.Location).columns
	case 2:
		cols = a.item(parts[0], parts[1], sc, ref.Location).columns
	default:
		a.fail(codeSyntax, ref.Location, "this star cannot be resolved", "Write table.*.")
	}
	return cols, true
}

// named makes a column reference that resolves to c again.
func (a *analysis) named(c *resolved) *pg.ColumnRef {
	ref := &pg.ColumnRef{Fields: names(c.name)}
	if c.item != nil && c.item.alias != "" && c.emit == nil {
		ref.Fields = names(c.item.alias, c.name)
	}
	a.starred[ref] = c
	return ref
}

// targets analyses the target list. Every column gets an explicit name.
func (a *analysis) targets(q *pg.SelectStmt, sc *scope, m mode) *result {
	res := &result{}
	var sources []*resolved
	var out []*pg.Node
	for _, n := range q.TargetList {
		t := n.GetResTarget()
		if t == nil || len(t.Indirection) > 0 {
			a.unknown(n, "this kind of target")
		}
		if fields, ok := a.fieldStar(t.Val, sc); ok {
			for _, f := range fields {
				out = append(out, f.Node)
				res.columns = append(res.columns, &resultColumn{name: f.GetResTarget().Name, action: -1, restricted: f.restricted})
				sources = append(sources, nil)
			}
			continue
		}
		name := t.Name
		if name == "" {
			name = resultName(t.Val)
		}
		c := &resultColumn{name: name, action: -1}
		v := a.try(t.Val, sc, m, name)
		if v.hidden {
			continue
		}
		c.keying, c.null, c.failed, c.restricted, c.date, c.names, c.shown = v.keying, v.null, v.failed, v.restricted, v.date, v.names, v.shown
		c.list = v.list
		var source *resolved
		if v.column != nil {
			source = v.column
			c.node = v.node
			c.source, c.row, c.base, c.person, c.folk = source, source.row, source.base, source.person, source.folk
			c.typ, c.action, c.origin = source.typ, source.action, source.origin
			if v.keying != nil && source.shadow != "" {
				c.markShadow = func() { source.useShadow() }
			}
			if source.emit == nil && len(q.GroupClause) == 0 && len(q.DistinctClause) == 0 {
				c.empty = source.empty
			}
		}
		out = append(out, target(name, v.node))
		res.columns = append(res.columns, c)
		sources = append(sources, source)
	}
	q.TargetList = out
	res.into = q
	res.swap = func(i int) { res.into.TargetList[i].GetResTarget().Val = a.shadowOf(sources[i]) }
	res.append = func(name string, n *pg.Node) {
		res.into.TargetList = append(res.into.TargetList, target(name, n))
	}
	res.add = func(i int, name string) {
		res.into.TargetList = append(res.into.TargetList, target(name, a.shadowOf(sources[i])))
	}
	return res
}

// try analyses one target. In a view's definition, a refused column is left out instead of
// refusing the view.
func (a *analysis) try(n *pg.Node, sc *scope, m mode, name string) (v value) {
	if m.view == nil {
		return a.expr(n, sc)
	}
	depth := a.depth
	defer func() {
		x := recover()
		if x == nil {
			return
		}
		r, ok := x.(*Refusal)
		if !ok {
			panic(x)
		}
		a.depth = depth
		if r.Code == codeNoColumn {
			if m.united {
				panic(x)
			}
			v = value{hidden: true}
			return
		}
		v = value{node: null(), failed: &Refusal{
			Code: codeForbidden, Rule: r.Rule, Column: r.Column, Reason: "view column",
			Message: fmt.Sprintf("column %q of view %q cannot be used: %s", name, m.view.Name, r.Message),
			Hint:    "Leave the column out, or give the view's columns tables rules of their own.",
			keying:  r.keying,
		}}
	}()
	return a.expr(n, sc)
}

// fieldTarget is a target for one field, and the restriction of its type.
type fieldTarget struct {
	*pg.Node
	restricted *catalog.Type
}

// fieldStar expands (composite).*.
func (a *analysis) fieldStar(n *pg.Node, sc *scope) ([]fieldTarget, bool) {
	ind := n.GetAIndirection()
	if ind == nil || len(ind.Indirection) == 0 || ind.Indirection[len(ind.Indirection)-1].GetAStar() == nil {
		return nil, false
	}
	ref := ind.Arg.GetColumnRef()
	if ref == nil || len(ind.Indirection) != 1 {
		hint := "Name the fields."
		if f := ind.Arg.GetFuncCall(); f != nil {
			hint = "Call the function in FROM: SELECT t.x, f.* FROM t, " + lastPart(f.Funcname) + "(t.y) AS f"
		}
		a.fail(codeForbidden, 0, "only (column).* of a composite column is supported", hint)
	}
	c, it := a.lookup(ref, sc)
	if it != nil {
		var out []fieldTarget
		for _, c := range it.columns {
			if c.keying != nil || c.failed != nil {
				a.fail(codeForbidden, ref.Location, "the whole row contains masked columns", "Name the columns.")
			}
			out = append(out, fieldTarget{target(c.name, a.refer(c, 0)), a.restrictionOf(c)})
		}
		return out, true
	}
	if c.keying != nil {
		a.refuseKeyed(c.keying, ref.Location, "cannot be taken apart", "", "")
	}
	t := a.catalog.Type(c.typ)
	if t == nil || len(t.Fields) == 0 {
		a.fail(codeForbidden, ref.Location, "the star of this column cannot be resolved", "Name the fields.")
	}
	var out []fieldTarget
	for _, f := range t.Fields {
		out = append(out, fieldTarget{restricted: a.catalog.Restricted(f.Type), Node: target(f.Name, &pg.Node{Node: &pg.Node_AIndirection{AIndirection: &pg.A_Indirection{
			Arg: a.refer(c, 0), Indirection: names(f.Name)}}})})
	}
	return out, true
}
