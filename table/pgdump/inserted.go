package pgdump

import (
	"bytes"
	"unicode/utf8"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/postgres/script"
)

// statement is an INSERT statement that was read. Its rows are a range of the batch's.
type statement struct {
	text     []byte
	line     int
	from, to int
	end      string
	err      error
}

// inserts masks INSERT statements, one batch after the other.
func (m *masker) inserts(dst []byte, b file.Block, l *layout, rm *relationMasker, r *file.Result) ([]byte, uint64) {
	text, line, rows := b.Text, b.Line, uint64(0)
	for {
		text, line = m.readInserts(text, line, l)
		if len(m.statements) == 0 {
			return dst, rows // the reader has made sure that nothing is left
		}
		for i := range m.statements {
			s := &m.statements[i]
			from := len(dst)
			out, err := m.insert(dst, s, l, rm)
			if err != nil {
				out = out[:from]
				r.Bad = append(r.Bad, file.Bad{Line: s.line, Column: 1, What: err.Error(), Text: bytes.Clone(s.text)})
			} else {
				rows += uint64(s.to - s.from)
			}
			dst = out
		}
	}
}

// readInserts reads a batch of statements that a text begins with, and returns what follows
// and its line.
func (m *masker) readInserts(text []byte, line int, l *layout) ([]byte, int) {
	m.begin()
	for len(m.batch) < batchRows && len(m.statements) < batchRows {
		skipped := len(text) - len(bytes.TrimLeft(text, " \r\n\t"))
		line += bytes.Count(text[:skipped], []byte("\n"))
		if text = text[skipped:]; !bytes.HasPrefix(text, l.begins) {
			break
		}
		s := m.readInsert(text, l)
		s.line = line
		m.statements = append(m.statements, s)
		line += bytes.Count(s.text, []byte("\n"))
		text = text[len(s.text):]
	}
	return text, line
}

// readInsert reads the statement that a text begins with.
func (m *masker) readInsert(text []byte, l *layout) (s statement) {
	s.from = len(m.batch)
	if s.err = m.readRows(text, &s, l); s.err != nil {
		m.batch = m.batch[:s.from]
		n, _ := script.StatementEnd(text, m.row.plain)
		if n == 0 {
			n = len(text)
		}
		s.text = text[:n]
	}
	s.to = len(m.batch)
	return s
}

func (m *masker) readRows(text []byte, s *statement, l *layout) (err error) {
	defer recovered(&err)
	v := &m.values
	*v = script.Values{Text: text, At: len(l.begins), Plain: m.row.plain}
	for more := true; more; more = v.Sign(",") {
		if err := m.row.read(v); err != nil {
			return err
		}
		m.batch = append(m.batch, record{raw: m.keep(m.row.raw)})
	}
	if s.end, err = v.Tail(); err != nil {
		return err
	}
	if s.text = text[:v.At]; !utf8.Valid(s.text) {
		return errEncoding
	}
	return nil
}

// insert masks a statement with its rows. A failing method fails the statement.
func (m *masker) insert(dst []byte, s *statement, l *layout, rm *relationMasker) (out []byte, err error) {
	out = dst
	if s.err != nil {
		return dst, s.err
	}
	defer recovered(&err)
	dst = append(dst, l.start...)
	for i := s.from; i < s.to; i++ {
		if i > s.from {
			dst = append(dst, ",\n\t"...)
		}
		m.look(i, l, rm)
		m.row.set(m.batch[i].raw)
		if dst, err = m.appendValues(append(dst, '('), l, rm); err != nil {
			return dst, err
		}
		dst = append(dst, ')')
	}
	return append(dst, s.end...), nil
}

// appendValues appends the values of a masked row.
func (m *masker) appendValues(dst []byte, l *layout, rm *relationMasker) ([]byte, error) {
	for i, place := range l.out {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		c := l.relation.columns[l.fields[place]]
		if c.keeps || m.row.raw[place] == nil || m.row.isDefault(place) {
			dst = m.row.appendKept(dst, place)
			continue
		}
		var ok bool
		var err error
		if m.buf, ok, err = m.cell(c, l.fields[place], rm); err != nil {
			return dst, err
		}
		if !ok {
			dst = append(dst, "NULL"...)
			continue
		}
		dst = script.AppendQuoted(dst, m.buf)
	}
	return dst, nil
}
