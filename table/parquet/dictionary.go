package parquet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table/parquet/encoding"
)

// dictionary is the dictionary of a chunk. It is decoded once, by the first user, and
// also masked once if its values are masked on their own.
type dictionary struct {
	leaf  *leaf
	codec format.CompressionCodec
	page  rawPage

	decoding sync.Once
	values   *encoding.Vector
	err      error

	masking sync.Once
	masked  maskedDictionary
}

// maskedDictionary is a dictionary whose values were masked.
type maskedDictionary struct {
	err error
	// index has the new place of each entry, or -1 if nothing is left of it.
	index []int32
	// entries has the masked values, each once, in their own order: the order of the
	// originals would reveal something about them.
	entries encoding.Vector
}

// newDictionary copies the page into its own memory.
func newDictionary(l *leaf, codec format.CompressionCodec, p rawPage) *dictionary {
	p.body = bytes.Clone(p.body)
	return &dictionary{leaf: l, codec: codec, page: p}
}

// vector returns the values.
func (d *dictionary) vector() (*encoding.Vector, error) {
	if d == nil {
		return nil, nil
	}
	d.decoding.Do(func() { d.values, d.err = d.page.dictionary(d.leaf, d.codec) })
	return d.values, d.err
}

// mask masks the values with m, which can be that of any worker: all of them mask alike.
func (d *dictionary) mask(m *masker, c *outColumn) (*maskedDictionary, error) {
	values, err := d.vector()
	if err != nil {
		return nil, err
	}
	d.masking.Do(func() { d.masked.fill(m, c, values) })
	return &d.masked, d.masked.err
}

func (d *maskedDictionary) fill(m *masker, c *outColumn, values *encoding.Vector) {
	var all encoding.Vector // the masked values, in the order of the originals
	var order []dictionaryEntry
	d.index = make([]int32, values.N)
	var value []byte
	looked := 0
	for i := range values.N {
		if i >= looked {
			looked = m.lookAlone(c, values, i)
		}
		src := values.At(i)
		m.text = c.typ.text(m.text[:0], src)
		masked, ok, err := m.table.AppendAlone(m.out[:0], m.text, c.place)
		if err != nil {
			d.err = err
			return
		}
		m.out = masked
		if value = value[:0]; ok {
			value, ok = c.value(value, src, m.text, masked)
		}
		all.Append(value)
		if d.index[i] = -1; ok {
			order = append(order, newEntry(value, i))
		}
	}
	slices.SortFunc(order, func(a, b dictionaryEntry) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		return bytes.Compare(all.At(a.place), all.At(b.place))
	})
	d.entries.Width = c.out.width
	for k, e := range order {
		if v := all.At(e.place); k == 0 || !bytes.Equal(v, all.At(order[k-1].place)) {
			d.entries.Append(v)
		}
		d.index[e.place] = int32(d.entries.N - 1)
	}
}

// lookAlone looks ahead at the values of a dictionary from a place on, before they are
// masked, and returns the place where the next look-ahead begins.
func (m *masker) lookAlone(c *outColumn, values *encoding.Vector, from int) int {
	end := min(from+batchValues, values.N)
	more := m.table.LookAheadAlone(c.place)
	for i := from; more && i < end; i++ {
		m.text = c.typ.text(m.text[:0], values.At(i))
		more = m.table.LookAlone(m.text, c.place)
	}
	return end
}

// dictionaryEntry is the place of a masked value, with its first bytes, which decide most
// comparisons.
type dictionaryEntry struct {
	prefix uint64
	place  int
}

func newEntry(value []byte, place int) dictionaryEntry {
	var b [8]byte
	copy(b[:], value)
	return dictionaryEntry{binary.BigEndian.Uint64(b[:]), place}
}

// value appends the value of a masked text. ok is false where its type has none for it. A
// text that is the original's is the original, whatever its type is.
func (c *outColumn) value(dst, original, text, masked []byte) (out []byte, ok bool) {
	if c.treated.Own && bytes.Equal(text, masked) {
		return append(dst, original...), true
	}
	if c.out.value == nil {
		return dst, false
	}
	from := len(dst)
	out, ok = c.out.value(dst, masked)
	return out, ok && (c.out.width == 0 || len(out)-from == c.out.width)
}
