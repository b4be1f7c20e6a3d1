package table

import (
	"encoding/binary"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// Masker masks rows by a plan. It belongs to one pass and is not safe for concurrent use:
// work that is split among goroutines needs a masker and a pass for each. It allocates
// nothing per row once its buffers have grown.
type Masker struct {
	plan  *Plan
	pass  *mask.Pass
	apply *Applier
	row   Row
	// known has the remembered results of conditions, by column, branch and condition.
	known  [][][]truths
	values [mostBeside][]byte
	// memos cache masked values, by column and branch; key is the current key.
	memos [][]Memo
	key   []byte
	// element masks one element of a list with masking; it is created once.
	masking *Masking
	element func(dst, element []byte) ([]byte, bool, error)
	// ahead are the columns for which to look ahead, and queued queues an element of a list.
	ahead   []int
	queued  func(dst, element []byte) ([]byte, bool, error)
	scratch []byte
}

// Masker returns a masker for a pass, which must be of the plan's Actions.
func (p *Plan) Masker(pass *mask.Pass) *Masker {
	m := &Masker{plan: p, pass: pass, apply: NewApplier(pass), known: make([][][]truths, len(p.Columns)), memos: make([][]Memo, len(p.Columns))}
	masked := 0
	m.queued = func(dst, element []byte) ([]byte, bool, error) {
		m.apply.Queue(element, m.masking)
		return dst, true, nil
	}
	m.element = func(dst, element []byte) ([]byte, bool, error) { return m.apply.Append(dst, element, m.masking) }
	for i, c := range p.Columns {
		for _, b := range c.branches {
			var known []truths
			for range b.conditions {
				known = append(known, truths{})
			}
			m.known[i] = append(m.known[i], known)
			masked += count(b.masking != nil)
		}
		m.memos[i] = make([]Memo, len(c.branches))
	}
	for _, memos := range m.memos {
		for i := range memos {
			memos[i].most = min(mostSets, max(firstSets, memoSets/max(masked, 1)))
		}
	}
	return m
}

const (
	// memoSets are shared among the masked columns, so that wide tables need no more
	// memory than narrow ones.
	memoSets = 4 * mostSets
	// mostRemembered bounds the length of a cached value with its neighbours.
	mostRemembered = 256
)

// Begin sets the row whose cells AppendCell masks.
func (m *Masker) Begin(row Row) { m.row = row }

// AppendCell appends the masked form of a cell of the row, by the index of its column in
// the source. ok is false if the result is NULL, as in a hidden column. After an error,
// dst and the row must be discarded.
func (m *Masker) AppendCell(dst []byte, column int) (out []byte, ok bool, err error) {
	src := m.row.Cell(column)
	c := &m.plan.Columns[column]
	if src == nil {
		return dst, false, nil
	}
	if c.action >= 0 {
		m.pass.Counts[c.action]++
	}
	switch c.Treatment {
	case Clear:
		return append(dst, src...), true, nil
	case Masked:
		return m.mask(dst, src, column, 0)
	case ByRow:
		b := m.choose(column)
		switch {
		case b < 0 || c.branches[b].treatment == Removed:
			return dst, false, nil
		case c.branches[b].treatment == Clear:
			return append(dst, src...), true, nil
		}
		return m.mask(dst, src, column, b)
	}
	return dst, false, nil
}

// AppendAlone appends the masked form of a value of a column whose masking depends on
// the value alone ([Treated.Alone]). It needs no row and counts nothing; call Count for
// the cells that have the value.
func (m *Masker) AppendAlone(dst, src []byte, column int) (out []byte, ok bool, err error) {
	switch c := &m.plan.Columns[column]; c.Treatment {
	case Clear:
		return append(dst, src...), true, nil
	case Masked:
		b := &c.branches[0]
		clear(m.values[:len(b.beside)])
		return m.once(dst, src, c, b)
	}
	return dst, false, nil
}

// Count counts n cells of a column that were masked by AppendAlone.
func (m *Masker) Count(column int, n uint64) {
	if action := m.plan.Columns[column].action; action >= 0 {
		m.pass.Counts[action] += n
	}
}

// choose returns the branch that acts on a column in this row; -1 removes the cell.
func (m *Masker) choose(column int) int {
	branches := m.plan.Columns[column].branches
	for i := range branches {
		b := &branches[i]
		truth := ruleset.True
		for k := range b.conditions {
			t := b.conditions[k].holds(m.row, m.known[column][i][k])
			if t == ruleset.False || t == ruleset.Unknown && truth == ruleset.True {
				truth = t
			}
		}
		switch {
		case truth == ruleset.True:
			return i
		case truth == ruleset.Unknown:
			return b.strictest
		}
	}
	return -1
}

// mask masks a cell by a branch. The masked value depends only on the cell and its
// neighbours, so it can be cached.
func (m *Masker) mask(dst, src []byte, column, branch int) ([]byte, bool, error) {
	c := &m.plan.Columns[column]
	b := &c.branches[branch]
	memo := &m.memos[column][branch]
	if !m.gather(src, b, memo) {
		return m.once(dst, src, c, b)
	}
	e, found := memo.Find(m.key)
	if !found {
		out, ok, err := m.once(e.Masked[:0], src, c, b)
		if err != nil {
			return dst, false, err
		}
		e.Masked, e.Null, e.Used = out, !ok, true
	}
	if e.Null {
		return dst, false, nil
	}
	return append(dst, e.Masked...), true, nil
}

// gather sets values to the neighbours of a cell and, if there is a memo, key to what
// determines its masked value.
func (m *Masker) gather(src []byte, b *branch, memo *Memo) (remembered bool) {
	values := m.values[:len(b.beside)]
	size := len(src)
	for i, n := range b.beside {
		values[i] = nil
		if n >= 0 {
			values[i] = m.row.Cell(n)
		}
		size += len(values[i]) + 4
	}
	if size > mostRemembered || memo.idle || b.masking.PerKnown {
		return false
	}
	m.key = append(m.key[:0], src...)
	for _, v := range values {
		m.key = append(m.key, v...)
		m.key = binary.BigEndian.AppendUint32(m.key, uint32(len(v))) // different rows give different keys
	}
	return true
}

// once masks a cell whose neighbours are in values.
func (m *Masker) once(dst, src []byte, c *Treated, b *branch) ([]byte, bool, error) {
	if b.masking.collects != nil {
		collect(b.masking.collects, src, m.values[:len(b.beside)])
		return dst, false, nil
	}
	m.apply.Row(b.masking, m.values[:len(b.beside)])
	if c.List == nil {
		return m.apply.Append(dst, src, b.masking)
	}
	m.masking = b.masking
	return c.List.AppendList(dst, src, m.element)
}

// AppendRow appends a masked row to a batch: the cells of the plan's Out columns, in
// order. The batch must have been reset for as many columns. After an error, the batch
// must be discarded.
func (m *Masker) AppendRow(b *Batch, row Row) error {
	m.Begin(row)
	for _, column := range m.plan.Out {
		out, ok, err := m.AppendCell(b.data, column)
		if err != nil {
			return err
		}
		if ok {
			b.data = out
		}
		b.end(!ok)
	}
	return nil
}
