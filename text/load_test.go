package text

import (
	"runtime"
	"testing"
)

// maxDictionaries is how much memory the dictionaries may take, in bytes.
const maxDictionaries = 64 << 20

// TestDictionariesAreSmall: what a Finder keeps for the life of the program has a limit.
func TestDictionariesAreSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	d := load()
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d words and %d phrases take %.1f MB", d.used, len(d.phraseFlags), float64(used)/(1<<20))
	if used > maxDictionaries {
		t.Errorf("the dictionaries take %d bytes, want at most %d", used, maxDictionaries)
	}
	runtime.KeepAlive(d)
}
