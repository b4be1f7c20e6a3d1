package arrow

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// document is a stream or a file.
type document struct {
	*format
	schema *schema
	file   bool
	codec  codec
	// next reads the next batch; io.EOF is the end. again restarts at the first batch, if
	// the input can be read twice.
	next  func() (arrow.RecordBatch, error)
	again func() error

	// Maskers pass masked batches to the merger by number. The merger writes them with the
	// library, which cannot encode a single batch.
	mu      sync.Mutex
	pending map[uint64]result
}

// block is the input of a masker.
type block struct {
	*document
	number       uint64
	rows         arrow.RecordBatch
	first        uint64 // the number of the first row, from 1
	dictionaries []*dictionary
}

// result is a masked block: batches, more than one if a row is left out.
type result []arrow.RecordBatch

// openStream reads the schema of a stream.
func (d *document) openStream(in io.Reader, name table.Name) error {
	return d.openMessages(&messages{in: in, codec: &d.codec}, name)
}

func (d *document) openMessages(m *messages, name table.Name) (err error) {
	s, err := d.read(m)
	if err != nil {
		return err
	}
	return d.lay(s, name)
}

// read starts reading messages: it sets next, and returns the schema.
func (d *document) read(m *messages) (*arrow.Schema, error) {
	limit := &bounded{Allocator: memory.NewGoAllocator(), left: maxBody}
	r, err := ipc.NewReaderFromMessageReader(m, ipc.WithAllocator(limit))
	if err != nil {
		return nil, m.problem()
	}
	d.next = func() (arrow.RecordBatch, error) {
		limit.left = maxBody
		if r.Next() {
			rec := r.RecordBatch()
			rec.Retain()
			return rec, nil
		}
		if r.Err() != nil {
			return nil, m.problem()
		}
		return nil, io.EOF
	}
	return r.Schema(), nil
}

// maxInMemory bounds a file that must be read into memory.
const maxInMemory = 1 << 30

// openFile reads the schema of a file. A file with dictionaries is read twice; if it can
// be read only once, it is read into memory.
func (d *document) openFile(in file.Source, text *bufio.Reader, name table.Name) error {
	if in.At != nil {
		return d.openAt(in.At, in.Size, name)
	}
	var read bytes.Buffer
	m := &messages{in: io.TeeReader(text, &read), file: true, codec: &d.codec}
	if _, err := io.CopyN(io.Discard, m.in, fileStart); err != nil {
		return errTruncated
	}
	if err := d.openMessages(m, name); err != nil || len(d.schema.dictionaries) == 0 {
		m.in = text
		return err
	}
	if _, err := io.Copy(&read, io.LimitReader(text, maxInMemory)); err != nil {
		return err
	}
	if read.Len() > maxInMemory {
		return fmt.Errorf("the file has dictionaries and more than %d MiB, and can be read only once: decompress it, and give its name", maxInMemory>>20)
	}
	return d.openAt(bytes.NewReader(read.Bytes()), int64(read.Len()), name)
}

// openAt opens a file with random access. The stream in it is read, and must have as many
// batches as the footer says.
func (d *document) openAt(at io.ReaderAt, size int64, name table.Name) error {
	end, batches, err := readFooter(at, size)
	if err != nil {
		return err
	}
	begin := func() (*arrow.Schema, error) {
		in := bufio.NewReaderSize(io.NewSectionReader(at, fileStart, end-fileStart), 64<<10)
		m := &messages{in: in, file: true, whole: true, codec: &d.codec}
		s, err := d.read(m)
		next := d.next
		d.next = func() (arrow.RecordBatch, error) {
			rec, err := next()
			if errors.Is(err, io.EOF) && m.batches != batches {
				err = errDamaged
			}
			return rec, err
		}
		return s, err
	}
	d.again = func() error {
		_, err := begin()
		return err
	}
	s, err := begin()
	if err != nil {
		return err
	}
	return d.lay(s, name)
}

// problem returns what was wrong with a message, without the library's text, which may
// contain a value.
func (m *messages) problem() error {
	if m.err != nil {
		return m.err
	}
	return errDamaged
}

// lay applies the rules to a schema.
func (d *document) lay(s *arrow.Schema, name table.Name) error {
	for _, f := range s.Fields() {
		if !supported(f.Type, false) {
			return fmt.Errorf("column %s: Veil does not read its type", f.Name)
		}
	}
	d.schema = newSchema(s, name)
	plan, err := d.plans.Of(d.schema.source)
	if err != nil {
		return err
	}
	d.schema.treat(plan)
	if len(d.schema.out.Fields()) == 0 && !d.Inspect {
		return d.Rules.Uncovered(name)
	}
	return nil
}

// Columns returns what becomes of the columns.
func (d *document) Columns() *table.Plan { return d.schema.plan }

// Plan implements file.Document.
func (d *document) Plan() *mask.Plan { return d.schema.plan.Actions }

// The size of a block is bounded in rows, and in bytes if rows are long.
const (
	blockRows  = 64 << 10
	blockBytes = 4 << 20
)

// Split implements file.Document. A block is a batch, or a part of a large one.
func (d *document) Split(_ func() []byte, emit func(file.Block) error) (err error) {
	defer func() {
		if recover() != nil { // a batch with invalid lists or dictionaries
			err = errDamaged
		}
	}()
	keep := newKeeper(d.schema)
	if len(keep.kept) > 0 && d.file {
		if err := d.each(func(rec arrow.RecordBatch) error { keep.see(rec); return nil }); err != nil {
			return err
		}
		if err := d.again(); err != nil {
			return err
		}
	}
	number, first := uint64(0), uint64(1)
	return d.each(func(rec arrow.RecordBatch) error {
		if !d.file {
			keep.see(rec)
		}
		dictionaries, err := keep.dictionaries()
		if err != nil {
			return err
		}
		rows := rec.NumRows()
		step := rowsOf(rec)
		for from := int64(0); from < rows || from == 0; from += step {
			part := rec.NewSlice(from, min(from+step, rows))
			number++
			b := &block{document: d, number: number, rows: part, first: first + uint64(from), dictionaries: dictionaries}
			if err := emit(file.Block{Line: int(b.first), Head: b}); err != nil {
				return err
			}
		}
		first += uint64(rows)
		return nil
	})
}

// each reads all batches.
func (d *document) each(f func(arrow.RecordBatch) error) error {
	for {
		rec, err := d.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, c := range rec.Columns() {
			if int64(c.Len()) != rec.NumRows() {
				return errDamaged
			}
		}
		if err := f(rec); err != nil {
			return err
		}
	}
}

// rowsOf returns how many rows of a batch a block has.
func rowsOf(rec arrow.RecordBatch) int64 {
	size := int64(0)
	for _, c := range rec.Columns() {
		size += sizeOf(c.Data())
	}
	rows := max(rec.NumRows(), 1)
	return max(1, min(blockRows, blockBytes/max(size/rows, 1)))
}

func sizeOf(d arrow.ArrayData) (n int64) {
	for _, b := range d.Buffers() {
		if b != nil {
			n += int64(b.Len())
		}
	}
	for _, c := range d.Children() {
		n += sizeOf(c)
	}
	return n
}
