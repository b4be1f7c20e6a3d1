package arrow

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// fileMagic begins and ends a file; a stream has none.
const fileMagic = "ARROW1"

// marker begins each message of a stream, except in old versions.
const marker = 0xffffffff

// messages reads the messages of a stream for an ipc.Reader. Unlike the reader of package
// ipc, it allocates no memory that a message only claims to need, and distinguishes a
// complete stream from one that was cut off between two messages.
type messages struct {
	in io.Reader
	// file: the stream is in a file, and its footer follows; whole: the input ends before
	// it.
	file, whole bool
	codec       *codec
	// batches counts the batches that were read.
	batches int
	// err is the error that ended the stream; nil at its end.
	err error
}

// codec is the compression of message bodies.
type codec int8

const (
	plain codec = iota
	lz4
	zstd
)

var (
	errTruncated = errors.New("the Arrow data ends early: it is truncated")
	errDamaged   = errors.New("the Arrow data is damaged")
)

// Retain implements ipc.MessageReader.
func (*messages) Retain() {}

// Release implements ipc.MessageReader.
func (*messages) Release() {}

// Message implements ipc.MessageReader.
func (m *messages) Message() (msg *ipc.Message, err error) {
	defer func() {
		if recover() != nil { // flatbuffers panics on invalid lengths
			msg, err = nil, errDamaged
		}
		if err != nil && !errors.Is(err, io.EOF) {
			m.err = err
		}
	}()
	meta, err := m.metadata()
	if err != nil {
		return nil, err
	}
	header, err := readHeader(meta)
	if err != nil {
		return nil, err
	}
	// The messages up to the first batch decide the compression of the output: then the
	// writer starts, and later messages must not change it.
	if m.batches == 0 && header.compressed != plain {
		*m.codec = header.compressed
	}
	if header.kind == kindBatch {
		m.batches++
	}
	body, err := readBytes(m.in, header.body)
	if err != nil {
		return nil, err
	}
	if header.compressed != plain {
		if err := checkGrowth(&header.batch, header.compressed, body); err != nil {
			return nil, err
		}
	}
	return ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(body)), nil
}

// metadata reads the metadata of the next message; io.EOF is the end of the stream.
func (m *messages) metadata() ([]byte, error) {
	length, err := m.word()
	if m.whole && errors.Is(err, io.EOF) {
		return nil, io.EOF // old files have no marker at the end of the stream
	}
	if err == nil && length == marker {
		length, err = m.word()
	}
	switch {
	case err != nil:
		return nil, ended(err)
	case length == 0:
		return nil, m.end()
	case length > maxMetadata:
		return nil, fmt.Errorf("%w: the metadata of a message has more than %d MiB", errDamaged, maxMetadata>>20)
	}
	return readBytes(m.in, int64(length))
}

func (m *messages) word() (uint32, error) {
	var b [4]byte
	_, err := io.ReadFull(m.in, b[:])
	return binary.LittleEndian.Uint32(b[:]), err
}

// end is what follows the last message.
func (m *messages) end() error {
	if m.file {
		return io.EOF
	}
	var b [1]byte
	if _, err := io.ReadFull(m.in, b[:]); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errors.New("unexpected data after the end of the Arrow stream: mask one stream at a time")
		}
		return err
	}
	return io.EOF
}

// ended returns the error of a read that found too little.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errTruncated
	}
	return err
}

// readBytes reads n bytes, and allocates memory as they arrive.
func readBytes(in io.Reader, n int64) ([]byte, error) {
	const atOnce = 32 << 20
	if n <= atOnce {
		b := make([]byte, n)
		_, err := io.ReadFull(in, b)
		return b, ended(err)
	}
	var b bytes.Buffer
	b.Grow(atOnce)
	if _, err := io.CopyN(&b, in, n); err != nil {
		return nil, ended(err)
	}
	return b.Bytes(), nil
}

// fileStart is where the messages of a file begin.
const fileStart = 8

// readFooter checks the footer of a file against the limits. It returns where the
// messages end, and the number of batches.
func readFooter(at io.ReaderAt, size int64) (end int64, batches int, err error) {
	defer func() {
		if recover() != nil {
			err = errDamaged
		}
	}()
	const tail = int64(4 + len(fileMagic))
	var b [tail]byte
	if size < fileStart+tail {
		return 0, 0, errTruncated
	}
	if _, err := at.ReadAt(b[:], size-tail); err != nil {
		return 0, 0, ended(err)
	}
	n := int64(int32(binary.LittleEndian.Uint32(b[:])))
	switch {
	case string(b[4:]) != fileMagic:
		return 0, 0, errTruncated
	case n <= 0 || n > maxMetadata || n > size-tail-fileStart:
		return 0, 0, errDamaged
	}
	end = size - tail - n
	footer, err := readBytes(io.NewSectionReader(at, end, n), n)
	if err != nil {
		return 0, 0, err
	}
	top := root(footer)
	return end, vectorLen(&top, slotFooterBatches), nil
}
