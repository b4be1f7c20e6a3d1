package keys

import (
	"encoding/binary"

	"github.com/veil-proxy/veil/internal/hmaclanes"
)

// Hashes ahead.
//
// Keyed hashes that are queued before they are needed are computed in parallel, in the
// lanes of the processor, which takes a fraction of the time. To mask a batch of values,
// their hashes are queued first, and then the values are masked in the same order: MAC1,
// MAC2 and PermuteNumber use what was queued, and compute what was not. So a queue does
// not change any result.

const (
	// mostQueued bounds the memory of a queue.
	mostQueued = 1024
	// reach is how many entries may be skipped, since something that was queued may turn out
	// not to be needed.
	reach = 32
)

// queue has hashes and numbers that are computed together.
type queue struct {
	keys   []*hmaclanes.Key
	blocks []hmaclanes.Block
	sums   []hmaclanes.Sum
	// next is the first entry that was not taken, and computed is how many have a sum.
	next, computed int

	numbers numberQueue
}

// LanesPay reports whether queueing hashes is faster than computing them one by one on
// this processor.
func LanesPay() bool { return hmaclanes.Width() > 1 }

// BeginQueue empties the queue for a batch.
func (p *Pseudonymizer) BeginQueue() {
	q := &p.queue
	q.keys, q.blocks, q.next, q.computed = q.keys[:0], q.blocks[:0], 0, 0
	q.numbers.list, q.numbers.next, q.numbers.computed = q.numbers.list[:0], 0, 0
}

// QueueFull reports whether a queue is full, so that the batch should end.
func (p *Pseudonymizer) QueueFull() bool {
	return len(p.queue.keys) >= mostQueued || len(p.queue.numbers.list) >= mostQueued
}

// QueueLeft returns how many queued results have not been used.
func (p *Pseudonymizer) QueueLeft() int {
	return len(p.queue.keys) - p.queue.next + len(p.queue.numbers.list) - p.queue.numbers.next
}

// Queue1 queues the hash that MAC1 will return for the same arguments.
func (p *Pseudonymizer) Queue1(s Slot, part []byte) {
	if block := p.queue.add(p.lanes(s)); block != nil {
		p.queue.end(message1(block[:hmaclanes.Longest], part))
	}
}

// Queue2 queues the hash that MAC2 will return for the same arguments.
func (p *Pseudonymizer) Queue2(s Slot, a, b []byte) {
	if block := p.queue.add(p.lanes(s)); block != nil {
		p.queue.end(message2(block[:hmaclanes.Longest], a, b))
	}
}

// lanes returns the key of a slot for lanes.
func (p *Pseudonymizer) lanes(s Slot) *hmaclanes.Key {
	st := p.state(s)
	if st.lanes == nil {
		key := p.ring.slotKey(s)
		sub := p.ring.mustDerive(key.purpose, key.domain, macKeySize)
		st.lanes = hmaclanes.NewKey(sub)
		clear(sub)
	}
	return st.lanes
}

// add returns the block for another message, or nil if the queue is full.
func (q *queue) add(k *hmaclanes.Key) *hmaclanes.Block {
	n := len(q.keys)
	if n == mostQueued {
		return nil
	}
	q.keys = append(q.keys, k)
	if n == cap(q.blocks) {
		q.blocks = append(q.blocks, hmaclanes.Block{})
	}
	q.blocks = q.blocks[:n+1]
	return &q.blocks[n]
}

// end closes the block of a message of n bytes; 0 means that it is too long.
func (q *queue) end(n int) {
	last := len(q.keys) - 1
	if n == 0 {
		q.keys, q.blocks = q.keys[:last], q.blocks[:last]
		return
	}
	q.blocks[last].Pad(n)
}

// take returns the sum of a queued message, or nil.
func (q *queue) take(k *hmaclanes.Key, message []byte) *[64]byte {
	for i := q.next; i < min(q.next+reach, len(q.keys)); i++ {
		if q.keys[i] != k || !q.blocks[i].Holds(message) {
			continue
		}
		if i >= q.computed {
			q.compute()
		}
		q.next = i + 1
		return (*[64]byte)(&q.sums[i])
	}
	return nil
}

// compute computes what has been queued.
func (q *queue) compute() {
	n := len(q.keys)
	if n > cap(q.sums) {
		q.sums = append(q.sums[:0], make([]hmaclanes.Sum, n)...)
	}
	q.sums = q.sums[:n]
	hmaclanes.Sums(q.keys[q.computed:], q.blocks[q.computed:], q.sums[q.computed:])
	q.computed = n
}

// message1 writes the message of MAC1 and returns its length; 0 if it is too long.
func message1(dst, part []byte) int {
	if 4+len(part) > len(dst) {
		return 0
	}
	binary.BigEndian.PutUint32(dst, uint32(len(part)))
	return 4 + copy(dst[4:], part)
}

// message2 does the same for MAC2.
func message2(dst, a, b []byte) int {
	if 8+len(a)+len(b) > len(dst) {
		return 0
	}
	n := message1(dst, a)
	return n + message1(dst[n:], b)
}
