package arrow

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// NewMasker implements file.Document.
func (d *document) NewMasker(detail bool) file.Masker {
	m := &masker{pass: mask.NewPass(d.schema.plan.Actions), plan: d.schema.plan}
	m.pass.Detail = detail
	m.table = m.plan.Masker(m.pass)
	return m
}

// masker masks blocks.
type masker struct {
	pass  *mask.Pass
	plan  *table.Plan
	table *table.Masker
	// batch belongs to the document of the last block.
	batch  *batch
	before []uint64
}

// Pass implements file.Masker.
func (m *masker) Pass() *mask.Pass { return m.pass }

// AppendMasked implements file.Masker. It appends the number of the block, by which the
// merger finds the masked batches.
func (m *masker) AppendMasked(dst []byte, b file.Block, r *file.Result) []byte {
	blk := b.Head.(*block)
	if m.batch == nil || m.batch.schema != blk.schema {
		m.batch = newBatch(blk.schema, m.table)
	}
	if blk.number == 1 {
		r.Lost = []uint64{blk.schema.dropped}
	}
	var out result
	m.part(blk, 0, blk.rows.NumRows(), &out, r)
	blk.mu.Lock()
	blk.pending[blk.number] = out
	blk.mu.Unlock()
	return binary.BigEndian.AppendUint64(dst, blk.number)
}

// mostBad bounds the rows of a block that are reported as impossible to mask.
const mostBad = 100

// part masks some rows of a block. If a row cannot be masked, it is left out, and the
// rows before and after it are masked separately.
func (m *masker) part(b *block, from, to int64, out *result, r *file.Result) {
	if from == to && from > 0 {
		return
	}
	masked, bad, err := m.one(b, b.rows.NewSlice(from, to))
	if err == nil {
		*out = append(*out, masked)
		m.pass.CountResources(m.plan.Source.String(), uint64(to-from))
		r.Masked += uint64(to - from)
		return
	}
	if bad < 0 || len(r.Bad) >= mostBad {
		r.Bad = append(r.Bad, b.bad(from, to, err))
		return
	}
	row := from + int64(bad)
	m.part(b, from, row, out, r)
	r.Bad = append(r.Bad, b.bad(row, row+1, err))
	m.part(b, row+1, to, out, r)
}

// bad describes rows that cannot be masked.
func (b *block) bad(from, to int64, err error) file.Bad {
	out := file.Bad{Line: int(b.first) + int(from), Column: 1, What: err.Error()}
	if text, err := b.rows.NewSlice(from, to).MarshalJSON(); err == nil {
		out.Text = text
	}
	return out
}

// one masks rows. bad is the row that cannot be masked, or -1 if it is unknown. Counts
// for rows that are not masked are discarded.
func (m *masker) one(b *block, rows arrow.RecordBatch) (out arrow.RecordBatch, bad int, err error) {
	m.before = append(m.before[:0], m.pass.Counts...)
	defer func() {
		fault := recover() // the text of another panic may contain a value
		if fault == nil {
			return
		}
		copy(m.pass.Counts, m.before)
		bad, err = -1, errDamaged
		if f, ok := fault.(failure); ok {
			bad, err = f.row, f.err
		}
	}()
	return m.batch.mask(rows, b.dictionaries), -1, nil
}

// NewMerger implements file.Document.
func (d *document) NewMerger(out io.Writer) file.Merger {
	return &merger{document: d, buffer: bufio.NewWriterSize(out, 256<<10)}
}

// merger writes masked batches in their order, as a stream or a file.
type merger struct {
	*document
	buffer *bufio.Writer
	writer interface {
		Write(arrow.RecordBatch) error
		Close() error
	}
}

func (m *merger) open() (err error) {
	options := []ipc.Option{ipc.WithSchema(m.schema.out), ipc.WithCompressConcurrency(runtime.GOMAXPROCS(0))}
	switch m.codec {
	case lz4:
		options = append(options, ipc.WithLZ4())
	case zstd:
		options = append(options, ipc.WithZstd())
	}
	if m.file {
		m.writer, err = ipc.NewFileWriter(m.buffer, options...)
		return err
	}
	m.writer = ipc.NewWriter(m.buffer, options...)
	return nil
}

// Append implements file.Merger.
func (m *merger) Append(masked []byte) error {
	if m.writer == nil {
		if err := m.open(); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(masked, 8) {
		number := binary.BigEndian.Uint64(part)
		m.mu.Lock()
		batches := m.pending[number]
		delete(m.pending, number)
		m.mu.Unlock()
		for _, b := range batches {
			if err := m.writer.Write(b); err != nil {
				return fmt.Errorf("a masked batch cannot be written: %w", err)
			}
		}
	}
	return m.buffer.Flush()
}

// Close implements file.Merger.
func (m *merger) Close() error {
	if m.writer == nil {
		if err := m.open(); err != nil {
			return err
		}
	}
	if err := m.writer.Close(); err != nil {
		return err
	}
	return m.buffer.Flush()
}
