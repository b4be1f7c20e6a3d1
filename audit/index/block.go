package index

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/veil-proxy/veil/audit"
)

// block is what is kept of a block in memory.
type block struct {
	id        uint32
	segment   string
	n         int    // of its records
	first     uint64 // number of the line of its first record, and of its last one
	last      uint64
	from, to  int64 // times of the earliest and of the latest of them, in seconds
	lastPlace audit.Place
	lastHash  string
}

// entry is where a record stands.
type entry struct {
	seq     uint64
	at      int64 // when it was made, in seconds
	details int64 // offset of its details, or of the record where it has none
	offset  int64
	bytes   int64
}

// builder is the block that is not full yet.
type builder struct {
	block
	entries  []entry
	values   map[uint32][]uint16
	requests []request
	minutes  map[int64]counts
	hours    map[int64]counts

	minute, hour int64 // of the counts below
	inMinute     counts
	inHour       counts
	ids          []uint32
}

// request is the hash of a request's id, and the record that has it.
type request struct {
	hash   uint64
	record uint16
}

// counts are numbers by series.
type counts map[uint32]uint64

func newBuilder(id uint32) *builder {
	return &builder{block: block{id: id}, values: map[uint32][]uint16{}, minutes: map[int64]counts{}, hours: map[int64]counts{}}
}

// add adds a record.
func (b *builder) add(l *audit.Line, at audit.Place, details int64, d *dictionary, s *seriesTable) {
	n := uint16(b.n) //nolint:gosec // fewer than blockRecords
	e := entry{seq: l.Seq, at: l.Time.Unix(), details: details, offset: at.Offset, bytes: at.Bytes}
	if b.n == 0 {
		b.segment, b.first, b.from, b.to = at.Segment, l.Seq, e.at, e.at
	}
	b.n++
	b.last, b.lastPlace, b.lastHash = l.Seq, at, l.Hash
	b.from, b.to = min(b.from, e.at), max(b.to, e.at)
	b.entries = append(b.entries, e)
	b.ids = d.appendOf(b.ids[:0], l)
	for _, id := range b.ids {
		if list := b.values[id]; len(list) == 0 || list[len(list)-1] != n {
			b.values[id] = append(list, n)
		}
	}
	if l.RequestID != "" {
		b.requests = append(b.requests, request{hashOf(l.RequestID), n})
	}
	if l.Result == "started" {
		return // its end is counted
	}
	minute := minuteOf(e.at)
	if b.inMinute == nil || minute != b.minute {
		b.minute, b.hour = minute, floor(minute, 60)
		b.inMinute, b.inHour = of(b.minutes, b.minute), of(b.hours, b.hour)
	}
	s.count(l, func(series uint32, n uint64) {
		b.inMinute[series] += n
		b.inHour[series] += n
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

func hashOf(requestID string) uint64 { return xxhash.Sum64String(requestID) }

// minuteOf is the minute of a time in seconds. Minutes are parts of keys: times beyond 6053
// share one.
func minuteOf(seconds int64) int64 {
	return min(max(floor(seconds, 60), math.MinInt32), math.MaxInt32-1)
}

func floor(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

// seconds rounds a time up to whole seconds.
func seconds(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// appendTimes and appendPlaces write what is kept of each record: the one when it was made,
// the other where it stands.
func (b *builder) appendTimes(dst []byte) []byte {
	at := b.from
	for i := range b.entries {
		dst = binary.AppendVarint(dst, b.entries[i].at-at)
		at = b.entries[i].at
	}
	return dst
}

func (b *builder) appendPlaces(dst []byte) []byte {
	seq, end := b.first, int64(0)
	for i := range b.entries {
		e := &b.entries[i]
		dst = binary.AppendUvarint(dst, e.seq-seq)
		dst = binary.AppendUvarint(dst, uint64(e.details-end))
		dst = binary.AppendUvarint(dst, uint64(e.offset-e.details))
		dst = binary.AppendUvarint(dst, uint64(e.bytes))
		seq, end = e.seq, e.offset+e.bytes
	}
	return dst
}

// times reads what appendTimes wrote.
func (b *block) times(text []byte) ([]int64, error) {
	all := make([]int64, b.n)
	at := b.from
	for i := range all {
		d, n := binary.Varint(text)
		if n <= 0 {
			return nil, errForm
		}
		at, text = at+d, text[n:]
		all[i] = at
	}
	return all, nil
}

// entries reads what appendPlaces wrote; they have no times.
func (b *block) entries(text []byte) ([]entry, error) {
	all := make([]entry, b.n)
	seq, end := b.first, int64(0)
	for i := range all {
		var v [4]uint64
		for j := range v {
			u, n := binary.Uvarint(text)
			if n <= 0 || u > math.MaxInt64 {
				return nil, errForm
			}
			v[j], text = u, text[n:]
		}
		e := &all[i]
		e.seq = seq + v[0]
		e.details = end + int64(v[1])
		e.offset = e.details + int64(v[2])
		e.bytes = int64(v[3])
		seq, end = e.seq, e.offset+e.bytes
	}
	return all, nil
}
