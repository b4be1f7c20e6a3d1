package parquet

import (
	"bytes"
	"errors"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

// Unpacked returns the bytes of all pages of a file, decompressed.
func Unpacked(b []byte) ([][]byte, error) {
	r := bytes.NewReader(b)
	meta, end, err := readFooter(r, int64(len(b)))
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for i := range meta.RowGroups {
		for k := range meta.RowGroups[i].Columns {
			pages, err := newPageReader(r, &meta.RowGroups[i].Columns[k], end)
			if err != nil {
				return nil, err
			}
			for {
				p, err := pages.next(func(n int) []byte { return make([]byte, n) })
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					return nil, err
				}
				levels, codec := 0, pages.codec
				if h := p.header.DataPageHeaderV2; h.Valid {
					levels = int(h.V.DefinitionLevelsByteLength + h.V.RepetitionLevelsByteLength)
					if h.V.IsCompressed.Valid && !h.V.IsCompressed.V {
						codec = format.Uncompressed
					}
				}
				var d pageDecoder
				text, err := d.Inflate(codec, p.body[levels:], int(p.header.UncompressedPageSize)-levels)
				if err != nil {
					return nil, err
				}
				out = append(out, bytes.Clone(text))
			}
		}
	}
	return out, nil
}
