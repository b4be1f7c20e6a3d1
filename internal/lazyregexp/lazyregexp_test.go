package lazyregexp

import "testing"

// TestCompiledOnce: by the first call, and not by New.
func TestCompiledOnce(t *testing.T) {
	t.Parallel()
	form := New(`^a+$`)
	if first := form(); !first.MatchString("aa") || first.MatchString("ab") || form() != first {
		t.Errorf("got %v and %v", first, form())
	}
	wrong := New(`(`)
	defer func() {
		if recover() == nil {
			t.Error("( compiles")
		}
	}()
	wrong()
}
