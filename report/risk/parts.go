package risk

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"io"
	"os"
	"slices"
)

// row is the relevant part of a row: its class, and the numbers of its sensitive values.
type row struct {
	class  uint64
	values [MostSensitive]uint32
}

// MostSensitive is the maximum number of sensitive columns in one measurement.
const MostSensitive = 4

// parts keep rows by class: in memory, or beyond a bound in temporary files, each with
// the classes whose hashes have the same prefix. They contain hashes and numbers, but no
// values.
type parts struct {
	width int // sensitive columns
	rows  []row
	files []*os.File
	out   []*bufio.Writer
}

// partRows is the approximate number of rows in a part.
const (
	partRows  = 1 << 19
	mostParts = 256
)

func newParts(width, inMemory int, rows uint64) *parts {
	p := &parts{width: width}
	if rows > uint64(inMemory) { //nolint:gosec // not negative
		n := min(int(rows/partRows)+1, mostParts) //nolint:gosec // small
		p.files = make([]*os.File, max(n, 2))
		p.out = make([]*bufio.Writer, len(p.files))
	}
	return p
}

func (p *parts) onDisk() bool { return p.files != nil }

func (p *parts) add(class uint64, values []uint32) error {
	r := row{class: class}
	copy(r.values[:], values)
	if p.files == nil {
		p.rows = append(p.rows, r)
		return nil
	}
	at := int(class >> 32 * uint64(len(p.files)) >> 32) //nolint:gosec // smaller than their number
	if p.files[at] == nil {
		f, err := os.CreateTemp("", "veil-risk-*") // its mode is 0600
		if err != nil {
			return err
		}
		_ = os.Remove(f.Name()) // if this fails, close does it
		p.files[at], p.out[at] = f, bufio.NewWriterSize(f, 1<<15)
	}
	var b [8 + 4*MostSensitive]byte
	binary.LittleEndian.PutUint64(b[:], class)
	for i := range p.width {
		binary.LittleEndian.PutUint32(b[8+4*i:], r.values[i])
	}
	_, err := p.out[at].Write(b[:8+4*p.width])
	return err
}

// each calls f for every class with its rows.
func (p *parts) each(f func(class uint64, rows []row) error) error {
	if p.files == nil {
		return classes(p.rows, f)
	}
	for i, file := range p.files {
		if file == nil {
			continue
		}
		if err := p.out[i].Flush(); err != nil {
			return err
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		in := bufio.NewReaderSize(file, 1<<20)
		p.rows = p.rows[:0]
		var b [8 + 4*MostSensitive]byte
		for {
			if _, err := io.ReadFull(in, b[:8+4*p.width]); err == io.EOF { //nolint:errorlint // as it is documented
				break
			} else if err != nil {
				return err
			}
			r := row{class: binary.LittleEndian.Uint64(b[:])}
			for i := range p.width {
				r.values[i] = binary.LittleEndian.Uint32(b[8+4*i:])
			}
			p.rows = append(p.rows, r)
		}
		if err := classes(p.rows, f); err != nil {
			return err
		}
	}
	return nil
}

// classes sorts rows by class, and calls f for each.
func classes(rows []row, f func(class uint64, rows []row) error) error {
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.class, b.class) })
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].class == rows[0].class {
			n++
		}
		if err := f(rows[0].class, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (p *parts) close() {
	for _, f := range p.files {
		if f != nil {
			_ = f.Close() // it is no longer needed
			_ = os.Remove(f.Name())
		}
	}
}
