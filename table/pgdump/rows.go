package pgdump

import (
	"bytes"
	"slices"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/postgres/script"
)

// layout says how the rows of one COPY, or of INSERT statements of one table, are masked.
type layout struct {
	relation *relation
	// fields has the columns of a row by place, as indexes in the relation.
	fields []int
	// at has the places of the relation's columns in a row, or -1.
	at []int
	// out has the places that are written.
	out []int
	// begins is the beginning of each statement: up to VALUES for INSERT.
	begins []byte
	// insert: the rows are in INSERT statements, which begin with start in the output.
	insert bool
	start  []byte
}

// data reads rows up to the next statements, and then those. It calls emit with blocks of
// whole rows.
func (d *document) data(b *batch, emit func(text []byte, line int, rows *layout, last bool) error) (more bool, err error) {
	if more, err = d.reader.Begin(); err != nil || !more {
		return false, err
	}
	s, err := d.reader.Statement()
	if err != nil {
		return false, err
	}
	b.line = d.reader.Line
	if script.EqualFold(s[:4], "copy") {
		err = d.copy(b, s, emit)
	} else {
		err = d.inserts(b, s, emit)
	}
	if err == nil {
		d.next, err = d.batch()
	}
	return true, err
}

// copy reads a COPY with its rows.
func (d *document) copy(b *batch, s []byte, emit func([]byte, int, *layout, bool) error) error {
	t, err := script.Tokens(s, d.reader.Plain)
	if err != nil {
		return d.reader.Wrong("%w", err)
	}
	p := &script.Parser{Tokens: t, At: 1}
	o, ok := p.Object()
	var columns []string
	if inner, listed := p.Group(); listed && ok {
		columns, ok = script.Identifiers(inner)
	}
	if !ok || !p.Phrase("from stdin") || !p.Done() {
		return d.reader.Wrong("a COPY that pg_dump does not write")
	}
	d.reader.Skip(len(s))
	if err := d.reader.LineEnd(); err != nil {
		return err
	}
	l, err := d.layout(b, o, columns, true)
	if err != nil {
		return err
	}
	if l == nil {
		return d.reader.Rows(func([]byte, int, bool) error { return nil })
	}
	l.start = []byte("COPY " + o.SQL() + " (" + l.columns() + ") FROM stdin;\n")
	first := true
	return d.reader.Rows(func(rows []byte, line int, last bool) error {
		this := l
		if first {
			this, first = l.starting(), false
		}
		return emit(rows, line, this, last)
	})
}

// starting is the layout of the first block of a COPY.
func (l *layout) starting() *layout {
	out := *l
	out.begins = out.start
	return &out
}

// columns are the columns that are written.
func (l *layout) columns() string {
	var names []string
	for _, f := range l.out {
		names = append(names, l.relation.columns[l.fields[f]].name)
	}
	return script.QuoteAll(names)
}

// inserts reads INSERT statements that begin alike.
func (d *document) inserts(b *batch, s []byte, emit func([]byte, int, *layout, bool) error) error {
	begin := insertBegin(s, d.reader.Plain)
	t, err := script.Tokens(append(bytes.Clone(s[:begin]), ';'), d.reader.Plain)
	if err != nil {
		return d.reader.Wrong("%w", err)
	}
	p := &script.Parser{Tokens: t}
	ok := p.Phrase("insert into")
	o, named := p.Object()
	var columns []string
	inner, listed := p.Group()
	if listed && ok {
		columns, ok = script.Identifiers(inner)
	}
	overriding := ""
	for _, words := range []string{"overriding system value", "overriding user value"} {
		if p.Phrase(words) {
			overriding = " OVERRIDING SYSTEM VALUE"
		}
	}
	empty := p.Phrase("default values")
	if !ok || !named || !empty && (!p.Take("values") || !p.Done()) {
		return d.reader.Wrong("an INSERT that pg_dump does not write")
	}
	var l *layout
	if !empty {
		if l, err = d.layout(b, o, columns, listed); err != nil {
			return err
		}
	}
	n, err := d.reader.Inserts(len(s), file.BlockBytes, s[:begin])
	if err != nil {
		return err
	}
	text := d.reader.Rest()[:n]
	if l != nil {
		l.insert, l.begins = true, bytes.Clone(s[:begin])
		l.start = []byte("INSERT INTO " + o.SQL() + " (" + l.columns() + ")" + overriding + " VALUES ")
		if err := emit(text, d.reader.Line, l, false); err != nil {
			return err
		}
	}
	d.reader.Skip(n)
	return nil
}

// insertBegin returns the end of the VALUES of an INSERT.
func insertBegin(s []byte, plain bool) int {
	depth := 0
	for i := 0; i < len(s); {
		kind, end, err := script.Scan(s, i, plain)
		if err != nil || end == script.More {
			break
		}
		switch {
		case kind == script.Sign && s[i] == '(':
			depth++
		case kind == script.Sign && s[i] == ')':
			depth--
		case kind == script.Word && depth == 0 && script.EqualFold(s[i:end], "values"):
			return end
		}
		i = end
	}
	return len(s) - 1
}

// layout finds how rows of a table are masked; nil if they are left out. A dump of data
// alone names its tables and columns here.
func (d *document) layout(b *batch, o script.Object, columns []string, listed bool) (*layout, error) {
	r := d.db.relations[o]
	if r == nil {
		if r = b.untypedTable(o, columns, listed); !r.written() {
			b.leaveOut(r)
			return nil, nil
		}
	}
	if !r.written() {
		return nil, nil
	}
	l := &layout{relation: r, at: make([]int, len(r.columns))}
	for i := range l.at {
		l.at[i] = -1
	}
	if !listed {
		for _, c := range r.columns {
			columns = append(columns, c.name)
		}
	}
	for place, name := range columns {
		i := slices.IndexFunc(r.columns, func(c *column) bool { return c.name == name })
		if i < 0 || l.at[i] >= 0 {
			return nil, d.reader.Wrong("rows of table %s have a column that the table does not have", r.names())
		}
		l.fields, l.at[i] = append(l.fields, i), place
		if c := r.columns[i]; c.shown && c.generated == nil {
			l.out = append(l.out, place)
		}
	}
	if len(l.out) == 0 {
		return nil, nil
	}
	return l, nil
}

// untypedTable makes a table of which only the columns' names are known.
func (b *batch) untypedTable(o script.Object, columns []string, listed bool) *relation {
	r := &relation{Object: o}
	b.db.order = append(b.db.order, r)
	b.db.relations[o] = r
	switch {
	case b.db.typed:
		r.why = "the dump contains its rows but not its definition"
	case !listed:
		r.why = "a data-only dump must name the columns: use pg_dump --column-inserts"
	}
	for _, name := range columns {
		r.columns = append(r.columns, &column{name: name})
	}
	b.decideFamily([]*relation{r})
	return r
}
