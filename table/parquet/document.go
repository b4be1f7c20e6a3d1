package parquet

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// document is a Parquet file. It is split into pages, each of which is masked separately.
type document struct {
	*parquetFormat
	at     io.ReaderAt
	end    int64 // of the pages
	meta   *format.FileMetaData
	leaves []*leaf // of the input
	plan   *table.Plan
	// schema and tree are those of the output; out has its columns.
	schema []format.SchemaElement
	tree   *node
	out    []*outColumn
	// values is the key-value metadata of the output, and dropped counts the entries of the
	// input that it lacks.
	values  []format.KeyValue
	dropped uint64
	arrow   []arrow.Field     // nil where the file has none
	zones   map[string]string // time zones of Arrow's types, by column

	tasks  tasks
	budget budget
}

// Columns returns what becomes of the columns.
func (d *document) Columns() *table.Plan { return d.plan }

// Plan implements file.Document.
func (d *document) Plan() *mask.Plan { return d.plan.Actions }

// tasks has the blocks in flight, in order. Whatever masks a block stores in its task
// what the footer needs to know.
type tasks struct {
	mu    sync.Mutex
	queue []*task
}

func (q *tasks) push(t *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue = append(q.queue, t)
}

func (q *tasks) pop() *task {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.queue[0]
	q.queue[0] = nil
	q.queue = q.queue[1:]
	return t
}

// budget bounds the bytes of the pages in flight, so that large pages do not fill the
// memory. One page is always allowed.
type budget struct {
	mu   sync.Mutex
	cond *sync.Cond
	used int64
}

// inFlight is the maximum of uncompressed bytes of pages in flight.
const inFlight = 48 << 20

func (b *budget) take(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cond == nil {
		b.cond = sync.NewCond(&b.mu)
	}
	for b.used > 0 && b.used+n > inFlight {
		b.cond.Wait()
	}
	b.used += n
}

func (b *budget) release(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	b.cond.Broadcast()
}

// taskKind is the kind of content of a block.
type taskKind uint8

const (
	startTask taskKind = iota
	dictionaryTask
	pageTask
)

// task is a page to mask, and its result.
type task struct {
	document *document
	kind     taskKind
	column   *outColumn
	group    int
	codec    format.CompressionCodec
	page     rawPage
	dict     *dictionary // nil: none so far
	// counts: the row group's rows are counted with this task.
	counts bool
	// row is the place of the first row that begins in the page, in its row group, and
	// beside are the pages of neighbours from the row before on, by the column's place.
	row    int
	beside map[int][]*sidePage
	cost   int64

	done outcome
}

// ByColumn says that blocks are pages of columns: the columns of a row group follow one
// another, and its rows count with the first.
func (d *document) ByColumn() {}

// Split implements file.Document.
func (d *document) Split(buffer func() []byte, emit func(file.Block) error) error {
	s := &splitter{document: d, buffer: buffer, emit: emit}
	if err := s.send(&task{kind: startTask}, nil); err != nil {
		return err
	}
	for i := range d.meta.RowGroups {
		if d.meta.RowGroups[i].NumRows == 0 {
			continue // a group without rows has no content
		}
		for k, c := range d.out {
			if err := s.chunk(i, c, k == 0); err != nil {
				var p *emitError
				if errors.As(err, &p) {
					return p.error
				}
				return fmt.Errorf("row group %d, column %s: %w", i+1, c.column.Name, err)
			}
		}
	}
	return nil
}

// emitError is an error of emit: the file is not at fault.
type emitError struct{ error }

// splitter reads the pages of a file.
type splitter struct {
	*document
	buffer  func() []byte
	emit    func(file.Block) error
	decoder pageDecoder
}

func (s *splitter) send(t *task, text []byte) error {
	t.document = s.document
	t.cost = int64(len(t.page.body)) + int64(t.page.header.UncompressedPageSize)
	s.budget.take(t.cost)
	s.tasks.push(t)
	if err := s.emit(file.Block{Text: text, Line: 1, Head: t}); err != nil {
		return &emitError{err}
	}
	return nil
}

// memory returns memory for a page's body.
func (s *splitter) memory(n int) []byte {
	if b := s.buffer(); cap(b) >= n {
		return b[:n]
	}
	return make([]byte, n)
}

// chunk emits the pages of a column in a row group.
func (s *splitter) chunk(group int, c *outColumn, counts bool) error {
	g := &s.meta.RowGroups[group]
	r, err := newPageReader(s.at, &g.Columns[c.place], s.end)
	if err != nil {
		return err
	}
	if g.Columns[c.place].MetaData.Type != c.element.Type.V {
		return errors.New("the footer is damaged: its type is not that of the schema")
	}
	if r.values < g.NumRows {
		return errors.New("the footer is damaged: it has fewer values than rows")
	}
	beside, err := s.neighbours(group, c)
	if err != nil {
		return err
	}
	var dict *dictionary
	row := 0
	for first := true; ; first = false {
		p, err := r.next(s.memory)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		t := &task{column: c, group: group, codec: r.codec, page: p, counts: counts && first, kind: pageTask}
		if p.header.Type == format.DictionaryPage {
			if dict != nil || !first {
				return errors.New("a page is damaged: a dictionary is not the first of its column")
			}
			dict = newDictionary(c.leaf, r.codec, p)
			t.kind, t.dict, t.page = dictionaryTask, dict, dict.page
			if err := s.send(t, p.body); err != nil {
				return err
			}
			continue
		}
		t.dict, t.row = dict, row
		if len(beside) > 0 {
			rows, err := s.rowsOf(t)
			if err != nil {
				return err
			}
			row += rows
			if t.beside, err = cover(beside, max(t.row-1, 0), row); err != nil {
				return err
			}
		}
		if err := s.send(t, p.body); err != nil {
			return err
		}
	}
}

// rowsOf returns how many rows begin in a page.
func (s *splitter) rowsOf(t *task) (int, error) {
	n, err := t.page.valuesOf()
	switch {
	case t.column.maxRep == 0 || err != nil:
		return n, err
	case t.page.header.Type == format.DataPageV2:
		return int(t.page.header.DataPageHeaderV2.V.NumRows), nil
	}
	_, err = s.decoder.levels(&t.page, t.column.leaf, t.codec)
	return s.decoder.page.rows, err
}
