package recall

import (
	"fmt"
	"testing"
)

// TestTable: a text is remembered when it comes again, until too much is.
func TestTable(t *testing.T) {
	t.Parallel()
	table := New[string](1000)
	text := func(n int) []byte { return fmt.Appendf(nil, "text %d", n) }
	for n := range 10 {
		if s, come := table.Find(text(n), 1); come || s.Of != nil {
			t.Fatal("a text has come before its first time")
		}
		s, come := table.Find(text(n), 1)
		if !come || s.Of != nil {
			t.Fatal("a text that came is not known")
		}
		of := string(text(n))
		table.Keep(s, &of, 100)
		if s, _ := table.Find(text(n), 1); s.Of == nil || *s.Of != of {
			t.Fatal("a text is not remembered")
		}
		if _, come := table.Find(text(n), 2); come {
			t.Fatal("a text of another kind is taken for it")
		}
	}
	if n := table.Len(); n != 10 {
		t.Fatalf("%d texts are remembered", n)
	}
	s, _ := table.Find(text(9), 1)
	table.Keep(s, new(string), 500)
	if n := table.Len(); n != 1 {
		t.Fatalf("%d texts are remembered where there is room for one", n)
	}
	table.Reset()
	if s, come := table.Find(text(9), 1); come || s.Of != nil || table.Len() != 0 {
		t.Fatal("a text is remembered after a reset")
	}
}
