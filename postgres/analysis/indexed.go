package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/rows"
)

// Texts that an index can find. The shadow column of a text is a CASE, which leaves out what
// the method would remove, and no index contains a CASE. If only the truth of an equality
// matters, the originals as stored in the table can be compared instead: the other side is a
// shadow column or an opened id, and neither is ever a text that the method would remove.

// raw returns the original of a keyed text as stored in the table, or nil.
func (v value) raw() *pg.Node {
	c := v.column
	if v.keying == nil || v.keying.shadow != rows.ShadowText || c == nil || c.raw == nil || c.emit != nil || c.grouped {
		return nil
	}
	return c.raw()
}

// found returns what to compare with an opened id: if only the truth matters, the form that
// an index can find, otherwise the shadow column t.
func (v value) found(t *pg.Node, truth bool) *pg.Node {
	if truth {
		if n := v.raw(); n != nil {
			return n
		}
	}
	return t
}

// foundEqual returns the truth of the equality of two shadow columns, or nil if no index
// could help.
func (a *analysis) foundEqual(l, r value, lt, rt *pg.Node) *pg.Node {
	if l.keying.shadow != rows.ShadowText || r.keying.shadow != rows.ShadowText {
		return nil
	}
	switch lr, rr := l.raw(), r.raw(); {
	case lr != nil && rr != nil:
		return both(op("=", lr, rr), isNotNull(lt))
	case lr != nil:
		return op("=", lr, rt)
	case rr != nil:
		return op("=", lt, rr)
	}
	return nil
}
