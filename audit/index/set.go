package index

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// blockRecords is how many records a block has at most.
const blockRecords = 1 << 14

// set is a set of the records of a block, by their numbers in it.
type set [blockRecords / 64]uint64

func (s *set) add(n int) { s[n/64] |= 1 << (n % 64) }

func (s *set) and(o *set) {
	for i := range s {
		s[i] &= o[i]
	}
}

func (s *set) or(o *set) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s *set) count() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// none reports whether it is empty.
func (s *set) none() bool { return *s == set{} }

// fill makes it the set of the first n records.
func (s *set) fill(n int) {
	*s = set{}
	for i := range n / 64 {
		s[i] = ^uint64(0)
	}
	if n%64 > 0 {
		s[n/64] = 1<<(n%64) - 1
	}
}

// newest calls a function for each record from the last to the first, until it returns
// false.
func (s *set) newest(each func(n int) bool) {
	for i := len(s) - 1; i >= 0; i-- {
		for w := s[i]; w != 0; {
			n := 63 - bits.LeadingZeros64(w)
			w &^= 1 << n
			if !each(i*64 + n) {
				return
			}
		}
	}
}

// The encodings of a set in the database, given by its first byte.
const (
	formList   = 'l' // two bytes per record
	formBitmap = 'b' // one bit per record
	formAll    = 'a' // every record of the block
)

var errForm = errors.New("a set of records does not have the index's format")

// append writes a set of a block of n.
func (s *set) append(dst []byte, n int) []byte {
	words, count := (n+63)/64, s.count()
	switch {
	case count == n:
		return append(dst, formAll)
	case 2*count < 8*words:
		dst = append(dst, formList)
		for i, w := range s[:words] {
			for ; w != 0; w &= w - 1 {
				dst = binary.LittleEndian.AppendUint16(dst, uint16(i*64+bits.TrailingZeros64(w))) //nolint:gosec // fewer than blockRecords
			}
		}
		return dst
	}
	dst = append(dst, formBitmap)
	for _, w := range s[:words] {
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	return dst
}

// parseSet reads a set of a block of n.
func parseSet(b []byte, n int) (*set, error) {
	if len(b) == 0 {
		return nil, errForm
	}
	s := new(set)
	switch form, b := b[0], b[1:]; {
	case form == formAll && len(b) == 0:
		s.fill(n)
	case form == formList && len(b)%2 == 0:
		for ; len(b) > 0; b = b[2:] {
			r := int(binary.LittleEndian.Uint16(b))
			if r >= n {
				return nil, errForm
			}
			s.add(r)
		}
	case form == formBitmap && len(b) == (n+63)/64*8:
		for i := range len(b) / 8 {
			s[i] = binary.LittleEndian.Uint64(b[8*i:])
		}
	default:
		return nil, errForm
	}
	return s, nil
}
