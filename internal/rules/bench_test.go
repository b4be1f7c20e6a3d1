package rules

import (
	"testing"
)

// BenchmarkCompile is what each start of a command takes to read a shipped ruleset and to
// compile it, apart from what is read once in a process.
func BenchmarkCompile(b *testing.B) {
	for _, name := range []string{"safe-harbor", "research"} {
		b.Run("load/"+name, func(b *testing.B) {
			lib := library(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := lib.Load(name); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("all/"+name, func(b *testing.B) {
			lib := library(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := lib.Public(name); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
