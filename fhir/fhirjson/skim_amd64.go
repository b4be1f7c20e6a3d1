//go:build !purego

package fhirjson

import (
	"math/bits"

	"golang.org/x/sys/cpu"
)

func haveVectors() bool {
	return cpu.X86.HasAVX2 && cpu.X86.HasPCLMULQDQ && cpu.X86.HasPOPCNT
}

// skimBlocksAVX2 skims whole blocks of 64 bytes and stops after done of them, at the one
// in which the container may end. It returns what opens and closes in that block; the
// rest of the state is that after it.
//
//go:noescape
func skimBlocksAVX2(src *byte, blocks int, s *skimState) (done int)

// skimVectors skims whole blocks. It returns how far it got, and whether that is the end
// of the container.
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

// markStops marks the stops of at least one whole block of 64 bytes, one word for each
// block.
//
//go:noescape
func markStops(src *byte, blocks int, marks *uint64)
