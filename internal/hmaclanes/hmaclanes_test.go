package hmaclanes_test

import (
	"crypto/hmac"
	"crypto/sha512"
	"fmt"
	"testing"
	"unsafe"

	"github.com/veil-proxy/veil/internal/hmaclanes"
)

// allLanes are the numbers of lanes; where a processor has fewer, one is tested twice.
var allLanes = []int{1, 4, 8}

// batch is messages with their keys, and the sums that crypto/hmac computes.
type batch struct {
	keys   []*hmaclanes.Key
	blocks []hmaclanes.Block
	want   []hmaclanes.Sum
}

func (b *batch) add(k *hmaclanes.Key, key, message []byte) {
	var block hmaclanes.Block
	for i := range block {
		block[i] = 0xa5 // what was there before does not matter
	}
	block.Pad(copy(block[:], message))
	h := hmac.New(sha512.New, key)
	h.Write(message)
	b.keys, b.blocks, b.want = append(b.keys, k), append(b.blocks, block), append(b.want, hmaclanes.Sum(h.Sum(nil)))
}

// check computes the sums in so many lanes, with blocks and sums at odd addresses.
func (b *batch) check(t *testing.T, lanes int) {
	t.Helper()
	n := len(b.keys)
	blocks, sums := odd[hmaclanes.Block](n), odd[hmaclanes.Sum](n+1)
	copy(blocks, b.blocks)
	restore := hmaclanes.Limit(lanes)
	hmaclanes.Sums(b.keys, blocks, sums[:n])
	restore()
	for i, want := range b.want {
		if sums[i] != want {
			t.Fatalf("%d lanes, message %d of %d: another sum than that of crypto/hmac", lanes, i, n)
		}
	}
	if sums[n] != (hmaclanes.Sum{}) {
		t.Fatalf("%d lanes, %d messages: the memory behind the sums was written to", lanes, n)
	}
}

// odd is memory for n values that begins at an odd address.
func odd[T any](n int) []T {
	var one T
	memory := make([]byte, n*int(unsafe.Sizeof(one))+2)
	at := unsafe.Pointer(unsafe.SliceData(memory))
	return unsafe.Slice((*T)(unsafe.Add(at, 1-uintptr(at)%2)), n)
}

func pattern(n, seed int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*31 + seed*17)
	}
	return b
}

// TestSums: every way computes what crypto/hmac does, for all lengths of messages, numbers
// of them up to two full sets of lanes and one more, and keys of every length side by side.
// It is not parallel: the number of lanes is the process's.
func TestSums(t *testing.T) {
	texts := [][]byte{pattern(64, 1), pattern(5, 2), pattern(128, 3), pattern(200, 4), {}}
	var keys []*hmaclanes.Key
	for _, text := range texts {
		keys = append(keys, hmaclanes.NewKey(text))
	}
	for n := range 18 {
		for length := range hmaclanes.Longest + 1 {
			var b batch
			for i := range n {
				k := (i + length) % len(keys)
				b.add(keys[k], texts[k], pattern((length+i*i)%(hmaclanes.Longest+1), i))
			}
			for _, lanes := range allLanes {
				b.check(t, lanes)
			}
		}
	}
}

// TestLimit: fewer lanes can be used than the processor has, and not more.
func TestLimit(t *testing.T) {
	most := hmaclanes.Width()
	for _, lanes := range []int{1, 4, 8, 16} {
		restore := hmaclanes.Limit(lanes)
		if got := hmaclanes.Width(); got > lanes || got > most || lanes >= most && got != most {
			t.Errorf("at most %d of %d lanes: %d are used", lanes, most, got)
		}
		restore()
	}
	if hmaclanes.Width() != most {
		t.Error("the limit stayed")
	}
}

// FuzzSums: the ways agree with crypto/hmac on any key and messages of any lengths.
func FuzzSums(f *testing.F) {
	f.Add([]byte("key"), []byte("another"), []byte("some messages that follow each other"), uint8(9), uint8(3))
	f.Add([]byte{}, pattern(300, 1), pattern(2000, 2), uint8(17), uint8(111))
	f.Fuzz(func(t *testing.T, one, two, text []byte, n, length uint8) {
		k1, k2 := hmaclanes.NewKey(one), hmaclanes.NewKey(two)
		var b batch
		for i := range int(n % 18) {
			m := text[:min(len(text), (int(length)+7*i)%(hmaclanes.Longest+1))]
			text = text[len(m):]
			if i%3 == 0 {
				b.add(k1, one, m)
			} else {
				b.add(k2, two, m)
			}
		}
		for _, lanes := range allLanes {
			b.check(t, lanes)
		}
	})
}

// BenchmarkSums is the time of a sum in so many lanes.
func BenchmarkSums(b *testing.B) {
	const n = 64
	key := hmaclanes.NewKey(pattern(64, 1))
	keys := make([]*hmaclanes.Key, n)
	blocks, sums := make([]hmaclanes.Block, n), make([]hmaclanes.Sum, n)
	for i := range n {
		keys[i] = key
		blocks[i].Pad(copy(blocks[i][:], pattern(40, i)))
	}
	for _, lanes := range allLanes {
		b.Run(fmt.Sprint(lanes), func(b *testing.B) {
			defer hmaclanes.Limit(lanes)()
			for b.Loop() {
				hmaclanes.Sums(keys, blocks, sums)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/sum")
		})
	}
}
