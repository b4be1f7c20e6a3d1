package pgproxy

import (
	"encoding/binary"
	"errors"
	"io"
)

// headerBytes is what a frame begins with: a type and a length that counts
// itself and the body.
const headerBytes = 5

var (
	errFrameLength = errors.New("a message states an impossible length")
	errFrameSize   = errors.New("a message is larger than the limit")
)

// frames reads the messages of one direction of a connection, without decoding
// them. What it returns stands in its buffer and is valid until the next call.
type frames struct {
	src   io.Reader
	limit int // of a body that is held in memory, in bytes
	buf   []byte
	r, w  int // unread bytes are buf[r:w]
	size  int // that the buffer has when nothing large is in it
}

// newFrames reads from src through a buffer of size bytes, which grows for a
// message of up to limit bytes and shrinks again after it.
func newFrames(src io.Reader, size, limit int) *frames {
	return &frames{src: src, limit: limit, size: size, buf: make([]byte, size)}
}

// buffered is how many bytes were read ahead.
func (f *frames) buffered() int { return f.w - f.r }

// fill makes at least n unread bytes stand in the buffer.
func (f *frames) fill(n int) error {
	if f.w-f.r >= n {
		return nil
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

// peek returns the type of the next message and the length of its body. Nothing
// is taken.
func (f *frames) peek() (byte, int, error) {
	if err := f.fill(headerBytes); err != nil {
		return 0, 0, err
	}
	n := int64(binary.BigEndian.Uint32(f.buf[f.r+1:])) - 4
	if n < 0 || n >= 1<<30 {
		return 0, 0, errFrameLength
	}
	return f.buf[f.r], int(n), nil
}

// next takes the next message.
func (f *frames) next() (byte, []byte, error) {
	typ, n, err := f.peek()
	if err != nil {
		return 0, nil, err
	}
	if n > f.limit {
		return 0, nil, errFrameSize
	}
	if err := f.fill(headerBytes + n); err != nil {
		return 0, nil, err
	}
	body := f.buf[f.r+headerBytes : f.r+headerBytes+n : f.r+headerBytes+n]
	f.r += headerBytes + n
	return typ, body, nil
}

// run takes the whole messages of one type that stand in the buffer, at most
// most of them, and returns their bytes with headers and their number. It reads
// nothing.
func (f *frames) run(typ byte, most int) ([]byte, int) {
	start, count := f.r, 0
	for count < most && f.w-f.r >= headerBytes && f.buf[f.r] == typ {
		n := int64(binary.BigEndian.Uint32(f.buf[f.r+1:])) + 1
		if n < headerBytes || n > int64(f.w-f.r) {
			break
		}
		f.r += int(n)
		count++
	}
	return f.buf[start:f.r:f.r], count
}

// pass copies the next message to dst in pieces, however large it is.
func (f *frames) pass(dst io.Writer) error {
	_, n, err := f.peek()
	if err != nil {
		return err
	}
	for n += headerBytes; n > 0; {
		if err := f.fill(1); err != nil {
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

// appendFrame appends a message.
func appendFrame(dst []byte, typ byte, body []byte) []byte {
	dst = append(dst, typ)
	dst = binary.BigEndian.AppendUint32(dst, uint32(4+len(body)))
	return append(dst, body...)
}

// appendQuery appends a Query message.
func appendQuery(dst []byte, sql string) []byte {
	dst = append(dst, 'Q')
	dst = binary.BigEndian.AppendUint32(dst, uint32(4+len(sql)+1))
	return append(append(dst, sql...), 0)
}
