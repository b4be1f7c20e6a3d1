//go:build !purego

package fhirjson

import (
	"math/bits"

	"golang.org/x/sys/cpu"
)

func haveVectors() bool {
	return cpu.X86.HasAVX2 && cpu.X86.HasPCLMULQDQ && cpu.X86.HasPOPCNT
}

// skimBlocksAVX2 goes over whole blocks of 64 bytes, and comes to done of them before
// the one in which the container may end. Of that one it gives what opens and closes;
// the rest of the state is what is known behind it.
//
//go:noescape
func skimBlocksAVX2(src *byte, blocks int, s *skimState) (done int)

// skimVectors goes on over whole blocks. It returns where it came to, and whether that
// is the end of the container.
func skimVectors(src []byte, i int, s *skimState) (next int, ended bool) {
	for blocks := (len(src) - i) / 64; blocks > 0; blocks-- {
		done := skimBlocksAVX2(&src[i], blocks, s)
		i += 64 * done
		if blocks -= done; blocks == 0 {
			break
		}
		for closing := s.closing; closing != 0; closing &= closing - 1 {
			at := bits.TrailingZeros64(closing)
			s.depth += bits.OnesCount64(s.opening & (1<<at - 1))
			s.opening &^= 1<<at - 1
			if s.depth--; s.depth == 0 {
				return i + at + 1, true
			}
		}
		s.depth += bits.OnesCount64(s.opening)
		i += 64
	}
	return i, false
}

// markStops marks the stops of at least one whole block of 64 bytes, a word each.
//
//go:noescape
func markStops(src *byte, blocks int, marks *uint64)
