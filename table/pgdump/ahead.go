package pgdump

// batchRows is about how many rows are read before they are masked: enough for their keyed
// hashes to be computed together, and few enough to stay in the processor's cache.
const batchRows = 64

// record is a row that is read.
type record struct {
	text []byte   // of a COPY
	raw  [][]byte // its fields as in the dump
	err  error
}

// begin empties the batch.
func (m *masker) begin() {
	m.batch, m.raw, m.statements, m.looked = m.batch[:0], m.raw[:0], m.statements[:0], 0
}

// keep keeps the fields of a row until the batch is masked.
func (m *masker) keep(raw [][]byte) [][]byte {
	from := len(m.raw)
	m.raw = append(m.raw, raw...)
	return m.raw[from:len(m.raw):len(m.raw)]
}

// recovered turns a panic into an error without its text, which can contain a value.
func recovered(err *error) {
	if recover() != nil {
		*err = errFault
	}
}

// look looks ahead, if worthwhile, at rows of the batch from row i on, the next one to be
// masked, for values to hash: see table.Masker.Look.
func (m *masker) look(i int, l *layout, rm *relationMasker) {
	if i < m.looked {
		return
	}
	m.looked = min(i+batchRows, len(m.batch))
	if !rm.lookAhead(l) {
		return
	}
	for k := i; k < m.looked; k++ {
		if m.batch[k].err != nil {
			continue
		}
		m.row.set(m.batch[k].raw)
		if !rm.look(&m.row) {
			m.looked = k + 1
		}
	}
}

// lookAhead begins a batch of rows, and reports whether it pays to look ahead at them.
func (rm *relationMasker) lookAhead(l *layout) bool {
	if rm.layout != l {
		rm.setLayout(l)
	}
	pays := false
	for i, t := range rm.tables {
		rm.looks[i] = t.LookAhead(rm.columns[i])
		pays = pays || rm.looks[i]
	}
	return pays
}

// setLayout determines the columns that each of tables masks.
func (rm *relationMasker) setLayout(l *layout) {
	rm.layout, rm.looks = l, make([]bool, len(rm.tables))
	rm.columns = make([][]int, len(rm.tables))
	for _, place := range l.out {
		column := l.fields[place]
		if c := l.relation.columns[column]; !c.keeps {
			rm.columns[c.plan] = append(rm.columns[c.plan], column)
		}
	}
}

// look looks at a row. more is false where the batch should end.
func (rm *relationMasker) look(r *row) (more bool) {
	more = true
	for i, t := range rm.tables {
		if rm.looks[i] && !t.Look(r) {
			more = false
		}
	}
	return more
}
