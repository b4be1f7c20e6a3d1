package rows

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/postgres/script"
)

// CopyFormat is the format of a COPY (PostgreSQL, COPY, "File Formats").
type CopyFormat struct {
	Format        string // text, csv or binary
	Delimiter     byte
	Null          []byte
	Quote, Escape byte
	Header        bool
	ForceAll      bool
	Force         []string
}

// AppendCopyData appends one whole CopyData message for one upstream CopyData body: a
// line of text or CSV, or one binary tuple, with a header before or a trailer. Each of
// PostgreSQL's messages contains whole rows.
func (m *Masker) AppendCopyData(dst, body []byte) ([]byte, error) {
	f := m.plan.Copy
	if f == nil {
		return dst, ErrTaint
	}
	start := len(dst)
	dst = append(dst, 'd', 0, 0, 0, 0)
	var err error
	wrappers := 0
	switch {
	case f.Format == "binary":
		dst, wrappers, err = m.copyBinary(dst, body)
	case f.Header && !m.started:
		m.started = true
		dst = append(dst, body...)
	default:
		m.count()
		dst, wrappers, err = m.copyLine(dst, body, f)
	}
	if err != nil || bytes.Count(body, []byte(processTag)) != wrappers {
		return dst, ErrTaint
	}
	binary.BigEndian.PutUint32(dst[start+1:], uint32(len(dst)-start-1))
	return dst, nil
}

// copyLine masks a line of text or CSV. Fields that are not keyed are copied as they
// are written.
func (m *Masker) copyLine(dst, line []byte, f *CopyFormat) ([]byte, int, error) {
	if len(line) == 0 || line[len(line)-1] != '\n' {
		return dst, 0, ErrTaint
	}
	line = line[:len(line)-1]
	end := []byte("\n")
	if f.Format == "csv" && len(line) > 0 && line[len(line)-1] == '\r' {
		line, end = line[:len(line)-1], []byte("\r\n")
	}
	wrappers := 0
	for i := range m.cells {
		if i > 0 {
			if len(line) == 0 || line[0] != f.Delimiter {
				return dst, 0, ErrTaint
			}
			dst = append(dst, f.Delimiter)
			line = line[1:]
		}
		size, ok := f.field(line)
		if !ok {
			return dst, 0, ErrTaint
		}
		raw := line[:size]
		line = line[size:]
		c := &m.cells[i]
		if c.masking == nil || bytes.Equal(raw, f.Null) {
			dst = append(dst, raw...)
			continue
		}
		m.field = f.unescape(m.field[:0], raw)
		wrappers += c.wrappers(m.field)
		masked, null, err := m.mask(m.cell[:0], m.field, c)
		if err != nil {
			return dst, 0, err
		}
		m.cell = masked
		if null {
			dst = append(dst, f.Null...)
			continue
		}
		dst = f.appendField(dst, masked, f.ForceAll || slices.Contains(f.Force, m.plan.Columns[i].Name))
	}
	if len(line) > 0 {
		return dst, 0, ErrTaint
	}
	return append(dst, end...), wrappers, nil
}

// field returns the size of the field that a line begins with.
func (f *CopyFormat) field(line []byte) (int, bool) {
	quoted := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case f.Format == "text" && c == '\\':
			i++
		case f.Format == "csv" && quoted && c == f.Escape && f.Escape != f.Quote && i+1 < len(line):
			i++
		case f.Format == "csv" && c == f.Quote:
			quoted = !quoted
		case c == f.Delimiter && !quoted:
			return i, true
		}
	}
	return len(line), !quoted
}

// unescape appends the value of a field.
func (f *CopyFormat) unescape(dst, raw []byte) []byte {
	if f.Format == "text" {
		return script.AppendUnescaped(dst, raw)
	}
	quoted := false
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case quoted && c == f.Escape && i+1 < len(raw) && (raw[i+1] == f.Quote || raw[i+1] == f.Escape):
			i++
			dst = append(dst, raw[i])
		case c == f.Quote:
			quoted = !quoted
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// appendField writes a value as a field.
func (f *CopyFormat) appendField(dst, value []byte, force bool) []byte {
	if f.Format == "text" {
		for _, c := range value {
			if k := strings.IndexByte("\b\f\n\r\t\v", c); k >= 0 {
				dst = append(dst, '\\', "bfnrtv"[k])
				continue
			}
			if c == '\\' || c == f.Delimiter {
				dst = append(dst, '\\')
			}
			dst = append(dst, c)
		}
		return dst
	}
	if !force && !bytes.Equal(value, f.Null) && bytes.IndexByte(value, f.Delimiter) < 0 && bytes.IndexByte(value, f.Quote) < 0 &&
		!bytes.ContainsAny(value, "\r\n") && !bytes.Equal(value, []byte(`\.`)) {
		return append(dst, value...)
	}
	dst = append(dst, f.Quote)
	for _, c := range value {
		if c == f.Quote || c == f.Escape {
			dst = append(dst, f.Escape)
		}
		dst = append(dst, c)
	}
	return append(dst, f.Quote)
}

// binarySignature begins a binary COPY; flags and an empty extension follow.
const binarySignature = "PGCOPY\n\xff\r\n\x00"

// copyBinary masks the tuples of a binary message. Wrappers are records in binary
// form.
func (m *Masker) copyBinary(dst, body []byte) ([]byte, int, error) {
	if !m.started {
		const header = len(binarySignature) + 8
		if len(body) < header || string(body[:len(binarySignature)]) != binarySignature || binary.BigEndian.Uint32(body[header-4:]) != 0 {
			return dst, 0, ErrTaint
		}
		m.started = true
		dst = append(dst, body[:header]...)
		body = body[header:]
	}
	wrappers := 0
	for len(body) > 0 {
		if len(body) < 2 {
			return dst, 0, ErrTaint
		}
		n := int16(binary.BigEndian.Uint16(body))
		dst = append(dst, body[:2]...)
		body = body[2:]
		if n == -1 {
			break
		}
		if int(n) != len(m.cells) {
			return dst, 0, ErrTaint
		}
		m.count()
		for i := range m.cells {
			if len(body) < 4 {
				return dst, 0, ErrTaint
			}
			size := int(int32(binary.BigEndian.Uint32(body)))
			if size < -1 || size > len(body)-4 {
				return dst, 0, ErrTaint
			}
			c := &m.cells[i]
			if c.masking == nil || size < 0 {
				dst = append(dst, body[:4+max(size, 0)]...)
				body = body[4+max(size, 0):]
				continue
			}
			wrappers += c.wrappers(body[4 : 4+size])
			c.binary = true
			e, err := m.masked(body[4:4+size], c, (*wrapperReader).readBinary)
			if err != nil {
				return dst, 0, err
			}
			body = body[4+size:]
			if e.Null {
				dst = binary.BigEndian.AppendUint32(dst, 1<<32-1)
				continue
			}
			dst = binary.BigEndian.AppendUint32(dst, uint32(len(e.Masked)))
			dst = append(dst, e.Masked...)
		}
	}
	if len(body) > 0 {
		return dst, 0, ErrTaint
	}
	return dst, wrappers, nil
}
