package risk

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/veil-proxy/veil/report/records"
)

// mostClasses is how many classes are examined for advice. Beyond it, only those whose
// hash is below a limit are examined, and the advice is checked against all rows before
// it is given.
const mostClasses = 1 << 17

// sampled are classes with their values.
type sampled struct {
	limit  uint64
	counts map[uint64]*combination
}

// combination is a class: the numbers of its values among those of each column.
type combination struct {
	rows   uint64
	values []uint32
}

// dictionary numbers the values of a column; NULL is a text that no value can have.
type dictionary struct {
	numbers map[string]uint32
	texts   []string
}

const null = "\x00NULL"

func (d *dictionary) number(v []byte) uint32 {
	if v == nil {
		v = []byte(null)
	}
	n, known := d.numbers[string(v)]
	if !known {
		n = uint32(len(d.texts)) //nolint:gosec // of classes that are sampled
		d.numbers[string(v)] = n
		d.texts = append(d.texts, string(v))
	}
	return n
}

// advise looks for what to generalize so that no class has fewer than K rows: step by
// step the column whose next level brings the most rows to K for the least loss. At the
// end, it reverts levels that turn out to be unnecessary.
func (m *measurement) advise(ctx context.Context, r *Report) (*Advice, error) {
	s, dictionaries, err := m.sample(ctx)
	if err != nil {
		return nil, err
	}
	search := &search{k: m.K, weight: (math.MaxUint64 + 1.0) / (float64(s.limit) + 1)}
	for _, class := range slices.Sorted(maps.Keys(s.counts)) {
		search.classes = append(search.classes, s.counts[class])
	}
	for _, d := range dictionaries {
		levels := levelsOf(d.texts)
		search.levels = append(search.levels, levels)
		table := make([][]uint64, len(levels))
		for l := range levels {
			for _, v := range d.texts {
				table[l] = append(table[l], generalized(levels[l], v))
			}
		}
		search.tables = append(search.tables, table)
	}
	chosen := make([]int, len(m.Quasi))
	for search.improve(chosen) {
		reached, classes, err := m.reached(ctx, search, chosen)
		if err != nil {
			return nil, err
		}
		if reached >= m.K || !search.further(chosen) {
			a := &Advice{Reached: reached, Classes: classes, Suppress: r.Below}
			for i, l := range chosen {
				if l > 0 {
					a.Steps = append(a.Steps, Step{m.Quasi[i], search.levels[i][l].to})
				}
			}
			return a, nil
		}
	}
	return &Advice{Suppress: r.Below}, nil
}

// generalized represents a value at a level.
func generalized(l level, v string) uint64 {
	if v == null && l.to != left.to {
		return xxhash.Sum64String(v)
	}
	return xxhash.Sum64String(l.apply(v))
}

// sample collects classes.
func (m *measurement) sample(ctx context.Context) (*sampled, []*dictionary, error) {
	s := &sampled{limit: math.MaxUint64, counts: map[uint64]*combination{}}
	var dictionaries []*dictionary
	for range m.Quasi {
		dictionaries = append(dictionaries, &dictionary{numbers: map[string]uint32{}})
	}
	err := m.each(ctx, func(class uint64, values [][]byte, _ *records.Table, _ records.Row) error {
		if class > s.limit {
			return nil
		}
		c := s.counts[class]
		if c == nil {
			c = &combination{values: make([]uint32, len(values))}
			for i, v := range values {
				c.values[i] = dictionaries[i].number(v)
			}
			s.counts[class] = c
		}
		c.rows++
		for len(s.counts) > mostClasses {
			s.limit /= 2
			for h := range s.counts {
				if h > s.limit {
					delete(s.counts, h)
				}
			}
		}
		return nil
	})
	return s, dictionaries, err
}

// search looks for levels.
type search struct {
	k       uint64
	weight  float64 // how many classes one of the sample represents
	classes []*combination
	levels  [][]level
	tables  [][][]uint64 // by column, level and value
}

// small counts the rows in classes of fewer than k if columns have these levels. A class
// that several classes of the sample have merged into also contains classes outside the
// sample.
func (s *search) small(chosen []int) (rows uint64) {
	type merged struct{ rows, classes uint64 }
	counts := make(map[uint64]merged, len(s.classes))
	for _, c := range s.classes {
		class := s.class(c, chosen)
		m := counts[class]
		counts[class] = merged{m.rows + c.rows, m.classes + 1}
	}
	for _, m := range counts {
		size := float64(m.rows)
		if m.classes > 1 {
			size *= s.weight
		}
		if size < float64(s.k) {
			rows += m.rows
		}
	}
	return rows
}

func (s *search) class(c *combination, chosen []int) uint64 {
	class := uint64(14695981039346656037)
	for i, v := range c.values {
		class = (class ^ s.tables[i][chosen[i]][v]) * 1099511628211
		class ^= class >> 29
	}
	return class
}

// improve raises levels until no class is small, and then reverts unnecessary ones. It
// reports false if no level can be raised.
func (s *search) improve(chosen []int) bool {
	before := s.small(chosen)
	for before > 0 {
		best, gain := -1, 0.0
		var after uint64
		for i := range chosen {
			if chosen[i]+1 == len(s.levels[i]) {
				continue
			}
			chosen[i]++
			n := s.small(chosen)
			chosen[i]--
			// A column with more remaining levels costs less.
			g := (float64(before) - float64(n) + 0.5) * float64(len(s.levels[i])-chosen[i]) / float64(len(s.levels[i]))
			if best < 0 || g > gain {
				best, gain, after = i, g, n
			}
		}
		if best < 0 {
			return false
		}
		chosen[best]++
		before = after
	}
	order := make([]int, len(chosen))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(chosen[b], chosen[a]) })
	for _, i := range order {
		for chosen[i] > 0 {
			chosen[i]--
			if s.small(chosen) > 0 {
				chosen[i]++
				break
			}
		}
	}
	return true
}

// further takes one more step if the sample was not enough; false if there is none.
func (s *search) further(chosen []int) bool {
	for i := range chosen {
		if chosen[i]+1 < len(s.levels[i]) {
			chosen[i]++
			return true
		}
	}
	return false
}

// reached counts the classes over all rows with columns at these levels.
func (m *measurement) reached(ctx context.Context, s *search, chosen []int) (smallest, classes uint64, err error) {
	p := newParts(0, m.inMemory, m.rows)
	defer p.close()
	quasi := newColumns(m.Quasi)
	var buf []byte
	general := make([][]byte, len(m.Quasi))
	err = m.set.Each(ctx, func(t *records.Table, row records.Row) error {
		if t.Name != m.table {
			return nil
		}
		for i, v := range quasi.of(t, row) {
			l := s.levels[i][chosen[i]]
			switch {
			case v == nil && l.to != left.to:
				general[i] = nil
			default:
				general[i] = []byte(l.apply(string(v)))
			}
		}
		var class uint64
		class, buf = classOf(buf, general)
		return p.add(class, nil)
	})
	if err != nil {
		return 0, 0, err
	}
	smallest = math.MaxUint64
	err = p.each(func(_ uint64, rows []row) error {
		classes++
		smallest = min(smallest, uint64(len(rows)))
		return nil
	})
	return smallest, classes, err
}
