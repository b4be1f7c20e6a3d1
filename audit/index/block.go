package index

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/veil-proxy/veil/audit"
)

// block is the part of a block that is kept in memory.
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

// entry is the position of a record.
type entry struct {
	seq     uint64
	at      int64 // when it was made, in seconds
	details int64 // offset of its details, or of the record if it has none
	offset  int64
	bytes   int64
}

func hashOf(requestID string) uint64 { return xxhash.Sum64String(requestID) }

// minuteOf returns the minute of a time in seconds. Since minutes are parts of keys, all
// times after the year 6053 share one.
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

// appendTimes and appendPlaces write the times and the positions of records.
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
