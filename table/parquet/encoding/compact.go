package encoding

import (
	"encoding/binary"
	"errors"

	"github.com/parquet-go/parquet-go/encoding/thrift"
)

// Limits bounds the memory for a structure in Thrift's compact protocol, because the
// decoder trusts the lengths of lists and follows any depth.
type Limits struct {
	depth int // structures within structures
	items int // elements of all lists
}

// The limits of a file's footer, and of a page's header.
var (
	FooterLimits = Limits{depth: 16, items: 2 << 20}
	HeaderLimits = Limits{depth: 8, items: 64}
)

// errThrift says that a structure is damaged; its caller says which.
var errThrift = errors.New("damaged")

// ErrShort says that the input ends before the structure does.
var ErrShort = errors.New("cut off")

var compactProtocol thrift.CompactProtocol

// Decode reads the structure at the beginning of b into v, and returns its length.
func Decode(b []byte, l Limits, v any) (int, error) {
	w := walk{rest: b, items: l.items}
	if err := w.structure(l.depth); err != nil {
		return 0, err
	}
	n := len(b) - len(w.rest)
	if err := thrift.Unmarshal(&compactProtocol, b[:n], v); err != nil {
		return 0, errThrift // its text can contain a part of the file
	}
	return n, nil
}

// Encode appends the encoding of a structure.
func Encode(dst []byte, v any) ([]byte, error) {
	b, err := thrift.Marshal(&compactProtocol, v)
	return append(dst, b...), err
}

// walk skips a structure without decoding it.
type walk struct {
	rest  []byte
	items int
}

func (w *walk) skip(n uint64) error {
	if n > uint64(len(w.rest)) {
		return ErrShort
	}
	w.rest = w.rest[n:]
	return nil
}

func (w *walk) byte() (byte, error) {
	if len(w.rest) == 0 {
		return 0, ErrShort
	}
	b := w.rest[0]
	w.rest = w.rest[1:]
	return b, nil
}

func (w *walk) varint() (uint64, error) {
	v, n := binary.Uvarint(w.rest)
	switch {
	case n == 0:
		return 0, ErrShort
	case n < 0:
		return 0, errThrift
	}
	w.rest = w.rest[n:]
	return v, nil
}

// structure skips the fields of a structure; depth more levels are allowed.
func (w *walk) structure(depth int) error {
	if depth == 0 {
		return errThrift
	}
	for {
		field, err := w.byte()
		if err != nil || field == 0 {
			return err
		}
		if field>>4 == 0 { // the number of the field follows
			if _, err := w.varint(); err != nil {
				return err
			}
		}
		typ := thrift.Type(field & 15)
		if typ == thrift.TRUE || typ == thrift.FALSE {
			continue // the type is the value
		}
		if err := w.value(typ, depth); err != nil {
			return err
		}
	}
}

// value skips a value outside of a field.
func (w *walk) value(typ thrift.Type, depth int) error {
	switch typ {
	case thrift.TRUE, thrift.FALSE, thrift.I8:
		return w.skip(1)
	case thrift.I16, thrift.I32, thrift.I64:
		_, err := w.varint()
		return err
	case thrift.DOUBLE:
		return w.skip(8)
	case thrift.BINARY:
		n, err := w.varint()
		if err != nil {
			return err
		}
		return w.skip(n)
	case thrift.LIST, thrift.SET:
		return w.list(depth)
	case thrift.STRUCT:
		return w.structure(depth - 1)
	}
	return errThrift // Parquet uses no maps
}

func (w *walk) list(depth int) error {
	head, err := w.byte()
	if err != nil {
		return err
	}
	n := uint64(head >> 4)
	if n == 15 {
		if n, err = w.varint(); err != nil {
			return err
		}
	}
	if n > uint64(w.items) {
		return errThrift
	}
	w.items -= int(n)
	for range n {
		if err := w.value(thrift.Type(head&15), depth); err != nil {
			return err
		}
	}
	return nil
}
