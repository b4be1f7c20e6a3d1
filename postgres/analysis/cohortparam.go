package analysis

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/rows"
)

// Pseudonyms in array parameters that are unnested, alone or together with other arrays.
// A column that is compared with a sealed id has the opened values and is keyed;
// otherwise it is what the client bound.

// parameterRows analyses unnest of arrays, one of which is a parameter with texts. It
// returns nil for other functions.
func (a *analysis) parameterRows(f *pg.RangeFunction, n *pg.Node, left *scope) *from {
	if len(f.Coldeflist) > 0 || f.Alias == nil || !slices.ContainsFunc(f.Functions, func(fn *pg.Node) bool { return textsParam(firstOf(fn)) != nil }) {
		return nil
	}
	for _, fn := range f.Functions {
		if c := firstOf(fn); !isUnnest(c) || len(c.Args) != 1 || len(fn.GetList().Items) > 1 && fn.GetList().Items[1].GetNode() != nil {
			return nil
		}
	}
	it := a.newItem(f.Alias.Aliasname)
	for _, fn := range f.Functions {
		name := "unnest"
		if len(f.Functions) == 1 {
			name = it.alias
		}
		c := firstOf(fn)
		c.Funcname = names("pg_catalog", "unnest")
		if p := textsParam(c); p != nil {
			it.columns = append(it.columns, a.parameterColumn(it, name, c, p))
			continue
		}
		fn.GetList().Items[0] = a.clear(fn.GetList().Items[0], &scope{parent: left, ctes: left.ctes})
		it.columns = append(it.columns, &resolved{name: name, action: -1, item: it, names: a.regs[fn.GetList().Items[0]]})
	}
	if f.Ordinality {
		it.columns = append(it.columns, &resolved{name: "ordinality", action: -1, item: it})
	}
	a.rename(it, f.Alias, 0)
	f.Alias = &pg.Alias{Aliasname: it.ref, Colnames: a.columnAliases(it)}
	return &from{node: n, items: []*item{it}, columns: it.columns}
}

// textsParam returns the parameter that a call unnests, as an array of texts.
func textsParam(c *pg.FuncCall) *pg.ParamRef {
	if !isUnnest(c) || len(c.Args) != 1 {
		return nil
	}
	t := c.Args[0].GetTypeCast()
	if t == nil || len(t.TypeName.ArrayBounds) != 1 || !slices.Contains([]string{"text", "varchar"}, lastPart(t.TypeName.Names)) {
		return nil
	}
	return t.Arg.GetParamRef()
}

// parameterColumn returns the column of one array parameter.
func (a *analysis) parameterColumn(it *item, name string, c *pg.FuncCall, p *pg.ParamRef) *resolved {
	a.typeName(c.Args[0].GetTypeCast().TypeName)
	rc := &resolved{name: name, action: -1, item: it}
	uses := 0
	rc.use = func() { uses++ }
	rc.opened = func(s *keying) *pg.Node {
		ref := column(it.ref, rc.upstream())
		if rc.keying == nil {
			if old := a.params[p.Number]; uses > 1 || old != nil && !old.tested {
				a.mixedParam(p.Number, p.Location)
			}
			c.Args[0] = a.sealedParam(p.Number, s, true, p.Location)
			a.params[p.Number].Nulls = true
			own := *s
			own.original = s.ofColumn()
			rc.keying = &own
			rc.emit = func() *pg.Node { return when(isNotNull(ref), row(a.tagText(), collateC(cast(ref, "text")))) }
		}
		switch s.shadow {
		case rows.ShadowInteger, rows.ShadowUUID:
			return cast(ref, openedType(s.shadow))
		}
		return ref
	}
	a.finish = append(a.finish, func() {
		if rc.keying == nil {
			a.clearParam(p)
		}
	})
	return rc
}
