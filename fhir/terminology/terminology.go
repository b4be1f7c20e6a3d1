// Package terminology knows code systems: the forms of their codes and versions,
// the codes and displays of those that are openly licensed, UCUM units, and words
// for units and ages. It knows nothing of masking.
package terminology

import (
	_ "embed"
	"encoding/binary"
	"math/bits"
	"sync"

	"github.com/veil-proxy/veil/fhir/termhash"
)

//go:embed tables/r4.terminology
var r4Terminology string

// Terms knows the codes of openly licensed code systems and their true displays. It
// holds sorted 64-bit hashes, read in place; package termhash states the odds of a
// false positive. It is immutable.
type Terms struct {
	complete, partial, codes, displays hashes
}

// Load returns the embedded table: HL7's code systems, and the codes of
// the synthetic patients.
var Load = sync.OnceValue(func() *Terms {
	t := &Terms{}
	rest := r4Terminology
	for _, list := range []*hashes{&t.complete, &t.partial, &t.codes, &t.displays} {
		n := int(binary.LittleEndian.Uint64([]byte(rest[:8])))
		*list, rest = newHashes(rest[8:8+8*n]), rest[8+8*n:]
	}
	return t
})

// System reports whether the table has any codes of a system, and whether it
// has all of them.
func (t *Terms) System(system []byte) (complete, known bool) {
	h := termhash.System(system)
	if t.complete.has(h) {
		return true, true
	}
	return false, t.partial.has(h)
}

// HasCode reports whether the system has the code.
func (t *Terms) HasCode(system, code []byte) bool { return t.codes.has(termhash.Code(system, code)) }

// HasDisplay reports whether the code of the system has that display, ignoring case and
// spacing.
func (t *Terms) HasDisplay(system, code, display []byte) bool {
	return t.displays.has(termhash.Display(system, code, display))
}

// hashes are 64-bit little-endian numbers in ascending order, and for each way that a
// number may begin where those are that do.
type hashes struct {
	text  string
	begin []uint32
	shift int
}

func newHashes(text string) hashes {
	n := len(text) / 8
	// About four numbers begin in one way, half a line of the processor's cache.
	width := max(1, bits.Len(uint(n/4)))
	h := hashes{text: text, begin: make([]uint32, 1<<width+1), shift: 64 - width}
	for i := range n {
		h.begin[h.at(i)>>h.shift+1]++
	}
	for i := range h.begin[1:] {
		h.begin[i+1] += h.begin[i]
	}
	return h
}

func (h *hashes) at(i int) uint64 {
	s := h.text[8*i : 8*i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func (h *hashes) has(x uint64) bool {
	begins := h.begin[x>>h.shift:]
	for i := begins[0]; i < begins[1]; i++ {
		if h.at(int(i)) == x {
			return true
		}
	}
	return false
}
