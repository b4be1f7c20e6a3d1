package index

import (
	"math"
	"slices"

	"github.com/veil-proxy/veil/audit"
)

// builder is the block that is not full yet. It runs for every record, so it uses no
// maps: fields and applications have numbers, and values that recur are found by
// comparing with the last ones.
type builder struct {
	block
	hash    []byte // of the last record
	entries []entry
	// values are the records of each value, by number, without those of applications.
	// applied are the records of each application, by number; the dictionary knows the
	// values that an application stands for.
	values, applied []members
	requests        []request
	// minutes and hours are the counts up to settle; minute is the minute that the table of
	// series is counting.
	minutes, hours map[int64]counts
	minute         int64
}

// members are the records of a value: a word for the newest 64 records, and for the older
// ones a list if they are few, or a set if they are many.
type members struct {
	newest word
	list   []word
	set    *set
}

// word is one of a set.
type word struct {
	bits uint64
	at   uint16 // its number
}

// mostListed is the number of words that take as much memory in a list as in a set.
const mostListed = blockRecords / 64 / 2

func (m *members) add(n uint16) {
	if at := n / 64; at != m.newest.at || m.newest.bits == 0 {
		m.settle()
		m.newest = word{at: at}
	}
	m.newest.bits |= 1 << (n % 64)
}

// settle makes room for the newest word.
func (m *members) settle() {
	switch {
	case m.newest.bits == 0:
	case m.set != nil:
		m.set[m.newest.at] |= m.newest.bits
	case len(m.list) < mostListed:
		m.list = append(m.list, m.newest)
	default:
		s := new(set)
		m.addTo(s)
		m.set, m.list = s, nil
	}
}

// addTo adds them to a set.
func (m *members) addTo(s *set) {
	s[m.newest.at] |= m.newest.bits
	for _, w := range m.list {
		s[w.at] |= w.bits
	}
	if m.set != nil {
		s.or(m.set)
	}
}

func (m *members) none() bool { return m.newest.bits == 0 }

// request is the hash of a request's id, and the record that has it.
type request struct {
	hash   uint64
	record uint16
}

// counts are numbers by series.
type counts map[uint32]uint64

func newBuilder(id uint32) *builder {
	return &builder{block: block{id: id}, minutes: map[int64]counts{}, hours: map[int64]counts{}, minute: math.MinInt64}
}

// add adds a record.
func (b *builder) add(l *audit.Scanned, at audit.Place, details int64, d *dictionary, s *seriesTable) {
	n := uint16(b.n) //nolint:gosec // fewer than blockRecords
	e := entry{seq: l.Seq, at: l.Time.Unix(), details: details, offset: at.Offset, bytes: at.Bytes}
	if b.n == 0 {
		b.segment, b.first, b.from, b.to = at.Segment, l.Seq, e.at, e.at
	}
	b.n++
	b.last, b.lastPlace = l.Seq, at
	b.hash = append(b.hash[:0], l.Hash...)
	b.from, b.to = min(b.from, e.at), max(b.to, e.at)
	b.entries = append(b.entries, e)
	d.eachField(l.Line, func(ids []uint32) { b.addTo(ids, n) })
	for i := range l.Uses {
		a := l.Uses[i].Application
		if a.Number < 0 {
			b.addTo(d.idsOfApplication(a), n)
			continue
		}
		d.know(a)
		b.applied = reaching(b.applied, a.Number)
		b.applied[a.Number].add(n)
	}
	if l.RequestID != "" {
		b.requests = append(b.requests, request{hashOf(l.RequestID), n})
	}
	if l.Result == "started" {
		return // only its end is counted
	}
	if minute := minuteOf(e.at); minute != b.minute {
		b.settle(s)
		b.minute = minute
	}
	s.count(l)
}

func (b *builder) addTo(ids []uint32, n uint16) {
	for _, id := range ids {
		b.values = reaching(b.values, int(id))
		b.values[id].add(n)
	}
}

// reaching extends a list to include an index.
func reaching[T any](list []T, i int) []T {
	if i < len(list) {
		return list
	}
	return append(list, make([]T, i+1-len(list))...)
}

// settle moves what the table counted to where searches see it.
func (b *builder) settle(s *seriesTable) {
	if len(s.counted) == 0 {
		return
	}
	inMinute, inHour := of(b.minutes, b.minute), of(b.hours, floor(b.minute, 60))
	s.take(func(series uint32, n uint64) {
		inMinute[series] += n
		inHour[series] += n
	})
}

func of(m map[int64]counts, at int64) counts {
	c := m[at]
	if c == nil {
		c = counts{}
		m[at] = c
	}
	return c
}

// setOf returns the records of a value.
func (b *builder) setOf(id uint32, d *dictionary) *set {
	s := new(set)
	if int(id) < len(b.values) {
		b.values[id].addTo(s)
	}
	for number := range b.applied {
		if slices.Contains(d.applications[number], id) {
			b.applied[number].addTo(s)
		}
	}
	return s
}

// sets returns the records of each value, by number; nil for a value that none has.
func (b *builder) sets(d *dictionary) []*set {
	all := make([]*set, len(d.list)+1)
	add := func(id uint32, m *members) {
		if m.none() {
			return
		}
		if all[id] == nil {
			all[id] = new(set)
		}
		m.addTo(all[id])
	}
	for id := range b.values {
		add(uint32(id), &b.values[id]) //nolint:gosec // it was one
	}
	for number := range b.applied {
		for _, id := range d.applications[number] {
			add(id, &b.applied[number])
		}
	}
	return all
}

// setOfRequest returns the records of a request.
func (b *builder) setOfRequest(hash uint64) *set {
	s := new(set)
	for _, r := range b.requests {
		if r.hash == hash {
			s.add(int(r.record))
		}
	}
	return s
}
