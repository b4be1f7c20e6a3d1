package fhir

import (
	"encoding/binary"
	"math/bits"

	"github.com/veil-proxy/veil/fhir/terminology"
)

// namedSystems are the code systems that the text being masked has named lately: a Bundle
// names a few thousands of times, by long names, which may not be the ones of the ruleset.
type namedSystems [128]struct {
	name   []byte
	system *codeSystem
}

// system returns the code system of a name that lies in the text, or nil where its codes
// may not pass.
func (w *Walker) system(name []byte) *codeSystem {
	at := uint64(len(name))
	if n := len(name); n >= 8 {
		at ^= binary.LittleEndian.Uint64(name[n-8:]) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(name[n/2-4:]), 23)
	}
	slot := &w.systems[at*0x9e3779b97f4a7c15>>32%uint64(len(w.systems))]
	if slot.name != nil && string(slot.name) == string(name) {
		return slot.system
	}
	s := w.a.codes.find(name)
	if s != nil && s.url == nil {
		own := *s
		own.url = terminology.SystemURL(name)
		s = &own
	}
	slot.name, slot.system = name, s
	return s
}
