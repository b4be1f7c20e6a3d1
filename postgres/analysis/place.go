package analysis

import (
	"fmt"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Places. The order in which PostgreSQL comes upon rows is that of an index, which may
// be sorted by originals, or of the table, which is often that of its ids. Which row
// comes first, is left by a LIMIT or is numbered 1 would tell it. So a row has a place of
// Veil's own: a keyed hash of where it lies. Where a level's order can be seen, its
// rows come by the statement's ORDER BY first and then by their places; where a function
// sees the order of its input, the input is sorted by them (barrier.go).
//
// The hash is no cryptographic one. Its key has 128 bits, another for each relation and
// each time that the statement names it, and nothing but the order of the hashes can be
// seen. The place of a row is the same in every statement of one form, so that pages fit
// together and no repetition averages it out.

// seeded writes a hash with a key of two seeds, which are derived for the label.
func seeded(label string, hash func(seed *pg.Node) *pg.Node) *pg.Node {
	return op("#", hash(seed(label, 0)), hash(seed(label, 1)))
}

// seededText writes the keyed hash of a text.
func seededText(label string, n *pg.Node) *pg.Node {
	return seeded(label, func(seed *pg.Node) *pg.Node { return call("hashtextextended", cast(n, "text"), seed) })
}

// hash writes the place of a wrapper in Veil's own order. It ignores the tag, which
// differs between plans.
func (a *analysis) hash(s *keying, wrapper *pg.Node) *pg.Node {
	return seededText(s.Class, a.untagged(wrapper))
}

// hashShadow writes the place of a bare original in Veil's own order.
func (a *analysis) hashShadow(s *keying, shadow *pg.Node) *pg.Node {
	return seededText(s.Class, shadow)
}

func (a *analysis) untagged(n *pg.Node) *pg.Node {
	return call("replace", cast(n, "text"), a.tagText(), cast(text(""), "text"))
}

// label names one mention of a relation in the statement.
func (a *analysis) label(of string) string {
	if a.mentions == nil {
		a.mentions = map[string]int{}
	}
	a.mentions[of]++
	return fmt.Sprintf("%s %d", of, a.mentions[of])
}

// tells reports whether the order of a relation's rows can reveal what the policy hides.
func (s *shape) tells() bool {
	for _, c := range s.columns {
		if c.treatment != Clear {
			return true
		}
	}
	return false
}

// lies writes the place of a row of a relation, for the sub-select that reads it.
func (a *analysis) lies(r *catalog.Relation, label string) *pg.Node {
	switch {
	case r.Kind != 'p' && len(a.catalog.Children(r)) == 0 && a.catalog.InTables(r):
		return seeded(label, func(seed *pg.Node) *pg.Node { return call("hashtidextended", column("ctid"), seed) })
	case a.catalog.InTables(r):
		return seeded(label, func(seed *pg.Node) *pg.Node {
			return call("hashtidextended", column("ctid"), call("hashoidextended", column("tableoid"), seed))
		})
	}
	return seededText(label, wholeOf(r.Name))
}

// wholeOf writes the row of an item as one value.
func wholeOf(ref string) *pg.Node {
	return &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: &pg.ColumnRef{Fields: append(names(ref), &pg.Node{Node: &pg.Node_AStar{AStar: &pg.A_Star{}}})}}}
}

// placeOf gives an item that stands for a query's result its rows' places: those that
// the query can tell, or a hash of all that the row has. Rows that are equal in all
// of it may change places.
// The result of a WITH query, which others may read whole, is not given a column more:
// own says that no one else reads the result.
func (a *analysis) placeOf(it *item, res *result, own bool) func() *pg.Node {
	label := ""
	if res.told {
		label = a.label("a query's row")
	}
	switch {
	case res.place != nil && own:
		return func() *pg.Node {
			if it.entire {
				return seededText(label, a.untagged(wholeOf(it.ref)))
			}
			if res.placeName == "" {
				res.placeName = a.shadowName()
				res.place(res.placeName)
			}
			return column(it.ref, res.placeName)
		}
	case res.told:
		return func() *pg.Node { return seededText(label, a.untagged(wholeOf(it.ref))) }
	}
	return nil
}

// drawn is TABLESAMPLE over a relation whose order tells something. By PostgreSQL's own
// methods the rows of one page come together, and REPEATABLE tells by a known hash where
// a row lies.
func (a *analysis) drawn(r *catalog.Relation, s *pg.RangeTableSample) *pg.Node {
	if len(s.Args) != 1 {
		a.fail("22023", s.Location, "TABLESAMPLE takes one argument, the percentage of rows", "")
	}
	by := s.Repeatable
	if by == nil { // a different sample each time
		by = selectOnce(call("random"))
	}
	place := seeded("sample of "+r.Schema+"."+r.Name, func(seed *pg.Node) *pg.Node {
		return call("hashtidextended", column("ctid"), call("hashoidextended", column("tableoid"), call("hashfloat8extended", cast(by, "float8"), seed)))
	})
	const all = "18446744073709551616"
	part := op("+", op("/", cast(place, "float8"), cast(text(all), "float8")), cast(text("0.5"), "float8"))
	return op("<", part, op("/", cast(s.Args[0], "float8"), cast(text("100"), "float8")))
}

// place is the place of a row of a level: that of all rows that it is joined of. It is
// nil where the level reads none that has a place.
func (s *scope) place() *pg.Node {
	var out *pg.Node
	for _, it := range s.sources {
		if it.place == nil {
			continue
		}
		n := it.place()
		if len(s.sources) > 1 { // an outer join may have no row there
			n = coalesce(n, integer(0, "int8"))
		}
		if out == nil {
			out = n
		} else {
			out = op("#", out, n)
		}
	}
	return out
}

// settled reports whether a level's rows already come in an order that reveals nothing:
// exactly those of one query whose order is safe.
func (s *scope) settled(q *pg.SelectStmt) bool {
	return len(s.sources) == 1 && s.sources[0].safe && !hasSublink(q.WhereClause)
}

func hasSublink(n *pg.Node) bool {
	found := false
	if n != nil {
		walk(n.ProtoReflect(), func(m any) {
			if _, ok := m.(*pg.SubLink); ok {
				found = true
			}
		})
	}
	return found
}

// arrange puts the rows of a level in an order that reveals nothing, if their order can
// be seen.
func (a *analysis) arrange(q *pg.SelectStmt, sc *scope, res *result, m mode, told bool) {
	grouped := len(q.GroupClause) > 0 || q.HavingClause != nil || sc.aggregated
	on := len(q.DistinctClause) > 0 && q.DistinctClause[0].GetNode() != nil
	distinct := len(q.DistinctClause) > 0 && !on
	if !told {
		res.safe = true
		return
	}
	settled := sc.settled(q)
	if !grouped && len(q.DistinctClause) == 0 && !m.recursive && !m.unordered && sc.pages(q) {
		res.first = sc.sources[0].first
	}
	if (sc.seesOrder(q) || q.LimitOption == pg.LimitOption_LIMIT_OPTION_WITH_TIES) && !settled {
		if place := sc.place(); place != nil {
			a.barriers = append(a.barriers, func() { a.barrier(res.into, place) })
		}
		settled = true
	}
	if !grouped && !distinct && !m.recursive && !sc.unsure {
		res.place = func(name string) {
			place := sc.place()
			if place == nil {
				place = integer(0, "int8")
			}
			res.into.TargetList = append(res.into.TargetList, target(name, place))
		}
	}
	switch {
	case settled || grouped || distinct:
		res.safe = true
	case m.unordered || m.recursive || m.derived && len(q.SortClause) == 0 && !on:
	default:
		if on {
			for _, n := range q.DistinctClause {
				q.SortClause = append(q.SortClause, ascending(n))
			}
		}
		if place := sc.place(); place != nil {
			q.SortClause = append(q.SortClause, ascending(place))
		}
		res.safe = true
	}
}
