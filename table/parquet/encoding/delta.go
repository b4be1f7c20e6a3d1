package encoding

import (
	"encoding/binary"
	"math/bits"
)

// deltaReader reads numbers that are each written as the difference to the one before, in
// blocks of differences above the least of them.
type deltaReader struct {
	src         []byte
	blockSize   uint64
	miniblocks  uint64
	count       uint64
	value       int64
	widths      []byte // of the miniblocks that follow
	least       int64
	bits, have  uint64
	left, width uint64 // of the miniblock: numbers, and the bits of one
	first       bool
}

// maxMiniblocks is larger than what any program writes.
const maxMiniblocks = 1 << 12

// newDeltaReader reads the header of n numbers.
func newDeltaReader(src []byte, n int) (*deltaReader, error) {
	r := &deltaReader{src: src, first: true}
	var first uint64
	for _, p := range []*uint64{&r.blockSize, &r.miniblocks, &r.count, &first} {
		v, k := binary.Uvarint(r.src)
		if k <= 0 {
			return nil, ErrPage
		}
		*p, r.src = v, r.src[k:]
	}
	if r.miniblocks == 0 || r.miniblocks > maxMiniblocks || r.blockSize == 0 || r.blockSize > 1<<24 || r.blockSize%r.miniblocks != 0 || r.blockSize/r.miniblocks%8 != 0 || r.count != uint64(n) {
		return nil, ErrPage
	}
	r.value = zigzag(first)
	return r, nil
}

func zigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// next returns the next number.
func (r *deltaReader) next() (int64, error) {
	if r.count == 0 {
		return 0, ErrPage
	}
	r.count--
	if r.first {
		r.first = false
		return r.value, nil
	}
	if r.left == 0 {
		if err := r.miniblock(); err != nil {
			return 0, err
		}
	}
	r.left--
	var n uint64
	for got := uint64(0); got < r.width; {
		if r.have == 0 {
			if len(r.src) == 0 {
				return 0, ErrPage
			}
			r.bits, r.src, r.have = uint64(r.src[0]), r.src[1:], 8
		}
		k := min(r.have, r.width-got)
		n |= (r.bits & (1<<k - 1)) << got
		r.bits >>= k
		r.have, got = r.have-k, got+k
	}
	r.value += r.least + int64(n)
	return r.value, nil
}

// miniblock begins the next miniblock, and first the next block if needed.
func (r *deltaReader) miniblock() error {
	if len(r.widths) == 0 {
		v, k := binary.Uvarint(r.src)
		if k <= 0 || uint64(len(r.src)-k) < r.miniblocks {
			return ErrPage
		}
		r.least = zigzag(v)
		r.widths = r.src[k : k+int(r.miniblocks)]
		r.src = r.src[k+int(r.miniblocks):]
	}
	r.width, r.widths = uint64(r.widths[0]), r.widths[1:]
	r.left, r.have = r.blockSize/r.miniblocks, 0
	if r.width > 64 {
		return ErrPage
	}
	return nil
}

// rest returns what follows the numbers, all of which have been read: the miniblock that
// has the last one is padded.
func (r *deltaReader) rest() []byte {
	pad := (r.left*r.width - min(r.have, r.left*r.width)) / 8
	return r.src[min(pad, uint64(len(r.src))):]
}

// deltas reads whole numbers, and returns what follows them.
func (v *Vector) deltas(src []byte) (rest []byte, err error) {
	r, err := newDeltaReader(src, v.N)
	if err != nil {
		return nil, err
	}
	v.buf = v.buf[:0]
	for range v.N {
		n, err := r.next()
		if err != nil {
			return nil, err
		}
		v.buf = binary.LittleEndian.AppendUint64(v.buf, uint64(n))[:len(v.buf)+v.Width]
	}
	v.Data = v.buf
	return r.rest(), nil
}

// lengthsOf reads n lengths, and returns what follows them.
func lengthsOf(src []byte, n int) (lengths []uint32, rest []byte, err error) {
	r, err := newDeltaReader(src, n)
	if err != nil {
		return nil, nil, err
	}
	for range n {
		v, err := r.next()
		if err != nil || v < 0 || v > MaxPage {
			return nil, nil, ErrPage
		}
		lengths = append(lengths, uint32(v))
	}
	return lengths, r.rest(), nil
}

// deltaLengths reads byte arrays that follow their lengths.
func (v *Vector) deltaLengths(src []byte) error {
	lengths, rest, err := lengthsOf(src, v.N)
	if err != nil {
		return err
	}
	v.Ends = v.Ends[:0]
	end := uint32(0)
	for _, n := range lengths {
		var carry uint32
		if end, carry = bits.Add32(end, n, 0); carry != 0 || uint64(end) > uint64(len(rest)) {
			return ErrPage
		}
		v.Ends = append(v.Ends, end)
	}
	v.Data = rest[:end]
	return nil
}

// deltaStrings reads byte arrays of which each begins as the one before.
func (v *Vector) deltaStrings(src []byte) error {
	prefixes, src, err := lengthsOf(src, v.N)
	if err != nil {
		return err
	}
	suffixes, src, err := lengthsOf(src, v.N)
	if err != nil {
		return err
	}
	v.Ends, v.buf = v.Ends[:0], v.buf[:0]
	from := 0 // of the array before
	for i, n := range prefixes {
		end := len(v.buf)
		if int64(n) > int64(end-from) || int64(suffixes[i]) > int64(len(src)) || end+int(n)+int(suffixes[i]) > MaxPage {
			return ErrPage
		}
		v.buf = append(v.buf, v.buf[from:from+int(n)]...)
		v.buf = append(v.buf, src[:suffixes[i]]...)
		src = src[suffixes[i]:]
		if v.Width > 0 && len(v.buf)-end != v.Width {
			return ErrPage
		}
		v.Ends = append(v.Ends, uint32(len(v.buf)))
		from = end
	}
	v.Data = v.buf
	return nil
}
