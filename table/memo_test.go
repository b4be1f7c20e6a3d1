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
