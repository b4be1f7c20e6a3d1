package fhir

import (
	"encoding/binary"
	"math/bits"
)

// translatedReferences are references that were translated lately in the text being masked,
// as ids are in sealedid.go: most resources of a Bundle refer to the same few others, and
// what becomes of a reference that neither the Bundle nor the resource decides is the same
// throughout the text.
type translatedReferences struct {
	generation uint32
	table      []translatedReference
}

type translatedReference struct {
	generation   uint32
	form         referenceForm
	size, masked uint8
	text         [2 * longestTranslated]byte // the reference and what it becomes, with its quotes
}

const (
	longestTranslated = 96
	translatedSlots   = 1 << 8
)

// at returns the place of a reference.
func (t *translatedReferences) at(val []byte) *translatedReference {
	if t.table == nil {
		t.table = make([]translatedReference, translatedSlots)
	}
	return &t.table[hashOfEnds(val)>>56%translatedSlots]
}

// hashOfEnds hashes the size, the first and the last bytes of a text: the top bits count.
func hashOfEnds(text []byte) uint64 {
	x := uint64(len(text))
	switch n := len(text); {
	case n >= 8:
		x ^= binary.LittleEndian.Uint64(text) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(text[n-8:]), 23)
	case n >= 4:
		x ^= uint64(binary.LittleEndian.Uint32(text))<<8 | uint64(binary.LittleEndian.Uint32(text[n-4:]))<<32
	default:
		for _, c := range text {
			x = x<<8 ^ uint64(c)
		}
	}
	return x * 0x9e3779b97f4a7c15
}

// has reports whether a reference is there.
func (s *translatedReference) has(generation uint32, form referenceForm, val []byte) bool {
	return s.generation == generation && s.form == form && string(s.text[:s.size]) == string(val)
}

func (s *translatedReference) out() []byte { return s.text[s.size : s.size+s.masked] }

// keep takes what becomes of a reference, where there is a place for it.
func (s *translatedReference) keep(generation uint32, form referenceForm, val, out []byte) {
	if s == nil || len(val) > longestTranslated || len(out) > longestTranslated {
		return
	}
	s.generation, s.form = generation, form
	s.size, s.masked = uint8(copy(s.text[:], val)), uint8(len(out))
	copy(s.text[s.size:], out)
}
