package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table/parquet/encoding"
)

// Files begin and end with a magic word; before the last is the length of the footer.
var (
	magic          = []byte("PAR1")
	magicEncrypted = []byte("PARE")
)

const (
	trailer = 8
	// maxFooter is the longest footer that is read.
	maxFooter = 64 << 20
	// maxChunks is how many chunks of columns a file may have, all row groups together:
	// what is known of each is kept in memory.
	maxChunks = 1 << 18
)

var errEncrypted = errors.New("the file is encrypted, and Veil has no key for it: decrypt it first")

// readFooter reads the footer of a file, and returns where it begins.
func readFooter(r io.ReaderAt, size int64) (*format.FileMetaData, int64, error) {
	if size < int64(len(magic)+trailer) {
		return nil, 0, errors.New("the file is cut off: it is too short for a Parquet file")
	}
	var tail [trailer]byte
	if err := readAt(r, tail[:], size-trailer); err != nil {
		return nil, 0, err
	}
	switch word := tail[4:]; {
	case bytes.Equal(word, magicEncrypted):
		return nil, 0, errEncrypted
	case !bytes.Equal(word, magic):
		return nil, 0, errors.New("the file is cut off: it does not end as a Parquet file does")
	}
	n := int64(binary.LittleEndian.Uint32(tail[:4]))
	switch {
	case n > size-trailer-int64(len(magic)):
		return nil, 0, errors.New("the footer is damaged: its length is more than that of the file")
	case n > maxFooter:
		return nil, 0, fmt.Errorf("the footer is longer than %d MiB", maxFooter>>20)
	}
	start := size - trailer - n
	b := make([]byte, n)
	if err := readAt(r, b, start); err != nil {
		return nil, 0, err
	}
	meta := &format.FileMetaData{}
	if _, err := encoding.Decode(b, encoding.FooterLimits, meta); err != nil {
		return nil, 0, errors.New("the footer is damaged")
	}
	return meta, start, checkFooter(meta, start)
}

// readAt fills b.
func readAt(r io.ReaderAt, b []byte, offset int64) error {
	if n, err := r.ReadAt(b, offset); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = errors.New("the file is cut off")
		}
		return err
	}
	return nil
}

// checkFooter refuses a footer that contradicts itself or the file.
func checkFooter(meta *format.FileMetaData, end int64) error {
	if meta.EncryptionAlgorithm.Value != nil {
		return errEncrypted
	}
	columns := 0
	for i := range meta.Schema {
		if !isGroup(&meta.Schema[i]) {
			columns++
		}
	}
	if len(meta.RowGroups) > 0 && columns > maxChunks/len(meta.RowGroups) {
		return fmt.Errorf("the file has more than %d chunks of columns: write it with larger row groups, or as several files", maxChunks)
	}
	var spans []span
	rows := int64(0)
	for i := range meta.RowGroups {
		g := &meta.RowGroups[i]
		if len(g.Columns) != columns {
			return fmt.Errorf("the footer is damaged: row group %d has %d columns, and the schema %d", i+1, len(g.Columns), columns)
		}
		if g.NumRows < 0 {
			return fmt.Errorf("the footer is damaged: row group %d has a negative number of rows", i+1)
		}
		rows += g.NumRows
		for k := range g.Columns {
			s, err := spanOf(&g.Columns[k], end)
			if err != nil {
				return fmt.Errorf("row group %d, column %d: %w", i+1, k+1, err)
			}
			if s.from < s.to {
				spans = append(spans, s)
			}
		}
	}
	if rows != meta.NumRows {
		return errors.New("the footer is damaged: its number of rows is not that of its row groups")
	}
	// No byte may belong to two columns: one that is kept would show the other.
	slices.SortFunc(spans, func(a, b span) int { return int(min(max(a.from-b.from, -1), 1)) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return errors.New("the footer is damaged: chunks of columns overlap")
		}
	}
	return nil
}

// span says where the pages of a chunk are.
type span struct{ from, to int64 }

// spanOf returns where the pages of a chunk are in a file whose pages end before an
// offset.
func spanOf(c *format.ColumnChunk, end int64) (span, error) {
	m := &c.MetaData
	switch {
	case c.CryptoMetadata.Value != nil || len(c.EncryptedColumnMetadata) > 0:
		return span{}, errEncrypted
	case c.FilePath != "":
		return span{}, errors.New("its data is in another file")
	case m.TotalCompressedSize < 0 || m.NumValues < 0:
		return span{}, errors.New("the footer is damaged: a size is negative")
	}
	from := m.DataPageOffset
	if d := m.DictionaryPageOffset; d > 0 && d < from {
		from = d
	}
	if m.NumValues == 0 { // nothing is read of it
		return span{}, nil
	}
	if from < int64(len(magic)) || from > end || m.TotalCompressedSize > end-from {
		return span{}, errors.New("the footer is damaged: the pages are not in the file")
	}
	return span{from, from + m.TotalCompressedSize}, nil
}
