// Package hmaclanes computes HMAC-SHA-512 (RFC 2104, FIPS 180-4) of several short
// messages side by side: eight with AVX-512, four with AVX2. Elsewhere it computes them
// one after the other by crypto/hmac, which is fastest on processors with instructions
// for SHA-512. All implementations give the same sums.
//
// The time does not depend on keys or messages, except for the lengths of messages.
package hmaclanes

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding"
	"encoding/binary"
	"hash"
	"sync/atomic"
)

// Longest is the maximum length of a message in bytes: with its padding, it fills a
// block of SHA-512.
const Longest = sha512.BlockSize - 17

// Block is a message with its padding, as SHA-512 reads it behind the block of the key.
type Block [sha512.BlockSize]byte

// Sum is an HMAC-SHA-512.
type Sum [sha512.Size]byte

// Key is a key of HMAC-SHA-512, with the hash that computes one sum. It is not safe for
// concurrent use.
type Key struct {
	// inner and outer are the states of SHA-512 behind the padded key. The assembly
	// relies on their places.
	inner, outer [8]uint64
	hash.Hash
}

// NewKey returns a key.
func NewKey(key []byte) *Key {
	k := &Key{Hash: hmac.New(sha512.New, key)}
	if len(key) > sha512.BlockSize {
		sum := sha512.Sum512(key)
		key = sum[:]
	}
	k.inner, k.outer = stateOf(key, 0x36), stateOf(key, 0x5c)
	return k
}

// stateOf returns the state of SHA-512 after a key that is padded and combined with pad.
func stateOf(key []byte, pad byte) (state [8]uint64) {
	var block [sha512.BlockSize]byte
	copy(block[:], key)
	for i := range block {
		block[i] ^= pad
	}
	h := sha512.New()
	h.Write(block[:])
	clear(block[:])
	saved, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic("hmaclanes: crypto/sha512 does not give its state")
	}
	const magic = 4 // bytes before the state
	for i := range state {
		state[i] = binary.BigEndian.Uint64(saved[magic+8*i:])
	}
	clear(saved)
	return state
}

// Pad pads a block that begins with a message of n bytes, at most Longest.
func (b *Block) Pad(n int) {
	b[n] = 0x80
	clear(b[n+1:])
	binary.BigEndian.PutUint16(b[len(b)-2:], uint16(8*(sha512.BlockSize+n)))
}

// Holds reports whether a padded block contains the message.
func (b *Block) Holds(message []byte) bool {
	n := len(message)
	return n <= Longest && binary.BigEndian.Uint16(b[len(b)-2:]) == uint16(8*(sha512.BlockSize+n)) && string(b[:n]) == string(message)
}

// message returns the message at the beginning of a padded block.
func (b *Block) message() []byte {
	n := int(binary.BigEndian.Uint16(b[len(b)-2:]))/8 - sha512.BlockSize
	return b[:n]
}

// width is how many lanes are in use.
var width atomic.Int32

func init() { width.Store(int32(supported())) }

// Width returns how many messages are hashed side by side: 8, 4 or 1.
func Width() int { return int(width.Load()) }

// Limit limits the number of lanes, for tests; restore removes the limit.
func Limit(lanes int) (restore func()) {
	before := width.Load()
	width.Store(int32(min(lanes, supported())))
	return func() { width.Store(before) }
}

// sideBySide counts the sums that were computed in lanes.
var sideBySide atomic.Uint64

// SideBySide returns how many sums the process has computed in lanes, for tests.
func SideBySide() uint64 { return sideBySide.Load() }

// Sums computes the sum of each block under the key at the same place.
func Sums(keys []*Key, blocks []Block, sums []Sum) {
	if w := Width(); w > 1 {
		sideBySide.Add(uint64(len(keys)))
		inLanes(w, keys, blocks, sums)
		return
	}
	oneByOne(keys, blocks, sums)
}

// oneByOne computes sums by crypto/hmac.
func oneByOne(keys []*Key, blocks []Block, sums []Sum) {
	for i, k := range keys {
		k.Reset()
		k.Hash.Write(blocks[i].message())
		k.Sum(sums[i][:0])
	}
}
