//go:build amd64 && !purego

package hmaclanes

import "golang.org/x/sys/cpu"

// supported is how many lanes the processor has.
func supported() int {
	switch {
	case cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW:
		return 8
	case cpu.X86.HasAVX2:
		return 4
	}
	return 1
}

//go:noescape
func sum8(keys *[8]*Key, blocks *[8]Block, sums *[8]Sum)

//go:noescape
func sum4(keys *[4]*Key, blocks *[4]Block, sums *[4]Sum)

// fewest is the smallest number of messages for which lanes are faster than one sum after
// the other.
const fewest = 3

// inLanes computes sums in w lanes, 8 or 4. If messages are left over, their last block
// fills the remaining lanes.
func inLanes(w int, keys []*Key, blocks []Block, sums []Sum) {
	n := 0
	for ; len(keys)-n >= w; n += w {
		lanes(w, keys[n:], blocks[n:], sums[n:])
	}
	if len(keys)-n < fewest {
		oneByOne(keys[n:], blocks[n:], sums[n:])
		return
	}
	var k [8]*Key
	var b [8]Block
	var s [8]Sum
	for i := range w {
		from := min(n+i, len(keys)-1)
		k[i], b[i] = keys[from], blocks[from]
	}
	lanes(w, k[:], b[:], s[:])
	copy(sums[n:], s[:len(keys)-n])
	clear(b[:])
	clear(s[:])
}

func lanes(w int, keys []*Key, blocks []Block, sums []Sum) {
	if w == 8 {
		sum8((*[8]*Key)(keys), (*[8]Block)(blocks), (*[8]Sum)(sums))
		return
	}
	sum4((*[4]*Key)(keys), (*[4]Block)(blocks), (*[4]Sum)(sums))
}
