package index

import (
	"context"
	"encoding/binary"
	"errors"
	"math"

	"github.com/veil-proxy/veil/audit"
)

// query is a filter over the blocks.
type query struct {
	x *Index
	// blocks are the blocks of the database. sets are the records that have all values, by
	// block; nil if there are no values.
	blocks       []block
	sets         map[uint32]*set
	values       []uint32
	none         bool // a value that no record has
	request      uint64
	hasRequest   bool
	since, until int64
}

func (x *Index) query(f *Filter) (*query, error) {
	q := &query{x: x, blocks: x.blocks, since: math.MinInt64, until: math.MaxInt64}
	for _, v := range [...]value{
		{Consumer, f.Consumer}, {Listener, f.Listener}, {Operation, f.Operation}, {Outcome, f.Outcome}, {Reason, f.Reason}, {Project, f.Project},
		{Ruleset, f.Ruleset}, {Rule, f.Rule}, {Category, f.Category}, {Path, f.Path},
	} {
		if v.text == "" {
			continue
		}
		id, known := x.content.values.ids[v]
		q.none = q.none || !known
		q.values = append(q.values, id)
	}
	if f.RequestID != "" {
		q.request, q.hasRequest = hashOf(f.RequestID), true
	}
	if !f.Since.IsZero() {
		q.since = seconds(f.Since)
	}
	if !f.Until.IsZero() {
		q.until = seconds(f.Until)
	}
	if q.none {
		return q, nil
	}
	var err error
	q.sets, err = q.intersect()
	return q, err
}

// match is a block with the records that match.
type match struct {
	*block
	set     *set
	entries func() ([]entry, error)
}

// appendTo appends the newest of them in lines before the line before, up to a total
// number; zero means no such line.
func (m *match) appendTo(dst []Record, before uint64, most int) ([]Record, error) {
	all, err := m.entries()
	if err != nil {
		return dst, err
	}
	m.set.newest(func(n int) bool {
		if e := &all[n]; before == 0 || e.seq < before {
			dst = append(dst, Record{Seq: e.seq, place: audit.Place{Segment: m.segment, Offset: e.offset, Bytes: e.bytes},
				details: audit.Place{Segment: m.segment, Offset: e.details, Bytes: e.offset - e.details}})
		}
		return len(dst) < most
	})
	return dst, nil
}

// each calls a function for each block that has records that match, newest first.
func (q *query) each(ctx context.Context, do func(*match) error) error {
	if m := q.inMemory(); m != nil {
		if err := do(m); err != nil {
			return err
		}
	}
	for i := len(q.blocks) - 1; i >= 0; i-- {
		m, err := q.match(&q.blocks[i])
		if err == nil && m != nil {
			err = do(m)
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

// inMemory returns the matches in the block that is not written yet, or nil.
func (q *query) inMemory() *match {
	o := q.x.open
	if o == nil || q.none || !q.overlaps(&o.block) {
		return nil
	}
	s := new(set)
	s.fill(o.n)
	for _, id := range q.values {
		s.and(o.setOf(id, q.x.values))
	}
	if q.hasRequest {
		s.and(o.setOfRequest(q.request))
	}
	for i := range o.entries {
		q.keep(s, i, o.entries[i].at)
	}
	if s.none() {
		return nil
	}
	return &match{&o.block, s, func() ([]entry, error) { return o.entries, nil }}
}

// match returns the matches in a block; nil if there are none, so that its positions need
// not be read.
func (q *query) match(b *block) (*match, error) {
	if q.none || !q.overlaps(b) {
		return nil, nil
	}
	s := new(set)
	if q.sets == nil {
		s.fill(b.n)
	} else if s = q.sets[b.id]; s == nil || s.none() {
		return nil, nil
	}
	m := &match{b, s, func() ([]entry, error) {
		text, err := q.x.store.row("places", key(0, b.id))
		if err != nil {
			return nil, err
		}
		return b.entries(text)
	}}
	if b.from >= q.since && b.to < q.until {
		return m, nil
	}
	text, err := q.x.store.row("times", key(0, b.id))
	if err != nil {
		return nil, err
	}
	times, err := b.times(text)
	for i, at := range times {
		q.keep(s, i, at)
	}
	if err == nil && s.none() {
		return nil, nil
	}
	return m, err
}

func (q *query) overlaps(b *block) bool { return b.to >= q.since && b.from < q.until }

// keep removes records outside the time range.
func (q *query) keep(s *set, n int, at int64) {
	if at < q.since || at >= q.until {
		s[n/64] &^= 1 << (n % 64)
	}
}

// intersect finds the records that have all values. Blocks at both ends outside the time
// range are left out.
func (q *query) intersect() (map[uint32]*set, error) {
	x := q.x
	if len(q.blocks) == 0 || len(q.values) == 0 && !q.hasRequest {
		return nil, nil
	}
	base := q.blocks[0].id // the numbers of blocks have no gap
	from, to := base, q.blocks[len(q.blocks)-1].id
	for from < to && !q.overlaps(&q.blocks[from-base]) {
		from++
	}
	for to > from && !q.overlaps(&q.blocks[to-base]) {
		to--
	}
	var found map[uint32]*set
	// meet intersects with the sets of a value.
	meet := func(next map[uint32]*set) {
		for id, s := range found {
			if o := next[id]; o != nil {
				if o.and(s); o.none() {
					delete(next, id)
				}
			}
		}
		if found != nil {
			for id := range next {
				if found[id] == nil {
					delete(next, id)
				}
			}
		}
		found = next
	}
	if q.hasRequest {
		next, err := x.store.requests(q.request, from, to)
		if err != nil {
			return nil, err
		}
		meet(next)
	}
	for _, id := range q.values {
		next := map[uint32]*set{}
		err := x.store.eachRow("sets", key(int64(id), from), key(int64(id), to), func(row int64, text []byte) error {
			block := blockOf(row)
			if found != nil && found[block] == nil {
				return nil
			}
			s, err := parseSet(text, q.blocks[block-base].n)
			next[block] = s
			return err
		})
		if err != nil {
			return nil, err
		}
		meet(next)
	}
	return found, nil
}

// requests returns the records of a request, by block.
func (s *store) requests(hash uint64, from, to uint32) (map[uint32]*set, error) {
	found := map[uint32]*set{}
	bucket := int64(hash >> 56) //nolint:gosec // a byte
	err := s.eachRow("request", key(bucket, from), key(bucket, to), func(row int64, text []byte) error {
		for ; len(text) >= requestBytes; text = text[requestBytes:] {
			if binary.LittleEndian.Uint64(text) != hash<<8 {
				continue
			}
			id, n := blockOf(row), int(binary.LittleEndian.Uint16(text[8:]))
			if n >= blockRecords {
				return errForm
			}
			if found[id] == nil {
				found[id] = new(set)
			}
			found[id].add(n)
		}
		return nil
	})
	return found, err
}

// requestBytes is the size of a request in a bucket.
const requestBytes = 10
