package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"

	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table/parquet/encoding"
)

const (
	// maxHeader is the length of the longest page header that is read: it can contain a
	// least and a greatest value.
	maxHeader = 16 << 20
	// maxValues is the maximum number of values in a page: runs of one value take no space
	// in a file, but they do in memory.
	maxValues = 1 << 24
)

// rawPage is a page as the file has it.
type rawPage struct {
	header format.PageHeader
	body   []byte
}

// pageReader reads the pages of a chunk, one after the other.
type pageReader struct {
	at     io.ReaderAt
	codec  format.CompressionCodec
	offset int64
	end    int64
	// values counts the values that are still to come.
	values int64
	head   []byte
}

func newPageReader(at io.ReaderAt, c *format.ColumnChunk, end int64) (*pageReader, error) {
	s, err := spanOf(c, end)
	if err == nil {
		err = encoding.CheckCodec(c.MetaData.Codec)
	}
	return &pageReader{at: at, codec: c.MetaData.Codec, offset: s.from, end: s.to, values: c.MetaData.NumValues}, err
}

// next reads the next page, its body into the memory that buffer returns. The error is
// io.EOF after the last.
func (r *pageReader) next(buffer func(n int) []byte) (p rawPage, err error) {
	if r.values == 0 {
		return p, io.EOF
	}
	n, err := r.header(&p.header)
	if err != nil {
		return p, err
	}
	r.offset += int64(n)
	size := p.header.CompressedPageSize
	switch {
	case size < 0 || p.header.UncompressedPageSize < 0 || int64(size) > r.end-r.offset:
		return p, errors.New("the header of a page is damaged")
	case size > encoding.MaxPage || p.header.UncompressedPageSize > encoding.MaxPage:
		return p, fmt.Errorf("a page has more than %d MiB, the maximum that Veil reads", encoding.MaxPage>>20)
	}
	p.body = buffer(int(size))
	if err := readAt(r.at, p.body, r.offset); err != nil {
		return p, err
	}
	r.offset += int64(size)
	if crc := p.header.CRC; crc != 0 && uint32(crc) != crc32.ChecksumIEEE(p.body) {
		return p, errors.New("a page is damaged: its checksum does not match")
	}
	n, err = p.valuesOf()
	if r.values -= int64(n); r.values < 0 {
		return p, errors.New("the pages of the column have more values than the footer says")
	}
	return p, err
}

// header reads the header of the next page, and returns its length.
func (r *pageReader) header(h *format.PageHeader) (int, error) {
	for size := int64(512); ; size *= 8 {
		most := min(size, r.end-r.offset, maxHeader)
		r.head = encoding.Grow(r.head, int(most))
		if err := readAt(r.at, r.head, r.offset); err != nil {
			return 0, err
		}
		*h = format.PageHeader{}
		n, err := encoding.Decode(r.head, encoding.HeaderLimits, h)
		if errors.Is(err, encoding.ErrShort) && most == size {
			continue
		}
		if err != nil {
			return 0, errors.New("the pages of the column end before its values, or a header is damaged")
		}
		return n, nil
	}
}

// valuesOf returns how many values a data page has; 0 for a dictionary.
func (p *rawPage) valuesOf() (int, error) {
	h := &p.header
	n := int32(-1)
	switch {
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		n = h.DataPageHeader.V.NumValues
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		n = h.DataPageHeaderV2.V.NumValues
		if v := &h.DataPageHeaderV2.V; v.NumRows < 0 || v.NumNulls < 0 || v.RepetitionLevelsByteLength < 0 || v.DefinitionLevelsByteLength < 0 {
			n = -1
		}
	case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid:
		if h.DictionaryPageHeader.V.NumValues >= 0 {
			return 0, nil
		}
	default:
		return 0, fmt.Errorf("a page of the type %s is not supported", h.Type)
	}
	if n < 0 {
		return 0, errors.New("the header of a page is damaged")
	}
	if n > maxValues {
		return 0, fmt.Errorf("a page has more than %d values, the maximum that Veil reads", maxValues)
	}
	return int(n), nil
}

// page is the values of a data page with their levels.
type page struct {
	n int // number of values, including nulls
	// reps and defs are the levels; nil if none is above 0.
	reps, defs []uint8
	values     encoding.Vector
	encoding   format.Encoding
	v2         bool
	// rows begin in the page. starts: the first value is that of a new row.
	rows   int
	starts bool
}

// pageDecoder decodes pages. Its results are valid until the next call.
type pageDecoder struct {
	encoding.Inflater
	page page
}

// decode decodes a data page.
func (d *pageDecoder) decode(p *rawPage, l *leaf, codec format.CompressionCodec, dict *encoding.Vector) (*page, error) {
	g := &d.page
	values, err := d.levels(p, l, codec)
	if err != nil {
		return nil, err
	}
	n := g.n
	if g.defs != nil {
		n = 0
		for _, def := range g.defs {
			if def == l.maxDef {
				n++
			}
		}
	}
	return g, g.values.Read(values, g.encoding, l.typ.physical, l.typ.width, n, dict)
}

// levels decodes the levels of a page, and returns the bytes of its values.
func (d *pageDecoder) levels(p *rawPage, l *leaf, codec format.CompressionCodec) (values []byte, err error) {
	g := &d.page
	size := int(p.header.UncompressedPageSize)
	if h := &p.header.DataPageHeaderV2; p.header.Type == format.DataPageV2 {
		v := &h.V
		reps, defs := int(v.RepetitionLevelsByteLength), int(v.DefinitionLevelsByteLength)
		if reps > len(p.body) || defs > len(p.body)-reps || reps+defs > size {
			return nil, encoding.ErrPage
		}
		g.n, g.encoding, g.v2 = int(v.NumValues), v.Encoding, true
		if g.reps, err = levelsOf(g.reps, p.body[:reps], l.maxRep, g.n); err != nil {
			return nil, err
		}
		if g.defs, err = levelsOf(g.defs, p.body[reps:reps+defs], l.maxDef, g.n); err != nil {
			return nil, err
		}
		if v.IsCompressed.Valid && !v.IsCompressed.V {
			codec = format.Uncompressed
		}
		values, err = d.Inflate(codec, p.body[reps+defs:], size-reps-defs)
	} else {
		v := &p.header.DataPageHeader.V
		g.n, g.encoding, g.v2 = int(v.NumValues), v.Encoding, false
		if values, err = d.Inflate(codec, p.body, size); err != nil {
			return nil, err
		}
		if g.reps, values, err = prefixedLevels(g.reps, values, l.maxRep, g.n, v.RepetitionLevelEncoding); err != nil {
			return nil, err
		}
		g.defs, values, err = prefixedLevels(g.defs, values, l.maxDef, g.n, v.DefinitionLevelEncoding)
	}
	if err != nil {
		return nil, err
	}
	g.rows, g.starts = g.n, true
	if g.reps != nil {
		g.rows = 0
		for _, rep := range g.reps {
			if rep == 0 {
				g.rows++
			}
		}
		g.starts = g.n == 0 || g.reps[0] == 0
	}
	if g.v2 && g.rows != int(p.header.DataPageHeaderV2.V.NumRows) {
		return nil, errors.New("the page is damaged: its number of rows is not the one in its header")
	}
	return values, nil
}

// prefixedLevels reads the levels of a page of the first version, which follow their
// length, and returns what comes after them.
func prefixedLevels(dst []uint8, src []byte, most uint8, n int, e format.Encoding) (levels []uint8, rest []byte, err error) {
	if most == 0 {
		return nil, src, nil
	}
	if e != format.RLE {
		return nil, nil, fmt.Errorf("levels in the encoding %s are not supported", e)
	}
	if len(src) < 4 || uint64(binary.LittleEndian.Uint32(src)) > uint64(len(src)-4) {
		return nil, nil, encoding.ErrPage
	}
	end := 4 + int(binary.LittleEndian.Uint32(src))
	levels, err = levelsOf(dst, src[4:end], most, n)
	return levels, src[end:], err
}

// levelsOf reads n levels.
func levelsOf(dst []uint8, src []byte, most uint8, n int) ([]uint8, error) {
	if most == 0 {
		return nil, nil
	}
	dst, err := encoding.Runs(dst[:0], src, uint(bits.Len8(most)), n)
	if err != nil {
		return nil, err
	}
	for _, l := range dst {
		if l > most {
			return nil, encoding.ErrPage
		}
	}
	if dst == nil {
		dst = []uint8{}
	}
	return dst, nil
}

// dictionary decodes a dictionary into newly allocated memory.
func (p *rawPage) dictionary(l *leaf, codec format.CompressionCodec) (*encoding.Vector, error) {
	h := &p.header.DictionaryPageHeader.V
	if h.Encoding != format.Plain && h.Encoding != encoding.PlainDictionary {
		return nil, fmt.Errorf("a dictionary in the encoding %s is not supported", h.Encoding)
	}
	var d encoding.Inflater
	src, err := d.Inflate(codec, p.body, int(p.header.UncompressedPageSize))
	if err != nil {
		return nil, err
	}
	v := &encoding.Vector{}
	return v, v.Read(src, format.Plain, l.typ.physical, l.typ.width, int(h.NumValues), nil)
}
