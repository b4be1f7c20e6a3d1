package parquet

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table/parquet/encoding"
)

// sidePage is a page of a column whose values another column's masking needs. It is
// decoded once, by the first user, and then shared.
type sidePage struct {
	leaf  *leaf
	codec format.CompressionCodec
	raw   rawPage
	dict  *dictionary
	row   int // row of its first value in the row group
	rows  int

	once   sync.Once
	values encoding.Vector
	index  []int32 // of the value of a row, or -1 where it is null
	err    error
}

// appendText appends the text of the value of a row of the row group. null: there is none.
func (p *sidePage) appendText(dst []byte, row int) (text []byte, null bool, err error) {
	p.once.Do(p.decode)
	if p.err != nil {
		return dst, true, p.err
	}
	i := row - p.row
	if p.index != nil {
		i = int(p.index[i])
	}
	if i < 0 {
		return dst, true, nil
	}
	return p.leaf.typ.text(dst, p.values.At(i)), false, nil
}

func (p *sidePage) decode() {
	defer func() {
		if recover() != nil {
			p.err = errFault
		}
	}()
	dict, err := p.dict.vector()
	if err != nil {
		p.err = err
		return
	}
	var d pageDecoder
	g, err := d.decode(&p.raw, p.leaf, p.codec, dict)
	if err != nil {
		p.err = fmt.Errorf("column %s: %w", p.leaf.column.Name, err)
		return
	}
	p.values = g.values
	if g.defs == nil {
		return
	}
	p.index = make([]int32, len(g.defs))
	n := int32(0)
	for i, def := range g.defs {
		p.index[i] = -1
		if def == p.leaf.maxDef {
			p.index[i] = n
			n++
		}
	}
}

// side reads the pages of a neighbour, in step with the column that needs it.
type side struct {
	*pageReader
	leaf  *leaf
	dict  *dictionary
	pages []*sidePage // those that may be needed again
	rows  int         // of the pages so far
}

// neighbours returns readers of the pages that the masking of a column needs in a row
// group, by the columns' places.
func (s *splitter) neighbours(group int, c *outColumn) (map[int]*side, error) {
	out := map[int]*side{}
	for _, place := range c.treated.Needs() {
		l := s.leaves[place]
		r, err := newPageReader(s.at, &s.meta.RowGroups[group].Columns[place], s.end)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", l.column.Name, err)
		}
		out[place] = &side{pageReader: r, leaf: l}
	}
	return out, nil
}

// cover returns the pages that have the rows from one up to another.
func cover(beside map[int]*side, from, to int) (map[int][]*sidePage, error) {
	out := map[int][]*sidePage{}
	for place, s := range beside {
		for len(s.pages) > 0 && s.pages[0].row+s.pages[0].rows <= from {
			s.pages = s.pages[1:]
		}
		for s.rows < to {
			if err := s.more(); err != nil {
				return nil, fmt.Errorf("column %s: %w", s.leaf.column.Name, err)
			}
		}
		out[place] = s.pages[:len(s.pages):len(s.pages)]
	}
	return out, nil
}

// more reads the next page.
func (s *side) more() error {
	p, err := s.next(func(n int) []byte { return make([]byte, n) })
	if errors.Is(err, io.EOF) {
		return errors.New("the column has fewer rows than others")
	}
	if err != nil {
		return err
	}
	if p.header.Type == format.DictionaryPage {
		if s.dict != nil || s.rows > 0 {
			return errors.New("a page is damaged: a dictionary is not the first of its column")
		}
		s.dict = &dictionary{leaf: s.leaf, codec: s.codec, page: p}
		return nil
	}
	n, err := p.valuesOf()
	s.pages = append(s.pages, &sidePage{leaf: s.leaf, codec: s.codec, raw: p, dict: s.dict, row: s.rows, rows: n})
	s.rows += n
	return err
}

// sideCells provides the cells of neighbours as texts.
type sideCells struct {
	pages map[int][]*sidePage
	row   int
	// known are the texts of the row, by place.
	known map[int]*sideCell
	err   error
}

type sideCell struct {
	row  int
	null bool
	text []byte
}

// begin sets the pages of a task.
func (s *sideCells) begin(pages map[int][]*sidePage) {
	s.pages, s.err = pages, nil
	if s.known == nil {
		s.known = map[int]*sideCell{}
	}
	for _, c := range s.known {
		c.row = -1
	}
}

// cell returns the text of a neighbour in the row, or nil for NULL.
func (s *sideCells) cell(place int) []byte {
	c := s.known[place]
	if c == nil {
		c = &sideCell{row: -1, text: []byte{}}
		s.known[place] = c
	}
	if c.row != s.row {
		c.row, c.null = s.row, true
		var err error
		if c.text, c.null, err = s.appendText(c.text[:0], place); err != nil {
			s.err = err
		}
	}
	if c.null {
		return nil
	}
	return c.text
}

func (s *sideCells) appendText(dst []byte, place int) (text []byte, null bool, err error) {
	for _, p := range s.pages[place] {
		if s.row >= p.row && s.row < p.row+p.rows {
			return p.appendText(dst, s.row)
		}
	}
	return dst, true, errors.New("a neighbour has no such row")
}
