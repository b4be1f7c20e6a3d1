package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/rows"
)

// A wrapper takes PostgreSQL longer to make than the rest of the row. Where the query
// of a statement does no more with a keyed column of a table than select it, the
// result has the column itself, and what the tag says of a wrapper the upstream's
// RowDescription says of it: which column of which table it is. A result that says
// otherwise ends the statement before its first row. COPY, cursors and prepared
// statements of SQL, whose results may come without one, keep their wrappers.

// showsBare reports whether a column may stand in the result as it is: its text there
// is the one that a wrapper has, its method needs nothing beside it, and its table is
// one of rows that have a tableoid.
func (s *keying) showsBare() bool {
	return !s.Array && s.scan && len(s.Names()) == 0 &&
		(s.shadow == rows.ShadowText || s.shadow == rows.ShadowInteger || s.shadow == rows.ShadowUUID)
}

// sendBare puts originals in the place of wrappers in the result of a statement's
// query, where that query has one level: neither set operation nor grouping.
func (a *analysis) sendBare(q *pg.SelectStmt, res *result) {
	if q.Op != pg.SetOperation_SETOP_NONE || len(q.ValuesLists)+len(q.GroupClause)+len(q.DistinctClause) > 0 || q.HavingClause != nil ||
		len(q.TargetList) < len(res.columns) {
		return
	}
	for i, c := range res.columns {
		t := q.TargetList[i].GetResTarget()
		s := c.source
		if c.keying == nil || s == nil || s.bare == "" || s.grouped || c.node == nil || t == nil || t.Val != c.node {
			continue
		}
		if s.emit != nil || s.item.join || s.item.relation == nil {
			continue // it is another item's column
		}
		s.useBare()
		t.Val = column(s.item.ref, s.bare)
		c.bare = true
	}
}
