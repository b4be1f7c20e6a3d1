package text

import (
	"slices"
	"strings"
	"testing"
)

// FuzzNear: what is read near encoded parts is what reading the whole of each view finds.
func FuzzNear(f *testing.F) {
	f.Add("John&#32;Halworth", uint8(3), uint8(5))
	f.Add("Halworth_Quixotia_2.pdf und %4d%C3%BCller", uint8(7), uint8(1))
	f.Add("Hal-\nworth, 29 Feb 1988 \\u00fc #1", uint8(2), uint8(9))
	f.Add("{\\rtf1 Hal\\'77orth} | Hal | x\n| worth | y", uint8(4), uint8(4))
	finder := New(Options{})
	byParts, whole := finder.Scanner(), finder.Scanner()
	whole.near = 1 << 40
	known := benchKnown()
	f.Fuzz(func(t *testing.T, in string, before, after uint8) {
		text := []byte(strings.Repeat(benchNote, int(before)%8) + in + "\n" + strings.Repeat(benchNote, int(after)%8) + in)
		want := whole.Find(nil, text, known)
		if found := byParts.Find(nil, text, known); !slices.Equal(found, want) {
			t.Fatalf("found %v, but in whole views %v", found, want)
		}
	})
}
