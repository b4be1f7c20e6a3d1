package rows

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/table"
)

// ErrTaint says that a row is not what the analysis expects: it has an unexpected
// wrapper, lacks one, or cannot be read. The statement and its connection must end, and
// no part of the row may pass.
var ErrTaint = errors.New("postgres: a row does not have the form that the analysis expects")

// Masker masks the rows of one execution of a plan. It belongs to one pass and is not
// for concurrent use. It remembers values from row to row, so that equal originals are
// masked once.
type Masker struct {
	plan  *Layout
	pass  *mask.Pass
	types *pgtype.Map
	cells []cell
	// keyed is the number of keyed columns.
	sealed int
	// pushed are the action numbers to count once a row.
	pushed  []int
	started bool // a COPY's header is through

	read  wrapperReader
	apply *table.Applier
	text  []byte
	field []byte
	cell  []byte
}

// cell says how one column of the result is masked.
type cell struct {
	masking *table.Masking
	shown   uint32
	beside  int // the number of neighbours in a wrapper
	action  int
	binary  bool
	bare    bool // the original comes without a wrapper
	ahead   bool // of the rows looked ahead at
	memo    table.Memo
	// composed is set if the column's values are made of several.
	composed *composer
}

// newCell returns the cell of a keyed value.
func newCell(masking *table.Masking, composed *Composed, action int) cell {
	c := cell{masking: masking, action: action, beside: len(masking.Names())}
	if composed != nil {
		c.composed = newComposer(composed)
	}
	return c
}

// Masker returns a masker for one execution, with the result formats that the client
// requested in Bind (none, one for all, or one per column; 0 is text, 1 binary). The
// pass must be for the plan's Actions.
func (p *Layout) Masker(pass *mask.Pass, formats []int16) (*Masker, error) {
	if len(formats) > 1 && len(formats) != len(p.Columns) {
		return nil, fmt.Errorf("%d result formats for %d columns", len(formats), len(p.Columns))
	}
	m := &Masker{plan: p, pass: pass, cells: make([]cell, len(p.Columns)), apply: table.NewApplier(pass)}
	for i, c := range p.Columns {
		switch {
		case c.Keyed():
			m.cells[i] = newCell(c.Masking, c.Composed, c.Action)
			m.sealed++
		case c.Action >= 0:
			m.pushed = append(m.pushed, c.Action)
		}
		m.cells[i].shown, m.cells[i].bare = c.Type, c.Bare
		m.cells[i].binary = formatOf(formats, i) == 1
	}
	return m, nil
}

func formatOf(formats []int16, i int) int16 {
	switch len(formats) {
	case 0:
		return 0
	case 1:
		return formats[0]
	}
	return formats[i]
}

// UpstreamFormats appends the result formats to request from the upstream, one per
// column: the client's, but text for keyed columns.
func (p *Layout) UpstreamFormats(dst, formats []int16) []int16 {
	for i, c := range p.Columns {
		f := int16(0)
		if c.Masking == nil && (len(formats) <= 1 || i < len(formats)) {
			f = formatOf(formats, i)
		}
		dst = append(dst, f)
	}
	return dst
}

// count counts the actions of one row.
func (m *Masker) count() {
	for _, n := range m.pushed {
		m.pass.Counts[n]++
	}
}

// AppendDataRow appends one whole DataRow message, type byte and length included. body
// is the upstream's message without them; it is neither changed nor kept. After an
// error, dst must be discarded. For a row that must be left out, it appends nothing.
func (m *Masker) AppendDataRow(dst, body []byte) ([]byte, error) {
	if len(body) < 2 || int(binary.BigEndian.Uint16(body)) != len(m.cells) {
		return dst, ErrTaint
	}
	if m.plan.Explain {
		return m.explainRow(dst, body)
	}
	m.count()
	start := len(dst)
	dst = append(dst, 'D', 0, 0, 0, 0)
	if m.sealed == 0 {
		if Tainted(body) {
			return dst, ErrTaint
		}
		dst = append(dst, body...)
		binary.BigEndian.PutUint32(dst[start+1:], uint32(len(dst)-start-1))
		return dst, nil
	}
	wrappers := 0
	copied, at := 0, 2
	for i := range m.cells {
		if len(body)-at < 4 {
			return dst, ErrTaint
		}
		size := int(int32(binary.BigEndian.Uint32(body[at:])))
		if size < -1 || size > len(body)-at-4 {
			return dst, ErrTaint
		}
		c := &m.cells[i]
		if c.masking == nil || size < 0 {
			at += 4 + max(size, 0)
			continue
		}
		dst = append(dst, body[copied:at]...)
		at += 4
		wrappers += c.wrappers(body[at : at+size])
		cellAt := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		var null bool
		var err error
		dst, null, err = m.mask(dst, body[at:at+size], c)
		if err != nil {
			return dst, err
		}
		length := uint32(len(dst) - cellAt - 4)
		if null {
			dst, length = dst[:cellAt+4], 1<<32-1
		}
		binary.BigEndian.PutUint32(dst[cellAt:], length)
		at += size
		copied = at
	}
	if at != len(body) || bytes.Count(body, []byte(processTag)) != wrappers {
		return dst, ErrTaint
	}
	dst = append(dst, body[copied:]...)
	binary.BigEndian.PutUint32(dst[start+1:], uint32(len(dst)-start-1))
	return dst, nil
}

// wrappers returns how many wrappers a cell must have. For a composed one, the composer
// checks that there are no others.
func (c *cell) wrappers(src []byte) int {
	switch {
	case c.composed != nil:
		return bytes.Count(src, []byte(processTag))
	case c.bare:
		return 0
	}
	return 1
}

// mask appends the masked form of a wrapper in text form, or of a bare original, in
// the client's format.
func (m *Masker) mask(dst, wrapper []byte, c *cell) ([]byte, bool, error) {
	e, err := m.masked(wrapper, c, (*wrapperReader).readText)
	if err != nil {
		return dst, false, err
	}
	return append(dst, e.Masked...), e.Null, nil
}

// masked returns the masked form of a wrapper that has been read.
func (m *Masker) masked(wrapper []byte, c *cell, read func(*wrapperReader, []byte) bool) (*table.Remembered, error) {
	if c.composed == nil {
		m.pass.Counts[c.action]++
	}
	e, found := c.memo.Find(wrapper)
	switch {
	case found && c.composed == nil && !c.masking.PerKnown:
		return e, nil
	case c.composed != nil: // its parts are remembered, and counted
		if !read(&c.composed.read, wrapper) {
			return nil, ErrTaint
		}
		return e, m.compose(e, c)
	case !m.unwrap(wrapper, c, read):
		return nil, ErrTaint
	}
	return e, m.fill(e, c)
}

// unwrap reads a wrapper, or treats a bare original as one.
func (m *Masker) unwrap(wrapper []byte, c *cell, read func(*wrapperReader, []byte) bool) bool {
	if c.bare {
		m.read.n = 0
		m.read.add(m.plan.Tag)
		m.read.add(wrapper)
		return true
	}
	return read(&m.read, wrapper)
}

// fill masks the wrapper that was just read into a memo's entry.
func (m *Masker) fill(e *table.Remembered, c *cell) error {
	r := &m.read
	if r.n != 2+c.beside || !bytes.Equal(r.members[0], m.plan.Tag) {
		return ErrTaint
	}
	m.apply.Row(c.masking, r.members[2:r.n])
	var err error
	if c.masking.Array {
		err = m.fillArray(e, c)
	} else {
		var masked []byte
		var ok bool
		if masked, ok, err = m.apply.Append(m.text[:0], r.members[1], c.masking); ok {
			m.text = masked
			e.Masked, ok = m.encode(e.Masked[:0], c.shown, masked, c.binary)
		}
		e.Null = !ok
	}
	e.Used = err == nil
	return err
}

func (m *Masker) encode(dst []byte, typ uint32, masked []byte, binary bool) ([]byte, bool) {
	if !binary {
		return append(dst, masked...), true
	}
	if m.types == nil && typ != catalog.OIDText {
		m.types = pgtype.NewMap()
	}
	return appendBinary(dst, typ, masked, m.types)
}

// fillArray masks an array element by element. An array that is not one-dimensional is
// removed.
func (m *Masker) fillArray(e *table.Remembered, c *cell) error {
	elements, ok := ParseArray(m.read.members[1])
	e.Null = !ok
	if !ok {
		return nil
	}
	out := make([][]byte, len(elements))
	for i, src := range elements {
		if src == nil {
			continue
		}
		masked, ok, err := m.apply.Append([]byte{}, src, c.masking)
		if err != nil {
			return err
		}
		if ok {
			out[i] = masked
		}
	}
	if c.binary {
		e.Masked = appendBinaryArray(e.Masked[:0], out, catalog.OIDText)
	} else {
		e.Masked = AppendArray(e.Masked[:0], out)
	}
	return nil
}

// Passes reports whether the plan's rows reach the client unchanged, without a Masker:
// no column is keyed, and no row must be left out. The rows must still be checked for
// tags: see Tainted.
func (p *Layout) Passes() bool {
	if p.Explain {
		return false
	}
	for _, c := range p.Columns {
		if c.Keyed() {
			return false
		}
	}
	return true
}

// CountRows counts the rules that applied to n rows that passed without a Masker.
func (p *Layout) CountRows(pass *mask.Pass, rows uint64) {
	for _, c := range p.Columns {
		if c.Action >= 0 && !c.Keyed() {
			pass.Counts[c.Action] += rows
		}
	}
}

// AppendParam appends the value to bind upstream for parameter n (from 0), which is
// keyed: the opened pseudonym in text format. value is what the client bound, in the
// client's format; do not call it for NULL, which stays NULL. A pseudonym that does not
// open becomes a text that equals nothing.
func (p *Layout) AppendParam(dst []byte, n int, format int16, value []byte, keys *keys.Pseudonymizer) []byte {
	param := p.Params[n]
	slot := p.Actions.Keys.SealSlot(param.Domain)
	if !param.Array {
		from := len(dst)
		if dst, ok := keys.AppendOpened(dst, slot, value); ok {
			return dst
		}
		return append(dst[:from], p.Tag...)
	}
	var elements [][]byte
	var ok bool
	if format == 1 {
		elements, ok = readBinaryArray(value)
	} else {
		elements, ok = ParseArray(value)
	}
	var opened [][]byte
	for _, e := range elements {
		if e == nil {
			opened = append(opened, nil)
			continue
		}
		id, isID := keys.AppendOpened([]byte{}, slot, e)
		if ok && isID && param.Shadow.Writes(string(id)) {
			opened = append(opened, id)
		} else if param.Nulls {
			opened = append(opened, nil)
		}
	}
	return AppendArray(dst, opened)
}

// Field is one field of the upstream's RowDescription.
type Field struct {
	Table  uint32
	Column int16
	Type   uint32
}

// CheckRow compares the upstream's RowDescription with the analysis: the number of
// columns, a record for each wrapper, the right column of its table for each bare
// original, and otherwise only clear columns that the statement reads. On an error, the
// statement must end.
func (p *Layout) CheckRow(fields []Field) error {
	if len(fields) != len(p.Columns) {
		return ErrTaint
	}
	for i, f := range fields {
		c := p.Columns[i]
		switch {
		case c.Bare:
			if (Origin{f.Table, f.Column}) != c.Origin {
				return ErrTaint
			}
		case c.Keyed() && (f.Type != catalog.OIDRecord || f.Table != 0):
			return ErrTaint
		case f.Table != 0 && f.Column != 0 && f.Table >= catalog.FirstUser && !p.Clear[Origin{f.Table, f.Column}]:
			return ErrTaint
		}
	}
	return nil
}
