// Package wire has what both ends of the PostgreSQL protocol share: messages as they
// are in a buffer, the startup message, and errors with their SQLSTATE.
//
// Invariants: a message is passed on without being decoded; its length is checked
// before it is held in memory; the text of an error is Veil's own or from PostgreSQL's
// documentation, never from the upstream.
//
// Not known here: whose connection it is, what a message means to a session.
package wire

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

// HeaderBytes is the size of a frame's header: a type, and a length that includes
// itself and the body.
const HeaderBytes = 5

var (
	// ErrLength is returned for a message with an impossible length.
	ErrLength = errors.New("a message has an invalid length")
	// ErrSize is returned for a message larger than its reader's limit.
	ErrSize = errors.New("a message is larger than the limit")
)

// Frames reads the messages of one direction of a connection, without decoding them.
// What it returns is in its buffer and valid until the next call.
type Frames struct {
	src   io.Reader
	Limit int    // of a body that is held in memory, in bytes
	buf   []byte // nil while nothing is read
	r, w  int    // unread bytes are buf[r:w]
	size  int    // that the buffer has when nothing large is in it
}

// NewFrames returns Frames that read from src through a buffer of size bytes, which
// grows for a message of up to limit bytes and shrinks again afterwards.
func NewFrames(src io.Reader, size, limit int) *Frames {
	return &Frames{src: src, Limit: limit, size: size}
}

// unused are buffers that no Frames has, all zero, by their size.
var unused sync.Map // of *sync.Pool

func buffersOf(size int) *sync.Pool {
	if p, ok := unused.Load(size); ok {
		return p.(*sync.Pool)
	}
	p, _ := unused.LoadOrStore(size, &sync.Pool{New: func() any {
		b := make([]byte, size)
		return &b
	}})
	return p.(*sync.Pool)
}

// Rest releases the buffer if it has no unread bytes. The next read takes another.
func (f *Frames) Rest() {
	if f.r < f.w {
		return
	}
	if len(f.buf) == f.size {
		clear(f.buf)
		buf := f.buf
		buffersOf(f.size).Put(&buf)
	}
	f.buf, f.r, f.w = nil, 0, 0
}

// Resting reports whether there is no buffer.
func (f *Frames) Resting() bool { return f.buf == nil }

// Whole reports whether the buffer has the whole next message, so that it can be taken
// without reading.
func (f *Frames) Whole() bool {
	return f.w-f.r >= HeaderBytes && int64(f.w-f.r) > int64(binary.BigEndian.Uint32(f.buf[f.r+1:]))
}

// Full reports whether the buffer has no room.
func (f *Frames) Full() bool { return f.buf != nil && f.w-f.r == len(f.buf) }

// Buffered returns how many bytes were read ahead.
func (f *Frames) Buffered() int { return f.w - f.r }

// Fill reads until the buffer has at least n unread bytes.
func (f *Frames) Fill(n int) error {
	if f.w-f.r >= n {
		return nil
	}
	if f.buf == nil {
		f.buf = *buffersOf(f.size).Get().(*[]byte)
	}
	if len(f.buf)-f.r < n || f.r == f.w {
		buf := f.buf
		switch {
		case n > len(buf):
			buf = make([]byte, n)
		case len(buf) > f.size && n <= f.size && f.w-f.r <= f.size:
			buf = make([]byte, f.size)
		}
		f.w = copy(buf, f.buf[f.r:f.w])
		f.r, f.buf = 0, buf
	}
	m, err := io.ReadAtLeast(f.src, f.buf[f.w:], n-(f.w-f.r))
	f.w += m
	if err == io.EOF && f.w > f.r {
		return io.ErrUnexpectedEOF // in the middle of a message
	}
	return err
}

// Peek returns the type of the next message and the length of its body, without taking
// it.
func (f *Frames) Peek() (byte, int, error) {
	if err := f.Fill(HeaderBytes); err != nil {
		return 0, 0, err
	}
	n := int64(binary.BigEndian.Uint32(f.buf[f.r+1:])) - 4
	if n < 0 || n >= 1<<30 {
		return 0, 0, ErrLength
	}
	return f.buf[f.r], int(n), nil
}

// Next takes the next message.
func (f *Frames) Next() (byte, []byte, error) {
	typ, n, err := f.Peek()
	if err != nil {
		return 0, nil, err
	}
	if n > f.Limit {
		return 0, nil, ErrSize
	}
	if err := f.Fill(HeaderBytes + n); err != nil {
		return 0, nil, err
	}
	body := f.buf[f.r+HeaderBytes : f.r+HeaderBytes+n : f.r+HeaderBytes+n]
	f.r += HeaderBytes + n
	return typ, body, nil
}

// Run takes the complete messages of one type from the buffer, at most most of them,
// and returns their bytes, with headers, and their number. It reads nothing.
func (f *Frames) Run(typ byte, most int) ([]byte, int) {
	run, count := f.Standing(typ, most)
	f.r += len(run)
	return run, count
}

// Standing is like Run, but takes nothing.
func (f *Frames) Standing(typ byte, most int) ([]byte, int) {
	end, count := f.r, 0
	for count < most && f.w-end >= HeaderBytes && f.buf[end] == typ {
		n := int64(binary.BigEndian.Uint32(f.buf[end+1:])) + 1
		if n < HeaderBytes || n > int64(f.w-end) {
			break
		}
		end += int(n)
		count++
	}
	return f.buf[f.r:end:end], count
}

// Pass copies the next message to dst in pieces, whatever its size.
func (f *Frames) Pass(dst io.Writer) error {
	_, n, err := f.Peek()
	if err != nil {
		return err
	}
	for n += HeaderBytes; n > 0; {
		if err := f.Fill(1); err != nil {
			return err
		}
		m := min(n, f.w-f.r)
		if _, err := dst.Write(f.buf[f.r : f.r+m]); err != nil {
			return err
		}
		f.r += m
		n -= m
	}
	return nil
}

// AppendFrame appends a message.
func AppendFrame(dst []byte, typ byte, body []byte) []byte {
	dst = append(dst, typ)
	dst = binary.BigEndian.AppendUint32(dst, uint32(4+len(body)))
	return append(dst, body...)
}

// AppendQuery appends a Query message.
func AppendQuery(dst []byte, sql string) []byte {
	dst = append(dst, 'Q')
	dst = binary.BigEndian.AppendUint32(dst, uint32(4+len(sql)+1))
	return append(append(dst, sql...), 0)
}
