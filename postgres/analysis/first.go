package analysis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/catalog"
)

// The first rows of a table. LIMIT without an order shows the first rows by their places,
// and for that all rows would be read and sorted. Instead rows are drawn one by one: a
// keyed sequence names places in the table, as good as at random, and the rows that lie
// there come first, in the order in which they were named. Each row of the table is as
// likely to be the next one, whatever it holds and whatever lies beside it. What is drawn
// is the same each time while the table keeps its rows and its size.
//
// So there is one order of all rows: those that are drawn, up to a number, and behind them
// the others by their hash. LIMIT and OFFSET take their part of it, whether it is found by
// drawing alone or by reading all, so that pages fit together. On a page, rows come by
// their hash.

const (
	// mostDrawn is the maximum number of rows drawn from a table. From a smaller table it is
	// a quarter of its blocks, so that drawing them costs less than reading it.
	mostDrawn = 10_000
	// fewBlocks is the size of tables for which reading everything is just as fast.
	fewBlocks = 512
	// mostPaged is the largest LIMIT that is served like this.
	mostPaged = 10_000_000
)

// sizeOf measures the table with the OID {oid}: its blocks, the next power of two, how
// many rows to draw, how many a block can have, and how many it has on average according
// to the planner's statistics, which only decide how many places to name at once.
const sizeOf = `size AS MATERIALIZED (
SELECT r.blocks, r.reach, r.lines, r.density, least({most}, r.reach / 4) AS most FROM (
SELECT s.blocks, (2 ^ ceil(ln(greatest(s.blocks, 1)::float8) / ln(2::float8)))::int8 AS reach, s.lines,
  (SELECT CASE WHEN c.reltuples > 0 AND c.relpages > 0 THEN greatest(c.reltuples / c.relpages, 1) ELSE 10 END FROM pg_catalog.pg_class AS c WHERE c.oid = {oid})::float8 AS density
FROM (SELECT pg_relation_size({oid}::oid::regclass) / b.size AS blocks, (b.size - 24) / 28 AS lines
  FROM (SELECT current_setting('block_size')::int8 AS size OFFSET 0) AS b) AS s) AS r)`

// drawnRows selects the rows of {t} that are drawn, each with the number under which it
// was first named: most probably as many as {wanted}.
const drawnRows = `WITH named AS MATERIALIZED (
SELECT ('(' || s.x || ',' || s.o || ')')::tid AS tid, s.i FROM (
  SELECT g.i, z.blocks, {block} & (z.reach - 1) AS x, 1 + ({line} & 9223372036854775807) % z.lines AS o
  FROM size AS z, generate_series(1::int8, (SELECT CASE WHEN y.blocks < {few blocks} THEN 0 ELSE least(300 + 1.5 * {wanted} * y.reach * y.lines / (y.density * y.blocks), 500000) END::int8 FROM size AS y)) AS g(i) OFFSET 0) AS s
WHERE s.x < s.blocks)
SELECT n.tid, min(n.i) AS i FROM named AS n WHERE n.tid IN (SELECT ctid FROM {t} WHERE ctid = ANY (ARRAY(SELECT tid FROM named))) GROUP BY n.tid ORDER BY 2 LIMIT (SELECT y.most FROM size AS y)`

// pageOf selects the rows of a page: from those drawn if they are enough, or else from
// all.
const pageOf = `ctid = ANY (ARRAY(WITH ` + sizeOf + `,
page AS MATERIALIZED (SELECT least(greatest(coalesce(veil_limit::int8, {most} + 1), 0), {most} + 1) + least(greatest(coalesce(veil_offset::int8, 0), 0), {most} + 1) AS wanted),
few AS MATERIALIZED ({few}),
enough AS MATERIALIZED (SELECT (SELECT count(*) FROM few) >= (SELECT p.wanted FROM page AS p) AS are),
drawn AS MATERIALIZED (SELECT f.tid, f.i FROM few AS f WHERE (SELECT are FROM enough) UNION ALL SELECT m.tid, m.i FROM ({drawn}) AS m WHERE NOT (SELECT are FROM enough))
SELECT a.tid FROM (SELECT d.tid, 0 AS behind, d.i AS place FROM drawn AS d
  UNION ALL SELECT ctid, 1, {place} >> 1 FROM {t} WHERE NOT (SELECT are FROM enough) AND NOT ctid IN (SELECT tid FROM drawn)) AS a
ORDER BY a.behind, a.place LIMIT veil_limit OFFSET veil_offset))`

// drawnFirst is the place of a row for a page beyond the drawn rows, or with all of them:
// those that are drawn come first.
const drawnFirst = `CASE WHEN ctid IN (SELECT m.tid FROM (WITH ` + sizeOf + ` SELECT d.tid FROM ({drawn}) AS d) AS m)
THEN ({place} >> 2) - 6917529027641081856 ELSE {place} >> 1 END`

// page is the part of a table's rows that a statement shows.
type page struct {
	relation *catalog.Relation
	label    string
	// limit and offset are those of the statement if the rows are found by drawing them;
	// otherwise rows are ordered as far as needed.
	limit, offset *pg.Node
}

// paged reports whether the rows of a table can be drawn.
func (a *analysis) paged(s *shape) bool {
	r := s.relation
	return r.Heap && len(a.catalog.Children(r)) == 0 && s.where == "" && s.tells()
}

// hashes writes the keyed hash of an expression.
func hashes(label, function, of string) string {
	return fmt.Sprintf("(%[1]s(%[2]s, %[3]s) # %[1]s(%[2]s, %[4]s))", function, of, seedSQL(label, 0), seedSQL(label, 1))
}

// write makes the SQL of a page from one of the texts above.
func (a *analysis) write(p *page, sql string) *pg.Node {
	r := strings.NewReplacer(
		"{t}", catalog.QuoteIdent(p.relation.Schema)+"."+catalog.QuoteIdent(p.relation.Name), "{oid}", "'"+strconv.FormatUint(uint64(p.relation.OID), 10)+"'",
		"{most}", strconv.Itoa(mostDrawn), "{few blocks}", strconv.Itoa(fewBlocks), "{place}", hashes(p.label, "hashtidextended", "ctid"),
		"{block}", hashes("block of "+p.label, "hashint8extended", "g.i"), "{line}", hashes("line of "+p.label, "hashint8extended", "g.i"),
	)
	sql = strings.NewReplacer("{few}", strings.ReplaceAll(drawnRows, "{wanted}", "(SELECT CASE WHEN p.wanted <= y.most THEN p.wanted ELSE 0 END FROM page AS p)"),
		"{drawn}", strings.ReplaceAll(drawnRows, "{wanted}", "y.most")).Replace(sql)
	n := clone(a.fragment(r.Replace(sql)))
	walk(n.ProtoReflect(), func(m any) {
		switch x := m.(type) {
		case *pg.Node:
			switch bareName(x) {
			case "veil_limit":
				x.Node = clone(p.limit).Node
			case "veil_offset":
				x.Node = clone(p.offset).Node
			}
		case *pg.RangeVar:
			if x.Schemaname != "" {
				a.related[x] = true
			}
		}
	})
	return n
}

// pageNumber reads a LIMIT or OFFSET; -1 means that it is a parameter.
func pageNumber(n *pg.Node) (v int64, ok bool) {
	if n == nil {
		return 0, true
	}
	c, ok := constantOf(n)
	switch {
	case !ok || c.null:
		return 0, false
	case c.param > 0:
		return -1, true
	}
	v, err := strconv.ParseInt(c.text, 10, 64)
	return v, err == nil && v >= 0
}

// show records which part of the rows is shown, and reports whether the page already
// consists of that part.
func (p *page) show(limit, offset *pg.Node) (taken bool) {
	n, ok := pageNumber(limit)
	skip, whole := pageNumber(offset)
	if !ok || !whole || n > mostPaged && skip == 0 {
		return false
	}
	if offset == nil {
		offset = integer(0, "int8")
	}
	p.limit = limit
	if n >= 0 && n+skip > mostDrawn && (skip == 0 || skip >= mostDrawn) {
		return false
	}
	p.offset = offset
	return true
}

// pages reports whether the rows of a level are exactly the rows of its only table, so
// that the table can draw those that are shown.
func (s *scope) pages(q *pg.SelectStmt) bool {
	return len(s.sources) == 1 && s.sources[0].first != nil && !s.sources[0].entire && q.WhereClause == nil && len(q.SortClause) == 0 && len(s.windows) == 0 &&
		!s.unsure && !slices.ContainsFunc(q.TargetList, multiplies)
}

// multiplies reports whether a target may turn one row into none or several.
func multiplies(n *pg.Node) bool {
	found := false
	walk(n.ProtoReflect(), func(m any) {
		if f, ok := m.(*pg.FuncCall); ok && setReturning[lastPart(f.Funcname)] {
			found = true
		}
	})
	return found
}

// setReturning has the callable functions that return sets.
var setReturning = wordSet(`aclexplode generate_series generate_subscripts json_array_elements json_array_elements_text json_each
json_each_text json_object_keys json_to_recordset jsonb_array_elements jsonb_array_elements_text jsonb_each jsonb_each_text
jsonb_object_keys jsonb_path_query jsonb_path_query_tz jsonb_to_recordset pg_get_keywords pg_options_to_table pg_partition_ancestors
pg_timezone_abbrevs pg_timezone_names regexp_matches regexp_split_to_table string_to_table unnest _pg_expandarray`)
