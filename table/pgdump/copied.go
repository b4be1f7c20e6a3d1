package pgdump

import (
	"bytes"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/postgres/script"
)

// copied masks the rows of a COPY, one batch after the other.
func (m *masker) copied(dst []byte, b file.Block, l *layout, rm *relationMasker, r *file.Result) ([]byte, uint64) {
	dst = append(dst, l.begins...)
	line, rows := b.Line, uint64(0)
	for text := b.Text; len(text) > 0; {
		text = m.readCopied(text)
		for i := range m.batch {
			m.look(i, l, rm)
			from := len(dst)
			out, err := m.copyRow(dst, &m.batch[i], l, rm)
			if err == nil {
				dst = append(out, '\n')
				rows++
			} else {
				dst = dst[:from]
				r.Bad = append(r.Bad, file.Bad{Line: line, Column: 1, What: err.Error(), Text: bytes.Clone(m.batch[i].text)})
			}
			line++
		}
	}
	return dst, rows
}

// readCopied reads a batch of the rows of a COPY, and returns the text after it.
func (m *masker) readCopied(text []byte) []byte {
	m.begin()
	for len(text) > 0 && len(m.batch) < batchRows {
		n := bytes.IndexByte(text, '\n')
		if n < 0 {
			n = len(text) - 1
		}
		m.batch = append(m.batch, m.splitCopied(bytes.TrimSuffix(text[:n], []byte("\r"))))
		text = text[n+1:]
	}
	return text
}

// splitCopied reads a row of a COPY.
func (m *masker) splitCopied(text []byte) (rec record) {
	rec.text = text
	defer recovered(&rec.err)
	if rec.err = m.row.split(text); rec.err == nil {
		rec.raw = m.keep(m.row.raw)
	}
	return rec
}

// copyRow masks a row of a COPY. A failure of a method is an error of that row.
func (m *masker) copyRow(dst []byte, rec *record, l *layout, rm *relationMasker) (out []byte, err error) {
	if rec.err != nil {
		return dst, rec.err
	}
	defer recovered(&err)
	m.row.set(rec.raw)
	for i, place := range l.out {
		if i > 0 {
			dst = append(dst, '\t')
		}
		c := l.relation.columns[l.fields[place]]
		if c.keeps {
			dst = append(dst, m.row.raw[place]...)
			continue
		}
		var ok bool
		if m.buf, ok, err = m.cell(c, l.fields[place], rm); err != nil {
			return dst, err
		}
		if ok {
			dst = script.AppendEscaped(dst, m.buf)
		} else {
			dst = append(dst, `\N`...)
		}
	}
	return dst, nil
}
