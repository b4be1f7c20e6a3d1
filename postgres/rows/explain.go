package rows

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// Aliases of tables in expressions that Veil adds. The consumer may not know that the table
// with RelatedAlias exists, so EXPLAIN does not show it. PostgreSQL numbers aliases that occur
// more than once.
const (
	RowAlias     = "veil_row"
	RelatedAlias = "veil_other"
)

// explainRow keeps the lines of EXPLAIN that name a node of the plan, and nothing else:
// conditions contain opened pseudonyms and tags. Numbers that follow from statistics of
// the originals are reduced to their order of magnitude, or replaced by a constant.
func (m *Masker) explainRow(dst, body []byte) ([]byte, error) {
	if len(body) < 6 {
		return dst, ErrTaint
	}
	line := body[6:]
	if int(int32(binary.BigEndian.Uint32(body[2:]))) != len(line) {
		return dst, ErrTaint
	}
	trimmed := bytes.TrimLeft(line, " ")
	node := len(trimmed) == len(line) || bytes.HasPrefix(trimmed, []byte("->"))
	if !node || bytes.ContainsAny(trimmed, ":'") || bytes.Contains(trimmed, []byte(" "+RelatedAlias)) {
		return dst, nil
	}
	costs := ""
	if m.plan.Costs {
		costs = m.magnitudes(line)
	}
	// The alias of a node is a name that Veil chose.
	line, _, _ = bytes.Cut(line, []byte(" "+processTag))
	line, _, _ = bytes.Cut(line, []byte("  (cost="))
	line, _, _ = bytes.Cut(line, []byte(" "+RowAlias))
	if Tainted(line) {
		return dst, nil
	}
	size := len(line) + len(costs)
	dst = append(dst, 'D', 0, 0, 0, 0)
	binary.BigEndian.PutUint32(dst[len(dst)-4:], uint32(4+2+4+size))
	dst = append(dst, 0, 1)
	dst = binary.BigEndian.AppendUint32(dst, uint32(size))
	return append(append(dst, line...), costs...), nil
}

// costsForm matches what follows a node. PostgreSQL 18 writes rows with a fraction where
// it knows one.
var costsForm = regexp.MustCompile(`  \(cost=([0-9.]+)\.\.([0-9.]+) rows=([0-9.]+) width=[0-9]+\)$`)

// constantCosts follows each node whose own costs may not be shown.
const constantCosts = "  (cost=100.00..1000.00 rows=1000 width=32)"

// magnitudes returns the costs of a node in powers of ten. The width of rows would reveal
// the length of originals, so it is a constant.
func (m *Masker) magnitudes(line []byte) string {
	c := costsForm.FindSubmatch(line)
	if !m.plan.Estimates || c == nil {
		return constantCosts
	}
	return fmt.Sprintf("  (cost=%.2f..%.2f rows=%.0f width=32)", magnitude(c[1]), magnitude(c[2]), magnitude(c[3]))
}

// magnitude returns the greatest power of ten that is not above a number, but at least 1.
func magnitude(digits []byte) float64 {
	v, err := strconv.ParseFloat(string(digits), 64)
	if err != nil || v < 10 {
		return 1
	}
	return math.Pow(10, math.Floor(math.Log10(v)))
}
