package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/rows"
)

// Texts that an index can find. The shadow column of a text is a CASE, which leaves out what
// the method would remove, and no index has a CASE. Where only the truth of an equality
// counts, it is that of the originals as the table has them, and that the value is not left
// out: what it is compared with is a shadow column, or an id that was opened, and neither is
// ever a text that the method would remove.

// raw is the original of a keyed text as the table has it, or nil.
func (v value) raw() *pg.Node {
	c := v.column
	if v.keying == nil || v.keying.shadow != rows.ShadowText || c == nil || c.raw == nil || c.emit != nil || c.grouped {
		return nil
	}
	return c.raw()
}

// found is what of a keyed value compares with an id that was opened, where only the truth
// counts: what an index finds, or the shadow column t.
func (v value) found(t *pg.Node, truth bool) *pg.Node {
	if truth {
		if n := v.raw(); n != nil {
			return n
		}
	}
	return t
}

// foundEqual is the truth of the equality of two shadow columns, or nil where no index could
// help.
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
