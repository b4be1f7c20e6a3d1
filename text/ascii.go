package text

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// ASCII words and numbers are read eight bytes at a time.

const (
	// asciiCase is the bit that is set in lower-case letters and in digits.
	asciiCase = 0x2020202020202020
	// asciiHigh is the bit that is not set in any ASCII character.
	asciiHigh = 0x8080808080808080
)

// lettersOf returns the highest bit of each byte that is an ASCII letter.
func lettersOf(x uint64) uint64 {
	y := (x | asciiCase) &^ asciiHigh
	return (y + 0x1f1f1f1f1f1f1f1f) &^ (y + 0x0505050505050505) &^ x & asciiHigh
}

// word reads a word that begins with an ASCII letter.
func (k *tokens) word(text []byte, i int, before gap) int {
	if len(text)-i < 8 {
		return k.lastWord(text, i, before)
	}
	x := binary.LittleEndian.Uint64(text[i:])
	letters := lettersOf(x)
	if letters == asciiHigh {
		return k.longWord(text, i, before)
	}
	n := bits.TrailingZeros64(letters^asciiHigh) >> 3
	if text[i+n] >= 0x80 && goesOn(text[i+n:]) {
		return k.foreignWord(text, i, before)
	}
	rest := uint64(1)<<(8*n) - 1
	folded := (x | asciiCase) & rest
	t := k.add(i, before)
	t.end, t.kind, t.plain, t.hash = int32(i+n), word, true, hashEnd(hashStart, folded, n)
	if capitals := ^x << 2 & letters & rest; capitals != 0 {
		uppers := bits.OnesCount64(capitals)
		t.shape = shapeOf(uppers, n-uppers, 0, capitals&0x80 != 0)
	}
	at := k.room(n)
	binary.LittleEndian.PutUint64(k.fold[at:at+foldSpare], folded)
	return i + n
}

// room extends the folded text by n bytes and the spare bytes after them, and returns the
// start of the n bytes.
func (k *tokens) room(n int) int {
	at := len(k.fold)
	if cap(k.fold)-at < n+foldSpare {
		k.fold = slices.Grow(k.fold, n+foldSpare+256)
	}
	k.fold = k.fold[:at+n]
	return at
}

// longWord reads a word of at least eight letters.
func (k *tokens) longWord(text []byte, i int, before gap) int {
	limit := min(len(text), i+maxToken)
	j, uppers := i, 0
	h := uint64(hashStart)
	for ; ; j += 8 {
		if j+8 > limit {
			return k.lastWord(text, i, before)
		}
		x := binary.LittleEndian.Uint64(text[j:])
		letters := lettersOf(x)
		capitals := ^x << 2 & letters
		if letters == asciiHigh {
			uppers += bits.OnesCount64(capitals)
			h = hashChunk(h, x|asciiCase)
			continue
		}
		n := bits.TrailingZeros64(letters^asciiHigh) >> 3
		rest := uint64(1)<<(8*n) - 1
		uppers += bits.OnesCount64(capitals & rest)
		h = hashEnd(h, (x|asciiCase)&rest, n)
		j += n
		break
	}
	if text[j] >= 0x80 && goesOn(text[j:]) {
		return k.foreignWord(text, i, before)
	}
	t := k.add(i, before)
	t.end, t.kind, t.plain, t.hash = int32(j), word, true, h
	t.shape = shapeOf(uppers, j-i-uppers, 0, text[i] < 'a')
	at := k.room(j - i)
	for dst := k.fold[at : at+j-i+foldSpare]; i < j; i, dst = i+8, dst[8:] {
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(text[i:])|asciiCase)
	}
	return j
}

// lastWord reads the last word of a text, or a part of a word that is too long.
func (k *tokens) lastWord(text []byte, i int, before gap) int {
	limit := min(len(text), i+maxToken)
	j, uppers := i, 0
	for j < limit {
		c := classes[text[j]]
		if c&classLetter == 0 {
			if c == classHigh && goesOn(text[j:]) {
				return k.foreignWord(text, i, before)
			}
			break
		}
		uppers += int(c >> 1)
		j++
	}
	t := k.add(i, before)
	t.end, t.kind, t.plain = int32(j), word, true
	t.shape = shapeOf(uppers, j-i-uppers, 0, text[i] < 'a')
	t.hash = k.foldASCII(text, i, j)
	return j
}

// foldASCII adds the folded form of ASCII letters and digits, and returns its hash.
func (k *tokens) foldASCII(text []byte, from, to int) uint64 {
	n := to - from
	at := k.room(n)
	dst := k.fold[at : at+n+foldSpare]
	h := uint64(hashStart)
	for ; n >= 8; n -= 8 {
		x := binary.LittleEndian.Uint64(text[from:]) | asciiCase
		binary.LittleEndian.PutUint64(dst, x)
		h = hashChunk(h, x)
		from, dst = from+8, dst[8:]
	}
	x := lastBytes(text, from, n) | asciiCase&(1<<(8*n)-1)
	binary.LittleEndian.PutUint64(dst, x)
	return hashEnd(h, x, n)
}

// lastBytes returns n bytes of a text, at most seven, as a little-endian number.
func lastBytes(text []byte, from, n int) uint64 {
	switch to := from + n; {
	case from+8 <= len(text):
		return binary.LittleEndian.Uint64(text[from:]) & (1<<(8*n) - 1)
	case to >= 8 && n > 0:
		return binary.LittleEndian.Uint64(text[to-8:]) >> (64 - 8*n)
	}
	return littleEndian(text, from, n)
}
