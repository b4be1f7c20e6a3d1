package fhir

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestLastSlash: slashes are found eight bytes at a time as they are one by one, wherever
// they are and whatever stands beside them.
func TestLastSlash(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for size := range 40 {
		for range 200 {
			text := make([]byte, size)
			for i := range text {
				text[i] = []byte{'/', '/' - 1, '/' + 1, '/' | 0x80, 0, 0xff, 'a', 'a', 'a', 'a', 'a', 'a'}[random.IntN(12)]
			}
			if got, want := lastSlash(text), bytes.LastIndexByte(text, '/'); got != want {
				t.Fatalf("%q: %d, want %d", text, got, want)
			}
		}
	}
}

// TestManyFullURLs: full URLs are found in tables of any size, and none that was forgotten;
// of two that end alike neither is.
func TestManyFullURLs(t *testing.T) {
	t.Parallel()
	b := fullURLs{of: -1}
	for _, size := range []int{10, 3 * fewestFullURLs, 0, mostFullURLs, 5} {
		b.forget()
		for k := range size {
			url := fmt.Appendf(nil, "https://a.example/Patient/%d", k)
			b.add(lastTwo(url), url)
			if k%7 == 0 {
				other := fmt.Appendf(nil, "https://b.example/Patient/%d", k)
				b.add(lastTwo(other), other)
			}
		}
		for k := range size + 10 {
			url := fmt.Appendf(nil, "https://a.example/Patient/%d", k)
			if got, want := b.has(url), k < size && k%7 != 0; got != want {
				t.Fatalf("of %d, %s: %v, want %v", size, url, got, want)
			}
		}
	}
}
