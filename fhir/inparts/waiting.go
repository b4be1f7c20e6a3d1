package inparts

import (
	"bytes"
	"errors"
	"io"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/mask"
)

// waiting are entries that cannot be masked before all of the Bundle has arrived, as they
// arrived: in memory, or in a file.
type waiting struct {
	file  io.ReadWriteSeeker // nil for memory
	text  []byte
	base  int // where they begin in the Bundle
	block int // bytes that are read at once to be masked
}

// put adds entries.
func (q *waiting) put(text []byte) error {
	if q.file == nil {
		q.text = append(q.text, text...)
		return nil
	}
	_, err := q.file.Write(text)
	return err
}

// all returns everything that was put, to be read, with what ends the array.
func (q *waiting) all(end []byte) (io.Reader, error) {
	if q.file == nil {
		return io.MultiReader(bytes.NewReader(q.text), bytes.NewReader(end)), nil
	}
	if _, err := q.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.MultiReader(q.file, bytes.NewReader(end)), nil
}

const waitingBlock = 1 << 20

// drain masks the entries that waited, when all of the Bundle has arrived, and hands them
// on, a block at a time. It returns the gap behind the last one.
func (m *Masker) drain(gap []byte, out func(masked []byte) error) (rest []byte, err error) {
	in, err := m.waits.all(append(gap[:len(gap):len(gap)], ']'))
	if err != nil {
		return nil, err
	}
	var text, masked []byte
	var scan scanner
	base := m.waits.base
	for !scan.ended {
		text = append(text, make([]byte, m.waits.block)...)
		n, err := io.ReadFull(in, text[len(text)-m.waits.block:])
		text = text[:len(text)-m.waits.block+n]
		switch {
		case n > 0:
		case errors.Is(err, io.EOF): // it ends elsewhere than it did when it arrived
			return nil, m.cutShort()
		default:
			return nil, err
		}
		scan.run(text)
		if scan.cut <= fhirjson.SkipSpace(text, 0) {
			continue
		}
		var end int
		if masked, end, err = m.among(masked[:0], text[:scan.cut], base); err != nil {
			return nil, err
		}
		if err := out(masked); err != nil {
			return nil, err
		}
		base += end
		text = append(text[:0], text[end:]...)
		scan.at -= end
		scan.cut -= end
	}
	return text[:scan.cut], nil
}

// among masks entries among the others of the Bundle.
func (m *Masker) among(dst, entries []byte, base int) (out []byte, end int, err error) {
	into := m.form.into(dst)
	out = into
	err = m.in.Lend(true, func(w *fhir.Walker, pass *mask.Pass, site *fhir.Site) error {
		parts := m.parts
		var err error
		if out, end, err = w.AppendEntriesAmong(into, entries, m.others, &parts, pass, site); err == nil {
			m.parts = parts
		}
		return err
	})
	if err != nil {
		return dst, end, m.placed(err, base-m.others.Size())
	}
	out, err = m.form.entries(dst, out)
	return out, end, err
}
