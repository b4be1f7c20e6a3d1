package termhash

import "testing"

// TestSame: texts are one in any case and spacing, whatever they begin with.
func TestSame(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"Blood pressure", "blood  PRESSURE"}, {" a", "A "}, {"\u00c4rzte", "\u00e4rzte"}, {"\u00a0x", "x"}, {"\u212a", "k"}, {"K", "\u212a"}, {"", ""}, {"", " "}, {"1 a", "1\tA"}} {
		if !Same(pair[0], pair[1]) || !Same(pair[1], pair[0]) {
			t.Errorf("%q and %q differ", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"a", "b"}, {"Z", "["}, {"ab", "a b"}, {"", "a"}, {"@a", "`a"}, {"\u00e4", "a"}} {
		if Same(pair[0], pair[1]) || Same(pair[1], pair[0]) {
			t.Errorf("%q and %q are one", pair[0], pair[1])
		}
	}
}
