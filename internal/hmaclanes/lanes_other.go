//go:build !amd64 || purego

package hmaclanes

// supported is how many lanes the processor has: ARM64 has instructions for SHA-512, which
// crypto/sha512 uses.
func supported() int { return 1 }

func inLanes(_ int, keys []*Key, blocks []Block, sums []Sum) { oneByOne(keys, blocks, sums) }
