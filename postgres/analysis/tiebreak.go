package analysis

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// Window functions that tell the place of a row. Where a level groups or partitions by
// keyed values, rows reach such a function in the originals' order as far as its own
// ORDER BY leaves them equal. There Veil's own order is put behind it, which chooses
// among answers that are all right.

// placed are the functions that tell places whatever their frame is. firsts tell them
// by their frame, collectors by the order of what they collect.
var (
	placed     = wordSet("row_number ntile lag lead")
	firsts     = wordSet("first_value last_value nth_value")
	collectors = wordSet("array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg xmlagg")
)

// windowCall is a call of a window function at a level.
type windowCall struct {
	f    *pg.FuncCall
	name string
	// inexact: it adds up floating-point numbers, or may.
	inexact bool
}

// Frame options (src/include/nodes/parsenodes.h).
const (
	frameRange  = 0x00002
	frameRows   = 0x00004
	frameGroups = 0x00008
)

// breakTies orders the windows of a level that has keys. A function whose frame is one
// of peers would come to other responses: it is refused.
func (a *analysis) breakTies(q *pg.SelectStmt, sc *scope) {
	if len(sc.keys) == 0 {
		return
	}
	for _, c := range sc.windows {
		def := c.f.Over
		parts := sc.partitions(q, def)
		var missing []*pg.Node
		for i, k := range sc.keys {
			if !slices.Contains(parts, sc.keyNames[i]) || sc.keyNames[i] == "" {
				missing = append(missing, ascending(k))
			}
		}
		if len(missing) == 0 {
			continue
		}
		frame := sc.frame(q, def)
		switch {
		case placed[c.name] || frame&frameRows != 0 && !collectors[c.name]:
		case firsts[c.name] || collectors[c.name] || frame&frameGroups != 0:
			a.fail(codeForbidden, c.f.Location, c.name+" would show the order of keyed values that this level groups or partitions by",
				"Call it in an outer query, over this one as a sub-select.")
		default:
			continue // all peers are one to it
		}
		own := sc.inline(q, def)
		own.OrderClause = append(own.OrderClause[:len(own.OrderClause):len(own.OrderClause)], missing...)
		c.f.Over = own
	}
}

// named finds a window of the WINDOW clause.
func named(q *pg.SelectStmt, name string) *pg.WindowDef {
	for _, n := range q.WindowClause {
		if w := n.GetWindowDef(); w.GetName() == name {
			return w
		}
	}
	return &pg.WindowDef{}
}

// partitions are the names of the keys that a window partitions by.
func (s *scope) partitions(q *pg.SelectStmt, w *pg.WindowDef) []string {
	out := slices.Clone(s.partKeys[w])
	for range 8 { // windows that refer to one another
		name := w.Name
		if name == "" || len(q.WindowClause) == 0 {
			name = w.Refname
		}
		if name == "" {
			break
		}
		next := named(q, name)
		if next == w {
			if w.Refname == "" {
				break
			}
			next = named(q, w.Refname)
		}
		w = next
		out = append(out, s.partKeys[w]...)
	}
	return out
}

// frame is the frame of a window: its own, or that of the one it names.
func (s *scope) frame(q *pg.SelectStmt, w *pg.WindowDef) int32 {
	if w.Name != "" {
		return named(q, w.Name).FrameOptions
	}
	return w.FrameOptions
}

// inline writes a window out: OVER name becomes OVER (…).
func (s *scope) inline(q *pg.SelectStmt, w *pg.WindowDef) *pg.WindowDef {
	base := w
	if w.Name != "" {
		base = named(q, w.Name)
	}
	out := &pg.WindowDef{Refname: base.Refname, PartitionClause: base.PartitionClause, OrderClause: base.OrderClause,
		FrameOptions: base.FrameOptions, StartOffset: base.StartOffset, EndOffset: base.EndOffset}
	for depth := 0; out.Refname != "" && depth < 8; depth++ {
		up := named(q, out.Refname)
		out.Refname = up.Refname
		if len(up.PartitionClause) > 0 {
			out.PartitionClause = up.PartitionClause
		}
		if len(out.OrderClause) == 0 {
			out.OrderClause = up.OrderClause
		}
	}
	return out
}
