package fhir

import (
	"github.com/veil-proxy/veil/mask/keys"
)

// sealedIDs are ids that were sealed lately in the text being masked. A Bundle says an id
// several times, as the full URL of its entry, as its id and in the references to it, and
// sealing it takes much longer than finding it here. An id that falls on the place of
// another takes it.
type sealedIDs struct {
	generation uint32 // counts texts: what is of an earlier one is not there
	table      []sealedID
}

type sealedID struct {
	generation   uint32
	slot         keys.Slot
	size, sealed uint8
	text         [2 * longestID]byte // the id and what it is sealed as
}

const (
	longestID   = 64
	sealedSlots = 1 << 8
)

// at returns the place of an id.
func (s *sealedIDs) at(slot keys.Slot, id []byte) *sealedID {
	if s.table == nil {
		s.table = make([]sealedID, sealedSlots)
	}
	return &s.table[(hashOfEnds(id)+uint64(slot)*0xc2b2ae3d27d4eb4f)>>56%sealedSlots]
}

// appendSealedID appends the sealed form of an id and reports whether it is one.
func (w *Walker) appendSealedID(dst []byte, slot keys.Slot, id []byte) ([]byte, bool) {
	if len(id) > longestID {
		return dst, false
	}
	s := w.sealed.at(slot, id)
	if s.generation == w.sealed.generation && s.slot == slot && string(s.text[:s.size]) == string(id) {
		return append(dst, s.text[s.size:s.size+s.sealed]...), true
	}
	from := len(dst)
	dst, ok := w.pass.Keys.AppendSealed(dst, slot, id)
	if out := dst[from:]; ok && len(out) <= longestID {
		s.generation, s.slot = w.sealed.generation, slot
		s.size, s.sealed = uint8(copy(s.text[:], id)), uint8(len(out))
		copy(s.text[s.size:], out)
	}
	return dst, ok
}
