package table

import (
	"fmt"
	"testing"
)

// TestMemo holds that what is remembered is what was filled in, that values that come
// again are found, and that a column of which none does is not remembered for long.
func TestMemo(t *testing.T) {
	look := func(m *Memo, value string) (found bool) {
		e, found := m.Find([]byte(value))
		if found {
			if string(e.Masked) != "masked "+value {
				t.Fatalf("%q is remembered as %q", value, e.Masked)
			}
			return true
		}
		if e.Used || len(e.Masked) != 0 {
			t.Fatalf("%q: an entry to fill in is not empty: %q", value, e.Masked)
		}
		e.Masked, e.Used = append(e.Masked, "masked "+value...), true
		return false
	}
	var few Memo
	found := 0
	for i := range 100_000 {
		if look(&few, fmt.Sprint(i%1000)) {
			found++
		}
	}
	if few.idle || found < 90_000 {
		t.Errorf("of a thousand values %d of 100,000 were found; idle: %v", found, few.idle)
	}
	var many Memo
	for i := range 100_000 {
		if look(&many, fmt.Sprint(i)) {
			t.Fatalf("%d was never seen", i)
		}
	}
	if !many.idle || many.sets != nil {
		t.Error("what never comes again is still remembered")
	}
}

// TestMemoExpects: a key that is expected is so once, is a miss when it is looked for, and
// then found.
func TestMemoExpects(t *testing.T) {
	t.Parallel()
	var m Memo
	if !m.Expect([]byte("a")) || m.Expect([]byte("a")) || !m.Expect([]byte("b")) {
		t.Error("a key is expected not once")
	}
	e, found := m.Find([]byte("a"))
	if found {
		t.Fatal("what is expected is found, and nothing was filled in")
	}
	e.Masked, e.Used = append(e.Masked, "A"...), true
	if e, found = m.Find([]byte("a")); !found || string(e.Masked) != "A" {
		t.Error("what was filled in is not found")
	}
	if m.Expect([]byte("a")) {
		t.Error("a known key is expected")
	}
	if m.hits != 1 || m.misses != 1 {
		t.Errorf("%d hits and %d misses: Expect counts", m.hits, m.misses)
	}
}
