package parquet

import (
	"errors"

	"github.com/cespare/xxhash/v2"
	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table/parquet/encoding"
)

// maxBloom is the largest bloom filter that is written.
const maxBloom = 16 << 20

// bloomFilter says which values a chunk does not have. It is computed from the values of
// the output, and is as large as the input's.
type bloomFilter struct{ filter bloom.SplitBlockFilter }

// hasBloom reports whether a chunk has a bloom filter.
func hasBloom(c *format.ColumnChunk) bool { return c.MetaData.BloomFilterOffset > 0 }

// bloomOf returns a filter of the size of the input's; nil if the input has none.
func (d *document) bloomOf(c *format.ColumnChunk) (*bloomFilter, error) {
	if !hasBloom(c) {
		return nil, nil
	}
	offset := c.MetaData.BloomFilterOffset
	if offset >= d.end {
		return nil, errors.New("the footer is damaged: a bloom filter is not in the file")
	}
	b := make([]byte, min(256, d.end-offset))
	if err := readAt(d.at, b, offset); err != nil {
		return nil, err
	}
	var h format.BloomFilterHeader
	if _, err := encoding.Decode(b, encoding.HeaderLimits, &h); err != nil {
		return nil, errors.New("the header of a bloom filter is damaged")
	}
	if h.NumBytes < bloom.BlockSize || h.NumBytes > maxBloom {
		return nil, nil
	}
	return &bloomFilter{make(bloom.SplitBlockFilter, h.NumBytes/bloom.BlockSize)}, nil
}

// encode returns the filter with its header.
func (f *bloomFilter) encode() ([]byte, error) {
	b, err := encoding.Encode(nil, &format.BloomFilterHeader{
		NumBytes:    int32(len(f.filter) * bloom.BlockSize),
		Algorithm:   format.BloomFilterAlgorithm{Value: &format.SplitBlockAlgorithm{}},
		Hash:        format.BloomFilterHash{Value: &format.XxHash{}},
		Compression: format.BloomFilterCompression{Value: &format.BloomFilterUncompressed{}},
	})
	return append(b, f.filter.Bytes()...), err
}

// hash hashes the values of a page for the bloom filter, if there is any.
func (o *outcome) hash(t *task, place int, v *encoding.Vector) {
	if !hasBloom(&t.document.meta.RowGroups[t.group].Columns[place]) {
		return
	}
	if v.Dict == nil {
		for i := range v.N {
			o.hashes = append(o.hashes, xxhash.Sum64(v.At(i)))
		}
		return
	}
	used := make([]bool, v.Dict.N)
	for _, i := range v.Index {
		used[i] = true
	}
	for i, u := range used {
		if u {
			o.hashes = append(o.hashes, xxhash.Sum64(v.Dict.At(i)))
		}
	}
}
