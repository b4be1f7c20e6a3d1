package risk

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/veil-proxy/veil/report/records"
)

// Options say what to measure.
type Options struct {
	// Table is the table to measure; it may be empty if only one table has the columns.
	Table string
	// Quasi are the columns by which people may be found, Sensitive those with facts that
	// nobody should learn about them.
	Quasi, Sensitive []string
	// K is the required minimum size of a class; 0 means DefaultK.
	K uint64
	// Register is the population, with the same columns, masked in the same way; it may be
	// nil.
	Register *records.Set
	// Population is the size of the population; 0 if unknown.
	Population uint64
	// inMemory is how many rows are kept in memory; 0 for mostInMemory. Tests set it.
	inMemory int
}

// DefaultK is the default minimum size of a class.
const DefaultK = 5

const (
	mostInMemory = 1 << 20
	mostWorst    = 10
)

// Measure measures the risk of a table.
func Measure(ctx context.Context, set *records.Set, o Options) (*Report, error) {
	if o.K == 0 {
		o.K = DefaultK
	}
	if o.inMemory == 0 {
		o.inMemory = mostInMemory
	}
	m := &measurement{Options: o, set: set}
	if err := m.survey(ctx); err != nil {
		return nil, err
	}
	r := &Report{Name: set.Name, Table: m.table, Quasi: o.Quasi, K: o.K, Rows: m.rows}
	if err := m.count(ctx, r); err != nil {
		return nil, err
	}
	if o.Population > 0 {
		if o.Population < r.Rows {
			return nil, fmt.Errorf("the population of %d is smaller than the table of %d rows", o.Population, r.Rows)
		}
		r.Population = m.population(r)
	}
	if o.Register != nil {
		if err := m.presence(ctx, r); err != nil {
			return nil, err
		}
	}
	if err := m.name(ctx, r); err != nil {
		return nil, err
	}
	if r.Smallest < o.K {
		advice, err := m.advise(ctx, r)
		if err != nil {
			return nil, err
		}
		r.Advice = advice
	}
	return r, nil
}

// measurement is what is known about the table.
type measurement struct {
	Options
	set       *records.Set
	table     string
	rows      uint64
	sensitive []*sensitive
	// few counts the classes of each size, up to zayatzSizes.
	few   [zayatzSizes + 1]uint64
	worst []counted
}

// zayatzSizes is the largest class size that the estimate of a population uses.
const zayatzSizes = 100

// counted is a class and its size.
type counted struct{ class, rows uint64 }

// survey finds the table, and the values of its sensitive columns.
func (m *measurement) survey(ctx context.Context) error {
	for _, c := range m.Sensitive {
		if slices.Contains(m.Quasi, c) {
			return fmt.Errorf("column %q cannot be both a quasi-identifier and sensitive", c)
		}
		m.sensitive = append(m.sensitive, newSensitive(c))
	}
	rows := map[string]uint64{}
	counts := map[string][]*sensitive{}
	err := m.set.Each(ctx, func(t *records.Table, r records.Row) error {
		rows[t.Name]++
		if len(m.sensitive) == 0 || m.Table != "" && t.Name != m.Table {
			return nil
		}
		of := counts[t.Name]
		if of == nil {
			for _, c := range m.Sensitive {
				of = append(of, newSensitive(c))
			}
			counts[t.Name] = of
		}
		for _, s := range of {
			v, ok := valueOf(t, r, s.column)
			s.see(v, ok)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if m.table, err = m.choose(); err != nil {
		return err
	}
	if m.rows = rows[m.table]; m.rows == 0 {
		return fmt.Errorf("table %s has no rows", m.table)
	}
	if of := counts[m.table]; of != nil {
		m.sensitive = of
	}
	for _, s := range m.sensitive {
		if err := s.order(); err != nil {
			return err
		}
	}
	return nil
}

// choose finds the table with the columns.
func (m *measurement) choose() (string, error) {
	wanted := slices.Concat(m.Quasi, m.Sensitive)
	var fit []string
	var missing string
	for _, t := range m.set.Tables() {
		if m.Table != "" && t.Name != m.Table {
			continue
		}
		lacks := slices.IndexFunc(wanted, func(c string) bool { return !slices.Contains(t.Columns, c) })
		if lacks < 0 {
			fit = append(fit, t.Name)
		} else if missing == "" {
			missing = fmt.Sprintf("table %s has no column %q", t.Name, wanted[lacks])
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(fit) > 1:
		return "", fmt.Errorf("more than one table has the columns, such as %s and %s: choose one with --table", fit[0], fit[1])
	case missing != "" && (m.Table != "" || len(m.set.Tables()) == 1):
		return "", fmt.Errorf("%s", missing)
	case m.Table != "":
		return "", fmt.Errorf("there is no table %s", m.Table)
	}
	return "", fmt.Errorf("no table has all of the columns")
}

// valueOf returns the first value of a row in a column.
func valueOf(t *records.Table, r records.Row, column string) ([]byte, bool) {
	for i, c := range r.Columns {
		if t.Columns[c] == column {
			return r.Values[i], true
		}
	}
	return nil, false
}

// columns finds the values of a row in some columns.
type columns struct {
	names  []string
	table  *records.Table
	at     []int // by number of the table's column; -1 for others
	values [][]byte
}

func newColumns(names []string) *columns {
	return &columns{names: names, values: make([][]byte, len(names))}
}

// of returns the first value of each column, nil for NULL.
func (c *columns) of(t *records.Table, r records.Row) [][]byte {
	if c.table != t {
		c.table, c.at = t, nil
	}
	for len(c.at) < len(t.Columns) {
		c.at = append(c.at, slices.Index(c.names, t.Columns[len(c.at)]))
	}
	clear(c.values)
	for i, n := range r.Columns {
		if at := c.at[n]; at >= 0 && c.values[at] == nil {
			c.values[at] = r.Values[i]
			if c.values[at] == nil {
				c.values[at] = []byte{}
			}
		}
	}
	return c.values
}

// classOf identifies the class of a row: a hash of its values, each with its length, so
// that different values never give the same text.
func classOf(buf []byte, values [][]byte) (uint64, []byte) {
	buf = buf[:0]
	for _, v := range values {
		n := len(v) + 1
		if v == nil {
			n = 0
		}
		buf = append(buf, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		buf = append(buf, v...)
	}
	return xxhash.Sum64(buf), buf
}

// each calls do with each row of the table, its class and the quasi-identifiers in it.
func (m *measurement) each(ctx context.Context, do func(class uint64, values [][]byte, t *records.Table, row records.Row) error) error {
	quasi := newColumns(m.Quasi)
	var buf []byte
	return m.set.Each(ctx, func(t *records.Table, row records.Row) error {
		if t.Name != m.table {
			return nil
		}
		values := quasi.of(t, row)
		var class uint64
		class, buf = classOf(buf, values)
		return do(class, values, t, row)
	})
}

// count counts the classes.
func (m *measurement) count(ctx context.Context, r *Report) error {
	p := newParts(len(m.sensitive), m.inMemory, m.rows)
	defer p.close()
	others := newColumns(m.Sensitive)
	values := make([]uint32, len(m.sensitive))
	err := m.each(ctx, func(class uint64, _ [][]byte, t *records.Table, row records.Row) error {
		for i, v := range others.of(t, row) {
			values[i] = m.sensitive[i].number(v)
		}
		return p.add(class, values)
	})
	if err != nil {
		return err
	}
	r.OnDisk = p.onDisk()
	r.Smallest = math.MaxUint64
	r.Sizes = newSizes(m.K)
	spread := newSpreads(m.sensitive, m.rows)
	err = p.each(func(class uint64, rows []row) error {
		n := uint64(len(rows))
		r.Classes++
		r.Smallest = min(r.Smallest, n)
		if n == 1 {
			r.Unique++
		}
		if n < m.K {
			r.Below += n
			r.BelowOf++
		}
		if n <= zayatzSizes {
			m.few[n]++
		}
		addSize(r.Sizes, n)
		m.rank(counted{class, n})
		for i, s := range spread {
			s.class(rows, i)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.Highest = 1 / float64(r.Smallest)
	r.Average = float64(r.Classes) / float64(r.Rows)
	for _, s := range spread {
		r.Sensitive = append(r.Sensitive, s.result())
	}
	return nil
}

// rank keeps the smallest classes; of equally small ones, those with the smallest hash.
func (m *measurement) rank(c counted) {
	less := func(a, b counted) int {
		switch {
		case a.rows != b.rows:
			return int(min(a.rows, 1<<31)) - int(min(b.rows, 1<<31))
		case a.class < b.class:
			return -1
		case a.class > b.class:
			return 1
		}
		return 0
	}
	at, _ := slices.BinarySearchFunc(m.worst, c, less)
	if at < mostWorst {
		m.worst = slices.Insert(m.worst, at, c)
		m.worst = m.worst[:min(len(m.worst), mostWorst)]
	}
}

// name finds the masked values of the worst classes.
func (m *measurement) name(ctx context.Context, r *Report) error {
	found := map[uint64]*Class{}
	for _, c := range m.worst {
		found[c.class] = &Class{Rows: c.rows}
	}
	err := m.each(ctx, func(class uint64, values [][]byte, _ *records.Table, _ records.Row) error {
		if c := found[class]; c != nil && c.Values == nil {
			for _, v := range values {
				c.Values = append(c.Values, shown(v))
			}
		}
		return nil
	})
	for _, c := range m.worst {
		r.Worst = append(r.Worst, *found[c.class])
	}
	return err
}

// longestShown bounds how much of a masked value is shown, in bytes.
const longestShown = 64

func shown(v []byte) string {
	if v == nil {
		return "NULL"
	}
	if len(v) > longestShown {
		return string(v[:longestShown]) + "…"
	}
	return string(v)
}

// newSizes returns the ranges of sizes that are counted: 1, then up to K, and above.
func newSizes(k uint64) []Size {
	limits := []uint64{1, 2}
	for _, n := range []uint64{k, 10, 20, 50, 100, 1000} {
		if n > limits[len(limits)-1] {
			limits = append(limits, n)
		}
	}
	var list []Size
	for i, from := range limits {
		s := Size{From: from}
		if i+1 < len(limits) {
			s.To = limits[i+1] - 1
		}
		list = append(list, s)
	}
	return list
}

func addSize(sizes []Size, n uint64) {
	for i := range sizes {
		if s := &sizes[i]; n >= s.From && (s.To == 0 || n <= s.To) {
			s.Classes++
			s.Rows += n
		}
	}
}
