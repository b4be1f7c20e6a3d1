package fhirjson

import (
	"encoding/binary"
	"math/bits"
)

// KeyTable maps member names to fields. It is an open-addressing table keyed by the
// first and last eight bytes of the name and its length, which together identify all
// names of up to 16 bytes; longer ones are compared whole.
type KeyTable struct {
	entries []keyEntry // a power of two, at most half full
	shift   uint8
}

type keyEntry struct {
	head, tail uint64
	size       uint8
	used       bool
	field      uint16
	name       string
}

func keyHash(head, tail uint64, size int) uint64 {
	return (head*0x9e3779b97f4a7c15 ^ tail*0xc2b2ae3d27d4eb4f) + uint64(size)*0xff51afd7ed558ccd
}

// LongestName is the length of the longest name that a KeyTable can find.
const LongestName = 255

// NewKeyTable returns a table of names; the field of a name is its index.
func NewKeyTable(names []string) KeyTable {
	size := 4
	for size < 2*len(names) {
		size *= 2
	}
	t := KeyTable{entries: make([]keyEntry, size), shift: uint8(64 - bits.TrailingZeros(uint(size)))}
	for i, name := range names {
		if len(name) > LongestName {
			continue
		}
		head, tail := keyWords([]byte(name))
		at := keyHash(head, tail, len(name)) >> t.shift
		for t.entries[at].used {
			at = (at + 1) & uint64(size-1)
		}
		t.entries[at] = keyEntry{head: head, tail: tail, size: uint8(len(name)), field: uint16(i), used: true, name: name}
	}
	return t
}

// keyWords returns the first eight bytes of a name, zero-padded, and its last
// eight when it is longer than that.
func keyWords(name []byte) (head, tail uint64) {
	if len(name) >= 8 {
		head = binary.LittleEndian.Uint64(name)
		if len(name) > 8 {
			tail = binary.LittleEndian.Uint64(name[len(name)-8:])
		}
		return head, tail
	}
	var b [8]byte
	copy(b[:], name)
	return binary.LittleEndian.Uint64(b[:]), 0
}

// Find returns the field of a name without escapes, or -1.
func (t *KeyTable) Find(name []byte) int {
	if len(name) > LongestName {
		return -1
	}
	head, tail := keyWords(name)
	return t.lookup(head, tail, name)
}

func (t *KeyTable) lookup(head, tail uint64, name []byte) int {
	mask := uint64(len(t.entries) - 1)
	for at := keyHash(head, tail, len(name)) >> t.shift; ; at++ {
		e := &t.entries[at&mask]
		if !e.used {
			return -1
		}
		if e.head == head && e.tail == tail && int(e.size) == len(name) && (len(name) <= 16 || e.name == string(name)) {
			return int(e.field)
		}
	}
}

// ScanKey reads the member name whose opening quote is at src[i]. It returns the index
// after the closing quote, the field or -1, and whether the name is spelled with
// escapes.
func (t *KeyTable) ScanKey(src []byte, i int, f *Fault) (end, field int, escaped bool) {
	start := i + 1
	// Names of known elements are plain ASCII and short: find the quote by
	// words and use the first word as the head of the look-up.
	if start+32 <= len(src) {
		head := binary.LittleEndian.Uint64(src[start:])
		if m := stopBits(head); m != 0 {
			n := bits.TrailingZeros64(m) >> 3
			if src[start+n] == '"' {
				head &= 1<<(n*8) - 1
				return start + n + 1, t.lookup(head, 0, src[start:start+n]), false
			}
		} else {
			for j := start + 8; j < start+24; j += 8 {
				m := stopBits(binary.LittleEndian.Uint64(src[j:]))
				if m == 0 {
					continue
				}
				n := j - start + bits.TrailingZeros64(m)>>3
				if src[start+n] != '"' {
					break
				}
				var tail uint64
				if n > 8 {
					tail = binary.LittleEndian.Uint64(src[start+n-8:])
				}
				return start + n + 1, t.lookup(head, tail, src[start:start+n]), false
			}
		}
	}
	end, escaped = ScanString(src, i, f)
	if end < 0 {
		return -1, -1, false
	}
	name := src[start : end-1]
	if escaped {
		name = AppendUnescaped(nil, name)
	}
	return end, t.Find(name), escaped
}
