package pgdump

import (
	"bytes"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/postgres/script"
)

// batch reads statements up to the next rows, or to the end.
func (d *document) batch() (*batch, error) {
	b := &batch{config: &d.Config, db: d.db}
	size := 0
	for {
		more, err := d.reader.Begin()
		if err != nil {
			return nil, err
		}
		if !more {
			if !d.reader.Complete {
				return nil, d.reader.Wrong("the dump is cut off: its last line does not say that it is complete")
			}
			return b, nil
		}
		s, err := d.reader.Statement()
		if err != nil {
			return nil, err
		}
		if size += len(s); size > d.most {
			return nil, d.reader.Wrong("the statements of a dump are longer than %d bytes", d.most)
		}
		b.line = d.reader.Line
		if s[0] == '\\' {
			if err := d.command(b, string(bytes.TrimSpace(s))); err != nil {
				return nil, err
			}
			d.reader.Skip(len(s))
			continue
		}
		if isData(s) {
			return b, nil
		}
		kept := len(b.pieces)
		if err := d.statement(b, s); err != nil {
			return nil, err
		}
		if len(b.pieces) == kept {
			size -= len(s) // it is not in memory
		}
		d.reader.Skip(len(s))
	}
}

// isData reports whether a statement has rows, or rows behind it.
func isData(s []byte) bool {
	return len(s) > 6 && (script.EqualFold(s[:5], "copy ") || script.EqualFold(s[:6], "insert") && (s[6] == ' ' || s[6] == '\n'))
}

// command reads a command of psql: those that pg_dump writes. None is written.
func (d *document) command(b *batch, line string) error {
	p := line
	if i := bytes.IndexAny([]byte(line), " \t"); i >= 0 {
		p = line[:i]
	}
	switch p {
	case `\restrict`, `\unrestrict`:
		return nil
	case `\connect`, `\c`:
		for _, r := range d.db.order {
			if r.written() || !r.decided {
				return d.reader.Wrong("the dump has a second database with tables: mask a dump of each database separately")
			}
		}
		b.lose(lostDatabases)
		return nil
	}
	return d.reader.Wrong("a psql command that pg_dump does not write")
}

// statement reads a statement that is not of rows.
func (d *document) statement(b *batch, s []byte) error {
	t, err := script.Tokens(s, d.reader.Plain)
	if err != nil {
		return d.reader.Wrong("%w", err)
	}
	p := &script.Parser{Tokens: t}
	switch {
	case p.Done():
	case p.Take("set"):
		return d.setting(p)
	case p.Take("create"):
		b.create(p)
	case p.Take("alter"):
		b.alter(p)
	case p.Take("select"):
		b.call(p)
	case p.Phrase("refresh materialized view"):
		b.refresh(p)
	case p.Take("comment"):
		b.lose(lostComments)
	case p.Take("grant"), p.Take("revoke"):
		b.lose(lostGrants)
	case p.Phrase("security label"):
		b.lose(lostLabels)
	case p.Take("drop"):
		b.lose(lostDrops)
	case p.Take("begin"), p.Take("commit"), p.Phrase("start transaction"), p.Take("reset"):
	default:
		b.lose(lostOther)
	}
	return nil
}

// call reads a SELECT, by which dumps call functions.
func (b *batch) call(p *script.Parser) {
	p.Take("*", "from")
	if p.Take("pg_catalog") {
		p.Take(".")
	}
	fn, _ := p.Ident()
	args, _ := p.Group()
	switch fn {
	case "set_config":
	case "setval":
		q := &script.Parser{Tokens: args}
		o, ok := regclass(q)
		if !ok || !q.Take(",") {
			b.lose(lostPositions)
			return
		}
		b.write(func(w *batch) { w.setval(o, q.Until()) })
	case "lo_create", "lo_open", "lowrite", "lo_close", "lo_unlink":
		b.lose(lostObjects)
	case "pg_restore_relation_stats", "pg_restore_attribute_stats", "pg_restore_extended_stats":
		b.lose(lostStatistics)
	default:
		b.lose(lostOther)
	}
}

// head is what a block is masked with.
type head struct {
	document *document
	// before stands before the rows: statements that pass.
	before []byte
	lost   *[losses]uint64
	bad    []file.Bad
	// rows is how the rows are masked; nil if there are none.
	rows *layout
	// last: the rows of the COPY end with the block.
	last bool
	// plain is how strings are written.
	plain bool
}

// Split implements file.Document.
func (d *document) Split(buffer func() []byte, emit func(file.Block) error) error {
	send := func(h *head, text []byte, line int) error {
		h.document, h.plain = d, d.reader.Plain
		d.mu.Lock()
		d.sent++
		d.mu.Unlock()
		err := emit(file.Block{Text: append(buffer()[:0], text...), Line: line, Head: h})
		if err != nil {
			d.done()
		}
		return err
	}
	before := []byte(prelude)
	for {
		b := d.next
		if d.sent > 0 && len(b.pieces) > 0 {
			d.wait() // what is written depends on what became of the rows
		}
		b.finish()
		h := &head{before: append(before, b.out...), lost: &b.lost, bad: b.bad}
		more, err := d.data(b, func(text []byte, line int, rows *layout, last bool) error {
			h.rows, h.last, h.bad = rows, last, b.bad
			sent := h
			h = &head{}
			return send(sent, text, line)
		})
		switch {
		case err != nil:
			return err
		case !more:
			h.before = append(h.before, trailer...)
			return send(h, nil, d.reader.Line)
		}
		before = h.before
		if h.lost != nil { // no rows were sent
			d.next.lost, d.next.bad = added(h.lost, &d.next.lost), append(b.bad, d.next.bad...)
		}
	}
}

func added(x, y *[losses]uint64) (out [losses]uint64) {
	for i := range out {
		out[i] = x[i] + y[i]
	}
	return out
}

// done notes that a block needs no more work.
func (d *document) done() {
	d.mu.Lock()
	d.masked++
	d.mu.Unlock()
	d.idle.Broadcast()
}

// wait waits until all blocks that were sent are masked. No worker waits for it.
func (d *document) wait() {
	d.mu.Lock()
	for d.masked < d.sent {
		d.idle.Wait()
	}
	d.mu.Unlock()
}
