package rows

import (
	"encoding/binary"
)

// LookAhead announces rows from the upstream before they are masked, so that their keyed
// hashes are computed in parallel (see table.Masker.Look). rows are whole DataRow or CopyData
// messages, in the order in which they will be masked. It returns how many it has read: none
// if it does not pay, and not all if there are more than can be hashed at once. Faults in a
// row are reported when it is masked.
func (m *Masker) LookAhead(rows []byte) (n int) {
	if !m.pays() {
		return 0
	}
	defer func() { _ = recover() }()
	m.pass.Keys.BeginQueue()
	for len(rows) >= frameHeader && !m.pass.Keys.QueueFull() {
		size := int(binary.BigEndian.Uint32(rows[1:])) + 1
		if size < frameHeader || size > len(rows) {
			break
		}
		if body := rows[frameHeader:size]; rows[0] == 'D' {
			m.lookRow(body)
		} else {
			m.lookCopied(body)
		}
		rows = rows[size:]
		n++
	}
	return n
}

// frameHeader is the type and the length of a message.
const frameHeader = 5

// pays reports whether looking ahead at rows is worthwhile, and at which of their cells.
func (m *Masker) pays() bool {
	pays := false
	for i := range m.cells {
		c := &m.cells[i]
		c.ahead = c.masking != nil && c.memo.Misses() && c.masking.Queues()
		pays = pays || c.ahead
	}
	return pays
}

// lookRow looks ahead at the body of a DataRow.
func (m *Masker) lookRow(body []byte) {
	if len(body) < 2 {
		return
	}
	at := 2
	for i := range m.cells {
		if len(body)-at < 4 {
			return
		}
		size := int(int32(binary.BigEndian.Uint32(body[at:])))
		at += 4
		if size < 0 {
			continue
		}
		if size > len(body)-at {
			return
		}
		m.look(body[at:at+size], &m.cells[i])
		at += size
	}
}

// lookCopied looks ahead at a line of COPY, but not at a header or at tuples in binary
// form.
func (m *Masker) lookCopied(line []byte) {
	f := m.plan.Copy
	if f == nil || f.Format == "binary" || f.Header && !m.started || len(line) == 0 {
		return
	}
	line = line[:len(line)-1]
	for i := range m.cells {
		if i > 0 {
			if len(line) == 0 {
				return
			}
			line = line[1:]
		}
		size, ok := f.field(line)
		if !ok {
			return
		}
		if c := &m.cells[i]; c.ahead && string(line[:size]) != string(f.Null) {
			m.field = f.unescape(m.field[:0], line[:size])
			m.look(m.field, c)
		}
		line = line[size:]
	}
}

// look queues what masking a cell will hash.
func (m *Masker) look(wrapper []byte, c *cell) {
	if !c.ahead || !c.memo.Expect(wrapper) || !m.unwrap(wrapper, c, (*wrapperReader).readText) || m.read.n < 2 {
		return
	}
	m.apply.Row(c.masking, m.read.members[2:m.read.n])
	if !c.masking.Array {
		m.apply.Queue(m.read.members[1], c.masking)
		return
	}
	elements, _ := ParseArray(m.read.members[1])
	for _, e := range elements {
		if e != nil {
			m.apply.Queue(e, c.masking)
		}
	}
}
