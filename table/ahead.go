package table

// Looking ahead.
//
// If values hardly repeat, keyed hashes take most of the time of masking them. The
// processor can compute several at a time if they are known in advance, so a batch of
// rows is examined first (Look), and then masked as usual, row by row. Hashes that were
// not queued are computed when they are needed. Masked values never depend on this.

// LookAhead begins a batch of rows of which the given columns are masked. It reports whether
// calling Look for them pays, which it does if the values of some column rarely recur.
func (m *Masker) LookAhead(columns []int) bool {
	m.ahead = m.ahead[:0]
	for _, column := range columns {
		if m.pays(column) {
			m.ahead = append(m.ahead, column)
		}
	}
	if len(m.ahead) > 0 {
		m.pass.Keys.BeginQueue()
	}
	return len(m.ahead) > 0
}

// pays reports whether looking ahead is worthwhile for a column.
func (m *Masker) pays(column int) bool {
	for i, b := range m.plan.Columns[column].branches {
		if b.masking != nil && b.masking.Queues() && m.memos[column][i].Misses() {
			return true
		}
	}
	return false
}

// Look announces a row of the batch, before any row of it is masked. Rows must be masked in
// the order in which they were announced. more is false if the batch should end. Errors of
// methods are returned when the row is masked.
func (m *Masker) Look(row Row) (more bool) {
	defer func() {
		if recover() != nil {
			more = false
		}
	}()
	m.Begin(row)
	for _, column := range m.ahead {
		m.look(column)
	}
	return !m.pass.Keys.QueueFull()
}

// LookAheadAlone begins a batch of values for AppendAlone, such as those of a dictionary, and
// reports whether calling LookAlone for them pays.
func (m *Masker) LookAheadAlone(column int) bool {
	c := &m.plan.Columns[column]
	if c.Treatment != Masked || !c.branches[0].masking.Queues() {
		return false
	}
	m.pass.Keys.BeginQueue()
	return true
}

// LookAlone announces a value of the batch, as Look does a row.
func (m *Masker) LookAlone(src []byte, column int) (more bool) {
	defer func() {
		if recover() != nil {
			more = false
		}
	}()
	b := &m.plan.Columns[column].branches[0]
	clear(m.values[:len(b.beside)])
	m.queue(src, column, b)
	return !m.pass.Keys.QueueFull()
}

// look queues what masking a cell of the row will hash.
func (m *Masker) look(column int) {
	src := m.row.Cell(column)
	if src == nil {
		return
	}
	c := &m.plan.Columns[column]
	branch := 0
	if c.Treatment == ByRow {
		branch = m.choose(column)
	}
	if branch < 0 || c.branches[branch].masking == nil {
		return
	}
	b := &c.branches[branch]
	if memo := &m.memos[column][branch]; m.gather(src, b, memo) && !memo.Expect(m.key) {
		return
	}
	m.queue(src, column, b)
}

// queue queues what once will hash for a cell whose neighbours are in values.
func (m *Masker) queue(src []byte, column int, b *branch) {
	m.apply.Row(b.masking, m.values[:len(b.beside)])
	list := m.plan.Columns[column].List
	if list == nil {
		m.apply.Queue(src, b.masking)
		return
	}
	m.masking = b.masking
	m.scratch, _, _ = list.AppendList(m.scratch[:0], src, m.queued) // an error will recur
}
