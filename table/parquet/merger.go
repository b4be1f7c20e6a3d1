package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/parquet/encoding"
)

// createdBy names the writer of the files, without a version of Veil: the bytes of an
// output do not depend on it.
const createdBy = "veil version 1.0.0 (build parquet)"

// NewMerger implements file.Document.
func (d *document) NewMerger(out io.Writer) file.Merger {
	return &merger{document: d, out: out, version: d.meta.Version}
}

// merger writes pages one after the other, and then the indexes and the footer.
type merger struct {
	*document
	out     io.Writer
	offset  int64
	version int32

	groups []format.RowGroup
	group  int // of the input
	chunk  *chunkWriter
	// indexes has those of all chunks, in order; nil for a chunk without one.
	indexes []*pageIndex
	rows    int64
}

// chunkWriter collects the metadata of a chunk.
type chunkWriter struct {
	column *outColumn
	meta   format.ColumnMetaData
	rows   int
	bounds bounds
	nulls  int64
	bloom  *bloomFilter // nil: none
	index  *pageIndex   // nil: none
}

func (m *merger) write(b []byte) error {
	n, err := m.out.Write(b)
	m.offset += int64(n)
	return err
}

// Append implements file.Merger.
func (m *merger) Append(masked []byte) error {
	t := m.tasks.pop()
	if t.done.err != nil {
		return &file.InputError{Err: t.done.err}
	}
	if t.kind != startTask {
		if err := m.place(t); err != nil {
			return err
		}
		m.chunk.page(t, m.offset)
	}
	return m.write(masked)
}

// place begins the chunk of a page, and its row group.
func (m *merger) place(t *task) error {
	if m.chunk != nil && m.chunk.column == t.column && m.group == t.group {
		return nil
	}
	if err := m.endChunk(); err != nil {
		return err
	}
	if t.column == m.document.out[0] {
		m.groups = append(m.groups, format.RowGroup{NumRows: m.meta.RowGroups[t.group].NumRows, FileOffset: m.offset})
	}
	m.group = t.group
	var err error
	m.chunk, err = m.newChunk(t)
	return err
}

func (m *merger) newChunk(t *task) (*chunkWriter, error) {
	c := t.column
	in := &m.meta.RowGroups[t.group].Columns[c.place]
	w := &chunkWriter{column: c}
	w.meta = format.ColumnMetaData{Type: c.out.physical, PathInSchema: c.path, Codec: t.codec}
	w.bounds.reset(c.out.order)
	if in.ColumnIndexOffset > 0 || in.OffsetIndexOffset > 0 {
		w.index = &pageIndex{bounded: in.ColumnIndexOffset > 0}
	}
	var err error
	if w.bloom, err = m.bloomOf(in); err != nil {
		return nil, &file.InputError{Err: err}
	}
	return w, nil
}

// page adds a page that is written at an offset.
func (w *chunkWriter) page(t *task, offset int64) {
	o := &t.done
	if o.bytes == 0 {
		return // a dictionary that the output does not have
	}
	meta := &w.meta
	typ := t.page.header.Type
	switch {
	case t.kind == dictionaryTask:
		meta.DictionaryPageOffset = offset
	case meta.DataPageOffset == 0:
		meta.DataPageOffset = offset
	}
	if !slices.Contains(meta.Encoding, o.encoding) {
		meta.Encoding = append(meta.Encoding, o.encoding)
	}
	w.count(typ, o.encoding)
	meta.TotalCompressedSize += int64(o.bytes)
	meta.TotalUncompressedSize += int64(o.unpacked)
	if t.kind == dictionaryTask {
		return
	}
	meta.NumValues += int64(o.values)
	if w.index != nil {
		w.index.add(o, offset, w.rows, w.column.out.order)
	}
	w.rows += o.rows
	w.nulls += int64(o.nulls)
	switch {
	case o.stats.MinValue != nil:
		w.bounds.add(o.stats.MinValue)
		w.bounds.add(o.stats.MaxValue)
	case o.nulls < o.values && w.column.out.order != floatOrder:
		w.bounds.reset(noOrder) // the bounds of a page are too long
	}
	if w.bloom != nil {
		w.bloom.filter.InsertBulk(o.hashes)
	}
}

// count counts pages by type and encoding.
func (w *chunkWriter) count(typ format.PageType, e format.Encoding) {
	for i := range w.meta.EncodingStats {
		if s := &w.meta.EncodingStats[i]; s.PageType == typ && s.Encoding == e {
			s.Count++
			return
		}
	}
	w.meta.EncodingStats = append(w.meta.EncodingStats, format.PageEncodingStats{PageType: typ, Encoding: e, Count: 1})
}

// endChunk completes the chunk.
func (m *merger) endChunk() error {
	w := m.chunk
	if w == nil {
		return nil
	}
	m.chunk = nil
	g := &m.groups[len(m.groups)-1]
	if int64(w.rows) != g.NumRows {
		return &file.InputError{Err: fmt.Errorf("row group %d, column %s: the number of rows in the pages is not that of the footer", m.group+1, w.column.column.Name)}
	}
	if w.column.maxRep > 0 || w.column.outDef > 0 {
		if !slices.Contains(w.meta.Encoding, format.RLE) {
			w.meta.Encoding = append(w.meta.Encoding, format.RLE)
		}
	}
	w.meta.Statistics = w.bounds.statistics(w.nulls)
	if w.bloom != nil {
		w.meta.BloomFilterOffset = m.offset
		b, err := w.bloom.encode()
		if err != nil {
			return err
		}
		w.meta.BloomFilterLength = int32(len(b))
		if err := m.write(b); err != nil {
			return err
		}
	}
	m.indexes = append(m.indexes, w.index)
	g.TotalByteSize += w.meta.TotalUncompressedSize
	g.TotalCompressedSize += w.meta.TotalCompressedSize
	g.Columns = append(g.Columns, format.ColumnChunk{MetaData: w.meta})
	if len(g.Columns) < len(m.document.out) {
		return nil
	}
	g.SortingColumns = m.sorting(m.meta.RowGroups[m.group].SortingColumns)
	if n := len(m.groups) - 1; n <= math.MaxInt16 {
		g.Ordinal = int16(n)
	}
	m.rows += g.NumRows
	return nil
}

// sorting returns the columns by which the rows are sorted, up to the first that does not
// pass.
func (m *merger) sorting(in []format.SortingColumn) (out []format.SortingColumn) {
	for _, s := range in {
		i := slices.IndexFunc(m.document.out, func(c *outColumn) bool { return c.place == int(s.ColumnIdx) })
		if i < 0 || m.document.out[i].treated.Treatment != table.Clear {
			break
		}
		s.ColumnIdx = int32(i)
		out = append(out, s)
	}
	return out
}

// Close implements file.Merger.
func (m *merger) Close() error {
	if err := m.endChunk(); err != nil {
		return err
	}
	if err := m.writeIndexes(); err != nil {
		return err
	}
	footer := format.FileMetaData{
		Version: max(m.version, 1), Schema: m.schema, NumRows: m.rows, RowGroups: m.groups,
		KeyValueMetadata: m.values, CreatedBy: createdBy,
	}
	if footer.RowGroups == nil {
		footer.RowGroups = []format.RowGroup{}
	}
	for range m.document.out {
		footer.ColumnOrders = append(footer.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	b, err := encoding.Encode(nil, &footer)
	if err != nil {
		return err
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(b)))
	return m.write(append(b, bytes.Clone(magic)...))
}
