package analysis

import (
	"maps"

	pg "github.com/pganalyze/pg_query_go/v6"
	pgquery "github.com/wasilibs/go-pgquery"
)

// check verifies two properties of a rewritten statement, whatever the analysis did: the
// text that is sent upstream parses to exactly the tree that was analysed, and each
// relation in it is alone in a sub-select that Veil made.
func (a *analysis) check(n *pg.Node, sql string) {
	tree, err := withParser(pgquery.Parse, sql)
	if err != nil || len(tree.Stmts) != 1 {
		a.internal("the rewritten statement does not parse")
	}
	if !sameTree(n.ProtoReflect(), tree.Stmts[0].Stmt.ProtoReflect()) {
		a.internal("the rewritten statement is not the one that was analysed")
	}
	a.checkRelations(n)
}

// checkRelations finds every relation of a tree. It may be the only FROM item of a
// sub-select of Veil's, a common table expression of the statement, or in an
// expression that Veil wrote.
func (a *analysis) checkRelations(n *pg.Node) {
	allowed := maps.Clone(a.related)
	names := map[string]bool{}
	walk(n.ProtoReflect(), func(m any) {
		switch x := m.(type) {
		case *pg.CommonTableExpr:
			names[x.Ctename] = true
		case *pg.SelectStmt:
			if !a.subselects[x] || len(x.FromClause) != 1 {
				return
			}
			f := x.FromClause[0]
			for a.joins[f.GetJoinExpr()] { // what it is joined to is checked separately
				f = f.GetJoinExpr().Larg
			}
			if s := f.GetRangeTableSample(); s != nil {
				f = s.Relation
			}
			if v := f.GetRangeVar(); v != nil && v.Schemaname != "" {
				allowed[v] = true
			}
		}
	})
	for _, n := range a.ours {
		walk(n.ProtoReflect(), func(m any) {
			if v, ok := m.(*pg.RangeVar); ok && v.Schemaname == "pg_catalog" && v.Relname == "pg_constraint" {
				allowed[v] = true
			}
		})
	}
	walk(n.ProtoReflect(), func(m any) {
		if v, ok := m.(*pg.RangeVar); ok && !allowed[v] && (v.Schemaname != "" || v.Catalogname != "" || !names[v.Relname]) {
			a.internal("a relation is not inside a sub-select of Veil's")
		}
	})
}

func (a *analysis) internal(message string) {
	panic(&Refusal{Code: "XX000", Message: message, Reason: "internal"})
}
