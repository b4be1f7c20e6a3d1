package index

import (
	"database/sql"
	"errors"

	"github.com/veil-proxy/veil/audit"
)

// content is the part of the database that is kept in memory.
type content struct {
	blocks []block // in the order of the log
	values *dictionary
	series *seriesTable
	// storedValues and storedSeries are how many of them the database has.
	storedValues, storedSeries int
}

// load reads what is kept in memory.
func (s *store) load() (*content, error) {
	c := &content{values: newDictionary(), series: newSeriesTable()}
	err := s.each("SELECT id, kind, text, sum FROM value ORDER BY id", nil, func(rows *sql.Rows) error {
		var id int
		var sum int64
		var v value
		if err := rows.Scan(&id, &v.kind, &v.text, &sum); err != nil {
			return err
		}
		if sum != rowSum(id, v.kind, v.text) || c.values.id(v.kind, v.text) != uint32(id) { //nolint:gosec // compared
			return errDamaged
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.each("SELECT id, consumer, listener, project, ruleset, metric, label, sum FROM series ORDER BY id", nil, func(rows *sql.Rows) error {
		var id int
		var sum int64
		var r series
		if err := rows.Scan(&id, &r.consumer, &r.listener, &r.project, &r.ruleset, &r.metric, &r.label, &sum); err != nil {
			return err
		}
		if sum != seriesSum(id, &r) || c.series.number(r) != uint32(id) { //nolint:gosec // compared
			return errDamaged
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.each(`SELECT id, segment, n, first, last, "from", "to", offset, bytes, hash, sum FROM block ORDER BY id`, nil, func(rows *sql.Rows) error {
		var b block
		var sum int64
		at := audit.Place{}
		if err := rows.Scan(&b.id, &b.segment, &b.n, &b.first, &b.last, &b.from, &b.to, &at.Offset, &at.Bytes, &b.lastHash, &sum); err != nil {
			return err
		}
		at.Segment = b.segment
		b.lastPlace = at
		if last := len(c.blocks) - 1; sum != b.sum() || b.n < 1 || b.n > blockRecords || last >= 0 && b.id != c.blocks[last].id+1 {
			return errDamaged
		}
		c.blocks = append(c.blocks, b)
		return nil
	})
	c.storedValues, c.storedSeries = len(c.values.list), len(c.series.list)
	return c, err
}

// each calls a function for each row of a query.
func (s *store) each(query string, arguments []any, do func(*sql.Rows) error) (err error) {
	rows, err := s.db.QueryContext(background, query, arguments...)
	if err != nil {
		return plain(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := do(rows); err != nil {
			return plain(err)
		}
	}
	return plain(rows.Err())
}

// eachRow calls a function for each row with a key between two, checked; its bytes are valid
// until it returns.
func (s *store) eachRow(table string, from, to int64, do func(id int64, b []byte) error) error {
	var raw sql.RawBytes
	return s.each("SELECT id, bytes FROM "+table+" WHERE id BETWEEN ? AND ? ORDER BY id", []any{from, to}, func(rows *sql.Rows) error {
		var id int64
		if err := rows.Scan(&id, &raw); err != nil {
			return err
		}
		b, err := check(id, raw)
		if err != nil {
			return err
		}
		return do(id, b)
	})
}

// row returns the bytes of a row that must exist.
func (s *store) row(table string, id int64) (text []byte, err error) {
	err = s.eachRow(table, id, id, func(_ int64, b []byte) error {
		text = append([]byte{}, b...)
		return nil
	})
	if err == nil && text == nil {
		err = errDamaged
	}
	return text, err
}
