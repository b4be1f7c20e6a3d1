package index

import (
	"cmp"
	"database/sql"
	"encoding/binary"
	"maps"
	"slices"
)

// buckets is the number of rows into which the hashes of a block's requests are divided,
// by their first byte.
const buckets = 256

// write writes a block, with the new values and series.
func (s *store) write(b *builder, d *dictionary, values int, t *seriesTable, series int) error {
	return s.within(func(tx *sql.Tx) error {
		w := writer{tx: tx}
		for i := values; i < len(d.list); i++ {
			v := d.list[i]
			w.exec("INSERT INTO value VALUES (?,?,?,?)", i+1, v.kind, v.text, rowSum(i+1, v.kind, v.text))
		}
		for i := series; i < len(t.list); i++ {
			r := &t.list[i]
			w.exec("INSERT INTO series VALUES (?,?,?,?,?,?,?,?)", i+1, r.consumer, r.listener, r.project, r.ruleset, r.metric, r.label, seriesSum(i+1, r))
		}
		w.exec("INSERT INTO block VALUES (?,?,?,?,?,?,?,?,?,?,?)", b.id, b.segment, b.n, int64(b.first), int64(b.last), b.from, b.to, //nolint:gosec // numbers of lines
			b.lastPlace.Offset, b.lastPlace.Bytes, b.lastHash, b.sum())
		w.sets(b, d)
		w.exec("INSERT INTO times VALUES (?,?)", key(0, b.id), checked(key(0, b.id), b.appendTimes(nil)))
		w.exec("INSERT INTO places VALUES (?,?)", key(0, b.id), checked(key(0, b.id), b.appendPlaces(nil)))
		w.requests(b)
		w.counts("INSERT INTO minute VALUES (?,?)", b.id, b.minutes)
		w.counts("INSERT INTO hour VALUES (?,?)", b.id, b.hours)
		return w.err
	})
}

func seriesSum(id int, s *series) int64 {
	return rowSum(id, s.consumer, s.listener, s.project, s.ruleset, s.metric, s.label)
}

func (b *block) sum() int64 {
	return rowSum(b.id, b.segment, b.n, b.first, b.last, b.from, b.to, b.lastPlace.Offset, b.lastPlace.Bytes, b.lastHash)
}

// writer runs statements until one fails.
type writer struct {
	tx   *sql.Tx
	text []byte
	err  error
}

func (w *writer) exec(statement string, arguments ...any) {
	if w.err == nil {
		_, w.err = w.tx.ExecContext(background, statement, arguments...)
	}
}

// each prepares a statement and writes rows with it.
func (w *writer) each(statement string, all func(put func(upper int64, text []byte)), block uint32) {
	if w.err != nil {
		return
	}
	var prepared *sql.Stmt
	if prepared, w.err = w.tx.PrepareContext(background, statement); w.err != nil {
		return
	}
	all(func(upper int64, text []byte) {
		if w.err == nil {
			id := key(upper, block)
			_, w.err = prepared.ExecContext(background, id, checked(id, text))
		}
	})
	if err := prepared.Close(); w.err == nil {
		w.err = err
	}
}

// sets writes the records of each value.
func (w *writer) sets(b *builder, d *dictionary) {
	w.each("INSERT INTO sets VALUES (?,?)", func(put func(upper int64, text []byte)) {
		for id, s := range b.sets(d) {
			if s != nil {
				w.text = s.append(w.text[:0], b.n)
				put(int64(id), w.text)
			}
		}
	}, b.id)
}

// requests writes the hashes of requests: seven bytes of each, and the record.
func (w *writer) requests(b *builder) {
	slices.SortFunc(b.requests, func(x, y request) int {
		return cmp.Or(cmp.Compare(x.hash, y.hash), cmp.Compare(x.record, y.record))
	})
	w.each("INSERT INTO request VALUES (?,?)", func(put func(upper int64, text []byte)) {
		for all := b.requests; len(all) > 0; {
			bucket := all[0].hash >> 56
			w.text = w.text[:0]
			for len(all) > 0 && all[0].hash>>56 == bucket {
				w.text = binary.LittleEndian.AppendUint64(w.text, all[0].hash<<8)
				w.text = binary.LittleEndian.AppendUint16(w.text, all[0].record)
				all = all[1:]
			}
			put(int64(bucket), w.text) //nolint:gosec // a byte
		}
	}, b.id)
}

// counts writes the counts of each minute or hour.
func (w *writer) counts(statement string, block uint32, all map[int64]counts) {
	w.each(statement, func(put func(upper int64, text []byte)) {
		for _, at := range slices.Sorted(maps.Keys(all)) {
			w.text = all[at].append(w.text[:0])
			put(at, w.text)
		}
	}, block)
}

// removeBlocks removes consecutive blocks.
func (s *store) removeBlocks(blocks []block, values int) error {
	first, last := blocks[0].id, blocks[len(blocks)-1].id
	from, to := blocks[0].from, blocks[0].to
	for i := range blocks {
		from, to = min(from, blocks[i].from), max(to, blocks[i].to)
	}
	return s.within(func(tx *sql.Tx) error {
		w := writer{tx: tx}
		for _, table := range []string{"times", "places"} {
			w.exec("DELETE FROM "+table+" WHERE id BETWEEN ? AND ?", key(0, first), key(0, last))
		}
		for id := range values + 1 {
			w.exec("DELETE FROM sets WHERE id BETWEEN ? AND ?", key(int64(id), first), key(int64(id), last))
		}
		for bucket := range buckets {
			w.exec("DELETE FROM request WHERE id BETWEEN ? AND ?", key(int64(bucket), first), key(int64(bucket), last))
		}
		for table, at := range map[string][2]int64{"minute": {minuteOf(from), minuteOf(to)}, "hour": {floor(minuteOf(from), 60), floor(minuteOf(to), 60)}} {
			w.exec("DELETE FROM "+table+" WHERE id BETWEEN ? AND ? AND (id & 4294967295) BETWEEN ? AND ?", key(at[0], 0), key(at[1]+1, 0), first, last)
		}
		w.exec("DELETE FROM block WHERE id BETWEEN ? AND ?", first, last)
		return w.err
	})
}
