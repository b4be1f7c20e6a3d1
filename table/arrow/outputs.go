package arrow

import (
	"encoding/binary"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// budget bounds the bytes of the columns made from a block, since views can show the same
// data many times. It panics if it is exhausted.
type budget struct{ left int }

func (b *budget) take(n int) {
	if b.left -= n; b.left < 0 {
		panic("too large")
	}
}

// validity says which values of a column are not NULL. Its bits are allocated with the
// first NULL.
type validity struct {
	bits     []byte
	n, nulls int
}

func (v *validity) valid(n int) {
	if v.bits != nil {
		v.grow(n)
		bitutil.SetBitsTo(v.bits, int64(v.n), int64(n), true)
	}
	v.n += n
}

func (v *validity) null(n int) {
	if n == 0 {
		return
	}
	if v.bits == nil {
		v.grow(0)
		bitutil.SetBitsTo(v.bits, 0, int64(v.n), true)
	}
	v.grow(n)
	v.n, v.nulls = v.n+n, v.nulls+n
}

// grow makes room for n more bits, which are not set.
func (v *validity) grow(n int) {
	for want := (v.n + n + 7) / 8; len(v.bits) < want || v.bits == nil; {
		v.bits = append(v.bits, make([]byte, max(want-len(v.bits), 1))...)
	}
}

func (v *validity) buffer() *memory.Buffer {
	if v.nulls == 0 {
		return nil
	}
	return memory.NewBufferBytes(v.bits[:(v.n+7)/8])
}

// output is a column of the output.
type output interface {
	null(n int)
	data(t arrow.DataType) arrow.ArrayData
}

// fixed is a column of values of one width in bytes.
type fixed struct {
	*budget
	validity
	width  int
	values []byte
}

func (f *fixed) null(n int) {
	f.take(n * f.width)
	f.values = append(f.values, make([]byte, n*f.width)...)
	f.validity.null(n)
}

func (f *fixed) append(values []byte, n int) {
	f.take(len(values))
	f.values = append(f.values, values...)
	f.valid(n)
}

// number appends a number of up to eight bytes.
func (f *fixed) number(n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	f.append(b[:f.width], 1)
}

func (f *fixed) data(t arrow.DataType) arrow.ArrayData {
	return array.NewData(t, f.n, []*memory.Buffer{f.buffer(), memory.NewBufferBytes(f.values)}, nil, f.nulls, 0)
}

// booleans is a column of bits.
type booleans struct {
	*budget
	validity
	values []byte
}

func (b *booleans) null(n int) {
	b.room(n)
	b.validity.null(n)
}

func (b *booleans) append(v bool) {
	b.room(1)
	bitutil.SetBitTo(b.values, b.n, v)
	b.valid(1)
}

func (b *booleans) room(n int) {
	b.take(n)
	if want := (b.n + n + 7) / 8; want > len(b.values) {
		b.values = append(b.values, make([]byte, want-len(b.values))...)
	}
}

func (b *booleans) data(t arrow.DataType) arrow.ArrayData {
	return array.NewData(t, b.n, []*memory.Buffer{b.buffer(), memory.NewBufferBytes(b.values)}, nil, b.nulls, 0)
}

// texts is a column of consecutive texts or bytes.
type texts struct {
	*budget
	validity
	ends  ends
	bytes []byte
}

func (t *texts) null(n int) {
	t.ends.repeat(t.budget, n, len(t.bytes))
	t.validity.null(n)
}

func (t *texts) append(b []byte) {
	t.take(len(b))
	t.bytes = append(t.bytes, b...)
	t.ends.repeat(t.budget, 1, len(t.bytes))
	t.valid(1)
}

func (t *texts) data(dt arrow.DataType) arrow.ArrayData {
	return array.NewData(dt, t.n, []*memory.Buffer{t.buffer(), t.ends.buffer(), memory.NewBufferBytes(t.bytes)}, nil, t.nulls, 0)
}

// ends are the offsets of values in another buffer or column, of four or eight bytes.
type ends struct {
	wide bool
	b    []byte
}

// repeat appends an end n times.
func (e *ends) repeat(b *budget, n, end int) {
	b.take(8 * n)
	if e.b == nil {
		e.put(0)
	}
	for range n {
		e.put(end)
	}
}

func (e *ends) put(end int) {
	if e.wide {
		e.b = binary.LittleEndian.AppendUint64(e.b, uint64(end))
		return
	}
	if end > maxBody-1 {
		panic("too large")
	}
	e.b = binary.LittleEndian.AppendUint32(e.b, uint32(end))
}

func (e *ends) buffer() *memory.Buffer {
	if e.b == nil {
		e.put(0)
	}
	return memory.NewBufferBytes(e.b)
}

// views is a column of texts or bytes; short ones are stored inline, and the others in a
// second buffer.
type views struct {
	fixed
	bytes []byte
}

// Layout of a view: its length, then its bytes if there are up to twelve; else the first
// four, the buffer and the offset in it.
const (
	viewBytes  = 16
	viewInline = 12
)

func (v *views) append(b []byte) {
	var view [viewBytes]byte
	binary.LittleEndian.PutUint32(view[:], uint32(len(b)))
	if len(b) <= viewInline {
		copy(view[4:], b)
	} else {
		v.take(len(b))
		copy(view[4:8], b)
		binary.LittleEndian.PutUint32(view[12:], uint32(len(v.bytes)))
		v.bytes = append(v.bytes, b...)
	}
	v.fixed.append(view[:], 1)
}

func (v *views) data(t arrow.DataType) arrow.ArrayData {
	buffers := []*memory.Buffer{v.buffer(), memory.NewBufferBytes(v.values)}
	if len(v.bytes) > 0 {
		buffers = append(buffers, memory.NewBufferBytes(v.bytes))
	}
	return array.NewData(t, v.n, buffers, nil, v.nulls, 0)
}

// nothing is a column of NULLs.
type nothing struct{ n int }

func (o *nothing) null(n int) { o.n += n }

func (o *nothing) data(t arrow.DataType) arrow.ArrayData {
	return array.NewData(t, o.n, []*memory.Buffer{nil}, nil, o.n, 0)
}
