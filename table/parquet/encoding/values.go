// Package encoding reads the parts of Parquet pages: structures in Thrift's compact
// protocol, compressed bytes, and values in all encodings. It trusts no length: a damaged
// page never decodes to more than its header says or a page may have. It knows no schema
// and masks nothing.
package encoding

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

// PlainDictionary is the encoding of dictionaries and of their indices in older files.
const PlainDictionary format.Encoding = 2

// ErrPage says that the values of a page are damaged.
var ErrPage = errors.New("the page is damaged")

// Vector holds the values of a page, without its nulls.
type Vector struct {
	N int
	// Values of a fixed width follow each other in Data; a boolean is one byte. Others end
	// at the offsets in Ends, each starting at the end of the one before.
	Width int
	Data  []byte
	Ends  []uint32
	buf   []byte // memory of Data, where it is not the page's
	// With a dictionary, values are its entries by index.
	Dict  *Vector
	Index []uint32
}

// At returns a value.
func (v *Vector) At(i int) []byte {
	if v.Dict != nil {
		v, i = v.Dict, int(v.Index[i])
	}
	if v.Width > 0 {
		return v.Data[i*v.Width : (i+1)*v.Width]
	}
	from := uint32(0)
	if i > 0 {
		from = v.Ends[i-1]
	}
	return v.Data[from:v.Ends[i]]
}

// Append adds a value to a vector without a dictionary.
func (v *Vector) Append(value []byte) {
	v.Data = append(v.Data, value...)
	if v.Width == 0 {
		v.Ends = append(v.Ends, uint32(len(v.Data)))
	}
	v.N++
}

// Read decodes n values of a page. width is their size in bytes, or 0 for byte arrays.
// It may refer to src's memory, and reuses v's.
func (v *Vector) Read(src []byte, e format.Encoding, physical format.Type, width, n int, dict *Vector) error {
	v.N, v.Width, v.Dict = n, width, nil
	switch e {
	case format.Plain:
		return v.plain(src, physical)
	case PlainDictionary, format.RLEDictionary:
		return v.indexed(src, dict)
	case format.RLE:
		if physical == format.Boolean {
			return v.runsOfBools(src)
		}
	case format.DeltaBinaryPacked:
		if physical == format.Int32 || physical == format.Int64 {
			_, err := v.deltas(src)
			return err
		}
	case format.DeltaLengthByteArray:
		if physical == format.ByteArray {
			return v.deltaLengths(src)
		}
	case format.DeltaByteArray:
		if physical == format.ByteArray || physical == format.FixedLenByteArray {
			return v.deltaStrings(src)
		}
	case format.ByteStreamSplit:
		if v.Width > 0 && physical != format.Boolean {
			return v.streams(src)
		}
	}
	return fmt.Errorf("the encoding %s of %s is not supported", e, physical)
}

// plain reads values as they are.
func (v *Vector) plain(src []byte, physical format.Type) error {
	switch {
	case physical == format.Boolean:
		if len(src) < (v.N+7)/8 {
			return ErrPage
		}
		v.buf = v.buf[:0]
		for i := range v.N {
			v.buf = append(v.buf, src[i/8]>>(i%8)&1)
		}
		v.Data = v.buf
	case v.Width > 0:
		if v.N > len(src)/v.Width {
			return ErrPage
		}
		v.Data = src[:v.N*v.Width]
	default:
		return v.lengths(src)
	}
	return nil
}

// lengths reads byte arrays, each after its length.
func (v *Vector) lengths(src []byte) error {
	if v.N > len(src)/4 {
		return ErrPage
	}
	v.Ends, v.buf = v.Ends[:0], v.buf[:0]
	for range v.N {
		if len(src) < 4 {
			return ErrPage
		}
		n := int(binary.LittleEndian.Uint32(src))
		if n > len(src)-4 {
			return ErrPage
		}
		v.buf = append(v.buf, src[4:4+n]...)
		v.Ends = append(v.Ends, uint32(len(v.buf)))
		src = src[4+n:]
	}
	v.Data = v.buf
	return nil
}

// indexed reads indices of a dictionary.
func (v *Vector) indexed(src []byte, dict *Vector) (err error) {
	if dict == nil {
		return errors.New("the page is damaged: its column has no dictionary")
	}
	v.Dict = dict
	if v.N == 0 {
		v.Index = v.Index[:0]
		return nil
	}
	if len(src) == 0 || src[0] > 32 {
		return ErrPage
	}
	if v.Index, err = Runs(v.Index[:0], src[1:], uint(src[0]), v.N); err != nil {
		return err
	}
	for _, i := range v.Index {
		if int64(i) >= int64(dict.N) {
			return errors.New("the page is damaged: its dictionary has fewer values")
		}
	}
	return nil
}

func (v *Vector) runsOfBools(src []byte) (err error) {
	if len(src) < 4 || uint64(binary.LittleEndian.Uint32(src)) > uint64(len(src)-4) {
		return ErrPage
	}
	v.buf, err = Runs(v.buf[:0], src[4:4+binary.LittleEndian.Uint32(src)], 1, v.N)
	v.Data = v.buf
	return err
}

// streams reads values stored as all of their first bytes, then all of their second
// bytes, and so on.
func (v *Vector) streams(src []byte) error {
	if v.N > len(src)/v.Width {
		return ErrPage
	}
	v.buf = Grow(v.buf, v.N*v.Width)
	v.Data = v.buf
	for b := range v.Width {
		stream := src[b*v.N : (b+1)*v.N]
		for i, c := range stream {
			v.Data[i*v.Width+b] = c
		}
	}
	return nil
}

// Grow returns a slice of length n with arbitrary content, reusing b if it is large
// enough.
func Grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// Runs appends n numbers of width bits each, which are run-length encoded or bit-packed
// in src.
func Runs[T uint8 | uint32](dst []T, src []byte, width uint, n int) ([]T, error) {
	size := int(width+7) / 8
	for n > 0 {
		head, k := binary.Uvarint(src)
		if k <= 0 {
			return dst, ErrPage
		}
		src = src[k:]
		if head&1 == 0 {
			if head>>1 == 0 || size > len(src) {
				return dst, ErrPage
			}
			number := Unsigned(src[:size])
			if number>>width != 0 {
				return dst, ErrPage
			}
			src = src[size:]
			count := int(min(head>>1, uint64(n)))
			for range count {
				dst = append(dst, T(number))
			}
			n -= count
			continue
		}
		groups := head >> 1
		if groups == 0 {
			return dst, ErrPage
		}
		count := int(min(groups, uint64(n+7)/8)) * 8
		length := count / 8 * int(width)
		packed := src[:min(length, len(src))]
		count = min(count, n)
		if len(packed)*8 < count*int(width) {
			return dst, ErrPage
		}
		dst = unpack(dst, packed, width, count)
		src, n = src[len(packed):], n-count
	}
	return dst, nil
}

// unpack appends count numbers of that many bits, the lowest bits first.
func unpack[T uint8 | uint32](dst []T, src []byte, width uint, count int) []T {
	mask := uint64(1)<<width - 1
	var bits uint64
	var have uint
	for range count {
		for have < width {
			bits |= uint64(src[0]) << have
			src, have = src[1:], have+8
		}
		dst = append(dst, T(bits&mask))
		bits >>= width
		have -= width
	}
	return dst
}

// Unsigned returns the little-endian number in up to eight bytes.
func Unsigned(value []byte) (n uint64) {
	for i, b := range value {
		n |= uint64(b) << (8 * i)
	}
	return n
}
