// Package terminology knows code systems: the forms of their codes and versions,
// the codes and displays of those that are openly licensed, UCUM units, and words
// for units and ages. It knows nothing of masking.
package terminology

import (
	_ "embed"
	"encoding/binary"
	"sync"

	"github.com/veil-proxy/veil/fhir/termhash"
)

//go:embed tables/r4.terminology
var r4Terminology string

// Terms knows the codes of openly licensed code systems, and which displays
// they truly have. It holds 64-bit hashes in order, read in place; package
// termhash states the odds of a false positive. It is immutable.
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
		*list, rest = hashes(rest[8:8+8*n]), rest[8+8*n:]
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

// HasDisplay reports whether the code of the system has that display, in any case
// and spacing.
func (t *Terms) HasDisplay(system, code, display []byte) bool {
	return t.displays.has(termhash.Display(system, code, display))
}

// hashes are 64-bit little-endian numbers in ascending order.
type hashes string

func (h hashes) at(i int) uint64 {
	s := h[8*i : 8*i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// has looks for x near the place it should have: hashes are spread evenly, so
// it is within a few hundred places of that.
func (h hashes) has(x uint64) bool {
	const window = 512
	n := len(h) / 8
	guess := int(x >> 32 * uint64(n) >> 32)
	lo, hi := max(0, guess-window), min(n, guess+window)
	if lo > 0 && h.at(lo) > x {
		lo = 0
	}
	if hi < n && h.at(hi) < x {
		hi = n
	}
	for lo < hi {
		mid := (lo + hi) / 2
		if h.at(mid) < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < n && h.at(lo) == x
}
