package risk

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// sensitive has the values of a sensitive column in order: numbers by size, since their
// distance counts, and others by text. NULL is a value of its own.
type sensitive struct {
	column  string
	numbers map[string]uint32 // of values
	texts   []string
	counts  []uint64
	numeric bool
	nulls   uint64
	full    bool
}

// mostValues bounds the distinct values of a sensitive column.
const mostValues = 1 << 17

func newSensitive(column string) *sensitive {
	return &sensitive{column: column, numbers: map[string]uint32{}, numeric: true}
}

// see counts a value in the first pass.
func (s *sensitive) see(v []byte, ok bool) {
	if !ok {
		s.nulls++
		return
	}
	n, known := s.numbers[string(v)]
	if !known {
		if s.full = s.full || len(s.texts) == mostValues; s.full {
			return
		}
		n = uint32(len(s.texts)) //nolint:gosec // at most mostValues
		s.numbers[string(v)] = n
		s.texts = append(s.texts, string(v))
		s.counts = append(s.counts, 0)
		if _, err := strconv.ParseFloat(string(v), 64); err != nil {
			s.numeric = false
		}
	}
	s.counts[n]++
}

// order numbers the values in their order.
func (s *sensitive) order() error {
	if s.full {
		return fmt.Errorf("the sensitive column %q has more than %d distinct values: put them into bands first", s.column, mostValues)
	}
	counts := make(map[string]uint64, len(s.texts))
	for i, v := range s.texts {
		counts[v] = s.counts[i]
	}
	slices.SortFunc(s.texts, func(a, b string) int {
		if s.numeric {
			x, _ := strconv.ParseFloat(a, 64)
			y, _ := strconv.ParseFloat(b, 64)
			return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
		}
		return cmp.Compare(a, b)
	})
	for i, v := range s.texts {
		s.numbers[v], s.counts[i] = uint32(i), counts[v] //nolint:gosec // at most mostValues
	}
	if s.nulls > 0 {
		s.counts = append(s.counts, s.nulls)
		s.numeric = false // NULL has no distance to a number
	}
	return nil
}

// number returns the number of a value in this order; NULL is last.
func (s *sensitive) number(v []byte) uint32 {
	if v == nil {
		return uint32(len(s.texts)) //nolint:gosec // at most mostValues
	}
	return s.numbers[string(bytes.Clone(v))]
}

// spread measures a sensitive column class by class.
type spread struct {
	*sensitive
	total    float64
	overall  []float64 // share of each value, or for numbers, of all values up to it
	counts   map[uint32]uint64
	least    uint64
	entropy  float64
	furthest float64
	single   uint64
}

func newSpreads(list []*sensitive, rows uint64) (spreads []*spread) {
	for _, s := range list {
		p := &spread{sensitive: s, total: float64(rows), counts: map[uint32]uint64{}, least: math.MaxUint64, entropy: math.Inf(1)}
		sum := 0.0
		for _, n := range s.counts {
			sum += float64(n) / p.total
			if s.numeric {
				p.overall = append(p.overall, sum)
			} else {
				p.overall = append(p.overall, float64(n)/p.total)
			}
		}
		spreads = append(spreads, p)
	}
	return spreads
}

// class measures the i-th sensitive values of a class.
func (s *spread) class(rows []row, i int) {
	clear(s.counts)
	for k := range rows {
		s.counts[rows[k].values[i]]++
	}
	n := float64(len(rows))
	distinct := uint64(len(s.counts))
	s.least = min(s.least, distinct)
	if distinct == 1 {
		s.single += uint64(len(rows))
	}
	values := make([]uint32, 0, len(s.counts))
	for v := range s.counts {
		values = append(values, v)
	}
	slices.Sort(values) // for sums that do not depend on the order of a map
	entropy := 0.0
	for _, v := range values {
		p := float64(s.counts[v]) / n
		entropy -= p * math.Log(p)
	}
	s.entropy = min(s.entropy, entropy)
	s.furthest = max(s.furthest, s.distance(values, n))
}

// distance returns the earth mover's distance of a class from all rows: the distance of
// numbers is that of their ranks, and other values are all equally distant.
func (s *spread) distance(values []uint32, n float64) float64 {
	if !s.numeric {
		// Half the sum of differences: the excess of the class's values.
		sum := 0.0
		for _, v := range values {
			sum += max(0, float64(s.counts[v])/n-s.overall[v])
		}
		return sum
	}
	if len(s.overall) < 2 {
		return 0
	}
	sum, below, next := 0.0, 0.0, 0
	for i, all := range s.overall {
		if next < len(values) && int(values[next]) == i {
			below += float64(s.counts[values[next]]) / n
			next++
		}
		sum += math.Abs(below - all)
	}
	return sum / float64(len(s.overall)-1)
}

func (s *spread) result() Spread {
	return Spread{Column: s.column, Distinct: s.least, Entropy: math.Exp(s.entropy), Closeness: s.furthest, Single: s.single}
}
