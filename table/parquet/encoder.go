package parquet

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"math/bits"

	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table/parquet/encoding"
)

// pageEncoder writes pages. It is not safe for concurrent use.
type pageEncoder struct {
	column *outColumn
	reps   []uint8
	defs   []uint8
	index  []int32
	values []byte
	ends   []uint32

	plainValues, body, packed, scratch []byte
}

// begin starts the page with the masked values of g.
func (e *pageEncoder) begin(c *outColumn, g *page) {
	e.column, e.reps, e.defs = c, g.reps, e.defs[:0]
}

// level adds the definition level of a value, or of one that was removed. It returns
// false if the value must not be removed.
func (e *pageEncoder) level(null bool) bool {
	switch c := e.column; {
	case !null:
		e.defs = append(e.defs, c.outDef)
	case c.mapKey:
		return false
	default:
		e.defs = append(e.defs, c.nullDef())
	}
	return true
}

// missing adds the level of a position where the input has no value.
func (e *pageEncoder) missing(def uint8) { e.defs = append(e.defs, def) }

// copied writes a page with its original body.
func (e *pageEncoder) copied(dst []byte, h format.PageHeader, body []byte, o *outcome) ([]byte, error) {
	null := format.Statistics{NullCount: int64(o.nulls)}
	h.DataPageHeader.V.Statistics, h.DataPageHeaderV2.V.Statistics = null, null
	h.DataPageHeaderV2.V.NumNulls = int32(o.nulls)
	h.DictionaryPageHeader.V.IsSorted = false
	return e.page(dst, h, body, o)
}

// page writes a page: its header, then its body, whose length and checksum the header
// gets.
func (e *pageEncoder) page(dst []byte, h format.PageHeader, body []byte, o *outcome) ([]byte, error) {
	if len(body) > math.MaxInt32 || h.UncompressedPageSize < 0 {
		return dst, errors.New("a page becomes too large")
	}
	h.CompressedPageSize = int32(len(body))
	if h.CRC != 0 {
		h.CRC = int32(crc32.ChecksumIEEE(body))
	}
	from := len(dst)
	dst, err := encoding.Encode(dst, &h)
	if err != nil {
		return dst, err
	}
	o.unpacked = len(dst) - from + int(h.UncompressedPageSize)
	return append(dst, body...), nil
}

// dictionary writes a dictionary.
func (e *pageEncoder) dictionary(dst []byte, h format.PageHeader, codec format.CompressionCodec, v *encoding.Vector, o *outcome) (_ []byte, err error) {
	e.body = appendPlain(e.body[:0], v, false)
	e.packed, e.scratch, err = encoding.Deflate(e.packed[:0], e.scratch, codec, e.body)
	if err != nil {
		return dst, errors.New("a page cannot be compressed")
	}
	h.UncompressedPageSize = sizeOf(e.body)
	h.DictionaryPageHeader.V.NumValues, h.DictionaryPageHeader.V.IsSorted = int32(v.N), false
	return e.page(dst, h, e.packed, o)
}

// sizeOf returns a size as headers have it, or a negative number if it is too large.
func sizeOf(b []byte) int32 {
	if len(b) > math.MaxInt32 {
		return -1
	}
	return int32(len(b))
}

// indices writes a page of indices of a dictionary.
func (e *pageEncoder) indices(dst []byte, t *task, o *outcome) ([]byte, error) {
	var err error
	if e.values, err = new(rle.DictionaryEncoding).EncodeInt32(e.values[:0], e.index); err != nil {
		return dst, err
	}
	return e.data(dst, t, e.values, o)
}

// plain writes a page of values.
func (e *pageEncoder) plain(dst []byte, t *task, v *encoding.Vector, o *outcome) ([]byte, error) {
	e.plainValues = appendPlain(e.plainValues[:0], v, e.column.out.physical == format.Boolean)
	return e.data(dst, t, e.plainValues, o)
}

// appendPlain appends values in the encoding PLAIN.
func appendPlain(dst []byte, v *encoding.Vector, bools bool) []byte {
	switch {
	case bools:
		for i, b := range v.Data[:v.N] {
			if i%8 == 0 {
				dst = append(dst, 0)
			}
			dst[len(dst)-1] |= b << (i % 8)
		}
		return dst
	case v.Width > 0:
		return append(dst, v.Data...)
	}
	for i := range v.N {
		value := v.At(i)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(value)))
		dst = append(dst, value...)
	}
	return dst
}

// data writes a data page in the version of the input's.
func (e *pageEncoder) data(dst []byte, t *task, values []byte, o *outcome) (_ []byte, err error) {
	c, h := e.column, t.page.header
	null := format.Statistics{NullCount: int64(o.nulls)}
	reps, err := levelBytes(e.reps, c.maxRep)
	if err != nil {
		return dst, err
	}
	defs, err := levelBytes(e.defs, c.outDef)
	if err != nil {
		return dst, err
	}
	e.body = e.body[:0]
	if o.v2 {
		v := &h.DataPageHeaderV2.V
		e.body = append(append(e.body, reps...), defs...)
		e.packed = append(e.packed[:0], e.body...)
		v.Encoding, v.NumNulls, v.Statistics = o.encoding, int32(o.nulls), null
		v.RepetitionLevelsByteLength, v.DefinitionLevelsByteLength = int32(len(reps)), int32(len(defs))
		v.IsCompressed = thrift.New(t.codec != format.Uncompressed)
		e.packed, e.scratch, err = encoding.Deflate(e.packed, e.scratch, t.codec, values)
		h.UncompressedPageSize = sizeOf(e.body) + sizeOf(values)
	} else {
		v := &h.DataPageHeader.V
		v.Encoding, v.Statistics = o.encoding, null
		v.DefinitionLevelEncoding = format.RLE
		for i, levels := range [][]byte{reps, defs} {
			if []uint8{c.maxRep, c.outDef}[i] > 0 {
				e.body = binary.LittleEndian.AppendUint32(e.body, uint32(len(levels)))
				e.body = append(e.body, levels...)
			}
		}
		e.body = append(e.body, values...)
		h.UncompressedPageSize = sizeOf(e.body)
		e.packed, e.scratch, err = encoding.Deflate(e.packed[:0], e.scratch, t.codec, e.body)
	}
	if err != nil {
		return dst, errors.New("a page cannot be compressed")
	}
	return e.page(dst, h, e.packed, o)
}

// levelBytes encodes levels; it returns nothing if all are 0.
func levelBytes(levels []uint8, most uint8) ([]byte, error) {
	if most == 0 {
		return nil, nil
	}
	return (&rle.Encoding{BitWidth: bits.Len8(most)}).EncodeLevels(nil, levels)
}
