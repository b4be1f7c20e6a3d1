package keys

import (
	"encoding/binary"

	"github.com/veil-proxy/veil/internal/hmaclanes"
)

// number is a number on its way through a keyed permutation of the numbers below size: a
// Feistel network of numberRounds rounds with cycle walking (Black and Rogaway, 2002), over
// the smallest even number of bits that holds them, walked until it falls inside.
type number struct {
	value, size uint64
	domain      byte
	half        uint // bits of a half
	l, r        uint64
}

const numberRounds = 8

// newNumber returns a number before the first round.
func newNumber(value, size uint64, domain byte) number {
	n := number{value: value, size: size, domain: domain, half: 1}
	for uint64(1)<<(2*n.half) < size {
		n.half++
	}
	n.split(value)
	return n
}

func (n *number) split(v uint64) { n.l, n.r = v>>n.half, v&(1<<n.half-1) }

// result is the number after the last round. inside: it is below size.
func (n *number) result() (v uint64, inside bool) {
	v = n.l<<n.half | n.r
	return v, v < n.size
}

// message writes what a round hashes, as MAC1 would.
func (n *number) message(dst *[numberMessage]byte, round byte) {
	*dst = [numberMessage]byte{3: numberMessage - 4, 4: round, 5: n.domain}
	binary.BigEndian.PutUint64(dst[6:], n.r)
}

const numberMessage = 4 + 1 + 1 + 8

// step ends a round with its hash.
func (n *number) step(sum *[64]byte) {
	n.l, n.r = n.r, (n.l^binary.BigEndian.Uint64(sum[:8]))&(1<<n.half-1)
}

// PermuteNumber replaces a number below size with its image under a keyed permutation of
// these numbers: no two values ever collide. Each domain has its own permutation.
func (p *Pseudonymizer) PermuteNumber(s Slot, domain byte, v, size uint64) uint64 {
	st := p.state(s)
	if st.lanes != nil {
		if out, ok := p.queue.numbers.take(st.lanes, domain, v, size); ok {
			return out
		}
	}
	n := newNumber(v, size, domain)
	for {
		for round := range byte(numberRounds) {
			n.message((*[numberMessage]byte)(p.message[:]), round)
			st.mac.Reset()
			st.mac.Write(p.message[:numberMessage])
			st.mac.Sum(p.sum[:0])
			n.step(&p.sum)
		}
		out, inside := n.result()
		if inside {
			return out
		}
		n.split(out)
	}
}

// QueueNumber queues the number that PermuteNumber will return for the same arguments.
func (p *Pseudonymizer) QueueNumber(s Slot, domain byte, v, size uint64) {
	q := &p.queue.numbers
	if len(q.list) < mostQueued {
		q.list = append(q.list, queuedNumber{number: newNumber(v, size, domain), key: p.lanes(s)})
	}
}

// numberQueue contains numbers whose rounds are computed together.
type numberQueue struct {
	list           []queuedNumber
	next, computed int

	active []*queuedNumber
	keys   []*hmaclanes.Key
	blocks []hmaclanes.Block
	sums   []hmaclanes.Sum
}

type queuedNumber struct {
	number
	key *hmaclanes.Key
	out uint64
}

// take returns the image of a queued number.
func (q *numberQueue) take(k *hmaclanes.Key, domain byte, v, size uint64) (uint64, bool) {
	for i := q.next; i < min(q.next+reach, len(q.list)); i++ {
		n := &q.list[i]
		if n.key != k || n.value != v || n.size != size || n.domain != domain {
			continue
		}
		if i >= q.computed {
			q.compute()
		}
		q.next = i + 1
		return n.out, true
	}
	return 0, false
}

// together is how many numbers are computed together.
const together = 64

// compute computes what has been queued.
func (q *numberQueue) compute() {
	for q.computed < len(q.list) {
		end := min(q.computed+together, len(q.list))
		q.active = q.active[:0]
		for i := q.computed; i < end; i++ {
			q.active = append(q.active, &q.list[i])
		}
		for len(q.active) > 0 {
			q.rounds()
		}
		q.computed = end
	}
}

// rounds runs all rounds for the active numbers. Those that fall outside stay active.
func (q *numberQueue) rounds() {
	if q.blocks == nil {
		q.blocks, q.sums = make([]hmaclanes.Block, together), make([]hmaclanes.Sum, together)
	}
	q.keys = q.keys[:0]
	for _, n := range q.active {
		q.keys = append(q.keys, n.key)
	}
	for round := range byte(numberRounds) {
		for i, n := range q.active {
			n.message((*[numberMessage]byte)(q.blocks[i][:]), round)
			q.blocks[i].Pad(numberMessage)
		}
		hmaclanes.Sums(q.keys, q.blocks[:len(q.keys)], q.sums[:len(q.keys)])
		for i, n := range q.active {
			n.step((*[64]byte)(&q.sums[i]))
		}
	}
	still := q.active[:0]
	for _, n := range q.active {
		out, inside := n.result()
		if inside {
			n.out = out
			continue
		}
		n.split(out)
		still = append(still, n)
	}
	q.active = still
}
