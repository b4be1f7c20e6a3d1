package keys

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// call is a hash or a number that is computed, as a test prescribes it.
type call struct {
	kind    int // MAC1, MAC2, PermuteNumber
	slot    Slot
	a, b    []byte
	v, size uint64
}

func (c call) queue(p *Pseudonymizer) {
	switch c.kind {
	case 0:
		p.Queue1(c.slot, c.a)
	case 1:
		p.Queue2(c.slot, c.a, c.b)
	case 2:
		p.QueueNumber(c.slot, byte(len(c.a)), c.v, c.size)
	}
}

func (c call) run(p *Pseudonymizer) string {
	switch c.kind {
	case 0:
		return string(p.MAC1(c.slot, c.a)[:])
	case 1:
		return string(p.MAC2(c.slot, c.a, c.b)[:])
	}
	return fmt.Sprint(p.PermuteNumber(c.slot, byte(len(c.a)), c.v, c.size))
}

// calls makes n random calls, some of them twice, under the slots of several keys.
func calls(r *rand.Rand, ring *Keyring, n int) []call {
	slots := []Slot{ring.MACSlot("pseudonym", "a"), ring.MACSlot("pseudonym", "b"), ring.MACSlot("noise", ""), ring.SealSlot("Patient")}
	text := func() []byte {
		return bytes.Repeat([]byte{byte('a' + r.IntN(3))}, r.IntN(4)*r.IntN(60))
	}
	var out []call
	for range n {
		if len(out) > 0 && r.IntN(5) == 0 {
			out = append(out, out[r.IntN(len(out))])
			continue
		}
		size := uint64(2 + r.IntN(1<<r.IntN(40)))
		out = append(out, call{r.IntN(3), slots[r.IntN(len(slots))], text(), text(), r.Uint64N(size), size})
	}
	return out
}

// TestQueueChangesNothing: what is computed after a queue is what is computed without
// one, whether it was queued or not, is needed or not, comes in another order, comes twice, is
// too long for the lanes or too much for the queue.
func TestQueueChangesNothing(t *testing.T) {
	t.Parallel()
	ring := testKeys(t, "example")
	plain, queued := ring.NewPseudonymizer(), ring.NewPseudonymizer()
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		all := calls(r, ring, 1+r.IntN(150))
		if round%20 == 0 {
			all = calls(r, ring, 3*mostQueued)
		}
		queued.BeginQueue()
		for _, c := range all {
			if round%3 == 0 || r.IntN(4) > 0 {
				c.queue(queued)
			}
		}
		if round%4 == 1 {
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		}
		for i, c := range all {
			if round%3 == 2 && r.IntN(3) == 0 {
				continue
			}
			if got, want := c.run(queued), c.run(plain); got != want {
				t.Fatalf("round %d, call %d (%+v): %x, and without a queue %x", round, i, c, got, want)
			}
		}
	}
}

// TestQueueIsUsed: what was queued is taken and not computed again, in its order and a
// little out of it.
func TestQueueIsUsed(t *testing.T) {
	t.Parallel()
	ring := testKeys(t, "example")
	p := ring.NewPseudonymizer()
	slot := ring.MACSlot("pseudonym", "")
	value := func(i int) []byte { return fmt.Appendf(nil, "value %d", i) }
	p.BeginQueue()
	for i := range 100 {
		p.Queue1(slot, value(i))
		p.QueueNumber(slot, 5, uint64(i), 1000)
	}
	for _, i := range []int{0, 1, 2, 5, 6, 40 - reach + 1, 40, 99 - reach, 99} {
		p.MAC1(slot, value(i))
		p.PermuteNumber(slot, 5, uint64(i), 1000)
		if p.queue.next != i+1 || p.queue.numbers.next != i+1 {
			t.Fatalf("value %d was not taken from the queue: the next are %d and %d", i, p.queue.next, p.queue.numbers.next)
		}
	}
	if p.queue.computed != 100 || p.queue.numbers.computed != 100 {
		t.Error("not all were computed together")
	}
	p.BeginQueue()
	if len(p.queue.keys)+len(p.queue.numbers.list) > 0 {
		t.Error("a new batch has what the last one had")
	}
}

// TestQueueIsBounded: a queue does not grow beyond its bound, and says so.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	ring := testKeys(t, "example")
	p := ring.NewPseudonymizer()
	for _, add := range []func(int){
		func(i int) { p.Queue1(ring.MACSlot("pseudonym", ""), []byte{byte(i), byte(i >> 8)}) },
		func(i int) { p.QueueNumber(ring.MACSlot("pseudonym", ""), 4, uint64(i), 1<<20) },
	} {
		p.BeginQueue()
		for i := range 2 * mostQueued {
			if full := p.QueueFull(); full != (i >= mostQueued) {
				t.Fatalf("after %d: full is %t", i, full)
			}
			add(i)
		}
		if n := len(p.queue.keys) + len(p.queue.numbers.list); n != mostQueued {
			t.Errorf("the queue has %d", n)
		}
	}
}

// TestQueueAllocatesNothing: in the steady state a batch needs no memory.
func TestQueueAllocatesNothing(t *testing.T) {
	ring := testKeys(t, "example")
	p := ring.NewPseudonymizer()
	slot := ring.MACSlot("pseudonym", "")
	value := []byte("value 0000")
	batch := func() {
		p.BeginQueue()
		for i := range 200 {
			value[6] = byte(i)
			p.Queue1(slot, value)
			p.QueueNumber(slot, 3, uint64(i), 1000)
		}
		for i := range 200 {
			value[6] = byte(i)
			p.MAC1(slot, value)
			p.PermuteNumber(slot, 3, uint64(i), 1000)
		}
	}
	batch()
	if n := testing.AllocsPerRun(10, batch); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
