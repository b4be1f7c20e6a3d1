package analysis

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// A barrier: the rows of a level are sorted by their places in a sub-select, before
// anything else in the level sees them. Windows, aggregates and ties over rows in a safe
// order are safe, whatever the plan.

// seesOrder reports whether the result of a function of the level depends on the order of
// rows.
func (s *scope) seesOrder(q *pg.SelectStmt) bool {
	if s.gathers || s.unsure {
		return true
	}
	return slices.ContainsFunc(s.windows, func(w windowCall) bool {
		return placed[w.name] || firsts[w.name] || collectors[w.name] || w.inexact || s.frame(q, w.f.Over)&frameRows != 0 && !ranks[w.name]
	})
}

// ranks has the window functions that treat peers alike whatever their frame.
var ranks = wordSet("rank dense_rank percent_rank cume_dist")

// barrier moves FROM and WHERE of a level into a sub-select that is sorted by the
// places of the rows.
func (a *analysis) barrier(q *pg.SelectStmt, place *pg.Node) {
	refs := map[string]bool{}
	for _, n := range q.FromClause {
		fromNames(n, refs)
	}
	inner := &pg.SelectStmt{
		FromClause: q.FromClause, WhereClause: q.WhereClause, SortClause: []*pg.Node{ascending(place)},
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	}
	alias := &pg.Alias{Aliasname: a.shadowName()}
	moved := map[[2]string]string{}
	move := func(m any) {
		c, ok := m.(*pg.ColumnRef)
		if !ok || len(c.Fields) == 0 || !refs[c.Fields[0].GetString_().GetSval()] {
			return
		}
		key := [2]string{c.Fields[0].GetString_().GetSval()}
		if len(c.Fields) > 1 {
			key[1] = c.Fields[1].GetString_().GetSval()
		}
		name := moved[key]
		if name == "" {
			name = a.shadowName()
			moved[key] = name
			inner.TargetList = append(inner.TargetList, target(name, column(key[0])))
			if key[1] != "" {
				inner.TargetList[len(inner.TargetList)-1].GetResTarget().Val = column(key[0], key[1])
			}
		}
		c.Fields = names(alias.Aliasname, name)
	}
	for _, list := range [][]*pg.Node{q.TargetList, q.DistinctClause, q.GroupClause, {q.HavingClause}, q.WindowClause, q.SortClause} {
		for _, n := range list {
			if n != nil {
				walk(n.ProtoReflect(), move)
			}
		}
	}
	if len(inner.TargetList) == 0 {
		inner.TargetList = []*pg.Node{target(a.shadowName(), null())}
	}
	q.FromClause, q.WhereClause = []*pg.Node{subselect(inner, alias)}, nil
}

// fromNames collects the names of a FROM item.
func fromNames(n *pg.Node, out map[string]bool) {
	switch x := n.Node.(type) {
	case *pg.Node_RangeVar:
		out[x.RangeVar.GetAlias().GetAliasname()] = true
	case *pg.Node_RangeSubselect:
		out[x.RangeSubselect.GetAlias().GetAliasname()] = true
	case *pg.Node_RangeFunction:
		out[x.RangeFunction.GetAlias().GetAliasname()] = true
	case *pg.Node_JoinExpr:
		fromNames(x.JoinExpr.Larg, out)
		fromNames(x.JoinExpr.Rarg, out)
	}
}
