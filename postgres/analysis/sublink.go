package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// sublink analyses a sub-select in an expression.
func (a *analysis) sublink(s *pg.SubLink, n *pg.Node, sc *scope) value {
	q := s.Subselect.GetSelectStmt()
	if q == nil {
		a.unknown(n, "this kind of sub-select")
	}
	at := &scope{parent: sc, ctes: sc.ctes}
	switch s.SubLinkType {
	case pg.SubLinkType_EXISTS_SUBLINK:
		a.tied(a.query(q, at, mode{unordered: true, exists: true}), sc, s.Location)
		return value{node: n}
	case pg.SubLinkType_EXPR_SUBLINK:
		res := a.query(q, at, mode{unordered: true}) // it is one row
		a.tied(res, sc, s.Location)
		if len(res.columns) != 1 {
			a.clearResult(res, s.Location)
			return value{node: n}
		}
		a.notFailed(res)
		return value{node: n, keying: res.columns[0].keying, restricted: res.columns[0].restricted, names: res.columns[0].names}
	case pg.SubLinkType_ARRAY_SUBLINK:
		res := a.query(q, at, mode{})
		a.tied(res, sc, s.Location)
		if v, ok := a.arraySelect(s, n, res); ok {
			return v
		}
		a.clearResult(res, s.Location)
		if len(res.columns) == 1 {
			return value{node: n, names: arrayOfNames(res.columns[0].names)}
		}
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
		if c.keying != nil {
			a.refuseKeyed(c.keying, at, "cannot be part of a row or array", "", "")
		}
		if c.restricted != nil {
			a.refuseRestricted(c.restricted, at)
		}
	}
}

// inSelect is x IN (SELECT …), x = ANY (SELECT …) and their negations. Where both
// sides have shadow columns the sub-select returns the shadow column instead of the wrapper.
func (a *analysis) inSelect(s *pg.SubLink, n *pg.Node, q *pg.SelectStmt, at, sc *scope) *pg.Node {
	name, truth := "=", a.truth == n
	if len(s.OperName) > 0 {
		name = a.operatorName(s.OperName, s.Location)
	}
	tests := []*pg.Node{s.Testexpr}
	if r := rowOf(s.Testexpr); r != nil {
		tests = r.Args
	}
	var vs []value
	for i, t := range tests {
		if f := a.foreign(t, sc, 0); f != nil {
			a.refuseForeign(f, s.Location, "IN (SELECT …)")
		}
		v := a.expr(t, sc)
		vs = append(vs, v)
		tests[i] = v.node
	}
	if rowOf(s.Testexpr) == nil {
		s.Testexpr = tests[0]
	}
	if len(vs) == 1 && vs[0].keying != nil {
		unnestTarget(q, a.shadowName())
	}
	res := a.query(q, at, mode{unordered: true})
	a.notFailed(res)
	for i, v := range vs {
		if name == "=" && v.column != nil && i < len(res.columns) && v.column.folk != nil && res.columns[i].folk != nil {
			a.folks = append(a.folks, [2]*folk{v.column.folk, res.columns[i].folk})
		}
	}
	a.tied(res, sc, s.Location)
	if len(res.columns) != len(vs) {
		a.clearResult(res, s.Location)
		for _, v := range vs {
			if v.keying != nil {
				a.refuseKeyed(v.keying, s.Location, "cannot be compared with rows of another size", "", "")
			}
		}
		return n
	}
	if s.SubLinkType == pg.SubLinkType_ANY_SUBLINK && name == "=" {
		if t := a.openIn(q, res, vs[0], truth); t != nil {
			s.Testexpr = t
			return n
		}
	}
	for i, c := range res.columns {
		v := vs[i]
		if v.keying == nil && c.keying == nil {
			a.sameRestriction([]value{v, {restricted: c.restricted, null: c.null}}, s.Location)
			continue
		}
		seal := v.keying
		if seal == nil {
			seal = c.keying
		}
		equal := s.SubLinkType == pg.SubLinkType_ANY_SUBLINK && name == "=" || s.SubLinkType == pg.SubLinkType_ALL_SUBLINK && name == "<>"
		if v.keying == nil || c.keying == nil || v.keying.Class != c.keying.Class || !v.keying.comparable || !equal {
			a.refuseKeyed(seal, s.Location, "cannot be compared with this subquery", "", "Compare it with a column that the same method masks, by IN or NOT IN.")
		}
	}
	a.swapShadows(tests, vs, res)
	if rowOf(s.Testexpr) == nil {
		s.Testexpr = tests[0]
	}
	return n
}

// swapShadows compares the shadow columns of both sides where they have them: PostgreSQL can
// hash those, which it cannot do with records.
func (a *analysis) swapShadows(tests []*pg.Node, vs []value, res *result) {
	if res.swap == nil {
		return
	}
	for i, v := range vs {
		if v.keying == nil || !res.hasShadow(i) || res.columns[i].keying.shadow != v.keying.shadow {
			continue
		}
		if t := v.shadow(a); t != nil {
			res.columns[i].markShadow()
			res.swap(i)
			tests[i] = t
		}
	}
}
